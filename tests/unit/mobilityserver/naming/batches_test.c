// SPDX-License-Identifier: BSD-3-Clause
/* Many names at once (D-5; architecture.md 4: at most 64 names, at most 20 ms). */
#include "zone_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANY = 200 };

struct many {
	struct zone_world *world;
	char names[MANY][32];
	char owners[MANY][16];
};

static int setup(void **state)
{
	struct many *many = calloc(1, sizeof(*many));

	many->world = zone_world_new();
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(many->names[i], sizeof(many->names[i]), "n%u.mob.example", i);
		snprintf(many->owners[i], sizeof(many->owners[i]), "00101%010u", i);
	}
	*state = many;
	return 0;
}

static int teardown(void **state)
{
	struct many *many = *state;

	zone_world_free(many->world);
	free(many);
	return 0;
}

static struct naming_request request_of(const struct many *many, enum naming_kind kind, unsigned int i)
{
	return zone_world_request(i + 1 + 1000 * kind, kind, many->names[i], i, many->owners[i]);
}

static void apply_all(struct many *many, enum naming_kind kind, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct naming_request request = request_of(many, kind, i);

		zone_world_apply(many->world, &request);
	}
}

static void expect_all(struct many *many, enum naming_kind kind, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct naming_request request = request_of(many, kind, i);

		assert_int_equal(zone_world_outcome(many->world, request.token), NAMING_OUTCOME_DONE);
		if (kind == NAMING_KIND_DELETE)
			zone_world_assert_absent(many->world, &request);
		else
			zone_world_assert_stands(many->world, &request);
	}
}

static void two_hundred_names_make_eight_updates(void **state)
{
	struct many *many = *state;

	apply_all(many, NAMING_KIND_CREATE, MANY);
	expect_all(many, NAMING_KIND_CREATE, MANY);
	assert_int_equal(dns_model_counters(many->world->server)->updates, 2 * ((MANY + 63) / 64));
	assert_int_equal(dns_model_counters(many->world->server)->names_most, 2 * NAMING_BATCH_MAX);
	apply_all(many, NAMING_KIND_DELETE, MANY);
	expect_all(many, NAMING_KIND_DELETE, MANY);
	assert_int_equal(dns_model_records(many->world->server), 0);
}

/* The first name waits for company, but not long. */
static void a_batch_does_not_wait_long(void **state)
{
	struct many *many = *state;
	uint64_t begun_ms = many->world->now.monotonic_ms;
	struct naming_request request = request_of(many, NAMING_KIND_CREATE, 0);

	zone_world_do(many->world, &request);
	/* two zones: two waits, two round trips of 2 ms */
	assert_true(many->world->now.monotonic_ms - begun_ms <= 2 * (NAMING_BATCH_WAIT_MAX_MS + 2));
}

/* D-5: a failed prerequisite names no culprit; halved, the others get their names and the culprit is told. */
static void culprits_are_found_by_halving(void **state)
{
	struct many *many = *state;
	const struct naming_counters *counters = naming_counters(many->world->core);

	dns_model_put(many->world->server, "n17.mob.example. 300 IN A 192.0.2.1");
	dns_model_put(many->world->server,
	              "_kedge.n40.mob.example. 300 IN TXT \"v1 00000000000000000000000000000000\"");
	apply_all(many, NAMING_KIND_CREATE, 64);
	for (unsigned int i = 0; i < 64; i++) {
		bool is_culprit = i == 17 || i == 40;

		assert_int_equal(zone_world_outcome(many->world, i + 1),
		                 is_culprit ? NAMING_OUTCOME_TAKEN : NAMING_OUTCOME_DONE);
	}
	assert_int_equal(dns_model_records(many->world->server), 62 * 4 + 2);
	assert_int_equal(counters->requests_taken, 2);
	/* two paths of six halvings with the first in common, and their claims, which may meet in one message */
	assert_true(counters->updates_halved >= 6 && counters->updates_halved <= 12);
}

/* D-4: the batch was done, its answer lost: found done as a whole, without looking for a culprit. */
static void a_batch_done_is_found_done(void **state)
{
	struct many *many = *state;

	dns_model_lose_answers(many->world->server, 3); /* all copies of the forward update */
	apply_all(many, NAMING_KIND_CREATE, 64);
	expect_all(many, NAMING_KIND_CREATE, 64);
	assert_int_equal(naming_counters(many->world->core)->updates_halved, 0);
	assert_int_equal(dns_model_records(many->world->server), 64 * 4);
}

/* … and when nothing had happened, it is done then, also without. */
static void a_batch_not_done_is_done_later(void **state)
{
	struct many *many = *state;

	many->world->requests_lost = 3;
	apply_all(many, NAMING_KIND_CREATE, 64);
	expect_all(many, NAMING_KIND_CREATE, 64);
	assert_int_equal(naming_counters(many->world->core)->updates_halved, 0);
}

/* A repetition in which the others were done before and one name is another's. */
static void a_batch_with_a_culprit_is_repeated(void **state)
{
	struct many *many = *state;

	dns_model_put(many->world->server, "n17.mob.example. 300 IN A 192.0.2.1");
	dns_model_lose_answers(many->world->server, 5);
	apply_all(many, NAMING_KIND_CREATE, 64);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(zone_world_outcome(many->world, i + 1),
		                 i == 17 ? NAMING_OUTCOME_TAKEN : NAMING_OUTCOME_DONE);
	assert_int_equal(dns_model_records(many->world->server), 63 * 4 + 1);
}

/* SERVFAIL for a batch: halves are tried, so that one poisonous name does not hold 63 others for ever. */
static void a_failing_server_gets_smaller_batches(void **state)
{
	struct many *many = *state;

	dns_model_set_mode(many->world->server, DNS_MODEL_SERVFAIL);
	apply_all(many, NAMING_KIND_CREATE, 64);
	zone_world_run(many->world, 4500);
	assert_true(naming_counters(many->world->core)->updates_halved >= 3);
	dns_model_set_mode(many->world->server, DNS_MODEL_GOOD);
	expect_all(many, NAMING_KIND_CREATE, 64);
}

/* Creations, changes and removals share a message. */
static void kinds_are_mixed(void **state)
{
	struct many *many = *state;

	apply_all(many, NAMING_KIND_CREATE, 20);
	expect_all(many, NAMING_KIND_CREATE, 20);
	for (unsigned int i = 0; i < 40; i++) {
		enum naming_kind kind = i < 10 ? NAMING_KIND_DELETE : i < 20 ? NAMING_KIND_CHANGE : NAMING_KIND_CREATE;
		struct naming_request request = request_of(many, kind, i);

		zone_world_apply(many->world, &request);
	}
	for (unsigned int i = 0; i < 40; i++) {
		enum naming_kind kind = i < 10 ? NAMING_KIND_DELETE : i < 20 ? NAMING_KIND_CHANGE : NAMING_KIND_CREATE;
		struct naming_request request = request_of(many, kind, i);

		assert_int_equal(zone_world_outcome(many->world, request.token), NAMING_OUTCOME_DONE);
	}
	zone_world_run(many->world, 1000);
	assert_int_equal(dns_model_records(many->world->server), 30 * 4);
	assert_int_equal(naming_counters(many->world->core)->updates_halved, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(two_hundred_names_make_eight_updates),  TEST(a_batch_does_not_wait_long),
	        TEST(culprits_are_found_by_halving),         TEST(a_batch_done_is_found_done),
	        TEST(a_batch_not_done_is_done_later),        TEST(a_batch_with_a_culprit_is_repeated),
	        TEST(a_failing_server_gets_smaller_batches), TEST(kinds_are_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
