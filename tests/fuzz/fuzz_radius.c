// SPDX-License-Identifier: BSD-3-Clause
#include "radius.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

#include <stdlib.h>

/* Walks all attributes; the Message-Authenticator lies inside the packet; EAP joins without overflow. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static uint8_t eap[RADIUS_PACKET_MAX];
	struct radius_attribute attribute;
	struct radius_packet packet;
	struct wire_reader reader;
	volatile uint8_t sum = 0;

	if (radius_read(bytes, octets, &packet))
		return 0;
	reader = wire_reader_of_view(packet.attributes);
	while (radius_attribute_read(&reader, &attribute))
		for (size_t i = 0; i < attribute.value.octets; i++)
			sum ^= attribute.value.bytes[i];
	if (!wire_complete(&reader))
		abort();
	if (packet.message_authenticator &&
	    packet.message_authenticator + RADIUS_AUTHENTICATOR_OCTETS > packet.octets.octets)
		abort();
	radius_eap_message(&packet, eap, sizeof(eap));
	return 0;
}
