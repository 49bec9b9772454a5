// SPDX-License-Identifier: BSD-3-Clause
#include "executor.h"

#include <errno.h>
#include <stdlib.h>

#include "allocation.h"

enum { SPARE_MAX = 64 };

enum held_state { HELD_STORING, HELD_READY };

/* A step that waits: for its own stores, or only for those of steps before it. */
struct held {
	struct held *next;
	struct effects *step;
	enum held_state state;
	int result;
};

struct executor {
	struct executor_backend backend;
	struct executor_counters counters;
	struct held *first;
	struct held **end;
	struct effects *spare[SPARE_MAX];
	size_t spares;
};

struct executor *executor_new(const struct executor_backend *backend)
{
	struct executor *executor = calloc(1, sizeof(*executor));

	if (!executor)
		return NULL;
	executor->backend = *backend;
	executor->end = &executor->first;
	return executor;
}

void executor_free(struct executor *executor)
{
	if (!executor)
		return;
	while (executor->first) {
		struct held *held = executor->first;

		executor->first = held->next;
		effects_free(held->step);
		free(held);
	}
	while (executor->spares)
		effects_free(executor->spare[--executor->spares]);
	free(executor);
}

struct effects *executor_begin(struct executor *executor)
{
	return executor->spares ? executor->spare[--executor->spares] : effects_new();
}

static void done_with(struct executor *executor, struct effects *step)
{
	effects_clear(step);
	if (executor->spares < SPARE_MAX)
		executor->spare[executor->spares++] = step;
	else
		effects_free(step);
}

static void perform_immediate(struct executor *executor, const struct effects *step)
{
	const struct executor_backend *backend = &executor->backend;
	struct effect_log log;
	struct effect_query query;

	for (size_t i = 0; effects_log_at(step, i, &log); i++)
		backend->log(backend->context, &log);
	for (size_t i = 0; effects_query_at(step, i, &query); i++)
		backend->query(backend->context, &query);
}

static void perform_outputs(struct executor *executor, const struct effects *step)
{
	const struct executor_backend *backend = &executor->backend;
	struct effect_publish publish;
	struct effect_inject inject;
	struct effect_send send;

	for (size_t i = 0; effects_publish_at(step, i, &publish); i++)
		backend->publish(backend->context, &publish);
	for (size_t i = 0; effects_inject_at(step, i, &inject); i++)
		backend->inject(backend->context, &inject);
	for (size_t i = 0; effects_send_at(step, i, &send); i++)
		backend->send(backend->context, &send);
}

static void hold(struct executor *executor, struct effects *step, enum held_state state)
{
	struct held *held = allocate(sizeof(*held));

	*held = (struct held){.step = step, .state = state};
	*executor->end = held;
	executor->end = &held->next;
	executor->counters.steps_waiting++;
}

/* Everything of `step` is durable, or (result < 0) will never be. */
static void complete(struct executor *executor, struct effects *step, int result, const struct instant *now)
{
	struct effects *more = executor_begin(executor);

	if (result == 0)
		perform_outputs(executor, step);
	else if (effects_has_outputs(step))
		executor->counters.outputs_dropped++;
	effects_call_durable(step, result, now, more);
	done_with(executor, step);
	if (effects_is_empty(more)) {
		done_with(executor, more);
	} else if (effects_has_stores(more)) {
		executor_run(executor, more, now);
	} else {
		/* what a completion says rests on what is durable already, so it waits for nobody */
		perform_immediate(executor, more);
		complete(executor, more, 0, now);
	}
}

void executor_run(struct executor *executor, struct effects *step, const struct instant *now)
{
	executor->counters.steps++;
	perform_immediate(executor, step);
	if (effects_has_stores(step)) {
		executor->counters.steps_stored++;
		hold(executor, step, HELD_STORING);
		executor->backend.store(executor->backend.context, step);
	} else if (executor->first && effects_has_outputs(step)) {
		hold(executor, step, HELD_READY);
	} else {
		complete(executor, step, 0, now);
	}
}

void executor_stored(struct executor *executor, int result, const struct instant *now)
{
	struct held *held = executor->first;

	while (held && held->state != HELD_STORING)
		held = held->next;
	if (!held)
		return;
	held->state = HELD_READY;
	held->result = result;
	if (result < 0) {
		executor->counters.stores_failed++;
		for (struct held *behind = held->next; behind; behind = behind->next)
			if (behind->state == HELD_READY && behind->result == 0)
				behind->result = -ECANCELED;
	}
	while (executor->first && executor->first->state == HELD_READY) {
		held = executor->first;
		executor->first = held->next;
		if (!executor->first)
			executor->end = &executor->first;
		executor->counters.steps_waiting--;
		complete(executor, held->step, held->result, now);
		free(held);
	}
}

void executor_answered(struct executor *executor, const struct effect_query *query, int result, const void *answer,
                       size_t answer_octets, const struct instant *now)
{
	struct effects *step = executor_begin(executor);

	query->answered(query->core, query->token, result, answer, answer_octets, now, step);
	executor_run(executor, step, now);
}

const struct executor_counters *executor_counters(const struct executor *executor)
{
	return &executor->counters;
}
