// SPDX-License-Identifier: BSD-3-Clause
/*
 * The contract of homeagent/binding_store_port.h: the same steps against SQLite and the store model give the same
 * results and the same rows (M-9, L-1); and what SQLite alone does: keys encrypted at rest, epochs that only grow
 * (S-7).
 */
#include "binding_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "binding_store_model.h"
#include "key_wrapping.h"
#include "migrations.h"
#include "vectors.h"

enum { ROWS_MAX = 16 };

struct loaded {
	struct association_row associations[ROWS_MAX];
	struct home_binding_row bindings[ROWS_MAX];
	size_t association_count, binding_count;
};

struct world {
	char folder[64];
	char path[96];
	struct secret store_key;
	struct sqlite_store *sqlite;
	struct store_model *model;
	struct effects *step;
};

static struct world world;

static int load_association(void *context, const struct association_row *row)
{
	struct loaded *loaded = context;

	loaded->associations[loaded->association_count++] = *row;
	return 0;
}

static int load_binding(void *context, const struct home_binding_row *row)
{
	struct loaded *loaded = context;

	loaded->bindings[loaded->binding_count++] = *row;
	return 0;
}

static int open_sqlite(void)
{
	static struct sqlite_store_port port;
	const struct sqlite_store_options options = {
	        .path = world.path,
	        .ports = &port,
	        .port_count = 1,
	        .migrations = mobilityserver_migrations,
	        .migration_count = mobilityserver_migration_count,
	};
	char error[SQLITE_STORE_ERROR_OCTETS];

	port = binding_store_port_of(&world.store_key);
	return sqlite_store_open(&options, &world.sqlite, error);
}

static int start(void **state)
{
	static const struct store_model_port *const models[] = {&binding_store_model};

	(void)state;
	memset(&world, 0, sizeof(world));
	memset(secret_fill(&world.store_key, KEY_WRAPPING_KEY_OCTETS), 0x5a, KEY_WRAPPING_KEY_OCTETS);
	strcpy(world.folder, "/tmp/kedge-binding-XXXXXX");
	if (!mkdtemp(world.folder))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/store", world.folder);
	world.model = store_model_new(models, 1);
	world.step = effects_new();
	return open_sqlite();
}

static int end(void **state)
{
	char command[128];

	(void)state;
	sqlite_store_close(world.sqlite);
	store_model_free(world.model);
	effects_free(world.step);
	snprintf(command, sizeof(command), "rm -r %s", world.folder);
	return system(command);
}

static void store(uint16_t operation, const void *row, size_t octets)
{
	effects_store(world.step, BINDING_STORE_PORT, operation, row, octets);
}

/* Runs the step on both sides: the same result, and then the same rows. */
static int run(struct loaded *loaded)
{
	static struct loaded from_model;
	const struct binding_store_reader sqlite_reader = {loaded, load_association, load_binding};
	const struct binding_store_reader model_reader = {&from_model, load_association, load_binding};
	int result = sqlite_store_apply_step(world.sqlite, world.step);

	assert_int_equal(result, store_model_apply_step(world.model, world.step));
	effects_clear(world.step);
	memset(loaded, 0, sizeof(*loaded));
	memset(&from_model, 0, sizeof(from_model));
	assert_int_equal(binding_store_load(world.sqlite, &world.store_key, &sqlite_reader), 0);
	assert_int_equal(binding_store_model_load(world.model, &model_reader), 0);
	assert_int_equal(loaded->association_count, from_model.association_count);
	assert_int_equal(loaded->binding_count, from_model.binding_count);
	for (size_t i = 0; i < loaded->association_count; i++) {
		assert_true(secret_equal(&loaded->associations[i].key, &from_model.associations[i].key));
		assert_memory_equal(&loaded->associations[i], &from_model.associations[i],
		                    offsetof(struct association_row, key));
	}
	for (size_t i = 0; i < loaded->binding_count; i++)
		assert_memory_equal(&loaded->bindings[i], &from_model.bindings[i], sizeof(loaded->bindings[i]));
	return result;
}

static struct association_row association(uint32_t spi)
{
	struct association_row row;

	memset(&row, 0, sizeof(row)); /* padding, too: rows are compared as they lie */
	row.spi = spi;
	row.state = ASSOCIATION_LIVE;
	row.prefix_length = 64;
	row.created_ms = 1700000000000 + spi;
	row.until_ms = 1700007200000;
	row.home_address = (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0, 7, [15] = 1}}};
	row.home_agent_address = (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1}}};
	memset(row.host_identity_digest, 0x11, sizeof(row.host_identity_digest));
	row.services = 3;
	row.ambr = (struct session_ambr){10000000000000, 64000 + spi};
	strcpy(row.nai, "matti@sonera.example");
	strcpy(row.subscriber, "as/001010000000001");
	secret_set(&row.key, "MN-HA-K sixteen.", 16);
	return row;
}

static struct home_binding_row binding(uint8_t subnet, uint8_t care_of)
{
	struct home_binding_row row;

	memset(&row, 0, sizeof(row));
	row.key = (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0, subnet}}};
	row.prefix_length = 64;
	row.home_address = row.key;
	row.home_address.s6_addr[15] = 1;
	row.spi = 0x1000;
	row.care_of_address = (struct in6_addr){{{0x20, 0x01, 0x0d, 0xb8, 0, 0xc, [15] = care_of}}};
	row.port = (uint16_t)(65500 + care_of);
	row.until_ms = 1700000600000;
	strcpy(row.subscriber, "as/001010000000001");
	return row;
}

static void rows_are_the_same_on_both_sides(void **state)
{
	static struct loaded loaded;
	struct association_row row = association(0xfffffffe);
	const struct association_number_row number = {0xfffffffe, 65535, 1};
	const struct association_number_row unknown = {0x4444, 1, 1};
	const struct association_key_row key = {0xfffffffe};
	struct home_binding_row first = binding(7, 1);
	struct home_binding_row second = binding(8, 2);
	const struct home_binding_key_row first_key = {first.key, 64};

	(void)state;
	store(BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
	store(BINDING_STORE_PUT_BINDING, &first, sizeof(first));
	assert_int_equal(run(&loaded), 0);
	assert_false(loaded.associations[0].has_number);
	/* M-9: the number in the commit of the binding */
	first.care_of_address.s6_addr[15] = 9;
	store(BINDING_STORE_PUT_NUMBER, &number, sizeof(number));
	store(BINDING_STORE_PUT_BINDING, &first, sizeof(first));
	store(BINDING_STORE_PUT_BINDING, &second, sizeof(second));
	assert_int_equal(run(&loaded), 0);
	assert_true(loaded.associations[0].has_number);
	assert_int_equal(loaded.associations[0].first_number, 65535);
	assert_int_equal(loaded.associations[0].last_number, 1);
	assert_int_equal(loaded.binding_count, 2);
	/* a step is stored wholly or not at all */
	store(BINDING_STORE_DELETE_BINDING, &first_key, sizeof(first_key));
	store(BINDING_STORE_PUT_NUMBER, &unknown, sizeof(unknown));
	assert_int_equal(run(&loaded), -EEXIST);
	assert_int_equal(loaded.binding_count, 2);
	/* the end: quarantined without a key, then gone */
	row.state = ASSOCIATION_QUARANTINED;
	row.until_ms += 86400000;
	secret_wipe(&row.key);
	store(BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
	store(BINDING_STORE_DELETE_BINDING, &first_key, sizeof(first_key));
	store(BINDING_STORE_DELETE_BINDING, &first_key, sizeof(first_key));
	assert_int_equal(run(&loaded), 0);
	assert_int_equal(loaded.associations[0].state, ASSOCIATION_QUARANTINED);
	/* M-9: `row` was made before the number was; it does not take it back */
	assert_int_equal(loaded.associations[0].last_number, 1);
	assert_int_equal(loaded.binding_count, 1);
	store(BINDING_STORE_DELETE_ASSOCIATION, &key, sizeof(key));
	assert_int_equal(run(&loaded), 0);
	assert_int_equal(loaded.association_count, 0);
}

/* Associations come back in the order in which they were made (L-4 looks at it). */
static void associations_are_loaded_in_their_order(void **state)
{
	static struct loaded loaded;
	static const uint32_t spis[] = {0x1000, 0x2000, 0x3000};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct association_row row = association(spis[i]);

		store(BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
	}
	assert_int_equal(run(&loaded), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(loaded.associations[i].spi, spis[i]);
}

static bool file_holds(const char *path, const char *octets, size_t count)
{
	static char content[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t read = file ? fread(content, 1, sizeof(content), file) : 0;

	if (file)
		fclose(file);
	return memmem(content, read, octets, count) != NULL;
}

/* Session keys stand in the file, but nobody reads them there; another store key is told at once. */
static void keys_are_encrypted_at_rest(void **state)
{
	static struct loaded loaded;
	struct association_row row = association(0x1000);
	const struct binding_store_reader reader = {&loaded, load_association, load_binding};
	char wal[128];

	(void)state;
	store(BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
	assert_int_equal(run(&loaded), 0);
	snprintf(wal, sizeof(wal), "%s-wal", world.path);
	assert_true(file_holds(world.path, "matti@sonera", 12) || file_holds(wal, "matti@sonera", 12));
	assert_false(file_holds(world.path, "MN-HA-K sixteen.", 16) || file_holds(wal, "MN-HA-K sixteen.", 16));
	secret_fill(&world.store_key, KEY_WRAPPING_KEY_OCTETS)[0] ^= 1;
	assert_int_equal(binding_store_load(world.sqlite, &world.store_key, &reader), -EKEYREJECTED);
}

/* Whatever is changed in a wrapped key, or for which association it is: it does not open. */
static void a_wrapped_key_opens_only_as_it_is(void **state)
{
	const struct wire_view here = {(const uint8_t *)"here", 4};
	const struct wire_view there = {(const uint8_t *)"ther", 4};
	uint8_t wrapped[KEY_WRAPPED_MAX];
	uint8_t again[KEY_WRAPPED_MAX];
	struct secret key = {0};
	struct secret opened = {0};
	int octets;

	(void)state;
	secret_set(&key, "MN-HA-K sixteen.", 16);
	octets = key_wrap(&world.store_key, here, &key, wrapped);
	assert_int_equal(octets, 12 + 16 + 16);
	assert_int_equal(key_unwrap(&world.store_key, here, (struct wire_view){wrapped, (size_t)octets}, &opened), 0);
	assert_true(secret_equal(&key, &opened));
	assert_int_equal(key_wrap(&world.store_key, here, &key, again), octets);
	assert_memory_not_equal(wrapped, again, (size_t)octets); /* a nonce of its own */
	assert_int_equal(key_unwrap(&world.store_key, there, (struct wire_view){wrapped, (size_t)octets}, &opened),
	                 -EKEYREJECTED);
	assert_true(secret_is_empty(&opened));
	for (int at = 0; at < octets; at++) {
		wrapped[at] ^= 0x80;
		assert_int_equal(
		        key_unwrap(&world.store_key, here, (struct wire_view){wrapped, (size_t)octets}, &opened),
		        -EKEYREJECTED);
		assert_int_equal(key_unwrap(&world.store_key, here, (struct wire_view){wrapped, (size_t)at}, &opened),
		                 -EKEYREJECTED);
		wrapped[at] ^= 0x80;
	}
	secret_set(&key, "short", 5);
	assert_int_equal(key_wrap(&key, here, &key, wrapped), -EINVAL);
}

static void epochs_only_grow(void **state)
{
	const struct binding_epoch_row low = {1};
	uint32_t epoch;

	(void)state;
	assert_int_equal(binding_store_raise_epoch(world.sqlite, &epoch), 0);
	assert_int_equal(epoch, 1);
	assert_int_equal(binding_store_raise_epoch(world.sqlite, &epoch), 0);
	assert_int_equal(epoch, 2);
	sqlite_store_close(world.sqlite);
	assert_int_equal(open_sqlite(), 0);
	assert_int_equal(binding_store_raise_epoch(world.sqlite, &epoch), 0);
	assert_int_equal(epoch, 3);
	store(BINDING_STORE_PUT_EPOCH, &low, sizeof(low));
	assert_int_equal(sqlite_store_apply_step(world.sqlite, world.step), -EEXIST);
	assert_int_equal(store_model_apply_step(world.model, world.step), 0);
	assert_int_equal(store_model_apply_step(world.model, world.step), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, start, end)
	        WITH_STORE(rows_are_the_same_on_both_sides),
	        WITH_STORE(associations_are_loaded_in_their_order),
	        WITH_STORE(keys_are_encrypted_at_rest),
	        WITH_STORE(a_wrapped_key_opens_only_as_it_is),
	        WITH_STORE(epochs_only_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
