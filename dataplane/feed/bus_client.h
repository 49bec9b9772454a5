// SPDX-License-Identifier: BSD-3-Clause
/*
 * bus_client - the data plane's ends of the three channels: SUB (feed), DEALER (catch-up), DEALER (punt). It moves
 * frames; feed_receiver and whoever punts know what they mean.
 *
 * The feed is served first, then some messages of the catch-up channel, then injections; whoever punts does so after
 * that: so a change of a binding waits neither for a snapshot nor for a flood of punts. Subscribing comes before asking
 * (C-1). While the control plane is away, ZeroMQ tries to connect again, and nothing here blocks: what cannot be sent
 * is dropped and counted.
 *
 * Thread: the main lcore's; the sockets belong to it (C-3).
 */
#ifndef KEDGE_DATAPLANE_BUS_CLIENT_H
#define KEDGE_DATAPLANE_BUS_CLIENT_H

#include "punt.h"

struct bus_client;

struct bus_client_handlers {
	void *context;
	void (*feed)(void *context, const struct wire_view *frames, size_t count);
	void (*catch_up)(void *context, const struct wire_view *frames, size_t count);
	void (*down)(void *context, const struct punt_down *down); /* a packet to be injected */
	void (*disconnected)(void *context);                       /* what was asked for will not come */
};

#define BUS_CLIENT_COUNTERS(X)                                                                                         \
	X(feed_received, "messages of the feed received")                                                              \
	X(catch_up_received, "messages of the catch-up channel received")                                              \
	X(catch_up_sent, "messages of the catch-up channel sent")                                                      \
	X(catch_up_unsent, "asks that could not be sent: no control plane")                                            \
	X(punts_sent, "messages of the punt channel sent")                                                             \
	X(punts_unsent, "messages of the punt channel that could not be sent: no control plane, or it stalls")         \
	X(injections_received, "packets to be injected")                                                               \
	X(disconnections, "times that the connection to the control plane broke")                                      \
	X(down_malformed, "messages of the punt channel that could not be read")

struct bus_client_counters {
#define X(name, help) uint64_t name;
	BUS_CLIENT_COUNTERS(X)
#undef X
};

/*
 * Connects to folder/feed, folder/catch-up and folder/punt, whether or not anybody has bound them yet. NULL with errno.
 */
struct bus_client *bus_client_new(void *zeromq_context, const char *folder, const struct bus_client_handlers *handlers);
void bus_client_free(struct bus_client *client);

/* The sockets for the caller's zmq_poll: feed, catch-up, punt, and what tells of a broken connection. */
enum { BUS_CLIENT_SOCKETS = 4 };
void bus_client_sockets(struct bus_client *client, void *sockets[BUS_CLIENT_SOCKETS]);

/* Messages that are handed out at a time: of 512 rows each at the most, so some milliseconds of work altogether. */
enum { BUS_CLIENT_FEED_A_TURN = 32, BUS_CLIENT_CATCH_UP_A_TURN = 4, BUS_CLIENT_DOWN_A_TURN = 256 };

/* Hands out what has come, as far as a turn goes; true when there was more. Never waits. */
bool bus_client_serve(struct bus_client *client);

/* Each returns 0, or -EAGAIN (counted) when it cannot be sent now. */
int bus_client_ask(struct bus_client *client, struct wire_view frame);
int bus_client_punt_packet(struct bus_client *client, uint8_t packet_class, uint64_t received_unix_ms,
                           struct wire_view packet);

/* kind: PUNT_USAGE, PUNT_PATH_MTU or PUNT_EVENT; `body` is frame 2 as punt.h writes it. */
int bus_client_report(struct bus_client *client, enum punt_up_kind kind, uint64_t now_unix_ms, struct wire_view body);

const struct bus_client_counters *bus_client_counters(const struct bus_client *client);

#endif
