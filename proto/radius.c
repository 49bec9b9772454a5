// SPDX-License-Identifier: BSD-3-Clause
#include "radius.h"

#include <errno.h>

enum { LENGTH_OFFSET = 2, VENDOR_HEAD_OCTETS = 4, ATTRIBUTE_HEAD_OCTETS = 2 };

static bool read_plain(struct wire_reader *reader, uint8_t *type, struct wire_view *value)
{
	uint8_t length;

	if (!wire_remaining(reader))
		return false;
	*type = wire_read_u8(reader);
	length = wire_read_u8(reader);
	if (length < ATTRIBUTE_HEAD_OCTETS) {
		wire_reader_fail(reader);
		return false;
	}
	*value = wire_read_view(reader, (size_t)length - ATTRIBUTE_HEAD_OCTETS);
	return !reader->failed;
}

/* What the whole of the attributes must obey. */
static int check_attributes(struct radius_packet *packet)
{
	struct wire_reader reader = wire_reader_of_view(packet->attributes);
	struct wire_view value;
	bool eap_began = false, eap_ended = false;
	uint8_t type;

	while (read_plain(&reader, &type, &value)) {
		if (type == RADIUS_MESSAGE_AUTHENTICATOR) {
			if (packet->message_authenticator || value.octets != RADIUS_AUTHENTICATOR_OCTETS)
				return -EBADMSG;
			packet->message_authenticator = (size_t)(value.bytes - packet->octets.bytes);
		}
		if (type == RADIUS_EAP_MESSAGE) {
			if (eap_ended)
				return -EBADMSG;
			eap_began = true;
		} else {
			eap_ended = eap_began;
		}
	}
	return wire_complete(&reader) ? 0 : -EBADMSG;
}

int radius_read(const void *datagram, size_t octets, struct radius_packet *packet)
{
	struct wire_reader reader = wire_reader_of(datagram, octets);
	uint16_t length;

	*packet = (struct radius_packet){0};
	packet->code = wire_read_u8(&reader);
	packet->identifier = wire_read_u8(&reader);
	length = wire_read_u16(&reader);
	packet->authenticator = wire_read_bytes(&reader, RADIUS_AUTHENTICATOR_OCTETS);
	if (reader.failed || length < RADIUS_HEADER_OCTETS || length > octets || length > RADIUS_PACKET_MAX)
		return -EBADMSG;
	packet->octets = (struct wire_view){datagram, length};
	packet->attributes = wire_read_view(&reader, (size_t)length - RADIUS_HEADER_OCTETS);
	return check_attributes(packet);
}

bool radius_attribute_read(struct wire_reader *reader, struct radius_attribute *attribute)
{
	struct wire_reader inner;
	struct wire_view value;
	uint8_t type;

	attribute->vendor = 0;
	if (!read_plain(reader, &attribute->type, &attribute->value))
		return false;
	if (attribute->type != RADIUS_VENDOR_SPECIFIC)
		return true;
	inner = wire_reader_of_view(attribute->value);
	attribute->vendor = wire_read_u32(&inner);
	if (inner.failed)
		return true;
	attribute->value = (struct wire_view){inner.at, wire_remaining(&inner)};
	if (read_plain(&inner, &type, &value)) {
		attribute->type = type;
		attribute->value = value;
	}
	return true;
}

struct wire_view radius_find(const struct radius_packet *packet, uint32_t vendor, uint8_t type)
{
	struct wire_reader reader = wire_reader_of_view(packet->attributes);
	struct radius_attribute attribute;

	while (radius_attribute_read(&reader, &attribute))
		if (attribute.vendor == vendor && attribute.type == type)
			return attribute.value;
	return (struct wire_view){0};
}

size_t radius_count(const struct radius_packet *packet, uint32_t vendor, uint8_t type)
{
	struct wire_reader reader = wire_reader_of_view(packet->attributes);
	struct radius_attribute attribute;
	size_t count = 0;

	while (radius_attribute_read(&reader, &attribute))
		count += attribute.vendor == vendor && attribute.type == type;
	return count;
}

bool radius_find_u32(const struct radius_packet *packet, uint32_t vendor, uint8_t type, uint32_t *value)
{
	struct wire_reader reader = wire_reader_of_view(radius_find(packet, vendor, type));
	uint32_t read = wire_read_u32(&reader);

	if (!wire_complete(&reader))
		return false;
	*value = read;
	return true;
}

size_t radius_eap_message(const struct radius_packet *packet, uint8_t *eap, size_t capacity)
{
	struct wire_reader reader = wire_reader_of_view(packet->attributes);
	struct wire_writer writer = wire_writer_of(eap, capacity);
	struct wire_view value;
	uint8_t type;

	while (read_plain(&reader, &type, &value))
		if (type == RADIUS_EAP_MESSAGE)
			wire_write_view(&writer, value);
	return wire_written(&writer);
}

void radius_begin(struct wire_writer *writer, enum radius_code code, uint8_t identifier,
                  const uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS])
{
	wire_write_u8(writer, (uint8_t)code);
	wire_write_u8(writer, identifier);
	wire_write_u16(writer, 0);
	wire_write_bytes(writer, authenticator, RADIUS_AUTHENTICATOR_OCTETS);
}

void radius_attribute_write(struct wire_writer *writer, uint8_t type, const void *value, size_t octets)
{
	if (octets > RADIUS_VALUE_MAX) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, type);
	wire_write_u8(writer, (uint8_t)(ATTRIBUTE_HEAD_OCTETS + octets));
	wire_write_bytes(writer, value, octets);
}

void radius_attribute_write_u32(struct wire_writer *writer, uint8_t type, uint32_t value)
{
	uint8_t bytes[4];

	wire_store_u32(bytes, value);
	radius_attribute_write(writer, type, bytes, sizeof(bytes));
}

void radius_vendor_write(struct wire_writer *writer, uint32_t vendor, uint8_t type, const void *value, size_t octets)
{
	size_t all = ATTRIBUTE_HEAD_OCTETS + VENDOR_HEAD_OCTETS + ATTRIBUTE_HEAD_OCTETS + octets;

	if (all > ATTRIBUTE_HEAD_OCTETS + RADIUS_VALUE_MAX) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, RADIUS_VENDOR_SPECIFIC);
	wire_write_u8(writer, (uint8_t)all);
	wire_write_u32(writer, vendor);
	radius_attribute_write(writer, type, value, octets);
}

size_t radius_message_authenticator_write(struct wire_writer *writer)
{
	static const uint8_t zeros[RADIUS_AUTHENTICATOR_OCTETS];

	radius_attribute_write(writer, RADIUS_MESSAGE_AUTHENTICATOR, zeros, sizeof(zeros));
	return writer->failed ? 0 : (size_t)(writer->at - writer->begin) - sizeof(zeros);
}

void radius_eap_message_write(struct wire_writer *writer, const void *eap, size_t octets)
{
	const uint8_t *at = eap;

	while (octets) {
		size_t piece = octets < RADIUS_VALUE_MAX ? octets : RADIUS_VALUE_MAX;

		radius_attribute_write(writer, RADIUS_EAP_MESSAGE, at, piece);
		at += piece;
		octets -= piece;
	}
}

size_t radius_end(struct wire_writer *writer)
{
	size_t octets = wire_written(writer);

	if (!octets || octets > RADIUS_PACKET_MAX)
		return 0;
	wire_patch_u16(writer, LENGTH_OFFSET, (uint16_t)octets);
	return wire_written(writer);
}
