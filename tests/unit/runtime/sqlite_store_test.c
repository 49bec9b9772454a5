// SPDX-License-Identifier: BSD-3-Clause
/* S-1, S-2, S-3, S-5, S-7 and the group commit. */
#include "sqlite_store.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vectors.h"

enum { PORT = 3, PUT = 1, PUT_LARGE = 2 };

struct world {
	char folder[64];
	char path[128];
	struct sqlite_store *store;
	sem_t woken;
};

static const struct sqlite_store_migration migrations[] = {
        {"first", "CREATE TABLE item(name TEXT PRIMARY KEY) STRICT"},
        {"second", "ALTER TABLE item ADD COLUMN content BLOB"},
};

static int apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets)
{
	static const char put[] = "INSERT INTO item(name, content) VALUES(?1, ?2)";
	sqlite3_stmt *statement = sqlite_store_statement(store, put);

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, row, (int)octets, SQLITE_TRANSIENT);
	if (operation == PUT_LARGE)
		sqlite3_bind_zeroblob(statement, 2, 1 << 20);
	return sqlite_store_run(store, statement);
}

static const struct sqlite_store_port ports[] = {{.port = PORT, .name = "item", .apply = apply}};

static int open_store(struct world *world, size_t migration_count, char *error)
{
	const struct sqlite_store_options options = {
	        .path = world->path,
	        .ports = ports,
	        .port_count = 1,
	        .migrations = migrations,
	        .migration_count = migration_count,
	};

	return sqlite_store_open(&options, &world->store, error);
}

static int world_start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char error[SQLITE_STORE_ERROR_OCTETS];

	strcpy(world->folder, "/tmp/kedge-store-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	snprintf(world->path, sizeof(world->path), "%s/store", world->folder);
	sem_init(&world->woken, 0, 0);
	*state = world;
	return open_store(world, 2, error);
}

static int world_end(void **state)
{
	struct world *world = *state;
	char command[128];

	sqlite_store_close(world->store);
	sem_destroy(&world->woken);
	snprintf(command, sizeof(command), "rm -r %s", world->folder);
	free(world);
	return system(command);
}

static struct effects *step_of(uint16_t operation, const char *first, const char *second)
{
	struct effects *step = effects_new();

	effects_store(step, PORT, operation, first, strlen(first));
	if (second)
		effects_store(step, PORT, operation, second, strlen(second));
	return step;
}

static int count_rows(struct world *world)
{
	sqlite3_stmt *statement = sqlite_store_statement(world->store, "SELECT count(*) FROM item");
	int rows;

	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	rows = sqlite3_column_int(statement, 0);
	sqlite3_reset(statement);
	return rows;
}

static void wake(void *context)
{
	sem_post(context);
}

static int collect(struct world *world)
{
	int result = 1;

	while (!sqlite_store_collect(world->store, &result))
		sem_wait(&world->woken);
	return result;
}

static void a_step_is_stored_wholly_or_not_at_all(void **state)
{
	struct world *world = *state;
	struct effects *good = step_of(PUT, "a", "b"), *bad = step_of(PUT, "c", "a");

	assert_int_equal(sqlite_store_apply_step(world->store, good), 0);
	assert_int_equal(sqlite_store_apply_step(world->store, bad), -EEXIST);
	assert_int_equal(count_rows(world), 2);
	effects_free(good);
	effects_free(bad);
}

static void in_a_group_a_broken_constraint_fails_its_step_alone(void **state)
{
	struct world *world = *state;
	struct effects *steps[] = {step_of(PUT, "a", "b"), step_of(PUT, "c", "a"), step_of(PUT, "d", NULL)};

	for (int i = 0; i < 3; i++)
		sqlite_store_submit(world->store, steps[i]);
	assert_int_equal(sqlite_store_start(world->store, wake, &world->woken), 0);
	assert_int_equal(collect(world), 0);
	assert_int_equal(collect(world), -EEXIST);
	assert_int_equal(collect(world), 0);
	sqlite_store_stop(world->store);
	assert_int_equal(count_rows(world), 3);
	assert_int_equal(sqlite_store_counters(world->store).commits, 1);
	assert_int_equal(sqlite_store_counters(world->store).steps_failed, 1);
	for (int i = 0; i < 3; i++)
		effects_free(steps[i]);
}

/* S-5: the disk is full (SQLite is told that 64 pages are all there is); it is said, and when there is room it goes on.
 */
static void a_full_disk_fails_the_group_and_work_goes_on_later(void **state)
{
	struct world *world = *state;
	struct effects *large = step_of(PUT_LARGE, "large", NULL), *small = step_of(PUT, "small", NULL);
	sqlite3 *connection = sqlite_store_connection(world->store);

	sqlite3_exec(connection, "PRAGMA max_page_count=64", NULL, NULL, NULL);
	assert_int_equal(sqlite_store_start(world->store, wake, &world->woken), 0);
	sqlite_store_submit(world->store, large);
	assert_int_equal(collect(world), -ENOSPC);
	sqlite_store_submit(world->store, small);
	assert_int_equal(collect(world), 0);
	sqlite_store_stop(world->store);
	sqlite3_exec(connection, "PRAGMA max_page_count=4096", NULL, NULL, NULL);
	assert_int_equal(sqlite_store_apply_step(world->store, large), 0);
	assert_int_equal(count_rows(world), 2);
	effects_free(large);
	effects_free(small);
}

static void what_was_submitted_before_the_stop_is_committed(void **state)
{
	struct world *world = *state;
	struct effects *steps[100];
	char error[SQLITE_STORE_ERROR_OCTETS];

	assert_int_equal(sqlite_store_start(world->store, wake, &world->woken), 0);
	for (int i = 0; i < 100; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		steps[i] = step_of(PUT, name, NULL);
		sqlite_store_submit(world->store, steps[i]);
	}
	sqlite_store_stop(world->store);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(collect(world), 0);
		effects_free(steps[i]);
	}
	sqlite_store_close(world->store);
	assert_int_equal(open_store(world, 2, error), 0);
	assert_int_equal(count_rows(world), 100);
}

static void a_second_instance_is_refused(void **state)
{
	struct world *world = *state;
	struct world other = *world;
	char error[SQLITE_STORE_ERROR_OCTETS];

	assert_int_equal(open_store(&other, 2, error), -EBUSY);
	assert_non_null(strstr(error, "another instance"));
}

static void a_newer_schema_is_refused_and_an_older_one_upgraded(void **state)
{
	struct world *world = *state;
	char error[SQLITE_STORE_ERROR_OCTETS];

	sqlite_store_close(world->store);
	assert_int_equal(open_store(world, 1, error), -EPROTO);
	assert_non_null(strstr(error, "newer"));
	unlink(world->path);
	assert_int_equal(open_store(world, 1, error), 0);
	sqlite_store_close(world->store);
	assert_int_equal(open_store(world, 2, error), 0);
	assert_int_equal(count_rows(world), 0);
}

static void the_file_is_for_its_owner_alone(void **state)
{
	struct world *world = *state;
	struct stat status;

	assert_int_equal(stat(world->path, &status), 0);
	assert_int_equal(status.st_mode & 077, 0);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        with_world(a_step_is_stored_wholly_or_not_at_all),
	        with_world(in_a_group_a_broken_constraint_fails_its_step_alone),
	        with_world(a_full_disk_fails_the_group_and_work_goes_on_later),
	        with_world(what_was_submitted_before_the_stop_is_committed),
	        with_world(a_second_instance_is_refused),
	        with_world(a_newer_schema_is_refused_and_an_older_one_upgraded),
	        with_world(the_file_is_for_its_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
