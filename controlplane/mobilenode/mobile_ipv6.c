// SPDX-License-Identifier: BSD-3-Clause
#include "mobile_ipv6.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "endpoint.h"
#include "icmp6.h"
#include "ip.h"
#include "mobility_header.h"
#include "ntp_timestamp.h"
#include "rfc4285_mac.h"

enum {
	OUTSTANDING_MAX = 8,       /* 32 s of repetitions are 6 */
	INITIAL_TIMEOUT_MS = 1000, /* INITIAL_BINDACK_TIMEOUT */
	TIMEOUT_MAX_MS = 32000,    /* MAX_BINDACK_TIMEOUT */
	UPDATE_INTERVAL_MS = 334,  /* MAX_UPDATE_RATE, 3 a second */
	RESERVE = 64,              /* numbers made durable at once */
	UPDATES_MAX = 1 << 15,     /* L-3 */
	UPDATE_OCTETS_MAX = 40 + 24 + 320,
	SILENT_UPDATES = 8,    /* two minutes of repetitions */
	WRONG_KEY_ANSWERS = 2, /* N-6 */
	UNASKED_INTERVAL_MS =
	        10000, /* between updates that somebody unauthenticated asked for: numbers are few (L-3) */
	HOP_LIMIT_OFFSET = 7,
	ICMPV6_QUOTE_OFFSET = 8,
};

struct outstanding {
	uint16_t sequence;
	struct in6_addr care_of_address;
	uint64_t sent_ms;
	uint64_t timestamp; /* 0: none */
};

struct mobile_ipv6 {
	uint32_t lifetime_s;
	struct mobile_ipv6_outlet outlet;
	struct timer_wheel *timers;
	struct timer repeat; /* of an unanswered update, or the refresh of a binding */
	struct timer end;    /* of the association */
	enum mobile_ipv6_state state;
	struct mobile_ipv6_association association;
	uint16_t reserved_end; /* numbers from next_sequence up to here, exclusive, are durable */
	bool has_care_of_address;
	struct in6_addr care_of_address; /* the home address, when it is at home */
	bool is_at_home;
	bool may_be_bound; /* an update has left under this association */
	uint64_t last_unasked_ms;
	uint8_t last_packet[UPDATE_OCTETS_MAX];
	size_t last_octets;
	struct outstanding outstanding[OUTSTANDING_MAX]; /* the newest first */
	size_t outstanding_count;
	uint64_t timeout_ms;
	unsigned unanswered; /* updates in a row */
	uint64_t last_sent_ms;
	bool has_sent;
	bool went_on_after_135;
	int64_t clock_behind_s;      /* of the home agent's, as it told (N-6) */
	uint64_t last_timestamp;     /* the newest that was sent … */
	uint64_t accepted_timestamp; /* … and that was accepted */
	bool went_on_with_timestamp; /* after 144 or 145 */
	uint16_t wrong_key_sequence;
	unsigned wrong_key_answers;
	int last_status;
	uint64_t round_trip_ms;
	struct mobile_ipv6_counters counters;
};

static void send_update(struct mobile_ipv6 *mobile, uint32_t lifetime_s, const struct instant *now,
                        struct effects *effects);
static void repeat_fired(struct timer *timer, const struct instant *now, struct effects *effects);
static void end_fired(struct timer *timer, const struct instant *now, struct effects *effects);

struct mobile_ipv6 *mobile_ipv6_new(uint32_t lifetime_s, const struct mobile_ipv6_outlet *outlet,
                                    struct timer_wheel *timers)
{
	struct mobile_ipv6 *mobile = allocate(sizeof(*mobile));

	mobile->lifetime_s = lifetime_s;
	mobile->outlet = *outlet;
	mobile->timers = timers;
	mobile->last_status = -1;
	return mobile;
}

void mobile_ipv6_free(struct mobile_ipv6 *mobile)
{
	if (!mobile)
		return;
	timer_disarm(&mobile->repeat);
	timer_disarm(&mobile->end);
	OPENSSL_cleanse(mobile, sizeof(*mobile));
	free(mobile);
}

static void set_state(struct mobile_ipv6 *mobile, enum mobile_ipv6_state state, const struct instant *now,
                      struct effects *effects)
{
	bool was_bound = mobile->state == MOBILE_IPV6_BOUND;

	mobile->state = state;
	if (was_bound && state != MOBILE_IPV6_BOUND)
		mobile->outlet.unbound(mobile->outlet.context, now, effects);
}

static void die(struct mobile_ipv6 *mobile, const char *why, const struct instant *now, struct effects *effects)
{
	timer_disarm(&mobile->repeat);
	timer_disarm(&mobile->end);
	secret_wipe(&mobile->association.key);
	mobile->outstanding_count = 0;
	set_state(mobile, MOBILE_IPV6_NONE, now, effects);
	mobile->outlet.dead(mobile->outlet.context, why, now, effects);
}

/* --- sending --- */

/* At home the source is the home address itself (RFC 6275 11.5.5). */
static size_t write_update(const struct mobile_ipv6 *mobile, const struct outstanding *update, uint32_t lifetime_s,
                           uint8_t packet[UPDATE_OCTETS_MAX])
{
	const struct mobile_ipv6_association *association = &mobile->association;
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_UPDATE,
	        .binding_update = {.sequence = update->sequence,
	                           .flags = MOBILITY_FLAG_ACKNOWLEDGE | MOBILITY_FLAG_HOME_REGISTRATION},
	        .options = {.present = MOBILITY_HAS_NODE_IDENTIFIER | MOBILITY_HAS_AUTHENTICATION,
	                    .identifier_subtype = MOBILITY_IDENTIFIER_NAI,
	                    .authentication_subtype = MOBILITY_AUTHENTICATION_MN_HA,
	                    .authentication_spi = association->spi},
	};
	struct mobility_packet outer = {
	        .source = update->care_of_address,
	        .destination = association->home_agent,
	        .has_home_address = !mobile->is_at_home,
	        .home_address = association->home_address,
	};
	struct wire_writer writer = wire_writer_of(packet, UPDATE_OCTETS_MAX);
	uint8_t message[UPDATE_OCTETS_MAX], mac[RFC4285_MAC_OCTETS];
	uint32_t units = lifetime_s / MOBILITY_LIFETIME_UNIT_S;
	char nai[MOBILITY_NAI_OCTETS];
	size_t octets;

	mobility_nai_of_name(association->fqdn, nai);
	header.binding_update.lifetime_units = (uint16_t)(units > UINT16_MAX ? UINT16_MAX : units);
	header.options.identifier = (struct wire_view){(const uint8_t *)nai, strlen(nai)};
	if (update->timestamp)
		header.options.present |= MOBILITY_HAS_TIMESTAMP;
	header.options.timestamp = update->timestamp;
	octets = mobility_header_write(message, sizeof(message), &header);
	if (!octets)
		return 0;
	rfc4285_mac_compute(&association->key, &update->care_of_address, &association->home_address, message,
	                    header.authenticator_offset, mac);
	mobility_header_finish(message, octets, &header, mac, association->home_address.s6_addr,
	                       association->home_agent.s6_addr);
	outer.message = (struct wire_view){message, octets};
	return mobility_packet_write(&writer, &outer);
}

/* RFC 4285 6: the time as the home agent has it; rising. */
static uint64_t take_timestamp(struct mobile_ipv6 *mobile, const struct instant *now)
{
	uint64_t timestamp = ntp_timestamp_of(now->unix_ms + (uint64_t)(mobile->clock_behind_s * 1000), 0);

	if (!ntp_timestamp_is_later(timestamp, mobile->last_timestamp))
		timestamp = mobile->last_timestamp + 1;
	mobile->last_timestamp = timestamp;
	return timestamp;
}

/* The number of the next update, durable ahead. */
static int take_sequence(struct mobile_ipv6 *mobile, uint16_t *sequence)
{
	struct mobile_ipv6_association *association = &mobile->association;

	if (association->next_sequence == mobile->reserved_end) {
		uint16_t end = (uint16_t)(association->next_sequence + RESERVE);
		int result = mobile->outlet.reserve(mobile->outlet.context, end, association->updates_sent + RESERVE);

		if (result)
			return result;
		mobile->reserved_end = end;
	}
	*sequence = association->next_sequence++;
	association->updates_sent++;
	return 0;
}

static void remember(struct mobile_ipv6 *mobile, const struct outstanding *update)
{
	if (mobile->outstanding_count < OUTSTANDING_MAX)
		mobile->outstanding_count++;
	memmove(&mobile->outstanding[1], &mobile->outstanding[0],
	        (mobile->outstanding_count - 1) * sizeof(mobile->outstanding[0]));
	mobile->outstanding[0] = *update;
}

static uint64_t association_rest_ms(const struct mobile_ipv6 *mobile, const struct instant *now)
{
	return mobile->association.ends_unix_ms > now->unix_ms ? mobile->association.ends_unix_ms - now->unix_ms : 0;
}

static void send_update(struct mobile_ipv6 *mobile, uint32_t lifetime_s, const struct instant *now,
                        struct effects *effects)
{
	struct outstanding update = {.care_of_address = mobile->care_of_address, .sent_ms = now->monotonic_ms};
	uint64_t rest_s = association_rest_ms(mobile, now) / 1000;
	uint8_t packet[UPDATE_OCTETS_MAX];
	size_t octets;

	if (mobile->has_sent && now->monotonic_ms - mobile->last_sent_ms < UPDATE_INTERVAL_MS && lifetime_s) {
		timer_arm(mobile->timers, &mobile->repeat, mobile->last_sent_ms + UPDATE_INTERVAL_MS, repeat_fired);
		return;
	}
	if (mobile->association.updates_sent >= UPDATES_MAX) {
		die(mobile, "L-3: 32768 Binding Updates under one SPI", now, effects);
		return;
	}
	timer_arm(mobile->timers, &mobile->repeat, now->monotonic_ms + mobile->timeout_ms, repeat_fired);
	if (take_sequence(mobile, &update.sequence)) {
		mobile->counters.reserve_failed++;
		effects_log(effects, LOG_LEVEL_ERROR, "mobile-ipv6",
		            "the state cannot be stored, so no Binding Update leaves");
		return;
	}
	if (mobile->association.timestamps)
		update.timestamp = take_timestamp(mobile, now);
	octets = write_update(mobile, &update, lifetime_s < rest_s ? lifetime_s : (uint32_t)rest_s, packet);
	if (!octets)
		return;
	remember(mobile, &update);
	memcpy(mobile->last_packet, packet, octets);
	mobile->last_octets = octets;
	mobile->may_be_bound = true;
	mobile->has_sent = true;
	mobile->last_sent_ms = now->monotonic_ms;
	mobile->counters.updates_sent++;
	mobile->outlet.send(mobile->outlet.context, (struct wire_view){packet, octets});
}

static uint32_t wanted_lifetime_s(const struct mobile_ipv6 *mobile)
{
	return mobile->is_at_home ? 0 : mobile->lifetime_s;
}

static void begin_update(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects)
{
	mobile->timeout_ms = INITIAL_TIMEOUT_MS;
	mobile->went_on_after_135 = mobile->went_on_with_timestamp = false;
	mobile->wrong_key_answers = 0;
	send_update(mobile, wanted_lifetime_s(mobile), now, effects);
}

/* N-4: each repetition has a number of its own. A bound node's refresh begins here, too. */
static void repeat_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct mobile_ipv6 *mobile = timer_owner(timer, struct mobile_ipv6, repeat);

	if (mobile->outstanding_count && now->monotonic_ms - mobile->last_sent_ms >= mobile->timeout_ms) {
		mobile->counters.repeated++;
		if (++mobile->unanswered % SILENT_UPDATES == 0)
			mobile->outlet.silent(mobile->outlet.context, now, effects);
		mobile->timeout_ms *= 2;
		if (mobile->timeout_ms > TIMEOUT_MAX_MS)
			mobile->timeout_ms = TIMEOUT_MAX_MS;
	}
	send_update(mobile, wanted_lifetime_s(mobile), now, effects);
}

static void end_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct mobile_ipv6 *mobile = timer_owner(timer, struct mobile_ipv6, end);

	if (association_rest_ms(mobile, now)) /* the clock was set back */
		timer_arm(mobile->timers, &mobile->end, now->monotonic_ms + association_rest_ms(mobile, now),
		          end_fired);
	else
		die(mobile, "L-2: the security association has ended", now, effects);
}

/* --- events of the node --- */

/* There is no binding, and none is needed. */
static void be_at_home(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects)
{
	timer_disarm(&mobile->repeat);
	mobile->outstanding_count = 0;
	mobile->may_be_bound = false;
	set_state(mobile, MOBILE_IPV6_HOME, now, effects);
	mobile->outlet.home(mobile->outlet.context, now, effects);
}

static void update_place(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects)
{
	if (!mobile->has_care_of_address) {
		timer_disarm(&mobile->repeat);
		set_state(mobile, MOBILE_IPV6_UNBOUND, now, effects);
		return;
	}
	if (mobile->is_at_home && !mobile->may_be_bound) {
		be_at_home(mobile, now, effects);
		return;
	}
	if (mobile->is_at_home) {
		set_state(mobile, MOBILE_IPV6_RETURNING, now, effects);
		begin_update(mobile, now, effects);
		return;
	}
	set_state(mobile, MOBILE_IPV6_UPDATING, now, effects);
	begin_update(mobile, now, effects);
}

/* Whether the care-of address says that it is on the home link; there the home address takes its place. */
static void look_home(struct mobile_ipv6 *mobile)
{
	const struct mobile_ipv6_association *association = &mobile->association;

	mobile->is_at_home =
	        mobile->has_care_of_address && association->home_prefix_length &&
	        in6_has_prefix(&mobile->care_of_address, &association->home_address, association->home_prefix_length);
	if (mobile->is_at_home)
		mobile->care_of_address = association->home_address;
}

void mobile_ipv6_associate(struct mobile_ipv6 *mobile, const struct mobile_ipv6_association *association,
                           const struct instant *now, struct effects *effects)
{
	mobile->association = *association;
	mobile->may_be_bound = association->updates_sent != 0 || mobile->state != MOBILE_IPV6_NONE;
	look_home(mobile);
	mobile->reserved_end = association->next_sequence;
	mobile->outstanding_count = 0;
	mobile->unanswered = 0;
	mobile->has_sent = false;
	timer_arm(mobile->timers, &mobile->end, now->monotonic_ms + association_rest_ms(mobile, now), end_fired);
	if (mobile->state == MOBILE_IPV6_BOUND)
		begin_update(mobile, now, effects); /* the old binding carries on until this one is acknowledged */
	else
		update_place(mobile, now, effects);
}

void mobile_ipv6_move(struct mobile_ipv6 *mobile, const struct in6_addr *care_of_address, const struct instant *now,
                      struct effects *effects)
{
	bool is_same = care_of_address && mobile->has_care_of_address &&
	               in6_is_equal(care_of_address, &mobile->care_of_address);
	bool was_at_home = mobile->is_at_home;

	mobile->has_care_of_address = care_of_address != NULL;
	if (care_of_address)
		mobile->care_of_address = *care_of_address;
	if (mobile->state != MOBILE_IPV6_NONE)
		look_home(mobile);
	if (mobile->state != MOBILE_IPV6_NONE && !is_same && !(was_at_home && mobile->is_at_home))
		update_place(mobile, now, effects);
}

void mobile_ipv6_leave(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects)
{
	if (mobile->state == MOBILE_IPV6_UPDATING || mobile->state == MOBILE_IPV6_BOUND) {
		send_update(mobile, 0, now, effects);
		timer_disarm(&mobile->repeat);
		set_state(mobile, MOBILE_IPV6_UNBOUND, now, effects);
	}
}

/* --- Binding Acknowledgements --- */

static bool mac_is_right(const struct mobile_ipv6 *mobile, const struct mobility_header *header,
                         struct wire_view message, const struct in6_addr *care_of_address)
{
	return rfc4285_mac_verify(&mobile->association.key, care_of_address, &mobile->association.home_address,
	                          message.bytes, header->authenticator_offset, header->options.authenticator.bytes);
}

/* RFC 4285 6: with 144 the home agent tells its own time, else it repeats ours. */
static bool timestamp_is_ours(const struct outstanding *update, const struct mobility_header *header)
{
	return !update->timestamp ||
	       header->binding_acknowledgement.status == MOBILITY_STATUS_IDENTIFICATION_MISMATCH ||
	       ((header->options.present & MOBILITY_HAS_TIMESTAMP) && header->options.timestamp == update->timestamp);
}

/*
 * N-5: the outstanding update that this acknowledgement answers, its MAC being right; NULL otherwise. 135 carries the
 * last accepted number and may answer any of them.
 */
static const struct outstanding *answered(struct mobile_ipv6 *mobile, const struct mobility_header *header,
                                          struct wire_view message)
{
	const struct mobility_options *options = &header->options;
	bool any = header->binding_acknowledgement.status == MOBILITY_STATUS_SEQUENCE;
	bool has_number = false;

	if (!(options->present & MOBILITY_HAS_AUTHENTICATION) || !header->authentication_is_last ||
	    options->authentication_subtype != MOBILITY_AUTHENTICATION_MN_HA ||
	    options->authentication_spi != mobile->association.spi ||
	    options->authenticator.octets != RFC4285_MAC_OCTETS) {
		mobile->counters.unauthenticated++;
		return NULL;
	}
	for (size_t i = 0; i < mobile->outstanding_count; i++) {
		const struct outstanding *update = &mobile->outstanding[i];

		if ((!any && update->sequence != header->binding_acknowledgement.sequence) ||
		    !timestamp_is_ours(update, header))
			continue;
		has_number = true;
		if (mac_is_right(mobile, header, message, &update->care_of_address))
			return update;
	}
	if (has_number)
		mobile->counters.unauthenticated++;
	else
		mobile->counters.unexpected++;
	return NULL;
}

static void accepted(struct mobile_ipv6 *mobile, const struct outstanding *update, uint32_t lifetime_s,
                     const struct instant *now, struct effects *effects)
{
	struct in6_addr care_of_address = update->care_of_address;

	mobile->counters.acknowledged++;
	mobile->round_trip_ms = now->monotonic_ms - update->sent_ms;
	mobile->outstanding_count = 0;
	mobile->timeout_ms = INITIAL_TIMEOUT_MS;
	mobile->went_on_after_135 = mobile->went_on_with_timestamp = false;
	mobile->accepted_timestamp = update->timestamp;
	mobile->wrong_key_answers = 0;
	mobile->state = MOBILE_IPV6_BOUND;
	/* refreshed at three quarters: an answer may be lost several times before the binding ends */
	timer_arm(mobile->timers, &mobile->repeat, now->monotonic_ms + (uint64_t)lifetime_s * 750, repeat_fired);
	mobile->outlet.bound(mobile->outlet.context, &care_of_address, lifetime_s, now, effects);
}

/* 145, or 144, whose upper half is the home agent's clock (RFC 4285 6). */
static void go_on_with_timestamp(struct mobile_ipv6 *mobile, const struct mobility_header *header,
                                 const struct instant *now, struct effects *effects)
{
	uint32_t told_s = (uint32_t)(header->options.timestamp >> 32);
	uint32_t own_s = (uint32_t)(ntp_timestamp_of(now->unix_ms, 0) >> 32);

	mobile->association.timestamps = true;
	if (header->options.present & MOBILITY_HAS_TIMESTAMP) {
		mobile->counters.timestamps_corrected++;
		mobile->clock_behind_s = (int32_t)(told_s - own_s); /* modulo an era */
		mobile->last_timestamp = mobile->accepted_timestamp;
	}
	if (mobile->went_on_with_timestamp)
		return; /* the next repetition goes on with it */
	mobile->went_on_with_timestamp = true;
	mobile->outstanding_count = 0;
	mobile->has_sent = false;
	send_update(mobile, wanted_lifetime_s(mobile), now, effects);
}

/* N-6 */
static void refused(struct mobile_ipv6 *mobile, const struct mobility_header *header, const struct instant *now,
                    struct effects *effects)
{
	uint8_t status = header->binding_acknowledgement.status;
	uint16_t sequence = header->binding_acknowledgement.sequence;

	mobile->counters.refused++;
	switch (status) {
	case MOBILITY_STATUS_SEQUENCE:
		mobile->counters.sequence_wrong++;
		mobile->association.next_sequence = (uint16_t)(sequence + 1);
		mobile->reserved_end = mobile->association.next_sequence;
		if (mobile->went_on_after_135)
			return; /* the next repetition goes on with the new number */
		mobile->went_on_after_135 = true;
		mobile->outstanding_count = 0;
		mobile->has_sent = false;
		send_update(mobile, wanted_lifetime_s(mobile), now, effects);
		return;
	case MOBILITY_STATUS_IDENTIFICATION_MISMATCH:
	case MOBILITY_STATUS_IDENTIFICATION_REQUIRED:
		go_on_with_timestamp(mobile, header, now, effects);
		return;
	case MOBILITY_STATUS_AUTHENTICATION_FAILED:
		if (mobile->wrong_key_answers && mobile->wrong_key_sequence == sequence)
			return;
		mobile->wrong_key_sequence = sequence;
		if (++mobile->wrong_key_answers >= WRONG_KEY_ANSWERS)
			die(mobile, "N-6: two Binding Updates were answered with 146", now, effects);
		return;
	case MOBILITY_STATUS_PROHIBITED:
	case MOBILITY_STATUS_NO_HOME_REGISTRATION:
	case MOBILITY_STATUS_NOT_HOME_SUBNET:
	case MOBILITY_STATUS_NOT_HOME_AGENT:
		die(mobile, "the home agent refuses this home address", now, effects);
		return;
	default: /* passing, or for this care-of address alone: the longest interval until the node moves */
		mobile->timeout_ms = TIMEOUT_MAX_MS;
		timer_arm(mobile->timers, &mobile->repeat, now->monotonic_ms + TIMEOUT_MAX_MS, repeat_fired);
	}
}

/* Of our home agent, for our home address, whole and with a right checksum. */
static bool read_mobility(struct mobile_ipv6 *mobile, const struct ip_packet *packet, struct mobility_header *header)
{
	const struct mobile_ipv6_association *association = &mobile->association;
	bool is_for_us = packet->has_routing_home_address
	                         ? in6_is_equal(&packet->routing_home_address, &association->home_address)
	                         : in6_is_equal(&packet->destination, &mobile->care_of_address);

	if (!in6_is_equal(&packet->source, &association->home_agent) || !is_for_us) {
		mobile->counters.not_ours++;
		return false;
	}
	if (!ip_packet_checksum_is_right(packet) ||
	    mobility_header_read(packet->payload.bytes, packet->payload.octets, header)) {
		mobile->counters.malformed++;
		return false;
	}
	return true;
}

static void acknowledged(struct mobile_ipv6 *mobile, const struct ip_packet *packet,
                         const struct mobility_header *header, const struct instant *now, struct effects *effects)
{
	const struct outstanding *update;
	uint8_t status = header->binding_acknowledgement.status;
	uint32_t lifetime_s = (uint32_t)header->binding_acknowledgement.lifetime_units * MOBILITY_LIFETIME_UNIT_S;

	if (packet->has_routing_home_address == mobile->is_at_home) { /* RFC 6275 11.7.3: it comes by routing header */
		mobile->counters.not_ours++;
		return;
	}
	update = answered(mobile, header, packet->payload);
	if (!update)
		return;
	mobile->last_status = status;
	mobile->unanswered = 0;
	if (!mobile->has_care_of_address || !in6_is_equal(&update->care_of_address, &mobile->care_of_address)) {
		mobile->counters.unexpected++; /* the node has moved on; the newest update decides (M-21) */
		return;
	}
	if (mobile->is_at_home && (status < MOBILITY_STATUS_REASON_UNSPECIFIED ||
	                           status == MOBILITY_STATUS_NOT_HOME_AGENT)) { /* M-14: it was gone already */
		mobile->counters.acknowledged++;
		be_at_home(mobile, now, effects);
	} else if (status < MOBILITY_STATUS_REASON_UNSPECIFIED && lifetime_s) {
		accepted(mobile, update, lifetime_s, now, effects);
	} else {
		refused(mobile, header, now, effects);
	}
}

/* Somebody says that the home agent would like an update, or does not know us; anybody could. */
static void update_unasked(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects)
{
	if (mobile->state != MOBILE_IPV6_BOUND || mobile->outstanding_count ||
	    (mobile->last_unasked_ms && now->monotonic_ms - mobile->last_unasked_ms < UNASKED_INTERVAL_MS))
		return;
	mobile->last_unasked_ms = now->monotonic_ms;
	begin_update(mobile, now, effects);
}

/* RFC 6275 11.3.6. Status 2 says that it does not know a message; we send none but Binding Updates. */
static void binding_error(struct mobile_ipv6 *mobile, const struct mobility_header *header, const struct instant *now,
                          struct effects *effects)
{
	mobile->counters.binding_errors++;
	if (header->binding_error.status == MOBILITY_ERROR_UNKNOWN_BINDING &&
	    memcmp(header->binding_error.home_address, &mobile->association.home_address, MOBILITY_ADDRESS_OCTETS) == 0)
		update_unasked(mobile, now, effects);
}

/* RFC 6275 11.3.5: an error that quotes the whole of our last update came from somebody on its way. */
static void icmp_error(struct mobile_ipv6 *mobile, struct wire_view message, const struct instant *now,
                       struct effects *effects)
{
	struct wire_reader reader = wire_reader_of_view(message);
	uint8_t type = wire_read_u8(&reader), code = wire_read_u8(&reader);
	const uint8_t *quoted;

	wire_read_bytes(&reader, ICMPV6_QUOTE_OFFSET - 2);
	quoted = wire_read_bytes(&reader, mobile->last_octets);
	if ((type != ICMPV6_DESTINATION_UNREACHABLE && type != ICMPV6_PARAMETER_PROBLEM) || !mobile->last_octets ||
	    !quoted || !mobile->outstanding_count || memcmp(quoted, mobile->last_packet, HOP_LIMIT_OFFSET) != 0 ||
	    memcmp(quoted + HOP_LIMIT_OFFSET + 1, mobile->last_packet + HOP_LIMIT_OFFSET + 1,
	           mobile->last_octets - HOP_LIMIT_OFFSET - 1) != 0)
		return;
	mobile->counters.icmp_errors++;
	mobile->timeout_ms = TIMEOUT_MAX_MS;
	timer_arm(mobile->timers, &mobile->repeat, now->monotonic_ms + TIMEOUT_MAX_MS, repeat_fired);
	effects_log(effects, LOG_LEVEL_WARNING, "mobile-ipv6",
	            "the Binding Update came back: ICMPv6 type %u code %u; the next one in %d s", type, code,
	            TIMEOUT_MAX_MS / 1000);
}

void mobile_ipv6_packet(struct mobile_ipv6 *mobile, struct wire_view octets, const struct instant *now,
                        struct effects *effects)
{
	struct mobility_header header;
	struct ip_packet packet;

	if (mobile->state == MOBILE_IPV6_NONE)
		return;
	if (ip_packet_read(octets.bytes, octets.octets, &packet) || packet.is_fragment) {
		mobile->counters.malformed++;
		return;
	}
	if (packet.protocol == NEXT_HEADER_ICMPV6) {
		if (ip_packet_checksum_is_right(&packet))
			icmp_error(mobile, packet.payload, now, effects);
		return;
	}
	if (packet.protocol != NEXT_HEADER_MOBILITY) {
		mobile->counters.malformed++;
		return;
	}
	if (!read_mobility(mobile, &packet, &header))
		return;
	switch (header.type) {
	case MOBILITY_BINDING_ACKNOWLEDGEMENT:
		acknowledged(mobile, &packet, &header, now, effects);
		break;
	case MOBILITY_BINDING_REFRESH_REQUEST:
		mobile->counters.refresh_requests++;
		update_unasked(mobile, now, effects);
		break;
	case MOBILITY_BINDING_ERROR:
		binding_error(mobile, &header, now, effects);
		break;
	default:
		mobile->counters.not_ours++;
	}
}

enum mobile_ipv6_state mobile_ipv6_state(const struct mobile_ipv6 *mobile)
{
	return mobile->state;
}

const struct mobile_ipv6_counters *mobile_ipv6_counters(const struct mobile_ipv6 *mobile)
{
	return &mobile->counters;
}

int mobile_ipv6_last_status(const struct mobile_ipv6 *mobile)
{
	return mobile->last_status;
}

uint64_t mobile_ipv6_round_trip_ms(const struct mobile_ipv6 *mobile)
{
	return mobile->round_trip_ms;
}
