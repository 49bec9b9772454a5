// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobility_server - the cores of the mobility server, tied together: who asks whom, and which core an event is for.
 *
 * No I/O, clock or thread: main.c gives it the loop's timers, sockets and store, the simulation gives it models. The
 * order of a start is: new, load (the readers below), start.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_MOBILITY_SERVER_H
#define KEDGE_MOBILITYSERVER_MOBILITY_SERVER_H

#include "bindings.h"
#include "bootstrap.h"
#include "home_agent.h"
#include "naming.h"
#include "pana_agent.h"
#include "radius_relay.h"
#include "settings.h"

enum {
	MOBILITY_CHANNEL_DNS = 1,
	MOBILITY_CHANNEL_DNS_STREAM,
	MOBILITY_CHANNEL_DNS_TRANSFER,
	MOBILITY_CHANNEL_RADIUS, /* the first of MOBILITY_RADIUS_CHANNELS */
	MOBILITY_RADIUS_CHANNELS = 4,
};

/* Where frames of the feed and the catch-up channel go; copied by the callee. */
struct mobility_server_bus {
	void *context;
	void (*feed_frames)(void *context, const struct wire_view *frames, size_t count);
	void (*feed_welcome)(void *context, struct wire_view frame);
	void (*catch_up_send)(void *context, const struct punt_route *peer, const struct wire_view *frames,
	                      size_t count);
};

struct mobility_server_options {
	const struct settings *settings; /* lives as long as the server */
	const struct host_key *host_key; /* likewise */
	uint32_t epoch;                  /* of the bindings' versions, raised durably for this run */
	size_t history_changes;          /* of the feed that are remembered */
	size_t bindings_max;
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct mobility_server_bus bus;
};

#define MOBILITY_SERVER_COUNTERS(X)                                                                                    \
	X(punted_pana, "punted PANA packets")                                                                          \
	X(punted_mobility_header, "punted packets with a Mobility Header")                                             \
	X(punted_other, "punted packets of a class that nobody serves")                                                \
	X(usage_reports, "reports of usage")                                                                           \
	X(events, "events told by data planes")                                                                        \
	X(names_impossible, "names that the naming room could not take")

struct mobility_server_counters {
#define X(name, help) uint64_t name;
	MOBILITY_SERVER_COUNTERS(X)
#undef X
};

struct mobility_server;

/* NULL when the settings cannot be (zones that are no names, an impossible home prefix). */
struct mobility_server *mobility_server_new(const struct mobility_server_options *options);
void mobility_server_free(struct mobility_server *server);

/*
 * A configuration that was read again: what its schema calls live counts from now on. `settings` is borrowed until the
 * next one is given, as those of the making are for good.
 */
void mobility_server_reload(struct mobility_server *server, const struct settings *settings, const struct instant *now,
                            struct effects *effects);

/* Rows of an earlier run. */
struct lease_store_reader mobility_server_lease_reader(struct mobility_server *server);
struct binding_store_reader mobility_server_binding_reader(struct mobility_server *server);

/* Everything is loaded: bindings are served, sagas taken up, the zone looked at. */
void mobility_server_start(struct mobility_server *server, const struct instant *now, struct effects *effects);

/* What the bus brings. As struct bus_handlers wants them; `server` is the context. */
void mobility_server_punted(void *server, const struct punt_route *route, const struct punt_up *up,
                            const struct instant *now, struct effects *effects);
void mobility_server_catch_up(void *server, const struct punt_route *peer, const struct wire_view *frames, size_t count,
                              const struct instant *now);

/* What the channels bring. As channel_received and channel_failed want them. */
void mobility_server_datagram(void *server, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                              size_t octets, const struct instant *now, struct effects *effects);
void mobility_server_stream_failed(void *server, uint16_t channel, const struct endpoint *peer, int error,
                                   const struct instant *now, struct effects *effects);

/* For the executor's backend and the end of each turn. */
void mobility_server_publish(struct mobility_server *server, const struct effect_publish *publish,
                             const struct instant *now);
void mobility_server_turn_end(struct mobility_server *server, const struct instant *now);

/* An operator withdraws a binding; its node may bind again. Returns 0 or -ENOENT. */
int mobility_server_delete_binding(struct mobility_server *server, const struct in6_addr *address,
                                   const struct instant *now, struct effects *effects);

/* The rooms, for the operators' commands. */
struct pana_agent *mobility_server_pana(struct mobility_server *server);
struct radius_relay *mobility_server_relay(struct mobility_server *server);
struct bootstrap *mobility_server_bootstrap(struct mobility_server *server);
struct naming *mobility_server_naming(struct mobility_server *server);
struct home_agent *mobility_server_home_agent(struct mobility_server *server);
struct bindings *mobility_server_bindings(struct mobility_server *server);
const struct mobility_server_counters *mobility_server_counters(const struct mobility_server *server);

#endif
