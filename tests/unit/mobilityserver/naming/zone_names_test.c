// SPDX-License-Identifier: BSD-3-Clause
/* D-11: a huge zone's contents take the place of the earlier ones without a turn in which all of them are touched. */
#include "zone_names.h"

#include <stdio.h>
#include "vectors.h"

enum { NAMES = 20000, SLICE = 256 };

static void add(struct zone_names *names, unsigned from, unsigned to)
{
	static const uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8};

	for (unsigned i = from; i < to; i++) {
		struct dns_record record = {.type = DNS_TYPE_AAAA, .rdata = {address, sizeof(address)}};

		snprintf(record.owner, sizeof(record.owner), "n%u.mob.example", i);
		zone_names_add(names, "mob.example", &record);
	}
}

static size_t walk(struct zone_names *names)
{
	size_t count = 0;

	zone_names_begin(names);
	while (zone_names_next(names))
		count++;
	return count;
}

/* Frees all in slices; returns how many there were. */
static size_t release(struct zone_names *names)
{
	size_t all = 0, released;

	do {
		size_t before = names->count;

		released = zone_names_release(names, SLICE);
		assert_true(released <= SLICE);
		assert_int_equal(names->count, before - released);
		all += released;
	} while (names->count);
	assert_int_equal(zone_names_release(names, SLICE), 0);
	return all;
}

static void contents_are_replaced_as_a_whole_and_released_in_slices(void **state)
{
	static struct zone_names names, fresh;

	(void)state;
	add(&names, 0, NAMES);
	add(&names, 0, NAMES); /* no name twice: a second address makes it one that is not as we write it */
	assert_int_equal(names.count, NAMES);
	assert_true(zone_names_find(&names, "n7.mob.example")->has_other);
	add(&fresh, NAMES / 2, NAMES + 1);
	zone_names_replace(&names, &fresh);
	assert_int_equal(names.count, NAMES / 2 + 1);
	assert_int_equal(fresh.count, NAMES);
	assert_null(zone_names_find(&names, "n7.mob.example"));
	assert_false(zone_names_find(&names, "n19999.mob.example")->has_other);
	assert_int_equal(walk(&names), NAMES / 2 + 1);
	assert_int_equal(release(&fresh), NAMES);
	assert_int_equal(release(&names), NAMES / 2 + 1);
}

/* What was changed while the transfer was under way stays as it was changed. */
static void touched_names_stay(void **state)
{
	static struct zone_names names, fresh;
	struct name_request request = {.fqdn = "n3.mob.example", .marker = "v1 x"};

	(void)state;
	add(&names, 0, 10);
	zone_names_drop(&names, "n5.mob.example", true);
	zone_names_hold(&names, &request, true);
	zone_names_hold(&names, &request, true);
	add(&fresh, 0, 6);
	zone_names_replace(&names, &fresh);
	assert_string_equal(zone_names_find(&names, "n3.mob.example")->marker, "v1 x");
	assert_null(zone_names_find(&names, "n5.mob.example"));
	assert_non_null(zone_names_find(&names, "n4.mob.example"));
	assert_null(zone_names_find(&names, "n6.mob.example"));
	/* once: the next transfer knows better */
	release(&fresh);
	add(&fresh, 0, 6);
	zone_names_replace(&names, &fresh);
	assert_string_equal(zone_names_find(&names, "n3.mob.example")->marker, "");
	assert_non_null(zone_names_find(&names, "n5.mob.example"));
	release(&fresh);
	release(&names);
}

/* A walk stands that the name it is at goes. */
static void a_walk_stands_changes(void **state)
{
	static struct zone_names names;
	size_t seen = 0;

	(void)state;
	add(&names, 0, 1000);
	zone_names_begin(&names);
	for (const struct zone_name *name; (name = zone_names_next(&names)); seen++)
		zone_names_drop(&names, name->fqdn, false);
	assert_int_equal(seen, 1000);
	assert_int_equal(names.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(contents_are_replaced_as_a_whole_and_released_in_slices),
	        cmocka_unit_test(touched_names_stay),
	        cmocka_unit_test(a_walk_stands_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
