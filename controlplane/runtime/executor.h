// SPDX-License-Identifier: BSD-3-Clause
/*
 * executor - performs the effects of all cores of a process, in the one order: logs and queries at once, then
 * store → durable → publish → inject → send.
 *
 * Steps with outputs leave in the order in which they were run: while an earlier step's stores are not yet durable,
 * later outputs wait too, so nothing that memory already knows is told before the disk knows it. If a commit fails, the
 * outputs of its step and of the steps that were run behind it meanwhile are dropped (their peers repeat), and the
 * callbacks of effects_when_durable() are told.
 *
 * What is at the other side (disk, sockets, ZeroMQ; or the simulation's models) stands behind `struct
 * executor_backend`. Thread: one; the loop's.
 */
#ifndef KEDGE_RUNTIME_EXECUTOR_H
#define KEDGE_RUNTIME_EXECUTOR_H

#include "effects.h"

struct executor;

struct executor_backend {
	void *context;
	/*
	 * Makes all stores of `step` durable, atomically, in the order of the calls, and then calls executor_stored()
	 * (not from inside this call). `step` stays valid and unchanged until then.
	 */
	void (*store)(void *context, const struct effects *step);
	void (*publish)(void *context, const struct effect_publish *publish);
	void (*inject)(void *context, const struct effect_inject *inject);
	void (*send)(void *context, const struct effect_send *send);
	/* Copies the request; calls executor_answered() later (not from inside this call). */
	void (*query)(void *context, const struct effect_query *query);
	void (*log)(void *context, const struct effect_log *log);
};

struct executor_counters {
	uint64_t steps;
	uint64_t steps_stored;
	uint64_t stores_failed;
	uint64_t outputs_dropped; /* steps whose outputs were dropped because a commit failed */
	uint64_t steps_waiting;   /* now */
};

struct executor *executor_new(const struct executor_backend *backend);
void executor_free(struct executor *executor);

/* A cleared `struct effects` for the next step. */
struct effects *executor_begin(struct executor *executor);

/* Performs the step and owns it from here on. */
void executor_run(struct executor *executor, struct effects *step, const struct instant *now);

/* The backend's answer for the oldest step whose stores it has not answered yet; result as effects_durable_function. */
void executor_stored(struct executor *executor, int result, const struct instant *now);

/* The backend's answer to a query. */
void executor_answered(struct executor *executor, const struct effect_query *query, int result, const void *answer,
                       size_t answer_octets, const struct instant *now);

const struct executor_counters *executor_counters(const struct executor *executor);

#endif
