// SPDX-License-Identifier: BSD-3-Clause
/* Requests one by one: what they write, whom they yield to, what they leave behind. */
#include "zone_world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
	*state = zone_world_new();
	return 0;
}

static int teardown(void **state)
{
	zone_world_free(*state);
	return 0;
}

/* D-1, D-2, D-8 */
static void create_change_and_delete(void **state)
{
	struct zone_world *world = *state;
	struct naming_request create =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request change =
	        zone_world_request(2, NAMING_KIND_CHANGE, "matti.mob.example", 1, "001010000000001");
	struct naming_request delete =
	        zone_world_request(3, NAMING_KIND_DELETE, "matti.mob.example", 1, "001010000000001");

	assert_int_equal(zone_world_do(world, &create), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &create);
	change.hip_rdata.octets = 0;
	assert_int_equal(zone_world_do(world, &change), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &change);
	assert_int_equal(zone_world_do(world, &delete), NAMING_OUTCOME_DONE);
	zone_world_assert_absent(world, &create);
	assert_int_equal(dns_model_records(world->server), 0);
	assert_int_equal(naming_view(world->core).requests, 0);
	assert_int_equal(naming_counters(world->core)->requests_done, 3);
}

/* D-2: who is there, keeps what he has, with a marker or without. */
static void names_of_others_are_left_alone(void **state)
{
	struct zone_world *world = *state;
	struct naming_request his =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request mine =
	        zone_world_request(2, NAMING_KIND_CREATE, "matti.mob.example", 2, "001010000000002");
	struct naming_request www = zone_world_request(3, NAMING_KIND_CREATE, "www.mob.example", 2, "001010000000002");
	struct naming_request half =
	        zone_world_request(6, NAMING_KIND_CREATE, "half.mob.example", 2, "001010000000002");

	dns_model_put(world->server, "www.mob.example. 300 IN A 192.0.2.1");
	dns_model_put(world->server, "_kedge.half.mob.example. 300 IN TXT \"somebody's\"");
	assert_int_equal(zone_world_do(world, &his), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_do(world, &mine), NAMING_OUTCOME_TAKEN);
	assert_int_equal(zone_world_do(world, &www), NAMING_OUTCOME_TAKEN);
	assert_int_equal(zone_world_do(world, &half), NAMING_OUTCOME_TAKEN);
	mine.token = 4;
	mine.kind = NAMING_KIND_CHANGE;
	assert_int_equal(zone_world_do(world, &mine), NAMING_OUTCOME_TAKEN);
	mine.token = 5;
	mine.kind = NAMING_KIND_DELETE;
	assert_int_equal(zone_world_do(world, &mine), NAMING_OUTCOME_DONE); /* nothing of ours is there */
	zone_world_assert_stands(world, &his);
	assert_int_equal(dns_model_records(world->server), 4 + 2);
	assert_int_equal(naming_counters(world->core)->requests_taken, 4);
}

/* D-4: a repeated create whose marker is ours is done; so after a crash, with the same arguments. */
static void repeated_requests_end_the_same(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_restart(world);
	request.token = 2;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
	assert_int_equal(dns_model_records(world->server), 4);
	assert_int_equal(dns_model_counters(world->server)->updates_applied, 2);
	request.kind = NAMING_KIND_DELETE;
	request.token = 3;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	request.token = 4;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_assert_absent(world, &request);
}

/* A crash after each of the messages of a create; what is repeated finds its way (B-46). */
static void crash_between_forward_and_reverse(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	for (uint64_t after_ms = 0; after_ms < 30; after_ms++) {
		request.kind = NAMING_KIND_CREATE;
		request.token++;
		zone_world_apply(world, &request);
		zone_world_run(world, after_ms);
		zone_world_restart(world);
		request.token++;
		assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
		zone_world_assert_stands(world, &request);
		request.kind = NAMING_KIND_DELETE;
		request.token++;
		zone_world_apply(world, &request);
		zone_world_run(world, after_ms);
		zone_world_restart(world);
		request.token++;
		assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
		zone_world_assert_absent(world, &request);
	}
}

/* D-14: the new name is added and the PTR moved, then the old name goes. */
static void rename_moves_the_ptr(void **state)
{
	struct zone_world *world = *state;
	struct naming_request old =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request new = zone_world_request(2, NAMING_KIND_CREATE, "masa.mob.example", 1, "001010000000001");
	struct naming_request end =
	        zone_world_request(3, NAMING_KIND_DELETE, "matti.mob.example", 1, "001010000000001");

	assert_int_equal(zone_world_do(world, &old), NAMING_OUTCOME_DONE);
	new.previous_fqdn = "matti.mob.example";
	assert_int_equal(zone_world_do(world, &new), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &new);
	assert_int_equal(zone_world_do(world, &end), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &new);
	assert_int_equal(dns_model_records(world->server), 4);
}

/* D-14, with both requests at once, in either order. */
static void rename_at_once(void **state)
{
	struct zone_world *world = *state;
	struct naming_request old =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request new = zone_world_request(2, NAMING_KIND_CREATE, "masa.mob.example", 1, "001010000000001");
	struct naming_request end =
	        zone_world_request(3, NAMING_KIND_DELETE, "matti.mob.example", 1, "001010000000001");

	assert_int_equal(zone_world_do(world, &old), NAMING_OUTCOME_DONE);
	new.previous_fqdn = "matti.mob.example";
	zone_world_apply(world, &end);
	zone_world_apply(world, &new);
	assert_int_equal(zone_world_outcome(world, 2), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_outcome(world, 3), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &new);
	assert_int_equal(dns_model_records(world->server), 4);
}

/* D-2, D-3: another's PTR stays, and the forward name is taken back. */
static void foreign_ptr_undoes_the_name(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	char ptr[256];

	snprintf(ptr, sizeof(ptr), "%s. 300 IN PTR printer.mob.example.", zone_world_reverse(&request));
	dns_model_put(world->server, ptr);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_REFUSED);
	assert_non_null(strstr(zone_world_detail(world, 1), "another PTR"));
	assert_true(dns_model_has(world->server, ptr));
	assert_int_equal(dns_model_records(world->server), 1);
	assert_int_equal(naming_counters(world->core)->requests_undone, 1);
}

/* D-3, D-4: the reverse zone refuses. */
static void refused_reverse_undoes_the_name(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	dns_model_refuse_reverse(world->server, true);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_REFUSED);
	assert_string_equal(zone_world_detail(world, 1), "REFUSED from the reverse zone");
	assert_int_equal(dns_model_records(world->server), 0);
}

/* D-4: configuration, alarm. */
static void refused_update_raises_an_alarm(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	dns_model_set_mode(world->server, DNS_MODEL_REFUSED);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_REFUSED);
	assert_string_equal(zone_world_detail(world, 1), "REFUSED from the forward zone");
	assert_non_null(strstr(world->logs, "an update was refused"));
	assert_int_equal(dns_model_records(world->server), 0);
}

/* A server that cannot hold HIP records says FORMERR: told, not repeated. */
static void hip_record_that_cannot_be_held(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	dns_model_set_mode(world->server, DNS_MODEL_NO_HIP);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_UNSUPPORTED);
	assert_int_equal(naming_counters(world->core)->updates_sent, 1);
	request.token = 2;
	request.hip_rdata.octets = 0;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
}

static void somebody_is_faster(void *context, struct dns_model *server)
{
	(void)context;
	dns_model_put(server, "matti.mob.example. 300 IN AAAA 2001:db8::bad");
}

/* D-4: the race is lost at the server, not in our memory. */
static void race_is_decided_by_the_zone(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	dns_model_race(world->server, somebody_is_faster, NULL);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_TAKEN);
	assert_int_equal(dns_model_records(world->server), 1);
}

/* Requests for one name are served in the order of the calls. */
static void order_of_one_name(void **state)
{
	struct zone_world *world = *state;
	struct naming_request create =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request delete =
	        zone_world_request(2, NAMING_KIND_DELETE, "matti.mob.example", 1, "001010000000001");
	struct naming_request again =
	        zone_world_request(3, NAMING_KIND_CREATE, "matti.mob.example", 2, "001010000000002");

	zone_world_apply(world, &create);
	zone_world_apply(world, &delete);
	zone_world_apply(world, &again);
	assert_int_equal(zone_world_outcome(world, 3), NAMING_OUTCOME_DONE);
	assert_int_equal(world->ends[0].token, 1);
	assert_int_equal(world->ends[1].token, 2);
	zone_world_assert_stands(world, &again);
	assert_int_equal(dns_model_records(world->server), 4);
}

/* D-9, and what cannot be written. */
static void impossible_requests(void **state)
{
	struct zone_world *world = *state;
	static const uint8_t long_data[NAMING_HIP_RDATA_MAX + 1];
	struct naming_request good =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
	struct naming_request bad = good;

	bad.fqdn = "matti.elsewhere.example";
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad.fqdn = "mob.example";
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad.fqdn = "mattimob.example";
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad.fqdn = "Matti.mob.example";
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad.fqdn = "a..mob.example";
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad = good;
	assert_int_equal(address_parse("2001:db8:bb::1", &bad.home_address), 0);
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	bad = good;
	bad.hip_rdata = (struct wire_view){long_data, sizeof(long_data)};
	assert_int_equal(naming_apply(world->core, &bad, &world->now, world->effects), -EINVAL);
	assert_int_equal(naming_counters(world->core)->requests, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(create_change_and_delete),
	        TEST(names_of_others_are_left_alone),
	        TEST(repeated_requests_end_the_same),
	        TEST(crash_between_forward_and_reverse),
	        TEST(rename_moves_the_ptr),
	        TEST(rename_at_once),
	        TEST(foreign_ptr_undoes_the_name),
	        TEST(refused_reverse_undoes_the_name),
	        TEST(refused_update_raises_an_alarm),
	        TEST(hip_record_that_cannot_be_held),
	        TEST(race_is_decided_by_the_zone),
	        TEST(order_of_one_name),
	        TEST(impossible_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
