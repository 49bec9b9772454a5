// SPDX-License-Identifier: BSD-3-Clause
#include "mobility_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pana.h"
#include "wishes.h"

enum { LINK_MTU_BYTES = 1500, CLOSED_PREFIXES = 2 };

/* The texts of a server's lists, as the relay wants them. */
struct server_lists {
	const char *realms[SETTINGS_REALMS_MAX];
	const char *imsi_prefixes[SETTINGS_PREFIXES_MAX];
};

struct server_set {
	struct radius_relay_server servers[SETTINGS_SERVERS_MAX];
	struct server_lists lists[SETTINGS_SERVERS_MAX];
};

struct mobility_server {
	const struct settings *settings;
	uint32_t ttl_s; /* D-8 */
	struct pana_agent *pana;
	struct radius_relay *relay;
	struct bootstrap *bootstrap;
	struct naming *naming;
	struct home_agent *home_agent;
	struct bindings *bindings;
	struct home_agent_prefix home_prefix;
	struct home_agent_prefix closed[CLOSED_PREFIXES];
	struct server_set sets[2]; /* a reload fills the one that the relay does not have */
	size_t set;
	struct wish_buffer wish;
	struct mobility_server_bus bus;
	struct mobility_server_counters counters;
};

struct pana_agent *mobility_server_pana(struct mobility_server *server)
{
	return server->pana;
}

struct radius_relay *mobility_server_relay(struct mobility_server *server)
{
	return server->relay;
}

struct bootstrap *mobility_server_bootstrap(struct mobility_server *server)
{
	return server->bootstrap;
}

struct naming *mobility_server_naming(struct mobility_server *server)
{
	return server->naming;
}

struct home_agent *mobility_server_home_agent(struct mobility_server *server)
{
	return server->home_agent;
}

struct bindings *mobility_server_bindings(struct mobility_server *server)
{
	return server->bindings;
}

const struct mobility_server_counters *mobility_server_counters(const struct mobility_server *server)
{
	return &server->counters;
}

/* PANA agent → relay, bootstrap, home agent */

static void pana_eap(void *context, const struct pana_agent_eap *eap, const struct instant *now,
                     struct effects *effects)
{
	struct mobility_server *server = context;

	radius_relay_eap(server->relay, eap, now, effects);
}

static void pana_eap_abandoned(void *context, uint64_t conversation)
{
	struct mobility_server *server = context;

	radius_relay_abandon(server->relay, conversation);
}

static void pana_request(void *context, const struct pana_agent_request *request, const struct instant *now,
                         struct effects *effects)
{
	struct mobility_server *server = context;
	struct bootstrap_session session = {
	        .token = request->session,
	        .session_id = request->session_id,
	        .key_id = request->key_id,
	        .identity = *request->identity,
	        .profile = *request->profile,
	        .paa_nonce = request->paa_nonce,
	        .pac_nonce = request->pac_nonce,
	        .mobility_root = *request->mobility_root,
	        .expires_ms = request->expires_ms,
	};

	memcpy(session.start_digest, request->start_digest, sizeof(session.start_digest));
	bootstrap_request(server->bootstrap, &session, request->number, request->plaintext.bytes,
	                  request->plaintext.octets, now, effects);
	secret_wipe(&session.mobility_root);
}

/* What a changed profile says of what is bound already holds at once; the rest, with the next bootstrap. */
static void pana_admitted(void *context, const struct subscriber_identity *identity,
                          const struct subscriber_profile *profile, const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;
	char subscriber[SUBSCRIBER_KEY_OCTETS];

	if (subscriber_key(identity, subscriber) == 0)
		home_agent_set_ambr(server->home_agent, subscriber, &profile->ambr, now, effects);
}

/* L-5: a session that was merely lost ends neither association nor binding, and none ends what another has made. */
static void pana_ended(void *context, uint64_t session, const struct subscriber_identity *identity,
                       enum pana_agent_end reason, const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;
	char subscriber[SUBSCRIBER_KEY_OCTETS];

	bootstrap_session_ended(server->bootstrap, identity, session);
	if (reason == PANA_END_LOST || reason == PANA_END_DISPLACED || subscriber_key(identity, subscriber))
		return;
	home_agent_session_ended(server->home_agent, subscriber, session, now, effects);
}

/* Relay → PANA agent */

static void relay_request(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
                          struct effects *effects)
{
	struct mobility_server *server = context;

	pana_agent_eap_request(server->pana, conversation, packet, now, effects);
}

static void relay_accepted(void *context, uint64_t conversation, const struct pana_agent_acceptance *acceptance,
                           const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	pana_agent_accepted(server->pana, conversation, acceptance, now, effects);
}

static void relay_rejected(void *context, uint64_t conversation, struct wire_view packet, const struct instant *now,
                           struct effects *effects)
{
	struct mobility_server *server = context;

	pana_agent_rejected(server->pana, conversation, packet, now, effects);
}

/* Bootstrap → PANA agent, naming, home agent */

static void bootstrap_answers(void *context, uint64_t session, uint32_t request_number, const void *avps, size_t octets,
                              const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	pana_agent_answer(server->pana, session, request_number, avps, octets, now, effects);
}

/* A name that the naming room cannot take is refused, in a step after the one that asked. */
static void name_impossible(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = core;

	(void)result;
	bootstrap_naming_done(server->bootstrap, token, NAMING_REFUSED, now, effects);
}

static void bootstrap_names(void *context, const struct bootstrap_naming *wish, const struct instant *now,
                            struct effects *effects)
{
	struct mobility_server *server = context;
	struct wish_buffer buffer;
	struct naming_request request;

	wish_to_request(wish, server->ttl_s, &buffer, &request);
	if (naming_apply(server->naming, &request, now, effects) == 0)
		return;
	server->counters.names_impossible++;
	effects_when_durable(effects, name_impossible, server, wish->token);
}

static enum name_holding zone_holding(void *context, const char *fqdn, const struct subscriber_identity *owner)
{
	static const enum name_holding holdings[] = {
	        [NAMING_HOLDING_UNKNOWN] = NAME_UNKNOWN,
	        [NAMING_HOLDING_FREE] = NAME_FREE,
	        [NAMING_HOLDING_OURS] = NAME_OURS,
	        [NAMING_HOLDING_TAKEN] = NAME_TAKEN,
	};
	struct mobility_server *server = context;
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];
	struct wire_view owner_id = {id, subscriber_owner_id(owner, id)};

	return holdings[naming_holding(server->naming, fqdn, owner_id)];
}

static uint32_t draw_spi(void *context)
{
	struct mobility_server *server = context;

	return home_agent_draw_spi(server->home_agent);
}

static int establish(void *context, const struct bootstrap_grant *grant, const struct instant *now,
                     struct effects *effects)
{
	struct mobility_server *server = context;
	struct home_agent_association association = {
	        .spi = grant->spi,
	        .key = grant->key,
	        .home_address = grant->home_address,
	        .prefix_length = grant->prefix_length,
	        .home_agent_address = grant->home_agent,
	        .lifetime_s = grant->lifetime_s,
	        .nai = grant->nai,
	        .subscriber = grant->subscriber,
	        .session = grant->session,
	        .services = grant->services,
	        .ambr = grant->ambr,
	};
	int result;

	memcpy(association.host_identity_digest, grant->host_identity_digest, sizeof(association.host_identity_digest));
	result = home_agent_associate(server->home_agent, &association, now, effects);
	secret_wipe(&association.key);
	return result;
}

static void revoke(void *context, const char *subscriber, const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	home_agent_revoke(server->home_agent, subscriber, now, effects);
}

static void bootstrap_tells(void *context, const struct bootstrap_event *event, const struct instant *now,
                            struct effects *effects)
{
	static const char *const kinds[] = {
	        [BOOTSTRAP_EVENT_GRANTED] = "granted",           [BOOTSTRAP_EVENT_KEY_CHANGED] = "key changed (L-7)",
	        [BOOTSTRAP_EVENT_NAME_CHANGED] = "name changed", [BOOTSTRAP_EVENT_REFUSED] = "refused",
	        [BOOTSTRAP_EVENT_ENDED] = "lease ended",
	};
	char address[ENDPOINT_TEXT_OCTETS], masked[LOG_MASKED_OCTETS];
	const char *slash = strchr(event->subscriber, '/');

	(void)context, (void)now;
	effects_log(effects, LOG_LEVEL_INFO, "bootstrap", "%.*s%s: %s, status %u%s%s%s%s%s%s",
	            slash ? (int)(slash - event->subscriber + 1) : 0, event->subscriber,
	            log_mask_imsi(slash ? slash + 1 : event->subscriber, masked), kinds[event->kind], event->status,
	            event->fqdn ? ", " : "", event->fqdn ? event->fqdn : "",
	            IN6_IS_ADDR_UNSPECIFIED(&event->address) ? "" : ", ",
	            IN6_IS_ADDR_UNSPECIFIED(&event->address) ? "" : address_format(&event->address, address),
	            event->reason && event->reason[0] ? ": " : "", event->reason ? event->reason : "");
}

/* Naming → bootstrap */

static void naming_done(void *context, uint64_t token, enum naming_outcome outcome, const char *detail,
                        const struct instant *now, struct effects *effects)
{
	static const enum bootstrap_naming_result results[] = {
	        [NAMING_OUTCOME_DONE] = NAMING_DONE,           [NAMING_OUTCOME_TAKEN] = NAMING_TAKEN,
	        [NAMING_OUTCOME_REFUSED] = NAMING_REFUSED,     [NAMING_OUTCOME_UNKNOWN] = NAMING_UNKNOWN,
	        [NAMING_OUTCOME_UNSUPPORTED] = NAMING_REFUSED,
	};
	struct mobility_server *server = context;

	if (outcome != NAMING_OUTCOME_DONE)
		effects_log(effects, LOG_LEVEL_WARNING, "naming", "%s: %s", naming_outcome_name(outcome), detail);
	bootstrap_naming_done(server->bootstrap, token, results[outcome], now, effects);
}

static enum naming_wish naming_asks(void *context, const char *fqdn, struct naming_request *wanted)
{
	struct mobility_server *server = context;
	struct bootstrap_naming wish;

	switch (bootstrap_zone_wish(server->bootstrap, fqdn, &wish)) {
	case BOOTSTRAP_ZONE_LEAVE:
		return NAMING_WISH_LEAVE;
	case BOOTSTRAP_ZONE_HOLD:
		wish_to_request(&wish, server->ttl_s, &server->wish, wanted);
		return NAMING_WISH_HOLD;
	case BOOTSTRAP_ZONE_NOTHING:
		break;
	}
	return NAMING_WISH_NONE;
}

static bool naming_asks_next(void *context, uint64_t *cursor, struct naming_request *wanted)
{
	struct mobility_server *server = context;
	struct bootstrap_naming wish;

	if (!bootstrap_zone_next(server->bootstrap, cursor, &wish))
		return false;
	wish_to_request(&wish, server->ttl_s, &server->wish, wanted);
	return true;
}

/* Home agent → bindings */

static struct binding_key key_of(const struct in6_addr *address, uint8_t length)
{
	struct binding_key key = {.length = length};

	memcpy(key.octets, address, sizeof(key.octets));
	feed_key_mask(key.octets, length);
	return key;
}

static int check_binding(void *context, const struct home_agent_binding *binding)
{
	struct mobility_server *server = context;
	struct binding_key key = key_of(&binding->key, binding->prefix_length);

	return bindings_check(server->bindings, &key, binding->subscriber);
}

enum { BURST_OF_A_SECOND = 10, BURST_MIN_OCTETS = 16384 };

/*
 * The committed burst is what comes in a tenth of a second, and never less than a handful of packets; no excess burst.
 */
static struct feed_rate rate_of(uint64_t bps)
{
	uint64_t octets_per_s = bps / 8;
	uint64_t burst = octets_per_s / BURST_OF_A_SECOND;

	if (!bps)
		return (struct feed_rate){0};
	burst = burst > BURST_MIN_OCTETS ? burst : BURST_MIN_OCTETS;
	return (struct feed_rate){
	        .octets_per_s = octets_per_s ? octets_per_s : 1,
	        .burst_octets = burst < UINT32_MAX ? (uint32_t)burst : UINT32_MAX,
	};
}

static struct binding_version bind_key(void *context, const struct home_agent_binding *binding,
                                       const struct instant *now, struct effects *effects, uint8_t *shard)
{
	struct mobility_server *server = context;
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
	        .up = rate_of(binding->ambr.up_bps),
	        .down = rate_of(binding->ambr.down_bps),
	};

	*shard = change.shard;
	return bindings_set(server->bindings, &change, now, effects);
}

static struct binding_version unbind_key(void *context, const struct in6_addr *address, uint8_t prefix_length,
                                         const struct instant *now, struct effects *effects, uint8_t *shard)
{
	struct mobility_server *server = context;
	struct binding_key key = key_of(address, prefix_length);
	struct binding_view view;

	*shard = bindings_find(server->bindings, &key, &view) ? view.row->shard : 0;
	return bindings_withdraw(server->bindings, &key, now, effects);
}

/* Bindings → bus, home agent */

static void feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	struct mobility_server *server = context;

	server->bus.feed_frames(server->bus.context, frames, count);
}

static void feed_welcome(void *context, struct wire_view frame)
{
	struct mobility_server *server = context;

	server->bus.feed_welcome(server->bus.context, frame);
}

static void catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	struct mobility_server *server = context;

	server->bus.catch_up_send(server->bus.context, peer, frames, count);
}

static void binding_expired(void *context, const struct binding_key *key, const struct instant *now,
                            struct effects *effects)
{
	struct mobility_server *server = context;
	struct in6_addr address;

	memcpy(&address, key->octets, sizeof(address));
	home_agent_expired(server->home_agent, &address, key->length, now, effects);
}

int mobility_server_delete_binding(struct mobility_server *server, const struct in6_addr *address,
                                   const struct instant *now, struct effects *effects)
{
	struct binding_key exact = key_of(address, 128), subnet = key_of(address, 64);
	struct binding_key *key = &subnet;
	struct binding_view view;
	struct in6_addr octets;

	if (!bindings_find(server->bindings, &subnet, &view)) {
		key = &exact;
		if (!bindings_find(server->bindings, &exact, &view))
			return -ENOENT;
	}
	memcpy(&octets, key->octets, sizeof(octets));
	home_agent_expired(server->home_agent, &octets, key->length, now, effects);
	return 0;
}

/* Making */

static struct pana_agent_limits limits_of(const struct settings *settings)
{
	return (struct pana_agent_limits){
	        .session_lifetime_max_s = settings->session_lifetime_max_s,
	        .half_open = settings->half_open_limit,
	        .sessions_per_subscriber = settings->sessions_per_subscriber,
	};
}

static void make_pana(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct pana_agent_options pana = {
	        .paa_id = options->settings->paa_id,
	        .vendor = options->settings->vendor_id,
	        .capability = options->settings->services | PANA_CAPABILITY_RFC4285,
	        .limits = limits_of(options->settings),
	        .timers = options->timers,
	        .randomness = options->randomness,
	        .outlet = {.context = server,
	                   .eap = pana_eap,
	                   .eap_abandoned = pana_eap_abandoned,
	                   .request = pana_request,
	                   .admitted = pana_admitted,
	                   .ended = pana_ended},
	};

	server->pana = pana_agent_new(&pana);
}

static void describe_server(const struct settings_server *from, struct server_lists *lists,
                            struct radius_relay_server *to)
{
	for (size_t i = 0; i < from->realm_count; i++)
		lists->realms[i] = from->realms[i];
	for (size_t i = 0; i < from->imsi_prefix_count; i++)
		lists->imsi_prefixes[i] = from->imsi_prefixes[i];
	*to = (struct radius_relay_server){
	        .name = from->name,
	        .endpoint = from->endpoint,
	        .secret = from->secret,
	        .realms = lists->realms,
	        .realm_count = from->realm_count,
	        .imsi_prefixes = lists->imsi_prefixes,
	        .imsi_prefix_count = from->imsi_prefix_count,
	        .identity_from_eap = from->identity_from_eap,
	        .trust_accept_user_name = from->trust_accept_user_name,
	        .defaults = from->defaults,
	};
}

static const struct radius_relay_server *describe_servers(struct server_set *set, const struct settings *settings)
{
	for (size_t i = 0; i < settings->server_count; i++)
		describe_server(&settings->servers[i], &set->lists[i], &set->servers[i]);
	return set->servers;
}

static void wipe_servers(struct server_set *set)
{
	for (size_t i = 0; i < SETTINGS_SERVERS_MAX; i++)
		secret_wipe(&set->servers[i].secret);
}

static void make_relay(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct settings *settings = options->settings;
	const struct radius_relay_options relay = {
	        .paa_id = settings->paa_id,
	        .nas_identifier = settings->paa_id,
	        .vendor = settings->vendor_id,
	        .nas_address = settings->service_address,
	        .first_channel = MOBILITY_CHANNEL_RADIUS,
	        .channel_count = MOBILITY_RADIUS_CHANNELS,
	        .servers = describe_servers(&server->sets[0], settings),
	        .server_count = settings->server_count,
	        .timers = options->timers,
	        .randomness = options->randomness,
	        .outlet = {.context = server,
	                   .eap_request = relay_request,
	                   .accepted = relay_accepted,
	                   .rejected = relay_rejected},
	};

	server->relay = radius_relay_new(&relay);
}

static struct bootstrap_policy policy_of(const struct settings *settings)
{
	return (struct bootstrap_policy){
	        .names = settings->name_rules,
	        .name_policy = settings->name_policy,
	        .address_wish_strict = settings->address_wish_strict,
	        .lease_lifetime_s = settings->lease_lifetime_s,
	        .address_rest_s = settings->quarantine_address_s,
	        .name_rest_s = settings->quarantine_name_s,
	};
}

static void make_bootstrap(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct settings *settings = options->settings;
	const struct bootstrap_options bootstrap = {
	        .vendor = settings->vendor_id,
	        .paa_id = settings->paa_id,
	        .policy = policy_of(settings),
	        .owner_key = &settings->owner_key,
	        .home_prefix = settings->home_prefix,
	        .home_prefix_length = settings->home_prefix_length,
	        .reservations = settings->reservations,
	        .reservation_count = settings->reservation_count,
	        .own_addresses = &settings->service_address,
	        .own_address_count = 1,
	        .home_agent = settings->service_address,
	        .services = settings->services,
	        .timestamps = settings->binding_timestamps,
	        .host_key = options->host_key,
	        .directory = directory_of_accept(),
	        .outlet = {.context = server,
	                   .answer = bootstrap_answers,
	                   .naming = bootstrap_names,
	                   .zone_holding = zone_holding,
	                   .draw_spi = draw_spi,
	                   .establish = establish,
	                   .revoke = revoke,
	                   .event = bootstrap_tells},
	        .timers = options->timers,
	        .randomness = options->randomness,
	};

	server->bootstrap = bootstrap_new(&bootstrap);
}

static void make_naming(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct settings_dns *dns = &options->settings->dns;
	const struct naming_options naming = {
	        .server = dns->server,
	        .forward_zone = dns->forward_zone,
	        .reverse_zone = dns->reverse_zone,
	        .key = &dns->key,
	        .owner_key = &options->settings->owner_key,
	        .datagram_channel = MOBILITY_CHANNEL_DNS,
	        .stream_channel = MOBILITY_CHANNEL_DNS_STREAM,
	        .transfer_channel = MOBILITY_CHANNEL_DNS_TRANSFER,
	        .outlet = {.context = server, .done = naming_done, .wish = naming_asks, .next_wish = naming_asks_next},
	        .timers = options->timers,
	        .randomness = options->randomness,
	};

	server->naming = naming_new(&naming);
}

static void make_home_agent(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct settings *settings = options->settings;
	struct home_agent_options home_agent = {
	        .home_prefixes = &server->home_prefix,
	        .home_prefix_count = 1,
	        .closed_prefixes = server->closed,
	        .closed_prefix_count = CLOSED_PREFIXES,
	        .lifetime_max_s = settings->binding_lifetime_max_s,
	        .timestamps_required = settings->binding_timestamps,
	        .link_mtu_bytes = LINK_MTU_BYTES,
	        .nat_permitted = settings->nat_permitted,
	        .timers = options->timers,
	        .randomness = options->randomness,
	        .outlet = {.context = server, .check = check_binding, .bind = bind_key, .unbind = unbind_key},
	};

	server->home_prefix =
	        (struct home_agent_prefix){.address = settings->home_prefix, .length = settings->home_prefix_length};
	server->closed[0] = server->home_prefix;
	server->closed[1] = (struct home_agent_prefix){.address = settings->service_address, .length = 128};
	server->home_agent = home_agent_new(&home_agent);
}

static void make_bindings(struct mobility_server *server, const struct mobility_server_options *options)
{
	const struct bindings_options bindings = {
	        .epoch = options->epoch,
	        .history_changes = options->history_changes,
	        .bindings_max = options->bindings_max,
	        .timers = options->timers,
	        .outlet = {.context = server,
	                   .feed_frames = feed_frames,
	                   .feed_welcome = feed_welcome,
	                   .catch_up_send = catch_up_send,
	                   .expired = binding_expired},
	};

	server->bindings = bindings_new(&bindings);
}

struct mobility_server *mobility_server_new(const struct mobility_server_options *options)
{
	struct mobility_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->settings = options->settings;
	server->ttl_s = options->settings->dns.ttl_s;
	server->bus = options->bus;
	make_pana(server, options);
	make_relay(server, options);
	make_bootstrap(server, options);
	make_naming(server, options);
	make_home_agent(server, options);
	make_bindings(server, options);
	if (server->pana && server->relay && server->bootstrap && server->naming && server->home_agent &&
	    server->bindings)
		return server;
	mobility_server_free(server);
	return NULL;
}

void mobility_server_free(struct mobility_server *server)
{
	if (!server)
		return;
	pana_agent_free(server->pana);
	radius_relay_free(server->relay);
	wipe_servers(&server->sets[0]);
	wipe_servers(&server->sets[1]);
	bootstrap_free(server->bootstrap);
	naming_free(server->naming);
	home_agent_free(server->home_agent);
	bindings_free(server->bindings);
	free(server);
}

void mobility_server_reload(struct mobility_server *server, const struct settings *settings, const struct instant *now,
                            struct effects *effects)
{
	struct bootstrap_policy policy = policy_of(settings);
	struct pana_agent_limits limits = limits_of(settings);

	/* the zone is not live: rules for another one would be of no use */
	memcpy(policy.names.zone, server->settings->name_rules.zone, sizeof(policy.names.zone));
	bootstrap_set_policy(server->bootstrap, &policy);
	pana_agent_set_limits(server->pana, &limits);
	home_agent_set_lifetime_max(server->home_agent, settings->binding_lifetime_max_s);
	naming_set_key(server->naming, &settings->dns.key);
	server->ttl_s = settings->dns.ttl_s;
	server->set ^= 1;
	radius_relay_set_servers(server->relay, describe_servers(&server->sets[server->set], settings),
	                         settings->server_count, now, effects);
	wipe_servers(&server->sets[server->set ^ 1]);
}

/* Running */

struct lease_store_reader mobility_server_lease_reader(struct mobility_server *server)
{
	return bootstrap_reader(server->bootstrap);
}

struct binding_store_reader mobility_server_binding_reader(struct mobility_server *server)
{
	return (struct binding_store_reader){
	        .context = server->home_agent,
	        .association = home_agent_load_association,
	        .binding = home_agent_load_binding,
	};
}

void mobility_server_start(struct mobility_server *server, const struct instant *now, struct effects *effects)
{
	home_agent_start(server->home_agent, now, effects);
	bindings_serve(server->bindings, now);
	naming_start(server->naming, now, effects);
	bootstrap_resume(server->bootstrap, now, effects);
}

static void packet_punted(struct mobility_server *server, const struct punt_route *route, const struct punt_up *up,
                          const struct instant *now, struct effects *effects)
{
	switch (up->packet_class) {
	case PUNT_CLASS_PANA:
		server->counters.punted_pana++;
		pana_agent_packet(server->pana, route, up->packet, now, effects);
		return;
	case PUNT_CLASS_MOBILITY_HEADER:
		server->counters.punted_mobility_header++;
		home_agent_packet(server->home_agent, route, up->packet, now, effects);
		return;
	default:
		server->counters.punted_other++;
	}
}

void mobility_server_punted(void *context, const struct punt_route *route, const struct punt_up *up,
                            const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	switch (up->kind) {
	case PUNT_PACKET:
		packet_punted(server, route, up, now, effects);
		return;
	case PUNT_PATH_MTU:
		bindings_path_mtu(server->bindings, &up->path_mtu, now, effects);
		return;
	case PUNT_USAGE:
		server->counters.usage_reports++;
		bindings_usage(server->bindings, &up->usage);
		return;
	case PUNT_STATUS:
		bindings_status(server->bindings, &up->status, now);
		return;
	case PUNT_EVENT:
		server->counters.events++;
		if (up->event.event == PUNT_EVENT_CARE_OF_VERIFIED)
			bindings_care_of_verified(server->bindings, &up->event, effects);
		return;
	}
}

void mobility_server_catch_up(void *context, const struct punt_route *peer, const struct wire_view *frames,
                              size_t count, const struct instant *now)
{
	struct mobility_server *server = context;

	bindings_catch_up(server->bindings, peer, frames, count, now);
}

void mobility_server_datagram(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                              size_t octets, const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	if (channel == MOBILITY_CHANNEL_DNS)
		naming_datagram(server->naming, channel, from, message, octets, now, effects);
	else if (channel >= MOBILITY_CHANNEL_RADIUS)
		radius_relay_datagram(server->relay, channel, from, message, octets, now, effects);
	else
		naming_stream_message(server->naming, channel, from, message, octets, now, effects);
}

void mobility_server_stream_failed(void *context, uint16_t channel, const struct endpoint *peer, int error,
                                   const struct instant *now, struct effects *effects)
{
	struct mobility_server *server = context;

	naming_stream_failed(server->naming, channel, peer, error, now, effects);
}

void mobility_server_publish(struct mobility_server *server, const struct effect_publish *publish,
                             const struct instant *now)
{
	bindings_publish(server->bindings, publish, now);
}

void mobility_server_turn_end(struct mobility_server *server, const struct instant *now)
{
	bindings_turn_end(server->bindings, now);
}
