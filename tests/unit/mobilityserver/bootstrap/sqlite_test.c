// SPDX-License-Identifier: BSD-3-Clause
/*
 * The saga over SQLite itself: each step goes to the model and to SQLite, which must answer alike; restarts load from
 * SQLite (B-46, S-1, S-9).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "billing_store.h"
#include "lease_store.h"
#include "migrations.h"
#include "world.h"

static const char subscriber[] = "home/001010000000001";
static char folder[64], path[96];
static struct sqlite_store_port ports[2];

static void open_store(struct world *world)
{
	const struct sqlite_store_options options = {
	        .path = path,
	        .ports = ports,
	        .port_count = 2,
	        .migrations = mobilityserver_migrations,
	        .migration_count = mobilityserver_migration_count,
	};
	char error[SQLITE_STORE_ERROR_OCTETS];

	if (sqlite_store_open(&options, &world->sqlite, error))
		fail_msg("%s", error);
}

/* The process dies: the file is opened again. */
static void load(struct world *world, const struct lease_store_reader *reader)
{
	sqlite_store_close(world->sqlite);
	open_store(world);
	assert_int_equal(lease_store_load(world->sqlite, reader), 0);
}

static int start(void **state)
{
	struct world *world;

	ports[0] = lease_store_port;
	ports[1] = billing_store_port;
	strcpy(folder, "/tmp/kedge-bootstrap-XXXXXX");
	if (world_start(state) || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/store", folder);
	world = *state;
	open_store(world);
	world->load = load;
	return 0;
}

static int end(void **state)
{
	struct world *world = *state;
	char command[128];

	sqlite_store_close(world->sqlite);
	world_end(state);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void promise_holds(const struct world *world, const struct node *node)
{
	struct bootstrap_lease_view view;

	assert_true(bootstrap_lease_find(world->core, subscriber, &view));
	assert_string_equal(view.fqdn, node_fqdn(node));
	assert_memory_equal(&view.address, node->answer.addresses.at[0].address, 16);
}

/* First bootstrap, another key, another name, renewal, end: with a restart behind each. */
static void a_life_with_restarts(void **state)
{
	struct world *world = *state;
	struct bootstrap_lease_view view;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	world_crash(world);
	promise_holds(world, &node);
	node_new_session(&node);
	node_gets(&node, BOOTSTRAP_OK); /* the same id: the decision was loaded, too */
	assert_int_equal(bootstrap_counters(world->core)->decisions_reused, 1);
	node_new_key(&node);
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	world_crash(world);
	promise_holds(world, &node);
	node_new_session(&node);
	node_new_id(&node);
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_OK);
	world_crash(world);
	promise_holds(world, &node);
	world_settle(world);
	world_check(world);
	world_advance(world, ((uint64_t)LEASE_S + NAME_REST_S) * 1000);
	world_crash(world);
	assert_false(bootstrap_lease_find(world->core, subscriber, &view));
	assert_int_equal(bootstrap_pool(world->core)->used, 0);
	node_end(&node);
}

/* Dies behind each transaction of a change of name and key at once. */
static void a_crash_at_any_transaction(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	for (int commits = 0; commits < 6; commits++) {
		static const char *const names[] = {"pappa.mob.example", "vaari.mob.example"};

		world_advance(world, (uint64_t)8 * 3600 * 1000 + 1000); /* L-8: three a day */
		node_new_session(&node);
		node_new_id(&node);
		node_new_key(&node);
		node.fqdn = names[commits % 2];
		world->commits_left = commits;
		node_request(&node);
		world_settle(world);
		world_crash(world);
		world_advance(world, 700000);
		world_check(world);
		node_new_session(&node);
		node_gets(&node, BOOTSTRAP_OK);
		assert_string_equal(node_fqdn(&node), node.fqdn);
		promise_holds(world, &node);
		world_settle(world);
		world_check(world);
	}
	node_end(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(a_life_with_restarts, start, end),
	        cmocka_unit_test_setup_teardown(a_crash_at_any_transaction, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
