// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { IMSI_DIGITS_MIN = 6, IMSI_DIGITS_MAX = 15 };

static bool is_digit(uint8_t octet)
{
	return octet >= '0' && octet <= '9';
}

static bool is_imsi(const uint8_t *value, size_t octets)
{
	if (octets < IMSI_DIGITS_MIN || octets > IMSI_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < octets; i++)
		if (!is_digit(value[i]))
			return false;
	return true;
}

/* Names of authentication servers are the configuration's: letters, digits, '-', '_' and '.'. */
static int set_server(const char *name, size_t octets, struct subscriber_identity *identity)
{
	if (!octets || octets >= sizeof(identity->authentication_server) || memchr(name, '/', octets))
		return -EINVAL;
	memset(identity, 0, sizeof(*identity));
	memcpy(identity->authentication_server, name, octets);
	return 0;
}

int subscriber_identity_from_imsi(const char *authentication_server, const char *imsi,
                                  struct subscriber_identity *identity)
{
	size_t octets = strlen(imsi);

	if (!is_imsi((const uint8_t *)imsi, octets))
		return -EINVAL;
	if (set_server(authentication_server, strlen(authentication_server), identity))
		return -EINVAL;
	identity->kind = SUBSCRIBER_IMSI;
	identity->octets = (uint8_t)octets;
	memcpy(identity->value, imsi, octets);
	return 0;
}

int subscriber_identity_from_octets(const char *authentication_server, const void *value, size_t octets,
                                    struct subscriber_identity *identity)
{
	if (!octets || octets > SUBSCRIBER_IDENTITY_OCTETS)
		return -EINVAL;
	if (set_server(authentication_server, strlen(authentication_server), identity))
		return -EINVAL;
	identity->kind = SUBSCRIBER_OPAQUE;
	identity->octets = (uint8_t)octets;
	memcpy(identity->value, value, octets);
	return 0;
}

bool subscriber_identity_equal(const struct subscriber_identity *a, const struct subscriber_identity *b)
{
	return a->kind == b->kind && a->octets == b->octets && memcmp(a->value, b->value, a->octets) == 0 &&
	       strcmp(a->authentication_server, b->authentication_server) == 0;
}

static bool stands_for_itself(uint8_t octet)
{
	return is_digit(octet) || (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') || octet == '.' ||
	       octet == '@' || octet == '-' || octet == '_';
}

int subscriber_key(const struct subscriber_identity *identity, char key[SUBSCRIBER_KEY_OCTETS])
{
	size_t at = (size_t)snprintf(key, SUBSCRIBER_KEY_OCTETS, "%s/%s", identity->authentication_server,
	                             identity->kind == SUBSCRIBER_OPAQUE ? "=" : "");

	for (size_t i = 0; i < identity->octets; i++) {
		uint8_t octet = identity->value[i];

		if (at + 4 > SUBSCRIBER_KEY_OCTETS)
			return -ENAMETOOLONG;
		if (stands_for_itself(octet))
			key[at++] = (char)octet;
		else
			at += (size_t)snprintf(key + at, 4, "%%%02X", octet);
	}
	key[at] = '\0';
	return 0;
}

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = digit ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int unescape(const char *text, uint8_t *value, size_t capacity, size_t *octets)
{
	*octets = 0;
	for (; *text; text++) {
		int octet = (uint8_t)*text;

		if (*text == '%') {
			int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);

			if (low < 0)
				return -EINVAL;
			octet = high << 4 | low;
			text += 2;
		} else if (!stands_for_itself((uint8_t)octet)) {
			return -EINVAL;
		}
		if (*octets == capacity)
			return -EINVAL;
		value[(*octets)++] = (uint8_t)octet;
	}
	return *octets ? 0 : -EINVAL;
}

int subscriber_identity_from_key(const char *key, struct subscriber_identity *identity)
{
	const char *slash = strchr(key, '/');
	size_t octets = 0;

	if (!slash || set_server(key, (size_t)(slash - key), identity))
		return -EINVAL;
	identity->kind = slash[1] == '=' ? SUBSCRIBER_OPAQUE : SUBSCRIBER_IMSI;
	if (unescape(slash + 1 + (identity->kind == SUBSCRIBER_OPAQUE), identity->value, sizeof(identity->value),
	             &octets))
		return -EINVAL;
	identity->octets = (uint8_t)octets;
	if (identity->kind == SUBSCRIBER_IMSI && !is_imsi(identity->value, octets))
		return -EINVAL;
	return 0;
}

size_t subscriber_owner_id(const struct subscriber_identity *identity, uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS])
{
	size_t server_octets = strlen(identity->authentication_server);

	if (identity->kind == SUBSCRIBER_IMSI) {
		memcpy(id, identity->value, identity->octets);
		return identity->octets;
	}
	memcpy(id, identity->authentication_server, server_octets + 1);
	memcpy(id + server_octets + 1, identity->value, identity->octets);
	return server_octets + 1 + identity->octets;
}

uint8_t subscriber_shard(const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 16777619u;
	return (uint8_t)(hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24);
}
