// SPDX-License-Identifier: BSD-3-Clause
#include "eap.h"

#include <errno.h>

int eap_read(const void *bytes, size_t octets, struct eap_packet *packet)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	uint16_t length;

	*packet = (struct eap_packet){0};
	packet->code = wire_read_u8(&reader);
	packet->identifier = wire_read_u8(&reader);
	length = wire_read_u16(&reader);
	if (reader.failed || length < EAP_HEADER_OCTETS || length > octets || packet->code < EAP_REQUEST ||
	    packet->code > EAP_FAILURE)
		return -EINVAL;
	packet->octets = (struct wire_view){bytes, length};
	if (packet->code == EAP_SUCCESS || packet->code == EAP_FAILURE)
		return length == EAP_HEADER_OCTETS ? 0 : -EINVAL;
	reader = wire_reader_of((const uint8_t *)bytes + EAP_HEADER_OCTETS, (size_t)length - EAP_HEADER_OCTETS);
	packet->type = wire_read_u8(&reader);
	packet->data = wire_read_view(&reader, wire_remaining(&reader));
	return reader.failed || packet->type == 0 ? -EINVAL : 0;
}

void eap_write(struct wire_writer *writer, enum eap_code code, uint8_t identifier, uint8_t type, const void *data,
               size_t octets)
{
	bool has_type = code == EAP_REQUEST || code == EAP_RESPONSE;
	size_t length = EAP_HEADER_OCTETS + (has_type ? 1 + octets : 0);

	if (length > UINT16_MAX) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, (uint8_t)code);
	wire_write_u8(writer, identifier);
	wire_write_u16(writer, (uint16_t)length);
	if (!has_type)
		return;
	wire_write_u8(writer, type);
	wire_write_bytes(writer, data, octets);
}
