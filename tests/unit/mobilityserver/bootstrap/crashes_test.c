// SPDX-License-Identifier: BSD-3-Clause
/*
 * kill -9 behind each transaction of each kind of bootstrap, with the zone's update performed, unanswered or never
 * asked: after the restart everything is consistent, the outbox is worked off, nothing acknowledged is lost, and the
 * node's repetition under the same id is granted (B-44, B-46, S-9).
 */
#include <string.h>

#include "world.h"

static const char subscriber[] = "home/001010000000001";

enum kind { FIRST, RENEWAL, KEY_CHANGE, NAME_CHANGE, EXPIRY, KINDS };

static void prepare(struct world *world, struct node *node, enum kind kind)
{
	node_start(world, node, "001010000000001");
	if (kind == FIRST)
		return;
	node_gets(node, BOOTSTRAP_OK);
	world_advance(world, 120000);
	node_new_id(node);
	if (kind == KEY_CHANGE)
		node_new_key(node);
	if (kind == NAME_CHANGE)
		node->fqdn = "pappa.mob.example";
}

static void act(struct world *world, struct node *node, enum kind kind)
{
	if (kind == EXPIRY)
		world_advance(world, (uint64_t)LEASE_S * 1000);
	else
		node_request(node);
	world_settle(world);
}

/* What the answer promised is what the store holds. */
static void promise_holds(const struct world *world, const struct node *node)
{
	const struct lease_row *lease = world_lease(world, subscriber);

	assert_non_null(lease);
	assert_string_equal(lease->fqdn, node_fqdn(node));
	assert_memory_equal(&lease->address, node->answer.addresses.at[0].address, 16);
	assert_memory_equal(lease->identity.value, node->identity, node->identity_octets);
}

/* Dies after `commits` transactions. Returns false when there were not that many. */
static bool crashes_after(enum kind kind, int commits, enum zone_mood mood, unsigned *states_seen)
{
	struct world *world;
	struct node node;
	bool reached, answered;
	void *state;

	assert_int_equal(world_start(&state), 0);
	world = state;
	prepare(world, &node, kind);
	world->mood = mood;
	world->commits_left = commits;
	act(world, &node, kind);
	reached = world->commits_left == 0 && store_model_waiting(world->store) > 0;
	answered = kind != EXPIRY && node_answered(&node) && node.answer.status <= BOOTSTRAP_NAME_CHANGED;
	for (size_t i = 0; i < world_tables(world)->saga_count; i++)
		*states_seen |= 1u << world_tables(world)->sagas[i].state;
	world_crash(world);
	if (answered)
		promise_holds(world, &node);
	world->mood = ZONE_WELL;
	world_advance(world, 1300000);
	world_check(world);
	if (answered)
		promise_holds(world, &node);
	if (kind == EXPIRY)
		assert_null(world_lease(world, subscriber));
	node_new_session(&node);
	node_gets(&node, BOOTSTRAP_OK);
	promise_holds(world, &node);
	world_advance(world, 1300000);
	world_check(world);
	promise_holds(world, &node);
	node_end(&node);
	world_end(&state);
	return reached;
}

static void a_crash_at_any_transaction_ends_consistent(void **state)
{
	static const enum zone_mood moods[] = {ZONE_WELL, ZONE_LOST_ANSWER, ZONE_MUTE};
	unsigned states_seen = 0;

	(void)state;
	for (enum kind kind = FIRST; kind < KINDS; kind++)
		for (size_t mood = 0; mood < 3; mood++) {
			int commits = 0;

			while (crashes_after(kind, commits, moods[mood], &states_seen))
				commits++;
			if (mood == 0)
				assert_true(commits >= (kind == RENEWAL ? 1 : kind == EXPIRY ? 2 : 4));
			crashes_after(kind, commits, moods[mood], &states_seen);
		}
	/* every state that a restart can find was found */
	assert_int_equal(states_seen, 1u << SAGA_RESERVED | 1u << SAGA_DNS_DONE | 1u << SAGA_BILLED);
}

/* The restart itself dies, at each of its transactions. */
static void a_crash_while_resuming_ends_consistent(void **state)
{
	(void)state;
	for (int first = 1; first < 4; first++)
		for (int second = 0; second < 4; second++) {
			struct world *world;
			struct node node;
			void *started;

			assert_int_equal(world_start(&started), 0);
			world = started;
			prepare(world, &node, NAME_CHANGE);
			world->commits_left = first;
			act(world, &node, NAME_CHANGE);
			world_crash(world);
			world->commits_left = second;
			world_settle(world);
			world_crash(world);
			world_advance(world, 1300000);
			world_check(world);
			assert_string_equal(world_lease(world, subscriber)->fqdn, "pappa.mob.example");
			node_new_session(&node);
			node_gets(&node, BOOTSTRAP_OK);
			assert_int_equal(bootstrap_counters(world->core)->decisions_reused, 1);
			world_check(world);
			node_end(&node);
			world_end(&started);
		}
}

/* A resumed change of key ends the association of the device that was replaced (L-4). */
static void a_resumed_change_of_key_revokes_the_old_association(void **state)
{
	struct world *world = *state;
	struct node node;

	prepare(world, &node, KEY_CHANGE);
	world->commits_left = 1;
	act(world, &node, KEY_CHANGE);
	assert_false(world->associations[0].revoked);
	world_crash(world);
	world_settle(world);
	assert_true(world->associations[0].revoked);
	world_check(world);
	node_end(&node);
}

/* The outbox of a name that somebody else has meanwhile: the saga is taken back. */
static void a_resumed_saga_that_lost_its_name_is_undone(void **state)
{
	struct world *world = *state;
	struct node node;

	prepare(world, &node, FIRST);
	world->mood = ZONE_MUTE;
	world->commits_left = 1;
	act(world, &node, FIRST);
	world_zone_add(world, "matti.mob.example", "");
	world_crash(world);
	world->mood = ZONE_WELL;
	world_advance(world, 1000);
	assert_null(world_lease(world, subscriber));
	world_check(world);
	node_new_session(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), "matti-virtanen.mob.example");
	world_check(world);
	node_end(&node);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_crash_at_any_transaction_ends_consistent),
	        cmocka_unit_test(a_crash_while_resuming_ends_consistent),
	        TEST(a_resumed_change_of_key_revokes_the_old_association),
	        TEST(a_resumed_saga_that_lost_its_name_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
