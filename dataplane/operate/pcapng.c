// SPDX-License-Identifier: BSD-3-Clause
#include "pcapng.h"

#include <string.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, BYTE_ORDER = 0x1a2b3c4d };
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_FLAGS = 2, OPTION_NAME = 2, OPTION_PROGRAM = 4 };
enum { BODY_MAX = 4096, OPTION_TEXT_MAX = 256 };

/* The body of a block; blocks are of the writer's byte order, which the section's header tells. */
struct body {
	size_t octets;
	uint8_t bytes[BODY_MAX];
};

static void put(struct body *body, const void *bytes, size_t octets)
{
	static const uint8_t padding[4];
	size_t whole = (octets + 3) & ~(size_t)3;

	if (octets == 0 || body->octets + whole > sizeof(body->bytes))
		return;
	memcpy(body->bytes + body->octets, bytes, octets);
	memcpy(body->bytes + body->octets + octets, padding, whole - octets);
	body->octets += whole;
}

static void put_u32(struct body *body, uint32_t value)
{
	put(body, &value, sizeof(value));
}

static void put_two_u16(struct body *body, uint16_t first, uint16_t second)
{
	const uint16_t both[2] = {first, second};

	put(body, both, sizeof(both));
}

static void put_text_option(struct body *body, uint16_t code, const char *text)
{
	size_t length = strnlen(text, OPTION_TEXT_MAX);

	put_two_u16(body, code, (uint16_t)length);
	put(body, text, length);
}

static size_t write_block(FILE *file, uint32_t type, const struct body *body)
{
	uint32_t octets = (uint32_t)(body->octets + 3 * sizeof(uint32_t)), head[2] = {type, octets};

	if (fwrite(head, sizeof(head), 1, file) != 1 || fwrite(body->bytes, body->octets, 1, file) != 1 ||
	    fwrite(&octets, sizeof(octets), 1, file) != 1)
		return 0;
	return octets;
}

size_t pcapng_begin(FILE *file, const char *program)
{
	struct body body = {0};

	put_u32(&body, BYTE_ORDER);
	put_two_u16(&body, 1, 0); /* version */
	put_u32(&body, UINT32_MAX);
	put_u32(&body, UINT32_MAX); /* the section's length is not known */
	put_text_option(&body, OPTION_PROGRAM, program);
	put_two_u16(&body, OPTION_END, 0);
	return write_block(file, BLOCK_SECTION, &body);
}

size_t pcapng_interface(FILE *file, uint16_t link_type, const char *name, uint32_t snap_octets)
{
	struct body body = {0};

	put_two_u16(&body, link_type, 0);
	put_u32(&body, snap_octets);
	put_text_option(&body, OPTION_NAME, name);
	put_two_u16(&body, OPTION_END, 0);
	return write_block(file, BLOCK_INTERFACE, &body);
}

size_t pcapng_packet(FILE *file, const struct pcapng_packet *packet)
{
	struct body body = {0};

	put_u32(&body, packet->interface);
	put_u32(&body, (uint32_t)(packet->time_us >> 32));
	put_u32(&body, (uint32_t)packet->time_us);
	put_u32(&body, packet->kept);
	put_u32(&body, packet->octets);
	put(&body, packet->bytes, packet->kept);
	put_two_u16(&body, OPTION_FLAGS, sizeof(uint32_t));
	put_u32(&body, packet->direction);
	if (packet->comment)
		put_text_option(&body, OPTION_COMMENT, packet->comment);
	put_two_u16(&body, OPTION_END, 0);
	return write_block(file, BLOCK_PACKET, &body);
}
