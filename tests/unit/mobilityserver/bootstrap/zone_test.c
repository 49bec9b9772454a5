// SPDX-License-Identifier: BSD-3-Clause
/* Name and zone: D-2, D-4, D-14, B-39, B-48, B-49, A-4, A-5; the end of leases. */
#include <string.h>

#include "world.h"

static const char subscriber[] = "home/001010000000001";
static const char first_name[] = "matti.mob.example";

static const struct name_row *name_row(const struct world *world, const char *fqdn)
{
	const struct lease_model_tables *tables = world_tables(world);

	for (size_t i = 0; i < tables->name_count; i++)
		if (strcmp(tables->names[i].fqdn, fqdn) == 0)
			return &tables->names[i];
	return NULL;
}

/* D-4: the zone decides; what was chosen turns out to be another's. */
static void a_lost_race_gives_another_name(void **state)
{
	struct world *world = *state;
	struct node node;

	world->zone_is_known = false;
	world_zone_add(world, "pappa.mob.example", "");
	world_zone_add(world, first_name, "home/001010000000077");
	node_start(world, &node, "001010000000001");
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_NAME_CHANGED);
	assert_string_equal(node_fqdn(&node), "matti-virtanen.mob.example");
	assert_int_equal(bootstrap_counters(world->core)->names_lost, 2);
	assert_null(name_row(world, "pappa.mob.example"));
	assert_string_equal(world_zone_find(world, "pappa.mob.example")->owner, ""); /* untouched */
	world->zone_count = 1;
	node_end(&node);
}

/* D-4, B-39: a strict wish that the zone refuses is 204, and nothing is left. */
static void a_lost_race_for_a_strict_wish_is_204(void **state)
{
	static const struct name_policy_rule strict = {.wish = NAME_WISH_STRICT};
	struct world *world = *state;
	struct node node;

	world->options.policy.name_policy.rules = &strict;
	world_crash(world);
	world->zone_is_known = false;
	world_zone_add(world, "pappa.mob.example", "");
	node_start(world, &node, "001010000000001");
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_NAME_IN_USE);
	assert_int_equal(world_tables(world)->name_count, 0);
	assert_int_equal(world_tables(world)->lease_count, 0);
	assert_int_equal(world_tables(world)->identity_count, 0);
	world_check(world);
	/* without the wish he gets one */
	node_new_id(&node);
	node.fqdn = NULL;
	node_gets(&node, BOOTSTRAP_OK);
	world_check(world);
	node_end(&node);
}

/* A race lost by a change of name keeps the name he has: then nothing of the zone changes. */
static void a_lost_race_keeps_the_name(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	world->zone_is_known = false;
	world_zone_add(world, "pappa.mob.example", "");
	node_new_id(&node);
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_NAME_CHANGED);
	assert_string_equal(node_fqdn(&node), first_name);
	assert_null(name_row(world, "pappa.mob.example"));
	assert_int_equal(world_billing(world)->count, 2);
	world_check(world);
	node_end(&node);
}

/* 207: refused by the zone's configuration; undone, and the same id works when the zone is well again. */
static void a_refusing_zone_is_207(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_REFUSES;
	node_gets(&node, BOOTSTRAP_DNS_FAILED);
	assert_int_equal(world_tables(world)->lease_count, 0);
	assert_int_equal(world_tables(world)->saga_count, 0);
	assert_int_equal(name_row(world, first_name)->state, HOLDING_REMOVING); /* B-48 */
	world->mood = ZONE_WELL;
	world_advance(world, 60000);
	assert_int_equal(name_row(world, first_name)->state, HOLDING_RESTING);
	world_check(world);
	node_gets(&node, BOOTSTRAP_OK); /* his own name rests for others, not for him */
	assert_string_equal(node_fqdn(&node), first_name);
	world_check(world);
	node_end(&node);
}

/* B-49: a new name is PENDING while its server is silent, and 207 after 60 s; no loop of requests meanwhile. */
static void a_silent_zone_is_207_after_a_minute(void **state)
{
	static const enum zone_mood moods[] = {ZONE_SILENT, ZONE_MUTE};
	struct world *world = *state;
	struct node node;

	for (size_t i = 0; i < 2; i++) {
		node_start(world, &node, i ? "001010000000002" : "001010000000001");
		world->mood = moods[i];
		node_request(&node);
		for (int poll = 0; poll < 59; poll++) {
			world_advance(world, 1000);
			assert_true(node_answered(&node));
			assert_int_equal(node.answer.status, BOOTSTRAP_PENDING);
			node_poll(&node);
		}
		world_advance(world, 1000);
		node_polls(&node, BOOTSTRAP_DNS_FAILED);
		assert_int_equal(world_tables(world)->lease_count, i);
		world->mood = ZONE_WELL;
		world_advance(world, 700000); /* the removal has its turn */
		world_check(world);
		node_gets(&node, BOOTSTRAP_OK);
		world_check(world);
		node_end(&node);
	}
}

/* D-4: unknown is not refused; the repetition finds its own marker. */
static void a_lost_answer_is_asked_again(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_LOST_ANSWER;
	node_request(&node);
	world_advance(world, 700);
	assert_non_null(world_zone_find(world, first_name));
	world->mood = ZONE_WELL;
	world_advance(world, 1000);
	node_polls(&node, BOOTSTRAP_OK);
	world_check(world);
	node_end(&node);
}

/* The create happened, no answer came within the minute: what was written is taken out again. */
static void what_was_written_unseen_is_removed(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_LOST_ANSWER;
	node_request(&node);
	world_advance(world, 61000);
	node_polls(&node, BOOTSTRAP_DNS_FAILED);
	assert_null(world_lease(world, subscriber));
	world->mood = ZONE_WELL;
	world_advance(world, 700000);
	assert_null(world_zone_find(world, first_name));
	assert_int_equal(name_row(world, first_name)->state, HOLDING_RESTING);
	world_check(world);
	node_end(&node);
}

/* D-14, A-4: the new name comes, the old one goes and rests; then it is free. */
static void a_change_of_name_adds_then_removes(void **state)
{
	struct world *world = *state;
	struct node node, other;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	node_new_id(&node);
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_OK);
	world_settle(world);
	assert_string_equal(node_fqdn(&node), "pappa.mob.example");
	assert_null(world_zone_find(world, first_name));
	assert_int_equal(name_row(world, first_name)->state, HOLDING_RESTING);
	assert_int_equal(bootstrap_counters(world->core)->name_changes, 1);
	world_check(world);
	node_start(world, &other, "001010000000002");
	other.fqdn = first_name;
	node_gets(&other, BOOTSTRAP_NAME_CHANGED); /* impersonation: a name rests longer than an address */
	world_advance(world, (uint64_t)NAME_REST_S * 1000);
	assert_null(name_row(world, first_name));
	node_new_id(&other);
	node_gets(&other, BOOTSTRAP_OK);
	world_check(world);
	/* the way back is open to him while it rests */
	node_end(&node);
	node_end(&other);
}

static void ones_own_resting_name_may_be_taken_back(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	node_new_id(&node);
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_OK);
	node_new_id(&node);
	node.fqdn = first_name;
	node_gets(&node, BOOTSTRAP_OK);
	world_check(world);
	assert_string_equal(world_lease(world, subscriber)->fqdn, first_name);
	node_end(&node);
}

/* The old name's removal is under way, unanswered, when he wants it back: the wish waits for it, then creates. */
static void a_name_is_taken_back_while_it_is_removed(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	node_new_id(&node);
	node.fqdn = "pappa.mob.example";
	node_request(&node);
	while (!world_lease(world, subscriber) || strcmp(world_lease(world, subscriber)->fqdn, node.fqdn) != 0) {
		world->commits_left = 1;
		world_settle(world);
		world->mood = strcmp(world_lease(world, subscriber)->fqdn, node.fqdn) ? ZONE_WELL : ZONE_MUTE;
	}
	world->commits_left = -1;
	world->mood = ZONE_MUTE;
	world_settle(world);
	node_new_id(&node);
	node.fqdn = first_name;
	node_request(&node);
	world_advance(world, 400);
	assert_false(node_answered(&node));
	world->mood = ZONE_WELL;
	world_advance(world, 50);
	assert_true(node_answered(&node));
	assert_int_equal(node.answer.status, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), first_name);
	world_advance(world, 1000);
	world_check(world);
	node_end(&node);
}

/* L-4, L-7: another key changes the zone's record and is told. */
static void a_change_of_key_changes_the_zone(void **state)
{
	struct world *world = *state;
	struct node node;
	uint8_t old_hit[HIT_OCTETS];
	bool told = false;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	memcpy(old_hit, world_zone_find(world, first_name)->hit, HIT_OCTETS);
	node_new_key(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_memory_not_equal(world_zone_find(world, first_name)->hit, old_hit, HIT_OCTETS);
	assert_true(world_zone_find(world, first_name)->short_lived); /* L-9 */
	for (size_t i = 0; i < world->event_count; i++)
		told |= world->events[i].kind == BOOTSTRAP_EVENT_KEY_CHANGED;
	assert_true(told);
	world_check(world);
	node_end(&node);
}

/* B-48: a change of key that fails half-way is repaired: the zone shows the key of the lease again. */
static void a_failed_change_of_key_is_repaired(void **state)
{
	struct world *world = *state;
	struct node node;
	uint8_t hit[HIT_OCTETS];

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	memcpy(hit, world_lease(world, subscriber)->identity.hit, HIT_OCTETS);
	node_new_key(&node);
	node_new_id(&node);
	world->mood = ZONE_LOST_ANSWER;
	node_request(&node);
	world_settle(world);
	world->mood = ZONE_SILENT;
	world_advance(world, 61000);
	node_polls(&node, BOOTSTRAP_DNS_FAILED);
	assert_memory_not_equal(world_zone_find(world, first_name)->hit, hit, HIT_OCTETS);
	assert_int_equal(name_row(world, first_name)->state, HOLDING_REPAIRING);
	world->mood = ZONE_WELL;
	world_advance(world, 700000);
	assert_memory_equal(world_zone_find(world, first_name)->hit, hit, HIT_OCTETS);
	assert_int_equal(name_row(world, first_name)->state, HOLDING_ACTIVE);
	world_check(world);
	node_end(&node);
}

/* The zone was restored from an old copy: his name is not there any more, and comes back with the next change. */
static void a_name_that_the_zone_lost_comes_back(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	world->zone_count = 0;
	node_new_key(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), first_name);
	world_check(world);
	node_end(&node);
}

/* … or somebody else has it now: then he gets another one, and the other's is not touched. */
static void a_name_that_the_zone_gave_away_is_replaced(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	strcpy(world_zone_find(world, first_name)->owner, "");
	world->zone_is_known = false;
	node_new_key(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), "matti-virtanen.mob.example");
	world_settle(world);
	assert_non_null(world_zone_find(world, first_name));
	assert_string_equal(world_zone_find(world, first_name)->owner, "");
	world_check(world);
	node_end(&node);
}

/* L-5, L-10, A-4, A-5: a lease that ends takes everything with it; while it rests he gets the same again. */
static void a_lease_that_ends_leaves_nothing(void **state)
{
	struct world *world = *state;
	uint8_t address[16];
	char who[SUBSCRIBER_KEY_OCTETS];
	uint64_t while_leased_ms;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	memcpy(address, node.answer.addresses.at[0].address, 16);
	while_leased_ms = world->now.unix_ms;
	world_advance(world, (uint64_t)LEASE_S * 1000 - 1);
	assert_non_null(world_lease(world, subscriber));
	world_advance(world, 1);
	assert_null(world_lease(world, subscriber));
	assert_null(world_zone_find(world, first_name));
	assert_int_equal(world_tables(world)->identity_count, 0);
	assert_true(world->associations[0].revoked);
	world_check(world);
	/* */
	assert_int_equal(lease_store_model_who_had(world->store, (struct in6_addr *)address, while_leased_ms, who), 0);
	assert_string_equal(who, subscriber);
	assert_int_not_equal(
	        lease_store_model_who_had(world->store, (struct in6_addr *)address, world->now.unix_ms, who), 0);
	node_new_session(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_memory_equal(node.answer.addresses.at[0].address, address, 16);
	assert_string_equal(node_fqdn(&node), first_name);
	world_check(world);
	node_end(&node);
}

/* After all rests nothing is known of anybody. */
static void memory_and_store_forget(void **state)
{
	struct world *world = *state;
	const struct lease_model_tables *tables = world_tables(world);
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	bootstrap_session_ended(world->core, &node.session.identity, node.session.token);
	world_advance(world, ((uint64_t)LEASE_S + NAME_REST_S + ADDRESS_REST_S) * 1000 + 1000);
	assert_int_equal(tables->lease_count + tables->name_count + tables->address_count + tables->identity_count +
	                         tables->decision_count,
	                 0);
	assert_int_equal(bootstrap_pool(world->core)->used, 0);
	assert_int_equal(timer_wheel_next_ms(&world->timers), UINT64_MAX);
	node_end(&node);
}

static void an_operator_may_release_a_lease(void **state)
{
	struct world *world = *state;
	struct bootstrap_lease_view view;
	struct effects *step;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	assert_true(bootstrap_lease_find(world->core, subscriber, &view));
	assert_string_equal(view.fqdn, first_name);
	assert_int_equal(view.last_status, BOOTSTRAP_OK);
	assert_string_equal(view.reason,
	                    "name: no wish, first free template; address: from the pool; services: as wished");
	step = executor_begin(world->executor);
	assert_int_equal(bootstrap_lease_release(world->core, "home/001010000000002", &world->now, step), -2);
	assert_int_equal(bootstrap_lease_release(world->core, subscriber, &world->now, step), 0);
	executor_run(world->executor, step, &world->now);
	world_settle(world);
	assert_true(bootstrap_lease_find(world->core, subscriber, &view)); /* he is known yet, without a lease */
	assert_null(view.fqdn);
	assert_false(bootstrap_lease_find(world->core, "home/001010000000002", &view));
	assert_null(world_zone_find(world, first_name));
	world_check(world);
	node_end(&node);
}

/* D-13: what the zone should hold, name by name and as a whole. */
static void the_zone_can_be_compared(void **state)
{
	struct world *world = *state;
	struct bootstrap_naming wanted;
	uint64_t cursor = 0;
	struct node nodes[2];
	unsigned wishes = 0;

	node_start(world, &nodes[0], "001010000000001");
	node_start(world, &nodes[1], "001010000000002");
	node_gets(&nodes[0], BOOTSTRAP_OK);
	node_gets(&nodes[1], BOOTSTRAP_OK);
	assert_int_equal(bootstrap_zone_wish(world->core, first_name, &wanted), BOOTSTRAP_ZONE_HOLD);
	assert_memory_equal(wanted.identity->value, nodes[0].identity, nodes[0].identity_octets);
	assert_memory_equal(&wanted.address, nodes[0].answer.addresses.at[0].address, 16);
	assert_true(subscriber_identity_equal(wanted.owner, &nodes[0].session.identity));
	assert_int_equal(bootstrap_zone_wish(world->core, "nobody.mob.example", &wanted), BOOTSTRAP_ZONE_NOTHING);
	while (bootstrap_zone_next(world->core, &cursor, &wanted))
		wishes++;
	assert_int_equal(wishes, 2);
	/* a saga at work is left alone, and so is a name on its way out */
	world->mood = ZONE_MUTE;
	node_new_id(&nodes[0]);
	node_new_key(&nodes[0]);
	node_request(&nodes[0]);
	world_settle(world);
	assert_int_equal(bootstrap_zone_wish(world->core, first_name, &wanted), BOOTSTRAP_ZONE_LEAVE);
	world->mood = ZONE_WELL;
	world_settle(world);
	assert_int_equal(bootstrap_zone_wish(world->core, first_name, &wanted), BOOTSTRAP_ZONE_HOLD);
	assert_true(wanted.short_lived);
	world->mood = ZONE_SILENT;
	world_advance(world, (uint64_t)LEASE_S * 1000);
	assert_int_equal(bootstrap_zone_wish(world->core, first_name, &wanted), BOOTSTRAP_ZONE_LEAVE);
	world->mood = ZONE_WELL;
	world_advance(world, 700000);
	assert_int_equal(bootstrap_zone_wish(world->core, first_name, &wanted), BOOTSTRAP_ZONE_NOTHING);
	cursor = 0;
	assert_false(bootstrap_zone_next(world->core, &cursor, &wanted));
	node_end(&nodes[0]);
	node_end(&nodes[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        TEST(a_lost_race_gives_another_name),
	        TEST(a_lost_race_for_a_strict_wish_is_204),
	        TEST(a_lost_race_keeps_the_name),
	        TEST(a_refusing_zone_is_207),
	        TEST(a_silent_zone_is_207_after_a_minute),
	        TEST(a_lost_answer_is_asked_again),
	        TEST(what_was_written_unseen_is_removed),
	        TEST(a_change_of_name_adds_then_removes),
	        TEST(ones_own_resting_name_may_be_taken_back),
	        TEST(a_name_is_taken_back_while_it_is_removed),
	        TEST(a_change_of_key_changes_the_zone),
	        TEST(a_failed_change_of_key_is_repaired),
	        TEST(a_name_that_the_zone_lost_comes_back),
	        TEST(a_name_that_the_zone_gave_away_is_replaced),
	        TEST(a_lease_that_ends_leaves_nothing),
	        TEST(memory_and_store_forget),
	        TEST(an_operator_may_release_a_lease),
	        TEST(the_zone_can_be_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
