// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_scrape.h"

#include <errno.h>
#include <string.h>

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, STATUS_METHOD_NOT_ALLOWED = 405, STATUS_INTERNAL_ERROR = 500 };

#define IPV4_LOOPBACK "127.0.0.1:"
#define IPV6_LOOPBACK "[::1]:"

/* A port of 1 to 65535 in decimal and nothing behind it, in network byte order; 0 for anything else. */
static in_port_t port_of(const char *digits)
{
	uint32_t port = 0;

	for (; *digits >= '0' && *digits <= '9' && port <= UINT16_MAX; digits++)
		port = 10 * port + (uint32_t)(*digits - '0');
	return *digits || port > UINT16_MAX ? 0 : htons((uint16_t)port);
}

static int read_path(const char *path, struct metrics_place *place)
{
	struct sockaddr_un *local = &place->address.local;
	size_t octets = strlen(path);

	if (octets >= sizeof(local->sun_path))
		return -EINVAL;
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, path, octets);
	place->octets = sizeof(*local);
	return 0;
}

int metrics_place_read(const char *words, struct metrics_place *place)
{
	memset(place, 0, sizeof(*place));
	if (words[0] == '/')
		return read_path(words, place);
	if (strncmp(words, IPV4_LOOPBACK, strlen(IPV4_LOOPBACK)) == 0) {
		place->address.ipv4 = (struct sockaddr_in){.sin_family = AF_INET,
		                                           .sin_port = port_of(words + strlen(IPV4_LOOPBACK)),
		                                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		place->octets = sizeof(place->address.ipv4);
		return place->address.ipv4.sin_port ? 0 : -EINVAL;
	}
	if (strncmp(words, IPV6_LOOPBACK, strlen(IPV6_LOOPBACK)) == 0) {
		place->address.ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
		                                            .sin6_port = port_of(words + strlen(IPV6_LOOPBACK)),
		                                            .sin6_addr = IN6ADDR_LOOPBACK_INIT};
		place->octets = sizeof(place->address.ipv6);
		return place->address.ipv6.sin6_port ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static struct metrics_answer refusal(unsigned status, const char *words)
{
	return (struct metrics_answer){
	        .status = status, .media_type = "text/plain; charset=utf-8", .body = words, .octets = strlen(words)};
}

struct metrics_answer metrics_answer_to(struct metrics_source *source, const char *method, const char *path,
                                        const char *accept)
{
	bool is_open = accept && strstr(accept, "application/openmetrics-text");
	struct metrics_text text = {.format = is_open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS,
	                            .bytes = source->bytes,
	                            .room = sizeof(source->bytes)};

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refusal(STATUS_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(path, "/metrics") != 0)
		return refusal(STATUS_NOT_FOUND, "it is /metrics\n");
	source->write(source->context, &text);
	metrics_end(&text);
	if (text.octets > text.room)
		return refusal(STATUS_INTERNAL_ERROR, "the counters have no room\n");
	return (struct metrics_answer){.status = STATUS_OK,
	                               .media_type =
	                                       is_open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	                                               : "text/plain; version=0.0.4; charset=utf-8",
	                               .body = text.bytes,
	                               .octets = text.octets};
}
