// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct sqlite_store_migration subscriber_store_migrations[] = {
        {"subscribers", "CREATE TABLE subscriber("
                        " imsi TEXT PRIMARY KEY NOT NULL CHECK(length(imsi) BETWEEN 6 AND 15),"
                        " wrapped_keys BLOB NOT NULL,"
                        " amf INTEGER NOT NULL,"
                        " methods INTEGER NOT NULL,"
                        " barred INTEGER NOT NULL,"
                        " name_consent INTEGER NOT NULL,"
                        " services INTEGER NOT NULL,"
                        " seq_ceiling INTEGER NOT NULL,"
                        " name TEXT NOT NULL,"
                        " postal_address TEXT NOT NULL,"
                        " msisdn TEXT NOT NULL,"
                        " name_policy TEXT NOT NULL"
                        ") STRICT, WITHOUT ROWID"},
        {"session_ambr", "ALTER TABLE subscriber ADD COLUMN ambr_down_bps INTEGER NOT NULL DEFAULT 0;"
                         "ALTER TABLE subscriber ADD COLUMN ambr_up_bps INTEGER NOT NULL DEFAULT 0"},
};
const size_t subscriber_store_migration_count =
        sizeof(subscriber_store_migrations) / sizeof(subscriber_store_migrations[0]);

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static int put(struct sqlite_store *store, const struct subscriber_record *record)
{
	static const char sql[] =
	        "INSERT INTO subscriber(imsi, wrapped_keys, amf, methods, barred, name_consent, services, seq_ceiling, "
	        "name,"
	        " postal_address, msisdn, name_policy, ambr_down_bps, ambr_up_bps)"
	        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"
	        " ON CONFLICT(imsi) DO UPDATE SET wrapped_keys=?2, amf=?3, methods=?4, barred=?5, name_consent=?6, "
	        "services=?7,"
	        " seq_ceiling=max(seq_ceiling, ?8), name=?9, postal_address=?10, msisdn=?11, name_policy=?12,"
	        " ambr_down_bps=?13, ambr_up_bps=?14";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	if (!statement)
		return -EIO;
	bind_text(statement, 1, record->imsi);
	sqlite3_bind_blob(statement, 2, record->wrapped_keys, sizeof(record->wrapped_keys), SQLITE_TRANSIENT);
	sqlite3_bind_int(statement, 3, record->amf[0] << 8 | record->amf[1]);
	sqlite3_bind_int(statement, 4, record->methods);
	sqlite3_bind_int(statement, 5, record->barred);
	sqlite3_bind_int(statement, 6, record->name_consent);
	sqlite3_bind_int64(statement, 7, record->services);
	sqlite3_bind_int64(statement, 8, (sqlite3_int64)record->seq_ceiling);
	bind_text(statement, 9, record->name);
	bind_text(statement, 10, record->postal_address);
	bind_text(statement, 11, record->msisdn);
	bind_text(statement, 12, record->name_policy);
	sqlite3_bind_int64(statement, 13, (sqlite3_int64)record->ambr_down_bps);
	sqlite3_bind_int64(statement, 14, (sqlite3_int64)record->ambr_up_bps);
	return sqlite_store_run(store, statement);
}

static int delete (struct sqlite_store *store, const struct subscriber_imsi_row *row)
{
	sqlite3_stmt *statement = sqlite_store_statement(store, "DELETE FROM subscriber WHERE imsi=?1");

	if (!statement)
		return -EIO;
	bind_text(statement, 1, row->imsi);
	return sqlite_store_run(store, statement);
}

static int set_ceiling(struct sqlite_store *store, const struct subscriber_ceiling_row *row)
{
	sqlite3_stmt *statement = sqlite_store_statement(
	        store, row->resynchronised ? "UPDATE subscriber SET seq_ceiling=?2 WHERE imsi=?1"
	                                   : "UPDATE subscriber SET seq_ceiling=max(seq_ceiling, ?2) WHERE imsi=?1");
	int result;

	if (!statement)
		return -EIO;
	bind_text(statement, 1, row->imsi);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->seq_ceiling);
	result = sqlite_store_run(store, statement);
	/* a subscriber who went away meanwhile gets no vector */
	return result || sqlite3_changes(sqlite_store_connection(store)) ? result : -ENOENT;
}

int subscriber_store_apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets)
{
	if (operation == SUBSCRIBER_STORE_PUT && octets == sizeof(struct subscriber_record))
		return put(store, row);
	if (operation == SUBSCRIBER_STORE_DELETE && octets == sizeof(struct subscriber_imsi_row))
		return delete (store, row);
	if (operation == SUBSCRIBER_STORE_CEILING && octets == sizeof(struct subscriber_ceiling_row))
		return set_ceiling(store, row);
	return -EINVAL;
}

static void read_text(sqlite3_stmt *statement, int column, char *to, size_t octets)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	snprintf(to, octets, "%s", text ? (const char *)text : "");
}

static int read_row(sqlite3_stmt *statement, struct subscriber_record *record)
{
	int amf = sqlite3_column_int(statement, 2);

	memset(record, 0, sizeof(*record));
	read_text(statement, 0, record->imsi, sizeof(record->imsi));
	if (sqlite3_column_bytes(statement, 1) != WRAPPED_KEYS_OCTETS)
		return -EBADMSG;
	memcpy(record->wrapped_keys, sqlite3_column_blob(statement, 1), WRAPPED_KEYS_OCTETS);
	record->amf[0] = (uint8_t)(amf >> 8);
	record->amf[1] = (uint8_t)amf;
	record->methods = (uint8_t)sqlite3_column_int(statement, 3);
	record->barred = sqlite3_column_int(statement, 4) != 0;
	record->name_consent = sqlite3_column_int(statement, 5) != 0;
	record->services = (uint32_t)sqlite3_column_int64(statement, 6);
	record->seq_ceiling = (uint64_t)sqlite3_column_int64(statement, 7);
	read_text(statement, 8, record->name, sizeof(record->name));
	read_text(statement, 9, record->postal_address, sizeof(record->postal_address));
	read_text(statement, 10, record->msisdn, sizeof(record->msisdn));
	read_text(statement, 11, record->name_policy, sizeof(record->name_policy));
	record->ambr_down_bps = (uint64_t)sqlite3_column_int64(statement, 12);
	record->ambr_up_bps = (uint64_t)sqlite3_column_int64(statement, 13);
	return 0;
}

int subscriber_store_load(struct sqlite_store *store,
                          void (*row)(void *context, const struct subscriber_record *record), void *context)
{
	static const char sql[] =
	        "SELECT imsi, wrapped_keys, amf, methods, barred, name_consent, services, seq_ceiling, name,"
	        " postal_address, msisdn, name_policy, ambr_down_bps, ambr_up_bps FROM subscriber ORDER BY imsi";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	struct subscriber_record record;
	int result = statement ? 0 : -EIO;
	int step = SQLITE_DONE;

	while (!result && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		result = read_row(statement, &record);
		if (!result)
			row(context, &record);
	}
	sqlite3_reset(statement);
	return result ? result : sqlite_store_error(step);
}
