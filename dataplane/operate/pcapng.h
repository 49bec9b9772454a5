// SPDX-License-Identifier: BSD-3-Clause
/*
 * pcapng - writes captures as draft-ietf-opsawg-pcapng has them: one section, an interface for each port, packets with
 * their direction and a comment. tshark and Wireshark read it. Thread: the caller's.
 */
#ifndef KEDGE_DATAPLANE_PCAPNG_H
#define KEDGE_DATAPLANE_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

enum { PCAPNG_ETHERNET = 1, PCAPNG_RAW_IP = 101 };
enum { PCAPNG_UNKNOWN = 0, PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

struct pcapng_packet {
	uint32_t interface; /* in the order of pcapng_interface() */
	uint64_t time_us;   /* since 1970 */
	const uint8_t *bytes;
	uint32_t kept;
	uint32_t octets; /* of the whole packet */
	uint32_t direction;
	const char *comment; /* NULL: none */
};

/* Each returns the octets written, or 0 with errno when they could not be written. */
size_t pcapng_begin(FILE *file, const char *program);
size_t pcapng_interface(FILE *file, uint16_t link_type, const char *name, uint32_t snap_octets);
size_t pcapng_packet(FILE *file, const struct pcapng_packet *packet);

#endif
