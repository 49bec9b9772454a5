// SPDX-License-Identifier: BSD-3-Clause
#include "address_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "ip.h"

bool address_from_text(const char *text, struct in6_addr *address)
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return true;
	*address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	return inet_pton(AF_INET, text, &address->s6_addr[12]) == 1;
}

bool prefix_from_text(const char *text, struct in6_addr *address, uint8_t *length)
{
	char copy[PREFIX_TEXT_OCTETS + 8];
	unsigned before;
	char *slash, *end;
	long bits;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	slash = strchr(copy, '/');
	if (!slash || slash[1] < '0' || slash[1] > '9')
		return false;
	*slash = '\0';
	bits = strtol(slash + 1, &end, 10);
	if (*end || !address_from_text(copy, address))
		return false;
	before = strchr(copy, ':') ? 0 : MAPPED_PREFIX_BITS;
	if (bits > 128 - (long)before)
		return false;
	*length = (uint8_t)(bits + before);
	return true;
}

const char *address_to_text(const struct in6_addr *address, char text[ADDRESS_TEXT_OCTETS])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return inet_ntop(AF_INET, &address->s6_addr[12], text, ADDRESS_TEXT_OCTETS);
	return inet_ntop(AF_INET6, address, text, ADDRESS_TEXT_OCTETS);
}

const char *prefix_to_text(const struct in6_addr *address, unsigned length, char text[PREFIX_TEXT_OCTETS])
{
	char first[ADDRESS_TEXT_OCTETS];
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(address) && length >= MAPPED_PREFIX_BITS;

	snprintf(text, PREFIX_TEXT_OCTETS, "%s/%u",
	         is_ipv4 ? address_to_text(address, first) : inet_ntop(AF_INET6, address, first, sizeof(first)),
	         is_ipv4 ? length - MAPPED_PREFIX_BITS : length);
	return text;
}
