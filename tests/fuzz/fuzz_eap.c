// SPDX-License-Identifier: BSD-3-Clause
#include "eap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

#include <stdlib.h>

/* What was read and is written again is the same packet. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static uint8_t again[65536];
	struct wire_writer writer = wire_writer_of(again, sizeof(again));
	struct eap_packet packet;

	if (eap_read(bytes, octets, &packet))
		return 0;
	eap_write(&writer, packet.code, packet.identifier, packet.type, packet.data.bytes, packet.data.octets);
	if (wire_written(&writer) != packet.octets.octets || memcmp(again, packet.octets.bytes, packet.octets.octets))
		abort();
	return 0;
}
