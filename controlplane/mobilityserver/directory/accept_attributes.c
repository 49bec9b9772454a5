// SPDX-License-Identifier: BSD-3-Clause
#include "directory.h"

#include <errno.h>
#include <string.h>

/* Octets of the UTF-8 sequence at the front of `text`, 0 when it is none (overlong, surrogate, truncated). */
static size_t utf8_sequence(const uint8_t *text, size_t octets)
{
	uint8_t first = text[0];
	size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
	uint32_t point = length == 1 ? first : first & (0x7f >> length);
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

	if (!length || length > octets)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

static int read_text(struct wire_view value, char *text, size_t capacity)
{
	size_t sequence;

	if (value.octets >= capacity)
		return -EBADMSG;
	for (size_t at = 0; at < value.octets; at += sequence) {
		sequence = utf8_sequence(value.bytes + at, value.octets - at);
		if (!sequence || value.bytes[at] < 0x20 || value.bytes[at] == 0x7f)
			return -EBADMSG;
	}
	if (value.octets)
		memcpy(text, value.bytes, value.octets);
	text[value.octets] = '\0';
	return 0;
}

static int read_number(struct wire_view value, uint32_t *number)
{
	struct wire_reader reader = wire_reader_of_view(value);

	*number = wire_read_u32(&reader);
	return wire_complete(&reader) ? 0 : -EBADMSG;
}

static int read_flag(struct wire_view value, bool *flag)
{
	uint32_t number = 0;
	int result = read_number(value, &number);

	*flag = number != 0;
	return result;
}

static int read_rate(struct wire_view value, uint64_t *bps)
{
	struct wire_reader reader = wire_reader_of_view(value);

	*bps = wire_read_u64(&reader);
	return wire_complete(&reader) ? 0 : -EBADMSG;
}

/* "+358 40 123" and "35840123" are one number. */
static int read_msisdn(struct wire_view value, char *msisdn)
{
	char text[SUBSCRIBER_MSISDN_OCTETS];
	size_t digits = 0;

	if (read_text(value, text, sizeof(text)))
		return -EBADMSG;
	for (const char *at = text; *at; at++) {
		if (*at >= '0' && *at <= '9')
			msisdn[digits++] = *at;
		else if (*at != ' ' && *at != '-' && (*at != '+' || at != text))
			return -EBADMSG;
	}
	msisdn[digits] = '\0';
	return 0;
}

static int read_attribute(const struct accept_attribute *attribute, struct subscriber_profile *profile)
{
	struct wire_view value = attribute->value;

	switch (attribute->type) {
	case ACCEPT_NAME:
		return read_text(value, profile->name, sizeof(profile->name));
	case ACCEPT_POSTAL_ADDRESS:
		return read_text(value, profile->postal_address, sizeof(profile->postal_address));
	case ACCEPT_MSISDN:
		return read_msisdn(value, profile->msisdn);
	case ACCEPT_SERVICES:
		return read_number(value, &profile->services);
	case ACCEPT_NAME_POLICY:
		return read_text(value, profile->name_policy, sizeof(profile->name_policy));
	case ACCEPT_BARRED:
		return read_flag(value, &profile->barred);
	case ACCEPT_NAME_CONSENT:
		return read_flag(value, &profile->name_consent);
	case ACCEPT_AMBR_DOWN:
		return read_rate(value, &profile->ambr.down_bps);
	case ACCEPT_AMBR_UP:
		return read_rate(value, &profile->ambr.up_bps);
	default:
		return 0;
	}
}

int directory_profile_from_accept(const struct accept_attribute *attributes, size_t count,
                                  const struct directory_defaults *defaults, struct subscriber_profile *profile)
{
	int result = 0;

	memset(profile, 0, sizeof(*profile));
	profile->services = defaults->services;
	memcpy(profile->name_policy, defaults->name_policy, sizeof(profile->name_policy));
	for (size_t i = 0; i < count && !result; i++)
		result = read_attribute(&attributes[i], profile);
	return result;
}

static void look_up(void *context, const struct subscriber_identity *identity,
                    const struct subscriber_profile *accepted, directory_found *found, void *core, uint64_t token,
                    const struct instant *now, struct effects *effects)
{
	(void)context, (void)identity;
	found(core, token, 0, accepted, now, effects);
}

struct directory directory_of_accept(void)
{
	return (struct directory){.look_up = look_up};
}
