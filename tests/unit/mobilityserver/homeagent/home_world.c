// SPDX-License-Identifier: BSD-3-Clause
#include "home_world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "ip.h"
#include "pana.h"
#include "rfc4285_mac.h"
#include "vectors.h"

static const struct home_agent_prefix home_prefixes[] = {
        {.address = {{{0x20, 0x01, 0x0d, 0xb8, 0, 0xaa}}}, .length = 48}};
static const struct home_agent_prefix closed_prefixes[] = {
        {.address = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}}, .length = 64},            /* service addresses */
        {.address = {{{0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1}}}, .length = 128}, /* another home agent */
};

struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

/* --- executor's backend --- */

static void store(void *context, const struct effects *step)
{
	store_model_submit(((struct home_world *)context)->store, step);
}

static void publish(void *context, const struct effect_publish *effect)
{
	struct home_world *world = context;

	world->published++;
	bindings_publish(world->bindings, effect, &world->now);
}

static void inject(void *context, const struct effect_inject *effect)
{
	struct home_world *world = context;
	struct injected *injected = &world->injected[world->injected_count++];

	assert_true(world->injected_count <= WORLD_INJECTED_MAX && effect->octets <= sizeof(injected->packet));
	assert_int_equal(effect->route.octets, 2);
	injected->shard = effect->shard;
	injected->not_before = effect->not_before;
	injected->octets = effect->octets;
	memcpy(injected->packet, effect->packet, effect->octets);
	world->published_at_injection = world->published;
}

static void no_send(void *context, const struct effect_send *effect)
{
	(void)context;
	(void)effect;
	fail_msg("the home agent has no socket");
}

static void no_query(void *context, const struct effect_query *effect)
{
	(void)context;
	(void)effect;
	fail_msg("the home agent asks nobody");
}

static void no_log(void *context, const struct effect_log *effect)
{
	(void)context;
	(void)effect;
}

/* --- outlets --- */

static struct binding_key key_of(const struct in6_addr *address, uint8_t length)
{
	struct binding_key key = {.length = length};

	memcpy(key.octets, address, sizeof(key.octets));
	return key;
}

static int check(void *context, const struct home_agent_binding *binding)
{
	struct binding_key key = key_of(&binding->key, binding->prefix_length);

	return bindings_check(((struct home_world *)context)->bindings, &key, binding->subscriber);
}

static struct binding_version bind_it(void *context, const struct home_agent_binding *binding,
                                      const struct instant *now, struct effects *effects, uint8_t *shard)
{
	const struct binding_change change = {
	        .key = key_of(&binding->key, binding->prefix_length),
	        .subscriber = binding->subscriber,
	        .shard = subscriber_shard(binding->subscriber),
	        .tunnel_kind = IN6_IS_ADDR_V4MAPPED(&binding->care_of_address) ? FEED_TUNNEL_IP6_IN_UDP4
	                                                                       : FEED_TUNNEL_IP6_IN_IP6,
	        .port = binding->port,
	        .inner_mtu_bytes = binding->inner_mtu_bytes,
	        .flags = FEED_FLAG_CARE_OF_UNVERIFIED,
	        .care_of_address = binding->care_of_address,
	        .expiry = binding->until,
	        .up = {.octets_per_s = binding->ambr.up_bps / 8, .burst_octets = binding->ambr.up_bps ? 1500 : 0},
	        .down = {.octets_per_s = binding->ambr.down_bps / 8, .burst_octets = binding->ambr.down_bps ? 1500 : 0},
	};

	*shard = change.shard;
	return bindings_set(((struct home_world *)context)->bindings, &change, now, effects);
}

static struct binding_version unbind_it(void *context, const struct in6_addr *address, uint8_t prefix_length,
                                        const struct instant *now, struct effects *effects, uint8_t *shard)
{
	struct home_world *world = context;
	struct binding_key key = key_of(address, prefix_length);
	struct binding_view view;

	*shard = bindings_find(world->bindings, &key, &view) ? view.row->shard : 0;
	return bindings_withdraw(world->bindings, &key, now, effects);
}

static void feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	(void)context;
	(void)frames;
	(void)count;
}

static void feed_welcome(void *context, struct wire_view frame)
{
	(void)context;
	(void)frame;
}

static void catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	(void)context;
	(void)peer;
	(void)frames;
	(void)count;
}

static void expired(void *context, const struct binding_key *key, const struct instant *now, struct effects *effects)
{
	struct in6_addr address;

	memcpy(&address, key->octets, sizeof(address));
	home_agent_expired(((struct home_world *)context)->agent, &address, key->length, now, effects);
}

/* --- power --- */

static void power_on(struct home_world *world)
{
	const struct executor_backend backend = {world, store, publish, inject, no_send, no_query, no_log};
	const struct bindings_options bindings = {
	        .epoch = ++world->epoch,
	        .history_changes = 100,
	        .bindings_max = 3,
	        .timers = &world->timers,
	        .outlet = {world, feed_frames, feed_welcome, catch_up_send, expired},
	};
	const struct binding_store_reader reader = {NULL, home_agent_load_association, home_agent_load_binding};
	struct binding_store_reader reads = reader;
	struct effects *step;

	timer_wheel_start(&world->timers, world->now.monotonic_ms);
	world->executor = executor_new(&backend);
	world->bindings = bindings_new(&bindings);
	world->agent = home_agent_new(&world->options);
	reads.context = world->agent;
	assert_int_equal(binding_store_model_load(world->store, &reads), 0);
	step = executor_begin(world->executor);
	home_agent_start(world->agent, &world->now, step);
	executor_run(world->executor, step, &world->now);
	bindings_serve(world->bindings, &world->now);
	world_commit(world);
}

static void power_off(struct home_world *world)
{
	store_model_crash(world->store);
	home_agent_free(world->agent);
	bindings_free(world->bindings);
	executor_free(world->executor);
}

void world_start(struct home_world *world)
{
	static const struct store_model_port *const ports[] = {&binding_store_model};

	memset(world, 0, sizeof(*world));
	world->now = (struct instant){.monotonic_ms = 5000, .unix_ms = 1700000000000};
	world->random = randomness_seeded_start(&world->seeded, 7);
	world->store = store_model_new(ports, 1);
	world->options = (struct home_agent_options){
	        .home_prefixes = home_prefixes,
	        .home_prefix_count = 1,
	        .closed_prefixes = closed_prefixes,
	        .closed_prefix_count = 2,
	        .lifetime_max_s = 3600,
	        .link_mtu_bytes = 1500,
	        .nat_permitted = true,
	        .timers = &world->timers,
	        .randomness = world->random,
	        .outlet = {world, check, bind_it, unbind_it},
	};
	power_on(world);
}

void world_end(struct home_world *world)
{
	power_off(world);
	store_model_free(world->store);
}

void world_restart(struct home_world *world)
{
	power_off(world);
	world->injected_count = 0;
	world->now.monotonic_ms = 100000; /* a monotonic clock starts anywhere */
	power_on(world);
}

void world_commit(struct home_world *world)
{
	int result;

	while (store_model_commit(world->store, &result))
		executor_stored(world->executor, result, &world->now);
}

static void settle(struct home_world *world)
{
	if (!world->holds)
		world_commit(world);
	bindings_turn_end(world->bindings, &world->now);
}

void world_pass(struct home_world *world, uint64_t ms)
{
	struct timer *timer;

	world->now.monotonic_ms += ms;
	world->now.unix_ms += ms;
	while ((timer = timer_wheel_pop(&world->timers, world->now.monotonic_ms))) {
		struct effects *step = executor_begin(world->executor);

		timer->fire(timer, &world->now, step);
		executor_run(world->executor, step, &world->now);
		settle(world);
	}
}

/* --- nodes --- */

struct node node_of(unsigned number)
{
	static const uint8_t octets[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static const char *const subscribers[] = {"as/001010000000001", "as/001010000000002", "as/001010000000003",
	                                          "as/001010000000004"};
	static const char *const nais[] = {"matti@sonera.example", "maija@sonera.example", "kalle@sonera.example",
	                                   "liisa@sonera.example"};
	struct node node = {.spi = 0x1000 + number,
	                    .subscriber = subscribers[number],
	                    .nai = nais[number],
	                    .services = PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_DSMIP6};

	secret_set(&node.key, octets, sizeof(octets));
	secret_fill(&node.key, sizeof(octets))[0] = (uint8_t)number;
	node.home_address = address_of("2001:db8:aa:7::1234");
	node.home_address.s6_addr[7] = (uint8_t)(7 + number);
	node.care_of_address = address_of("2001:db8:c::77");
	return node;
}

int world_associate(struct home_world *world, const struct node *node, uint32_t lifetime_s)
{
	struct home_agent_association association = {
	        .spi = node->spi,
	        .key = node->key,
	        .home_address = node->home_address,
	        .prefix_length = 64,
	        .home_agent_address = address_of(HOME_AGENT_ADDRESS),
	        .lifetime_s = lifetime_s,
	        .nai = node->nai,
	        .subscriber = node->subscriber,
	        .session = node->session,
	        .host_identity_digest = {node->device},
	        .ambr = node->ambr,
	        .services = node->services,
	};
	struct effects *step = executor_begin(world->executor);
	int result = home_agent_associate(world->agent, &association, &world->now, step);

	executor_run(world->executor, step, &world->now);
	settle(world);
	return result;
}

void world_revoke(struct home_world *world, const char *subscriber)
{
	struct effects *step = executor_begin(world->executor);

	home_agent_revoke(world->agent, subscriber, &world->now, step);
	executor_run(world->executor, step, &world->now);
	settle(world);
}

void world_set_ambr(struct home_world *world, const struct node *node, uint64_t down_bps, uint64_t up_bps)
{
	const struct session_ambr ambr = {down_bps, up_bps};
	struct effects *step = executor_begin(world->executor);

	home_agent_set_ambr(world->agent, node->subscriber, &ambr, &world->now, step);
	executor_run(world->executor, step, &world->now);
	settle(world);
}

void assert_rates(struct home_world *world, const struct node *node, uint64_t down_bps, uint64_t up_bps)
{
	struct binding_view view;

	assert_true(world_bound(world, node, &view));
	assert_int_equal(view.rates ? view.rates->down.octets_per_s * 8 : 0, down_bps);
	assert_int_equal(view.rates ? view.rates->up.octets_per_s * 8 : 0, up_bps);
}

void world_session_ended(struct home_world *world, const struct node *node, uint64_t session)
{
	struct effects *step = executor_begin(world->executor);

	home_agent_session_ended(world->agent, node->subscriber, session, &world->now, step);
	executor_run(world->executor, step, &world->now);
	settle(world);
}

static void fill_options(const struct node *node, const struct update *update, struct mobility_options *options)
{
	static const uint8_t ipv4[] = {0, 0, 192, 0, 2, 7};

	options->identifier_subtype = MOBILITY_IDENTIFIER_NAI;
	options->identifier = (struct wire_view){(const uint8_t *)node->nai, strlen(node->nai)};
	options->authentication_subtype =
	        update->authentication_subtype ? update->authentication_subtype : MOBILITY_AUTHENTICATION_MN_HA;
	options->authentication_spi = node->spi;
	memcpy(options->alternate_care_of_address, &update->alternate, 16);
	options->ipv4_care_of_address = (struct wire_view){ipv4, sizeof(ipv4)};
	options->present = MOBILITY_HAS_NODE_IDENTIFIER | MOBILITY_HAS_AUTHENTICATION;
	if (update->with_alternate)
		options->present |= MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS;
	if (update->ipv4_home_address) {
		options->ipv4_home_address = (struct wire_view){update->ipv4_home_address, 6};
		options->present |= MOBILITY_HAS_IPV4_HOME_ADDRESS;
	}
	if (update->with_ipv4 || (update->udp_source && !update->without_ipv4))
		options->present |= MOBILITY_HAS_IPV4_CARE_OF_ADDRESS;
	if (update->with_timestamp)
		options->present |= MOBILITY_HAS_TIMESTAMP;
	options->timestamp = update->timestamp;
	if (update->with_nonce_indices)
		options->present |= MOBILITY_HAS_NONCE_INDICES;
	if (update->without_authentication)
		options->present &= ~(uint32_t)MOBILITY_HAS_AUTHENTICATION;
	if (update->without_nai)
		options->present &= ~(uint32_t)MOBILITY_HAS_NODE_IDENTIFIER;
}

/* From an IPv4 network: the packet with UDP and IPv4 headers around it. */
static size_t wrap_in_udp(const struct update *update, uint8_t *octets, size_t length, size_t capacity)
{
	uint8_t inner[512];
	struct wire_writer writer = wire_writer_of(octets, capacity);
	const struct udp_datagram datagram = {
	        .source = address_of(update->udp_source),
	        .destination = address_of(IPV4_HOME_AGENT_ADDRESS),
	        .source_port = update->udp_port,
	        .destination_port = UDP_PORT_DSMIPV6,
	        .payload = {inner, length},
	};

	memcpy(inner, octets, length);
	return udp_packet_write(&writer, &datagram, 64);
}

size_t update_packet(const struct node *node, const struct update *update, uint8_t *octets, size_t capacity)
{
	bool from_home_address = update->at_home || update->udp_source;
	uint8_t message[256] = {0};
	uint8_t authenticator[MOBILITY_MAC_OCTETS] = {0};
	struct in6_addr care_of_address;
	struct mobility_packet packet = {
	        .source = from_home_address ? node->home_address : node->care_of_address,
	        .destination = address_of(update->home_agent ? update->home_agent : HOME_AGENT_ADDRESS),
	        .has_home_address = !from_home_address || update->with_home_address,
	        .home_address = node->home_address,
	};
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_UPDATE,
	        .binding_update = {.sequence = update->sequence,
	                           .flags = update->flags ? update->flags
	                                                  : MOBILITY_FLAG_ACKNOWLEDGE | MOBILITY_FLAG_HOME_REGISTRATION,
	                           .lifetime_units = update->lifetime_units},
	};
	struct wire_writer writer = wire_writer_of(octets, capacity);
	size_t length;

	fill_options(node, update, &header.options);
	length = mobility_header_write(message, sizeof(message), &header);
	assert_true(length > 0);
	mobility_care_of_address(&header.options, packet.source.s6_addr, care_of_address.s6_addr);
	if (!update->without_authentication)
		rfc4285_mac_compute(&node->key, &care_of_address, &node->home_address, message,
		                    header.authenticator_offset, authenticator);
	authenticator[3] ^= update->wrong_mac;
	mobility_header_finish(message, length, &header, authenticator, node->home_address.s6_addr,
	                       packet.destination.s6_addr);
	if (update->option_behind) { /* an option of type 200 */
		message[1]++;
		message[length] = 200;
		message[length + 1] = 6;
		length += 8;
	}
	packet.message = (struct wire_view){message, length};
	length = mobility_packet_write(&writer, &packet);
	assert_true(length > 0);
	octets[length - 1] ^= update->wrong_checksum;
	return update->udp_source ? wrap_in_udp(update, octets, length, capacity) : length;
}

void world_send_octets(struct home_world *world, const uint8_t *packet, size_t octets)
{
	const struct punt_route route = {.octets = 2, .identity = {'d', '1'}};
	struct effects *step = executor_begin(world->executor);

	home_agent_packet(world->agent, &route, (struct wire_view){packet, octets}, &world->now, step);
	executor_run(world->executor, step, &world->now);
	settle(world);
}

void world_send(struct home_world *world, const struct node *node, const struct update *update)
{
	uint8_t packet[512];

	world_send_octets(world, packet, update_packet(node, update, packet, sizeof(packet)));
}

static struct injected take_injected(struct home_world *world)
{
	struct injected injected = world->injected[0];

	assert_true(world->injected_count > 0);
	memmove(world->injected, world->injected + 1, --world->injected_count * sizeof(injected));
	return injected;
}

struct acknowledged world_acknowledged(struct home_world *world, const struct node *node)
{
	struct injected injected = take_injected(world);
	struct ip_packet packet;
	struct mobility_header header;
	struct in6_addr home_agent = address_of(HOME_AGENT_ADDRESS);
	struct acknowledged acknowledged;
	struct in6_addr ipv4_home_agent = address_of(IPV4_HOME_AGENT_ADDRESS);
	struct udp_datagram datagram = {0};

	assert_int_equal(ip_packet_read(injected.packet, injected.octets, &packet), 0);
	if (packet.version == 4) {
		assert_int_equal(udp_datagram_read(&packet, &datagram), 0);
		assert_true(in6_is_equal(&datagram.source, &ipv4_home_agent));
		assert_int_equal(datagram.source_port, UDP_PORT_DSMIPV6);
		assert_int_equal(ip_packet_read(datagram.payload.bytes, datagram.payload.octets, &packet), 0);
		assert_true(in6_is_equal(&packet.destination, &node->home_address));
		assert_false(packet.has_routing_home_address); /* M-20 */
	}
	assert_true(in6_is_equal(&packet.source, &home_agent));
	assert_int_equal(packet.protocol, NEXT_HEADER_MOBILITY);
	assert_true(ip_packet_checksum_is_right(&packet));
	if (packet.has_routing_home_address)
		assert_true(in6_is_equal(&packet.routing_home_address, &node->home_address));
	assert_int_equal(mobility_header_read(packet.payload.bytes, packet.payload.octets, &header), 0);
	assert_int_equal(header.type, MOBILITY_BINDING_ACKNOWLEDGEMENT);
	assert_false(header.binding_acknowledgement.key_management);
	assert_true(header.authentication_is_last);
	assert_int_equal((header.authenticator_offset - 7) % 8, 5);
	assert_int_equal(header.options.authentication_spi, node->spi);
	assert_octets(header.options.identifier.bytes, header.options.identifier.octets, node->nai, strlen(node->nai));
	assert_int_equal(header.options.authenticator.octets, RFC4285_MAC_OCTETS);
	assert_true(rfc4285_mac_verify(&node->key,
	                               IN6_IS_ADDR_UNSPECIFIED(&node->mac_care_of_address) ? &packet.destination
	                                                                                   : &node->mac_care_of_address,
	                               &node->home_address, packet.payload.bytes, header.authenticator_offset,
	                               header.options.authenticator.bytes));
	assert_false(header.options.present & MOBILITY_HAS_REFRESH_ADVICE);
	assert_int_equal(!datagram.destination_port, !(header.options.present & MOBILITY_HAS_NAT_DETECTION));
	acknowledged = (struct acknowledged){
	        .status = header.binding_acknowledgement.status,
	        .sequence = header.binding_acknowledgement.sequence,
	        .lifetime_units = header.binding_acknowledgement.lifetime_units,
	        .destination = packet.destination,
	        .has_routing_header = packet.has_routing_home_address,
	        .not_before = injected.not_before,
	        .shard = injected.shard,
	        .has_timestamp = header.options.present & MOBILITY_HAS_TIMESTAMP,
	        .timestamp = header.options.timestamp,
	        .octets = packet.payload.octets,
	        .port = datagram.destination_port,
	        .outer_destination = datagram.destination,
	        .nat_flags = datagram.destination_port ? (uint16_t)(header.options.nat_detection.bytes[0] << 8) : 0,
	        .nat_refresh_s = datagram.destination_port ? wire_load_u32(header.options.nat_detection.bytes + 2) : 0,
	        .ipv4_status = header.options.present & MOBILITY_HAS_IPV4_ACKNOWLEDGEMENT
	                               ? header.options.ipv4_acknowledgement.bytes[0]
	                               : 0,
	};
	assert_in_range(acknowledged.octets, 1, sizeof(acknowledged.message));
	memcpy(acknowledged.message, packet.payload.bytes, acknowledged.octets);
	return acknowledged;
}

void world_assert_silence(struct home_world *world)
{
	assert_int_equal(world->injected_count, 0);
}

struct acknowledged world_exchange(struct home_world *world, const struct node *node, const struct update *update,
                                   uint8_t status)
{
	struct acknowledged acknowledged;

	world_send(world, node, update);
	acknowledged = world_acknowledged(world, node);
	assert_int_equal(acknowledged.status, status);
	world_assert_silence(world);
	return acknowledged;
}

bool world_bound(struct home_world *world, const struct node *node, struct binding_view *view)
{
	struct in6_addr masked = node->home_address;
	struct binding_key key;

	in6_mask(&masked, 64);
	key = key_of(&masked, 64);
	return bindings_find(world->bindings, &key, view);
}

void assert_bound_to(struct home_world *world, const struct node *node, const char *care_of_address)
{
	struct in6_addr expected;
	struct binding_view view;

	if (!care_of_address) {
		assert_false(world_bound(world, node, &view));
		return;
	}
	expected = address_of(care_of_address);
	assert_true(world_bound(world, node, &view));
	assert_octets(view.row->care_of_address, 16, &expected, 16);
}
