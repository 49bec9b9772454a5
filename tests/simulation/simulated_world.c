// SPDX-License-Identifier: BSD-3-Clause
#include "simulated_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "ip.h"
#include "software_usim.h"

#define PAA_ID          "ha.mob.example"
#define FORWARD_ZONE    "mob.example"
#define REVERSE_ZONE    "a.a.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
#define SERVICE_ADDRESS "2001:db8:1::1"

enum {
	LINK_MS = 10,
	LATE_MS_MAX = 300,
	CORE_MS = 1, /* inside the home network */
	FEED_MS = 2,
	IPV6_SOURCE_OFFSET = 8,
};

void simulated_world_break(struct simulated_world *world, const char *format, ...)
{
	va_list arguments;
	int octets;

	if (world->broken[0])
		return;
	octets = snprintf(world->broken, sizeof(world->broken), "at %llu ms: ", (unsigned long long)world->time.now_ms);
	va_start(arguments, format);
	vsnprintf(world->broken + octets, sizeof(world->broken) - (size_t)octets, format, arguments);
	va_end(arguments);
}

static void broken(void *context, const char *what)
{
	simulated_world_break(context, "%s", what);
}

__attribute__((format(printf, 2, 3))) static void tell(struct simulated_world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->tells)
		return;
	printf("%10llu  ", (unsigned long long)world->time.now_ms);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void logged(void *context, const char *process, const char *subsystem, const char *text)
{
	tell(context, "%s: %s: %s", process, subsystem, text);
}

/* The network */

/* Sends octets through the weather: they arrive once, twice, late or never. */
static void through_weather(struct simulated_world *world, uint64_t delay_ms, virtual_event *event, uint64_t number,
                            const void *bytes, size_t octets)
{
	struct virtual_time *time = &world->time;
	uint32_t copies = virtual_chance(time, world->weather.doubled) ? 2 : 1;

	if (virtual_chance(time, world->weather.lost))
		return;
	for (uint32_t i = 0; i < copies; i++) {
		uint64_t late_ms = virtual_chance(time, world->weather.late) ? virtual_roll(time, LATE_MS_MAX) : 0;

		virtual_time_schedule(time, delay_ms + late_ms, event, world, number, bytes, octets);
	}
}

/* Node → data plane → mobility server. */

static void punted(void *context, uint64_t number, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct instant now = simulated_process_now(&world->mobility.process);

	mobility_process_punted(&world->mobility, (unsigned)(number >> 8), (uint8_t)number, now.unix_ms, bytes, octets);
}

static void arrived_at_plane(void *context, uint64_t plane, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct ip_packet packet;
	uint8_t packet_class;

	if (ip_packet_read(bytes, octets, &packet))
		return;
	packet_class = packet.protocol == NEXT_HEADER_UDP ? PUNT_CLASS_PANA : PUNT_CLASS_MOBILITY_HEADER;
	virtual_time_schedule(&world->time, CORE_MS, punted, world, plane << 8 | packet_class, bytes, octets);
}

/* The service address is anycast: any data plane may get a packet. */
static void to_some_plane(struct simulated_world *world, const uint8_t *packet, size_t octets)
{
	through_weather(world, LINK_MS, arrived_at_plane, virtual_roll(&world->time, WORLD_PLANES), packet, octets);
}

static void node_transmits(void *context, const uint8_t *packet, size_t octets)
{
	struct simulated_world *world = context;
	struct recorded *recorded = &world->recorded[world->recorded_count++ % WORLD_RECORDED];

	if (octets > sizeof(recorded->packet))
		abort();
	invariants_sent(world, packet, octets);
	memcpy(recorded->packet, packet, octets);
	recorded->octets = octets;
	to_some_plane(world, packet, octets);
}

void simulated_world_replay(struct simulated_world *world)
{
	const struct simulated_node *other = &world->nodes[virtual_roll(&world->time, WORLD_NODES)];
	bool is_from_elsewhere = virtual_chance(&world->time, 50);

	for (size_t i = 0; i < WORLD_RECORDED && i < world->recorded_count; i++) {
		struct recorded recorded = world->recorded[i];

		if (is_from_elsewhere)
			memcpy(recorded.packet + IPV6_SOURCE_OFFSET, &other->place.address, sizeof(struct in6_addr));
		to_some_plane(world, recorded.packet, recorded.octets);
	}
}

/* Mobility server → data plane → node. */

static void arrived_at_node(void *context, uint64_t number, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;

	simulated_node_receive(&world->nodes[number], bytes, octets);
}

static void plane_delivers(void *context, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct ip_packet packet;

	if (ip_packet_read(bytes, octets, &packet)) {
		simulated_world_break(world, "the mobility server injected what is no packet");
		return;
	}
	for (uint64_t i = 0; i < WORLD_NODES; i++) {
		if (simulated_node_is_at(&world->nodes[i], &packet.destination))
			through_weather(world, LINK_MS, arrived_at_node, i, bytes, octets);
	}
}

/* Injected packets and rows of the feed come from one process over two sockets. */
struct injected {
	struct feed_version not_before;
	uint8_t shard;
};

static void injected_arrived(void *context, uint64_t plane, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct injected injected;

	memcpy(&injected, bytes, sizeof(injected));
	simulated_plane_inject(&world->planes[plane], injected.shard, injected.not_before, bytes + sizeof(injected),
	                       octets - sizeof(injected));
}

static void injects(void *context, unsigned plane, const struct effect_inject *inject)
{
	struct simulated_world *world = context;
	uint8_t whole[sizeof(struct injected) + 2048];
	struct injected injected = {{inject->not_before.epoch, inject->not_before.sequence}, inject->shard};

	if (inject->octets > 2048)
		abort();
	memset(whole, 0, sizeof(injected));
	memcpy(whole, &injected, sizeof(injected));
	memcpy(whole + sizeof(injected), inject->packet, inject->octets);
	virtual_time_schedule(&world->time, CORE_MS, injected_arrived, world, plane, whole,
	                      sizeof(injected) + inject->octets);
}

/*
 * Frames of feed and catch-up: number = octets of the first frame, and whose they are from bit 32 on; the second frame
 * is the rest.
 */

static unsigned whose(uint64_t number)
{
	return (unsigned)(number >> 32);
}

static size_t split(uint64_t number, const uint8_t *bytes, size_t octets, struct wire_view frames[2])
{
	uint32_t first_octets = (uint32_t)number;

	frames[0] = (struct wire_view){bytes, first_octets};
	frames[1] = (struct wire_view){bytes + first_octets, octets - (size_t)first_octets};
	return frames[1].octets ? 2 : 1;
}

static void schedule_frames(struct simulated_world *world, virtual_event *event, unsigned plane,
                            const struct wire_view *frames, size_t count)
{
	uint8_t *whole;
	size_t octets = frames[0].octets + (count > 1 ? frames[1].octets : 0);

	whole = malloc(octets ? octets : 1);
	if (!whole)
		abort();
	memcpy(whole, frames[0].bytes, frames[0].octets);
	if (count > 1)
		memcpy(whole + frames[0].octets, frames[1].bytes, frames[1].octets);
	virtual_time_schedule(&world->time, FEED_MS, event, world, (uint64_t)plane << 32 | frames[0].octets, whole,
	                      octets);
	free(whole);
}

static void feed_arrived(void *context, uint64_t number, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct wire_view frames[2];

	simulated_plane_feed(&world->planes[whose(number)], frames, split(number, bytes, octets, frames));
}

static void feeds(void *context, const struct wire_view *frames, size_t count)
{
	struct simulated_world *world = context;

	for (unsigned plane = 0; plane < WORLD_PLANES; plane++) {
		if (!virtual_chance(&world->time, world->feed_lost)) /* loss is allowed because it is seen */
			schedule_frames(world, feed_arrived, plane, frames, count);
	}
}

static void catch_up_arrived(void *context, uint64_t number, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct wire_view frames[2];

	simulated_plane_catch_up(&world->planes[whose(number)], frames, split(number, bytes, octets, frames));
}

static void catches_up(void *context, unsigned plane, const struct wire_view *frames, size_t count)
{
	schedule_frames(context, catch_up_arrived, plane, frames, count);
}

static void ask_arrived(void *context, uint64_t number, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct wire_view frames[2];

	mobility_process_catch_up(&world->mobility, whose(number), frames, split(number, bytes, octets, frames));
}

static void plane_asks(void *context, unsigned plane, struct wire_view frame)
{
	schedule_frames(context, ask_arrived, plane, &frame, 1);
}

/* A data plane that subscribes gets the welcome of the socket; one whose owner came back, too. */
static void welcome(struct simulated_world *world, unsigned plane)
{
	struct wire_view frame = {world->mobility.welcome, world->mobility.welcome_octets};

	if (frame.octets)
		schedule_frames(world, feed_arrived, plane, &frame, 1);
}

void simulated_world_restart_plane(struct simulated_world *world, unsigned plane)
{
	simulated_plane_restart(&world->planes[plane]);
	welcome(world, plane);
}

static void mobility_came_up(void *context)
{
	struct simulated_world *world = context;

	for (unsigned plane = 0; plane < WORLD_PLANES; plane++) {
		if (world->planes[plane].end.receiver)
			simulated_plane_disconnected(&world->planes[plane]);
	}
}

/* Mobility server ↔ RADIUS, DNS */

static void radius_request_arrived(void *context, uint64_t channel, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct endpoint from = {.address = world->settings.service_address, .port = (uint16_t)(20000 + channel)};

	authentication_process_datagram(world->authentication, &from, bytes, octets);
}

static void radius_answer_arrived(void *context, uint64_t channel, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;

	mobility_process_message(&world->mobility, (uint16_t)channel, &world->settings.servers[0].endpoint, bytes,
	                         octets);
}

static void radius_answers(void *context, const struct endpoint *to, const void *datagram, size_t octets)
{
	through_weather(context, CORE_MS, radius_answer_arrived, to->port - 20000u, datagram, octets);
}

static void dns_answer_arrived(void *context, uint64_t channel, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;

	mobility_process_message(&world->mobility, (uint16_t)channel, &world->settings.dns.server, bytes, octets);
}

struct dns_route {
	struct simulated_world *world;
	uint16_t channel;
};

static void dns_answers(void *context, const uint8_t *message, size_t octets)
{
	const struct dns_route *route = context;

	if (route->channel == MOBILITY_CHANNEL_DNS)
		through_weather(route->world, CORE_MS, dns_answer_arrived, route->channel, message, octets);
	else
		virtual_time_schedule(&route->world->time, CORE_MS, dns_answer_arrived, route->world, route->channel,
		                      message, octets);
}

static void dns_request_arrived(void *context, uint64_t channel, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;
	struct dns_route route = {world, (uint16_t)channel};
	struct instant now = simulated_process_now(&world->mobility.process);

	dns_model_receive(world->dns, bytes, octets, channel != MOBILITY_CHANNEL_DNS,
	                  (now.unix_ms - (uint64_t)world->mobility.process.clock_ahead_ms) / 1000, dns_answers, &route);
}

static void stream_failed(void *context, uint64_t channel, const uint8_t *bytes, size_t octets)
{
	struct simulated_world *world = context;

	(void)bytes;
	(void)octets;
	mobility_process_stream_failed(&world->mobility, (uint16_t)channel, &world->settings.dns.server);
}

static void sends(void *context, uint16_t channel, const struct endpoint *to, const void *message, size_t octets)
{
	struct simulated_world *world = context;

	(void)to;
	if (channel >= MOBILITY_CHANNEL_RADIUS)
		through_weather(world, CORE_MS, radius_request_arrived, channel, message, octets);
	else if (channel == MOBILITY_CHANNEL_DNS)
		through_weather(world, CORE_MS, dns_request_arrived, channel, message, octets);
	else if (virtual_chance(&world->time, world->weather.lost))
		virtual_time_schedule(&world->time, CORE_MS, stream_failed, world, channel, NULL, 0);
	else
		virtual_time_schedule(&world->time, CORE_MS, dns_request_arrived, world, channel, message, octets);
}

/* What nodes tell */

static size_t card_of(const struct simulated_world *world, const struct simulated_node *node)
{
	return (size_t)(node->card - world->cards);
}

static void node_granted(void *context, struct simulated_node *node)
{
	struct simulated_world *world = context;
	struct promise *promise = &world->promises[card_of(world, node)];

	world->grants++;
	tell(world, "%s: granted %s", node->name, node->fqdn);
	promise->version = invariants_granted(world, node);
	promise->is_there = true;
	memcpy(promise->fqdn, node->fqdn, sizeof(promise->fqdn));
	promise->home_address = node->home_address;
}

static void node_bound(void *context, struct simulated_node *node)
{
	struct simulated_world *world = context;

	world->bindings++;
	tell(world, "%s: bound, number %u", node->name, node->acknowledged);
	invariants_bound(world, node);
}

/* The beginning */

static void make_settings(struct simulated_world *world)
{
	static const char *const realms[] = {"wlan.mnc001.mcc001.3gppnetwork.org"};
	static const uint32_t lifetimes_s[] = {300, 1200, 7200}; /* the short ones are for re-authentications */
	struct settings *settings = &world->settings;
	struct settings_server *server = &settings->servers[0];

	strcpy(settings->paa_id, PAA_ID);
	address_parse(SERVICE_ADDRESS, &settings->service_address);
	address_parse("2001:db8:aa::", &settings->home_prefix);
	settings->home_prefix_length = 48;
	settings->services = PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_HIP;
	settings->vendor_id = NODE_VENDOR;
	settings->session_lifetime_max_s = lifetimes_s[virtual_roll(&world->time, 3)];
	settings->lease_lifetime_s = 86400;
	settings->binding_lifetime_max_s = 3600;
	settings->quarantine_address_s = 3600;
	settings->quarantine_name_s = 7200;
	settings->half_open_limit = 1000;
	settings->sessions_per_subscriber = 2;
	secret_set(&settings->owner_key, "owner-key-owner-key-owner-key-ow", 32);
	strcpy(settings->name_rules.zone, FORWARD_ZONE);
	settings->name_policy.default_wish = NAME_WISH_PREFER;
	settings->server_count = 1;
	strcpy(server->name, "home");
	endpoint_parse("[::1]:1812", &server->endpoint);
	server->secret = world->radius_secret;
	strcpy(server->realms[0], realms[0]);
	server->realm_count = 1;
	strcpy(server->imsi_prefixes[0], "00101");
	server->imsi_prefix_count = 1;
	endpoint_parse("[2001:db8:53::53]:53", &settings->dns.server);
	strcpy(settings->dns.forward_zone, FORWARD_ZONE);
	strcpy(settings->dns.reverse_zone, REVERSE_ZONE);
	strcpy(settings->dns.key.name, "kedge");
	secret_set(&settings->dns.key.secret, "kedge-rig-key-kedge-rig-key!!!!!", 32);
	settings->dns.ttl_s = 600;
}

static void insert_card(struct sim_card *card)
{
	const struct software_usim_settings settings = {
	        .imsi = card->imsi, .mnc_digits = 2, .iccid = "89014103211118510720"};

	card->usim = allocate(sizeof(*card->usim));
	card->card = software_usim_of_keys(&settings, &card->k, &card->opc, NULL, card->usim);
}

static void make_cards(struct simulated_world *world)
{
	static const char *const names[WORLD_CARDS] = {"Matti Virtanen", "Aino Kallas", "Juha Aho"};

	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		struct sim_card *card = &world->cards[i];

		snprintf(card->imsi, sizeof(card->imsi), "00101%010u", i + 1);
		randomness_fill(&world->time.dice.randomness, secret_fill(&card->k, AKA_K_OCTETS), AKA_K_OCTETS);
		randomness_fill(&world->time.dice.randomness, secret_fill(&card->opc, AKA_K_OCTETS), AKA_K_OCTETS);
		insert_card(card);
		authentication_process_subscribe(world->authentication, card, names[i]);
	}
}

static void make_nodes(struct simulated_world *world)
{
	static const char *const names[WORLD_NODES] = {"matti", "aino", "juha", "matti's second"};

	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		struct simulated_node *node = &world->nodes[i];

		node->outlet = (struct node_outlet){world, node_transmits, node_granted, node_bound, broken, logged};
		node->name = names[i];
		node->card = &world->cards[i % WORLD_CARDS];
		simulated_node_start(node, &world->time, i, &world->settings.service_address, PAA_ID);
	}
}

void simulated_world_start(struct simulated_world *world, uint64_t seed, bool tells)
{
	const struct mobility_outlet outlet = {world, sends, injects, feeds, catches_up, mobility_came_up};
	const struct plane_outlet plane = {world, plane_asks, plane_delivers, broken};
	struct simulated_process *authentication;

	memset(world, 0, sizeof(*world));
	world->seed = seed;
	world->tells = tells;
	virtual_time_start(&world->time, seed);
	secret_set(&world->radius_secret, "testing123-testing123", 21);
	make_settings(world);
	world->authentication =
	        authentication_process_new(&world->time, &world->radius_secret, PAA_ID, radius_answers, world);
	authentication = authentication_process_of(world->authentication);
	authentication->logged = logged;
	authentication->log_context = world;
	make_cards(world);
	authentication_process_start(world->authentication);
	world->dns = dns_model_new(&world->settings.dns.key, FORWARD_ZONE, REVERSE_ZONE);
	dns_model_put(world->dns, "www.mob.example. 300 IN AAAA 2001:db8:99::1");
	for (unsigned i = 0; i < WORLD_PLANES; i++)
		simulated_plane_start(&world->planes[i], i, &world->time, &plane);
	make_nodes(world);
	mobility_process_start(&world->mobility, &world->time, &world->settings, simulated_host_key(&world->time),
	                       &outlet);
	world->mobility.process.logged = logged;
	world->mobility.process.log_context = world;
	for (unsigned i = 0; i < WORLD_PLANES; i++)
		welcome(world, i);
}

void simulated_world_end(struct simulated_world *world)
{
	for (uint32_t i = 0; i < WORLD_NODES; i++)
		simulated_node_end(&world->nodes[i]);
	mobility_process_end(&world->mobility);
	authentication_process_free(world->authentication);
	for (unsigned i = 0; i < WORLD_PLANES; i++)
		simulated_plane_end(&world->planes[i]);
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		software_usim_free(world->cards[i].card);
		free(world->cards[i].usim);
	}
	dns_model_free(world->dns);
	virtual_time_end(&world->time);
}

bool simulated_world_run(struct simulated_world *world, uint64_t for_ms)
{
	uint64_t until_ms = world->time.now_ms + for_ms;

	while (!world->broken[0] && virtual_time_step(&world->time, until_ms))
		invariants_look(world);
	return !world->broken[0];
}

void simulated_world_give_peace(struct simulated_world *world)
{
	world->peace = true;
	world->weather = (struct weather){0};
	world->feed_lost = 0;
	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		world->nodes[i].process.effects_left = 0;
		world->nodes[i].disk_failures = 0;
	}
	world->mobility.process.effects_left = 0;
	authentication_process_of(world->authentication)->effects_left = 0;
	store_model_fail(world->mobility.process.store, 0, 0, 0);
	dns_model_set_mode(world->dns, DNS_MODEL_GOOD);
	dns_model_lose_answers(world->dns, 0);
	dns_model_refuse_reverse(world->dns, false);
}
