// SPDX-License-Identifier: BSD-3-Clause
/* What an Access-Accept means: who the subscriber is (E-16, E-17), his profile, the MSK (K-2). */
#include "radius_conversation.h"

#include "radius_security.h"

enum { PROFILE_ATTRIBUTES_MAX = 32, IMSI_OCTETS = 16 };

/* E-17: an AS asserts only IMSIs of the operators that it was configured for. */
static bool has_prefix_of(const struct radius_relay_server *server, const char *imsi)
{
	for (size_t i = 0; i < server->imsi_prefix_count; i++)
		if (strncmp(imsi, server->imsi_prefixes[i], strlen(server->imsi_prefixes[i])) == 0)
			return true;
	return false;
}

static bool take_imsi(struct radius_conversation *conversation, const char *imsi,
                      struct pana_agent_acceptance *acceptance)
{
	struct radius_relay_counters *counters = &conversation->relay->counters;

	if (subscriber_identity_from_imsi(conversation->server->name, imsi, &acceptance->identity))
		counters->malformed_profile++;
	else if (!has_prefix_of(conversation->server, imsi))
		counters->foreign_subscriber++;
	else
		return true;
	return false;
}

/* An opaque identity needs no prefix: it counts under the name of its AS only. */
static bool take_opaque(struct radius_conversation *conversation, struct wire_view value,
                        struct pana_agent_acceptance *acceptance)
{
	if (subscriber_identity_from_octets(conversation->server->name, value.bytes, value.octets,
	                                    &acceptance->identity) == 0)
		return true;
	conversation->relay->counters.malformed_profile++;
	return false;
}

/* A CUI of one zero octet asks for one (RFC 4372 2.2); in an Accept it says nothing. */
static bool says_something(struct wire_view cui)
{
	return cui.octets > 1 || (cui.octets == 1 && cui.bytes[0] != 0);
}

/* In the order of E-16; never the request's User-Name or EAP-Response/Identity. */
static bool find_subscriber(struct radius_conversation *conversation, const struct radius_packet *accept,
                            struct pana_agent_acceptance *acceptance)
{
	const struct radius_relay_server *server = conversation->server;
	struct wire_view imsi = radius_find(accept, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI);
	struct wire_view cui = radius_find(accept, 0, RADIUS_CUI);
	struct wire_view user_name = radius_find(accept, 0, RADIUS_USER_NAME);
	const char *observed = identity_observer_imsi(&conversation->observer);

	if (imsi.bytes) {
		char text[IMSI_OCTETS] = "";

		/* with an octet that is no digit, or too long, it is refused there */
		if (imsi.octets < sizeof(text) && !memchr(imsi.bytes, 0, imsi.octets))
			memcpy(text, imsi.bytes, imsi.octets);
		return take_imsi(conversation, text, acceptance);
	}
	if (cui.bytes && says_something(cui))
		return take_opaque(conversation, cui, acceptance);
	if (server->trust_accept_user_name && user_name.octets)
		return take_opaque(conversation, user_name, acceptance);
	if (server->identity_from_eap && observed)
		return take_imsi(conversation, observed, acceptance);
	/* a fast re-authentication names nobody; the agent keeps whom it knows, in a first authentication nobody */
	acceptance->keeps_identity = server->identity_from_eap && conversation->observer.is_fast;
	conversation->relay->counters.without_subscriber += !acceptance->keeps_identity;
	return acceptance->keeps_identity;
}

static bool read_profile(struct radius_conversation *conversation, const struct radius_packet *accept,
                         struct subscriber_profile *profile)
{
	struct accept_attribute attributes[PROFILE_ATTRIBUTES_MAX];
	struct wire_reader reader = wire_reader_of_view(accept->attributes);
	struct radius_attribute attribute;
	size_t count = 0;

	while (radius_attribute_read(&reader, &attribute))
		if (attribute.vendor == conversation->relay->options.vendor && count < PROFILE_ATTRIBUTES_MAX)
			attributes[count++] = (struct accept_attribute){attribute.type, attribute.value};
	if (directory_profile_from_accept(attributes, count, &conversation->server->defaults, profile) == 0)
		return true;
	conversation->relay->counters.malformed_profile++;
	return false;
}

void radius_accept(struct radius_conversation *conversation, const struct radius_packet *accept,
                   const uint8_t *request_authenticator, struct wire_view eap, const struct instant *now,
                   struct effects *effects)
{
	struct radius_relay *relay = conversation->relay;
	const struct radius_relay_outlet *outlet = &relay->options.outlet;
	struct pana_agent_acceptance acceptance = {
	        .eap = eap,
	        .class_attribute = radius_find(accept, 0, RADIUS_CLASS),
	};
	uint64_t token = conversation->token;

	if (radius_msk(accept, request_authenticator, &conversation->server->secret, &acceptance.msk)) {
		relay->counters.without_msk++;
		secret_wipe(&acceptance.msk);
	}
	radius_find_u32(accept, 0, RADIUS_SESSION_TIMEOUT, &acceptance.session_timeout_s);
	acceptance.is_admitted = find_subscriber(conversation, accept, &acceptance) &&
	                         read_profile(conversation, accept, &acceptance.profile);
	radius_conversation_free(conversation, now->monotonic_ms);
	outlet->accepted(outlet->context, token, &acceptance, now, effects);
	secret_wipe(&acceptance.msk);
}
