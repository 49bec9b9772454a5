// SPDX-License-Identifier: BSD-3-Clause
/*
 * bus - the mobility server's three ZeroMQ sockets towards the data planes: feed (XPUB), catch-up (ROUTER), punt
 * (ROUTER). It moves frames and knows no protocol machine; main.c ties it to the cores.
 *
 * Loss on the feed is allowed because it is seen (versions have no gaps); XPUB_NODROP is never set, since one stalled
 * subscriber would stop all. Messages of the punt channel are read here (punt.h); a control packet older than a second
 * is dropped and counted, for its sender has given up on it or has sent it again.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BUS_H
#define KEDGE_MOBILITYSERVER_BUS_H

#include "loop.h"
#include "punt.h"

struct bus;

struct bus_handlers {
	void *context;
	void (*catch_up)(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count,
	                 const struct instant *now);
	void (*punted)(void *context, const struct punt_route *route, const struct punt_up *up,
	               const struct instant *now, struct effects *effects);
};

enum { BUS_ERROR_OCTETS = 256, BUS_PUNT_AGE_MAX_MS = 1000 };

/* Binds folder/feed, folder/catch-up and folder/punt. Returns 0 or a negative errno with `error`. */
int bus_open(struct loop *loop, void *zeromq_context, const char *folder, const struct bus_handlers *handlers,
             struct bus **bus, char error[BUS_ERROR_OCTETS]);
void bus_close(struct bus *bus);

/* As struct bindings_outlet wants them; `context` is the bus. */
void bus_feed_frames(void *context, const struct wire_view *frames, size_t count);
void bus_feed_welcome(void *context, struct wire_view frame);
void bus_catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count);

/* As struct loop_bus wants it; `context` is the bus. */
void bus_inject(void *context, const struct effect_inject *inject);

#define BUS_COUNTERS(X)                                                                                                \
	X(feed_messages, "messages of the feed handed to ZeroMQ")                                                      \
	X(feed_failed, "messages of the feed that ZeroMQ refused")                                                     \
	X(catch_up_received, "messages of the catch-up channel")                                                       \
	X(catch_up_unreachable, "catch-up answers whose data plane is gone or stalled")                                \
	X(punts_received, "messages of the punt channel")                                                              \
	X(punts_malformed, "messages of the punt channel that could not be read")                                      \
	X(punts_too_old, "control packets that waited for more than a second")                                         \
	X(injections, "packets sent to a data plane to leave there")                                                   \
	X(injections_unreachable, "packets whose data plane is gone or stalled")

struct bus_counters {
#define X(name, help) uint64_t name;
	BUS_COUNTERS(X)
#undef X
};
const struct bus_counters *bus_counters(const struct bus *bus);

#endif
