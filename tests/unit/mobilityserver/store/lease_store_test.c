// SPDX-License-Identifier: BSD-3-Clause
/*
 * The contract of bootstrap/lease_store_port.h: the same scenario against SQLite and against the store model, compared
 * row by row after each step (A-1, A-4, A-10, B-47, L-10).
 */
#include "lease_store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "billing_store.h"
#include "lease_store_model.h"
#include "migrations.h"
#include "vectors.h"

enum { DUMP_OCTETS = 65536 };

struct world {
	char folder[64];
	char path[96];
	struct sqlite_store *sqlite;
	struct store_model *model;
	struct effects *step;
	char from_sqlite[DUMP_OCTETS], from_model[DUMP_OCTETS];
};

struct dump {
	char *lines[512];
	size_t count;
};

static void line(struct dump *dump, const char *text)
{
	assert_true(dump->count < 512);
	dump->lines[dump->count++] = strdup(text);
}

#define LINE(dump, ...)                                                                                                \
	do {                                                                                                           \
		char text_[1024];                                                                                      \
		snprintf(text_, sizeof(text_), __VA_ARGS__);                                                           \
		line(dump, text_);                                                                                     \
	} while (0)

static const char *hex(const void *bytes, size_t octets)
{
	static char texts[4][80];
	static int next;
	char *text = texts[next++ % 4];

	for (size_t i = 0; i < octets && i < 32; i++)
		sprintf(text + 2 * i, "%02x", ((const uint8_t *)bytes)[i]);
	return text;
}

static void dump_lease(void *context, const struct lease_row *row)
{
	LINE(context, "lease %s %s %s %s %u:%s %u %llu v%llu %llu %llu %llu %llu", row->subscriber, row->fqdn,
	     hex(&row->address, 16), hex(row->identity.hit, 16), row->identity.octets, hex(row->identity.value, 8),
	     row->services, (unsigned long long)row->expires_ms, (unsigned long long)row->version,
	     (unsigned long long)row->key_changes_ms[0], (unsigned long long)row->key_changes_ms[2],
	     (unsigned long long)row->name_changes_ms[0], (unsigned long long)row->name_changes_ms[2]);
}

static void dump_name(void *context, const struct name_row *row)
{
	LINE(context, "name %s %s %d %llu v%llu %s", row->fqdn, row->subscriber, row->state,
	     (unsigned long long)row->until_ms, (unsigned long long)row->version, hex(&row->address, 16));
}

static void dump_address(void *context, const struct address_row *row)
{
	LINE(context, "address %s %s %d %llu v%llu", hex(&row->address, 16), row->subscriber, row->state,
	     (unsigned long long)row->until_ms, (unsigned long long)row->version);
}

static void dump_identity(void *context, const struct identity_row *row)
{
	LINE(context, "identity %s %s %s %llu v%llu", hex(row->hit, 16), row->subscriber, row->fqdn,
	     (unsigned long long)row->expires_ms, (unsigned long long)row->version);
}

static void dump_saga(void *context, const struct saga_row *row)
{
	LINE(context, "saga %s %d %s %s %s %u %d%d%d", row->subscriber, row->state, hex(row->request_id, 16),
	     hex(row->content_digest, 32), hex(row->billing_id, 16), row->status, row->name_is_new, row->address_is_new,
	     row->identity_is_new);
	assert_string_equal(row->subscriber, row->target.subscriber);
	dump_lease(context, &row->target);
}

static void dump_decision(void *context, const struct decision_row *row)
{
	LINE(context, "decision %s %s %s %s %u v%llu", row->subscriber, hex(row->request_id, 16),
	     hex(row->content_digest, 32), hex(row->billing_id, 16), row->status, (unsigned long long)row->version);
}

static void dump_version(void *context, uint64_t highest)
{
	LINE(context, "version %llu", (unsigned long long)highest);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void finish(struct dump *dump, char *text)
{
	size_t used = 0;

	qsort(dump->lines, dump->count, sizeof(dump->lines[0]), compare_lines);
	text[0] = '\0';
	for (size_t i = 0; i < dump->count; i++) {
		used += (size_t)snprintf(text + used, DUMP_OCTETS - used, "%s\n", dump->lines[i]);
		free(dump->lines[i]);
	}
}

static void compare(struct world *world)
{
	struct dump dump = {.count = 0};
	const struct lease_store_reader reader = {
	        .context = &dump,
	        .lease = dump_lease,
	        .name = dump_name,
	        .address = dump_address,
	        .identity = dump_identity,
	        .saga = dump_saga,
	        .decision = dump_decision,
	        .version = dump_version,
	};

	assert_int_equal(lease_store_load(world->sqlite, &reader), 0);
	finish(&dump, world->from_sqlite);
	dump.count = 0;
	lease_store_model_load(world->model, &reader);
	finish(&dump, world->from_model);
	assert_string_equal(world->from_sqlite, world->from_model);
}

/* Runs the step on both sides: the same result, the same rows. */
static int run(struct world *world)
{
	int result = sqlite_store_apply_step(world->sqlite, world->step);

	assert_int_equal(result, store_model_apply_step(world->model, world->step));
	effects_clear(world->step);
	compare(world);
	return result;
}

static void open_sqlite(struct world *world)
{
	static struct sqlite_store_port ports[2];
	const struct sqlite_store_options options = {
	        .path = world->path,
	        .ports = ports,
	        .port_count = 2,
	        .migrations = mobilityserver_migrations,
	        .migration_count = mobilityserver_migration_count,
	};
	char error[SQLITE_STORE_ERROR_OCTETS];

	ports[0] = lease_store_port;
	ports[1] = billing_store_port;
	if (sqlite_store_open(&options, &world->sqlite, error))
		fail_msg("%s", error);
}

static int world_start(void **state)
{
	static const struct store_model_port *const models[] = {&lease_store_model, &billing_store_model};
	struct world *world = calloc(1, sizeof(*world));

	strcpy(world->folder, "/tmp/kedge-lease-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	snprintf(world->path, sizeof(world->path), "%s/store", world->folder);
	world->model = store_model_new(models, 2);
	world->step = effects_new();
	open_sqlite(world);
	*state = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;
	char command[128];

	sqlite_store_close(world->sqlite);
	store_model_free(world->model);
	effects_free(world->step);
	snprintf(command, sizeof(command), "rm -r %s", world->folder);
	free(world);
	return system(command);
}

static struct name_row name(const char *fqdn, const char *subscriber, enum holding_state state)
{
	struct name_row row = {.state = state, .version = 1};

	strcpy(row.fqdn, fqdn);
	strcpy(row.subscriber, subscriber);
	return row;
}

static struct address_row address(uint8_t subnet, const char *subscriber, enum holding_state state)
{
	struct address_row row = {.state = state, .version = 1};

	inet_pton(AF_INET6, "2001:db8:aa::1", &row.address);
	row.address.s6_addr[7] = subnet;
	strcpy(row.subscriber, subscriber);
	return row;
}

static struct identity_row identity(uint8_t last, const char *subscriber, uint64_t version)
{
	struct identity_row row = {.hit = {[15] = last}, .fqdn = "a.mob.example", .expires_ms = 9, .version = version};

	strcpy(row.subscriber, subscriber);
	return row;
}

static struct lease_row lease(const char *subscriber, const char *fqdn, uint8_t number)
{
	struct lease_row row = {
	        .identity = {.octets = 100, .value = {3, 2, 0, 0, number}, .hit = {[15] = number}},
	        .services = 5,
	        .expires_ms = 1700000000000,
	        .version = number,
	        .key_changes_ms = {3, 2, 1},
	        .name_changes_ms = {6, 5, 4},
	};

	strcpy(row.subscriber, subscriber);
	strcpy(row.fqdn, fqdn);
	row.address = address(number, subscriber, HOLDING_ACTIVE).address;
	return row;
}

static int store(struct world *world, uint16_t operation, const void *row, size_t octets)
{
	effects_store(world->step, LEASE_STORE_PORT, operation, row, octets);
	return run(world);
}
#define STORE(world, operation, row) store(world, operation, &(row), sizeof(row))

/* A-1, B-47: a name has one holder; A-4: it rests before another may have it. */
static void a_name_has_one_holder(void **state)
{
	struct world *world = *state;
	struct name_row mine = name("a.mob.example", "home/1", HOLDING_RESERVED);
	struct name_row theirs = name("a.mob.example", "home/2", HOLDING_RESERVED);

	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, mine), 0);
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, theirs), -EEXIST);
	mine.state = HOLDING_ACTIVE;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, mine), 0);
	mine.state = HOLDING_RESTING;
	mine.until_ms = 1000;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, mine), 0);
	theirs.now_ms = 999;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, theirs), -EEXIST);
	theirs.now_ms = 1000;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, theirs), 0);
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_NAME, mine), 0); /* no longer his: nothing happens */
	assert_non_null(strstr(world->from_sqlite, "name a.mob.example home/2"));
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_NAME, theirs), 0);
	assert_null(strstr(world->from_sqlite, "name "));
}

/* a /64 has one holder, whatever the address in it. */
static void a_prefix_has_one_holder(void **state)
{
	struct world *world = *state;
	struct address_row mine = address(7, "home/1", HOLDING_ACTIVE), theirs = address(7, "home/2", HOLDING_RESERVED);

	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_ADDRESS, mine), 0);
	theirs.address.s6_addr[15] = 99;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_ADDRESS, theirs), -EEXIST);
	mine.state = HOLDING_RESTING;
	mine.until_ms = 5;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_ADDRESS, mine), 0);
	theirs.now_ms = 6;
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_ADDRESS, theirs), 0);
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_ADDRESS, mine), 0);
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_ADDRESS, theirs), 0);
}

/* L-10: revoking removes exactly the row (HIT, subscriber, version). */
static void a_key_belongs_to_one_subscriber(void **state)
{
	struct world *world = *state;
	struct identity_row mine = identity(1, "home/1", 4), theirs = identity(1, "home/2", 5), later;

	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_IDENTITY, mine), 0);
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_IDENTITY, theirs), -EEXIST);
	later = identity(1, "home/1", 6);
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_IDENTITY, later), 0);
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_IDENTITY, mine), 0); /* an older version: nothing happens */
	assert_non_null(strstr(world->from_sqlite, "identity "));
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_IDENTITY, theirs), 0);
	assert_non_null(strstr(world->from_sqlite, "identity "));
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_IDENTITY, later), 0);
	assert_null(strstr(world->from_sqlite, "identity "));
}

/* B-47: UNIQUE name, key, address, subscriber. */
static void a_lease_shares_nothing(void **state)
{
	struct world *world = *state;
	struct lease_row first = lease("home/1", "a.mob.example", 1), other = lease("home/2", "b.mob.example", 2), bad;
	struct lease_key_row key = {.subscriber = "home/1"};

	assert_int_equal(STORE(world, LEASE_STORE_PUT, first), 0);
	assert_int_equal(STORE(world, LEASE_STORE_PUT, other), 0);
	bad = other;
	strcpy(bad.fqdn, first.fqdn);
	assert_int_equal(STORE(world, LEASE_STORE_PUT, bad), -EEXIST);
	bad = other;
	bad.address = first.address;
	assert_int_equal(STORE(world, LEASE_STORE_PUT, bad), -EEXIST);
	bad = other;
	memcpy(bad.identity.hit, first.identity.hit, HIT_OCTETS);
	assert_int_equal(STORE(world, LEASE_STORE_PUT, bad), -EEXIST);
	first.expires_ms++;
	first.version = 9;
	assert_int_equal(STORE(world, LEASE_STORE_PUT, first), 0);
	assert_int_equal(STORE(world, LEASE_STORE_DELETE, key), 0);
	assert_null(strstr(world->from_sqlite, "lease home/1"));
}

/* B-46: what the restart finds is what was put, and it survives the process. */
static void the_outbox_survives(void **state)
{
	struct world *world = *state;
	struct saga_row saga = {
	        .subscriber = "home/1",
	        .state = SAGA_RESERVED,
	        .request_id = {1},
	        .content_digest = {2},
	        .billing_id = {3},
	        .status = 1,
	        .name_is_new = true,
	        .identity_is_new = true,
	        .target = lease("home/1", "a.mob.example", 8),
	};
	struct lease_key_row key = {.subscriber = "home/1"};

	assert_int_equal(STORE(world, LEASE_STORE_PUT_SAGA, saga), 0);
	saga.state = SAGA_BILLED;
	assert_int_equal(STORE(world, LEASE_STORE_PUT_SAGA, saga), 0);
	sqlite_store_close(world->sqlite);
	open_sqlite(world);
	compare(world);
	assert_non_null(strstr(world->from_sqlite, "saga home/1 5 01"));
	assert_non_null(strstr(world->from_sqlite, "version 8"));
	assert_int_equal(STORE(world, LEASE_STORE_DELETE_SAGA, key), 0);
	assert_null(strstr(world->from_sqlite, "saga "));
}

/* B-44: the newest decisions of a subscriber are kept. */
static void old_decisions_are_forgotten(void **state)
{
	struct world *world = *state;
	struct lease_key_row key = {.subscriber = "home/1"};
	struct decision_row other = {.subscriber = "home/2", .request_id = {1}, .version = 1};

	assert_int_equal(STORE(world, LEASE_STORE_PUT_DECISION, other), 0);
	for (uint8_t i = 1; i <= LEASE_DECISIONS_MAX + 2; i++) {
		struct decision_row row = {.subscriber = "home/1", .request_id = {i}, .status = 0, .version = i};

		assert_int_equal(STORE(world, LEASE_STORE_PUT_DECISION, row), 0);
	}
	assert_null(strstr(world->from_sqlite, "decision home/1 02"));
	assert_non_null(strstr(world->from_sqlite, "decision home/1 03"));
	assert_non_null(strstr(world->from_sqlite, "decision home/2 01"));
	assert_int_equal(STORE(world, LEASE_STORE_DELETE, key), 0); /* they go with the lease */
	assert_null(strstr(world->from_sqlite, "decision home/1"));
	assert_non_null(strstr(world->from_sqlite, "decision home/2 01"));
}

static void who_had(struct world *world, const struct in6_addr *at, uint64_t at_ms, const char *expected)
{
	char found[2][SUBSCRIBER_KEY_OCTETS] = {"", ""};
	int result = lease_store_who_had(world->sqlite, at, at_ms, found[0]);

	assert_int_equal(result, lease_store_model_who_had(world->model, at, at_ms, found[1]));
	assert_int_equal(result, expected ? 0 : -ENOENT);
	if (expected) {
		assert_string_equal(found[0], expected);
		assert_string_equal(found[1], expected);
	}
}

/* */
static void the_audit_tells_who_had_an_address_when(void **state)
{
	static const struct {
		uint64_t at_ms;
		enum audit_event event;
		const char *subscriber;
	} history[] = {
	        {100, AUDIT_ASSIGNED, "home/1"}, {150, AUDIT_RENEWED, "home/1"}, {200, AUDIT_ENDED, "home/1"},
	        {300, AUDIT_ASSIGNED, "home/2"}, {300, AUDIT_CHANGED, "home/2"},
	};
	struct world *world = *state;
	struct in6_addr at = address(7, "", HOLDING_ACTIVE).address, never = address(8, "", HOLDING_ACTIVE).address;

	for (size_t i = 0; i < sizeof(history) / sizeof(history[0]); i++) {
		struct audit_row row = {.at_ms = history[i].at_ms,
		                        .event = history[i].event,
		                        .version = i,
		                        .address = at,
		                        .actor = "bootstrap",
		                        .reason = "from the pool"};

		strcpy(row.subscriber, history[i].subscriber);
		assert_int_equal(STORE(world, LEASE_STORE_ADD_AUDIT, row), 0);
	}
	who_had(world, &at, 99, NULL);
	who_had(world, &at, 100, "home/1");
	who_had(world, &at, 199, "home/1");
	who_had(world, &at, 200, NULL);
	who_had(world, &at, 5000, "home/2");
	who_had(world, &never, 5000, NULL);
}

/* A step is one transaction: a claim that fails takes the whole step back. */
static void a_step_that_loses_one_claim_leaves_nothing(void **state)
{
	struct world *world = *state;
	struct name_row theirs = name("a.mob.example", "home/2", HOLDING_ACTIVE);
	struct address_row mine = address(9, "home/1", HOLDING_RESERVED);
	struct name_row lost = name("a.mob.example", "home/1", HOLDING_RESERVED);

	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, theirs), 0);
	effects_store(world->step, LEASE_STORE_PORT, LEASE_STORE_CLAIM_ADDRESS, &mine, sizeof(mine));
	assert_int_equal(STORE(world, LEASE_STORE_CLAIM_NAME, lost), -EEXIST);
	assert_null(strstr(world->from_sqlite, "address "));
}

/* B-48: recorded once, reversed under the same id. */
static void billing_is_recorded_once(void **state)
{
	struct world *world = *state;
	struct billing_row row = {.transaction = {1}, .subscriber = "home/1", .services = 1, .at_ms = 5, .until_ms = 9};
	const struct billing_model_tables *tables = store_model_tables(world->model, BILLING_STORE_PORT);
	sqlite3_stmt *statement;

	for (int i = 0; i < 2; i++) {
		effects_store(world->step, BILLING_STORE_PORT, BILLING_STORE_RECORD, &row, sizeof(row));
		assert_int_equal(run(world), 0);
	}
	for (row.at_ms = 7; row.at_ms < 9; row.at_ms++) {
		effects_store(world->step, BILLING_STORE_PORT, BILLING_STORE_REVERSE, &row, sizeof(row));
		assert_int_equal(run(world), 0);
	}
	assert_int_equal(tables->count, 1);
	assert_int_equal(tables->rows[0].reversed_ms, 7);
	statement = sqlite_store_statement(world->sqlite, "SELECT count(*), max(reversed_ms) FROM billing");
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), 1);
	assert_int_equal(sqlite3_column_int(statement, 1), 7);
	sqlite3_reset(statement);
}

/* What is volatile is lost by a crash, what was committed is not. */
static void the_model_forgets_what_was_not_committed(void **state)
{
	struct world *world = *state;
	struct name_row first = name("a.mob.example", "home/1", HOLDING_ACTIVE);
	struct name_row second = name("b.mob.example", "home/1", HOLDING_ACTIVE);
	const struct lease_model_tables *tables = store_model_tables(world->model, LEASE_STORE_PORT);
	struct effects *later = effects_new();
	int result = 1;

	effects_store(world->step, LEASE_STORE_PORT, LEASE_STORE_CLAIM_NAME, &first, sizeof(first));
	effects_store(later, LEASE_STORE_PORT, LEASE_STORE_CLAIM_NAME, &second, sizeof(second));
	store_model_submit(world->model, world->step);
	store_model_submit(world->model, later);
	assert_true(store_model_commit(world->model, &result));
	assert_int_equal(result, 0);
	store_model_crash(world->model);
	assert_false(store_model_commit(world->model, &result));
	assert_int_equal(tables->name_count, 1);
	store_model_fail(world->model, 1, 1, -ENOSPC);
	assert_int_equal(store_model_apply_step(world->model, later), 0);
	assert_int_equal(store_model_apply_step(world->model, later), -ENOSPC);
	assert_int_equal(store_model_apply_step(world->model, later), 0);
	effects_free(later);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        TEST(a_name_has_one_holder),
	        TEST(a_prefix_has_one_holder),
	        TEST(a_key_belongs_to_one_subscriber),
	        TEST(a_lease_shares_nothing),
	        TEST(the_outbox_survives),
	        TEST(old_decisions_are_forgotten),
	        TEST(the_audit_tells_who_had_an_address_when),
	        TEST(a_step_that_loses_one_claim_leaves_nothing),
	        TEST(billing_is_recorded_once),
	        TEST(the_model_forgets_what_was_not_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
