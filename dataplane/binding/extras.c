// SPDX-License-Identifier: BSD-3-Clause
#include "extras.h"

#include <errno.h>

#include <rte_rcu_qsbr.h>

#include "table_memory.h"

enum { EXTRAS_A_CHUNK = 256, PERIOD_MIN_NS = 100000 };

/* Ways or police, and how the writer keeps it when nobody else does. */
struct extra {
	union {
		struct binding_ways ways;
		struct binding_police police;
	};
	struct extra *next;
	uint64_t token;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct extra) <= 5 * CACHE_LINE_OCTETS, "a record of extras is a few lines");

/* A chunk's first record only links the chunks. */
static bool add_chunk(struct binding_table *table)
{
	struct extras_pool *pool = &table->extras;
	struct extra *chunk = table_take_memory(table, EXTRAS_A_CHUNK * sizeof(*chunk));

	if (!chunk)
		return false;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	for (unsigned i = 1; i < EXTRAS_A_CHUNK; i++) {
		chunk[i].next = pool->free;
		pool->free = &chunk[i];
	}
	return true;
}

static void give_back(struct extras_pool *pool, struct extra *extra)
{
	extra->next = pool->free;
	pool->free = extra;
}

/* Takes back what no reader holds any more. */
static void reclaim(struct binding_table *table)
{
	struct extras_pool *pool = &table->extras;

	while (pool->retired && rte_rcu_qsbr_check(table->qsbr, pool->retired->token, false) == 1) {
		struct extra *extra = pool->retired;

		pool->retired = extra->next;
		if (!pool->retired)
			pool->last_retired = NULL;
		give_back(pool, extra);
	}
}

static struct extra *take(struct binding_table *table)
{
	struct extras_pool *pool = &table->extras;
	struct extra *extra;

	reclaim(table);
	if (!pool->free && !add_chunk(table))
		return NULL;
	extra = pool->free;
	pool->free = extra->next;
	memset(extra, 0, sizeof(*extra));
	return extra;
}

/* `content` is the first member of a record, or NULL. */
static void retire(struct binding_table *table, void *content)
{
	struct extras_pool *pool = &table->extras;
	struct extra *extra = content;

	if (!extra)
		return;
	extra->next = NULL;
	extra->token = rte_rcu_qsbr_start(table->qsbr);
	if (pool->last_retired)
		pool->last_retired->next = extra;
	else
		pool->retired = extra;
	pool->last_retired = extra;
}

void extras_let_go(struct binding_table *table, struct binding_side *side)
{
	if (side->ways)
		give_back(&table->extras, (struct extra *)side->ways);
	if (side->police)
		give_back(&table->extras, (struct extra *)side->police);
	side->ways = NULL;
	side->police = NULL;
}

void extras_free(struct binding_table *table)
{
	struct extra *chunk = table->extras.chunks;

	while (chunk) {
		struct extra *next = chunk->next;

		table->memory.release(chunk);
		chunk = next;
	}
	memset(&table->extras, 0, sizeof(table->extras));
}

void policer_start(struct policer *policer, const struct feed_rate *rate, uint64_t now_ms)
{
	enum { NS_A_SECOND = 1000000000 };
	uint64_t octets = rate->octets_per_s / (NS_A_SECOND / PERIOD_MIN_NS);

	memset(policer, 0, sizeof(*policer));
	if (!rate->octets_per_s)
		return;
	/* as many octets at a time as come in a tenth of a millisecond, at least one */
	octets = octets ? octets : 1;
	policer->profile = (struct rte_meter_srtcm_profile){
	        .cbs = rate->burst_octets,
	        .ebs = rate->excess_octets,
	        .cir_period = NS_A_SECOND * octets / rate->octets_per_s,
	        .cir_bytes_per_period = octets,
	};
	if (!policer->profile.cir_period)
		policer->profile.cir_period = 1;
	policer->meter = (struct rte_meter_srtcm){
	        .time = now_ms * (NS_A_SECOND / 1000), .tc = rate->burst_octets, .te = rate->excess_octets};
	policer->is_limited = true;
}

static bool same_rate(const struct feed_rate *a, const struct feed_rate *b)
{
	return a->octets_per_s == b->octets_per_s && a->burst_octets == b->burst_octets &&
	       a->excess_octets == b->excess_octets;
}

/* The inner MTU that was learnt of a way goes on, as long as the feed says of the way what it said before. */
static void keep_learnt_mtu(struct binding_ways *ways, unsigned number, const struct binding_ways *old)
{
	struct binding_way *way = &ways->list[number];
	struct in6_addr address = shared_address_load(&way->address);
	struct binding_traits traits, learnt;

	memcpy(&traits, &way->traits, sizeof(traits));
	for (unsigned i = 0; i < old->count; i++) {
		const uint64_t word = shared_load(&old->list[i].traits);

		memcpy(&learnt, &word, sizeof(learnt));
		if (!shared_load(&old->lowered_s[i]) || learnt.kind != traits.kind ||
		    (uint16_t)old->list[i].expiry_and_port != (uint16_t)way->expiry_and_port ||
		    !shared_address_is(&old->list[i].address, &address) ||
		    old->fed_mtu_bytes[i] != traits.inner_mtu_bytes || learnt.inner_mtu_bytes >= traits.inner_mtu_bytes)
			continue;
		traits.inner_mtu_bytes = learnt.inner_mtu_bytes;
		way->traits = binding_traits_word(traits);
		ways->lowered_s[number] = shared_load(&old->lowered_s[i]);
	}
}

static void fill_ways(struct binding_ways *ways, const struct binding_extras_record *record,
                      const struct binding_ways *old)
{
	ways->own_weight = record->own_weight;
	ways->own_expiry_unix_ms = record->own_expiry_unix_ms;
	ways->count = (uint8_t)record->ways;
	for (unsigned i = 0; i < record->ways; i++) {
		const struct binding_record *care_of = &record->care_of[i];

		shared_address_store(&ways->list[i].address, &care_of->care_of_address);
		ways->list[i].expiry_and_port = care_of->expiry_unix_ms << 16 | care_of->port;
		ways->list[i].traits = binding_traits_word(binding_traits_of(care_of));
		ways->weights[i] = record->weights[i];
		ways->fed_mtu_bytes[i] = binding_traits_of(care_of).inner_mtu_bytes;
		if (old)
			keep_learnt_mtu(ways, i, old);
	}
}

static struct binding_ways *make_ways(struct binding_table *table, const struct binding_extras_record *record,
                                      const struct binding_ways *old)
{
	struct extra *extra = take(table);

	if (!extra)
		return NULL;
	fill_ways(&extra->ways, record, old);
	return &extra->ways;
}

static struct binding_police *make_police(struct binding_table *table, const struct binding_extras_record *record,
                                          uint64_t now_ms)
{
	struct extra *extra = take(table);

	if (!extra)
		return NULL;
	policer_start(&extra->police.up, &record->up, now_ms);
	policer_start(&extra->police.down, &record->down, now_ms);
	extra->police.up_rate = record->up;
	extra->police.down_rate = record->down;
	return &extra->police;
}

/* The flag first when it comes, last when it goes: whoever sees it finds the record or none, never an old one. */
static void set_flag(struct binding_entry *entry, uint16_t flag, bool is_set)
{
	uint64_t word = binding_traits_word((struct binding_traits){.flags = flag});

	if (is_set)
		__atomic_fetch_or(&entry->traits, word, __ATOMIC_RELEASE);
	else
		__atomic_fetch_and(&entry->traits, ~word, __ATOMIC_RELEASE);
}

/* A binding lives as long as its care-of address that lives longest. */
static void set_expiry(struct binding_entry *entry, const struct binding_extras_record *record)
{
	uint64_t expiry_unix_ms = record->own_expiry_unix_ms;

	for (unsigned i = 0; i < record->ways; i++)
		if (record->care_of[i].expiry_unix_ms > expiry_unix_ms)
			expiry_unix_ms = record->care_of[i].expiry_unix_ms;
	shared_store(&entry->expiry_and_port, expiry_unix_ms << 16 | binding_port_load(entry));
}

static bool keeps_rates(const struct binding_police *police, const struct binding_extras_record *record)
{
	return police && record->has_rates && same_rate(&police->up_rate, &record->up) &&
	       same_rate(&police->down_rate, &record->down);
}

int table_writer_set_extras(struct binding_table *table, const struct in6_addr *key,
                            const struct binding_extras_record *record, uint64_t now_ms)
{
	struct binding_entry *entry = table_writer_find(table, key);
	struct binding_ways *ways = NULL, *old_ways;
	struct binding_police *police = NULL, *old_police;
	struct binding_side *side;

	if (!entry)
		return -ENOENT;
	if (!record->ways && !record->has_rates && !(binding_traits_load(entry).flags & BINDING_EXTRA_FLAGS))
		return 0;
	side = table_writer_side(table, entry);
	if (!side)
		return -ENOMEM;
	old_ways = side->ways;
	old_police = side->police;
	if (record->ways && !(ways = make_ways(table, record, old_ways)))
		return -ENOMEM;
	if (keeps_rates(old_police, record)) {
		police = old_police;
	} else if (record->has_rates && !(police = make_police(table, record, now_ms))) {
		retire(table, ways);
		return -ENOMEM;
	}
	shared_release(&side->ways, ways);
	shared_release(&side->police, police);
	set_flag(entry, BINDING_SEVERAL, ways);
	set_expiry(entry, record); /* when whoever sees it longer alive sees of which address */
	set_flag(entry, BINDING_POLICED, police);
	retire(table, old_ways);
	if (old_police != police)
		retire(table, old_police);
	table_writer_drop_side(table, entry);
	return 0;
}
