// SPDX-License-Identifier: BSD-3-Clause
/*
 * Readers and the writer at the same time, under ThreadSanitizer: a key that is present throughout is never absent, an
 * entry is never half changed (all octets of a care-of address are alike, and its port belongs to it), and no count is
 * lost. No EAL: plain threads and memory.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "feed.h"
#include "table_writer.h"

enum { KEYS = 256, STABLE = 128, READERS = 2, ROUNDS = 20000, BURST = 32, PIECE = 4096 };

struct world {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	bool ended;
	uint64_t faults;
	struct binding_totals gone; /* of withdrawn bindings */
};

struct reader {
	struct world *world;
	unsigned id;
	uint64_t packets;
};

static void *allocate(size_t octets)
{
	void *memory = aligned_alloc(PIECE, (octets + PIECE - 1) & ~(size_t)(PIECE - 1));

	return memory ? memset(memory, 0, octets) : NULL;
}

static struct in6_addr key_of(unsigned number)
{
	struct in6_addr key = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

	key.s6_addr[4] = (uint8_t)(number >> 8);
	key.s6_addr[5] = (uint8_t)number;
	return key;
}

static void fault(struct world *world, const char *what, unsigned number)
{
	if (__atomic_fetch_add(&world->faults, 1, __ATOMIC_RELAXED) < 10)
		fprintf(stderr, "%s: key %u\n", what, number);
}

static void check_entry(struct reader *reader, struct binding_entry *entry, unsigned number)
{
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);
	struct binding_traits traits = binding_traits_load(entry);

	for (unsigned i = 1; i < 16; i++)
		if (care_of.s6_addr[i] != care_of.s6_addr[0])
			fault(reader->world, "half a care-of address", number);
	if (binding_port_load(entry) != 4000 + traits.inner_mtu_bytes)
		fault(reader->world, "port and MTU of two changes", number);
	binding_count(&entry->down, 3);
	reader->packets++;
}

static void *read_table(void *argument)
{
	struct reader *reader = (struct reader *)argument;
	struct world *world = reader->world;
	unsigned seed = reader->id + 1;

	rte_rcu_qsbr_thread_online(world->qsbr, reader->id);
	while (!__atomic_load_n(&world->ended, __ATOMIC_RELAXED)) {
		struct binding_entry *entries[BURST];
		const struct in6_addr *pointers[BURST];
		struct in6_addr keys[BURST];
		unsigned numbers[BURST];

		for (unsigned i = 0; i < BURST; i++) {
			numbers[i] = (unsigned)rand_r(&seed) % KEYS;
			keys[i] = key_of(numbers[i]);
			pointers[i] = &keys[i];
		}
		binding_table_lookup(world->table, pointers, BURST, entries);
		for (unsigned i = 0; i < BURST; i++) {
			if (entries[i])
				check_entry(reader, entries[i], numbers[i]);
			else if (numbers[i] < STABLE)
				fault(world, "a key that is present was not found", numbers[i]);
		}
		rte_rcu_qsbr_quiescent(world->qsbr, reader->id);
	}
	rte_rcu_qsbr_thread_offline(world->qsbr, reader->id);
	return NULL;
}

static void keep_final(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	struct world *world = (struct world *)context;

	(void)key;
	world->gone.down_packets += cold->totals.down_packets;
	world->gone.down_octets += cold->totals.down_octets;
}

static int set(struct world *world, unsigned number, unsigned value, bool unverified, uint64_t now_ms)
{
	struct binding_record record = {.key = key_of(number),
	                                .key_length = 64,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6,
	                                .port = (uint16_t)(4000 + value % 3),
	                                .inner_mtu_bytes = (uint16_t)(value % 3),
	                                .care_of_unverified = unverified,
	                                .expiry_unix_ms = value};

	memset(&record.care_of_address, (int)(value & 0xff), sizeof(record.care_of_address));
	return table_writer_set(world->table, &record, now_ms, 1000);
}

/* Moves the stable keys, in place and by new entries; sets and withdraws the others. */
static void write_table(struct world *world)
{
	unsigned seed = 77;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned number = (unsigned)rand_r(&seed) % KEYS;
		struct in6_addr key = key_of(number);

		if (number >= STABLE && round % 2)
			(void)table_writer_withdraw(world->table, &key);
		else
			(void)set(world, number, (unsigned)rand_r(&seed), round % 5 == 0, round);
		(void)table_writer_reclaim(world->table, 4, keep_final, world);
	}
}

static uint64_t counted(struct world *world)
{
	uint64_t packets = 0;
	struct binding_entry *entry;
	size_t cursor = 0;

	while (table_writer_reclaim(world->table, 1000, keep_final, world))
		;
	while ((entry = table_writer_next(world->table, &cursor))) {
		table_writer_drain(world->table, entry);
		packets += binding_table_cold(world->table, entry)->totals.down_packets;
	}
	return packets + world->gone.down_packets;
}

int main(void)
{
	struct world world = {0};
	struct binding_table_options options = {
	        .bindings_max = KEYS,
	        .secret = {{3, 4}},
	        .memory = {.allocate = allocate, .release = free, .piece_octets = PIECE}}; /* it grows meanwhile */
	struct reader readers[READERS];
	pthread_t threads[READERS];
	uint64_t read = 0, found;

	world.qsbr = allocate(rte_rcu_qsbr_get_memsize(READERS));
	rte_rcu_qsbr_init(world.qsbr, READERS);
	options.qsbr = world.qsbr;
	if (binding_table_new(&options, &world.table))
		return 1;
	for (unsigned i = 0; i < STABLE; i++)
		if (set(&world, i, i, false, 0))
			return 1;
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.world = &world, .id = i};
		rte_rcu_qsbr_thread_register(world.qsbr, i);
		if (pthread_create(&threads[i], NULL, read_table, &readers[i]))
			return 1;
	}
	write_table(&world);
	__atomic_store_n(&world.ended, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		read += readers[i].packets;
	}
	found = counted(&world);
	if (found != read)
		fprintf(stderr, "%lu packets counted by readers, %lu in the table\n", (unsigned long)read,
		        (unsigned long)found);
	printf("%lu packets, %lu faults\n", (unsigned long)read, (unsigned long)world.faults);
	binding_table_free(world.table);
	free(world.qsbr);
	return read && found == read && !world.faults ? 0 : 1;
}
