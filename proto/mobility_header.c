// SPDX-License-Identifier: BSD-3-Clause
#include "mobility_header.h"

#include <errno.h>

enum { FIXED_OCTETS = 6, CHECKSUM_AT = 4, UNIT_OCTETS = 8, NO_NEXT_HEADER = 59, IPV4_OCTETS = 4 };

/* --- message data, by type --- */

static void read_nothing(struct wire_reader *reader, struct mobility_header *header)
{
	(void)header;
	wire_skip(reader, 2);
}

static void write_nothing(struct wire_writer *writer, const struct mobility_header *header)
{
	(void)header;
	wire_write_zeros(writer, 2);
}

static void read_test_init(struct wire_reader *reader, struct mobility_header *header)
{
	wire_skip(reader, 2);
	header->test.cookie = wire_read_u64(reader);
}

static void write_test_init(struct wire_writer *writer, const struct mobility_header *header)
{
	wire_write_zeros(writer, 2);
	wire_write_u64(writer, header->test.cookie);
}

static void read_test(struct wire_reader *reader, struct mobility_header *header)
{
	header->test.nonce_index = wire_read_u16(reader);
	header->test.cookie = wire_read_u64(reader);
	header->test.keygen_token = wire_read_u64(reader);
}

static void write_test(struct wire_writer *writer, const struct mobility_header *header)
{
	wire_write_u16(writer, header->test.nonce_index);
	wire_write_u64(writer, header->test.cookie);
	wire_write_u64(writer, header->test.keygen_token);
}

static void read_binding_update(struct wire_reader *reader, struct mobility_header *header)
{
	header->binding_update.sequence = wire_read_u16(reader);
	header->binding_update.flags = wire_read_u16(reader);
	header->binding_update.lifetime_units = wire_read_u16(reader);
}

static void write_binding_update(struct wire_writer *writer, const struct mobility_header *header)
{
	wire_write_u16(writer, header->binding_update.sequence);
	wire_write_u16(writer, header->binding_update.flags);
	wire_write_u16(writer, header->binding_update.lifetime_units);
}

static void read_binding_acknowledgement(struct wire_reader *reader, struct mobility_header *header)
{
	header->binding_acknowledgement.status = wire_read_u8(reader);
	header->binding_acknowledgement.key_management = (wire_read_u8(reader) & 0x80) != 0;
	header->binding_acknowledgement.sequence = wire_read_u16(reader);
	header->binding_acknowledgement.lifetime_units = wire_read_u16(reader);
}

static void write_binding_acknowledgement(struct wire_writer *writer, const struct mobility_header *header)
{
	wire_write_u8(writer, header->binding_acknowledgement.status);
	wire_write_u8(writer, header->binding_acknowledgement.key_management ? 0x80 : 0);
	wire_write_u16(writer, header->binding_acknowledgement.sequence);
	wire_write_u16(writer, header->binding_acknowledgement.lifetime_units);
}

static void read_binding_error(struct wire_reader *reader, struct mobility_header *header)
{
	header->binding_error.status = wire_read_u8(reader);
	wire_skip(reader, 1);
	wire_read_copy(reader, header->binding_error.home_address, MOBILITY_ADDRESS_OCTETS);
}

static void write_binding_error(struct wire_writer *writer, const struct mobility_header *header)
{
	wire_write_u8(writer, header->binding_error.status);
	wire_write_u8(writer, 0);
	wire_write_bytes(writer, header->binding_error.home_address, MOBILITY_ADDRESS_OCTETS);
}

struct message_format {
	void (*read)(struct wire_reader *reader, struct mobility_header *header);
	void (*write)(struct wire_writer *writer, const struct mobility_header *header);
};

static const struct message_format messages[] = {
        [MOBILITY_BINDING_REFRESH_REQUEST] = {read_nothing, write_nothing},
        [MOBILITY_HOME_TEST_INIT] = {read_test_init, write_test_init},
        [MOBILITY_CARE_OF_TEST_INIT] = {read_test_init, write_test_init},
        [MOBILITY_HOME_TEST] = {read_test, write_test},
        [MOBILITY_CARE_OF_TEST] = {read_test, write_test},
        [MOBILITY_BINDING_UPDATE] = {read_binding_update, write_binding_update},
        [MOBILITY_BINDING_ACKNOWLEDGEMENT] = {read_binding_acknowledgement, write_binding_acknowledgement},
        [MOBILITY_BINDING_ERROR] = {read_binding_error, write_binding_error},
};

static const struct message_format *message_format(uint8_t type)
{
	return type < sizeof(messages) / sizeof(messages[0]) ? &messages[type] : NULL;
}

/* --- options: values behind type and length --- */

static struct wire_view read_rest(struct wire_reader *value)
{
	return wire_read_view(value, wire_remaining(value));
}

static void read_refresh_advice(struct wire_reader *value, struct mobility_options *options)
{
	options->refresh_interval_units = wire_read_u16(value);
}

static void write_refresh_advice(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_u16(writer, options->refresh_interval_units);
}

static void read_alternate_care_of_address(struct wire_reader *value, struct mobility_options *options)
{
	wire_read_copy(value, options->alternate_care_of_address, MOBILITY_ADDRESS_OCTETS);
}

static void write_alternate_care_of_address(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_bytes(writer, options->alternate_care_of_address, MOBILITY_ADDRESS_OCTETS);
}

static void read_nonce_indices(struct wire_reader *value, struct mobility_options *options)
{
	options->home_nonce_index = wire_read_u16(value);
	options->care_of_nonce_index = wire_read_u16(value);
}

static void write_nonce_indices(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_u16(writer, options->home_nonce_index);
	wire_write_u16(writer, options->care_of_nonce_index);
}

static void read_authorization_data(struct wire_reader *value, struct mobility_options *options)
{
	options->authorization_data = read_rest(value);
}

static void write_authorization_data(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_view(writer, options->authorization_data);
}

static void read_node_identifier(struct wire_reader *value, struct mobility_options *options)
{
	options->identifier_subtype = wire_read_u8(value);
	options->identifier = read_rest(value);
}

static void write_node_identifier(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_u8(writer, options->identifier_subtype);
	wire_write_view(writer, options->identifier);
}

static void read_authentication(struct wire_reader *value, struct mobility_options *options)
{
	options->authentication_subtype = wire_read_u8(value);
	options->authentication_spi = wire_read_u32(value);
	options->authenticator = read_rest(value);
}

static void write_authentication(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_u8(writer, options->authentication_subtype);
	wire_write_u32(writer, options->authentication_spi);
	if (options->authenticator.octets)
		wire_write_view(writer, options->authenticator);
	else
		wire_write_zeros(writer, MOBILITY_MAC_OCTETS);
}

static void read_timestamp(struct wire_reader *value, struct mobility_options *options)
{
	options->timestamp = wire_read_u64(value);
}

static void write_timestamp(struct wire_writer *writer, const struct mobility_options *options)
{
	wire_write_u64(writer, options->timestamp);
}

#define RAW_OPTION(field)                                                                                              \
	static void read_##field(struct wire_reader *value, struct mobility_options *options)                          \
	{                                                                                                              \
		options->field = read_rest(value);                                                                     \
	}                                                                                                              \
	static void write_##field(struct wire_writer *writer, const struct mobility_options *options)                  \
	{                                                                                                              \
		wire_write_view(writer, options->field);                                                               \
	}
RAW_OPTION(ipv4_home_address)
RAW_OPTION(ipv4_acknowledgement)
RAW_OPTION(nat_detection)
RAW_OPTION(ipv4_care_of_address)

enum { AT_THE_END = 0 };

/* An option starts at alignment × n + offset; with AT_THE_END so that it ends the message without padding behind it. */
struct option_format {
	uint8_t type;
	uint8_t minimum_octets;
	uint8_t alignment;
	uint8_t offset;
	uint32_t present;
	bool repeats; /* several are legal (RFC 5555 3.1.1); the first is kept */
	void (*read)(struct wire_reader *value, struct mobility_options *options);
	void (*write)(struct wire_writer *writer, const struct mobility_options *options);
};

/* In the order in which they are written: the identifier before anything that authenticates (RFC 4283 3.2). */
static const struct option_format option_formats[] = {
        {MOBILITY_OPTION_REFRESH_ADVICE, 2, 2, 0, MOBILITY_HAS_REFRESH_ADVICE, false, read_refresh_advice,
         write_refresh_advice},
        {MOBILITY_OPTION_ALTERNATE_CARE_OF_ADDRESS, 16, 8, 6, MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS, false,
         read_alternate_care_of_address, write_alternate_care_of_address},
        {MOBILITY_OPTION_NONCE_INDICES, 4, 2, 0, MOBILITY_HAS_NONCE_INDICES, false, read_nonce_indices,
         write_nonce_indices},
        {MOBILITY_OPTION_IPV4_HOME_ADDRESS, 6, 4, 0, MOBILITY_HAS_IPV4_HOME_ADDRESS, true, read_ipv4_home_address,
         write_ipv4_home_address},
        {MOBILITY_OPTION_IPV4_ACKNOWLEDGEMENT, 6, 4, 0, MOBILITY_HAS_IPV4_ACKNOWLEDGEMENT, true,
         read_ipv4_acknowledgement, write_ipv4_acknowledgement},
        {MOBILITY_OPTION_NAT_DETECTION, 6, 4, 0, MOBILITY_HAS_NAT_DETECTION, false, read_nat_detection,
         write_nat_detection},
        {MOBILITY_OPTION_IPV4_CARE_OF_ADDRESS, 6, 4, 0, MOBILITY_HAS_IPV4_CARE_OF_ADDRESS, false,
         read_ipv4_care_of_address, write_ipv4_care_of_address},
        {MOBILITY_OPTION_TIMESTAMP, 8, 8, 2, MOBILITY_HAS_TIMESTAMP, false, read_timestamp, write_timestamp},
        {MOBILITY_OPTION_NODE_IDENTIFIER, 1, 1, 0, MOBILITY_HAS_NODE_IDENTIFIER, false, read_node_identifier,
         write_node_identifier},
        {MOBILITY_OPTION_AUTHENTICATION, 5, AT_THE_END, 0, MOBILITY_HAS_AUTHENTICATION, false, read_authentication,
         write_authentication},
        {MOBILITY_OPTION_AUTHORIZATION_DATA, 0, AT_THE_END, 0, MOBILITY_HAS_AUTHORIZATION_DATA, false,
         read_authorization_data, write_authorization_data},
};

enum { OPTION_FORMATS = sizeof(option_formats) / sizeof(option_formats[0]) };

/* Octets of option 9 before its authenticator: type, length, subtype, SPI. */
enum { AUTHENTICATION_HEAD_OCTETS = 7 };

static const struct option_format *option_format(uint8_t type)
{
	for (size_t i = 0; i < OPTION_FORMATS; i++)
		if (option_formats[i].type == type)
			return &option_formats[i];
	return NULL;
}

/* One option that is not padding, at `offset` from the header's first octet. Returns 0 or -EBADMSG. */
static int read_option(uint8_t type, size_t offset, struct wire_reader value, struct mobility_header *header)
{
	const struct option_format *format = option_format(type);
	struct mobility_options *options = &header->options;

	header->authentication_is_last = false;
	if (!format)
		return 0;
	if (wire_remaining(&value) < format->minimum_octets)
		return -EBADMSG;
	if (options->present & format->present)
		return format->repeats ? 0 : -EBADMSG;
	options->present |= format->present;
	format->read(&value, options);
	if (type == MOBILITY_OPTION_AUTHENTICATION) {
		header->authenticator_offset = offset + AUTHENTICATION_HEAD_OCTETS;
		header->authentication_is_last = true;
	}
	return 0;
}

static int read_options(struct wire_reader *reader, const uint8_t *begin, struct mobility_header *header)
{
	while (wire_remaining(reader)) {
		size_t offset = (size_t)(reader->at - begin);
		uint8_t type = wire_read_u8(reader);
		struct wire_reader value;

		if (type == MOBILITY_OPTION_PAD1)
			continue;
		value = wire_read_part(reader, wire_read_u8(reader));
		if (value.failed)
			return -EBADMSG;
		if (type != MOBILITY_OPTION_PADN && read_option(type, offset, value, header))
			return -EBADMSG;
	}
	return reader->failed ? -EBADMSG : 0;
}

int mobility_header_read(const void *bytes, size_t octets, struct mobility_header *header)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	const struct message_format *format;
	uint8_t payload_protocol = wire_read_u8(&reader);
	size_t length = (wire_read_u8(&reader) + 1u) * UNIT_OCTETS;

	*header = (struct mobility_header){0};
	header->type = wire_read_u8(&reader);
	wire_skip(&reader, 1);
	header->checksum = wire_read_u16(&reader);
	if (reader.failed || length != octets)
		return -EBADMSG;
	format = message_format(header->type);
	if (!format)
		return -EPROTONOSUPPORT;
	if (payload_protocol != NO_NEXT_HEADER)
		return -EPROTO;
	format->read(&reader, header);
	return reader.failed ? -EBADMSG : read_options(&reader, bytes, header);
}

/* --- writing --- */

static void write_option_padding(struct wire_writer *writer, size_t octets)
{
	if (octets == 1) {
		wire_write_u8(writer, MOBILITY_OPTION_PAD1);
	} else if (octets > 1) {
		wire_write_u8(writer, MOBILITY_OPTION_PADN);
		wire_write_u8(writer, (uint8_t)(octets - 2));
		wire_write_zeros(writer, octets - 2);
	}
}

static void pad_to(struct wire_writer *writer, size_t alignment, size_t offset)
{
	size_t at = wire_written(writer);

	write_option_padding(writer, (offset + alignment - at % alignment) % alignment);
}

/* Octets of the option, type and length included; 0 when its value is too long. */
static size_t option_octets(const struct option_format *format, const struct mobility_options *options)
{
	uint8_t scratch[UINT8_MAX + 2];
	struct wire_writer writer = wire_writer_of(scratch, sizeof(scratch));

	wire_write_zeros(&writer, 2);
	format->write(&writer, options);
	return wire_written(&writer);
}

static void write_option(struct wire_writer *writer, const struct option_format *format, struct mobility_header *header)
{
	size_t octets = option_octets(format, &header->options);

	if (octets < 2u + format->minimum_octets) {
		wire_writer_fail(writer);
		return;
	}
	if (format->alignment == AT_THE_END)
		pad_to(writer, UNIT_OCTETS, UNIT_OCTETS - octets % UNIT_OCTETS);
	else
		pad_to(writer, format->alignment, format->offset);
	if (format->type == MOBILITY_OPTION_AUTHENTICATION)
		header->authenticator_offset = wire_written(writer) + AUTHENTICATION_HEAD_OCTETS;
	wire_write_u8(writer, format->type);
	wire_write_u8(writer, (uint8_t)(octets - 2));
	format->write(writer, &header->options);
}

size_t mobility_header_write(void *buffer, size_t capacity, struct mobility_header *header)
{
	const struct message_format *format = message_format(header->type);
	struct wire_writer writer =
	        wire_writer_of(buffer, capacity < MOBILITY_HEADER_OCTETS_MAX ? capacity : MOBILITY_HEADER_OCTETS_MAX);
	uint32_t both = MOBILITY_HAS_AUTHENTICATION | MOBILITY_HAS_AUTHORIZATION_DATA;

	header->authenticator_offset = 0;
	if (!format || (header->options.present & both) == both)
		return 0;
	wire_write_u8(&writer, NO_NEXT_HEADER);
	wire_write_u8(&writer, 0);
	wire_write_u8(&writer, header->type);
	wire_write_u8(&writer, 0);
	wire_write_u16(&writer, 0);
	format->write(&writer, header);
	for (size_t i = 0; i < OPTION_FORMATS; i++)
		if (header->options.present & option_formats[i].present)
			write_option(&writer, &option_formats[i], header);
	pad_to(&writer, UNIT_OCTETS, 0);
	if (wire_written(&writer))
		writer.begin[1] = (uint8_t)(wire_written(&writer) / UNIT_OCTETS - 1);
	return wire_written(&writer);
}

/* --- checksum --- */

/* RFC 8200 8.1: addresses, length, next header. */
static uint32_t pseudo_header_sum(size_t octets, const uint8_t *source, const uint8_t *destination)
{
	uint32_t sum = (uint32_t)octets + MOBILITY_HEADER_PROTOCOL;

	sum = wire_checksum_add(sum, source, MOBILITY_ADDRESS_OCTETS);
	return wire_checksum_add(sum, destination, MOBILITY_ADDRESS_OCTETS);
}

void mobility_header_finish(void *bytes, size_t octets, const struct mobility_header *header,
                            const uint8_t authenticator[MOBILITY_MAC_OCTETS],
                            const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                            const uint8_t destination[MOBILITY_ADDRESS_OCTETS])
{
	uint8_t *at = (uint8_t *)bytes;

	if (octets < FIXED_OCTETS)
		return;
	if (authenticator && header->authenticator_offset &&
	    octets >= header->authenticator_offset + MOBILITY_MAC_OCTETS)
		memcpy(at + header->authenticator_offset, authenticator, MOBILITY_MAC_OCTETS);
	wire_store_u16(at + CHECKSUM_AT, 0);
	wire_store_u16(at + CHECKSUM_AT, wire_checksum_end(wire_checksum_add(
	                                         pseudo_header_sum(octets, source, destination), at, octets)));
}

bool mobility_header_checksum_is_right(const void *bytes, size_t octets, const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                                       const uint8_t destination[MOBILITY_ADDRESS_OCTETS])
{
	return wire_checksum_end(wire_checksum_add(pseudo_header_sum(octets, source, destination), bytes, octets)) == 0;
}

void mobility_care_of_address(const struct mobility_options *options, const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                              uint8_t care_of_address[MOBILITY_ADDRESS_OCTETS])
{
	static const uint8_t mapped[MOBILITY_ADDRESS_OCTETS] = {[10] = 0xff, [11] = 0xff};

	if (options->present & MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS) {
		memcpy(care_of_address, options->alternate_care_of_address, MOBILITY_ADDRESS_OCTETS);
	} else if (options->present & MOBILITY_HAS_IPV4_CARE_OF_ADDRESS) {
		memcpy(care_of_address, mapped, sizeof(mapped));
		memcpy(care_of_address + MOBILITY_ADDRESS_OCTETS - IPV4_OCTETS,
		       options->ipv4_care_of_address.bytes + MOBILITY_IPV4_AT, IPV4_OCTETS);
	} else {
		memcpy(care_of_address, source, MOBILITY_ADDRESS_OCTETS);
	}
}

void mobility_nai_of_name(const char *name, char nai[MOBILITY_NAI_OCTETS])
{
	size_t octets = strnlen(name, MOBILITY_NAI_OCTETS - 1);
	char *dot;

	memcpy(nai, name, octets);
	nai[octets] = '\0';
	dot = strchr(nai, '.');
	if (dot)
		*dot = '@';
}
