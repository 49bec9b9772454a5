// SPDX-License-Identifier: BSD-3-Clause
/*
 * subscriber_table - the subscribers in memory, with every change durable before it counts.
 *
 * A pure core: changes are stored first (effects_store) and taken over when they are durable. K and OPc stay wrapped in
 * memory, too, and are unwrapped for the moment in which a vector is made.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_AUTHSERVER_SUBSCRIBER_TABLE_H
#define KEDGE_AUTHSERVER_SUBSCRIBER_TABLE_H

#include "effects.h"
#include "number_order.h"
#include "subscriber_record.h"

/* A bucket that gives tokens back by time and by hand (F-5). Zero-initialised is full. */
struct attempt_bucket {
	uint64_t refilled_ms; /* monotonic; 0: never used */
	uint32_t spent;
};

struct subscriber {
	struct numbered by_imsi;
	struct subscriber_record record;
	uint64_t next_seq;     /* the next to hand out; 0: none yet in this run */
	bool raising;          /* a new ceiling is on its way to the disk … */
	uint64_t raising_from; /* … one block above this */
	bool resynchronised;   /* the next ceiling may lie below what is on the disk (E-14) */
	struct attempt_bucket attempts;
	/* of the last AKA run, for `explain` */
	uint64_t last_run_unix_ms;
	char last_outcome[48];
};

struct subscriber_table {
	struct number_order by_imsi; /* in the order of IMSIs as text */
	size_t count;
	const struct secret *wrap_key;
	struct randomness *randomness;
	struct subscriber_change *changes; /* not yet durable */
	uint64_t last_change;
};

/* The key, under which K and OPc lie in the store, and the randomness outlive the table. */
void subscriber_table_start(struct subscriber_table *table, const struct secret *wrap_key,
                            struct randomness *randomness);
void subscriber_table_end(struct subscriber_table *table);

/* A row from the store, at start. */
void subscriber_table_loaded(void *table, const struct subscriber_record *record);

struct subscriber *subscriber_table_find(struct subscriber_table *table, const char *imsi);
size_t subscriber_table_count(const struct subscriber_table *table);

/* The first subscriber whose IMSI is above `after` ("" for the first). */
struct subscriber *subscriber_table_next(struct subscriber_table *table, const char *after);

/* Told when a change is durable (result 0, with its counts) or was not stored (negative errno). */
struct subscriber_change_result {
	int result;
	size_t created;
	size_t changed;
	size_t unchanged;
};
typedef void subscriber_changed(void *context, uint64_t token, const struct subscriber_change_result *result,
                                const struct instant *now, struct effects *effects);

/*
 * Creates or updates all `records` or none. A record's seq_ceiling is at least what was; a change of K or OPc is a
 * change. `records` is copied.
 */
void subscriber_table_put(struct subscriber_table *table, const struct subscriber_record *records, size_t count,
                          subscriber_changed *changed, void *context, uint64_t token, const struct instant *now,
                          struct effects *effects);
void subscriber_table_delete(struct subscriber_table *table, const char *imsi, subscriber_changed *changed,
                             void *context, uint64_t token, const struct instant *now, struct effects *effects);

#endif
