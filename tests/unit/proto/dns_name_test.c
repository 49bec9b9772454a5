// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"
#include "dns_name.h"

static size_t encode(const char *name, uint8_t *out, size_t capacity)
{
	struct wire_writer writer = wire_writer_of(out, capacity);

	dns_name_write(&writer, name);
	return wire_written(&writer);
}

static void text_becomes_wire_and_comes_back(void **state)
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	char name[DNS_NAME_TEXT_OCTETS];
	struct wire_reader reader;
	size_t octets = encode("_Kedge.Matti.mob.example.", wire, sizeof(wire));

	(void)state;
	assert_octets(wire, octets, "\6_kedge\5matti\3mob\7example", 26);
	reader = wire_reader_of(wire, octets);
	dns_name_read(&reader, name);
	assert_true(wire_complete(&reader));
	assert_string_equal(name, "_kedge.matti.mob.example");
	assert_octets(wire, encode("", wire, sizeof(wire)), "", 1);
	assert_octets(wire, encode(".", wire, sizeof(wire)), "", 1);
}

/* D-9: 63 octets a label, 253 a name. */
static void limits_are_held(void **state)
{
	uint8_t wire[300];
	char name[400];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	assert_int_equal(encode(name, wire, sizeof(wire)), 65);
	name[63] = 'a';
	name[64] = '\0';
	assert_int_equal(encode(name, wire, sizeof(wire)), 0);
	name[64] = 'a';
	for (size_t dot = 63; dot < sizeof(name); dot += 64)
		name[dot] = '.';
	name[253] = '\0';
	assert_int_equal(encode(name, wire, sizeof(wire)), 255);
	name[253] = 'a';
	name[254] = '\0';
	assert_int_equal(encode(name, wire, sizeof(wire)), 0);
	assert_int_equal(encode("a..b", wire, sizeof(wire)), 0);
	assert_int_equal(encode(".a", wire, sizeof(wire)), 0);
	assert_int_equal(encode("a..", wire, sizeof(wire)), 0);
	assert_int_equal(encode("a b", wire, sizeof(wire)), 0);
	assert_int_equal(encode("a\\.b", wire, sizeof(wire)), 0);
	assert_int_equal(encode("abc", wire, 4), 0);
}

static bool reads(const char *message, size_t octets, size_t at, const char *expected)
{
	char name[DNS_NAME_TEXT_OCTETS];
	struct wire_reader reader = wire_reader_of(message + at, octets - at);

	dns_name_read_in(&reader, (struct wire_view){(const uint8_t *)message, octets}, name);
	if (reader.failed)
		return expected == NULL && name[0] == '\0';
	return expected && strcmp(name, expected) == 0;
}

static void pointers_are_followed_backwards_only(void **state)
{
	static const char good[] = "\3mob\0\1A\xc0\0\xc0\5";
	static const char self[] = "\1a\xc0\0";
	static const char forward[] = "\xc0\2\1a\0";
	static const char outside[] = "\1a\xc0\x40";

	(void)state;
	assert_true(reads(good, sizeof(good) - 1, 5, "a.mob"));
	assert_true(reads(good, sizeof(good) - 1, 9, "a.mob"));
	/* "a" then back to itself: the second pointer is not further back */
	assert_true(reads(self, sizeof(self) - 1, 0, NULL));
	assert_true(reads(forward, sizeof(forward) - 1, 0, NULL));
	assert_true(reads(outside, sizeof(outside) - 1, 0, NULL));
	assert_true(reads("\x40"
	                  "a",
	                  2, 0, NULL));
	assert_true(reads("\3ab", 3, 0, NULL));
	assert_true(reads("\3a.b\0", 5, 0, NULL));
}

static void uncompressed_reader_refuses_pointers(void **state)
{
	char name[DNS_NAME_TEXT_OCTETS];
	struct wire_reader reader = wire_reader_of("\1a\xc0\0", 4);

	(void)state;
	dns_name_read(&reader, name);
	assert_true(reader.failed);
	assert_string_equal(name, "");
}

static void skip_steps_over_any_name(void **state)
{
	struct wire_reader reader = wire_reader_of("\1\xff\xc0\0\2\0.\0\7", 9);

	(void)state;
	dns_name_skip(&reader);
	dns_name_skip(&reader);
	assert_int_equal(wire_read_u8(&reader), 7);
	assert_true(wire_complete(&reader));
	reader = wire_reader_of("\x80", 1);
	dns_name_skip(&reader);
	assert_true(reader.failed);
}

/* D-9, AVP 261, K-3: one rule for names in configuration, wishes and answers. */
static void names_as_ours_are_written(void **state)
{
	static const struct {
		const char *name;
		size_t labels;
	} names[] = {
	        {"mob.example", 2},
	        {"a", 1},
	        {"xn--hmeenlinna-q5a.example", 2},
	        {"a1-b.c-2", 2},
	        {"", 0},
	        {".", 0},
	        {"mob.example.", 0},
	        {".mob.example", 0},
	        {"mob..example", 0},
	        {"-mob.example", 0},
	        {"mob-.example", 0},
	        {"mob.-example", 0},
	        {"Mob.example", 0},
	        {"m_b.example", 0},
	        {"ab--c.example", 0},
	        {"m\xc3\xb6.example", 0},
	        {"m b.example", 0},
	};
	char longest[DNS_NAME_TEXT_OCTETS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (dns_name_labels(names[i].name) != names[i].labels)
			fail_msg("'%s' has %zu labels", names[i].name, dns_name_labels(names[i].name));
	}
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 63; i < sizeof(longest); i += 64)
		longest[i] = '.';
	longest[DNS_NAME_TEXT_MAX] = '\0';
	assert_int_equal(dns_name_labels(longest), 4);
	longest[DNS_NAME_TEXT_MAX] = 'a';
	longest[DNS_NAME_TEXT_MAX + 1] = '\0';
	assert_int_equal(dns_name_labels(longest), 0);
	longest[63] = 'a';
	longest[DNS_NAME_TEXT_MAX] = '\0';
	assert_int_equal(dns_name_labels(longest), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_as_ours_are_written),
	        cmocka_unit_test(text_becomes_wire_and_comes_back),
	        cmocka_unit_test(limits_are_held),
	        cmocka_unit_test(pointers_are_followed_backwards_only),
	        cmocka_unit_test(uncompressed_reader_refuses_pointers),
	        cmocka_unit_test(skip_steps_over_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
