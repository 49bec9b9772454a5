// SPDX-License-Identifier: BSD-3-Clause
/*
 * store_model - a store in memory with a volatile and a durable half, behind the same ports as SQLite, for pure-core
 * tests and the simulation. A contract test runs the same scenario against both.
 *
 * Submitted steps are volatile until store_model_commit(); a crash forgets them. A step is applied wholly or not at
 * all. Each port brings its tables as one struct by value, so that a copy is a snapshot.
 */
#ifndef KEDGE_TESTS_SIMULATION_STORE_MODEL_H
#define KEDGE_TESTS_SIMULATION_STORE_MODEL_H

#include "effects.h"

enum { STORE_MODEL_PORTS_MAX = 8 };

struct store_model_port {
	uint16_t port;
	size_t table_octets; /* of the struct that holds this port's tables; all zero is empty */
	int (*apply)(void *tables, uint16_t operation, const void *row, size_t octets);
};

struct store_model;

struct store_model *store_model_new(const struct store_model_port *const *ports, size_t port_count);
void store_model_free(struct store_model *model);

/* The durable tables of a port, for readers. */
const void *store_model_tables(const struct store_model *model, uint16_t port);

/* As sqlite_store_submit(): `step` stays unchanged until its result came out of commit, or a crash. */
void store_model_submit(struct store_model *model, const struct effects *step);
size_t store_model_waiting(const struct store_model *model);

/* The step that store_model_commit() will take next; NULL when none waits. */
const struct effects *store_model_next(const struct store_model *model);

/* Makes the oldest submitted step durable; *result is what the store answers. False when none waits. */
bool store_model_commit(struct store_model *model, int *result);

/* Power off: what was submitted and not committed is gone. */
void store_model_crash(struct store_model *model);

/* The next `count` commits after `skip` good ones fail with `result` (a disk that is full, broken, …). */
void store_model_fail(struct store_model *model, unsigned skip, unsigned count, int result);

int store_model_apply_step(struct store_model *model, const struct effects *step);

#endif
