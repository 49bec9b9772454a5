// SPDX-License-Identifier: BSD-3-Clause
#include "store_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
	struct waiting *next;
	const struct effects *step;
};

struct store_model {
	const struct store_model_port *ports[STORE_MODEL_PORTS_MAX];
	void *tables[STORE_MODEL_PORTS_MAX];
	size_t port_count;
	struct waiting *first;
	struct waiting **end;
	unsigned fail_skip, fail_count;
	int fail_result;
};

static void *allocate(size_t octets)
{
	void *memory = calloc(1, octets);

	if (!memory)
		abort();
	return memory;
}

struct store_model *store_model_new(const struct store_model_port *const *ports, size_t port_count)
{
	struct store_model *model = allocate(sizeof(*model));

	for (size_t i = 0; i < port_count && i < STORE_MODEL_PORTS_MAX; i++) {
		model->ports[i] = ports[i];
		model->tables[i] = allocate(ports[i]->table_octets);
		model->port_count++;
	}
	model->end = &model->first;
	return model;
}

void store_model_free(struct store_model *model)
{
	if (!model)
		return;
	store_model_crash(model);
	for (size_t i = 0; i < model->port_count; i++)
		free(model->tables[i]);
	free(model);
}

static size_t index_of(const struct store_model *model, uint16_t port)
{
	size_t i = 0;

	while (i < model->port_count && model->ports[i]->port != port)
		i++;
	return i;
}

const void *store_model_tables(const struct store_model *model, uint16_t port)
{
	size_t i = index_of(model, port);

	return i < model->port_count ? model->tables[i] : NULL;
}

static int apply_all(struct store_model *model, const struct effects *step)
{
	struct effect_store effect;
	int result = 0;

	for (size_t i = 0; !result && effects_store_at(step, i, &effect); i++) {
		size_t port = index_of(model, effect.port);

		if (port == model->port_count)
			return -EINVAL;
		result = model->ports[port]->apply(model->tables[port], effect.operation, effect.row, effect.octets);
	}
	return result;
}

int store_model_apply_step(struct store_model *model, const struct effects *step)
{
	void *before[STORE_MODEL_PORTS_MAX];
	int result;

	if (model->fail_count) {
		if (model->fail_skip) {
			model->fail_skip--;
		} else {
			model->fail_count--;
			return model->fail_result;
		}
	}
	for (size_t i = 0; i < model->port_count; i++) {
		before[i] = allocate(model->ports[i]->table_octets);
		memcpy(before[i], model->tables[i], model->ports[i]->table_octets);
	}
	result = apply_all(model, step);
	for (size_t i = 0; i < model->port_count; i++) {
		if (result)
			memcpy(model->tables[i], before[i], model->ports[i]->table_octets);
		free(before[i]);
	}
	return result;
}

void store_model_submit(struct store_model *model, const struct effects *step)
{
	struct waiting *waiting = allocate(sizeof(*waiting));

	waiting->step = step;
	*model->end = waiting;
	model->end = &waiting->next;
}

size_t store_model_waiting(const struct store_model *model)
{
	size_t count = 0;

	for (const struct waiting *at = model->first; at; at = at->next)
		count++;
	return count;
}

const struct effects *store_model_next(const struct store_model *model)
{
	return model->first ? model->first->step : NULL;
}

bool store_model_commit(struct store_model *model, int *result)
{
	struct waiting *waiting = model->first;

	if (!waiting)
		return false;
	model->first = waiting->next;
	if (!model->first)
		model->end = &model->first;
	*result = store_model_apply_step(model, waiting->step);
	free(waiting);
	return true;
}

void store_model_crash(struct store_model *model)
{
	while (model->first) {
		struct waiting *next = model->first->next;

		free(model->first);
		model->first = next;
	}
	model->end = &model->first;
}

void store_model_fail(struct store_model *model, unsigned skip, unsigned count, int result)
{
	model->fail_skip = skip;
	model->fail_count = count;
	model->fail_result = result;
}
