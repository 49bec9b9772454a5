// SPDX-License-Identifier: BSD-3-Clause
/* Binding Updates and what comes of them: RFC 6275 9.5.1, 10.3.1, 10.3.2; M-2 to M-21. */
#include "home_agent.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"
#include "binding_acknowledgement.h"
#include "binding_lifetime.h"
#include "home_agent_state.h"
#include "ntp_timestamp.h"

enum { OVERHEAD_IN_IPV6_BYTES = 40, OVERHEAD_IN_UDP_IPV4_BYTES = 28, ADDRESS_TEXT_OCTETS = ENDPOINT_TEXT_OCTETS };
enum { NAT_LIFETIME_MAX_S = 120 }; /* M-25 */

static const struct binding_version at_once = {0};

struct home_agent *home_agent_new(const struct home_agent_options *options)
{
	struct home_agent *agent = allocate(sizeof(*agent));

	agent->options = *options;
	source_rate_start(&agent->sources, options->randomness);
	return agent;
}

void home_agent_free(struct home_agent *agent)
{
	if (!agent)
		return;
	registration_table_clear(&agent->table);
	free(agent);
}

void home_agent_set_lifetime_max(struct home_agent *agent, uint32_t lifetime_max_s)
{
	agent->options.lifetime_max_s = lifetime_max_s;
}

/* --- bindings in memory --- */

static struct home_agent_binding binding_of(const struct registration *registration)
{
	struct home_agent_binding binding = {
	        .prefix_length = registration->key.length,
	        .subscriber = registration->subscriber->name,
	        .care_of_address = registration->care_of_address,
	        .port = registration->port,
	        .until = registration->until,
	        .ambr = registration->ambr,
	};

	memcpy(&binding.key, registration->key.octets, sizeof(binding.key));
	return binding;
}

/* The newest association stands last; one that is being stored says nothing yet. */
static struct session_ambr ambr_of(const struct registration *registration)
{
	const struct association *association;
	struct session_ambr ambr = {0};

	DL_FOREACH(registration->associations, association)
	if (association->usable)
		ambr = association->row.ambr;
	return ambr;
}

static struct binding_version tell(struct home_agent *agent, struct registration *registration,
                                   const struct instant *now, struct effects *effects, uint8_t *shard)
{
	const struct home_agent_outlet *outlet = &agent->options.outlet;
	struct home_agent_binding binding;

	registration->ambr = ambr_of(registration);
	binding = binding_of(registration);
	binding.inner_mtu_bytes =
	        agent->options.link_mtu_bytes -
	        (IN6_IS_ADDR_V4MAPPED(&binding.care_of_address) ? OVERHEAD_IN_UDP_IPV4_BYTES : OVERHEAD_IN_IPV6_BYTES);
	return outlet->bind(outlet->context, &binding, now, effects, shard);
}

void registration_bind(struct home_agent *agent, struct registration *registration, const struct location *location,
                       const struct instant *now, struct effects *effects, struct binding_version *version,
                       uint8_t *shard)
{
	registration->bound = true;
	registration->home_address = location->home_address;
	registration->care_of_address = location->care_of_address;
	registration->port = location->port;
	registration->until = location->until;
	*version = tell(agent, registration, now, effects, shard);
}

void registration_tell_ambr(struct home_agent *agent, struct registration *registration, const struct instant *now,
                            struct effects *effects)
{
	struct session_ambr ambr = ambr_of(registration);
	uint8_t shard;

	if (!registration->bound || session_ambr_equal(&ambr, &registration->ambr))
		return;
	agent->counters.ambr_changed++;
	tell(agent, registration, now, effects, &shard);
}

struct binding_version registration_unbind(struct home_agent *agent, struct registration *registration,
                                           const struct instant *now, struct effects *effects, uint8_t *shard)
{
	const struct home_agent_outlet *outlet = &agent->options.outlet;
	struct home_agent_binding binding = binding_of(registration);

	*shard = 0;
	if (!registration->bound)
		return at_once;
	registration->bound = false;
	return outlet->unbind(outlet->context, &binding.key, binding.prefix_length, now, effects, shard);
}

void registration_store_end_of_binding(const struct registration *registration, struct effects *effects)
{
	struct home_binding_key_row row = {.prefix_length = registration->key.length};

	memcpy(&row.key, registration->key.octets, sizeof(row.key));
	effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_DELETE_BINDING, &row, sizeof(row));
}

/* --- answers --- */

static void inject(const struct punt_route *route, uint8_t shard, struct binding_version not_before,
                   struct wire_view packet, struct effects *effects)
{
	if (packet.octets) /* else it could not be built, and the node asks again */
		effects_inject(effects, route, shard, not_before, packet.bytes, packet.octets);
}

static size_t write_acknowledgement(const struct association *association, const struct proposal *proposal,
                                    uint8_t status, uint16_t sequence, uint16_t lifetime_units, void *buffer)
{
	struct binding_acknowledgement acknowledgement = {
	        .status = status,
	        .sequence = sequence,
	        .lifetime_units = lifetime_units,
	        .home_agent_address = proposal->home_agent_address,
	        .destination = proposal->source,
	        .home_address = association->row.home_address,
	        .at_home = proposal->at_home,
	        .care_of_address = proposal->care_of_address,
	        .has_timestamp = proposal->has_timestamp,
	        .timestamp = proposal->timestamp,
	        .spi = association->row.spi,
	        .key = &association->row.key,
	        .nai = association->row.nai,
	        .in_udp = proposal->udp.is_used,
	        .has_nat = proposal->udp.has_nat,
	        .outer_source = proposal->udp.destination,
	        .outer_destination = proposal->udp.source,
	        .port = proposal->udp.port,
	        .has_ipv4_home_address = proposal->has_ipv4_home_address,
	};

	/* M-26: no lease has an IPv4 address, so none is there to be given (RFC 5555 4.5: 132), and none is right (130)
	 */
	memcpy(acknowledgement.ipv4_home_address, proposal->ipv4_home_address, sizeof(proposal->ipv4_home_address));
	acknowledgement.ipv4_status =
	        wire_load_u32(proposal->ipv4_home_address) ? MOBILITY_IPV4_INCORRECT : MOBILITY_IPV4_NOT_AVAILABLE;
	return binding_acknowledgement_write(&acknowledgement, buffer, BINDING_ACKNOWLEDGEMENT_OCTETS_MAX);
}

static struct proposal proposal_of(const struct binding_update_case *update)
{
	const struct mobility_options *options = &update->header->options;
	struct proposal proposal = {
	        .spi = update->association->row.spi,
	        .sequence = update->header->binding_update.sequence,
	        .deregisters = update->deregisters,
	        .at_home = !update->packet->has_home_address,
	        .has_timestamp = update->header->options.present & MOBILITY_HAS_TIMESTAMP,
	        .timestamp = update->header->options.timestamp,
	        .source = update->packet->source,
	        .home_agent_address = update->packet->destination,
	        .care_of_address = update->care_of_address,
	        .udp = update->udp,
	        .has_ipv4_home_address = options->present & MOBILITY_HAS_IPV4_HOME_ADDRESS,
	};

	if (proposal.has_ipv4_home_address)
		memcpy(proposal.ipv4_home_address, options->ipv4_home_address.bytes + MOBILITY_IPV4_AT,
		       sizeof(proposal.ipv4_home_address));
	return proposal;
}

/* Answers that change nothing: 146 at most once a second (M-5), the others as often as a node may send (M-21). */
static void answer_at_once(struct home_agent *agent, const struct binding_update_case *update,
                           enum binding_update_fault fault, const struct punt_route *route, struct effects *effects)
{
	uint8_t packet[BINDING_ACKNOWLEDGEMENT_OCTETS_MAX];
	struct association *association = update->association;
	struct proposal proposal = proposal_of(update);
	uint8_t status = binding_update_faults[fault].status;
	uint64_t now_ms = update->now->monotonic_ms;
	uint16_t sequence = fault == FAULT_sequence ? association->row.last_number : proposal.sequence;
	size_t octets;

	if (status == MOBILITY_STATUS_AUTHENTICATION_FAILED
	            ? !rate_bucket_take(&association->failures, 1, FAILURE_INTERVAL_MS, now_ms)
	            : !rate_bucket_take(&update->registration->answers, NODE_BURST, NODE_INTERVAL_MS, now_ms)) {
		agent->counters.answers_withheld++;
		return;
	}
	if (fault == FAULT_timestamp)
		proposal.timestamp = ntp_timestamp_corrected(proposal.timestamp, update->now->unix_ms);
	octets = write_acknowledgement(association, &proposal, status, sequence, 0, packet);
	inject(route, 0, at_once, (struct wire_view){packet, octets}, effects);
}

static void answer_again(struct home_agent *agent, const struct binding_update_case *update,
                         const struct punt_route *route, struct effects *effects)
{
	struct wire_view packet = association_answer(update->association);

	agent->counters.repeated++;
	if (rate_bucket_take(&update->registration->answers, NODE_BURST, NODE_INTERVAL_MS, update->now->monotonic_ms))
		inject(route, 0, at_once, packet, effects);
	else
		agent->counters.answers_withheld++;
}

/* --- an update that has a number of its own: durable first --- */

struct stored_update {
	struct registration *registration;
	struct association *association; /* NULL: it has ended meanwhile */
};

static void use_number(struct association *association, uint16_t number)
{
	struct association_row *row = &association->row;

	if (!row->has_number)
		row->first_number = number;
	row->has_number = true;
	row->last_number = number;
}

/* M-23: from an IPv4 network the outer source, whatever the node believes its address to be. */
static struct in6_addr bound_address(const struct proposal *proposal)
{
	return proposal->udp.is_used ? proposal->udp.source : proposal->care_of_address;
}

/* What was decided takes effect. Returns the version before which the answer must not leave. */
static struct binding_version take_effect(struct home_agent *agent, struct stored_update *stored,
                                          const struct instant *now, struct effects *effects, uint8_t *shard)
{
	struct registration *registration = stored->registration;
	const struct proposal *proposal = &registration->proposal;
	struct binding_version version = at_once;
	struct location location;

	*shard = 0;
	if (stored->association)
		use_number(stored->association, proposal->sequence);
	if (stored->association && proposal->has_timestamp)
		stored->association->last_timestamp = proposal->timestamp;
	if (proposal->status >= MOBILITY_STATUS_REASON_UNSPECIFIED)
		return version;
	if (stored->association)
		registration_end_older(registration, stored->association, now);
	if (proposal->deregisters) {
		agent->counters.deregistered++;
		return registration_unbind(agent, registration, now, effects, shard);
	}
	agent->counters.accepted++;
	agent->counters.behind_nat += proposal->udp.has_nat;
	location = (struct location){
	        .home_address = proposal->home_address,
	        .care_of_address = bound_address(proposal),
	        .port = proposal->udp.port,
	        .until = proposal->until,
	};
	registration_bind(agent, registration, &location, now, effects, &version, shard);
	return version;
}

static void acknowledge(struct stored_update *stored, uint8_t status, struct binding_version version, uint8_t shard,
                        const struct instant *now, struct effects *effects)
{
	const struct proposal *proposal = &stored->registration->proposal;
	uint8_t packet[BINDING_ACKNOWLEDGEMENT_OCTETS_MAX];
	uint16_t units = 0;
	size_t octets;

	if (!stored->association)
		return;
	if (status < MOBILITY_STATUS_REASON_UNSPECIFIED && !proposal->deregisters)
		units = binding_lifetime_units(&proposal->until, now);
	octets = write_acknowledgement(stored->association, proposal, status, proposal->sequence, units, packet);
	inject(&proposal->route, shard, version, (struct wire_view){packet, octets}, effects);
	if (status != MOBILITY_STATUS_INSUFFICIENT_RESOURCES || proposal->status == status)
		association_remember_answer(stored->association,
		                            (struct wire_view){proposal->update, proposal->update_octets},
		                            (struct wire_view){packet, octets});
}

static void update_durable(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct home_agent *agent = core;
	struct stored_update stored = {.registration = registration_table_by_id(&agent->table, token)};
	struct binding_version version = at_once;
	uint8_t status;
	uint8_t shard = 0;

	if (!stored.registration)
		return;
	status = stored.registration->proposal.status;
	stored.association = registration_table_association(&agent->table, stored.registration->proposal.spi);
	if (stored.association && stored.association->registration != stored.registration)
		stored.association = NULL;
	if (result == 0) {
		version = take_effect(agent, &stored, now, effects, &shard);
	} else {
		agent->counters.store_failed++;
		status = MOBILITY_STATUS_INSUFFICIENT_RESOURCES;
		effects_log(effects, LOG_LEVEL_ERROR, "home-agent", "the store failed (%d): answered 130", result);
	}
	acknowledge(&stored, status, version, shard, now, effects);
	free(stored.registration->proposal.update);
	stored.registration->proposal.update = NULL;
	registration_settle(agent, stored.registration, now, effects);
}

static void store_number(const struct proposal *proposal, const struct association *association,
                         struct effects *effects)
{
	const struct association_number_row row = {
	        .spi = proposal->spi,
	        .first_number = association->row.has_number ? association->row.first_number : proposal->sequence,
	        .last_number = proposal->sequence,
	};

	effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_NUMBER, &row, sizeof(row));
}

static void store_binding(const struct registration *registration, const struct proposal *proposal,
                          struct effects *effects)
{
	struct home_binding_row row = {
	        .prefix_length = registration->key.length,
	        .home_address = proposal->home_address,
	        .spi = proposal->spi,
	        .care_of_address = bound_address(proposal),
	        .port = proposal->udp.port,
	        .until_ms = proposal->until.unix_ms,
	};

	memcpy(&row.key, registration->key.octets, sizeof(row.key));
	strcpy(row.subscriber, registration->subscriber->name);
	if (proposal->deregisters)
		registration_store_end_of_binding(registration, effects);
	else
		effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_BINDING, &row, sizeof(row));
}

static void grant(const struct binding_update_case *update, struct proposal *proposal)
{
	const struct lifetime_bounds bounds = {
	        .requested_units = update->header->binding_update.lifetime_units,
	        .policy_max_s = update->udp.has_nat && update->options->lifetime_max_s > NAT_LIFETIME_MAX_S
	                                ? NAT_LIFETIME_MAX_S
	                                : update->options->lifetime_max_s,
	        .association_until_ms = update->association->row.until_ms,
	        .prefix_valid_until_ms = update->home_prefix->valid_until_ms,
	        .prefix_preferred_until_ms = update->home_prefix->preferred_until_ms,
	};
	struct granted_lifetime granted = binding_lifetime_grant(&bounds, update->now);

	proposal->until = granted.until;
	proposal->status = granted.status;
}

/* The update's number is used up, whether it is refused (a fault) or not; both are answered when that is durable. */
static void store_update(struct home_agent *agent, const struct binding_update_case *update,
                         enum binding_update_fault fault, const struct punt_route *route, struct effects *effects)
{
	struct registration *registration = update->registration;
	struct proposal proposal = proposal_of(update);

	proposal.home_address = update->home_address;
	proposal.route = *route;
	proposal.update = allocate_copy(update->message.bytes, update->message.octets);
	proposal.update_octets = update->message.octets;
	store_number(&proposal, update->association, effects);
	if (fault != FAULT_NONE) {
		proposal.status = binding_update_faults[fault].status;
	} else {
		if (!proposal.deregisters)
			grant(update, &proposal);
		store_binding(registration, &proposal, effects);
		registration_store_end_of_older(registration, update->association, update->now, effects);
	}
	registration->proposal = proposal;
	registration->pending++;
	effects_when_durable(effects, update_durable, agent, registration->by_id.number);
}

/* --- packets --- */

static void count_fault(struct home_agent *agent, enum binding_update_fault fault)
{
	uint64_t *counters[] = {
#define X(name, answer, status, help) &agent->counters.name,
	        BINDING_UPDATE_FAULTS(X)
#undef X
	};

	++*counters[fault];
}

static void log_fault(struct home_agent *agent, const struct binding_update_case *update,
                      enum binding_update_fault fault, struct effects *effects)
{
	char source[ADDRESS_TEXT_OCTETS];
	char home_address[ADDRESS_TEXT_OCTETS];
	uint32_t held_back;

	if (!log_limit_pass(&agent->fault_logs[fault], update->now->monotonic_ms, &held_back))
		return;
	effects_log(effects, fault == FAULT_foreign_home_address ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "home-agent",
	            "binding update from %s for %s: %s (%u lines held back)",
	            address_format(update->udp.is_used ? &update->udp.source : &update->packet->source, source),
	            address_format(&update->home_address, home_address), binding_update_faults[fault].help, held_back);
}

static void binding_update(struct home_agent *agent, const struct punt_route *route, const struct ip_packet *packet,
                           const struct udp_path *udp, const struct mobility_header *header, const struct instant *now,
                           struct effects *effects)
{
	struct binding_update_case update = {
	        .options = &agent->options,
	        .table = &agent->table,
	        .sources = &agent->sources,
	        .now = now,
	        .packet = packet,
	        .udp = *udp,
	        .header = header,
	        .message = packet->payload,
	};
	enum binding_update_fault fault = binding_update_check(&update);

	if (fault == FAULT_NONE && update.is_repetition) {
		answer_again(agent, &update, route, effects);
		return;
	}
	if (fault == FAULT_NONE) {
		store_update(agent, &update, fault, route, effects);
		return;
	}
	count_fault(agent, fault);
	log_fault(agent, &update, fault, effects);
	if (binding_update_faults[fault].answer == UPDATE_ANSWER)
		answer_at_once(agent, &update, fault, route, effects);
	else if (binding_update_faults[fault].answer == UPDATE_ANSWER_STORED)
		store_update(agent, &update, fault, route, effects);
}

/* RFC 6275 9.2: an unknown type is told, at a bounded rate, if the message was whole. */
static void unknown_message(struct home_agent *agent, const struct punt_route *route, const struct ip_packet *packet,
                            const struct instant *now, struct effects *effects)
{
	uint8_t buffer[BINDING_ACKNOWLEDGEMENT_OCTETS_MAX];
	struct in6_addr home_address = packet->has_home_address ? packet->home_address : in6addr_any;
	size_t octets;

	agent->counters.unknown_messages++;
	if (packet->version != 6 || in6_is_confined(&packet->source) || !ip_packet_checksum_is_right(packet))
		return;
	if (!rate_bucket_take(&agent->errors, ERROR_BURST, ERROR_INTERVAL_MS, now->monotonic_ms)) {
		agent->counters.answers_withheld++;
		return;
	}
	octets = binding_error_write(MOBILITY_ERROR_UNKNOWN_TYPE, &packet->destination, &packet->source, &home_address,
	                             buffer, sizeof(buffer));
	inject(route, 0, at_once, (struct wire_view){buffer, octets}, effects);
}

/* From an IPv4 network: the inner packet takes the place of the outer one, of which `udp` is what counts (M-22). */
static bool open_udp(struct ip_packet *packet, struct udp_path *udp)
{
	struct udp_datagram datagram;

	if (packet->version != 4)
		return true;
	if (udp_datagram_read(packet, &datagram) || datagram.destination_port != UDP_PORT_DSMIPV6 ||
	    ip_packet_read(datagram.payload.bytes, datagram.payload.octets, packet))
		return false;
	*udp = (struct udp_path){
	        .is_used = true,
	        .source = datagram.source,
	        .destination = datagram.destination,
	        .port = datagram.source_port,
	};
	return packet->version == 6;
}

void home_agent_packet(struct home_agent *agent, const struct punt_route *route, struct wire_view octets,
                       const struct instant *now, struct effects *effects)
{
	struct mobility_header header;
	struct udp_path udp = {0};
	struct ip_packet packet;
	int result;

	agent->counters.packets++;
	if (ip_packet_read(octets.bytes, octets.octets, &packet) || !open_udp(&packet, &udp) ||
	    packet.protocol != NEXT_HEADER_MOBILITY || packet.is_fragment || packet.has_refused_option ||
	    packet.has_unknown_routing) {
		agent->counters.malformed++;
		return;
	}
	agent->counters.in_udp += udp.is_used;
	result = mobility_header_read(packet.payload.bytes, packet.payload.octets, &header);
	/* in UDP the inner source is anybody's word: what cannot be told to the sender is not told to another */
	if (result == -EPROTONOSUPPORT && !udp.is_used)
		unknown_message(agent, route, &packet, now, effects);
	else if (result < 0)
		agent->counters.malformed++;
	else if (header.type != MOBILITY_BINDING_UPDATE)
		agent->counters.other_messages++;
	else
		binding_update(agent, route, &packet, &udp, &header, now, effects);
}

/* --- expiry --- */

static bool is_over(const struct registration *registration, const struct instant *now)
{
	return registration->bound && registration->until.monotonic_ms <= now->monotonic_ms;
}

/* Whatever the store said: the row shows that its time is over, and a restart deletes it. */
static void expiry_durable(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct home_agent *agent = core;
	struct registration *registration = registration_table_by_id(&agent->table, token);
	uint8_t shard;

	(void)result;
	if (!registration)
		return;
	if (is_over(registration, now)) {
		agent->counters.expired++;
		registration_unbind(agent, registration, now, effects, &shard);
	}
	registration_settle(agent, registration, now, effects);
}

static void start_expiry(struct home_agent *agent, struct registration *registration, struct effects *effects)
{
	registration_store_end_of_binding(registration, effects);
	registration->pending++;
	effects_when_durable(effects, expiry_durable, agent, registration->by_id.number);
}

void registration_settle(struct home_agent *agent, struct registration *registration, const struct instant *now,
                         struct effects *effects)
{
	if (--registration->pending)
		return;
	if (is_over(registration, now))
		start_expiry(agent, registration, effects);
	else
		registration_table_drop(&agent->table, registration);
}

void home_agent_expired(struct home_agent *agent, const struct in6_addr *address, uint8_t prefix_length,
                        const struct instant *now, struct effects *effects)
{
	struct registration_key key = registration_key_of(address, prefix_length);
	struct registration *registration = registration_table_find(&agent->table, &key);

	/* what is being stored may be a longer life: registration_settle() looks at the time again */
	if (registration && is_over(registration, now) && !registration->pending)
		start_expiry(agent, registration, effects);
}

/* --- start and views --- */

int home_agent_load_binding(void *context, const struct home_binding_row *row)
{
	struct home_agent *agent = context;
	struct registration_key key = registration_key_of(&row->home_address, row->prefix_length);
	struct registration *registration = registration_table_make(&agent->table, &key, row->subscriber);

	if (!registration || registration->bound)
		return -EEXIST;
	registration->bound = true;
	registration->home_address = row->home_address;
	registration->care_of_address = row->care_of_address;
	registration->port = row->port;
	registration->until.unix_ms = row->until_ms;
	return 0;
}

static void start_binding(struct home_agent *agent, struct registration *registration, const struct instant *now,
                          struct effects *effects)
{
	struct location location = {
	        .home_address = registration->home_address,
	        .care_of_address = registration->care_of_address,
	        .port = registration->port,
	        .until = registration->until,
	};
	struct binding_version version;
	uint8_t shard;

	registration->bound = false;
	if (location.until.unix_ms <= now->unix_ms) {
		agent->counters.expired++;
		registration_store_end_of_binding(registration, effects);
		registration_table_drop(&agent->table, registration);
		return;
	}
	location.until.monotonic_ms = now->monotonic_ms + (location.until.unix_ms - now->unix_ms);
	registration_bind(agent, registration, &location, now, effects, &version, &shard);
}

void home_agent_start(struct home_agent *agent, const struct instant *now, struct effects *effects)
{
	struct registration *registration;
	struct registration *next;
	const struct numbered *association;

	for (registration = registration_table_next(&agent->table, NULL); registration; registration = next) {
		next = registration_table_next(&agent->table, registration);
		if (registration->bound)
			start_binding(agent, registration, now, effects);
	}
	for (association = agent->table.by_age.first; association; association = association->next)
		association_arm(numbered_owner(association, struct association, by_age), now);
}

bool home_agent_find(const struct home_agent *agent, const char *name, struct home_agent_view *view)
{
	const struct subscriber_registrations *subscriber = registration_table_subscriber(&agent->table, name);
	const struct registration *registration = subscriber ? subscriber->registrations : NULL;
	const struct association *association = registration ? registration->associations : NULL;

	while (association && association->next)
		association = association->next;
	if (!association)
		return false;
	*view = (struct home_agent_view){
	        .home_address = association->row.home_address,
	        .prefix_length = association->row.prefix_length,
	        .spi = association->row.spi,
	        .has_number = association->row.has_number,
	        .last_number = association->row.last_number,
	        .association_until_ms = association->row.until_ms,
	        .bound = registration->bound,
	        .care_of_address = registration->care_of_address,
	        .port = registration->port,
	        .bound_until_ms = registration->until.unix_ms,
	};
	return true;
}

const struct home_agent_counters *home_agent_counters(const struct home_agent *agent)
{
	return &agent->counters;
}
