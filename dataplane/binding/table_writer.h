// SPDX-License-Identifier: BSD-3-Clause
/*
 * table_writer - the one who changes the binding table: the main lcore. Never waits for a reader: what readers may
 * still hold is retired and reused after their quiescent states, some entries at each call of table_writer_reclaim().
 *
 * Entries move when others come to their group: an entry that the writer was given is good until its next call that
 * changes the table (set, withdraw, reclaim), then it is looked up again. Cold and side records stay where they are as
 * long as the binding lives.
 *
 * Thread: one.
 */
#ifndef KEDGE_DATAPLANE_TABLE_WRITER_H
#define KEDGE_DATAPLANE_TABLE_WRITER_H

#include "binding_table.h"

/* A binding as the feed tells it, with what the data plane has resolved. Addresses in network order. */
struct binding_record {
	struct in6_addr key; /* bits behind key_length are zero */
	struct in6_addr care_of_address;
	uint64_t expiry_unix_ms; /* by the owner's clock */
	uint64_t sequence;
	uint32_t epoch;
	uint32_t named_in;
	uint16_t port;
	uint16_t inner_mtu_bytes;
	uint16_t route;
	uint8_t own;
	uint8_t kind;
	uint8_t shard;
	uint8_t key_length;
	bool care_of_unverified; /* M-17 */
	bool care_of_refused;    /* M-18 */
};

enum { CARE_OF_CREDIT_OCTETS = 64 * 1000 }; /* M-17 */

/* The entry of a key, or NULL. */
struct binding_entry *table_writer_find(const struct binding_table *table, const struct in6_addr *key);

/*
 * Says which keys (≤ BINDING_LOOKUP_MAX) the next calls are about: what they will look at is fetched side by side,
 * which makes changes of many keys three times as fast. Changes nothing, and nothing has to follow.
 */
void table_writer_expect(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count);

/*
 * The side record of an entry, made if there is none; NULL without memory. It stays the binding's until no flag of
 * BINDING_SIDE_FLAGS is set any more, or the binding is withdrawn. Readers find it by the flags: fill it first.
 */
struct binding_side *table_writer_side(struct binding_table *table, struct binding_entry *entry);

/* Lets go of the side record if no flag needs it. */
void table_writer_drop_side(struct binding_table *table, struct binding_entry *entry);

/* The traits of a record, without what the table knows besides. */
struct binding_traits binding_traits_of(const struct binding_record *record);

/* Lets go of a previous care-of address whose grace is over. */
void table_writer_forget_previous(struct binding_table *table, struct binding_entry *entry, uint64_t now_ms);

/*
 * Sets or changes a binding. The previous care-of address stays good for uplink packets for `grace_ms` from `now_ms`
 * on. Returns 0; -EEXIST when the key is bound under another shard; -ENOSPC when the table is full; -ENOMEM when
 * it would have to grow and there is no memory; -EINVAL for the unspecified address. Then nothing has changed.
 */
int table_writer_set(struct binding_table *table, const struct binding_record *record, uint64_t now_ms,
                     uint32_t grace_ms);

/* Lowers the inner MTU of an entry after an outer Packet Too Big; never raises it. */
void table_writer_lower_mtu(struct binding_entry *entry, uint16_t inner_mtu_bytes);

/* Removes a binding. Returns 0 or -ENOENT. */
int table_writer_withdraw(struct binding_table *table, const struct in6_addr *key);

/* A binding that was withdrawn, with all that it ever counted; called by table_writer_reclaim(). NULL: nobody sums. */
typedef void table_final_usage(void *context, const struct in6_addr *key, const struct binding_cold *cold);

/*
 * Takes back up to `budget` retired entries whose readers have gone; what was still counted in a copied one goes to the
 * entry that replaced it. Returns the number that still wait.
 */
size_t table_writer_reclaim(struct binding_table *table, size_t budget, table_final_usage *final_usage, void *context);

/* Moves what the entry's counters hold into its totals. */
void table_writer_drain(struct binding_table *table, struct binding_entry *entry);

/*
 * Walks over all bindings: the first live entry at or behind *cursor (0 at first), which moves behind it; NULL at the
 * end. Changes between two calls are allowed: whoever is bound all the time is seen once.
 */
struct binding_entry *table_writer_next(const struct binding_table *table, size_t *cursor);

/* Entries that table_writer_next() looks at in one whole walk. */
size_t table_writer_extent(const struct binding_table *table);

/*
 * The same in the order of memory, which is many times faster when the entries themselves are looked at; but an entry
 * that moves meanwhile may be missed or seen twice.
 */
struct binding_entry *table_writer_sweep(const struct binding_table *table, size_t *cursor);

#endif
