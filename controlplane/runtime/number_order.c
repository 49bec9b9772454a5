// SPDX-License-Identifier: BSD-3-Clause
#include "number_order.h"

#include <search.h>
#include <utlist.h>

#include "allocation.h"

/* What a search carries; its number stands first, as in `struct numbered`. */
struct search {
	uint64_t number;
	struct numbered *above; /* the lowest number above it on the way down */
	uint64_t comparisons;
};

static int by_number(const void *key, const void *element)
{
	const struct numbered *a = key, *b = element;

	return (a->number > b->number) - (a->number < b->number);
}

/* tfind() hands its key as the first argument. */
static int by_search(const void *key, const void *element)
{
	struct search *search = (struct search *)key;
	struct numbered *at = (struct numbered *)element;

	search->comparisons++;
	if (at->number > search->number)
		search->above = at;
	return (search->number > at->number) - (search->number < at->number);
}

void number_order_add(struct number_order *order, struct numbered *numbered, uint64_t number)
{
	struct numbered *above = NULL;

	if (order->first && order->first->prev->number > number)
		above = number_order_behind(order, number);
	numbered->number = number;
	allocated(tsearch(numbered, &order->tree, by_number));
	if (above)
		DL_PREPEND_ELEM(order->first, above, numbered);
	else
		DL_APPEND(order->first, numbered);
}

void number_order_remove(struct number_order *order, struct numbered *numbered)
{
	tdelete(numbered, &order->tree, by_number);
	DL_DELETE(order->first, numbered);
}

static struct numbered *find(struct number_order *order, struct search *search)
{
	struct numbered **place = tfind(search, &order->tree, by_search);

	order->comparisons += search->comparisons;
	return place ? *place : NULL;
}

struct numbered *number_order_find(struct number_order *order, uint64_t number)
{
	struct search search = {.number = number};

	return find(order, &search);
}

struct numbered *number_order_behind(struct number_order *order, uint64_t number)
{
	struct search search = {.number = number};
	struct numbered *at = find(order, &search);

	return at ? at->next : search.above;
}
