// SPDX-License-Identifier: BSD-3-Clause
/*
 * The mobility server's cores, tied together as main.c has them, as a simulated process: RADIUS and DNS leave and come
 * by the owner's network, packets and the feed by the owner's data plane.
 */
#ifndef KEDGE_TESTS_MOBILITY_PROCESS_H
#define KEDGE_TESTS_MOBILITY_PROCESS_H

#include "binding_store_model.h"
#include "host_key.h"
#include "lease_store_model.h"
#include "mobility_server.h"
#include "simulated_process.h"

struct mobility_outlet {
	void *context;
	void (*send)(void *context, uint16_t channel, const struct endpoint *to, const void *message, size_t octets);
	/* `plane`: the data plane that it is for. */
	void (*inject)(void *context, unsigned plane, const struct effect_inject *inject);
	void (*feed)(void *context, const struct wire_view *frames, size_t count);
	void (*catch_up)(void *context, unsigned plane, const struct wire_view *frames, size_t count);
	/* It came up: what data planes had asked for is forgotten (their connections broke). */
	void (*came_up)(void *context);
};

struct mobility_process {
	struct simulated_process process;
	const struct settings *settings;
	struct host_key *host_key;
	struct mobility_outlet outlet;
	struct mobility_server *server; /* NULL while it is dead */
	uint8_t welcome[FEED_HEAD_OCTETS_MAX];
	size_t welcome_octets;
};

/* `settings` lives as long; `host_key` is taken over. The outlet is copied. */
void mobility_process_start(struct mobility_process *mobility, struct virtual_time *time,
                            const struct settings *settings, struct host_key *host_key,
                            const struct mobility_outlet *outlet);
void mobility_process_end(struct mobility_process *mobility);

/* What comes in, of data plane `plane` (0..9); nothing happens while it is dead. */
void mobility_process_punted(struct mobility_process *mobility, unsigned plane, uint8_t packet_class,
                             uint64_t received_unix_ms, const uint8_t *packet, size_t octets);
void mobility_process_catch_up(struct mobility_process *mobility, unsigned plane, const struct wire_view *frames,
                               size_t count);
void mobility_process_message(struct mobility_process *mobility, uint16_t channel, const struct endpoint *from,
                              const uint8_t *message, size_t octets);
void mobility_process_stream_failed(struct mobility_process *mobility, uint16_t channel, const struct endpoint *peer);

/* What is durable. */
const struct lease_model_tables *mobility_process_leases(const struct mobility_process *mobility);
const struct binding_model_tables *mobility_process_bindings(const struct mobility_process *mobility);

#endif
