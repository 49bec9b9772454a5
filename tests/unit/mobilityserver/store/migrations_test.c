// SPDX-License-Identifier: BSD-3-Clause
/* S-7: a store of any earlier schema, upgraded, has the schema of a fresh one. */
#include "migrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vectors.h"

enum { SCHEMA_OCTETS = 65536 };

static void open_at(const char *path, size_t version, struct sqlite_store **store)
{
	const struct sqlite_store_options options = {
	        .path = path, .migrations = mobilityserver_migrations, .migration_count = version};
	char error[SQLITE_STORE_ERROR_OCTETS];

	if (sqlite_store_open(&options, store, error))
		fail_msg("%s", error);
}

static void read_schema(struct sqlite_store *store, char *schema)
{
	sqlite3_stmt *statement = sqlite_store_statement(
	        store, "SELECT type, name, ifnull(sql, '') FROM sqlite_master ORDER BY type, name");
	size_t used = 0;

	schema[0] = '\0';
	while (sqlite3_step(statement) == SQLITE_ROW)
		used += (size_t)snprintf(schema + used, SCHEMA_OCTETS - used, "%s %s: %s\n",
		                         sqlite3_column_text(statement, 0), sqlite3_column_text(statement, 1),
		                         sqlite3_column_text(statement, 2));
	assert_true(used < SCHEMA_OCTETS);
	sqlite3_reset(statement);
}

static void an_upgraded_schema_is_a_fresh_one(void **state)
{
	static char fresh[SCHEMA_OCTETS], upgraded[SCHEMA_OCTETS];
	char folder[] = "/tmp/kedge-migrations-XXXXXX", path[64], command[64];
	struct sqlite_store *store;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fresh", folder);
	open_at(path, mobilityserver_migration_count, &store);
	read_schema(store, fresh);
	sqlite_store_close(store);
	assert_non_null(strstr(fresh, "table lease"));
	for (size_t version = 0; version < mobilityserver_migration_count; version++) {
		snprintf(path, sizeof(path), "%s/from-%zu", folder, version);
		open_at(path, version, &store);
		sqlite_store_close(store);
		open_at(path, mobilityserver_migration_count, &store);
		read_schema(store, upgraded);
		sqlite_store_close(store);
		assert_string_equal(upgraded, fresh);
	}
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_upgraded_schema_is_a_fresh_one)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
