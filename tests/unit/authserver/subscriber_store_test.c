// SPDX-License-Identifier: BSD-3-Clause
/* What the subscriber table's rows do to the file: S-4, E-14. */
#include "subscriber_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vectors.h"

#define IMSI "001010000000001"

struct world {
	char folder[64];
	struct sqlite_store *store;
	struct effects *step;
	uint64_t ceiling;
	uint64_t ambr_down_bps, ambr_up_bps;
	unsigned rows;
};

static const struct sqlite_store_port ports[] = {
        {.port = SUBSCRIBER_STORE_PORT, .name = "subscriber", .apply = subscriber_store_apply}};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char path[128], error[SQLITE_STORE_ERROR_OCTETS];
	struct sqlite_store_options options = {.path = path,
	                                       .ports = ports,
	                                       .port_count = 1,
	                                       .migrations = subscriber_store_migrations,
	                                       .migration_count = subscriber_store_migration_count};

	strcpy(world->folder, "/tmp/kedge-subscribers-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	snprintf(path, sizeof(path), "%s/store", world->folder);
	world->step = effects_new();
	*state = world;
	return sqlite_store_open(&options, &world->store, error);
}

static int teardown(void **state)
{
	struct world *world = *state;
	char command[128];

	sqlite_store_close(world->store);
	effects_free(world->step);
	snprintf(command, sizeof(command), "rm -r %s", world->folder);
	free(world);
	return system(command);
}

static int apply(struct world *world, uint16_t operation, const void *row, size_t octets)
{
	int result;

	effects_store(world->step, SUBSCRIBER_STORE_PORT, operation, row, octets);
	result = sqlite_store_apply_step(world->store, world->step);
	effects_clear(world->step);
	return result;
}

static void put(struct world *world, uint64_t ceiling)
{
	struct subscriber_record record = {.imsi = IMSI, .methods = METHOD_AKA_PRIME, .seq_ceiling = ceiling};

	assert_int_equal(apply(world, SUBSCRIBER_STORE_PUT, &record, sizeof(record)), 0);
}

static int set_ceiling(struct world *world, uint64_t ceiling, bool resynchronised)
{
	struct subscriber_ceiling_row row = {.imsi = IMSI, .seq_ceiling = ceiling, .resynchronised = resynchronised};

	return apply(world, SUBSCRIBER_STORE_CEILING, &row, sizeof(row));
}

static void take(void *context, const struct subscriber_record *record)
{
	struct world *world = context;

	world->ceiling = record->seq_ceiling;
	world->ambr_down_bps = record->ambr_down_bps;
	world->ambr_up_bps = record->ambr_up_bps;
	world->rows++;
}

static uint64_t ceiling(struct world *world)
{
	world->rows = 0;
	assert_int_equal(subscriber_store_load(world->store, take, world), 0);
	assert_int_equal(world->rows, 1);
	return world->ceiling;
}

/* S-4: neither an import nor a block that comes late makes a number come twice. */
static void a_ceiling_never_falls(void **state)
{
	struct world *world = *state;

	put(world, 64);
	put(world, 0);
	assert_int_equal(ceiling(world), 64);
	assert_int_equal(set_ceiling(world, 96, false), 0);
	assert_int_equal(set_ceiling(world, 32, false), 0);
	assert_int_equal(ceiling(world), 96);
}

static void rates_are_kept(void **state)
{
	struct world *world = *state;
	struct subscriber_record record = {
	        .imsi = IMSI, .methods = METHOD_AKA_PRIME, .ambr_down_bps = 10000000000000, .ambr_up_bps = 64000};

	assert_int_equal(apply(world, SUBSCRIBER_STORE_PUT, &record, sizeof(record)), 0);
	ceiling(world);
	assert_int_equal(world->ambr_down_bps, record.ambr_down_bps);
	assert_int_equal(world->ambr_up_bps, record.ambr_up_bps);
	put(world, 0);
	ceiling(world);
	assert_int_equal(world->ambr_down_bps + world->ambr_up_bps, 0);
}

/* E-14 */
static void a_right_auts_alone_lowers_it(void **state)
{
	struct world *world = *state;

	put(world, UINT64_C(1) << 42);
	assert_int_equal(set_ceiling(world, 132, true), 0);
	assert_int_equal(ceiling(world), 132);
	assert_int_equal(set_ceiling(world, 64, false), 0);
	assert_int_equal(ceiling(world), 132);
}

/* Nobody gets a vector of a subscriber who went away meanwhile. */
static void a_block_of_nobody_fails(void **state)
{
	struct world *world = *state;

	assert_int_equal(set_ceiling(world, 32, false), -ENOENT);
	assert_int_equal(set_ceiling(world, 32, true), -ENOENT);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	        EACH(rates_are_kept),
	        EACH(a_ceiling_never_falls),
	        EACH(a_right_auts_alone_lowers_it),
	        EACH(a_block_of_nobody_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
