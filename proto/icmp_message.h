// SPDX-License-Identifier: BSD-3-Clause
/*
 * icmp_message - what messages of ICMP (RFC 792) and ICMPv6 (RFC 4443 2.1) have alike: type, code, checksum, four
 * octets whose meaning the type decides, and a body. Checksums are icmp4.h's and icmp6.h's.
 *
 * Thread: no state; any.
 */
#ifndef KEDGE_PROTO_ICMP_MESSAGE_H
#define KEDGE_PROTO_ICMP_MESSAGE_H

#include "wire.h"

enum { ICMP_HEADER_OCTETS = 8, ICMP_CHECKSUM_OFFSET = 2 };

struct icmp_message {
	uint8_t type;
	uint8_t code;
	uint32_t parameter;    /* behind the checksum: the MTU of a Packet Too Big, in the low 16 bits that of a
	                          fragmentation needed, identifier and sequence of an echo */
	struct wire_view body; /* behind these: the quoted packet of an error, an echo's data */
};

/* False when there is not even the header; the checksum is not looked at. */
static inline bool icmp_message_read(struct wire_view octets, struct icmp_message *message)
{
	struct wire_reader reader = wire_reader_of_view(octets);

	message->type = wire_read_u8(&reader);
	message->code = wire_read_u8(&reader);
	wire_skip(&reader, sizeof(uint16_t));
	message->parameter = wire_read_u32(&reader);
	message->body = wire_read_view(&reader, wire_remaining(&reader));
	return !reader.failed;
}

/* Writes it with a checksum of zero, to be stored at ICMP_CHECKSUM_OFFSET. */
static inline void icmp_message_write(struct wire_writer *writer, const struct icmp_message *message)
{
	wire_write_u8(writer, message->type);
	wire_write_u8(writer, message->code);
	wire_write_u16(writer, 0);
	wire_write_u32(writer, message->parameter);
	wire_write_view(writer, message->body);
}

#endif
