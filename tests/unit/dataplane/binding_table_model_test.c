// SPDX-License-Identifier: BSD-3-Clause
/*
 * The table as a model: between any two stores of the writer, readers take steps that a seed chooses, each of them one
 * load of a lookup or of an entry. The table is compiled with table_step() in front of each store that readers can see.
 * Whatever the schedule: a key that is present throughout a lookup is found, one that is absent throughout is not, the
 * fields of an entry belong together, and no count is lost. The keys are ground into a few groups, so that they move,
 * are parted and are joined all the time. The table grows meanwhile, and cannot at times.
 */
#include <errno.h>
#include <stdlib.h>

#include <rte_rcu_qsbr.h>

#include "table_layout.h"
#include "table_writer.h"
#include "vectors.h"

enum {
	KEYS = 96,
	GROUPS = 3,
	READERS = 3,
	OPERATIONS = 1500,
	SEEDS = 60,
	VALUES_MAX = 64,
	GRACE_MS = 40,
	PIECE = 4096
};

enum stage { BEGIN, LOAD_PILOT, LOAD_PART, COMPARE, READ_CARE_OF, READ_PORT, COUNT, CHECK, REST };

/* What a binding may look like to somebody. */
struct value {
	uint8_t care_of;
	uint16_t port;
};

struct reader {
	enum stage stage;
	unsigned number; /* of the key */
	uint64_t hash;
	uint16_t pilot;
	struct binding_entry *entry;
	bool may_be_absent, may_be_present; /* at some time since the lookup began */
	unsigned value_count;
	struct value values[VALUES_MAX]; /* that the binding had since then */
	struct value seen;
	struct binding_traits traits;
};

struct model {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	struct reader readers[READERS];
	struct in6_addr keys[KEYS];
	bool is_bound[KEYS];
	struct value value[KEYS];
	unsigned changing; /* the key that the writer is at, and what it becomes */
	bool becomes_bound;
	struct value becomes;
	uint64_t counted, final;
	uint64_t random;
	uint64_t now_ms;
	bool runs;
	unsigned hits, misses, parted, slots_taken, grown, refused;
};

static struct model model;

static unsigned draw(unsigned bound)
{
	model.random ^= model.random << 13;
	model.random ^= model.random >> 7;
	model.random ^= model.random << 17;
	return (unsigned)((model.random >> 33) % bound);
}

static void *allocate(size_t octets)
{
	void *memory = aligned_alloc(PIECE, (octets + PIECE - 1) & ~(size_t)(PIECE - 1));

	return memory ? memset(memory, 0, octets) : NULL;
}

static int claim(void *begin, size_t octets)
{
	(void)begin, (void)octets;
	if (model.runs && draw(3) == 0)
		return -ENOMEM;
	model.grown += model.runs;
	return 0;
}

static void remember(struct reader *reader, struct value value)
{
	assert_true(reader->value_count < VALUES_MAX);
	reader->values[reader->value_count++] = value;
}

/* From now on the reader may see its key like this, or not at all. */
static void expect(struct reader *reader, bool is_bound, struct value value)
{
	reader->may_be_present |= is_bound;
	reader->may_be_absent |= !is_bound;
	if (is_bound)
		remember(reader, value);
}

static void begin(struct reader *reader)
{
	reader->number = draw(KEYS);
	reader->hash = table_hash(model.table, &model.keys[reader->number]);
	reader->may_be_present = reader->may_be_absent = false;
	reader->value_count = 0;
	expect(reader, model.is_bound[reader->number], model.value[reader->number]);
	if (reader->number == model.changing)
		expect(reader, model.becomes_bound, model.becomes);
}

static void compare(struct reader *reader)
{
	uint32_t group = group_of(model.table, reader->hash);

	reader->entry = &model.table->slots[pilot_slot(model.table, group, reader->hash, reader->pilot)];
	if (!key_is(reader->entry, &model.keys[reader->number])) {
		if (!reader->may_be_absent)
			fail_msg("key %u was there all the time, and was not found", reader->number);
		model.misses++;
		reader->entry = NULL;
		return;
	}
	if (!reader->may_be_present)
		fail_msg("key %u was not there, and was found", reader->number);
	model.hits++;
}

static void check(const struct reader *reader)
{
	for (unsigned i = 0; i < reader->value_count; i++)
		if (reader->values[i].care_of == reader->seen.care_of && reader->values[i].port == reader->seen.port &&
		    reader->traits.inner_mtu_bytes == reader->seen.port - 3000)
			return;
	fail_msg("key %u: care-of %u, port %u, MTU %u do not belong together", reader->number, reader->seen.care_of,
	         reader->seen.port, reader->traits.inner_mtu_bytes);
}

static void rest(struct reader *reader)
{
	rte_rcu_qsbr_quiescent(model.qsbr, (unsigned)(reader - model.readers));
	reader->stage = BEGIN;
}

/* One load, or what follows from it. */
static void reader_step(struct reader *reader)
{
	uint32_t group = group_of(model.table, reader->hash);
	struct in6_addr care_of;

	switch (reader->stage++) {
	case BEGIN:
		begin(reader);
		break;
	case LOAD_PILOT:
		reader->pilot = shared_acquire(&model.table->pilots[group]);
		if (reader->pilot < PILOT_PARTED)
			reader->stage = COMPARE;
		break;
	case LOAD_PART:
		model.parted++;
		reader->pilot =
		        shared_acquire(&parted_of(model.table, group, reader->pilot)->pilots[part_of(reader->hash)]);
		break;
	case COMPARE:
		compare(reader);
		if (!reader->entry)
			reader->stage = REST;
		break;
	case READ_CARE_OF:
		care_of = shared_address_load(&reader->entry->care_of_address);
		for (unsigned i = 1; i < 16; i++)
			assert_int_equal(care_of.s6_addr[i], care_of.s6_addr[0]);
		reader->seen.care_of = care_of.s6_addr[0];
		break;
	case READ_PORT:
		reader->seen.port = binding_port_load(reader->entry);
		reader->traits = binding_traits_load(reader->entry);
		break;
	case COUNT:
		binding_count(&reader->entry->down, 7);
		model.counted++;
		break;
	case CHECK:
		check(reader);
		break;
	case REST:
		rest(reader);
		break;
	}
}

/* In front of each store of the writer. */
void table_step(void)
{
	if (!model.runs)
		return;
	for (unsigned steps = draw(4); steps; steps--)
		reader_step(&model.readers[draw(READERS)]);
}

/* A change of this key begins: from now on readers may see it as before, and like this or not at all. */
static void begin_change(unsigned number, bool is_bound, struct value value)
{
	model.changing = number;
	model.becomes_bound = is_bound;
	model.becomes = value;
	for (unsigned i = 0; i < READERS; i++)
		if (model.readers[i].stage != BEGIN && model.readers[i].number == number)
			expect(&model.readers[i], is_bound, value);
}

static void end_change(void)
{
	model.is_bound[model.changing] = model.becomes_bound;
	model.value[model.changing] = model.becomes;
	model.changing = KEYS;
}

/* A new binding, a move in place (the port stays), or a change of several fields. */
static void set(unsigned number)
{
	struct value value = {.care_of = (uint8_t)draw(256), .port = (uint16_t)(4300 + draw(3))};
	struct binding_record record = {.key = model.keys[number], .key_length = 128, .expiry_unix_ms = 1ull << 40};

	if (model.is_bound[number] && draw(2))
		value.port = model.value[number].port;
	memset(&record.care_of_address, value.care_of, sizeof(record.care_of_address));
	record.port = value.port;
	record.inner_mtu_bytes = (uint16_t)(value.port - 3000);
	record.care_of_unverified = draw(2);
	begin_change(number, true, value);
	if (table_writer_set(model.table, &record, model.now_ms, GRACE_MS)) {
		/* no memory: it is as it was */
		model.becomes_bound = model.is_bound[number];
		model.becomes = model.value[number];
		model.refused++;
	}
	end_change();
}

static void withdraw(unsigned number)
{
	begin_change(number, false, model.value[number]);
	assert_int_equal(table_writer_withdraw(model.table, &model.keys[number]), model.is_bound[number] ? 0 : -ENOENT);
	end_change();
}

static void keep_final(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	(void)context, (void)key;
	model.final += cold->totals.down_packets;
}

static void look_at_all(void)
{
	struct binding_entry *entry;
	size_t cursor = 0, seen = 0;

	while ((entry = table_writer_next(model.table, &cursor))) {
		table_writer_forget_previous(model.table, entry, model.now_ms);
		table_writer_drain(model.table, entry);
		seen++;
	}
	assert_int_equal(seen, binding_table_count(model.table));
}

/* Keys come in tides, so that groups are parted and joined. */
static void operate(unsigned operation)
{
	bool is_flood = operation / 200 % 2 == 0;
	unsigned what = draw(100);

	model.now_ms++;
	if (what < (is_flood ? 70u : 30u))
		set(draw(KEYS));
	else if (what < 90)
		withdraw(draw(KEYS));
	else if (what < 98)
		(void)table_writer_reclaim(model.table, draw(20), keep_final, NULL);
	else
		look_at_all();
}

static void start(uint64_t seed)
{
	struct binding_table_options options = {
	        .bindings_max = KEYS,
	        .secret = {{seed, 1}},
	        .memory = {.allocate = allocate, .release = free, .claim = claim, .piece_octets = PIECE}};
	unsigned found = 0;

	memset(&model, 0, sizeof(model));
	model.random = seed * 0x9e3779b97f4a7c15ull;
	model.changing = KEYS;
	model.qsbr = allocate(rte_rcu_qsbr_get_memsize(READERS));
	rte_rcu_qsbr_init(model.qsbr, READERS);
	options.qsbr = model.qsbr;
	assert_int_equal(binding_table_new(&options, &model.table), 0);
	for (unsigned i = 0; i < READERS; i++) {
		rte_rcu_qsbr_thread_register(model.qsbr, i);
		rte_rcu_qsbr_thread_online(model.qsbr, i);
	}
	for (uint32_t number = 0; found < KEYS; number++) {
		struct in6_addr key = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

		memcpy(&key.s6_addr[8], &number, sizeof(number));
		if (group_of(model.table, table_hash(model.table, &key)) < GROUPS)
			model.keys[found++] = key;
	}
	model.runs = true;
}

static void finish(void)
{
	uint64_t drained = 0;
	struct binding_entry *entry;
	size_t cursor = 0;

	model.runs = false;
	for (unsigned i = 0; i < READERS; i++) {
		while (model.readers[i].stage != BEGIN)
			reader_step(&model.readers[i]);
		rte_rcu_qsbr_thread_offline(model.qsbr, i);
	}
	while (table_writer_reclaim(model.table, 100, keep_final, NULL))
		;
	while ((entry = table_writer_next(model.table, &cursor))) {
		table_writer_drain(model.table, entry);
		drained += binding_table_cold(model.table, entry)->totals.down_packets;
	}
	assert_int_equal(drained + model.final, model.counted);
	for (uint32_t block = 0; block < table_blocks(model.table); block++)
		model.slots_taken += (unsigned)__builtin_popcountll(model.table->occupied[by_segment(model.table, block)]);
	assert_int_equal(model.slots_taken, binding_table_count(model.table));
	binding_table_free(model.table);
	free(model.qsbr);
}

static void any_schedule_keeps_the_promises(void **state)
{
	const char *only = getenv("KEDGE_SEED");
	uint64_t first = only ? strtoull(only, NULL, 10) : 1, last = only ? first : SEEDS;
	unsigned hits = 0, misses = 0, parted = 0, grown = 0, refused = 0;

	(void)state;
	for (uint64_t seed = first; seed <= last; seed++) {
		print_message("seed %u\n", (unsigned)seed);
		start(seed);
		for (unsigned operation = 0; operation < OPERATIONS; operation++)
			operate(operation);
		finish();
		hits += model.hits;
		misses += model.misses;
		parted += model.parted;
		grown += model.grown;
		refused += model.refused;
	}
	/* the schedules went where they were meant to go */
	print_message("%u claims, %u changes refused\n", grown, refused);
	assert_true(only || (hits > 1000 && misses > 1000 && parted > 1000 && grown > SEEDS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_schedule_keeps_the_promises)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
