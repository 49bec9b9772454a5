// SPDX-License-Identifier: BSD-3-Clause
#include "arp.h"

#include <errno.h>

enum { HARDWARE_ETHERNET = 1, PROTOCOL_IPV4 = 0x0800, IPV4_OCTETS = 4 };

static void read_ipv4(struct wire_reader *reader, struct in6_addr *address)
{
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	wire_read_copy(reader, &address->s6_addr[12], IPV4_OCTETS);
}

int arp_read(struct wire_view payload, struct arp_packet *packet)
{
	struct wire_reader reader = wire_reader_of_view(payload);
	uint16_t hardware = wire_read_u16(&reader), protocol = wire_read_u16(&reader);
	uint8_t hardware_octets = wire_read_u8(&reader), protocol_octets = wire_read_u8(&reader);

	packet->operation = wire_read_u16(&reader);
	wire_read_copy(&reader, packet->sender_link, LINK_ADDRESS_OCTETS);
	read_ipv4(&reader, &packet->sender);
	wire_read_copy(&reader, packet->target_link, LINK_ADDRESS_OCTETS);
	read_ipv4(&reader, &packet->target);
	if (reader.failed || hardware != HARDWARE_ETHERNET || protocol != PROTOCOL_IPV4 ||
	    hardware_octets != LINK_ADDRESS_OCTETS || protocol_octets != IPV4_OCTETS ||
	    (packet->operation != ARP_REQUEST && packet->operation != ARP_REPLY) || packet->sender_link[0] & 1)
		return -EBADMSG;
	return 0;
}

void arp_write(struct wire_writer *writer, const struct arp_packet *packet)
{
	wire_write_u16(writer, HARDWARE_ETHERNET);
	wire_write_u16(writer, PROTOCOL_IPV4);
	wire_write_u8(writer, LINK_ADDRESS_OCTETS);
	wire_write_u8(writer, IPV4_OCTETS);
	wire_write_u16(writer, packet->operation);
	wire_write_bytes(writer, packet->sender_link, LINK_ADDRESS_OCTETS);
	wire_write_bytes(writer, &packet->sender.s6_addr[12], IPV4_OCTETS);
	wire_write_bytes(writer, packet->target_link, LINK_ADDRESS_OCTETS);
	wire_write_bytes(writer, &packet->target.s6_addr[12], IPV4_OCTETS);
}
