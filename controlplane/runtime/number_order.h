// SPDX-License-Identifier: BSD-3-Clause
/*
 * number_order - things that have numbers, in their order: found by their number, and walked from any number on,
 * whether it is still there or not. So a list can be shown page by page while things come and go.
 *
 * A balanced tree beside a list: every operation takes at most some dozens of comparisons, and nothing ever grows as a
 * whole. A number_order that is all zero is empty. Thread: its owner's.
 */
#ifndef KEDGE_NUMBER_ORDER_H
#define KEDGE_NUMBER_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Lies inside its owner. */
struct numbered {
	uint64_t number;
	struct numbered *next; /* the next higher number; NULL at the end */
	struct numbered *prev; /* of the first one: the last one */
};

/* The object of `type` that `place` lies in as `member`; `place` may be NULL. */
#define numbered_owner(place, type, member) ((type *)numbered_object(place, offsetof(type, member)))

struct number_order {
	void *tree;
	struct numbered *first;
	uint64_t comparisons; /* of all searches so far */
};

static inline void *numbered_object(const struct numbered *numbered, size_t offset)
{
	return numbered ? (char *)numbered - offset : NULL;
}

/* `number` is nobody's yet. */
void number_order_add(struct number_order *order, struct numbered *numbered, uint64_t number);
void number_order_remove(struct number_order *order, struct numbered *numbered);

/* NULL: there is none. */
struct numbered *number_order_find(struct number_order *order, uint64_t number);

/* The first one whose number is above `number`; NULL: there is none. */
struct numbered *number_order_behind(struct number_order *order, uint64_t number);

#endif
