// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <string.h>

#include "operator.h"

struct sessions {
	json_t *rows;
	const char *subscriber;
	uint64_t last;
	size_t seen;
};

static void add_session(void *context, const struct pana_agent_session_view *view)
{
	struct sessions *sessions = context;
	char subscriber[SUBSCRIBER_KEY_OCTETS], source[ENDPOINT_TEXT_OCTETS], session_id[9];

	sessions->last = view->session;
	sessions->seen++;
	if (!view->identity || subscriber_key(view->identity, subscriber) ||
	    strcmp(subscriber, sessions->subscriber) != 0)
		return;
	snprintf(session_id, sizeof(session_id), "%08x", view->session_id);
	json_array_append_new(sessions->rows, json_pack("{s:s, s:s, s:s, s:o}", "session", session_id, "state",
	                                                view->state, "source", endpoint_format(&view->source, source),
	                                                "begun", operator_time(view->begun_ms)));
}

static json_t *sessions_of(struct operator* operator, const char * subscriber)
{
	struct sessions sessions = {.rows = json_array(), .subscriber = subscriber};

	do {
		sessions.seen = 0;
		pana_agent_each(mobility_server_pana(operator->server), sessions.last, OPERATOR_PAGE_MAX, add_session,
		                &sessions);
	} while (sessions.seen == OPERATOR_PAGE_MAX);
	return sessions.rows;
}

static json_t *dns_of(struct operator* operator, const struct subscriber_identity * identity, const char *fqdn)
{
	static const char *const holdings[] = {
	        [NAMING_HOLDING_UNKNOWN] = "not known",
	        [NAMING_HOLDING_FREE] = "the zone does not hold the name",
	        [NAMING_HOLDING_OURS] = "the zone holds the name under his marker",
	        [NAMING_HOLDING_TAKEN] = "the zone holds the name, not under his marker",
	};
	struct naming *naming = mobility_server_naming(operator->server);
	struct naming_view view = naming_view(naming);
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];
	struct wire_view owner_id = {id, subscriber_owner_id(identity, id)};

	return json_pack("{s:s, s:s, s:b, s:I}", "name", fqdn, "holding",
	                 holdings[naming_holding(naming, fqdn, owner_id)], "server_silent", view.server_silent,
	                 "serial", (json_int_t)view.zone_serial);
}

static json_t *association_of(const struct home_agent_view *view)
{
	char spi[9];

	snprintf(spi, sizeof(spi), "%08x", view->spi);
	return json_pack("{s:s, s:o, s:o, s:o}", "spi", spi, "home_address", operator_address(&view->home_address),
	                 "last_number", view->has_number ? json_integer(view->last_number) : json_null(), "until",
	                 operator_time(view->association_until_ms));
}

static json_t *bindings_of(struct operator* operator, const char * subscriber, const struct instant *now)
{
	struct binding_view views[16];
	size_t count = bindings_of_subscriber(mobility_server_bindings(operator->server), subscriber, views, 16);
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(rows, operator_binding_row(&views[i], now->unix_ms));
	return rows;
}

OPERATOR_RUN(operator_explain)
{
	struct operator* operator= context;
	struct bootstrap_lease_view lease;
	struct subscriber_identity identity;
	struct home_agent_view association;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const char *imsi;
	json_t *body;

	(void)effects;
	if (!command_text(operator->commands, ticket, arguments, "imsi", true, &imsi) ||
	    !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	body = json_pack("{s:{s:s, s:s}, s:o}", "identity", "imsi", imsi, "subscriber", subscriber, "sessions",
	                 sessions_of(operator, subscriber));
	if (bootstrap_lease_find(mobility_server_bootstrap(operator->server), subscriber, &lease)) {
		json_object_set_new(
		        body, "decision",
		        json_pack("{s:s, s:I}", "reason", lease.reason, "last_status", (json_int_t)lease.last_status));
		if (lease.fqdn) {
			json_object_set_new(body, "lease", operator_lease_row(&lease));
			json_object_set_new(body, "dns", dns_of(operator, & identity, lease.fqdn));
		}
	}
	if (home_agent_find(mobility_server_home_agent(operator->server), subscriber, &association))
		json_object_set_new(body, "association", association_of(&association));
	json_object_set_new(body, "bindings", bindings_of(operator, subscriber, now));
	command_reply(operator->commands, ticket, body);
}
