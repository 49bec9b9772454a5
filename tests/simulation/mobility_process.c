// SPDX-License-Identifier: BSD-3-Clause
#include "mobility_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_CHANGES = 8, BINDINGS_MAX = 64 }; /* a short history, so that snapshots are needed */

/* Data planes are told apart by the identity of their sockets: dp0, dp1, … */
static struct punt_route route_of(unsigned plane)
{
	return (struct punt_route){.octets = 3, .identity = {'d', 'p', (uint8_t)('0' + plane)}};
}

static unsigned plane_of(const struct punt_route *route)
{
	return route->identity[2] - '0';
}

static void feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	struct mobility_process *mobility = context;

	mobility->outlet.feed(mobility->outlet.context, frames, count);
}

static void feed_welcome(void *context, struct wire_view frame)
{
	struct mobility_process *mobility = context;

	mobility->welcome_octets = frame.octets;
	memcpy(mobility->welcome, frame.bytes, frame.octets);
}

static void catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	struct mobility_process *mobility = context;

	mobility->outlet.catch_up(mobility->outlet.context, plane_of(peer), frames, count);
}

/* As main.c: the epoch of each run is above that of the one before, durably, before anything else happens. */
static uint32_t raise_epoch(struct mobility_process *mobility)
{
	struct binding_epoch_row row = {.epoch = mobility_process_bindings(mobility)->epoch + 1};
	struct effects *step = effects_new();

	effects_store(step, BINDING_STORE_PORT, BINDING_STORE_PUT_EPOCH, &row, sizeof(row));
	while (store_model_apply_step(mobility->process.store, step))
		; /* a disk that fails keeps it from starting; it is started again until it works */
	effects_free(step);
	return row.epoch;
}

static void start(void *context, const struct instant *now, struct effects *effects)
{
	struct mobility_process *mobility = context;
	struct mobility_server_options options = {
	        .settings = mobility->settings,
	        .host_key = mobility->host_key,
	        .epoch = raise_epoch(mobility),
	        .history_changes = HISTORY_CHANGES,
	        .bindings_max = BINDINGS_MAX,
	        .timers = &mobility->process.timers,
	        .randomness = &mobility->process.randomness.randomness,
	        .bus = {mobility, feed_frames, feed_welcome, catch_up_send},
	};
	struct lease_store_reader leases;
	struct binding_store_reader bindings;

	mobility->server = mobility_server_new(&options);
	if (!mobility->server)
		abort();
	leases = mobility_server_lease_reader(mobility->server);
	bindings = mobility_server_binding_reader(mobility->server);
	lease_store_model_load(mobility->process.store, &leases);
	if (binding_store_model_load(mobility->process.store, &bindings))
		abort();
	mobility_server_start(mobility->server, now, effects);
	mobility->outlet.came_up(mobility->outlet.context);
}

static void stop(void *context)
{
	struct mobility_process *mobility = context;

	mobility_server_free(mobility->server);
	mobility->server = NULL;
}

static void publish(void *context, const struct effect_publish *publish)
{
	struct mobility_process *mobility = context;
	struct instant now = simulated_process_now(&mobility->process);

	mobility_server_publish(mobility->server, publish, &now);
}

static void inject(void *context, const struct effect_inject *inject)
{
	struct mobility_process *mobility = context;

	mobility->outlet.inject(mobility->outlet.context, plane_of(&inject->route), inject);
}

static void send_out(void *context, const struct effect_send *send)
{
	struct mobility_process *mobility = context;

	mobility->outlet.send(mobility->outlet.context, send->channel, &send->to, send->message, send->octets);
}

static void turn_end(void *context, const struct instant *now)
{
	struct mobility_process *mobility = context;

	mobility_server_turn_end(mobility->server, now);
}

void mobility_process_start(struct mobility_process *mobility, struct virtual_time *time,
                            const struct settings *settings, struct host_key *host_key,
                            const struct mobility_outlet *outlet)
{
	static const struct store_model_port *const ports[] = {&lease_store_model, &billing_store_model,
	                                                       &binding_store_model};

	memset(mobility, 0, sizeof(*mobility));
	mobility->settings = settings;
	mobility->host_key = host_key;
	mobility->outlet = *outlet;
	mobility->process.name = "controlplane";
	mobility->process.time = time;
	mobility->process.restart_ms = 1500;
	mobility->process.body = (struct simulated_body){mobility, start, stop, publish, inject, send_out, turn_end};
	simulated_process_start(&mobility->process, ports, sizeof(ports) / sizeof(ports[0]));
}

void mobility_process_end(struct mobility_process *mobility)
{
	simulated_process_end(&mobility->process);
	host_key_free(mobility->host_key);
}

void mobility_process_punted(struct mobility_process *mobility, unsigned plane, uint8_t packet_class,
                             uint64_t received_unix_ms, const uint8_t *packet, size_t octets)
{
	const struct punt_route route = route_of(plane);
	const struct punt_up up = {
	        .kind = PUNT_PACKET,
	        .packet_class = packet_class,
	        .time_unix_ms = received_unix_ms,
	        .packet = {packet, octets},
	};
	struct instant now;
	struct effects *step = simulated_process_begin(&mobility->process, &now);

	if (!step)
		return;
	mobility_server_punted(mobility->server, &route, &up, &now, step);
	simulated_process_run(&mobility->process, step, &now);
}

void mobility_process_catch_up(struct mobility_process *mobility, unsigned plane, const struct wire_view *frames,
                               size_t count)
{
	const struct punt_route route = route_of(plane);
	struct instant now;
	struct effects *step = simulated_process_begin(&mobility->process, &now);

	if (!step)
		return;
	mobility_server_catch_up(mobility->server, &route, frames, count, &now);
	simulated_process_run(&mobility->process, step, &now);
}

void mobility_process_message(struct mobility_process *mobility, uint16_t channel, const struct endpoint *from,
                              const uint8_t *message, size_t octets)
{
	struct instant now;
	struct effects *step = simulated_process_begin(&mobility->process, &now);

	if (!step)
		return;
	mobility_server_datagram(mobility->server, channel, from, message, octets, &now, step);
	simulated_process_run(&mobility->process, step, &now);
}

void mobility_process_stream_failed(struct mobility_process *mobility, uint16_t channel, const struct endpoint *peer)
{
	struct instant now;
	struct effects *step = simulated_process_begin(&mobility->process, &now);

	if (!step)
		return;
	mobility_server_stream_failed(mobility->server, channel, peer, -ECONNRESET, &now, step);
	simulated_process_run(&mobility->process, step, &now);
}

const struct lease_model_tables *mobility_process_leases(const struct mobility_process *mobility)
{
	return store_model_tables(mobility->process.store, LEASE_STORE_PORT);
}

const struct binding_model_tables *mobility_process_bindings(const struct mobility_process *mobility)
{
	return store_model_tables(mobility->process.store, BINDING_STORE_PORT);
}
