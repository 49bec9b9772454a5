// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *vectors_load(const char *name)
{
	const char *folder = getenv("KEDGE_VECTORS");
	char path[4096];
	json_error_t error;
	json_t *root;

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "tests/vectors", name);
	root = json_load_file(path, 0, &error);
	if (!root)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return root;
}

json_t *vectors_at(json_t *root, const char *path)
{
	char copy[512];
	char *save = NULL;
	json_t *at = root;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		at = json_is_array(at) ? json_array_get(at, strtoul(part, NULL, 10)) : json_object_get(at, part);
		if (!at)
			fail_msg("no vector '%s' (at '%s')", path, part);
	}
	return at;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

size_t hex_decode(const char *hex, uint8_t *out, size_t capacity)
{
	size_t octets = 0;
	int high = -1;

	for (const char *at = hex; *at; at++) {
		int value = nibble(*at);

		if (*at == ' ' || *at == ':' || *at == '\n')
			continue;
		if (value < 0)
			fail_msg("not hex: %s", hex);
		if (high < 0) {
			high = value;
			continue;
		}
		if (octets == capacity)
			fail_msg("more than %zu octets of hex", capacity);
		out[octets++] = (uint8_t)(high << 4 | value);
		high = -1;
	}
	if (high >= 0)
		fail_msg("odd number of hex digits: %s", hex);
	return octets;
}

const char *vectors_text(json_t *root, const char *path)
{
	const char *text = json_string_value(vectors_at(root, path));

	if (!text)
		fail_msg("vector '%s' is no string", path);
	return text;
}

size_t vectors_hex(json_t *root, const char *path, uint8_t *out, size_t capacity)
{
	return hex_decode(vectors_text(root, path), out, capacity);
}

long long vectors_number(json_t *root, const char *path)
{
	json_t *number = vectors_at(root, path);

	if (!json_is_integer(number))
		fail_msg("vector '%s' is no number", path);
	return json_integer_value(number);
}

json_t *vectors_named(json_t *root, const char *path, const char *name)
{
	json_t *array = vectors_at(root, path);
	json_t *element;
	size_t index;

	json_array_foreach(array, index, element)
	{
		const char *found = json_string_value(json_object_get(element, "name"));

		if (found && strcmp(found, name) == 0)
			return element;
	}
	fail_msg("no vector named '%s' in '%s'", name, path);
	return NULL;
}

static void print_hex(const char *what, const uint8_t *bytes, size_t octets)
{
	fprintf(stderr, "%s (%zu): ", what, octets);
	for (size_t i = 0; i < octets; i++)
		fprintf(stderr, "%02x", bytes[i]);
	fprintf(stderr, "\n");
}

void assert_octets_at(const void *actual, size_t actual_octets, const void *expected, size_t expected_octets,
                      const char *file, int line)
{
	if (actual_octets == expected_octets &&
	    (expected_octets == 0 || memcmp(actual, expected, expected_octets) == 0)) /* nothing may be NULL */
		return;
	print_hex("actual  ", actual, actual_octets);
	print_hex("expected", expected, expected_octets);
	_fail(file, line);
}
