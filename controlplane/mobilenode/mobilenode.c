// SPDX-License-Identifier: BSD-3-Clause
#include "mobilenode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "ip.h"

enum {
	BACK_OFF_FIRST_MS = 10 * 1000, /* B-41 */
	BACK_OFF_MAX_MS = 600 * 1000,
	BUSY_RETRY_MS = 1000, /* a request is out already */
	FAILURE_OCTETS = 192,
};

struct mobilenode {
	struct mobilenode_settings settings;
	const struct usim *usim;
	struct mobilenode_port port;
	struct randomness *randomness;
	struct timer_wheel *timers;
	struct timer retry; /* after a failure */
	struct timer renew; /* of the security association */
	struct host_key *host_key;
	struct eap_aka_peer *eap;
	struct pana_client *pana;
	struct bootstrap_client *bootstrap;
	struct mobile_ipv6 *mobile;
	struct movement *movement;
	struct sealed_state sealed;
	bool keeps_state; /* false: the card has no GSM context (N-1) */
	enum mobilenode_state state;
	char failure[FAILURE_OCTETS];
	uint64_t back_off_ms;
	uint64_t bound_until_ms; /* monotonic */
	uint64_t bootstraps;
	uint64_t handovers;
};

static const char subsystem[] = "mobilenode";

const char *mobilenode_state_name(enum mobilenode_state state)
{
	static const char *const names[] = {"no-access", "authenticating", "bootstrapping", "binding",
	                                    "bound",     "home",           "failed",        "stopped"};

	return names[state];
}

static void set_state(struct mobilenode *node, enum mobilenode_state state, struct effects *effects)
{
	if (state == node->state)
		return;
	node->state = state;
	if (state == MOBILENODE_FAILED || state == MOBILENODE_STOPPED)
		effects_log(effects, LOG_LEVEL_WARNING, subsystem, "%s: %s", mobilenode_state_name(state),
		            node->failure);
	else
		effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "%s", mobilenode_state_name(state));
	node->port.state(node->port.context, state);
}

static bool has_association(const struct mobilenode *node)
{
	return mobile_ipv6_state(node->mobile) != MOBILE_IPV6_NONE;
}

/* The state that an association makes, when nothing has failed. */
static void show_association(struct mobilenode *node, struct effects *effects)
{
	enum mobile_ipv6_state state = mobile_ipv6_state(node->mobile);

	if (state == MOBILE_IPV6_BOUND || state == MOBILE_IPV6_HOME)
		set_state(node, state == MOBILE_IPV6_BOUND ? MOBILENODE_BOUND : MOBILENODE_HOME, effects);
	else
		set_state(node, movement_current(node->movement) ? MOBILENODE_BINDING : MOBILENODE_NO_ACCESS, effects);
}

/* --- authentication and bootstrap, and their failures --- */

static void retry_fired(struct timer *timer, const struct instant *now, struct effects *effects);

static void retry_in(struct mobilenode *node, uint64_t after_ms, const struct instant *now)
{
	timer_arm(node->timers, &node->retry, now->monotonic_ms + after_ms, retry_fired);
}

/* B-41; a failure while a binding stands is logged, and the binding goes on (L-5). */
static void fail(struct mobilenode *node, const char *why, uint64_t at_least_ms, const struct instant *now,
                 struct effects *effects)
{
	node->back_off_ms = node->back_off_ms ? node->back_off_ms * 2 : BACK_OFF_FIRST_MS;
	if (node->back_off_ms > BACK_OFF_MAX_MS)
		node->back_off_ms = BACK_OFF_MAX_MS;
	snprintf(node->failure, sizeof(node->failure), "%s", why);
	retry_in(node, at_least_ms > node->back_off_ms ? at_least_ms : node->back_off_ms, now);
	if (has_association(node))
		effects_log(effects, LOG_LEVEL_WARNING, subsystem, "%s", why);
	else
		set_state(node, MOBILENODE_FAILED, effects);
}

/* Gets a new association: by a request in the session that there is (L-3), or from AKA on. */
static void bootstrap(struct mobilenode *node, const struct instant *now, struct effects *effects)
{
	int result;

	if (node->state == MOBILENODE_STOPPED)
		return;
	if (!movement_current(node->movement)) {
		if (!has_association(node))
			set_state(node, MOBILENODE_NO_ACCESS, effects);
		return; /* moved() comes back here */
	}
	if (pana_client_state(node->pana) == PANA_CLIENT_OPEN) {
		if (!has_association(node))
			set_state(node, MOBILENODE_BOOTSTRAPPING, effects);
		result = bootstrap_client_request(node->bootstrap, node->pana, now, effects);
		if (result == -EBUSY)
			retry_in(node, BUSY_RETRY_MS, now);
		else if (result)
			fail(node, "B-4: the request does not fit into one message; shorten the wished name", 0, now,
			     effects);
		return;
	}
	if (!has_association(node))
		set_state(node, MOBILENODE_AUTHENTICATING, effects);
	if (pana_client_state(node->pana) == PANA_CLIENT_IDLE)
		pana_client_start(node->pana, now, effects);
}

static void retry_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	bootstrap(timer_owner(timer, struct mobilenode, retry), now, effects);
}

static void renew_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	bootstrap(timer_owner(timer, struct mobilenode, renew), now, effects);
}

static size_t eap(void *context, bool is_first, struct wire_view packet, uint8_t *response, size_t capacity)
{
	struct mobilenode *node = context;
	uint8_t answer[EAP_AKA_PEER_PACKET_MAX];
	size_t octets;

	if (is_first)
		eap_aka_peer_restart(node->eap);
	octets = eap_aka_peer_receive(node->eap, packet.bytes, packet.octets, answer);
	if (octets > capacity)
		return 0;
	memcpy(response, answer, octets);
	return octets;
}

static const struct secret *msk(void *context)
{
	const struct mobilenode *node = context;

	return eap_aka_peer_is_complete(node->eap) ? eap_aka_peer_msk(node->eap) : NULL;
}

static void opened(void *context, bool is_reauthentication, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;

	if (is_reauthentication) /* its session is longer, so a new association may be, too (L-2, L-3) */
		effects_log(effects, LOG_LEVEL_INFO, subsystem, "the session is authenticated again");
	bootstrap(node, now, effects);
}

static void answered(void *context, struct wire_view plaintext, const struct instant *now, struct effects *effects)
{
	bootstrap_client_answer(((struct mobilenode *)context)->bootstrap, plaintext, now, effects);
}

static void ended(void *context, enum pana_client_end why, const struct instant *now, struct effects *effects)
{
	static const char *const reasons[] = {
	        [PANA_CLIENT_ENDED_NO_ANSWER] = "B-5: the mobility server does not answer",
	        [PANA_CLIENT_ENDED_REJECTED] = "B-25: authentication failed",
	        [PANA_CLIENT_ENDED_NOT_ADMITTED] = "B-26: authenticated, but not admitted",
	        [PANA_CLIENT_ENDED_REFUSED] = "B-24: the end of the authentication is not what it claims",
	        [PANA_CLIENT_ENDED_BY_SERVER] = "L-5: the mobility server has ended the session",
	        [PANA_CLIENT_ENDED_LIFETIME] = "B-28: the session has ended",
	        [PANA_CLIENT_ENDED_LOGOUT] = "L-5: logged out",
	};
	struct mobilenode *node = context;
	const char *detail = eap_aka_peer_failure(node->eap);

	if (!detail[0])
		detail = pana_client_failure(node->pana);
	bootstrap_client_session_ended(node->bootstrap);
	fail(node, detail[0] ? detail : reasons[why], 0, now, effects);
}

static void granted(void *context, const struct bootstrap_client_grant *grant, const struct instant *now,
                    struct effects *effects)
{
	struct mobilenode *node = context;
	struct sealed_state *sealed = &node->sealed;
	char address[ENDPOINT_TEXT_OCTETS];
	struct mobile_ipv6_association association = {
	        .home_address = grant->home_address,
	        .home_prefix_length = grant->home_prefix_length,
	        .home_agent = grant->home_agent,
	        .spi = grant->spi,
	        .timestamps = grant->timestamps,
	        .key = grant->agent_key,
	        .ends_unix_ms = now->unix_ms + (uint64_t)grant->association_lifetime_s * 1000,
	        .next_sequence = (uint16_t)randomness_u32(node->randomness),
	};

	memcpy(association.fqdn, grant->fqdn, sizeof(association.fqdn));
	memcpy(sealed->fqdn, grant->fqdn, sizeof(sealed->fqdn));
	memcpy(sealed->pinned_identity, grant->server_identity, grant->server_identity_octets);
	sealed->pinned_octets = grant->server_identity_octets;
	sealed->home_address = grant->home_address;
	sealed->home_prefix_length = grant->home_prefix_length;
	sealed->home_agent = grant->home_agent;
	sealed->lease_ends_unix_s = now->unix_ms / 1000 + grant->lease_lifetime_s;
	sealed->spi = grant->spi;
	sealed->association_ends_unix_s = association.ends_unix_ms / 1000;
	sealed->agent_key = grant->agent_key;
	node->bootstraps++;
	node->failure[0] = '\0';
	timer_disarm(&node->retry);
	timer_arm(node->timers, &node->renew, now->monotonic_ms + (uint64_t)grant->association_lifetime_s * 800,
	          renew_fired);
	effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "%s %s/%u%s, association for %u s", grant->fqdn,
	            address_format(&grant->home_address, address), grant->home_prefix_length,
	            grant->status == BOOTSTRAP_NAME_CHANGED ? " (another name than the wished one)" : "",
	            grant->association_lifetime_s);
	node->port.home(node->port.context, &grant->home_address, grant->home_prefix_length, &grant->home_agent);
	mobile_ipv6_associate(node->mobile, &association, now, effects); /* seals the state by its first reserve() */
	secret_wipe(&association.key);
	show_association(node, effects);
}

/* What table 1.5 says of the node. */
static void refused(void *context, uint32_t status, const char *text, uint32_t retry_after_ms,
                    const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;
	char why[FAILURE_OCTETS];

	snprintf(why, sizeof(why), "status %u %s%s%s", status, bootstrap_status_name(status), text[0] ? ": " : "",
	         text);
	if (status == BOOTSTRAP_BARRED) {
		snprintf(node->failure, sizeof(node->failure), "%s", why);
		set_state(node, MOBILENODE_STOPPED, effects);
		return;
	}
	if (status == BOOTSTRAP_RATE_LIMITED && retry_after_ms) {
		retry_in(node, retry_after_ms, now);
		return;
	}
	if (status == BOOTSTRAP_MALFORMED || status == BOOTSTRAP_UNSUPPORTED || status == BOOTSTRAP_BAD_PROOF)
		node->back_off_ms = BACK_OFF_MAX_MS; /* the same again would get the same answer */
	fail(node, why, retry_after_ms, now, effects);
}

static void failed(void *context, const char *rule, const struct instant *now, struct effects *effects)
{
	fail(context, rule, 0, now, effects);
}

/* --- Mobile IPv6 --- */

static void send_packet(void *context, struct wire_view packet)
{
	struct mobilenode *node = context;

	node->port.send(node->port.context, packet);
}

static int reserve(void *context, uint16_t next_sequence, uint32_t updates_sent)
{
	struct mobilenode *node = context;
	int result;

	node->sealed.last_sequence = next_sequence;
	node->sealed.updates_sent = updates_sent;
	if (!node->keeps_state)
		return 0;
	result = node->port.store(node->port.context, &node->sealed);
	if (result == -ENOTSUP)
		node->keeps_state = false;
	return node->keeps_state ? result : 0;
}

static void bound(void *context, const struct in6_addr *care_of_address, uint32_t lifetime_s, const struct instant *now,
                  struct effects *effects)
{
	struct mobilenode *node = context;
	char address[ENDPOINT_TEXT_OCTETS];

	node->back_off_ms = 0;
	node->bound_until_ms = now->monotonic_ms + (uint64_t)lifetime_s * 1000;
	node->port.bound(node->port.context, true);
	if (node->state != MOBILENODE_BOUND)
		effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "bound to %s for %u s after %llu ms",
		            address_format(care_of_address, address), lifetime_s,
		            (unsigned long long)mobile_ipv6_round_trip_ms(node->mobile));
	set_state(node, MOBILENODE_BOUND, effects);
}

static void at_home(void *context, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;

	(void)now;
	node->back_off_ms = 0;
	node->port.bound(node->port.context, false);
	set_state(node, MOBILENODE_HOME, effects);
}

static void unbound(void *context, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;

	(void)now;
	(void)effects;
	/* during a handover the old binding still stands and takes packets from the care-of address before (N-3) */
	if (!has_association(node))
		node->port.bound(node->port.context, false);
}

static void silent(void *context, const struct instant *now, struct effects *effects)
{
	effects_log(effects, LOG_LEVEL_WARNING, subsystem, "the home agent does not answer; a new bootstrap is tried");
	bootstrap(context, now, effects);
}

static void dead(void *context, const char *why, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;

	effects_log(effects, LOG_LEVEL_WARNING, subsystem, "%s", why);
	secret_wipe(&node->sealed.agent_key);
	node->sealed.spi = 0;
	timer_disarm(&node->renew);
	if (node->bound_until_ms) { /* it has been bound: once at once, then as B-41 says */
		node->bound_until_ms = 0;
		bootstrap(node, now, effects);
	} else {
		fail(node, why, 0, now, effects);
	}
}

/* --- movement --- */

static bool is_home_link(const struct mobilenode *node, const struct movement_place *place)
{
	const struct sealed_state *sealed = &node->sealed;

	return place && sealed->home_prefix_length &&
	       in6_has_prefix(&place->address, &sealed->home_address, sealed->home_prefix_length);
}

static void moved(void *context, const struct movement_place *place, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;
	struct movement_place at_home;
	char address[ENDPOINT_TEXT_OCTETS];

	if (place)
		effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "care-of address %s on %s",
		            address_format(&place->address, address), place->name);
	else
		effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "no care-of address");
	if (place && has_association(node))
		node->handovers++;
	if (is_home_link(node, place)) { /* N-10: the home address is what it has there */
		at_home = *place;
		at_home.address = node->sealed.home_address;
		place = &at_home;
	} else if (place)
		bootstrap_client_care_of_prefix(node->bootstrap, &place->address, place->prefix_length);
	node->port.place(node->port.context, place);
	mobile_ipv6_move(node->mobile, place ? &place->address : NULL, now, effects);
	if (has_association(node))
		show_association(node, effects);
	else if (!timer_is_armed(&node->retry) || node->state == MOBILENODE_NO_ACCESS)
		bootstrap(node, now, effects);
	if (place)
		pana_client_moved(node->pana, now, effects);
	if (place && pana_client_state(node->pana) == PANA_CLIENT_STARTING)
		pana_client_start(node->pana, now,
		                  effects); /* at once from here, not when the old place's turn comes */
}

/* --- life --- */

static int take_host_key(struct mobilenode *node)
{
	struct sealed_state *sealed = &node->sealed;
	int result;

	if (sealed->host_key_octets)
		return host_key_from_der((struct wire_view){sealed->host_key_der, sealed->host_key_octets},
		                         &node->host_key);
	result = host_key_generate(&node->host_key);
	if (!result)
		result = host_key_to_der(node->host_key, sealed->host_key_der, &sealed->host_key_octets);
	return result;
}

static void make_cores(struct mobilenode *node)
{
	const struct mobilenode_settings *settings = &node->settings;
	const struct pana_client_outlet pana = {node, eap, msk, opened, answered, ended};
	const struct bootstrap_client_outlet boot = {node, granted, refused, failed};
	const struct mobile_ipv6_outlet mobile = {node, send_packet, reserve, bound, at_home, unbound, silent, dead};
	const struct movement_outlet movement = {node, moved};

	node->eap = eap_aka_peer_new(&settings->eap, node->usim);
	node->pana = pana_client_new(&settings->pana, &pana, node->randomness, node->timers);
	node->bootstrap =
	        bootstrap_client_new(&settings->bootstrap, node->host_key, &boot, node->randomness, node->timers);
	node->mobile = mobile_ipv6_new(settings->binding_lifetime_s, &mobile, node->timers);
	node->movement = movement_new(&settings->movement, &movement, node->timers);
}

int mobilenode_new(const struct mobilenode_settings *settings, const struct usim *usim,
                   const struct sealed_state *state, const struct mobilenode_port *port, struct randomness *randomness,
                   struct timer_wheel *timers, struct mobilenode **made)
{
	struct mobilenode *node = calloc(1, sizeof(*node));
	int result;

	if (!node)
		return -ENOMEM;
	*node = (struct mobilenode){.settings = *settings,
	                            .usim = usim,
	                            .port = *port,
	                            .randomness = randomness,
	                            .timers = timers,
	                            .sealed = *state,
	                            .keeps_state = true};
	result = take_host_key(node);
	if (result) {
		mobilenode_free(node);
		return result;
	}
	memcpy(node->sealed.paa_id, settings->bootstrap.paa_id, sizeof(node->sealed.paa_id));
	make_cores(node);
	if (state->pinned_octets && strcmp(state->paa_id, settings->bootstrap.paa_id) == 0) /* L-11: per PAA-Id */
		bootstrap_client_pin(node->bootstrap, (struct wire_view){state->pinned_identity, state->pinned_octets});
	*made = node;
	return 0;
}

void mobilenode_free(struct mobilenode *node)
{
	if (!node)
		return;
	timer_disarm(&node->retry);
	timer_disarm(&node->renew);
	movement_free(node->movement);
	mobile_ipv6_free(node->mobile);
	bootstrap_client_free(node->bootstrap);
	pana_client_free(node->pana);
	eap_aka_peer_free(node->eap);
	host_key_free(node->host_key);
	OPENSSL_cleanse(node, sizeof(*node));
	free(node);
}

void mobilenode_start(struct mobilenode *node, const struct instant *now, struct effects *effects)
{
	const struct sealed_state *sealed = &node->sealed;
	struct mobile_ipv6_association association = {
	        .home_address = sealed->home_address,
	        .home_prefix_length = sealed->home_prefix_length,
	        .home_agent = sealed->home_agent,
	        .spi = sealed->spi,
	        .key = sealed->agent_key,
	        .ends_unix_ms = sealed->association_ends_unix_s * 1000,
	        .next_sequence = sealed->last_sequence,
	        .updates_sent = sealed->updates_sent,
	};

	if (sealed->spi && association.ends_unix_ms > now->unix_ms) {
		memcpy(association.fqdn, sealed->fqdn, sizeof(association.fqdn));
		timer_arm(node->timers, &node->renew,
		          now->monotonic_ms + (association.ends_unix_ms - now->unix_ms) / 10 * 8, renew_fired);
		effects_log(effects, LOG_LEVEL_NOTICE, subsystem, "%s: the association of before is taken up",
		            sealed->fqdn);
		node->port.home(node->port.context, &sealed->home_address, sealed->home_prefix_length,
		                &sealed->home_agent);
		mobile_ipv6_associate(node->mobile, &association, now, effects);
	}
	secret_wipe(&association.key);
}

void mobilenode_wish(struct mobilenode *node, const struct bootstrap_wish *wish, const struct instant *now,
                     struct effects *effects)
{
	bootstrap_client_wish(node->bootstrap, wish);
	bootstrap(node, now, effects);
}

void mobilenode_places(struct mobilenode *node, const struct movement_place *places, size_t count,
                       const struct instant *now, struct effects *effects)
{
	movement_places(node->movement, places, count, now, effects);
}

void mobilenode_datagram(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                         size_t octets, const struct instant *now, struct effects *effects)
{
	struct mobilenode *node = context;

	(void)channel;
	pana_client_datagram(node->pana, from, (struct wire_view){message, octets}, now, effects);
}

void mobilenode_mobility(struct mobilenode *node, struct wire_view packet, const struct instant *now,
                         struct effects *effects)
{
	mobile_ipv6_packet(node->mobile, packet, now, effects);
}

void mobilenode_leave(struct mobilenode *node, const struct instant *now, struct effects *effects)
{
	mobile_ipv6_leave(node->mobile, now, effects);
}

enum mobilenode_state mobilenode_state(const struct mobilenode *node)
{
	return node->state;
}

/* --- status --- */

static const char *pana_state_name(enum pana_client_state state)
{
	static const char *const names[] = {"idle", "starting", "authenticating", "open", "reauthenticating"};

	return names[state];
}

static json_t *counters_of(const struct mobilenode *node)
{
	const struct mobile_ipv6_counters *mobile = mobile_ipv6_counters(node->mobile);
	const struct eap_aka_peer_counters eap_counters = eap_aka_peer_counters(node->eap);
	json_t *counters = json_object(), *part = json_object();
	const char *name;
	uint64_t value;

#define X(counter) json_object_set_new(part, #counter, json_integer((json_int_t)mobile->counter));
	MOBILE_IPV6_COUNTERS(X)
#undef X
	json_object_set_new(counters, "mobile_ipv6", part);
	part = json_object();
	for (size_t i = 0; pana_client_counter(node->pana, i, &name, &value); i++)
		json_object_set_new(part, name, json_integer((json_int_t)value));
	json_object_set_new(counters, "pana", part);
	json_object_set_new(
	        counters, "eap",
	        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "requests", (json_int_t)eap_counters.requests,
	                  "repeated", (json_int_t)eap_counters.repeated, "malformed",
	                  (json_int_t)eap_counters.malformed, "mac_failures", (json_int_t)eap_counters.mac_failures,
	                  "resynchronisations", (json_int_t)eap_counters.resynchronisations, "rejected",
	                  (json_int_t)eap_counters.rejected, "client_errors", (json_int_t)eap_counters.client_errors));
	return counters;
}

static void set_address(json_t *status, const char *name, const struct in6_addr *address)
{
	char text[ENDPOINT_TEXT_OCTETS];

	if (!IN6_IS_ADDR_UNSPECIFIED(address))
		json_object_set_new(status, name, json_string(address_format(address, text)));
}

json_t *mobilenode_status(const struct mobilenode *node, const struct instant *now)
{
	const struct movement_place *place = movement_current(node->movement);
	const struct sealed_state *sealed = &node->sealed;
	json_t *status = json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:I}", "state", mobilenode_state_name(node->state),
	                           "failure", node->failure, "pana", pana_state_name(pana_client_state(node->pana)),
	                           "bootstraps", (json_int_t)node->bootstraps, "handovers", (json_int_t)node->handovers,
	                           "last_status", mobile_ipv6_last_status(node->mobile), "round_trip_ms",
	                           (json_int_t)mobile_ipv6_round_trip_ms(node->mobile));

	if (sealed->fqdn[0])
		json_object_set_new(status, "fqdn", json_string(sealed->fqdn));
	set_address(status, "home_address", &sealed->home_address);
	set_address(status, "home_agent", &sealed->home_agent);
	if (sealed->fqdn[0])
		json_object_set_new(status, "home_prefix_length", json_integer(sealed->home_prefix_length));
	if (place) {
		set_address(status, "care_of_address", &place->address);
		json_object_set_new(status, "interface", json_string(place->name));
	}
	if (has_association(node)) {
		json_object_set_new(status, "spi", json_integer(sealed->spi));
		json_object_set_new(status, "association_ends_s",
		                    json_integer((json_int_t)(sealed->association_ends_unix_s - now->unix_ms / 1000)));
	}
	if (node->state == MOBILENODE_BOUND && node->bound_until_ms > now->monotonic_ms)
		json_object_set_new(status, "binding_ends_s",
		                    json_integer((json_int_t)((node->bound_until_ms - now->monotonic_ms) / 1000)));
	json_object_set_new(status, "method",
	                    json_string(!eap_aka_peer_msk(node->eap)                           ? "none"
	                                : eap_aka_peer_method(node->eap) == EAP_TYPE_AKA_PRIME ? "AKA'"
	                                                                                       : "AKA"));
	json_object_set_new(status, "state_is_kept", json_boolean(node->keeps_state));
	json_object_set_new(status, "counters", counters_of(node));
	return status;
}
