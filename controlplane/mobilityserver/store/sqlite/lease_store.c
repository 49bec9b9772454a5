// SPDX-License-Identifier: BSD-3-Clause
#include "lease_store.h"

#include <errno.h>
#include <string.h>

#include "row_binding.h"

enum { PREFIX_OCTETS = 8, ADDRESS_OCTETS = 16 };

/* fqdn, address, hit, host_identity, services, expires_ms, version and six times, from parameter `at` on. */
static void bind_lease(sqlite3_stmt *statement, int at, const struct lease_row *row)
{
	bind_text(statement, at, row->fqdn);
	bind_octets(statement, at + 1, &row->address, ADDRESS_OCTETS);
	bind_octets(statement, at + 2, row->identity.hit, HIT_OCTETS);
	bind_octets(statement, at + 3, row->identity.value, row->identity.octets);
	bind_number(statement, at + 4, row->services);
	bind_number(statement, at + 5, row->expires_ms);
	bind_number(statement, at + 6, row->version);
	for (int i = 0; i < LEASE_CHANGES_MAX; i++) {
		bind_number(statement, at + 7 + i, row->key_changes_ms[i]);
		bind_number(statement, at + 7 + LEASE_CHANGES_MAX + i, row->name_changes_ms[i]);
	}
}

static void read_lease(sqlite3_stmt *statement, int at, struct lease_row *row)
{
	column_text(statement, at, row->fqdn, sizeof(row->fqdn));
	column_octets(statement, at + 1, &row->address, ADDRESS_OCTETS);
	column_octets(statement, at + 2, row->identity.hit, HIT_OCTETS);
	row->identity.octets = (uint16_t)column_octets(statement, at + 3, row->identity.value, HOST_IDENTITY_MAX);
	row->services = (uint32_t)column_number(statement, at + 4);
	row->expires_ms = column_number(statement, at + 5);
	row->version = column_number(statement, at + 6);
	for (int i = 0; i < LEASE_CHANGES_MAX; i++) {
		row->key_changes_ms[i] = column_number(statement, at + 7 + i);
		row->name_changes_ms[i] = column_number(statement, at + 7 + LEASE_CHANGES_MAX + i);
	}
}

static int put_lease(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT INTO lease(subscriber, fqdn, address, hit, host_identity, services, expires_ms, version,"
	        " key_change_1_ms, key_change_2_ms, key_change_3_ms, name_change_1_ms, name_change_2_ms,"
	        " name_change_3_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
	        " ON CONFLICT(subscriber) DO UPDATE SET fqdn=excluded.fqdn, address=excluded.address,"
	        " hit=excluded.hit, host_identity=excluded.host_identity, services=excluded.services,"
	        " expires_ms=excluded.expires_ms, version=excluded.version,"
	        " key_change_1_ms=excluded.key_change_1_ms, key_change_2_ms=excluded.key_change_2_ms,"
	        " key_change_3_ms=excluded.key_change_3_ms, name_change_1_ms=excluded.name_change_1_ms,"
	        " name_change_2_ms=excluded.name_change_2_ms, name_change_3_ms=excluded.name_change_3_ms";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct lease_row *lease = row;

	bind_text(statement, 1, lease->subscriber);
	bind_lease(statement, 2, lease);
	return sqlite_store_run(store, statement);
}

static int delete_lease(struct sqlite_store *store, const void *row)
{
	const struct lease_key_row *key = row;
	sqlite3_stmt *statement = sqlite_store_statement(store, "DELETE FROM lease WHERE subscriber = ?1");
	int result;

	bind_text(statement, 1, key->subscriber);
	result = sqlite_store_run(store, statement);
	if (result)
		return result;
	statement = sqlite_store_statement(store, "DELETE FROM decision WHERE subscriber = ?1");
	bind_text(statement, 1, key->subscriber);
	return sqlite_store_run(store, statement);
}

static int claim_name(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT INTO name(fqdn, subscriber, state, until_ms, version, address) VALUES(?1,?2,?3,?4,?5,?6)"
	        " ON CONFLICT(fqdn) DO UPDATE SET subscriber=excluded.subscriber, state=excluded.state,"
	        " until_ms=excluded.until_ms, version=excluded.version, address=excluded.address"
	        " WHERE name.subscriber = excluded.subscriber OR (name.state = ?7 AND name.until_ms <= ?8)";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct name_row *name = row;

	bind_text(statement, 1, name->fqdn);
	bind_text(statement, 2, name->subscriber);
	bind_number(statement, 3, name->state);
	bind_number(statement, 4, name->until_ms);
	bind_number(statement, 5, name->version);
	bind_octets(statement, 6, &name->address, ADDRESS_OCTETS);
	bind_number(statement, 7, HOLDING_RESTING);
	bind_number(statement, 8, name->now_ms);
	return run_and_require_change(store, statement);
}

static int delete_name(struct sqlite_store *store, const void *row)
{
	sqlite3_stmt *statement = sqlite_store_statement(store, "DELETE FROM name WHERE fqdn = ?1 AND subscriber = ?2");
	const struct name_row *name = row;

	bind_text(statement, 1, name->fqdn);
	bind_text(statement, 2, name->subscriber);
	return sqlite_store_run(store, statement);
}

static int claim_address(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT INTO address(prefix, address, subscriber, state, until_ms, version)"
	        " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(prefix) DO UPDATE SET address=excluded.address,"
	        " subscriber=excluded.subscriber, state=excluded.state, until_ms=excluded.until_ms,"
	        " version=excluded.version WHERE address.subscriber = excluded.subscriber"
	        " OR (address.state = ?7 AND address.until_ms <= ?8)";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct address_row *address = row;

	bind_octets(statement, 1, &address->address, PREFIX_OCTETS);
	bind_octets(statement, 2, &address->address, ADDRESS_OCTETS);
	bind_text(statement, 3, address->subscriber);
	bind_number(statement, 4, address->state);
	bind_number(statement, 5, address->until_ms);
	bind_number(statement, 6, address->version);
	bind_number(statement, 7, HOLDING_RESTING);
	bind_number(statement, 8, address->now_ms);
	return run_and_require_change(store, statement);
}

static int delete_address(struct sqlite_store *store, const void *row)
{
	sqlite3_stmt *statement =
	        sqlite_store_statement(store, "DELETE FROM address WHERE prefix = ?1 AND subscriber = ?2");
	const struct address_row *address = row;

	bind_octets(statement, 1, &address->address, PREFIX_OCTETS);
	bind_text(statement, 2, address->subscriber);
	return sqlite_store_run(store, statement);
}

static int claim_identity(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT INTO identity(hit, subscriber, fqdn, expires_ms, version) VALUES(?1,?2,?3,?4,?5)"
	        " ON CONFLICT(hit) DO UPDATE SET fqdn=excluded.fqdn, expires_ms=excluded.expires_ms,"
	        " version=excluded.version WHERE identity.subscriber = excluded.subscriber";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct identity_row *identity = row;

	bind_octets(statement, 1, identity->hit, HIT_OCTETS);
	bind_text(statement, 2, identity->subscriber);
	bind_text(statement, 3, identity->fqdn);
	bind_number(statement, 4, identity->expires_ms);
	bind_number(statement, 5, identity->version);
	return run_and_require_change(store, statement);
}

static int delete_identity(struct sqlite_store *store, const void *row)
{
	static const char sql[] = "DELETE FROM identity WHERE hit = ?1 AND subscriber = ?2 AND version = ?3";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct identity_row *identity = row;

	bind_octets(statement, 1, identity->hit, HIT_OCTETS);
	bind_text(statement, 2, identity->subscriber);
	bind_number(statement, 3, identity->version);
	return sqlite_store_run(store, statement);
}

static int put_saga(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT OR REPLACE INTO saga(subscriber, state, request_id, content_digest, billing_id, status,"
	        " name_is_new, address_is_new, identity_is_new, fqdn, address, hit, host_identity, services,"
	        " expires_ms, version, key_change_1_ms, key_change_2_ms, key_change_3_ms, name_change_1_ms,"
	        " name_change_2_ms, name_change_3_ms) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"
	        "?16,?17,?18,?19,?20,?21,?22)";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct saga_row *saga = row;

	bind_text(statement, 1, saga->subscriber);
	bind_number(statement, 2, saga->state);
	bind_octets(statement, 3, saga->request_id, sizeof(saga->request_id));
	bind_octets(statement, 4, saga->content_digest, sizeof(saga->content_digest));
	bind_octets(statement, 5, saga->billing_id, sizeof(saga->billing_id));
	bind_number(statement, 6, saga->status);
	bind_number(statement, 7, saga->name_is_new);
	bind_number(statement, 8, saga->address_is_new);
	bind_number(statement, 9, saga->identity_is_new);
	bind_lease(statement, 10, &saga->target);
	return sqlite_store_run(store, statement);
}

static int delete_saga(struct sqlite_store *store, const void *row)
{
	sqlite3_stmt *statement = sqlite_store_statement(store, "DELETE FROM saga WHERE subscriber = ?1");

	bind_text(statement, 1, ((const struct lease_key_row *)row)->subscriber);
	return sqlite_store_run(store, statement);
}

static int put_decision(struct sqlite_store *store, const void *row)
{
	static const char put[] =
	        "INSERT OR REPLACE INTO decision(subscriber, request_id, content_digest, billing_id, status, version)"
	        " VALUES(?1,?2,?3,?4,?5,?6)";
	static const char forget[] =
	        "DELETE FROM decision WHERE subscriber = ?1 AND version NOT IN"
	        " (SELECT version FROM decision WHERE subscriber = ?1 ORDER BY version DESC LIMIT ?2)";
	sqlite3_stmt *statement = sqlite_store_statement(store, put);
	const struct decision_row *decision = row;
	int result;

	bind_text(statement, 1, decision->subscriber);
	bind_octets(statement, 2, decision->request_id, sizeof(decision->request_id));
	bind_octets(statement, 3, decision->content_digest, sizeof(decision->content_digest));
	bind_octets(statement, 4, decision->billing_id, sizeof(decision->billing_id));
	bind_number(statement, 5, decision->status);
	bind_number(statement, 6, decision->version);
	result = sqlite_store_run(store, statement);
	if (result)
		return result;
	statement = sqlite_store_statement(store, forget);
	bind_text(statement, 1, decision->subscriber);
	bind_number(statement, 2, LEASE_DECISIONS_MAX);
	return sqlite_store_run(store, statement);
}

static int add_audit(struct sqlite_store *store, const void *row)
{
	static const char sql[] =
	        "INSERT INTO audit(at_ms, version, event, actor, subscriber, fqdn, address, hit, reason)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	const struct audit_row *audit = row;

	bind_number(statement, 1, audit->at_ms);
	bind_number(statement, 2, audit->version);
	bind_number(statement, 3, audit->event);
	bind_text(statement, 4, audit->actor);
	bind_text(statement, 5, audit->subscriber);
	bind_text(statement, 6, audit->fqdn);
	bind_octets(statement, 7, &audit->address, ADDRESS_OCTETS);
	bind_octets(statement, 8, audit->hit, HIT_OCTETS);
	bind_text(statement, 9, audit->reason);
	return sqlite_store_run(store, statement);
}

static const struct {
	int (*apply)(struct sqlite_store *store, const void *row);
	size_t row_octets;
} operations[] = {
        [LEASE_STORE_PUT] = {put_lease, sizeof(struct lease_row)},
        [LEASE_STORE_DELETE] = {delete_lease, sizeof(struct lease_key_row)},
        [LEASE_STORE_CLAIM_NAME] = {claim_name, sizeof(struct name_row)},
        [LEASE_STORE_DELETE_NAME] = {delete_name, sizeof(struct name_row)},
        [LEASE_STORE_CLAIM_ADDRESS] = {claim_address, sizeof(struct address_row)},
        [LEASE_STORE_DELETE_ADDRESS] = {delete_address, sizeof(struct address_row)},
        [LEASE_STORE_CLAIM_IDENTITY] = {claim_identity, sizeof(struct identity_row)},
        [LEASE_STORE_DELETE_IDENTITY] = {delete_identity, sizeof(struct identity_row)},
        [LEASE_STORE_PUT_SAGA] = {put_saga, sizeof(struct saga_row)},
        [LEASE_STORE_DELETE_SAGA] = {delete_saga, sizeof(struct lease_key_row)},
        [LEASE_STORE_PUT_DECISION] = {put_decision, sizeof(struct decision_row)},
        [LEASE_STORE_ADD_AUDIT] = {add_audit, sizeof(struct audit_row)},
};

static int apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets)
{
	if (operation >= sizeof(operations) / sizeof(operations[0]) || !operations[operation].apply ||
	    operations[operation].row_octets != octets)
		return -EINVAL;
	return operations[operation].apply(store, row);
}

const struct sqlite_store_port lease_store_port = {.port = LEASE_STORE_PORT, .name = "lease", .apply = apply};

/* Calls `found` for each row of `sql`. */
static int each_row(struct sqlite_store *store, const char *sql, const struct lease_store_reader *reader,
                    void (*found)(sqlite3_stmt *statement, const struct lease_store_reader *reader))
{
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	int result;

	if (!statement)
		return -EIO;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		found(statement, reader);
	sqlite3_reset(statement);
	return sqlite_store_error(result);
}

static void found_lease(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct lease_row row = {.services = 0};

	column_text(statement, 0, row.subscriber, sizeof(row.subscriber));
	read_lease(statement, 1, &row);
	reader->lease(reader->context, &row);
}

static void found_name(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct name_row row = {.state = (enum holding_state)column_number(statement, 2)};

	column_text(statement, 0, row.fqdn, sizeof(row.fqdn));
	column_text(statement, 1, row.subscriber, sizeof(row.subscriber));
	row.until_ms = column_number(statement, 3);
	row.version = column_number(statement, 4);
	column_octets(statement, 5, &row.address, ADDRESS_OCTETS);
	reader->name(reader->context, &row);
}

static void found_address(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct address_row row = {.state = (enum holding_state)column_number(statement, 2)};

	column_octets(statement, 0, &row.address, ADDRESS_OCTETS);
	column_text(statement, 1, row.subscriber, sizeof(row.subscriber));
	row.until_ms = column_number(statement, 3);
	row.version = column_number(statement, 4);
	reader->address(reader->context, &row);
}

static void found_identity(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct identity_row row = {.expires_ms = column_number(statement, 3), .version = column_number(statement, 4)};

	column_octets(statement, 0, row.hit, HIT_OCTETS);
	column_text(statement, 1, row.subscriber, sizeof(row.subscriber));
	column_text(statement, 2, row.fqdn, sizeof(row.fqdn));
	reader->identity(reader->context, &row);
}

static void found_saga(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct saga_row row = {.state = (enum saga_state)column_number(statement, 1)};

	column_text(statement, 0, row.subscriber, sizeof(row.subscriber));
	memcpy(row.target.subscriber, row.subscriber, sizeof(row.subscriber));
	column_octets(statement, 2, row.request_id, sizeof(row.request_id));
	column_octets(statement, 3, row.content_digest, sizeof(row.content_digest));
	column_octets(statement, 4, row.billing_id, sizeof(row.billing_id));
	row.status = (uint32_t)column_number(statement, 5);
	row.name_is_new = column_number(statement, 6);
	row.address_is_new = column_number(statement, 7);
	row.identity_is_new = column_number(statement, 8);
	read_lease(statement, 9, &row.target);
	reader->saga(reader->context, &row);
}

static void found_decision(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	struct decision_row row = {.status = (uint32_t)column_number(statement, 4),
	                           .version = column_number(statement, 5)};

	column_text(statement, 0, row.subscriber, sizeof(row.subscriber));
	column_octets(statement, 1, row.request_id, sizeof(row.request_id));
	column_octets(statement, 2, row.content_digest, sizeof(row.content_digest));
	column_octets(statement, 3, row.billing_id, sizeof(row.billing_id));
	reader->decision(reader->context, &row);
}

static void found_version(sqlite3_stmt *statement, const struct lease_store_reader *reader)
{
	reader->version(reader->context, column_number(statement, 0));
}

int lease_store_load(struct sqlite_store *store, const struct lease_store_reader *reader)
{
	static const char leases[] =
	        "SELECT subscriber, fqdn, address, hit, host_identity, services, expires_ms, version, key_change_1_ms,"
	        " key_change_2_ms, key_change_3_ms, name_change_1_ms, name_change_2_ms, name_change_3_ms FROM lease";
	static const char names[] = "SELECT fqdn, subscriber, state, until_ms, version, address FROM name";
	static const char addresses[] = "SELECT address, subscriber, state, until_ms, version FROM address";
	static const char identities[] = "SELECT hit, subscriber, fqdn, expires_ms, version FROM identity";
	static const char sagas[] =
	        "SELECT subscriber, state, request_id, content_digest, billing_id, status, name_is_new, address_is_new,"
	        " identity_is_new, fqdn, address, hit, host_identity, services, expires_ms, version, key_change_1_ms,"
	        " key_change_2_ms, key_change_3_ms, name_change_1_ms, name_change_2_ms, name_change_3_ms FROM saga";
	static const char decisions[] =
	        "SELECT subscriber, request_id, content_digest, billing_id, status, version FROM decision"
	        " ORDER BY version";
	static const char version[] =
	        "SELECT max((SELECT ifnull(max(version), 0) FROM audit), (SELECT ifnull(max(version), 0) FROM saga),"
	        " (SELECT ifnull(max(version), 0) FROM lease), (SELECT ifnull(max(version), 0) FROM name))";
	int result = 0;

	if (reader->version)
		result = each_row(store, version, reader, found_version);
	if (!result && reader->lease)
		result = each_row(store, leases, reader, found_lease);
	if (!result && reader->name)
		result = each_row(store, names, reader, found_name);
	if (!result && reader->address)
		result = each_row(store, addresses, reader, found_address);
	if (!result && reader->identity)
		result = each_row(store, identities, reader, found_identity);
	if (!result && reader->decision)
		result = each_row(store, decisions, reader, found_decision);
	if (!result && reader->saga)
		result = each_row(store, sagas, reader, found_saga);
	return result;
}

int lease_store_who_had(struct sqlite_store *store, const struct in6_addr *address, uint64_t at_ms,
                        char subscriber[SUBSCRIBER_KEY_OCTETS])
{
	static const char sql[] = "SELECT subscriber, event FROM audit WHERE address = ?1 AND at_ms <= ?2 ORDER BY "
	                          "at_ms DESC, number DESC"
	                          " LIMIT 1";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	int result;

	if (!statement)
		return -EIO;
	bind_octets(statement, 1, address, ADDRESS_OCTETS);
	bind_number(statement, 2, at_ms);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		column_text(statement, 0, subscriber, SUBSCRIBER_KEY_OCTETS);
		result = column_number(statement, 1) == AUDIT_ENDED ? -ENOENT : 0;
	} else {
		result = result == SQLITE_DONE ? -ENOENT : sqlite_store_error(result);
	}
	sqlite3_reset(statement);
	return result;
}
