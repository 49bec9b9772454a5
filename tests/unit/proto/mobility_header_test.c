// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>

#include "mobility_header.h"
#include "vectors.h"

/* One of the RFC 4285 cases of kedge_bootstrap.json. */
struct example {
	uint8_t home_address[16];
	uint8_t home_agent[16];
	uint8_t care_of_address[16];
	uint8_t mac_input[256];
	size_t mac_input_octets;
	uint8_t authenticator[MOBILITY_MAC_OCTETS];
	uint8_t header[128];
	size_t octets;
};

static const char *const names[] = {
        "RFC 4285: BU with Alternate Care-of Address", "RFC 4285: BU with IPv4 care-of address",
        "RFC 4285: BU without either option",          "RFC 4285: BA",
        "RFC 4285: BA to the IPv4 care-of address",
};
enum { ALTERNATE, IPV4, PLAIN, ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_IPV4, EXAMPLES };

static struct example example_of(int index)
{
	json_t *root = vectors_load("kedge_bootstrap.json");
	json_t *vector = vectors_named(root, "cases", names[index]);
	struct example example = {0};

	assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, "input/home_address"), example.home_address), 1);
	assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, "input/home_agent"), example.home_agent), 1);
	vectors_hex(vector, "input/care_of_in_mac", example.care_of_address, 16);
	example.mac_input_octets = vectors_hex(vector, "input/mac_input", example.mac_input, sizeof(example.mac_input));
	vectors_hex(vector, "output/authenticator", example.authenticator, sizeof(example.authenticator));
	example.octets = vectors_hex(vector, "output/mobility_header", example.header, sizeof(example.header));
	json_decref(root);
	return example;
}

static bool is_update(int index)
{
	return index < ACKNOWLEDGEMENT;
}

/* M-3, M-4: our octets are those of the examples, and so is what the MAC covers */
static void examples_are_written_octet_for_octet(void **state)
{
	(void)state;
	for (int i = 0; i < EXAMPLES; i++) {
		static const uint8_t ipv4_care_of[] = {0, 0, 192, 0, 2, 7};
		struct example example = example_of(i);
		struct mobility_header header = {.type = is_update(i) ? MOBILITY_BINDING_UPDATE
		                                                      : MOBILITY_BINDING_ACKNOWLEDGEMENT};
		uint8_t written[128];
		uint8_t input[256];
		size_t octets;

		if (is_update(i)) {
			header.binding_update.sequence = 4660;
			header.binding_update.flags = MOBILITY_FLAG_ACKNOWLEDGE | MOBILITY_FLAG_HOME_REGISTRATION;
			header.binding_update.lifetime_units = 150;
		} else {
			header.binding_acknowledgement.sequence = 4660;
			header.binding_acknowledgement.lifetime_units = 150;
		}
		header.options = (struct mobility_options){
		        .present = MOBILITY_HAS_NODE_IDENTIFIER | MOBILITY_HAS_AUTHENTICATION,
		        .identifier_subtype = MOBILITY_IDENTIFIER_NAI,
		        .identifier = {(const uint8_t *)"matti@example", 13},
		        .authentication_subtype = MOBILITY_AUTHENTICATION_MN_HA,
		        .authentication_spi = 0x1001,
		};
		if (i == ALTERNATE) {
			header.options.present |= MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS;
			memcpy(header.options.alternate_care_of_address, example.care_of_address, 16);
		} else if (i == IPV4) {
			header.options.present |= MOBILITY_HAS_IPV4_CARE_OF_ADDRESS;
			header.options.ipv4_care_of_address = (struct wire_view){ipv4_care_of, sizeof(ipv4_care_of)};
		}
		octets = mobility_header_write(written, sizeof(written), &header);
		assert_int_equal(octets, example.octets);
		assert_int_equal((header.authenticator_offset - 7) % 8, 5);
		assert_int_equal(header.authenticator_offset + MOBILITY_MAC_OCTETS, octets);
		memcpy(input, example.care_of_address, 16);
		memcpy(input + 16, example.home_address, 16);
		memcpy(input + 32, written, header.authenticator_offset);
		assert_octets(input, 32 + header.authenticator_offset, example.mac_input, example.mac_input_octets);
		mobility_header_finish(written, octets, &header, example.authenticator,
		                       is_update(i) ? example.home_address : example.home_agent,
		                       is_update(i) ? example.home_agent : example.home_address);
		assert_octets(written, octets, example.header, example.octets);
	}
}

/* M-4 */
static void examples_are_read(void **state)
{
	(void)state;
	for (int i = 0; i < EXAMPLES; i++) {
		struct example example = example_of(i);
		struct mobility_header header;

		assert_int_equal(mobility_header_read(example.header, example.octets, &header), 0);
		assert_int_equal(header.type,
		                 is_update(i) ? MOBILITY_BINDING_UPDATE : MOBILITY_BINDING_ACKNOWLEDGEMENT);
		assert_int_equal(header.options.authentication_spi, 0x1001);
		assert_int_equal(header.options.authentication_subtype, MOBILITY_AUTHENTICATION_MN_HA);
		assert_octets(header.options.authenticator.bytes, header.options.authenticator.octets,
		              example.authenticator, MOBILITY_MAC_OCTETS);
		assert_ptr_equal(header.options.authenticator.bytes, example.header + header.authenticator_offset);
		assert_octets(header.options.identifier.bytes, header.options.identifier.octets, "matti@example", 13);
		assert_true(header.authentication_is_last);
		assert_true(mobility_header_checksum_is_right(
		        example.header, example.octets, is_update(i) ? example.home_address : example.home_agent,
		        is_update(i) ? example.home_agent : example.home_address));
		if (is_update(i)) {
			uint8_t care_of_address[16];

			assert_int_equal(header.binding_update.sequence, 4660);
			assert_int_equal(header.binding_update.lifetime_units, 150);
			mobility_care_of_address(&header.options, example.care_of_address, care_of_address);
			assert_octets(care_of_address, 16, example.care_of_address, 16);
		}
	}
}

/* M-4: option 3 before option 32 before the source */
static void care_of_address_has_its_order(void **state)
{
	static const uint8_t source[16] = {0x20, 0x01, 1};
	static const uint8_t ipv4[] = {0, 0, 192, 0, 2, 7};
	struct mobility_options options = {.alternate_care_of_address = {0x20, 0x01, 2},
	                                   .ipv4_care_of_address = {ipv4, sizeof(ipv4)}};
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7};
	uint8_t care_of_address[16];

	(void)state;
	mobility_care_of_address(&options, source, care_of_address);
	assert_octets(care_of_address, 16, source, 16);
	options.present = MOBILITY_HAS_IPV4_CARE_OF_ADDRESS;
	mobility_care_of_address(&options, source, care_of_address);
	assert_octets(care_of_address, 16, mapped, 16);
	options.present |= MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS;
	mobility_care_of_address(&options, source, care_of_address);
	assert_octets(care_of_address, 16, options.alternate_care_of_address, 16);
}

static void checksum_covers_header_and_addresses(void **state)
{
	struct example example = example_of(PLAIN);

	(void)state;
	for (size_t at = 0; at < example.octets; at++) {
		example.header[at] ^= 0x10;
		assert_false(mobility_header_checksum_is_right(example.header, example.octets, example.home_address,
		                                               example.home_agent));
		example.header[at] ^= 0x10;
	}
	/* the care-of address in the place of the home address */
	assert_false(mobility_header_checksum_is_right(example.header, example.octets, example.care_of_address,
	                                               example.home_agent));
}

static void truncated_and_over_long_headers_are_refused(void **state)
{
	struct example example = example_of(ALTERNATE);
	uint8_t longer[136] = {0};
	struct mobility_header header;

	(void)state;
	for (size_t octets = 0; octets < example.octets; octets++)
		assert_int_equal(mobility_header_read(example.header, octets, &header), -EBADMSG);
	memcpy(longer, example.header, example.octets);
	assert_int_equal(mobility_header_read(longer, example.octets + 8, &header), -EBADMSG);
	/* octets and length octet agree, but an option or the message itself is cut through */
	for (uint8_t units = 1; units <= 8; units++) {
		longer[1] = (uint8_t)(units - 1);
		if (units != 4 && units != 6) /* there an option ends exactly with the header */
			assert_int_equal(mobility_header_read(longer, units * 8u, &header), -EBADMSG);
	}
}

/* RFC 6275 9.2 */
static void foreign_headers_are_told_apart(void **state)
{
	uint8_t bytes[] = {59, 0, 99, 0, 0, 0, 0, 0};
	struct mobility_header header;

	(void)state;
	assert_int_equal(mobility_header_read(bytes, sizeof(bytes), &header), -EPROTONOSUPPORT);
	bytes[2] = MOBILITY_BINDING_REFRESH_REQUEST;
	assert_int_equal(mobility_header_read(bytes, sizeof(bytes), &header), 0);
	bytes[0] = 6;
	assert_int_equal(mobility_header_read(bytes, sizeof(bytes), &header), -EPROTO);
	bytes[0] = 59;
	bytes[2] = MOBILITY_BINDING_UPDATE; /* header length below the message's own */
	assert_int_equal(mobility_header_read(bytes, sizeof(bytes), &header), -EBADMSG);
}

/* A binding update of three units with these octets of options. */
static int read_with_options(const char *options_hex, struct mobility_header *header)
{
	uint8_t bytes[40] = {59, 0, MOBILITY_BINDING_UPDATE};
	size_t octets = 12 + hex_decode(options_hex, bytes + 12, sizeof(bytes) - 12);

	assert_int_equal(octets % 8, 0);
	bytes[1] = (uint8_t)(octets / 8 - 1);
	return mobility_header_read(bytes, octets, header);
}

/* RFC 6275 6.2.1 */
static void unknown_options_are_skipped(void **state)
{
	struct mobility_header header;

	(void)state;
	assert_int_equal(read_with_options("c802aaaa 02020009 01020000", &header), 0);
	assert_int_equal(header.options.present, MOBILITY_HAS_REFRESH_ADVICE);
	assert_int_equal(header.options.refresh_interval_units, 9);
	assert_int_equal(read_with_options("00000000", &header), 0);
	assert_int_equal(header.options.present, 0);
}

static void options_with_wrong_lengths_are_refused(void **state)
{
	static const char *const wrong[] = {
	        "02010900",                   /* refresh advice of one octet */
	        "030f0000 00000000 00000000", /* alternate care-of address past the end */
	        "0303aaaa aa000000 00000000", /* too short an address */
	        "09040000 00000000 00000000", /* no room for the SPI */
	        "08000000",                   /* identifier without subtype */
	        "0a07aaaa aaaaaaaa aa000000", /* timestamp of seven octets */
	        "20050000 c0000200 00000000", /* IPv4 care-of address of five octets */
	        "00000001",                   /* type without length */
	        "01ff0000",                   /* padding past the end */
	        "02020009 02020009 01020000", /* twice the same */
	};
	struct mobility_header header;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(read_with_options(wrong[i], &header), -EBADMSG);
}

/* M-2, M-3: option 9 once, and nothing but padding behind it */
static void authentication_stands_last(void **state)
{
	static const char nine[] = "0911 01 00001001 aaaaaaaaaaaaaaaaaaaaaaaa";
	char options[128];
	struct mobility_header header;

	(void)state;
	snprintf(options, sizeof(options), "00 %s", nine);
	assert_int_equal(read_with_options(options, &header), 0);
	assert_true(header.authentication_is_last);
	assert_int_equal(header.authenticator_offset, 12 + 1 + 7);
	snprintf(options, sizeof(options), "%s 00 0102 0000 0000 0000", nine);
	assert_int_equal(read_with_options(options, &header), 0);
	assert_true(header.authentication_is_last);
	snprintf(options, sizeof(options), "%s 00 02020009 00000000", nine);
	assert_int_equal(read_with_options(options, &header), 0);
	assert_false(header.authentication_is_last);
	snprintf(options, sizeof(options), "%s 00 c8020009 00000000", nine);
	assert_int_equal(read_with_options(options, &header), 0);
	assert_false(header.authentication_is_last);
	snprintf(options, sizeof(options), "%s 0905 02 00001001 00 00", nine);
	assert_int_equal(read_with_options(options, &header), -EBADMSG);
}

/* RFC 6275 6.2, 6.1: alignment of every option, and of the messages without any */
static void options_are_aligned(void **state)
{
	static const uint8_t raw[6] = {1, 2, 3, 4, 5, 6};
	uint8_t written[256];
	struct mobility_header read;
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_ACKNOWLEDGEMENT,
	        .options = {.present = 0x7ff & ~MOBILITY_HAS_AUTHENTICATION,
	                    .refresh_interval_units = 1,
	                    .home_nonce_index = 2,
	                    .care_of_nonce_index = 3,
	                    .authorization_data = {(const uint8_t *)"authenticato", 12},
	                    .identifier_subtype = 1,
	                    .identifier = {(const uint8_t *)"a@b", 3},
	                    .timestamp = 0x0102030405060708,
	                    .ipv4_home_address = {raw, 6},
	                    .ipv4_acknowledgement = {raw, 6},
	                    .nat_detection = {raw, 6},
	                    .ipv4_care_of_address = {raw, 6}},
	};
	size_t octets = mobility_header_write(written, sizeof(written), &header);

	(void)state;
	assert_true(octets > 0 && octets % 8 == 0);
	assert_int_equal(mobility_header_read(written, octets, &read), 0);
	assert_int_equal(read.options.present, header.options.present);
	assert_true(read.options.timestamp == header.options.timestamp);
	assert_int_equal((read.options.ipv4_home_address.bytes - 2 - written) % 4, 0);
	assert_int_equal((read.options.authorization_data.bytes - 2 - written) % 8, 2);
	assert_ptr_equal(read.options.authorization_data.bytes + 12, written + octets);
	header.options.present |= MOBILITY_HAS_AUTHENTICATION; /* two that want to be last */
	assert_int_equal(mobility_header_write(written, sizeof(written), &header), 0);
}

static void every_message_makes_the_round(void **state)
{
	static const struct {
		struct mobility_header header;
		size_t octets;
	} messages[] = {
	        {{.type = MOBILITY_BINDING_REFRESH_REQUEST}, 8},
	        {{.type = MOBILITY_HOME_TEST_INIT, .test = {.cookie = 0x0102030405060708}}, 16},
	        {{.type = MOBILITY_CARE_OF_TEST_INIT, .test = {.cookie = 7}}, 16},
	        {{.type = MOBILITY_HOME_TEST, .test = {.nonce_index = 5, .cookie = 7, .keygen_token = 9}}, 24},
	        {{.type = MOBILITY_CARE_OF_TEST, .test = {.nonce_index = 5, .cookie = 7, .keygen_token = 9}}, 24},
	        {{.type = MOBILITY_BINDING_UPDATE, .binding_update = {1, MOBILITY_FLAG_LINK_LOCAL, 3}}, 16},
	        {{.type = MOBILITY_BINDING_ACKNOWLEDGEMENT, .binding_acknowledgement = {174, true, 1, 2}}, 16},
	        {{.type = MOBILITY_BINDING_ERROR, .binding_error = {2, {0x20, 0x01}}}, 24},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct mobility_header header = messages[i].header;
		struct mobility_header read;
		uint8_t first[32];
		uint8_t second[32];

		assert_int_equal(mobility_header_write(first, sizeof(first), &header), messages[i].octets);
		assert_int_equal(mobility_header_read(first, messages[i].octets, &read), 0);
		assert_int_equal(read.type, header.type);
		assert_int_equal(mobility_header_write(second, sizeof(second), &read), messages[i].octets);
		assert_octets(second, messages[i].octets, first, messages[i].octets);
		for (size_t capacity = 0; capacity < messages[i].octets; capacity++)
			assert_int_equal(mobility_header_write(second, capacity, &read), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(examples_are_written_octet_for_octet),
	        cmocka_unit_test(examples_are_read),
	        cmocka_unit_test(care_of_address_has_its_order),
	        cmocka_unit_test(checksum_covers_header_and_addresses),
	        cmocka_unit_test(truncated_and_over_long_headers_are_refused),
	        cmocka_unit_test(foreign_headers_are_told_apart),
	        cmocka_unit_test(unknown_options_are_skipped),
	        cmocka_unit_test(options_with_wrong_lengths_are_refused),
	        cmocka_unit_test(authentication_stands_last),
	        cmocka_unit_test(options_are_aligned),
	        cmocka_unit_test(every_message_makes_the_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
