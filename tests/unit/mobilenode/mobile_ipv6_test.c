// SPDX-License-Identifier: BSD-3-Clause
/* The mobile node's side of RFC 6275 11.7 with RFC 4285: N-4 to N-7, L-3, M-4, M-21. The other end is written here with
 * the codec; that both are right is shown by the home agent's stories with the oracle's node, and by the demo. */
#include "mobile_ipv6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "icmp6.h"
#include "ip.h"
#include "mobility_header.h"
#include "ntp_timestamp.h"
#include "rfc4285_mac.h"
#include "vectors.h"

enum { SPI = 4711, FIRST_SEQUENCE = 65530, LIFETIME_S = 600 };

struct world {
	struct timer_wheel timers;
	struct instant now;
	struct effects *effects;
	struct mobile_ipv6 *mobile;
	struct mobile_ipv6_association association;
	struct in6_addr places[2];
	unsigned sent;
	uint8_t packet[512]; /* the last update */
	size_t octets;
	struct mobility_header update;
	struct in6_addr source;
	bool has_home_address_option;
	uint16_t reserved;
	int reserve_result;
	unsigned bounds;
	uint32_t lifetime_s;
	unsigned homes;
	unsigned unbounds;
	unsigned silences;
	const char *dead;
};

static void send_packet(void *context, struct wire_view packet)
{
	struct world *world = context;
	struct ip_packet read;

	world->sent++;
	memcpy(world->packet, packet.bytes, packet.octets);
	world->octets = packet.octets;
	assert_int_equal(ip_packet_read(world->packet, world->octets, &read), 0);
	assert_true(ip_packet_checksum_is_right(&read));
	assert_memory_equal(read.has_home_address ? &read.home_address : &read.source, &world->association.home_address,
	                    16);
	world->has_home_address_option = read.has_home_address;
	world->source = read.source;
	assert_int_equal(mobility_header_read(read.payload.bytes, read.payload.octets, &world->update), 0);
	assert_int_equal(world->update.type, MOBILITY_BINDING_UPDATE);
	assert_true(world->update.authentication_is_last);
	assert_int_equal(world->update.authenticator_offset % 8, (5 + 7) % 8); /* option 9 at 8n+5 (M-3) */
	assert_octets(world->update.options.identifier.bytes, world->update.options.identifier.octets,
	              "matti@mob.example", 17); /* M-6 */
	assert_true(rfc4285_mac_verify(&world->association.key, &read.source, &world->association.home_address,
	                               read.payload.bytes, world->update.authenticator_offset,
	                               world->update.options.authenticator.bytes)); /* M-4 */
}

static int reserve(void *context, uint16_t next_sequence, uint32_t updates_sent)
{
	struct world *world = context;

	(void)updates_sent;
	if (!world->reserve_result)
		world->reserved = next_sequence;
	return world->reserve_result;
}

static void bound(void *context, const struct in6_addr *care_of_address, uint32_t lifetime_s, const struct instant *now,
                  struct effects *effects)
{
	struct world *world = context;

	(void)care_of_address;
	(void)now;
	(void)effects;
	world->bounds++;
	world->lifetime_s = lifetime_s;
}

static void home(void *context, const struct instant *now, struct effects *effects)
{
	(void)now;
	(void)effects;
	((struct world *)context)->homes++;
}

static void unbound(void *context, const struct instant *now, struct effects *effects)
{
	(void)now;
	(void)effects;
	((struct world *)context)->unbounds++;
}

static void silent(void *context, const struct instant *now, struct effects *effects)
{
	(void)now;
	(void)effects;
	((struct world *)context)->silences++;
}

static void dead(void *context, const char *why, const struct instant *now, struct effects *effects)
{
	(void)now;
	(void)effects;
	((struct world *)context)->dead = why;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct mobile_ipv6_outlet outlet = {world, send_packet, reserve, bound, home, unbound, silent, dead};

	world->now = (struct instant){.monotonic_ms = 50000, .unix_ms = 1700000000000};
	timer_wheel_start(&world->timers, world->now.monotonic_ms);
	world->effects = effects_new();
	world->mobile = mobile_ipv6_new(LIFETIME_S, &outlet, &world->timers);
	inet_pton(AF_INET6, "2001:db8:aa::1", &world->association.home_address);
	inet_pton(AF_INET6, "2001:db8:1::1", &world->association.home_agent);
	inet_pton(AF_INET6, "2001:db8:100::10", &world->places[0]);
	inet_pton(AF_INET6, "2001:db8:200::10", &world->places[1]);
	strcpy(world->association.fqdn, "matti.mob.example");
	world->association.spi = SPI;
	memset(secret_fill(&world->association.key, 16), 7, 16);
	world->association.ends_unix_ms = world->now.unix_ms + 86400000;
	world->association.next_sequence = FIRST_SEQUENCE;
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	mobile_ipv6_free(world->mobile);
	effects_free(world->effects);
	free(world);
	return 0;
}

static void pass(struct world *world, uint64_t ms)
{
	uint64_t end = world->now.monotonic_ms + ms;

	while (world->now.monotonic_ms < end) {
		uint64_t step = end - world->now.monotonic_ms < 10 ? end - world->now.monotonic_ms : 10;
		struct timer *timer;

		world->now.monotonic_ms += step;
		world->now.unix_ms += step;
		while ((timer = timer_wheel_pop(&world->timers, world->now.monotonic_ms)))
			timer->fire(timer, &world->now, world->effects);
	}
}

static void attach(struct world *world, size_t at)
{
	mobile_ipv6_move(world->mobile, &world->places[at], &world->now, world->effects);
}

static void associate(struct world *world)
{
	mobile_ipv6_associate(world->mobile, &world->association, &world->now, world->effects);
}

/* What an acknowledgement may say otherwise than it should. */
struct reply {
	uint8_t status;
	uint16_t sequence;
	uint16_t units;
	uint32_t spi;
	bool wrong_mac;
	bool wrong_checksum;
	bool other_source;
	bool no_routing;
	bool no_authentication;
	uint64_t timestamp; /* 0: none */
};

static void answer(struct world *world, const struct in6_addr *care_of, const struct reply *reply)
{
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_ACKNOWLEDGEMENT,
	        .binding_acknowledgement = {.status = reply->status,
	                                    .sequence = reply->sequence,
	                                    .lifetime_units = reply->units},
	        .options = {.present = reply->no_authentication ? 0 : MOBILITY_HAS_AUTHENTICATION,
	                    .authentication_subtype = MOBILITY_AUTHENTICATION_MN_HA,
	                    .authentication_spi = reply->spi ? reply->spi : SPI},
	};
	struct mobility_packet outer = {
	        .source = world->association.home_agent,
	        .destination = *care_of,
	        .has_routing_home_address = !reply->no_routing && world->has_home_address_option,
	        .routing_home_address = world->association.home_address,
	};
	uint8_t message[256], mac[RFC4285_MAC_OCTETS], packet[512];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	size_t octets;

	if (reply->timestamp)
		header.options.present |= MOBILITY_HAS_TIMESTAMP;
	header.options.timestamp = reply->timestamp;
	octets = mobility_header_write(message, sizeof(message), &header);
	if (!reply->no_authentication) {
		rfc4285_mac_compute(&world->association.key, care_of, &world->association.home_address, message,
		                    header.authenticator_offset, mac);
		mac[3] ^= reply->wrong_mac;
		mobility_header_finish(message, octets, &header, mac, world->association.home_agent.s6_addr,
		                       world->association.home_address.s6_addr);
	}
	if (reply->other_source)
		outer.source.s6_addr[15] ^= 1;
	outer.message = (struct wire_view){message, octets};
	octets = mobility_packet_write(&writer, &outer);
	if (reply->wrong_checksum)
		packet[octets - 30] ^= 1;
	mobile_ipv6_packet(world->mobile, (struct wire_view){packet, octets}, &world->now, world->effects);
}

static void accept_update(struct world *world)
{
	answer(world, &world->source,
	       &(struct reply){.sequence = world->update.binding_update.sequence, .units = LIFETIME_S / 4});
}

static void an_update_is_acknowledged(void **state)
{
	struct world *world = *state;

	associate(world);
	assert_int_equal(world->sent, 0);
	attach(world, 0); /* N-3: within the call */
	assert_int_equal(world->sent, 1);
	assert_int_equal(world->update.binding_update.sequence, FIRST_SEQUENCE);
	assert_int_equal(world->update.binding_update.lifetime_units, LIFETIME_S / 4);
	assert_int_equal(world->update.binding_update.flags, 0xc000);
	assert_true(world->has_home_address_option);
	assert_int_equal(world->reserved, (uint16_t)(FIRST_SEQUENCE + 64));
	accept_update(world);
	assert_int_equal(world->bounds, 1);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_BOUND);
	pass(world, LIFETIME_S * 750 - 10); /* refreshed before it ends */
	assert_int_equal(world->sent, 1);
	pass(world, 10);
	assert_int_equal(world->sent, 2);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_BOUND);
}

static void unanswered_updates_come_again(void **state) /* N-4 */
{
	static const uint64_t intervals_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 32000};
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	for (size_t i = 0; i < sizeof(intervals_ms) / sizeof(intervals_ms[0]); i++) {
		pass(world, intervals_ms[i] - 10);
		assert_int_equal(world->sent, i + 1);
		pass(world, 10);
		assert_int_equal(world->sent, i + 2);
		assert_int_equal(world->update.binding_update.sequence, (uint16_t)(FIRST_SEQUENCE + i + 1));
	}
	assert_int_equal(world->silences, 0);
	pass(world, 32000);
	assert_int_equal(world->silences, 1);
	assert_null(world->dead); /* N-7: silence alone does not end the association */
}

static void answers_that_do_not_count(void **state) /* N-5 */
{
	struct world *world = *state;
	uint16_t sequence;
	const struct mobile_ipv6_counters *counters = mobile_ipv6_counters(world->mobile);

	associate(world);
	attach(world, 0);
	sequence = world->update.binding_update.sequence;
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .wrong_mac = true});
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .spi = SPI + 1});
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .no_authentication = true});
	assert_int_equal(counters->unauthenticated, 3);
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .wrong_checksum = true});
	assert_int_equal(counters->malformed, 1);
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .other_source = true});
	answer(world, &world->source, &(struct reply){.sequence = sequence, .units = 9, .no_routing = true});
	assert_int_equal(counters->not_ours, 2);
	answer(world, &world->source, &(struct reply){.sequence = (uint16_t)(sequence + 5), .units = 9});
	assert_int_equal(counters->unexpected, 1);
	mobile_ipv6_packet(world->mobile, (struct wire_view){world->packet, 20}, &world->now, world->effects);
	assert_int_equal(counters->malformed, 2);
	assert_int_equal(world->bounds, 0);
	pass(world, 1000); /* they stopped no timer */
	assert_int_equal(world->sent, 2);
}

static void sequence_out_of_window(void **state) /* N-6: 135 carries the last number accepted */
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	answer(world, &world->source, &(struct reply){.status = 135, .sequence = 1000});
	assert_int_equal(world->sent, 2); /* at once */
	assert_int_equal(world->update.binding_update.sequence, 1001);
	answer(world, &world->source, &(struct reply){.status = 135, .sequence = 2000});
	assert_int_equal(world->sent, 2); /* once */
	pass(world, 2000);
	assert_int_equal(world->update.binding_update.sequence, 2001);
	accept_update(world);
	assert_int_equal(world->bounds, 1);
}

static void two_wrong_keys_end_the_association(void **state) /* N-6, N-7 */
{
	struct world *world = *state;
	uint16_t first;

	associate(world);
	attach(world, 0);
	first = world->update.binding_update.sequence;
	answer(world, &world->source, &(struct reply){.status = 146, .sequence = first});
	answer(world, &world->source, &(struct reply){.status = 146, .sequence = first}); /* the same one again */
	assert_null(world->dead);
	pass(world, 1000);
	answer(world, &world->source,
	       &(struct reply){.status = 146, .sequence = world->update.binding_update.sequence});
	assert_non_null(world->dead);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_NONE);
}

static void a_handover_overtakes_the_old_answer(void **state) /* M-21 */
{
	struct world *world = *state;
	struct in6_addr old;
	uint16_t old_sequence;

	associate(world);
	attach(world, 0);
	accept_update(world);
	pass(world, 1000);
	pass(world, LIFETIME_S * 750); /* a refresh is out */
	old = world->source;
	old_sequence = world->update.binding_update.sequence;
	attach(world, 1);
	pass(world, 340); /* MAX_UPDATE_RATE */
	assert_memory_equal(&world->source, &world->places[1], 16);
	assert_int_equal(world->unbounds, 1);
	answer(world, &old, &(struct reply){.sequence = old_sequence, .units = 100});
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_UPDATING);
	accept_update(world);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_BOUND);
}

static void at_most_three_updates_a_second(void **state) /* MAX_UPDATE_RATE */
{
	struct world *world = *state;

	associate(world);
	for (int i = 0; i < 100; i++) {
		attach(world, (size_t)i % 2);
		pass(world, 10);
	}
	assert_true(world->sent <= 4);
}

static void nothing_leaves_that_is_not_durable(void **state) /* N-1 */
{
	struct world *world = *state;

	world->reserve_result = -ENOSPC;
	associate(world);
	attach(world, 0);
	assert_int_equal(world->sent, 0);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->reserve_failed, 1);
	world->reserve_result = 0;
	pass(world, 1000);
	assert_int_equal(world->sent, 1);
}

static void the_association_ends(void **state) /* L-2 */
{
	struct world *world = *state;

	world->association.ends_unix_ms = world->now.unix_ms + 100000;
	associate(world);
	attach(world, 0);
	assert_int_equal(world->update.binding_update.lifetime_units, 100 / 4);
	answer(world, &world->source, &(struct reply){.sequence = world->update.binding_update.sequence, .units = 25});
	pass(world, 100010);
	assert_non_null(world->dead);
	assert_int_equal(world->unbounds, 1);
}

static void too_many_updates_under_one_spi(void **state) /* L-3 */
{
	struct world *world = *state;

	world->association.updates_sent = 32768;
	associate(world);
	attach(world, 0);
	assert_int_equal(world->sent, 0);
	assert_non_null(world->dead);
}

static void leaving_deregisters(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	accept_update(world);
	pass(world, 1000);
	mobile_ipv6_leave(world->mobile, &world->now, world->effects);
	assert_int_equal(world->update.binding_update.lifetime_units, 0);
	pass(world, 60000);
	assert_int_equal(world->sent, 2);
}

static void lost_access_waits(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	mobile_ipv6_move(world->mobile, NULL, &world->now, world->effects);
	pass(world, 100000);
	assert_int_equal(world->sent, 1);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_UNBOUND);
	attach(world, 0);
	assert_int_equal(world->sent, 2);
}

/* N-10, RFC 6275 11.5.5: on the home link: from the home address, lifetime 0, until it is acknowledged; then no
 * binding. */
static void returning_home(void **state)
{
	struct world *world = *state;
	struct in6_addr at_home = world->association.home_address, elsewhere_at_home = at_home;

	world->association.home_prefix_length = 64;
	elsewhere_at_home.s6_addr[15] = 0x77;
	associate(world);
	attach(world, 0);
	accept_update(world);
	mobile_ipv6_move(world->mobile, &elsewhere_at_home, &world->now, world->effects);
	pass(world, 400); /* MAX_UPDATE_RATE */
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_RETURNING);
	assert_int_equal(world->update.binding_update.lifetime_units, 0);
	assert_false(world->has_home_address_option);
	assert_memory_equal(&world->source, &at_home, sizeof(at_home));
	pass(world, 1000); /* unanswered: again, with a new number (N-4) */
	assert_int_equal(world->sent, 3);
	assert_int_equal(world->homes, 0);
	answer(world, &at_home, &(struct reply){.sequence = world->update.binding_update.sequence, .wrong_mac = true});
	assert_int_equal(world->homes, 0);
	answer(world, &at_home, &(struct reply){.sequence = world->update.binding_update.sequence});
	assert_int_equal(world->homes, 1);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_HOME);
	pass(world, 100000);
	assert_int_equal(world->sent, 3); /* nothing is kept alive there */
	attach(world, 1);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_UPDATING);
	assert_int_equal(world->update.binding_update.lifetime_units, LIFETIME_S / 4);
	assert_true(world->has_home_address_option);
	accept_update(world);
	assert_int_equal(world->bounds, 2);
}

/* M-14: a binding that was gone already is as good; who begins at home has none. */
static void at_home_without_a_binding(void **state)
{
	struct world *world = *state;
	struct in6_addr at_home = world->association.home_address;

	world->association.home_prefix_length = 64;
	mobile_ipv6_move(world->mobile, &at_home, &world->now, world->effects);
	associate(world);
	assert_int_equal(world->sent, 0);
	assert_int_equal(world->homes, 1);
	attach(world, 0);
	accept_update(world);
	pass(world, 1000);
	mobile_ipv6_move(world->mobile, &at_home, &world->now, world->effects);
	answer(world, &at_home,
	       &(struct reply){.status = MOBILITY_STATUS_NOT_HOME_AGENT,
	                       .sequence = world->update.binding_update.sequence});
	assert_int_equal(world->homes, 2);
	assert_null(world->dead);
}

/* A message without options from the home agent to the care-of address. */
static void say(struct world *world, struct mobility_header header, const struct in6_addr *from)
{
	struct mobility_packet outer = {.source = *from, .destination = world->places[0]};
	uint8_t message[256], packet[512];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	size_t octets = mobility_header_write(message, sizeof(message), &header);

	mobility_header_finish(message, octets, &header, NULL, from->s6_addr, world->places[0].s6_addr);
	outer.message = (struct wire_view){message, octets};
	octets = mobility_packet_write(&writer, &outer);
	mobile_ipv6_packet(world->mobile, (struct wire_view){packet, octets}, &world->now, world->effects);
}

/* RFC 6275 11.7.4: answered by a Binding Update, as often as anybody may ask for one. */
static void binding_refresh_request(void **state)
{
	const struct mobility_header request = {.type = MOBILITY_BINDING_REFRESH_REQUEST};
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	accept_update(world);
	pass(world, 1000);
	say(world, request, &world->places[1]); /* nobody we have a binding with */
	assert_int_equal(world->sent, 1);
	say(world, request, &world->association.home_agent);
	assert_int_equal(world->sent, 2);
	assert_int_equal(world->update.binding_update.lifetime_units, LIFETIME_S / 4);
	accept_update(world);
	say(world, request, &world->association.home_agent);
	pass(world, 9000);
	say(world, request, &world->association.home_agent);
	assert_int_equal(world->sent, 2);
	pass(world, 1000);
	say(world, request, &world->association.home_agent);
	assert_int_equal(world->sent, 3);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->refresh_requests, 4);
}

/* N-10, RFC 6275 11.3.6: it is not authentic: it may make the node ask, and ends nothing. */
static void binding_error(void **state)
{
	struct mobility_header error = {.type = MOBILITY_BINDING_ERROR,
	                                .binding_error = {.status = MOBILITY_ERROR_UNKNOWN_TYPE}};
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	accept_update(world);
	pass(world, 1000);
	memcpy(error.binding_error.home_address, &world->association.home_address, 16);
	say(world, error, &world->association.home_agent);
	assert_int_equal(world->sent, 1);
	error.binding_error.status = MOBILITY_ERROR_UNKNOWN_BINDING;
	error.binding_error.home_address[15] ^= 1;
	say(world, error, &world->association.home_agent);
	assert_int_equal(world->sent, 1);
	error.binding_error.home_address[15] ^= 1;
	say(world, error, &world->association.home_agent);
	assert_int_equal(world->sent, 2);
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_BOUND);
	assert_null(world->dead);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->binding_errors, 3);
}

/* An ICMPv6 error to the care-of address that quotes `octets` of the last update, bent at `bent` (0: nowhere). */
static void icmp(struct world *world, uint8_t type, size_t octets, size_t bent)
{
	uint8_t quoted[sizeof(world->packet)], packet[1024];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	memcpy(quoted, world->packet, octets);
	quoted[7]--; /* a hop on its way */
	if (bent)
		quoted[bent] ^= 1;
	icmp6_error_write(&writer, &world->association.home_agent, &world->places[0], type, 1, 0,
	                  (struct wire_view){quoted, octets});
	mobile_ipv6_packet(world->mobile, (struct wire_view){packet, wire_written(&writer)}, &world->now,
	                   world->effects);
}

/* RFC 6275 11.3.5: an error that quotes all of the last update slows the node down; others are anybody's. */
static void icmp_errors(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	icmp(world, ICMPV6_PARAMETER_PROBLEM, world->octets - 1, 0);
	icmp(world, ICMPV6_PARAMETER_PROBLEM, world->octets, world->octets - 1);
	icmp(world, ICMPV6_TIME_EXCEEDED, world->octets, 0);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->icmp_errors, 0);
	icmp(world, ICMPV6_PARAMETER_PROBLEM, world->octets, 0);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->icmp_errors, 1);
	pass(world, 31990);
	assert_int_equal(world->sent, 1);
	pass(world, 10);
	assert_int_equal(world->sent, 2);
	assert_null(world->dead);
	accept_update(world); /* it was no end */
	assert_int_equal(mobile_ipv6_state(world->mobile), MOBILE_IPV6_BOUND);
	icmp(world, ICMPV6_DESTINATION_UNREACHABLE, world->octets, 0);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->icmp_errors, 1); /* nothing is out */
}

/* RFC 6275 11.7.3: what was granted counts, not what was asked for. */
static void a_shorter_lifetime(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	answer(world, &world->source, &(struct reply){.sequence = FIRST_SEQUENCE, .units = 10});
	assert_int_equal(world->lifetime_s, 40);
	pass(world, 29990);
	assert_int_equal(world->sent, 1);
	pass(world, 10);
	assert_int_equal(world->sent, 2);
}

/* RFC 6275 11.7.3: 135 without a right MAC takes no number over. */
static void forged_sequence_status(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	answer(world, &world->source,
	       &(struct reply){.status = MOBILITY_STATUS_SEQUENCE, .sequence = 900, .wrong_mac = true});
	answer(world, &world->source,
	       &(struct reply){.status = MOBILITY_STATUS_SEQUENCE, .sequence = 900, .no_authentication = true});
	assert_int_equal(world->sent, 1);
	pass(world, 1000);
	assert_int_equal(world->update.binding_update.sequence, (uint16_t)(FIRST_SEQUENCE + 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static uint64_t sent_timestamp(const struct world *world)
{
	assert_true(world->update.options.present & MOBILITY_HAS_TIMESTAMP);
	return world->update.options.timestamp;
}

/* RFC 4285 6, M-11: the time in each update, rising, also while the clock stands. */
static void timestamps_rise(void **state)
{
	struct world *world = *state;
	uint64_t last = 0;

	world->association.timestamps = true;
	associate(world);
	attach(world, 0);
	assert_true(sent_timestamp(world) == ntp_timestamp_of(world->now.unix_ms, 0));
	for (int i = 0; i < 4; i++) {
		assert_true(sent_timestamp(world) > last);
		last = sent_timestamp(world);
		pass(world, 32000);
		world->now.unix_ms -= 32000; /* the clock is set back, again and again */
	}
	assert_int_equal(mobile_ipv6_counters(world->mobile)->timestamps_corrected, 0);
}

/* An answer that does not repeat it is no answer. */
static void an_answer_repeats_the_timestamp(void **state)
{
	struct world *world = *state;
	struct reply reply = {.units = LIFETIME_S / 4};

	world->association.timestamps = true;
	associate(world);
	attach(world, 0);
	reply.sequence = world->update.binding_update.sequence;
	answer(world, &world->source, &reply);
	reply.timestamp = sent_timestamp(world) + 1;
	answer(world, &world->source, &reply);
	assert_int_equal(world->bounds, 0);
	assert_int_equal(mobile_ipv6_counters(world->mobile)->unexpected, 2);
	reply.timestamp = sent_timestamp(world);
	answer(world, &world->source, &reply);
	assert_int_equal(world->bounds, 1);
}

/* N-6: 144, authentic, sets the clock of the timestamps, ahead and back, and the next update leaves at once. */
static void a_mismatch_corrects_the_clock(void **state)
{
	static const int64_t off_s[] = {3600, -86400};
	struct world *world = *state;

	world->association.timestamps = true;
	associate(world);
	for (size_t i = 0; i < 2; i++) {
		uint64_t right_ms = world->now.unix_ms + (uint64_t)(off_s[i] * 1000);
		struct reply reply = {.status = MOBILITY_STATUS_IDENTIFICATION_MISMATCH};
		unsigned sent;

		attach(world, i);
		sent = world->sent;
		reply.sequence = world->update.binding_update.sequence;
		reply.timestamp = ntp_timestamp_corrected(sent_timestamp(world), right_ms);
		reply.wrong_mac = true;
		answer(world, &world->source, &reply);
		assert_int_equal(world->sent, sent);
		reply.wrong_mac = false;
		answer(world, &world->source, &reply);
		assert_int_equal(world->sent, sent + 1);
		assert_true(ntp_timestamp_is_near(sent_timestamp(world), right_ms));
		assert_int_equal(mobile_ipv6_counters(world->mobile)->timestamps_corrected, i + 1);
		pass(world, 400);
	}
}

/* A home agent that refuses each time is asked again no faster than one that is silent. */
static void mismatches_do_not_run_in_circles(void **state)
{
	struct world *world = *state;

	world->association.timestamps = true;
	associate(world);
	attach(world, 0);
	for (int i = 0; i < 10; i++)
		answer(world, &world->source,
		       &(struct reply){.status = MOBILITY_STATUS_IDENTIFICATION_MISMATCH,
		                       .sequence = world->update.binding_update.sequence,
		                       .timestamp = sent_timestamp(world)});
	assert_int_equal(world->sent, 2);
}

/* 145: from then on they carry one, whatever the bootstrap said. */
static void timestamps_may_be_asked_for(void **state)
{
	struct world *world = *state;

	associate(world);
	attach(world, 0);
	assert_false(world->update.options.present & MOBILITY_HAS_TIMESTAMP);
	answer(world, &world->source,
	       &(struct reply){.status = MOBILITY_STATUS_IDENTIFICATION_REQUIRED,
	                       .sequence = world->update.binding_update.sequence});
	assert_int_equal(world->sent, 2);
	assert_true(sent_timestamp(world) == ntp_timestamp_of(world->now.unix_ms, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(an_update_is_acknowledged),
	        TEST(unanswered_updates_come_again),
	        TEST(answers_that_do_not_count),
	        TEST(sequence_out_of_window),
	        TEST(two_wrong_keys_end_the_association),
	        TEST(a_handover_overtakes_the_old_answer),
	        TEST(at_most_three_updates_a_second),
	        TEST(nothing_leaves_that_is_not_durable),
	        TEST(the_association_ends),
	        TEST(too_many_updates_under_one_spi),
	        TEST(leaving_deregisters),
	        TEST(lost_access_waits),
	        TEST(returning_home),
	        TEST(at_home_without_a_binding),
	        TEST(binding_refresh_request),
	        TEST(binding_error),
	        TEST(icmp_errors),
	        TEST(a_shorter_lifetime),
	        TEST(forged_sequence_status),
	        TEST(timestamps_rise),
	        TEST(an_answer_repeats_the_timestamp),
	        TEST(a_mismatch_corrects_the_clock),
	        TEST(mismatches_do_not_run_in_circles),
	        TEST(timestamps_may_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
