// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_scrape - where a daemon lets Prometheus read its counters, and what it answers to an HTTP request: whatever
 * the daemons of both planes must agree on. The sockets and HTTP itself (RFC 9112) are libmicrohttpd's.
 *
 * Thread: no state; any.
 */
#ifndef KEDGE_PROTO_METRICS_SCRAPE_H
#define KEDGE_PROTO_METRICS_SCRAPE_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "metrics_text.h"

/* Why metrics_place_read() refuses, for the operator. */
#define METRICS_PLACES "127.0.0.1:PORT, [::1]:PORT or the path of a socket"

struct metrics_place {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
		struct sockaddr_un local;
	} address;
	socklen_t octets; /* of the address */
};

/* Reads "127.0.0.1:PORT", "[::1]:PORT", or an absolute path. 0, or -EINVAL for anything else: counters are not for the
 * network. */
int metrics_place_read(const char *words, struct metrics_place *place);

struct metrics_answer {
	unsigned status;        /* of HTTP (RFC 9110 section 15) */
	const char *media_type; /* its Content-Type */
	const char *words;      /* the body; NULL: the counters, in `format` */
	enum metrics_format format;
};

/*
 * What `method` of `path` is answered, OpenMetrics where the header Accept (`accept`, NULL: there is none) names it;
 * all three come from outside. The answer's strings live for ever.
 */
struct metrics_answer metrics_answer_to(const char *method, const char *path, const char *accept);

#endif
