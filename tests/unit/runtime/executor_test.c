// SPDX-License-Identifier: BSD-3-Clause
/* Nothing acknowledged is lost, and no answer overtakes its effect: the executor's one function, with its one test. */
#include "executor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "vectors.h"

struct world {
	struct executor *executor;
	char journal[1024]; /* one word an effect, in the order in which the backend saw it */
	struct effect_query query;
};

static const struct instant now = {.monotonic_ms = 1000, .unix_ms = 2000};
static const struct endpoint peer = {.port = 1};
static const struct punt_route route = {.octets = 1};
static const struct binding_version none;

static void note(struct world *world, const char *word, const void *bytes, size_t octets)
{
	size_t used = strlen(world->journal);

	snprintf(world->journal + used, sizeof(world->journal) - used, "%s%s:%.*s", used ? " " : "", word, (int)octets,
	         (const char *)bytes);
}

static void world_store(void *context, const struct effects *step)
{
	struct effect_store store;

	for (size_t i = 0; effects_store_at(step, i, &store); i++)
		note(context, "store", store.row, store.octets);
}

static void world_publish(void *context, const struct effect_publish *publish)
{
	note(context, "publish", publish->row, publish->octets);
}

static void world_inject(void *context, const struct effect_inject *inject)
{
	note(context, "inject", inject->packet, inject->octets);
}

static void world_send(void *context, const struct effect_send *send)
{
	note(context, "send", send->message, send->octets);
}

static void world_query(void *context, const struct effect_query *query)
{
	struct world *world = context;

	world->query = *query;
	note(context, "query", query->request, query->octets);
}

static void world_log(void *context, const struct effect_log *log)
{
	note(context, "log", log->text, strlen(log->text));
}

static int world_start(void **state)
{
	static struct world world;
	const struct executor_backend backend = {
	        .context = &world,
	        .store = world_store,
	        .publish = world_publish,
	        .inject = world_inject,
	        .send = world_send,
	        .query = world_query,
	        .log = world_log,
	};

	memset(&world, 0, sizeof(world));
	world.executor = executor_new(&backend);
	*state = &world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;

	executor_free(world->executor);
	return 0;
}

static void durable(void *core, uint64_t token, int result, const struct instant *at, struct effects *effects)
{
	char text[32];

	(void)core, (void)at;
	snprintf(text, sizeof(text), "t%d,%d", (int)token, result);
	effects_send(effects, 1, &peer, text, strlen(text));
}

static void stored_step(struct world *world, const char *name, uint64_t token)
{
	struct effects *step = executor_begin(world->executor);

	effects_send(step, 1, &peer, name, strlen(name));
	effects_inject(step, &route, 0, none, name, strlen(name));
	effects_publish(step, 0, name, strlen(name));
	effects_store(step, 1, 1, name, strlen(name));
	effects_log(step, LOG_LEVEL_ERROR, "test", "%s", name);
	effects_when_durable(step, durable, world, token);
	executor_run(world->executor, step, &now);
}

static void plain_step(struct world *world, const char *name)
{
	struct effects *step = executor_begin(world->executor);

	effects_send(step, 1, &peer, name, strlen(name));
	executor_run(world->executor, step, &now);
}

static void order_is_store_durable_publish_inject_send(void **state)
{
	struct world *world = *state;

	stored_step(world, "a", 7);
	assert_string_equal(world->journal, "log:a store:a");
	executor_stored(world->executor, 0, &now);
	assert_string_equal(world->journal, "log:a store:a publish:a inject:a send:a send:t7,0");
}

static void outputs_wait_for_every_store_before_them(void **state)
{
	struct world *world = *state;

	plain_step(world, "first");
	stored_step(world, "a", 1);
	stored_step(world, "b", 2);
	plain_step(world, "late");
	assert_string_equal(world->journal, "send:first log:a store:a log:b store:b");
	executor_stored(world->executor, 0, &now);
	assert_null(strstr(world->journal, "send:late"));
	assert_null(strstr(world->journal, "publish:b"));
	executor_stored(world->executor, 0, &now);
	assert_string_equal(strstr(world->journal, "publish:a"),
	                    "publish:a inject:a send:a send:t1,0 publish:b inject:b send:b send:t2,0 send:late");
	assert_int_equal(executor_counters(world->executor)->steps_waiting, 0);
}

static void a_failed_commit_tells_its_cores_and_drops_what_waited_behind_it(void **state)
{
	struct world *world = *state;

	stored_step(world, "a", 1);
	plain_step(world, "behind");
	stored_step(world, "b", 2);
	executor_stored(world->executor, -ENOSPC, &now);
	executor_stored(world->executor, 0, &now);
	plain_step(world, "after");
	assert_null(strstr(world->journal, "publish:a"));
	assert_null(strstr(world->journal, "send:behind"));
	assert_non_null(strstr(world->journal, "send:t1,-28"));
	assert_non_null(strstr(world->journal, "send:b send:t2,0 send:after"));
	assert_int_equal(executor_counters(world->executor)->stores_failed, 1);
	assert_int_equal(executor_counters(world->executor)->outputs_dropped, 2);
}

static void durable_that_stores_again(void *core, uint64_t token, int result, const struct instant *at,
                                      struct effects *effects)
{
	(void)at, (void)result;
	effects_store(effects, 1, 1, "second", 6);
	effects_send(effects, 1, &peer, "done", 4);
	effects_when_durable(effects, durable, core, token + 1);
}

static void a_completion_may_store_in_turn(void **state)
{
	struct world *world = *state;
	struct effects *step = executor_begin(world->executor);

	effects_store(step, 1, 1, "first", 5);
	effects_when_durable(step, durable_that_stores_again, world, 1);
	executor_run(world->executor, step, &now);
	executor_stored(world->executor, 0, &now);
	assert_string_equal(world->journal, "store:first store:second");
	executor_stored(world->executor, 0, &now);
	assert_string_equal(world->journal, "store:first store:second send:done send:t2,0");
}

static int no_query(const void *request, size_t request_octets, void *answer, size_t capacity, size_t *answer_octets)
{
	(void)request, (void)request_octets, (void)answer, (void)capacity;
	*answer_octets = 0;
	return 0;
}

static void answered(void *core, uint64_t token, int result, const void *answer, size_t octets,
                     const struct instant *at, struct effects *effects)
{
	(void)core, (void)token, (void)result, (void)at;
	effects_send(effects, 1, &peer, answer, octets);
}

static void an_answered_query_is_a_step_of_its_own(void **state)
{
	struct world *world = *state;
	struct effects *step = executor_begin(world->executor);

	effects_query(step, no_query, "ask", 3, answered, world, 5);
	executor_run(world->executor, step, &now);
	executor_answered(world->executor, &world->query, 0, "answer", 6, &now);
	assert_string_equal(world->journal, "query:ask send:answer");
}

static void what_is_left_when_the_process_ends_is_freed(void **state)
{
	struct world *world = *state;

	stored_step(world, "a", 1);
	plain_step(world, "b");
	assert_int_equal(executor_counters(world->executor)->steps_waiting, 2);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        with_world(order_is_store_durable_publish_inject_send),
	        with_world(outputs_wait_for_every_store_before_them),
	        with_world(a_failed_commit_tells_its_cores_and_drops_what_waited_behind_it),
	        with_world(a_completion_may_store_in_turn),
	        with_world(an_answered_query_is_a_step_of_its_own),
	        with_world(what_is_left_when_the_process_ends_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
