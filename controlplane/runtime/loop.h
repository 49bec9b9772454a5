// SPDX-License-Identifier: BSD-3-Clause
/*
 * loop - a process's one event loop: libuv, the timer wheel, the executor with the store and worker threads behind it,
 * signals, and a watchdog that knows the longest turn.
 *
 * Nothing that runs in it may block. Whoever has an event to tell to a core does so within a step:
 *
 *	struct instant now;
 *	struct effects *step = loop_begin(loop, &now);
 *	core_event(core, …, &now, step);
 *	loop_end(loop, step, &now);
 *
 * Thread: one.
 */
#ifndef KEDGE_RUNTIME_LOOP_H
#define KEDGE_RUNTIME_LOOP_H

#include <uv.h>

#include "executor.h"
#include "sqlite_store.h"
#include "timer_wheel.h"

struct loop;

/* The process's bus, if it has one; where publications and injections go. */
struct loop_bus {
	void *context;
	void (*publish)(void *context, const struct effect_publish *publish);
	void (*inject)(void *context, const struct effect_inject *inject);
};

struct loop *loop_new(void);
void loop_free(struct loop *loop);

uv_loop_t *loop_uv(struct loop *loop);
struct timer_wheel *loop_timers(struct loop *loop);
struct executor *loop_executor(struct loop *loop);

/* Before loop_run(). The store must be open and not started: the loop starts its thread and stops it at the end. */
int loop_set_store(struct loop *loop, struct sqlite_store *store);
void loop_set_bus(struct loop *loop, const struct loop_bus *bus);

/* Called at the end of each turn, before the loop sleeps; e.g. the publisher's flush. At most 4. */
void loop_at_turn_end(struct loop *loop, void (*turn_end)(void *context, const struct instant *now), void *context);

/* Called at SIGHUP, in a turn of its own. Without: a lost terminal is no reason to end. */
void loop_at_hangup(struct loop *loop, void (*hung_up)(void *context), void *context);

struct effects *loop_begin(struct loop *loop, struct instant *now);
void loop_end(struct loop *loop, struct effects *step, const struct instant *now);

/* Runs until SIGTERM, SIGINT or loop_stop(); then stores what was submitted, and returns 0. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

struct loop_counters {
	uint64_t turns;
	uint64_t longest_turn_us;
	uint64_t turns_over_5_ms;
	uint64_t turns_preempted; /* over 5 ms, but the kernel had given the processor to another meanwhile */
};
struct loop_counters loop_counters(const struct loop *loop);

#endif
