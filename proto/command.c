// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"

#include <errno.h>

int command_envelope_read(const void *bytes, size_t octets, struct command_envelope *envelope)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);

	envelope->version = wire_read_u8(&reader);
	envelope->kind = wire_read_u8(&reader);
	envelope->status = wire_read_u16(&reader);
	envelope->request = wire_read_u32(&reader);
	if (!wire_complete(&reader))
		return -EINVAL;
	if (envelope->version != COMMAND_VERSION)
		return -EPROTO;
	if (envelope->kind == COMMAND_REQUEST)
		return envelope->status == 0 ? 0 : -EINVAL;
	return envelope->kind == COMMAND_ANSWER && envelope->status <= COMMAND_FAILED ? 0 : -EINVAL;
}

void command_envelope_write(const struct command_envelope *envelope, uint8_t bytes[COMMAND_ENVELOPE_OCTETS])
{
	struct wire_writer writer = wire_writer_of(bytes, COMMAND_ENVELOPE_OCTETS);

	wire_write_u8(&writer, envelope->version);
	wire_write_u8(&writer, envelope->kind);
	wire_write_u16(&writer, envelope->status);
	wire_write_u32(&writer, envelope->request);
}
