// SPDX-License-Identifier: BSD-3-Clause
#include "binding_update_checks.h"

#include "ntp_timestamp.h"
#include "pana.h"
#include "rfc4285_mac.h"

const struct binding_update_fault_kind binding_update_faults[BINDING_UPDATE_FAULT_COUNT] = {
#define X(name, answer, status, help) {#name, help, answer, status},
        BINDING_UPDATE_FAULTS(X)
#undef X
};

const struct home_agent_prefix *home_agent_prefix_of(const struct home_agent_prefix *prefixes, size_t count,
                                                     const struct in6_addr *address)
{
	for (size_t i = 0; i < count; i++)
		if (in6_has_prefix(address, &prefixes[i].address, prefixes[i].length))
			return &prefixes[i];
	return NULL;
}

static bool is_routable(const struct in6_addr *address)
{
	return !in6_is_confined(address) && !IN6_IS_ADDR_V4MAPPED(address);
}

/* Not unique local, not site-local, not mapped: an address that the Internet routes to. */
static bool is_global(const struct in6_addr *address)
{
	return is_routable(address) && (address->s6_addr[0] & 0xfe) != 0xfc && !IN6_IS_ADDR_SITELOCAL(address);
}

/* Each check says whether the update is good in this respect. */

static bool well_formed(struct binding_update_case *update)
{
	const struct ip_packet *packet = update->packet;

	/* M-22 */
	if (update->udp.is_used && (packet->has_home_address || in6_is_confined(&update->udp.source) ||
	                            !(update->header->options.present & MOBILITY_HAS_IPV4_CARE_OF_ADDRESS)))
		return false;
	return packet->version == 6 && update->header->type == MOBILITY_BINDING_UPDATE && is_routable(&packet->source);
}

static bool checksum(struct binding_update_case *update)
{
	return ip_packet_checksum_is_right(update->packet);
}

static bool authenticated(struct binding_update_case *update)
{
	const struct mobility_options *options = &update->header->options;

	return (options->present & MOBILITY_HAS_AUTHENTICATION) && update->header->authentication_is_last &&
	       options->authentication_subtype == MOBILITY_AUTHENTICATION_MN_HA &&
	       options->authenticator.octets == MOBILITY_MAC_OCTETS;
}

static bool home_registration(struct binding_update_case *update)
{
	return (update->header->binding_update.flags & MOBILITY_FLAG_HOME_REGISTRATION) &&
	       !(update->header->options.present & MOBILITY_HAS_NONCE_INDICES) && is_routable(&update->home_address);
}

static bool rate_of_source(struct binding_update_case *update)
{
	const struct in6_addr *source = update->udp.is_used ? &update->udp.source : &update->packet->source;

	return source_rate_take(update->sources, source, SOURCE_BURST, SOURCE_INTERVAL_MS, update->now->monotonic_ms);
}

static bool known_spi(struct binding_update_case *update)
{
	struct association *association =
	        registration_table_association(update->table, update->header->options.authentication_spi);

	if (!association || (association->row.state == ASSOCIATION_LIVE && !association->usable))
		return false;
	update->association = association;
	return true;
}

static bool live_association(struct binding_update_case *update)
{
	update->registration = update->association->registration;
	return update->registration && update->association->row.until_ms > update->now->unix_ms;
}

static bool own_home_address(struct binding_update_case *update)
{
	return in6_is_equal(&update->association->row.home_address, &update->home_address);
}

static bool own_home_agent(struct binding_update_case *update)
{
	return in6_is_equal(&update->association->row.home_agent_address, &update->packet->destination);
}

static bool mac(struct binding_update_case *update)
{
	return rfc4285_mac_verify(&update->association->row.key, &update->care_of_address, &update->home_address,
	                          update->message.bytes, update->header->authenticator_offset,
	                          update->header->options.authenticator.bytes);
}

static bool nai(struct binding_update_case *update)
{
	const struct mobility_options *options = &update->header->options;
	const char *expected = update->association->row.nai;

	return (options->present & MOBILITY_HAS_NODE_IDENTIFIER) &&
	       options->identifier_subtype == MOBILITY_IDENTIFIER_NAI &&
	       options->identifier.octets == strlen(expected) &&
	       memcmp(options->identifier.bytes, expected, options->identifier.octets) == 0;
}

static bool has_timestamp(const struct binding_update_case *update)
{
	return update->header->options.present & MOBILITY_HAS_TIMESTAMP;
}

/* M-11 */
static bool timestamp_present(struct binding_update_case *update)
{
	return !update->options->timestamps_required || has_timestamp(update);
}

/*
 * The newest that was accepted. It was near the clock then: if it lies ahead of it now, the clock was set back, and the
 * number alone says what is newer (M-8), else the node would be locked out until the clock is there again.
 */
static uint64_t newest_timestamp(const struct binding_update_case *update)
{
	uint64_t newest = update->association->last_timestamp;
	uint64_t bound = ntp_timestamp_of(update->now->unix_ms + NTP_TIMESTAMP_WINDOW_MS, 0);

	return ntp_timestamp_is_later(newest, bound) ? 0 : newest;
}

/* RFC 4285 6: near the clock, and newer than all that were accepted. */
static bool timestamp(struct binding_update_case *update)
{
	uint64_t stamp = update->header->options.timestamp;

	return !has_timestamp(update) || (ntp_timestamp_is_near(stamp, update->now->unix_ms) &&
	                                  ntp_timestamp_is_later(stamp, newest_timestamp(update)));
}

/* M-8: how far `number` lies behind `from`, modulo 2^16. */
static uint16_t distance(uint16_t from, uint16_t number)
{
	return (uint16_t)(number - from);
}

static bool sequence(struct binding_update_case *update)
{
	const struct association_row *row = &update->association->row;
	uint16_t ahead = distance(row->last_number, update->header->binding_update.sequence);

	return !row->has_number || (ahead >= 1 && ahead <= INT16_MAX);
}

/* Beyond half of the number space behind its first number an old update would count as new again. */
static bool number_space(struct binding_update_case *update)
{
	const struct association_row *row = &update->association->row;

	return !row->has_number || distance(row->first_number, update->header->binding_update.sequence) <= INT16_MAX;
}

static bool nothing_pending(struct binding_update_case *update)
{
	return !update->registration->pending;
}

static bool rate_of_node(struct binding_update_case *update)
{
	return rate_bucket_take(&update->registration->updates, NODE_BURST, NODE_INTERVAL_MS,
	                        update->now->monotonic_ms);
}

static bool one_care_of_option(struct binding_update_case *update)
{
	uint32_t both = MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS | MOBILITY_HAS_IPV4_CARE_OF_ADDRESS;

	return (update->header->options.present & both) != both;
}

static bool dual_stack(struct binding_update_case *update)
{
	return !update->udp.is_used || (update->association->row.services & PANA_CAPABILITY_DSMIP6);
}

/* M-25: the MAC says where the node believes to be; somebody else, or a NAT, stands in between if that differs. */
static bool no_nat_or_permitted(struct binding_update_case *update)
{
	return !update->udp.has_nat || update->options->nat_permitted || update->deregisters;
}

static bool home_subnet(struct binding_update_case *update)
{
	update->home_prefix = home_agent_prefix_of(update->options->home_prefixes, update->options->home_prefix_count,
	                                           &update->home_address);
	return update->home_prefix &&
	       (!update->home_prefix->valid_until_ms || update->home_prefix->valid_until_ms > update->now->unix_ms);
}

static bool known_binding(struct binding_update_case *update)
{
	return !update->deregisters || update->registration->bound;
}

/* M-16 */
static bool care_of_address(struct binding_update_case *update)
{
	const struct home_agent_options *options = update->options;
	const struct in6_addr *address = &update->bound_address;

	if (update->deregisters)
		return true;
	if (update->udp.is_used)
		return !in6_is_equal(address, &update->udp.destination) &&
		       !home_agent_prefix_of(options->closed_prefixes, options->closed_prefix_count, address);
	if (!options->alternate_care_of_free && !in6_is_equal(address, &update->packet->source))
		return false;
	return is_global(address) && !in6_is_equal(address, &update->packet->destination) &&
	       !home_agent_prefix_of(options->home_prefixes, options->home_prefix_count, address) &&
	       !home_agent_prefix_of(options->closed_prefixes, options->closed_prefix_count, address);
}

static bool room(struct binding_update_case *update)
{
	const struct home_agent_outlet *outlet = &update->options->outlet;
	struct home_agent_binding binding = {
	        .prefix_length = update->registration->key.length,
	        .subscriber = update->registration->subscriber->name,
	        .care_of_address = update->bound_address,
	        .port = update->udp.port,
	};

	if (update->deregisters)
		return true;
	memcpy(&binding.key, update->registration->key.octets, sizeof(binding.key));
	return outlet->check(outlet->context, &binding) == 0;
}

/* In the order of M-2; nothing that depends on state is answered before the MAC is right. */
static const struct {
	enum binding_update_fault fault;
	bool (*is_good)(struct binding_update_case *update);
} checks[] = {
        {FAULT_malformed, well_formed},
        {FAULT_checksum, checksum},
        {FAULT_unauthenticated, authenticated},
        {FAULT_not_home_registration, home_registration},
        {FAULT_rate_of_source, rate_of_source},
        {FAULT_unknown_spi, known_spi},
        {FAULT_dead_association, live_association},
        {FAULT_foreign_home_address, own_home_address},
        {FAULT_foreign_home_agent, own_home_agent},
        {FAULT_mac, mac},
        {FAULT_nai, nai},
        {FAULT_timestamp_missing, timestamp_present},
        {FAULT_timestamp, timestamp},
        {FAULT_sequence, sequence},
        {FAULT_exhausted, number_space},
        {FAULT_pending, nothing_pending},
        {FAULT_rate_of_node, rate_of_node},
        {FAULT_both_care_of_options, one_care_of_option},
        {FAULT_not_dual_stack, dual_stack},
        {FAULT_nat_refused, no_nat_or_permitted},
        {FAULT_not_home_subnet, home_subnet},
        {FAULT_unknown_binding, known_binding},
        {FAULT_care_of_address, care_of_address},
        {FAULT_no_room, room},
};

_Static_assert(sizeof(checks) / sizeof(checks[0]) == BINDING_UPDATE_FAULT_COUNT, "each fault has its check");

enum binding_update_fault binding_update_check(struct binding_update_case *update)
{
	const struct ip_packet *packet = update->packet;

	update->home_address = packet->has_home_address ? packet->home_address : packet->source;
	mobility_care_of_address(&update->header->options, packet->source.s6_addr, update->care_of_address.s6_addr);
	update->bound_address = update->udp.is_used ? update->udp.source : update->care_of_address;
	update->udp.has_nat = update->udp.is_used && !in6_is_equal(&update->udp.source, &update->care_of_address);
	update->deregisters = update->header->binding_update.lifetime_units == 0 ||
	                      in6_is_equal(&update->care_of_address, &update->home_address);
	for (size_t i = 0; i < BINDING_UPDATE_FAULT_COUNT; i++) {
		if (checks[i].fault == FAULT_timestamp_missing &&
		    association_answered(update->association, update->message)) {
			update->is_repetition = true;
			return FAULT_NONE;
		}
		if (!checks[i].is_good(update))
			return checks[i].fault;
	}
	return FAULT_NONE;
}
