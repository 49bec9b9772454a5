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

/* Several times what any daemon has to say. */
enum { METRICS_OCTETS_MAX = 256 << 10 };

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

/* What a daemon lets be read; the caller fills the first two. */
struct metrics_source {
	metrics_write *write;
	void *context;
	char bytes[METRICS_OCTETS_MAX]; /* the last text */
};

struct metrics_answer {
	unsigned status;        /* of HTTP (RFC 9110 section 15) */
	const char *media_type; /* its Content-Type */
	const char *body;       /* good until the next answer of the source */
	size_t octets;
};

/*
 * What `method` of `path` is answered, OpenMetrics where the header Accept (`accept`, NULL: there is none) names it;
 * all three come from outside. Counters that have no room end in 500.
 */
struct metrics_answer metrics_answer_to(struct metrics_source *source, const char *method, const char *path,
                                        const char *accept);

#endif
