// SPDX-License-Identifier: BSD-3-Clause
/* binding_store_model - homeagent/binding_store_port.h as tables of the store model. */
#ifndef KEDGE_TESTS_SIMULATION_BINDING_STORE_MODEL_H
#define KEDGE_TESTS_SIMULATION_BINDING_STORE_MODEL_H

#include "binding_store_port.h"
#include "store_model.h"

enum { BINDING_MODEL_ROWS = 128 };

struct binding_model_tables {
	struct association_row associations[BINDING_MODEL_ROWS]; /* in the order in which they were made */
	struct home_binding_row bindings[BINDING_MODEL_ROWS];
	size_t association_count, binding_count;
	uint32_t epoch;
};

extern const struct store_model_port binding_store_model;

/* As binding_store_load(). */
int binding_store_model_load(const struct store_model *model, const struct binding_store_reader *reader);

#endif
