// SPDX-License-Identifier: BSD-3-Clause
/*
 * retirement - what readers may still hold, until their quiescent states. Two retirements take turns: one fills, the
 * other waits for the token that was taken when it was closed, and is then emptied in slices. So nothing is allocated
 * and nothing is refused, however long a reader stalls: a retired slot is a bit.
 *
 * A slot is emptied by moving what was counted in it to the binding's cold record, which all copies of an entry share;
 * a withdrawn binding is reported after the last of its slots.
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_RETIREMENT_H
#define KEDGE_DATAPLANE_RETIREMENT_H

#include "table_writer.h"

void retire_slot(struct binding_table *table, uint32_t slot);
void retire_parted(struct binding_table *table, uint32_t parted);
void retire_side(struct binding_table *table, uint32_t side);

/* A binding whose last slot has been retired. */
void retire_cold(struct binding_table *table, struct binding_cold *cold);

/* Takes back up to `budget` slots and records; false when there is nothing to take back now. */
bool retirement_advance(struct binding_table *table, size_t *budget);

/* Reports up to `budget` withdrawn bindings that nothing refers to any more. */
void retirement_report(struct binding_table *table, size_t *budget, table_final_usage *final_usage, void *context);

/* Slots that wait; then, withdrawn bindings that do. */
size_t retirement_waiting(const struct binding_table *table);

#endif
