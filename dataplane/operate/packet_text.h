// SPDX-License-Identifier: BSD-3-Clause
/* packet_text - a packet in one line for people, from its first octets. Thread: any. */
#ifndef KEDGE_DATAPLANE_PACKET_TEXT_H
#define KEDGE_DATAPLANE_PACKET_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { PACKET_TEXT_OCTETS = 384 };

/*
 * "2001:db8::1 > 2001:db8::2, ICMPv6 echo request, hop limit 63, 104 octets", and what is inside a tunnel behind
 * "; inside: ". `kept` octets of a packet of `octets`.
 */
const char *packet_text(const uint8_t *bytes, size_t kept, size_t octets, char text[PACKET_TEXT_OCTETS]);

#endif
