// SPDX-License-Identifier: BSD-3-Clause
#include "lease_store_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX_OCTETS = 8 };

/* One table: rows of one size without gaps. */
struct table {
	void *rows;
	size_t *count;
	size_t row_octets;
	size_t capacity;
};

#define TABLE_OF(tables, field, number)                                                                                \
	((struct table){(tables)->field, &(tables)->number, sizeof((tables)->field[0]),                                \
	                sizeof((tables)->field) / sizeof((tables)->field[0])})

static void *row_at(struct table table, size_t at)
{
	return (uint8_t *)table.rows + at * table.row_octets;
}

typedef bool same_function(const void *a, const void *b);

/* The row that `same` finds equal to `key`, or NULL. */
static void *find(struct table table, same_function *same, const void *key)
{
	for (size_t i = 0; i < *table.count; i++)
		if (same(row_at(table, i), key))
			return row_at(table, i);
	return NULL;
}

static void append(struct table table, const void *row)
{
	if (*table.count == table.capacity)
		abort(); /* the scenario is larger than the model */
	memcpy(row_at(table, (*table.count)++), row, table.row_octets);
}

static void remove_row(struct table table, void *row)
{
	uint8_t *behind = (uint8_t *)row + table.row_octets;

	if (!row)
		return;
	memmove(row, behind, (size_t)((uint8_t *)row_at(table, *table.count) - behind));
	(*table.count)--;
}

static void put(struct table table, same_function *same, const void *row)
{
	void *old = find(table, same, row);

	if (old)
		memcpy(old, row, table.row_octets);
	else
		append(table, row);
}

static bool same_lease_subscriber(const void *a, const void *b)
{
	return strcmp(((const struct lease_row *)a)->subscriber, ((const struct lease_row *)b)->subscriber) == 0;
}

static bool same_saga_subscriber(const void *a, const void *b)
{
	return strcmp(((const struct saga_row *)a)->subscriber, ((const struct saga_row *)b)->subscriber) == 0;
}

static bool same_fqdn(const void *a, const void *b)
{
	return strcmp(((const struct name_row *)a)->fqdn, ((const struct name_row *)b)->fqdn) == 0;
}

static bool same_prefix(const void *a, const void *b)
{
	return memcmp(&((const struct address_row *)a)->address, &((const struct address_row *)b)->address,
	              PREFIX_OCTETS) == 0;
}

static bool same_hit(const void *a, const void *b)
{
	return memcmp(((const struct identity_row *)a)->hit, ((const struct identity_row *)b)->hit, HIT_OCTETS) == 0;
}

static bool same_decision(const void *a, const void *b)
{
	const struct decision_row *one = a, *other = b;

	return strcmp(one->subscriber, other->subscriber) == 0 &&
	       memcmp(one->request_id, other->request_id, sizeof(one->request_id)) == 0;
}

static int put_lease(struct lease_model_tables *tables, const struct lease_row *row)
{
	for (size_t i = 0; i < tables->lease_count; i++) {
		const struct lease_row *other = &tables->leases[i];

		if (same_lease_subscriber(other, row))
			continue;
		if (strcmp(other->fqdn, row->fqdn) == 0 ||
		    memcmp(&other->address, &row->address, sizeof(row->address)) == 0 ||
		    memcmp(other->identity.hit, row->identity.hit, HIT_OCTETS) == 0)
			return -EEXIST;
	}
	put(TABLE_OF(tables, leases, lease_count), same_lease_subscriber, row);
	return 0;
}

static int claim_name(struct lease_model_tables *tables, const struct name_row *row)
{
	struct table names = TABLE_OF(tables, names, name_count);
	const struct name_row *old = find(names, same_fqdn, row);

	if (old && strcmp(old->subscriber, row->subscriber) != 0 &&
	    !(old->state == HOLDING_RESTING && old->until_ms <= row->now_ms))
		return -EEXIST;
	put(names, same_fqdn, row);
	return 0;
}

static int claim_address(struct lease_model_tables *tables, const struct address_row *row)
{
	struct table addresses = TABLE_OF(tables, addresses, address_count);
	const struct address_row *old = find(addresses, same_prefix, row);

	if (old && strcmp(old->subscriber, row->subscriber) != 0 &&
	    !(old->state == HOLDING_RESTING && old->until_ms <= row->now_ms))
		return -EEXIST;
	put(addresses, same_prefix, row);
	return 0;
}

static int claim_identity(struct lease_model_tables *tables, const struct identity_row *row)
{
	struct table identities = TABLE_OF(tables, identities, identity_count);
	const struct identity_row *old = find(identities, same_hit, row);

	if (old && strcmp(old->subscriber, row->subscriber) != 0)
		return -EEXIST;
	put(identities, same_hit, row);
	return 0;
}

static void delete_name(struct lease_model_tables *tables, const struct name_row *row)
{
	struct table names = TABLE_OF(tables, names, name_count);
	struct name_row *old = find(names, same_fqdn, row);

	if (old && strcmp(old->subscriber, row->subscriber) == 0)
		remove_row(names, old);
}

static void delete_address(struct lease_model_tables *tables, const struct address_row *row)
{
	struct table addresses = TABLE_OF(tables, addresses, address_count);
	struct address_row *old = find(addresses, same_prefix, row);

	if (old && strcmp(old->subscriber, row->subscriber) == 0)
		remove_row(addresses, old);
}

static void delete_identity(struct lease_model_tables *tables, const struct identity_row *row)
{
	struct table identities = TABLE_OF(tables, identities, identity_count);
	struct identity_row *old = find(identities, same_hit, row);

	if (old && strcmp(old->subscriber, row->subscriber) == 0 && old->version == row->version)
		remove_row(identities, old);
}

static void delete_of_subscriber(struct table table, same_function *same, const char *subscriber, void *key,
                                 char *key_subscriber)
{
	memcpy(key_subscriber, subscriber, SUBSCRIBER_KEY_OCTETS);
	remove_row(table, find(table, same, key));
}

static void put_decision(struct lease_model_tables *tables, const struct decision_row *row)
{
	struct table decisions = TABLE_OF(tables, decisions, decision_count);
	struct decision_row *oldest = NULL;
	size_t of_subscriber = 0;

	put(decisions, same_decision, row);
	for (size_t i = 0; i < tables->decision_count; i++) {
		struct decision_row *at = &tables->decisions[i];

		if (strcmp(at->subscriber, row->subscriber) != 0)
			continue;
		of_subscriber++;
		if (!oldest || at->version < oldest->version)
			oldest = at;
	}
	if (of_subscriber > LEASE_DECISIONS_MAX)
		remove_row(decisions, oldest);
}

static void delete_lease(struct lease_model_tables *tables, const char *subscriber)
{
	struct table decisions = TABLE_OF(tables, decisions, decision_count);
	struct lease_row key;

	delete_of_subscriber(TABLE_OF(tables, leases, lease_count), same_lease_subscriber, subscriber, &key,
	                     key.subscriber);
	for (size_t i = tables->decision_count; i-- > 0;)
		if (strcmp(tables->decisions[i].subscriber, subscriber) == 0)
			remove_row(decisions, &tables->decisions[i]);
}

static int apply_lease(void *context, uint16_t operation, const void *row, size_t octets)
{
	struct lease_model_tables *tables = context;
	struct saga_row saga_key;

	(void)octets;
	switch ((enum lease_store_operation)operation) {
	case LEASE_STORE_PUT:
		return put_lease(tables, row);
	case LEASE_STORE_DELETE:
		delete_lease(tables, ((const struct lease_key_row *)row)->subscriber);
		return 0;
	case LEASE_STORE_CLAIM_NAME:
		return claim_name(tables, row);
	case LEASE_STORE_DELETE_NAME:
		delete_name(tables, row);
		return 0;
	case LEASE_STORE_CLAIM_ADDRESS:
		return claim_address(tables, row);
	case LEASE_STORE_DELETE_ADDRESS:
		delete_address(tables, row);
		return 0;
	case LEASE_STORE_CLAIM_IDENTITY:
		return claim_identity(tables, row);
	case LEASE_STORE_DELETE_IDENTITY:
		delete_identity(tables, row);
		return 0;
	case LEASE_STORE_PUT_SAGA:
		put(TABLE_OF(tables, sagas, saga_count), same_saga_subscriber, row);
		return 0;
	case LEASE_STORE_DELETE_SAGA:
		delete_of_subscriber(TABLE_OF(tables, sagas, saga_count), same_saga_subscriber,
		                     ((const struct lease_key_row *)row)->subscriber, &saga_key, saga_key.subscriber);
		return 0;
	case LEASE_STORE_PUT_DECISION:
		put_decision(tables, row);
		return 0;
	case LEASE_STORE_ADD_AUDIT:
		append(TABLE_OF(tables, audits, audit_count), row);
		return 0;
	}
	return -EINVAL;
}

const struct store_model_port lease_store_model = {
        .port = LEASE_STORE_PORT,
        .table_octets = sizeof(struct lease_model_tables),
        .apply = apply_lease,
};

static bool same_transaction(const void *a, const void *b)
{
	return memcmp(((const struct billing_model_row *)a)->row.transaction,
	              ((const struct billing_model_row *)b)->row.transaction, BILLING_TRANSACTION_OCTETS) == 0;
}

static int apply_billing(void *context, uint16_t operation, const void *row, size_t octets)
{
	struct billing_model_tables *tables = context;
	struct table rows = TABLE_OF(tables, rows, count);
	struct billing_model_row key = {.row = *(const struct billing_row *)row};
	struct billing_model_row *old = find(rows, same_transaction, &key);

	(void)octets;
	switch ((enum billing_store_operation)operation) {
	case BILLING_STORE_RECORD:
		if (!old)
			append(rows, &key);
		return 0;
	case BILLING_STORE_REVERSE:
		if (old && !old->reversed_ms)
			old->reversed_ms = key.row.at_ms;
		return 0;
	}
	return -EINVAL;
}

const struct store_model_port billing_store_model = {
        .port = BILLING_STORE_PORT,
        .table_octets = sizeof(struct billing_model_tables),
        .apply = apply_billing,
};

static uint64_t highest_version(const struct lease_model_tables *tables)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < tables->audit_count; i++)
		highest = tables->audits[i].version > highest ? tables->audits[i].version : highest;
	for (size_t i = 0; i < tables->saga_count; i++)
		highest = tables->sagas[i].target.version > highest ? tables->sagas[i].target.version : highest;
	for (size_t i = 0; i < tables->lease_count; i++)
		highest = tables->leases[i].version > highest ? tables->leases[i].version : highest;
	for (size_t i = 0; i < tables->name_count; i++)
		highest = tables->names[i].version > highest ? tables->names[i].version : highest;
	return highest;
}

void lease_store_model_load(const struct store_model *model, const struct lease_store_reader *reader)
{
	const struct lease_model_tables *tables = store_model_tables(model, LEASE_STORE_PORT);

	if (reader->version)
		reader->version(reader->context, highest_version(tables));
	for (size_t i = 0; reader->lease && i < tables->lease_count; i++)
		reader->lease(reader->context, &tables->leases[i]);
	for (size_t i = 0; reader->name && i < tables->name_count; i++)
		reader->name(reader->context, &tables->names[i]);
	for (size_t i = 0; reader->address && i < tables->address_count; i++)
		reader->address(reader->context, &tables->addresses[i]);
	for (size_t i = 0; reader->identity && i < tables->identity_count; i++)
		reader->identity(reader->context, &tables->identities[i]);
	for (size_t i = 0; reader->decision && i < tables->decision_count; i++)
		reader->decision(reader->context, &tables->decisions[i]);
	for (size_t i = 0; reader->saga && i < tables->saga_count; i++)
		reader->saga(reader->context, &tables->sagas[i]);
}

int lease_store_model_who_had(const struct store_model *model, const struct in6_addr *address, uint64_t at_ms,
                              char subscriber[SUBSCRIBER_KEY_OCTETS])
{
	const struct lease_model_tables *tables = store_model_tables(model, LEASE_STORE_PORT);
	const struct audit_row *last = NULL;

	for (size_t i = 0; i < tables->audit_count; i++) {
		const struct audit_row *at = &tables->audits[i];

		if (at->at_ms <= at_ms && memcmp(&at->address, address, sizeof(*address)) == 0 &&
		    (!last || at->at_ms >= last->at_ms))
			last = at;
	}
	if (!last || last->event == AUDIT_ENDED)
		return -ENOENT;
	memcpy(subscriber, last->subscriber, SUBSCRIBER_KEY_OCTETS);
	return 0;
}
