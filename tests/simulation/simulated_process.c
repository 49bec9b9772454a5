// SPDX-License-Identifier: BSD-3-Clause
#include "simulated_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMIT_MS_MAX = 6, QUERY_MS_MAX = 4, QUERY_ANSWER_OCTETS = 1024 };

static const uint64_t begin_unix_ms = 1700000000000ull;

struct instant simulated_process_now(const struct simulated_process *process)
{
	return (struct instant){
	        .monotonic_ms = process->time->now_ms,
	        .unix_ms = begin_unix_ms + process->time->now_ms + (uint64_t)process->clock_ahead_ms,
	};
}

bool simulated_process_survives(struct simulated_process *process)
{
	if (process->effects_left && --process->effects_left == 0)
		process->is_dying = true;
	return process->is_alive && !process->is_dying;
}

static void committed(void *context, uint64_t life, const uint8_t *bytes, size_t octets);
static void wake(void *context, uint64_t life, const uint8_t *bytes, size_t octets);

static void store(void *context, const struct effects *step)
{
	struct simulated_process *process = context;

	if (!simulated_process_survives(process))
		return;
	store_model_submit(process->store, step);
	virtual_time_schedule(process->time, 1 + virtual_roll(process->time, COMMIT_MS_MAX), committed, process,
	                      process->life, NULL, 0);
}

static void publish(void *context, const struct effect_publish *effect)
{
	struct simulated_process *process = context;

	if (simulated_process_survives(process))
		process->body.publish(process->body.context, effect);
}

static void inject(void *context, const struct effect_inject *effect)
{
	struct simulated_process *process = context;

	if (simulated_process_survives(process))
		process->body.inject(process->body.context, effect);
}

static void send_out(void *context, const struct effect_send *effect)
{
	struct simulated_process *process = context;

	if (simulated_process_survives(process))
		process->body.send(process->body.context, effect);
}

static void log_line(void *context, const struct effect_log *effect)
{
	struct simulated_process *process = context;

	snprintf(process->last_log, sizeof(process->last_log), "%s: %s", effect->subsystem, effect->text);
	if (process->logged)
		process->logged(process->log_context, process->name, effect->subsystem, effect->text);
}

/* A query on its way to a worker thread and back. */
struct asked {
	struct simulated_process *process;
	struct effect_query query;
};

static void worked(void *context, uint64_t life, const uint8_t *bytes, size_t octets);

static void query(void *context, const struct effect_query *effect)
{
	struct simulated_process *process = context;
	size_t octets = sizeof(struct asked) + effect->octets;
	struct asked *asked;

	if (!simulated_process_survives(process))
		return;
	asked = malloc(octets);
	if (!asked)
		abort();
	*asked = (struct asked){process, *effect};
	memcpy(asked + 1, effect->request, effect->octets);
	virtual_time_schedule(process->time, 1 + virtual_roll(process->time, QUERY_MS_MAX), worked, process,
	                      process->life, asked, octets);
	free(asked);
}

/* After each step: the dying die, the others sleep until their next timer. */
static void settle(struct simulated_process *process)
{
	struct instant now = simulated_process_now(process);
	uint64_t next_ms;

	if (!process->is_dying && process->body.turn_end)
		process->body.turn_end(process->body.context, &now);
	if (process->is_dying) {
		simulated_process_kill(process);
		return;
	}
	next_ms = timer_wheel_next_ms(&process->timers);
	if (next_ms == UINT64_MAX || (process->wake_ms <= next_ms && process->wake_ms > process->time->now_ms))
		return;
	process->wake_ms = next_ms > process->time->now_ms ? next_ms : process->time->now_ms + 1;
	virtual_time_schedule(process->time, process->wake_ms - process->time->now_ms, wake, process, process->life,
	                      NULL, 0);
}

static bool is_of_this_life(const struct simulated_process *process, uint64_t life)
{
	return process->is_alive && process->life == life;
}

static void committed(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_process *process = context;
	struct instant now = simulated_process_now(process);
	int result;

	(void)bytes;
	(void)octets;
	if (!is_of_this_life(process, life) || !store_model_commit(process->store, &result))
		return;
	process->commits++;
	if (simulated_process_survives(process)) /* else it dies between the commit and what follows from it */
		executor_stored(process->executor, result, &now);
	settle(process);
}

static void worked(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_process *process = context;
	struct instant now = simulated_process_now(process);
	uint8_t answer[QUERY_ANSWER_OCTETS];
	struct asked asked;
	size_t answer_octets = 0;
	int result;

	if (!is_of_this_life(process, life))
		return;
	memcpy(&asked, bytes, sizeof(asked));
	result = asked.query.perform(bytes + sizeof(asked), octets - sizeof(asked), answer, sizeof(answer),
	                             &answer_octets);
	executor_answered(process->executor, &asked.query, result, answer, answer_octets, &now);
	settle(process);
}

static void wake(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_process *process = context;
	struct instant now = simulated_process_now(process);
	struct timer *timer;

	(void)bytes;
	(void)octets;
	if (!is_of_this_life(process, life) || process->wake_ms != process->time->now_ms)
		return; /* an earlier time was found for it */
	process->wake_ms = 0;
	while (!process->is_dying && (timer = timer_wheel_pop(&process->timers, now.monotonic_ms))) {
		struct effects *step = executor_begin(process->executor);

		timer->fire(timer, &now, step);
		executor_run(process->executor, step, &now);
	}
	settle(process);
}

static void come_alive(struct simulated_process *process)
{
	const struct executor_backend backend = {process, store, publish, inject, send_out, query, log_line};
	struct instant now = simulated_process_now(process);
	struct effects *step;

	process->life++;
	process->is_alive = true;
	process->is_dying = false;
	process->wake_ms = 0;
	timer_wheel_start(&process->timers, now.monotonic_ms);
	process->executor = executor_new(&backend);
	step = executor_begin(process->executor);
	process->body.start(process->body.context, &now, step);
	executor_run(process->executor, step, &now);
	settle(process);
}

static void restart(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_process *process = context;

	(void)bytes;
	(void)octets;
	if (!process->is_alive && process->life == life)
		come_alive(process);
}

void simulated_process_stop(struct simulated_process *process)
{
	process->life++; /* a restart that is under way does not happen */
	if (!process->is_alive)
		return;
	process->is_alive = false;
	process->effects_left = 0;
	process->body.stop(process->body.context);
	executor_free(process->executor);
	process->executor = NULL;
	store_model_crash(process->store);
}

void simulated_process_resume(struct simulated_process *process)
{
	if (!process->is_alive)
		come_alive(process);
}

void simulated_process_kill(struct simulated_process *process)
{
	if (!process->is_alive)
		return;
	simulated_process_stop(process);
	process->crashes++;
	virtual_time_schedule(process->time, process->restart_ms, restart, process, process->life, NULL, 0);
}

void simulated_process_start(struct simulated_process *process, const struct store_model_port *const *ports,
                             size_t port_count)
{
	randomness_seeded_start(&process->randomness, randomness_u64(&process->time->dice.randomness));
	process->store = store_model_new(ports, port_count);
	come_alive(process);
}

void simulated_process_end(struct simulated_process *process)
{
	if (process->is_alive) {
		process->body.stop(process->body.context);
		executor_free(process->executor);
	}
	process->is_alive = false;
	store_model_free(process->store);
}

struct effects *simulated_process_begin(struct simulated_process *process, struct instant *now)
{
	*now = simulated_process_now(process);
	return process->is_alive ? executor_begin(process->executor) : NULL;
}

void simulated_process_run(struct simulated_process *process, struct effects *step, const struct instant *now)
{
	executor_run(process->executor, step, now);
	settle(process);
}
