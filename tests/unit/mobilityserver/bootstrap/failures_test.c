// SPDX-License-Identifier: BSD-3-Clause
/*
 * A store that fails (disk full) at each of its transactions in turn, for each kind of bootstrap: the node is told 208
 * and nothing of it is left behind, or 0 because what failed was only the cleaning up; the same id works afterwards
 * (B-40, B-41, B-48, S-5).
 */
#include <errno.h>
#include <string.h>

#include "world.h"

static const char subscriber[] = "home/001010000000001";

enum kind { FIRST, RENEWAL, KEY_CHANGE, NAME_CHANGE, KINDS };

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

/* The lease is what it was. */
static void is_as_before(const struct world *world, const struct lease_row *before)
{
	const struct lease_row *lease = world_lease(world, subscriber);

	if (!before) {
		assert_null(lease);
		return;
	}
	assert_non_null(lease);
	assert_string_equal(lease->fqdn, before->fqdn);
	assert_int_equal(lease->version, before->version);
	assert_memory_equal(lease->identity.hit, before->identity.hit, HIT_OCTETS);
}

/* Lets `count` transactions after `skip` good ones fail. Returns whether the failure was reached. */
static bool fails_at(enum kind kind, unsigned skip, unsigned count)
{
	struct lease_row before;
	struct world *world;
	struct node node;
	bool had_lease, reached;
	unsigned failed;
	void *state;

	assert_int_equal(world_start(&state), 0);
	world = state;
	prepare(world, &node, kind);
	had_lease = world_lease(world, subscriber) != NULL;
	if (had_lease)
		before = *world_lease(world, subscriber);
	failed = (unsigned)executor_counters(world->executor)->stores_failed;
	store_model_fail(world->store, skip, count, -ENOSPC);
	node_request(&node);
	world_settle(world);
	assert_true(node_answered(&node));
	reached = executor_counters(world->executor)->stores_failed > failed;
	if (node.answer.status == BOOTSTRAP_STORE_FAILED) {
		assert_true(reached);
		is_as_before(world, had_lease ? &before : NULL);
		store_model_fail(world->store, 0, 0, 0); /* there is room again */
		world_advance(world, 1300000);
		is_as_before(world, had_lease ? &before : NULL);
		world_check(world);
		node_gets(&node, BOOTSTRAP_OK);
	} else {
		assert_int_equal(node.answer.status, BOOTSTRAP_OK);
		store_model_fail(world->store, 0, 0, 0);
		world_advance(world, 1300000);
	}
	assert_non_null(world_lease(world, subscriber));
	assert_memory_equal(world_lease(world, subscriber)->identity.value, node.identity, node.identity_octets);
	world_check(world);
	node_end(&node);
	world_end(&state);
	return reached;
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
	static const unsigned transactions_min[KINDS] = {
	        [FIRST] = 4, [RENEWAL] = 1, [KEY_CHANGE] = 4, [NAME_CHANGE] = 5};

	(void)state;
	for (enum kind kind = FIRST; kind < KINDS; kind++) {
		unsigned skip = 0;

		while (fails_at(kind, skip, 1))
			skip++;
		assert_true(skip >= transactions_min[kind]);
	}
}

/* The disk stays full: the undo waits too, and is made up for later. */
static void a_disk_that_stays_full_is_survived(void **state)
{
	(void)state;
	for (enum kind kind = FIRST; kind < KINDS; kind++)
		for (unsigned skip = 0; fails_at(kind, skip, 4); skip++)
			;
}

/* The other rooms can fail, too: no association, no grant. */
static void a_refused_association_is_208(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->establish_result = -EEXIST;
	node_gets(&node, BOOTSTRAP_STORE_FAILED);
	world_advance(world, 60000);
	assert_null(world_lease(world, subscriber));
	world_check(world);
	world->establish_result = 0;
	node_gets(&node, BOOTSTRAP_OK);
	world_check(world);
	node_end(&node);
}

static void silent(void *context, const struct subscriber_identity *identity, const struct subscriber_profile *accepted,
                   directory_found *found, void *core, uint64_t token, const struct instant *now,
                   struct effects *effects)
{
	(void)context, (void)identity, (void)accepted;
	found(core, token, -ETIMEDOUT, NULL, now, effects);
}

static void a_directory_that_fails_is_208(void **state)
{
	struct world *world = *state;
	struct node node;

	world->options.directory.look_up = silent;
	world_crash(world);
	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_STORE_FAILED);
	assert_int_equal(world->commits, 0);
	node_end(&node);
}

/* The end of a lease is repeated until the store takes it. */
static void the_end_of_a_lease_waits_for_the_store(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	store_model_fail(world->store, 0, 1, -EIO);
	world_advance(world, (uint64_t)LEASE_S * 1000);
	assert_non_null(world_lease(world, subscriber));
	world_advance(world, 10000);
	assert_null(world_lease(world, subscriber));
	world_check(world);
	node_end(&node);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_full_disk_leaves_nothing_behind),
	        cmocka_unit_test(a_disk_that_stays_full_is_survived),
	        TEST(a_refused_association_is_208),
	        TEST(a_directory_that_fails_is_208),
	        TEST(the_end_of_a_lease_waits_for_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
