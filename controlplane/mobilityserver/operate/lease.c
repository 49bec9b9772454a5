// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>

#include "operator.h"
#include "services.h"

static const char *saga_name(enum saga_state state)
{
	static const char *const names[] = {
	        [SAGA_RECEIVED] = "received",   [SAGA_AUTHORISED] = "authorised", [SAGA_RESERVED] = "reserved",
	        [SAGA_DNS_DONE] = "dns-done",   [SAGA_BILLED] = "billed",         [SAGA_COMMITTED] = "committed",
	        [SAGA_PUBLISHED] = "published", [SAGA_UNDOING] = "undoing",
	};

	return state < sizeof(names) / sizeof(names[0]) && names[state] ? names[state] : "";
}

json_t *operator_lease_row(const struct bootstrap_lease_view *view)
{
	char services[64];

	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:I, s:s}", "subscriber", view->subscriber, "fqdn",
	                 view->fqdn ? view->fqdn : "", "address",
	                 view->fqdn ? operator_address(&view->address) : json_null(), "hit",
	                 view->fqdn ? operator_hex(view->hit, sizeof(view->hit)) : json_null(), "services",
	                 services_text(view->services, services), "expires", operator_time(view->expires_ms), "version",
	                 (json_int_t)view->version, "saga", saga_name(view->saga));
}

struct gathering {
	json_t *rows;
	uint64_t last; /* its number */
	size_t seen;
};

static void add_lease(void *context, const struct bootstrap_lease_view *view)
{
	struct gathering *gathering = context;

	json_array_append_new(gathering->rows, operator_lease_row(view));
	gathering->seen++;
	gathering->last = view->number;
}

OPERATOR_RUN(operator_lease_show)
{
	struct operator* operator= context;
	struct bootstrap *bootstrap = mobility_server_bootstrap(operator->server);
	struct gathering gathering = {0};
	struct bootstrap_lease_view view;
	struct subscriber_identity identity;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const char *imsi, *after;
	long long limit;
	json_t *body;

	(void)now, (void)effects;
	if (!command_text(operator->commands, ticket, arguments, "imsi", false, &imsi) ||
	    !command_text(operator->commands, ticket, arguments, "after", false, &after) ||
	    !command_integer(operator->commands, ticket, arguments, "limit", 1, OPERATOR_PAGE_MAX,
	                     OPERATOR_PAGE_DEFAULT, &limit) ||
	    !operator_after(operator, ticket, after, &gathering.last))
		return;
	if (imsi && !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	gathering.rows = json_array();
	if (!imsi)
		bootstrap_lease_each(bootstrap, gathering.last, (size_t)limit, add_lease, &gathering);
	else if (bootstrap_lease_find(bootstrap, subscriber, &view) && view.fqdn)
		add_lease(&gathering, &view);
	body = json_pack("{s:o}", "rows", gathering.rows);
	if (!imsi && gathering.seen == (size_t)limit)
		json_object_set_new(body, "next", json_sprintf("%llu", (unsigned long long)gathering.last));
	command_reply(operator->commands, ticket, body);
}

OPERATOR_RUN(operator_lease_release)
{
	struct operator* operator= context;
	struct subscriber_identity identity;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const char *imsi;
	int result;

	if (!command_text(operator->commands, ticket, arguments, "imsi", true, &imsi) ||
	    !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	result = bootstrap_lease_release(mobility_server_bootstrap(operator->server), subscriber, now, effects);
	if (result == -EBUSY)
		command_fail(operator->commands, ticket, "busy", NULL,
		             "a bootstrap of %s runs; say it again when it is over", subscriber);
	else if (result)
		command_fail(operator->commands, ticket, "not-found", NULL, "%s has no lease", subscriber);
	else
		command_reply(operator->commands, ticket,
		              json_pack("{s:s, s:s}", "subscriber", subscriber, "result", "released"));
}
