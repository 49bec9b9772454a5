// SPDX-License-Identifier: BSD-3-Clause
/* Any octets as ARP; what is accepted is written back octet for octet. */
#include <stdlib.h>

#include "arp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	uint8_t again[ARP_OCTETS];
	struct wire_writer writer = wire_writer_of(again, sizeof(again));
	struct arp_packet packet;

	if (arp_read((struct wire_view){bytes, octets}, &packet))
		return 0;
	arp_write(&writer, &packet);
	if (wire_written(&writer) != ARP_OCTETS || memcmp(again, bytes, ARP_OCTETS) != 0)
		abort();
	return 0;
}
