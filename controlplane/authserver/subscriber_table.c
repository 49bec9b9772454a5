// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"

/* A change on its way to the disk. */
struct subscriber_change {
	struct subscriber_change *next;
	uint64_t id;
	subscriber_changed *changed;
	void *context;
	uint64_t token;
	struct subscriber_change_result result;
	char deleted[IMSI_TEXT_OCTETS];
	size_t count;
	struct subscriber_record records[];
};

void subscriber_table_start(struct subscriber_table *table, const struct secret *wrap_key,
                            struct randomness *randomness)
{
	*table = (struct subscriber_table){.wrap_key = wrap_key, .randomness = randomness};
}

/* Digits of base 11, so that a shorter IMSI stands before those that it begins; what is no IMSI is nobody's. */
static uint64_t number_of(const char *imsi)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < IMSI_TEXT_OCTETS - 1; i++) {
		number *= 11;
		if (*imsi >= '0' && *imsi <= '9')
			number += (uint64_t)(*imsi++ - '0') + 1;
	}
	return *imsi ? UINT64_MAX : number;
}

static struct subscriber *subscriber_at(struct numbered *place)
{
	return numbered_owner(place, struct subscriber, by_imsi);
}

static void drop(struct subscriber_table *table, struct subscriber *subscriber)
{
	number_order_remove(&table->by_imsi, &subscriber->by_imsi);
	table->count--;
	free(subscriber);
}

void subscriber_table_end(struct subscriber_table *table)
{
	while (table->by_imsi.first)
		drop(table, subscriber_at(table->by_imsi.first));
	while (table->changes) {
		struct subscriber_change *change = table->changes;

		table->changes = change->next;
		free(change);
	}
}

struct subscriber *subscriber_table_find(struct subscriber_table *table, const char *imsi)
{
	return subscriber_at(number_order_find(&table->by_imsi, number_of(imsi)));
}

size_t subscriber_table_count(const struct subscriber_table *table)
{
	return table->count;
}

static struct subscriber *add(struct subscriber_table *table, const char *imsi)
{
	struct subscriber *subscriber = allocate(sizeof(*subscriber));

	snprintf(subscriber->record.imsi, sizeof(subscriber->record.imsi), "%s", imsi);
	number_order_add(&table->by_imsi, &subscriber->by_imsi, number_of(imsi));
	table->count++;
	return subscriber;
}

void subscriber_table_loaded(void *context, const struct subscriber_record *record)
{
	struct subscriber *subscriber = add(context, record->imsi);

	subscriber->record = *record;
}

struct subscriber *subscriber_table_next(struct subscriber_table *table, const char *after)
{
	return subscriber_at(number_order_behind(&table->by_imsi, number_of(after)));
}

static bool same_keys(const struct subscriber_table *table, const struct subscriber_record *a,
                      const struct subscriber_record *b)
{
	struct secret k_a = {0}, opc_a = {0}, k_b = {0}, opc_b = {0};
	bool same = key_unwrap(table->wrap_key, a->imsi, a->wrapped_keys, &k_a, &opc_a) == 0 &&
	            key_unwrap(table->wrap_key, b->imsi, b->wrapped_keys, &k_b, &opc_b) == 0 &&
	            secret_equal(&k_a, &k_b) && secret_equal(&opc_a, &opc_b);

	secret_wipe(&k_a);
	secret_wipe(&opc_a);
	secret_wipe(&k_b);
	secret_wipe(&opc_b);
	return same;
}

/* Wrapped keys differ in their nonce each time; what is under them counts. An SQN is never lowered. */
static bool is_unchanged(const struct subscriber_table *table, const struct subscriber_record *old,
                         const struct subscriber_record *new)
{
	return memcmp(old->amf, new->amf, sizeof(old->amf)) == 0 && old->methods == new->methods &&
	       old->barred == new->barred && old->name_consent == new->name_consent && old->services == new->services &&
	       old->ambr_down_bps == new->ambr_down_bps && old->ambr_up_bps == new->ambr_up_bps &&
	       old->seq_ceiling >= new->seq_ceiling &&strcmp(old->name, new->name) == 0 &&
	       strcmp(old->postal_address, new->postal_address) == 0 && strcmp(old->msisdn, new->msisdn) == 0 &&
	       strcmp(old->name_policy, new->name_policy) == 0 && same_keys(table, old, new);
}

static struct subscriber_change *begin_change(struct subscriber_table *table, size_t count, subscriber_changed *changed,
                                              void *context, uint64_t token)
{
	struct subscriber_change *change = allocate(sizeof(*change) + count * sizeof(change->records[0]));

	change->id = ++table->last_change;
	change->changed = changed;
	change->context = context;
	change->token = token;
	change->next = table->changes;
	table->changes = change;
	return change;
}

static struct subscriber_change *take_change(struct subscriber_table *table, uint64_t id)
{
	struct subscriber_change **at = &table->changes;
	struct subscriber_change *change;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	change = *at;
	if (change)
		*at = change->next;
	return change;
}

static void take_over(struct subscriber_table *table, const struct subscriber_change *change)
{
	struct subscriber *subscriber;

	for (size_t i = 0; i < change->count; i++) {
		uint64_t ceiling = 0;

		subscriber = subscriber_table_find(table, change->records[i].imsi);
		if (!subscriber)
			subscriber = add(table, change->records[i].imsi);
		ceiling = subscriber->record.seq_ceiling;
		subscriber->record = change->records[i];
		if (subscriber->record.seq_ceiling > ceiling)
			subscriber->next_seq = 0; /* what memory had left of the old block lies below */
		else
			subscriber->record.seq_ceiling = ceiling;
	}
	subscriber = change->deleted[0] ? subscriber_table_find(table, change->deleted) : NULL;
	if (subscriber)
		drop(table, subscriber);
}

static void change_durable(void *core, uint64_t id, int result, const struct instant *now, struct effects *effects)
{
	struct subscriber_table *table = core;
	struct subscriber_change *change = take_change(table, id);

	if (!change)
		return;
	if (result == 0)
		take_over(table, change);
	change->result.result = result;
	change->changed(change->context, change->token, &change->result, now, effects);
	OPENSSL_cleanse(change->records, change->count * sizeof(change->records[0]));
	free(change);
}

void subscriber_table_put(struct subscriber_table *table, const struct subscriber_record *records, size_t count,
                          subscriber_changed *changed, void *context, uint64_t token, const struct instant *now,
                          struct effects *effects)
{
	struct subscriber_change *change = begin_change(table, count, changed, context, token);

	(void)now;
	for (size_t i = 0; i < count; i++) {
		const struct subscriber *old = subscriber_table_find(table, records[i].imsi);

		if (old && is_unchanged(table, &old->record, &records[i])) {
			change->result.unchanged++;
			continue;
		}
		if (old)
			change->result.changed++;
		else
			change->result.created++;
		change->records[change->count] = records[i];
		effects_store(effects, SUBSCRIBER_STORE_PORT, SUBSCRIBER_STORE_PUT, &change->records[change->count],
		              sizeof(records[i]));
		change->count++;
	}
	effects_when_durable(effects, change_durable, table, change->id);
}

void subscriber_table_delete(struct subscriber_table *table, const char *imsi, subscriber_changed *changed,
                             void *context, uint64_t token, const struct instant *now, struct effects *effects)
{
	struct subscriber_change *change = begin_change(table, 0, changed, context, token);
	struct subscriber_imsi_row row = {0};

	(void)now;
	snprintf(row.imsi, sizeof(row.imsi), "%s", imsi);
	snprintf(change->deleted, sizeof(change->deleted), "%s", imsi);
	change->result.changed = 1;
	effects_store(effects, SUBSCRIBER_STORE_PORT, SUBSCRIBER_STORE_DELETE, &row, sizeof(row));
	effects_when_durable(effects, change_durable, table, change->id);
}
