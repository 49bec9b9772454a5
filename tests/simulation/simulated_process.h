// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulated_process - a process: cores of its own over the real executor, timers, a store that forgets at a crash what
 * it had not committed. It can die at any effect: what its step wanted after that effect never happens.
 *
 * Whoever owns it gives it a body: how cores are made from the durable half of the store, and how they go.
 */
#ifndef KEDGE_TESTS_SIMULATED_PROCESS_H
#define KEDGE_TESTS_SIMULATED_PROCESS_H

#include "executor.h"
#include "store_model.h"
#include "timer_wheel.h"
#include "virtual_time.h"

struct simulated_process;

struct simulated_body {
	void *context;
	void (*start)(void *context, const struct instant *now, struct effects *effects); /* with what is durable */
	void (*stop)(void *context);
	/* Outputs of cores; none is called for a process that has died in this step. */
	void (*publish)(void *context, const struct effect_publish *publish);
	void (*inject)(void *context, const struct effect_inject *inject);
	void (*send)(void *context, const struct effect_send *send);
	/* Each step has ended (NULL: nothing to do). */
	void (*turn_end)(void *context, const struct instant *now);
};

struct simulated_process {
	const char *name;
	struct virtual_time *time;
	struct simulated_body body;
	struct store_model *store;
	struct executor *executor;
	struct timer_wheel timers;
	struct randomness_seeded randomness;
	int64_t clock_ahead_ms; /* of the wall clock; may jump */
	uint64_t life;          /* +1 at each start: what was scheduled for an earlier life does not happen */
	uint64_t restart_ms;    /* how long it stays dead */
	uint32_t effects_left;  /* dies when this counts down to 0; 0: does not */
	uint32_t crashes;
	uint32_t commits;
	bool is_alive;
	bool is_dying; /* in the step under way */
	uint64_t wake_ms;
	char last_log[256];
	void (*logged)(void *context, const char *process, const char *subsystem, const char *text);
	void *log_context;
};

/* Starts it for the first time. `ports` are those of its store. */
void simulated_process_start(struct simulated_process *process, const struct store_model_port *const *ports,
                             size_t port_count);
void simulated_process_end(struct simulated_process *process);

struct instant simulated_process_now(const struct simulated_process *process);

/* A step from outside. NULL when the process is dead: then nothing may be told to its cores. */
struct effects *simulated_process_begin(struct simulated_process *process, struct instant *now);
void simulated_process_run(struct simulated_process *process, struct effects *step, const struct instant *now);

/* Kills it now, between two steps; it starts again after `restart_ms`. */
void simulated_process_kill(struct simulated_process *process);

/* The same, but it stays dead until it is taken up again. */
void simulated_process_stop(struct simulated_process *process);
void simulated_process_resume(struct simulated_process *process);

/*
 * For what a core does to the machine at once, past the executor (a file, a packet): one more effect. False when the
 * process is dead, or dies at it: then it does not happen.
 */
bool simulated_process_survives(struct simulated_process *process);

#endif
