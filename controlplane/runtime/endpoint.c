// SPDX-License-Identifier: BSD-3-Clause
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

int address_parse(const char *text, struct in6_addr *address)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET6, text, address) == 1)
		return 0;
	if (inet_pton(AF_INET, text, &ipv4) != 1)
		return -EINVAL;
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], &ipv4, sizeof(ipv4));
	return 0;
}

char *address_format(const struct in6_addr *address, char text[ENDPOINT_TEXT_OCTETS])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(AF_INET, &address->s6_addr[12], text, ENDPOINT_TEXT_OCTETS);
	else
		inet_ntop(AF_INET6, address, text, ENDPOINT_TEXT_OCTETS);
	return text;
}

static int port_parse(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value > 65535 || text[0] == '-')
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

int endpoint_parse(const char *text, struct endpoint *endpoint)
{
	char copy[ENDPOINT_TEXT_OCTETS + 8];
	char *colon;
	int length = snprintf(copy, sizeof(copy), "%s", text);

	if (length < 0 || (size_t)length >= sizeof(copy))
		return -EINVAL;
	endpoint->port = 0;
	if (copy[0] == '[') {
		char *bracket = strchr(copy, ']');

		if (!bracket)
			return -EINVAL;
		*bracket = '\0';
		if (bracket[1] == ':' && port_parse(bracket + 2, &endpoint->port))
			return -EINVAL;
		if (bracket[1] && bracket[1] != ':')
			return -EINVAL;
		return address_parse(copy + 1, &endpoint->address);
	}
	colon = strchr(copy, ':');
	if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		if (port_parse(colon + 1, &endpoint->port))
			return -EINVAL;
	}
	return address_parse(copy, &endpoint->address);
}

char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_OCTETS])
{
	char address[ENDPOINT_TEXT_OCTETS];
	const char *form = IN6_IS_ADDR_V4MAPPED(&endpoint->address) ? "%.46s:%u" : "[%.46s]:%u";

	address_format(&endpoint->address, address);
	snprintf(text, ENDPOINT_TEXT_OCTETS, form, address, endpoint->port);
	return text;
}
