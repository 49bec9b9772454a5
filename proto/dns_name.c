// SPDX-License-Identifier: BSD-3-Clause
#include "dns_name.h"

enum { POINTER = 0xc0 };

static bool has_text(uint8_t octet)
{
	return octet > 0x20 && octet < 0x7f && octet != '.' && octet != '\\';
}

static uint8_t lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

static void write_label(struct wire_writer *writer, const char *label, size_t octets)
{
	if (octets == 0 || octets > DNS_LABEL_MAX) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, (uint8_t)octets);
	for (size_t i = 0; i < octets; i++) {
		if (!has_text((uint8_t)label[i]))
			wire_writer_fail(writer);
		wire_write_u8(writer, lower((uint8_t)label[i]));
	}
}

void dns_name_write(struct wire_writer *writer, const char *name)
{
	size_t octets = strnlen(name, DNS_NAME_TEXT_MAX + 2);

	if (octets && name[octets - 1] == '.')
		octets--;
	if (octets > DNS_NAME_TEXT_MAX)
		wire_writer_fail(writer);
	while (octets && !writer->failed) {
		const char *dot = memchr(name, '.', octets);
		size_t label = dot ? (size_t)(dot - name) : octets;

		write_label(writer, name, label);
		if (dot && label + 1 == octets)
			wire_writer_fail(writer);
		name += label + (dot ? 1 : 0);
		octets -= label + (dot ? 1 : 0);
	}
	wire_write_u8(writer, 0);
}

/* Appends one label to name[*length]; false when it does not fit or has no text form. */
static bool append_label(char name[DNS_NAME_TEXT_OCTETS], size_t *length, struct wire_view label)
{
	size_t at = *length;

	if (at + (at ? 1 : 0) + label.octets > DNS_NAME_TEXT_MAX)
		return false;
	if (at)
		name[at++] = '.';
	for (size_t i = 0; i < label.octets; i++) {
		if (!has_text(label.bytes[i]))
			return false;
		name[at++] = (char)lower(label.bytes[i]);
	}
	*length = at;
	return true;
}

/*
 * Reads labels up to the root or to a pointer. Returns true with *target when a pointer ended it.
 */
static bool read_labels(struct wire_reader *reader, char name[DNS_NAME_TEXT_OCTETS], size_t *length, uint16_t *target)
{
	for (;;) {
		uint8_t octets = wire_read_u8(reader);

		if (octets == 0)
			return false;
		if ((octets & POINTER) == POINTER) {
			*target = (uint16_t)((octets & ~POINTER) << 8 | wire_read_u8(reader));
			return !reader->failed;
		}
		if (octets > DNS_LABEL_MAX || !append_label(name, length, wire_read_view(reader, octets))) {
			wire_reader_fail(reader);
			return false;
		}
	}
}

void dns_name_read(struct wire_reader *reader, char name[DNS_NAME_TEXT_OCTETS])
{
	size_t length = 0;
	uint16_t target;

	if (read_labels(reader, name, &length, &target))
		wire_reader_fail(reader);
	name[reader->failed ? 0 : length] = '\0';
}

void dns_name_read_in(struct wire_reader *reader, struct wire_view message, char name[DNS_NAME_TEXT_OCTETS])
{
	size_t length = 0;
	size_t limit = (size_t)(reader->at - message.bytes);
	uint16_t target = 0;
	bool pointed = read_labels(reader, name, &length, &target);

	while (pointed && !reader->failed) {
		struct wire_reader behind;

		if (target >= limit) {
			wire_reader_fail(reader);
			break;
		}
		limit = target;
		behind = wire_reader_of(message.bytes + target, message.octets - target);
		pointed = read_labels(&behind, name, &length, &target);
		if (behind.failed)
			wire_reader_fail(reader);
	}
	name[reader->failed ? 0 : length] = '\0';
}

void dns_name_skip(struct wire_reader *reader)
{
	for (;;) {
		uint8_t octets = wire_read_u8(reader);

		if (octets == 0)
			return;
		if ((octets & POINTER) == POINTER) {
			wire_skip(reader, 1);
			return;
		}
		if (octets > DNS_LABEL_MAX)
			wire_reader_fail(reader);
		wire_skip(reader, octets);
	}
}

static bool is_label(const char *label, size_t octets)
{
	if (!octets || octets > DNS_LABEL_MAX || label[0] == '-' || label[octets - 1] == '-')
		return false;
	return octets < 4 || memcmp(label + 2, "--", 2) != 0 || memcmp(label, "xn", 2) == 0;
}

size_t dns_name_labels(const char *name)
{
	size_t labels = 0, octets;

	if (strnlen(name, DNS_NAME_TEXT_MAX + 1) > DNS_NAME_TEXT_MAX)
		return 0;
	for (;; name += octets + 1) {
		octets = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (!is_label(name, octets) || (name[octets] && name[octets] != '.'))
			return 0;
		labels++;
		if (!name[octets])
			return labels;
	}
}
