// SPDX-License-Identifier: BSD-3-Clause
/* Things in the order of their numbers: pages that go on behind what has gone, and how much each step looks at. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number_order.h"
#include "parts.h"

enum {
	THINGS = 1000000,
	PAGE = 1000,
	COMPARISONS_MAX = 44, /* twice the height of a full tree of a million, and a little: no step grows with it */
	PART_MAX = 2 * THINGS / PARTS,
};

struct thing {
	uint32_t before;
	struct numbered place;
};

static void nothing(void **state)
{
	struct number_order order = {0};

	(void)state;
	assert_null(number_order_find(&order, 1));
	assert_null(number_order_behind(&order, 0));
	assert_null(numbered_owner(number_order_find(&order, 1), struct thing, place));
}

static void finds_and_goes_on_behind_what_has_gone(void **state)
{
	struct number_order order = {0};
	struct thing things[5] = {0};

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		number_order_add(&order, &things[i].place, 10 * (i + 1));
	number_order_remove(&order, &things[2].place);
	assert_null(number_order_find(&order, 30));
	assert_ptr_equal(numbered_owner(number_order_find(&order, 20), struct thing, place), &things[1]);
	assert_ptr_equal(number_order_behind(&order, 0), &things[0].place);
	assert_ptr_equal(number_order_behind(&order, 20), &things[3].place);
	assert_ptr_equal(number_order_behind(&order, 30), &things[3].place); /* it has gone */
	assert_ptr_equal(number_order_behind(&order, 31), &things[3].place); /* it never was */
	assert_null(number_order_behind(&order, 50));
	number_order_remove(&order, &things[0].place);
	number_order_remove(&order, &things[4].place);
	number_order_remove(&order, &things[1].place);
	number_order_remove(&order, &things[3].place);
	assert_null(order.first);
	assert_null(order.tree);
}

static void takes_numbers_in_any_order(void **state)
{
	static const uint64_t numbers[] = {30, 10, 50, 20, 40, UINT64_MAX, 1};
	struct thing things[7] = {0};
	struct number_order order = {0};
	uint64_t last = 0;
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		number_order_add(&order, &things[i].place, numbers[i]);
	for (const struct numbered *at = order.first; at; at = at->next, seen++) {
		assert_true(at->number > last);
		last = at->number;
	}
	assert_int_equal(seen, 7);
	while (order.first)
		number_order_remove(&order, order.first);
}

/* A million: each search looks at some dozens, whatever has gone; pages meet each of the others once, in order. */
static void a_million(void **state)
{
	struct thing *things = calloc(THINGS, sizeof(*things));
	struct number_order order = {0};
	uint64_t last = 0, seen = 0, comparisons = 0;
	const struct numbered *at;

	(void)state;
	assert_non_null(things);
	for (uint64_t i = 0; i < THINGS; i++)
		number_order_add(&order, &things[i].place, i + 1);
	do {
		size_t rows = 0;

		comparisons = order.comparisons;
		at = number_order_behind(&order, last);
		assert_in_range(order.comparisons - comparisons, 0, COMPARISONS_MAX);
		for (; at && rows < PAGE; at = at->next, rows++) {
			assert_true(at->number > last);
			last = at->number;
			seen++;
		}
		if (last) /* the mark of this page goes before the next one is asked for */
			number_order_remove(&order, &things[last - 1].place);
	} while (at);
	assert_int_equal(seen, THINGS);
	while (order.first)
		number_order_remove(&order, order.first);
	free(things);
}

/* A hash grows by going through all that it holds: no part may hold many of a million, however the keys look. */
static void parts_are_even(void **state)
{
	static unsigned counts[PARTS];
	char imsi[16];

	(void)state;
	for (int shape = 0; shape < 3; shape++) {
		memset(counts, 0, sizeof(counts));
		for (uint64_t i = 0; i < THINGS; i++) {
			uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x10, (uint8_t)(i >> 8), (uint8_t)i};
			uint64_t number = i + 1;

			address[5] = (uint8_t)(i >> 16);
			snprintf(imsi, sizeof(imsi), "24405%010llu", (unsigned long long)i);
			switch (shape) {
			case 0:
				counts[part_of(&number, sizeof(number))]++;
				break;
			case 1:
				counts[part_of(imsi, strlen(imsi))]++;
				break;
			default:
				counts[part_of(address, sizeof(address))]++;
			}
		}
		for (unsigned part = 0; part < PARTS; part++)
			assert_in_range(counts[part], 1, PART_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing),
	        cmocka_unit_test(finds_and_goes_on_behind_what_has_gone),
	        cmocka_unit_test(takes_numbers_in_any_order),
	        cmocka_unit_test(a_million),
	        cmocka_unit_test(parts_are_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
