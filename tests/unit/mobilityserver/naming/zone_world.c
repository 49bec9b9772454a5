// SPDX-License-Identifier: BSD-3-Clause
#include "zone_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner_marker.h"

enum { ONE_WAY_MS = 1, AAAA = 28, TXT = 16, HIP = 55, PTR = 12, START_MS = 1000000 };

static const uint64_t start_unix_ms = 1700000000000ull;

static struct wire_view view_of(const char *text)
{
	return (struct wire_view){(const uint8_t *)text, strlen(text)};
}

static void ended(void *context, uint64_t token, enum naming_outcome outcome, const char *detail,
                  const struct instant *now, struct effects *effects)
{
	struct zone_world *world = context;
	struct world_end *end = &world->ends[world->end_count++];

	(void)now;
	(void)effects;
	assert_true(world->end_count < WORLD_ENDS_MAX);
	end->token = token;
	end->outcome = outcome;
	snprintf(end->detail, sizeof(end->detail), "%s", detail);
}

static enum naming_wish wish(void *context, const char *fqdn, struct naming_request *wanted)
{
	struct zone_world *world = context;

	if (world->left_alone && strcmp(world->left_alone, fqdn) == 0)
		return NAMING_WISH_LEAVE;
	for (size_t i = 0; i < world->wish_count; i++) {
		if (strcmp(world->wishes[i].fqdn, fqdn) == 0) {
			*wanted = world->wishes[i];
			return NAMING_WISH_HOLD;
		}
	}
	return NAMING_WISH_NONE;
}

static bool next_wish(void *context, uint64_t *cursor, struct naming_request *wanted)
{
	struct zone_world *world = context;

	if (*cursor == world->wish_count)
		return false;
	*wanted = world->wishes[(*cursor)++];
	return true;
}

static void start_core(struct zone_world *world)
{
	struct naming_options options = {
	        .server = world->server_endpoint,
	        .forward_zone = FORWARD_ZONE,
	        .reverse_zone = REVERSE_ZONE,
	        .key = &world->key,
	        .owner_key = &world->owner_key,
	        .datagram_channel = DATAGRAM_CHANNEL,
	        .stream_channel = STREAM_CHANNEL,
	        .transfer_channel = TRANSFER_CHANNEL,
	        .outlet = {world, ended, wish, next_wish},
	        .timers = &world->wheel,
	        .randomness = &world->randomness.randomness,
	};

	world->core = naming_new(&options);
	assert_non_null(world->core);
}

struct zone_world *zone_world_new(void)
{
	struct zone_world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	strcpy(world->key.name, "kedge");
	secret_set(&world->key.secret, "kedge-rig-key-kedge-rig-key!!!!!", 32);
	secret_set(&world->owner_key, "owner-key-owner-key-owner-key-ow", 32);
	world->now = (struct instant){START_MS, start_unix_ms};
	assert_int_equal(endpoint_parse("[2001:db8:53::53]:53", &world->server_endpoint), 0);
	timer_wheel_start(&world->wheel, world->now.monotonic_ms);
	randomness_seeded_start(&world->randomness, 7);
	world->effects = effects_new();
	world->server = dns_model_new(&world->key, FORWARD_ZONE, REVERSE_ZONE);
	start_core(world);
	return world;
}

void zone_world_free(struct zone_world *world)
{
	naming_free(world->core);
	dns_model_free(world->server);
	effects_free(world->effects);
	for (size_t i = 0; i < world->packet_count; i++)
		free(world->packets[i].bytes);
	free(world);
}

void zone_world_restart(struct zone_world *world)
{
	naming_free(world->core);
	effects_clear(world->effects);
	start_core(world);
}

static void queue(struct zone_world *world, bool to_server, uint16_t channel, const uint8_t *bytes, size_t octets)
{
	struct world_packet *packet = &world->packets[world->packet_count++];

	assert_true(world->packet_count < WORLD_PACKETS_MAX);
	*packet =
	        (struct world_packet){world->now.monotonic_ms + ONE_WAY_MS, to_server, channel, octets, malloc(octets)};
	memcpy(packet->bytes, bytes, octets);
}

/* Performs what the core wanted. */
static void perform(struct zone_world *world)
{
	struct effect_send send;
	struct effect_log log;

	for (size_t i = 0; effects_log_at(world->effects, i, &log); i++) {
		size_t at = strlen(world->logs);

		snprintf(world->logs + at, sizeof(world->logs) - at, "%s\n", log.text);
	}
	for (size_t i = 0; effects_send_at(world->effects, i, &send); i++) {
		assert_true(endpoint_equal(&send.to, &world->server_endpoint));
		if (world->requests_lost) {
			world->requests_lost--;
			continue;
		}
		queue(world, true, send.channel, send.message, send.octets);
		if (world->duplicates && send.channel == DATAGRAM_CHANNEL)
			queue(world, true, send.channel, send.message, send.octets);
	}
	effects_clear(world->effects);
}

struct answer_route {
	struct zone_world *world;
	uint16_t channel;
};

static void answered(void *context, const uint8_t *bytes, size_t octets)
{
	const struct answer_route *route = context;

	queue(route->world, false, route->channel, bytes, octets);
}

static void deliver(struct zone_world *world, struct world_packet *packet)
{
	struct answer_route route = {world, packet->channel};
	bool is_stream = packet->channel != DATAGRAM_CHANNEL;

	if (is_stream && world->stream_broken) {
		naming_stream_failed(world->core, packet->channel, &world->server_endpoint, -111, &world->now,
		                     world->effects);
	} else if (packet->to_server) {
		dns_model_receive(world->server, packet->bytes, packet->octets, is_stream, world->now.unix_ms / 1000,
		                  answered, &route);
	} else {
		if (world->tamper)
			world->tamper(world, packet->bytes, packet->octets);
		if (is_stream)
			naming_stream_message(world->core, packet->channel, &world->server_endpoint, packet->bytes,
			                      packet->octets, &world->now, world->effects);
		else
			naming_datagram(world->core, packet->channel, &world->server_endpoint, packet->bytes,
			                packet->octets, &world->now, world->effects);
	}
	free(packet->bytes);
	perform(world);
}

static void advance_to(struct zone_world *world, uint64_t monotonic_ms)
{
	if (monotonic_ms <= world->now.monotonic_ms)
		return;
	world->now.unix_ms += monotonic_ms - world->now.monotonic_ms;
	world->now.monotonic_ms = monotonic_ms;
}

/* The next event up to `until_ms`; false when there is none. */
static bool step(struct zone_world *world, uint64_t until_ms)
{
	uint64_t timer_ms = timer_wheel_next_ms(&world->wheel);
	size_t first = 0;

	for (size_t i = 1; i < world->packet_count; i++) {
		if (world->packets[i].due_ms < world->packets[first].due_ms)
			first = i;
	}
	if (world->packet_count && world->packets[first].due_ms <= timer_ms &&
	    world->packets[first].due_ms <= until_ms) {
		struct world_packet packet = world->packets[first];

		world->packet_count--;
		memmove(&world->packets[first], &world->packets[first + 1],
		        (world->packet_count - first) * sizeof(packet));
		advance_to(world, packet.due_ms);
		deliver(world, &packet);
		return true;
	}
	if (timer_ms <= until_ms) {
		struct timer *timer;

		advance_to(world, timer_ms);
		timer = timer_wheel_pop(&world->wheel, world->now.monotonic_ms);
		if (timer) {
			timer->fire(timer, &world->now, world->effects);
			perform(world);
		}
		return true;
	}
	return false;
}

void zone_world_run(struct zone_world *world, uint64_t for_ms)
{
	uint64_t until_ms = world->now.monotonic_ms + for_ms;

	perform(world);
	while (step(world, until_ms))
		;
	advance_to(world, until_ms);
}

static const struct world_end *find_end(const struct zone_world *world, uint64_t token)
{
	for (size_t i = 0; i < world->end_count; i++) {
		if (world->ends[i].token == token)
			return &world->ends[i];
	}
	return NULL;
}

enum naming_outcome zone_world_outcome(struct zone_world *world, uint64_t token)
{
	uint64_t until_ms = world->now.monotonic_ms + 120000;

	perform(world);
	while (!find_end(world, token) && step(world, until_ms))
		;
	assert_non_null(find_end(world, token));
	return find_end(world, token)->outcome;
}

const char *zone_world_detail(const struct zone_world *world, uint64_t token)
{
	assert_non_null(find_end(world, token));
	return find_end(world, token)->detail;
}

/* A HIP record's data: an ECDSA key, and the rendezvous server ha.mob.example. */
static struct wire_view hip_data(void)
{
	static uint8_t rdata[128];
	static const uint8_t key[HIP_P256_OCTETS] = {1, 2, 3};
	struct wire_writer writer = wire_writer_of(rdata, sizeof(rdata));
	struct hip_rr rr = {
	        .hit = {0x20, 0x01, 0x00, 0x22, 5},
	        .key_algorithm = HIP_KEY_ECDSA,
	        .key = {key, sizeof(key)},
	        .rendezvous_servers = {(const uint8_t *)"\2ha\3mob\7example", 16},
	};

	hip_rr_write(&writer, &rr);
	return (struct wire_view){rdata, wire_written(&writer)};
}

struct naming_request zone_world_request(uint64_t token, enum naming_kind kind, const char *fqdn, unsigned int number,
                                         const char *owner)
{
	struct naming_request request = {
	        .token = token,
	        .kind = kind,
	        .fqdn = fqdn,
	        .hip_rdata = hip_data(),
	        .owner_id = view_of(owner),
	        .ttl_s = 600,
	};
	char address[64];

	snprintf(address, sizeof(address), "2001:db8:aa:%x::1", number);
	assert_int_equal(address_parse(address, &request.home_address), 0);
	return request;
}

void zone_world_apply(struct zone_world *world, const struct naming_request *request)
{
	assert_int_equal(naming_apply(world->core, request, &world->now, world->effects), 0);
	perform(world);
}

enum naming_outcome zone_world_do(struct zone_world *world, const struct naming_request *request)
{
	zone_world_apply(world, request);
	return zone_world_outcome(world, request->token);
}

const char *zone_world_reverse(const struct naming_request *request)
{
	static char name[80];
	char *at = name;

	for (int i = 15; i >= 0; i--)
		at += sprintf(at, "%x.%x.", request->home_address.s6_addr[i] & 15,
		              request->home_address.s6_addr[i] >> 4);
	strcpy(at, "ip6.arpa");
	return name;
}

static const char *marker_name(const struct naming_request *request)
{
	static char name[256];

	snprintf(name, sizeof(name), "_kedge.%s", request->fqdn);
	return name;
}

void zone_world_assert_stands(const struct zone_world *world, const struct naming_request *request)
{
	char marker[OWNER_MARKER_OCTETS];
	char text[512];
	char address[ENDPOINT_TEXT_OCTETS];

	owner_marker(&world->owner_key, request->owner_id.bytes, request->owner_id.octets, marker);
	assert_string_equal(dns_model_text(world->server, request->fqdn, AAAA),
	                    address_format(&request->home_address, address));
	snprintf(text, sizeof(text), "\"%s\"", marker);
	assert_string_equal(dns_model_text(world->server, marker_name(request), TXT), text);
	assert_int_equal(dns_model_count(world->server, request->fqdn, HIP), request->hip_rdata.octets ? 1 : 0);
	snprintf(text, sizeof(text), "%s.", request->fqdn);
	assert_string_equal(dns_model_text(world->server, zone_world_reverse(request), PTR), text);
}

void zone_world_assert_absent(const struct zone_world *world, const struct naming_request *request)
{
	assert_int_equal(dns_model_count(world->server, request->fqdn, 0), 0);
	assert_int_equal(dns_model_count(world->server, marker_name(request), 0), 0);
	assert_int_equal(dns_model_count(world->server, zone_world_reverse(request), 0), 0);
}
