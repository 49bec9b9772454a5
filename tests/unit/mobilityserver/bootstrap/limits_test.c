// SPDX-License-Identifier: BSD-3-Clause
/* Limits and refusals by policy: F-6, F-7, F-8, L-8, D-14, A-6, B-38, B-39. */
#include <arpa/inet.h>
#include <string.h>

#include "world.h"

static const char subscriber[] = "home/001010000000001";

/* F-6, B-47: two devices with one SIM are serialised. */
static void two_devices_with_one_sim_are_serialised(void **state)
{
	struct world *world = *state;
	struct node first, second;

	node_start(world, &first, "001010000000001");
	node_start(world, &second, "001010000000001");
	world->mood = ZONE_MUTE;
	node_request(&first);
	world_settle(world);
	node_gets(&second, BOOTSTRAP_RATE_LIMITED);
	assert_in_range(second.answer.retry_after_ms, 50, 30000);
	node_polls(&second, BOOTSTRAP_UNKNOWN_REQUEST); /* it has no part in the first one's saga */
	world->mood = ZONE_WELL;
	world_settle(world);
	assert_true(node_answered(&first));
	assert_int_equal(first.answer.status, BOOTSTRAP_OK);
	node_gets(&second, BOOTSTRAP_OK); /* the same id, as 210 asks */
	assert_memory_equal(world_lease(world, subscriber)->identity.value, second.identity, second.identity_octets);
	assert_int_equal(world_tables(world)->lease_count, 1);
	world_check(world);
	node_end(&first);
	node_end(&second);
}

/* B-45: a second new request while one is pending. */
static void a_second_wish_while_one_is_pending_is_210(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_MUTE;
	node_request(&node);
	world_advance(world, 600);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_RATE_LIMITED);
	node_end(&node);
}

/* F-7: three signature checks a minute, whatever the session. */
static void signature_checks_are_three_a_minute(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.spoil_signature = true;
	for (int i = 0; i < 3; i++) {
		node_gets(&node, BOOTSTRAP_BAD_PROOF);
		world_advance(world, 1000);
	}
	node_new_session(&node);
	node.spoil_signature = false;
	node_gets(&node, BOOTSTRAP_RATE_LIMITED);
	assert_int_equal(node.answer.retry_after_ms, 30000); /* 57 s are left, 30 s is the most that can be said */
	world_advance(world, 57000);
	node_gets(&node, BOOTSTRAP_OK);
	node_end(&node);
}

static void changes_key(struct node *node, uint32_t status)
{
	node_new_key(node);
	node_new_id(node);
	node_gets(node, status);
}

/* L-8: after the third change within an hour 211; F-8: three a day, 210. L-9: short lives in the zone. */
static void two_phones_that_fight_are_stopped(void **state)
{
	struct world *world = *state;
	struct node node;
	uint8_t committed[HIP_IDENTITY_VALUE_MAX];

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	for (int i = 0; i < 3; i++) {
		world_advance(world, 61000);
		changes_key(&node, BOOTSTRAP_OK);
		assert_true(world_zone_find(world, "matti.mob.example")->short_lived);
	}
	memcpy(committed, node.identity, node.identity_octets);
	assert_int_equal(bootstrap_counters(world->core)->key_changes, 3);
	world_advance(world, 61000);
	changes_key(&node, BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL);
	assert_memory_equal(world_lease(world, subscriber)->identity.value, committed, node.identity_octets);
	world_advance(world, 3600 * 1000);
	changes_key(&node, BOOTSTRAP_RATE_LIMITED);
	world_advance(world, 23 * 3600 * 1000);
	node_new_session(&node);
	changes_key(&node, BOOTSTRAP_OK);
	world_check(world);
	node_end(&node);
}

/* L-8: a change counts when it commits; the limit outlives a restart. */
static void only_committed_changes_count(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	world->mood = ZONE_REFUSES;
	for (int i = 0; i < 4; i++) {
		world_advance(world, 61000);
		changes_key(&node, BOOTSTRAP_DNS_FAILED);
	}
	world->mood = ZONE_WELL;
	for (int i = 0; i < 3; i++) {
		world_advance(world, 61000);
		changes_key(&node, BOOTSTRAP_OK);
	}
	world_crash(world);
	node_new_session(&node);
	world_advance(world, 61000);
	changes_key(&node, BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL);
	world_check(world);
	node_end(&node);
}

/* D-14: name changes are limited like key changes. */
static void names_change_three_times_a_day(void **state)
{
	static const char *const names[] = {"a.mob.example", "b.mob.example", "c.mob.example", "d.mob.example"};
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	for (int i = 0; i < 4; i++) {
		world_advance(world, 61000);
		node_new_id(&node);
		node.fqdn = names[i];
		node_gets(&node, i < 3 ? BOOTSTRAP_OK : BOOTSTRAP_NAME_CHANGED);
	}
	assert_string_equal(node_fqdn(&node), "c.mob.example");
	world_check(world);
	node_end(&node);
}

/* */
static void an_empty_pool_is_206(void **state)
{
	struct world *world = *state;
	struct node nodes[2];

	world->options.home_prefix_length = 63; /* one /64 to give away: subnet 0 is the routers' */
	world_crash(world);
	node_start(world, &nodes[0], "001010000000001");
	node_start(world, &nodes[1], "001010000000002");
	node_gets(&nodes[0], BOOTSTRAP_OK);
	assert_int_equal(address_pool_alarm(bootstrap_pool(world->core)), ADDRESS_ALARM_FULL);
	node_gets(&nodes[1], BOOTSTRAP_POOL_EMPTY);
	assert_int_equal(world_tables(world)->name_count, 1);
	/* released, it rests; then it is another's */
	world_advance(world, (uint64_t)LEASE_S * 1000 + 1000);
	assert_int_equal(world_tables(world)->lease_count, 0);
	node_new_session(&nodes[1]);
	node_gets(&nodes[1], BOOTSTRAP_POOL_EMPTY);
	world_advance(world, (uint64_t)ADDRESS_REST_S * 1000 + 1000);
	node_gets(&nodes[1], BOOTSTRAP_OK);
	world_check(world);
	node_end(&nodes[0]);
	node_end(&nodes[1]);
}

/* B-38 */
static void a_wished_address_must_be_ones_own(void **state)
{
	struct world *world = *state;
	struct in6_addr own, foreign;
	struct node node;

	inet_pton(AF_INET6, "2001:db8:aa:7::1", &foreign);
	node_start(world, &node, "001010000000001");
	node.address = &foreign;
	node_gets(&node, BOOTSTRAP_OK); /* ignored without error */
	memcpy(&own, node.answer.addresses.at[0].address, sizeof(own));
	assert_memory_not_equal(&own, &foreign, sizeof(own));
	world->options.policy.address_wish_strict = true;
	world_crash(world);
	node_new_session(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_ADDRESS_NOT_AUTHORISED);
	node_new_id(&node);
	node.address = &own;
	node_gets(&node, BOOTSTRAP_OK);
	world_check(world);
	node_end(&node);
}

/* B-39 */
static void names_that_cannot_be_had(void **state)
{
	static const struct {
		const char *fqdn;
		uint32_t strict_status;
	} cases[] = {
	        {"www.mob.example", BOOTSTRAP_NAME_NOT_AUTHORISED},
	        {"a.b.mob.example", BOOTSTRAP_NAME_NOT_AUTHORISED},
	        {"matti.elsewhere", BOOTSTRAP_NAME_NOT_AUTHORISED},
	        {"MATTI.mob.example", BOOTSTRAP_NAME_NOT_AUTHORISED},
	        {"printer.mob.example", BOOTSTRAP_NAME_IN_USE},
	        {"first.mob.example", BOOTSTRAP_NAME_IN_USE},
	};
	static struct name_policy_rule strict = {.wish = NAME_WISH_STRICT};
	struct world *world = *state;
	struct node first, second;

	world_zone_add(world, "printer.mob.example", ""); /* there without our marker */
	node_start(world, &first, "001010000000001");
	first.fqdn = "first.mob.example";
	node_gets(&first, BOOTSTRAP_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char imsi[] = "001010000000010";

		imsi[14] = (char)('0' + i);
		node_start(world, &second, imsi);
		second.fqdn = cases[i].fqdn;
		node_gets(&second, BOOTSTRAP_NAME_CHANGED);
		assert_string_not_equal(node_fqdn(&second), cases[i].fqdn);
		node_end(&second);
	}
	world_check(world);
	world->options.policy.name_policy.rules = &strict;
	world_crash(world);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char imsi[] = "001010000000020";

		imsi[14] = (char)('0' + i);
		node_start(world, &second, imsi);
		second.fqdn = cases[i].fqdn;
		node_gets(&second, cases[i].strict_status);
		node_end(&second);
	}
	world_check(world);
	node_end(&first);
}

/* `policy test`: the same decision, and nothing changes. */
static void the_decision_can_be_run_dry(void **state)
{
	struct world *world = *state;
	struct name_decision decision;
	struct node node;
	unsigned commits;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	commits = world->commits;
	bootstrap_policy_test(world->core, &node.session.identity, &node.session.profile, NULL, &world->now, &decision);
	assert_int_equal(decision.reason, NAME_REASON_KEPT);
	subscriber_identity_from_imsi("home", "001010000000009", &node.session.identity);
	bootstrap_policy_test(world->core, &node.session.identity, &node.session.profile, "matti.mob.example",
	                      &world->now, &decision);
	assert_int_equal(decision.status, BOOTSTRAP_NAME_CHANGED);
	assert_string_equal(decision.fqdn, "matti-virtanen.mob.example");
	/* the service's own name is nobody's, whatever the zone is known to hold */
	world->options.paa_id = "ankkuri.mob.example";
	world_crash(world);
	bootstrap_policy_test(world->core, &node.session.identity, &node.session.profile, "ankkuri.mob.example",
	                      &world->now, &decision);
	assert_int_equal(decision.reason, NAME_REASON_WISH_TAKEN);
	assert_int_equal(world->commits, commits);
	node_end(&node);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        TEST(two_devices_with_one_sim_are_serialised),
	        TEST(a_second_wish_while_one_is_pending_is_210),
	        TEST(signature_checks_are_three_a_minute),
	        TEST(two_phones_that_fight_are_stopped),
	        TEST(only_committed_changes_count),
	        TEST(names_change_three_times_a_day),
	        TEST(an_empty_pool_is_206),
	        TEST(a_wished_address_must_be_ones_own),
	        TEST(names_that_cannot_be_had),
	        TEST(the_decision_can_be_run_dry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
