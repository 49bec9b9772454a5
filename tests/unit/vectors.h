// SPDX-License-Identifier: BSD-3-Clause
/* Reads the JSON files of tests/vectors for unit tests. A missing file, member or malformed hex fails the test. */
#ifndef KEDGE_TESTS_UNIT_VECTORS_H
#define KEDGE_TESTS_UNIT_VECTORS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

/* The parsed file tests/vectors/NAME; the caller frees it with json_decref(). */
json_t *vectors_load(const char *name);

/* The member at a path like "cases/3/input/k"; numbers index arrays. Borrowed. */
json_t *vectors_at(json_t *root, const char *path);

/* Decodes the hex string at `path` (blanks and colons are skipped) into `out`; returns its octets. */
size_t vectors_hex(json_t *root, const char *path, uint8_t *out, size_t capacity);

const char *vectors_text(json_t *root, const char *path);
long long vectors_number(json_t *root, const char *path);

/* The element of the array at `path` whose member "name" equals `name`. Borrowed. */
json_t *vectors_named(json_t *root, const char *path, const char *name);

/* Decodes a literal hex string. */
size_t hex_decode(const char *hex, uint8_t *out, size_t capacity);

/* Fails with both sides in hex when they differ. */
#define assert_octets(actual, actual_octets, expected, expected_octets)                                                \
	assert_octets_at(actual, actual_octets, expected, expected_octets, __FILE__, __LINE__)
void assert_octets_at(const void *actual, size_t actual_octets, const void *expected, size_t expected_octets,
                      const char *file, int line);

#endif
