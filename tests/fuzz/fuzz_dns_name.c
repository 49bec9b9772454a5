// SPDX-License-Identifier: BSD-3-Clause
/* The first octet says where in the rest, taken as a message, the name begins. */
#include <stdlib.h>

#include "dns_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	char name[DNS_NAME_TEXT_OCTETS];
	char again[DNS_NAME_TEXT_OCTETS];
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct wire_view message;
	struct wire_reader reader;
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));

	if (octets < 1)
		return 0;
	message = (struct wire_view){bytes + 1, octets - 1};
	reader = wire_reader_of_view(message);
	wire_skip(&reader, bytes[0]);
	dns_name_read_in(&reader, message, name);
	if (!reader.failed) {
		dns_name_write(&writer, name);
		reader = wire_reader_of(wire, wire_written(&writer));
		dns_name_read(&reader, again);
		if (!wire_complete(&reader) || strcmp(name, again) != 0)
			abort();
	}
	reader = wire_reader_of_view(message);
	dns_name_skip(&reader);
	return 0;
}
