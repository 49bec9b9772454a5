// SPDX-License-Identifier: BSD-3-Clause
#include "binding_store_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct association_row *find_association(struct binding_model_tables *tables, uint32_t spi)
{
	for (size_t i = 0; i < tables->association_count; i++)
		if (tables->associations[i].spi == spi)
			return &tables->associations[i];
	return NULL;
}

static struct home_binding_row *find_binding(struct binding_model_tables *tables, const struct in6_addr *key,
                                             uint8_t prefix_length)
{
	for (size_t i = 0; i < tables->binding_count; i++)
		if (tables->bindings[i].prefix_length == prefix_length &&
		    memcmp(&tables->bindings[i].key, key, sizeof(*key)) == 0)
			return &tables->bindings[i];
	return NULL;
}

static int put_association(struct binding_model_tables *tables, const struct association_row *row)
{
	struct association_row *old = find_association(tables, row->spi);

	struct association_row changed = *row;

	if (!old && tables->association_count == BINDING_MODEL_ROWS)
		abort(); /* the scenario is larger than the model */
	if (old) {
		changed.has_number = old->has_number;
		changed.first_number = old->first_number;
		changed.last_number = old->last_number;
	}
	*(old ? old : &tables->associations[tables->association_count++]) = changed;
	return 0;
}

static int delete_association(struct binding_model_tables *tables, const struct association_key_row *row)
{
	struct association_row *old = find_association(tables, row->spi);

	if (old)
		memmove(old, old + 1,
		        (size_t)(&tables->associations[tables->association_count--] - (old + 1)) * sizeof(*old));
	return 0;
}

static int put_number(struct binding_model_tables *tables, const struct association_number_row *row)
{
	struct association_row *association = find_association(tables, row->spi);

	if (!association)
		return -EEXIST;
	association->has_number = true;
	association->first_number = row->first_number;
	association->last_number = row->last_number;
	return 0;
}

static int put_binding(struct binding_model_tables *tables, const struct home_binding_row *row)
{
	struct home_binding_row *old = find_binding(tables, &row->key, row->prefix_length);

	if (!old && tables->binding_count == BINDING_MODEL_ROWS)
		abort();
	*(old ? old : &tables->bindings[tables->binding_count++]) = *row;
	return 0;
}

static int delete_binding(struct binding_model_tables *tables, const struct home_binding_key_row *row)
{
	struct home_binding_row *old = find_binding(tables, &row->key, row->prefix_length);

	if (old)
		memmove(old, old + 1, (size_t)(&tables->bindings[tables->binding_count--] - (old + 1)) * sizeof(*old));
	return 0;
}

static int put_epoch(struct binding_model_tables *tables, const struct binding_epoch_row *row)
{
	if (row->epoch <= tables->epoch)
		return -EEXIST;
	tables->epoch = row->epoch;
	return 0;
}

static int apply(void *context, uint16_t operation, const void *row, size_t octets)
{
	struct binding_model_tables *tables = context;

	(void)octets;
	switch (operation) {
	case BINDING_STORE_PUT_ASSOCIATION:
		return put_association(tables, row);
	case BINDING_STORE_DELETE_ASSOCIATION:
		return delete_association(tables, row);
	case BINDING_STORE_PUT_NUMBER:
		return put_number(tables, row);
	case BINDING_STORE_PUT_BINDING:
		return put_binding(tables, row);
	case BINDING_STORE_DELETE_BINDING:
		return delete_binding(tables, row);
	case BINDING_STORE_PUT_EPOCH:
		return put_epoch(tables, row);
	}
	return -EINVAL;
}

const struct store_model_port binding_store_model = {
        .port = BINDING_STORE_PORT, .table_octets = sizeof(struct binding_model_tables), .apply = apply};

int binding_store_model_load(const struct store_model *model, const struct binding_store_reader *reader)
{
	const struct binding_model_tables *tables = store_model_tables(model, BINDING_STORE_PORT);
	int result = 0;

	for (size_t i = 0; !result && i < tables->association_count; i++)
		result = reader->association(reader->context, &tables->associations[i]);
	for (size_t i = 0; !result && i < tables->binding_count; i++)
		result = reader->binding(reader->context, &tables->bindings[i]);
	return result;
}
