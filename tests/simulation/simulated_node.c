// SPDX-License-Identifier: BSD-3-Clause
#include "simulated_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip.h"
#include "mobility_header.h"
#include "pana.h"

enum { RESTART_MS = 3000, PANA_CHANNEL = 1, BINDING_LIFETIME_S = 400, HOP_LIMIT = 64, HOME_LINK = 9 };

/* --- what it asks of the machine --- */

static int store(void *context, const struct sealed_state *state)
{
	struct simulated_node *node = context;
	bool is_new = state->spi != node->spi;
	int result;

	if (!simulated_process_survives(&node->process))
		return -EIO;
	if (node->disk_failures) {
		node->disk_failures--;
		result = -ENOSPC;
	} else {
		result = sealed_state_seal(node->card->usim, &node->process.randomness.randomness, state, node->disk,
		                           &node->disk_octets);
	}
	memcpy(node->fqdn, state->fqdn, sizeof(node->fqdn));
	node->home_address = state->home_address;
	node->spi = state->spi;
	node->is_granted = state->spi != 0;
	if (is_new && state->spi) {
		node->needs_approval = false;
		node->outlet.granted(node->outlet.context, node);
	}
	return result;
}

static void home(void *context, const struct in6_addr *home_address, unsigned prefix_length,
                 const struct in6_addr *home_agent)
{
	struct simulated_node *node = context;

	(void)prefix_length;
	(void)home_agent;
	node->home_address = *home_address;
}

static void place(void *context, const struct movement_place *at)
{
	(void)context;
	(void)at;
}

static void bound(void *context, bool is_bound)
{
	struct simulated_node *node = context;

	node->is_tunnelling = is_bound;
	if (is_bound)
		node->outlet.bound(node->outlet.context, node);
}

static void send_packet(void *context, struct wire_view packet)
{
	struct simulated_node *node = context;

	if (simulated_process_survives(&node->process))
		node->outlet.transmit(node->outlet.context, packet.bytes, packet.octets);
}

static void state_changed(void *context, enum mobilenode_state state)
{
	(void)context;
	(void)state;
}

/* --- its process --- */

static void tell_place(struct simulated_node *node, const struct instant *now, struct effects *effects)
{
	mobilenode_places(node->mobilenode, &node->place, node->has_place, now, effects);
}

static void start(void *context, const struct instant *now, struct effects *effects)
{
	struct simulated_node *node = context;
	const struct mobilenode_port port = {node, store, home, place, bound, send_packet, state_changed};
	struct sealed_state state;

	if (sealed_state_unseal(node->card->usim, (struct wire_view){node->disk, node->disk_octets}, &state) ||
	    mobilenode_new(&node->settings, node->card->usim, &state, &port, &node->process.randomness.randomness,
	                   &node->process.timers, &node->mobilenode))
		abort();
	node->spi = state.spi;
	node->is_granted = state.spi != 0;
	sealed_state_wipe(&state);
	mobilenode_start(node->mobilenode, now, effects);
	tell_place(node, now, effects);
}

static void stop(void *context)
{
	struct simulated_node *node = context;

	mobilenode_free(node->mobilenode);
	node->mobilenode = NULL;
	node->is_tunnelling = false;
}

static void send_out(void *context, const struct effect_send *effect)
{
	struct simulated_node *node = context;
	uint8_t packet[NODE_PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	const struct udp_datagram datagram = {
	        .source = node->place.address,
	        .source_port = node->port,
	        .destination = effect->to.address,
	        .destination_port = effect->to.port,
	        .payload = {effect->message, effect->octets},
	};

	if (node->has_place)
		node->outlet.transmit(node->outlet.context, packet, udp_packet_write(&writer, &datagram, HOP_LIMIT));
}

static void no_publish(void *context, const struct effect_publish *publish)
{
	struct simulated_node *node = context;

	(void)publish;
	node->outlet.broken(node->outlet.context, "a node publishes");
}

static void no_inject(void *context, const struct effect_inject *inject)
{
	struct simulated_node *node = context;

	(void)inject;
	node->outlet.broken(node->outlet.context, "a node injects");
}

/* A device that was installed anew cannot know that the link it is on is its home link (B-50). */
static bool is_stranger_at_home(const struct simulated_node *node, const char *text)
{
	return node->place.interface == HOME_LINK && strstr(text, "care-of prefix");
}

/* What a node of this world never has to say: its requests are well-formed, its server is the pinned one. */
static void logged(void *context, const char *process, const char *subsystem, const char *text)
{
	static const char *const impossible[] = {"status 200 ", "status 201 ", "B-50", "B-51", "B-34"};
	struct simulated_node *node = context;

	node->outlet.logged(node->outlet.context, process, subsystem, text);
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		if (strstr(text, impossible[i]) && !is_stranger_at_home(node, text))
			node->outlet.broken(node->outlet.context, text);
	}
	if (strcmp(text, "the session is authenticated again") == 0)
		node->reauthentications++;
	if (strstr(text, "status 211 "))
		node->needs_approval = true;
}

/* --- what comes in --- */

static void pana_received(struct simulated_node *node, const struct ip_packet *packet)
{
	struct endpoint from = {0};
	struct udp_datagram datagram;
	struct instant now;
	struct effects *step;

	if (udp_datagram_read(packet, &datagram) || datagram.destination_port != node->port)
		return;
	from.address = datagram.source;
	from.port = datagram.source_port;
	step = simulated_process_begin(&node->process, &now);
	mobilenode_datagram(node->mobilenode, PANA_CHANNEL, &from, datagram.payload.bytes, datagram.payload.octets,
	                    &now, step);
	simulated_process_run(&node->process, step, &now);
}

static void mobility_received(struct simulated_node *node, const struct ip_packet *packet, struct wire_view octets)
{
	struct mobility_header header;
	struct instant now;
	struct effects *step;

	if (mobility_header_read(packet->payload.bytes, packet->payload.octets, &header) == 0 &&
	    header.type == MOBILITY_BINDING_ACKNOWLEDGEMENT)
		node->acknowledged = header.binding_acknowledgement.sequence;
	step = simulated_process_begin(&node->process, &now);
	mobilenode_mobility(node->mobilenode, octets, &now, step);
	simulated_process_run(&node->process, step, &now);
}

bool simulated_node_is_at(const struct simulated_node *node, const struct in6_addr *address)
{
	return node->has_place && (in6_is_equal(&node->place.address, address) ||
	                           (node->place.interface == HOME_LINK && in6_is_equal(&node->home_address, address)));
}

void simulated_node_receive(struct simulated_node *node, const uint8_t *bytes, size_t octets)
{
	struct ip_packet packet;

	if (!node->mobilenode || ip_packet_read(bytes, octets, &packet) ||
	    !simulated_node_is_at(node, &packet.destination))
		return;
	if (packet.protocol == NEXT_HEADER_UDP)
		pana_received(node, &packet);
	else
		mobility_received(node, &packet, (struct wire_view){bytes, octets});
}

/* --- its life --- */

/* A P-256 pair, as PKCS#8 without the public part. */
struct host_key *simulated_host_key(struct virtual_time *time)
{
	static const uint8_t head[] = {0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
	                               0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
	                               0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20};
	uint8_t der[sizeof(head) + 32];
	struct host_key *key;

	memcpy(der, head, sizeof(head));
	randomness_fill(&time->dice.randomness, der + sizeof(head), 32);
	der[sizeof(head)] &= 0x7f; /* below the order of the group */
	if (host_key_from_der((struct wire_view){der, sizeof(der)}, &key))
		abort();
	return key;
}

static void install(struct simulated_node *node)
{
	struct virtual_time *time = node->process.time;
	struct host_key *key = simulated_host_key(time);
	struct sealed_state state = {0};

	if (host_key_to_der(key, state.host_key_der, &state.host_key_octets) ||
	    sealed_state_seal(node->card->usim, &time->dice.randomness, &state, node->disk, &node->disk_octets))
		abort();
	host_key_free(key);
	node->spi = 0;
	node->is_granted = false;
}

void simulated_node_install(struct simulated_node *node)
{
	bool was_on = node->is_on;

	simulated_node_off(node, false);
	install(node);
	if (was_on)
		simulated_node_on(node);
}

void simulated_node_start(struct simulated_node *node, struct virtual_time *time, uint32_t number,
                          const struct in6_addr *server, const char *paa_id)
{
	struct mobilenode_settings *settings = &node->settings;

	node->port = (uint16_t)(50000 + number);
	node->process.name = node->name;
	node->process.time = time;
	node->process.restart_ms = RESTART_MS;
	node->process.body = (struct simulated_body){node, start, stop, no_publish, no_inject, send_out, NULL};
	node->process.logged = logged;
	node->process.log_context = node;
	snprintf(settings->eap.network_name, sizeof(settings->eap.network_name), "kedge:%s", paa_id);
	settings->pana = (struct pana_client_settings){
	        .channel = PANA_CHANNEL,
	        .paa = {.address = *server, .port = PANA_UDP_PORT},
	        .vendor = NODE_VENDOR,
	        .capabilities = PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_RFC4285 | PANA_CAPABILITY_POP,
	};
	settings->bootstrap.vendor = NODE_VENDOR;
	snprintf(settings->bootstrap.paa_id, sizeof(settings->bootstrap.paa_id), "%s", paa_id);
	settings->bootstrap.wish.services = PANA_CAPABILITY_MIP6;
	settings->bootstrap.wish.with_shared_secret = virtual_chance(time, 50);
	settings->binding_lifetime_s = BINDING_LIFETIME_S;
	simulated_node_move(node, 1);
	install(node);
}

void simulated_node_end(struct simulated_node *node)
{
	simulated_process_end(&node->process);
}

void simulated_node_on(struct simulated_node *node)
{
	if (node->is_on)
		return;
	node->is_on = true;
	if (!node->process.store)
		simulated_process_start(&node->process, NULL, 0);
	else
		simulated_process_resume(&node->process);
}

void simulated_node_off(struct simulated_node *node, bool takes_leave)
{
	struct instant now;
	struct effects *step;

	node->is_on = false;
	if (takes_leave && node->mobilenode) {
		step = simulated_process_begin(&node->process, &now);
		mobilenode_leave(node->mobilenode, &now, step);
		simulated_process_run(&node->process, step, &now);
	}
	if (node->process.store)
		simulated_process_stop(&node->process);
}

void simulated_node_crash(struct simulated_node *node, uint32_t at_effect)
{
	if (!node->mobilenode)
		return;
	if (at_effect)
		node->process.effects_left = at_effect;
	else
		simulated_process_kill(&node->process);
}

static void attach(struct simulated_node *node, uint32_t network, const struct in6_addr *address)
{
	struct instant now;
	struct effects *step;

	node->has_place = network != 0;
	node->place = (struct movement_place){.interface = network, .address = *address, .prefix_length = 64};
	snprintf(node->place.name, sizeof(node->place.name), "net%u", network);
	if (!node->mobilenode)
		return;
	step = simulated_process_begin(&node->process, &now);
	tell_place(node, &now, step);
	simulated_process_run(&node->process, step, &now);
}

void simulated_node_move(struct simulated_node *node, uint32_t network)
{
	struct in6_addr address;
	char text[64];

	snprintf(text, sizeof(text), "2001:db8:c%u::%x", network, node->port);
	if (address_parse(text, &address))
		abort();
	attach(node, network, &address);
}

void simulated_node_go_home(struct simulated_node *node)
{
	struct in6_addr address = node->home_address;

	if (!node->is_granted)
		return;
	address.s6_addr[15] ^= 0x55;
	attach(node, HOME_LINK, &address);
}

void simulated_node_ask_again(struct simulated_node *node)
{
	struct instant now;
	struct effects *step;

	if (!node->mobilenode)
		return;
	step = simulated_process_begin(&node->process, &now);
	mobilenode_wish(node->mobilenode, &node->settings.bootstrap.wish, &now, step);
	simulated_process_run(&node->process, step, &now);
}

void simulated_node_wish(struct simulated_node *node, const char *name)
{
	struct bootstrap_wish *wish = &node->settings.bootstrap.wish;

	snprintf(wish->fqdn, sizeof(wish->fqdn), "%s", name);
	simulated_node_ask_again(node);
}

bool simulated_node_is_at_rest(const struct simulated_node *node)
{
	return node->mobilenode && mobilenode_state(node->mobilenode) == MOBILENODE_BOUND;
}
