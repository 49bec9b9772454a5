// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <string.h>

#include "operator.h"

static json_t *candidates_of(const struct name_decision *decision)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < decision->candidate_count; i++) {
		char text[512];

		json_array_append_new(rows,
		                      json_pack("{s:s, s:s}", "origin", decision->candidates[i].origin, "outcome",
		                                name_candidate_text(&decision->candidates[i], text, sizeof(text))));
	}
	return rows;
}

/* What the arguments say of him; the rest is what the first authentication server's configuration says. */
static bool read_profile(struct operator* operator, uint64_t ticket, json_t *arguments, const char *server,
                         struct subscriber_profile *profile)
{
	const char *name, *msisdn, *policy;

	if (!command_text(operator->commands, ticket, arguments, "name", false, &name) ||
	    !command_text(operator->commands, ticket, arguments, "msisdn", false, &msisdn) ||
	    !command_text(operator->commands, ticket, arguments, "name_policy", false, &policy))
		return false;
	for (size_t i = 0; i < operator->settings->server_count; i++)
		if (strcmp(operator->settings->servers[i].name, server) == 0) {
			profile->services = operator->settings->servers[i].defaults.services;
			snprintf(profile->name_policy, sizeof(profile->name_policy),
			         "%s", operator->settings->servers[i].defaults.name_policy);
		}
	if (name)
		snprintf(profile->name, sizeof(profile->name), "%s", name);
	if (msisdn)
		snprintf(profile->msisdn, sizeof(profile->msisdn), "%s", msisdn);
	if (policy)
		snprintf(profile->name_policy, sizeof(profile->name_policy), "%s", policy);
	profile->name_consent = json_is_true(json_object_get(arguments, "name_consent"));
	return true;
}

OPERATOR_RUN(operator_policy_test)
{
	struct operator* operator= context;
	struct subscriber_profile profile = {0};
	struct subscriber_identity identity;
	struct name_decision decision;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const char *imsi, *fqdn;

	(void)effects;
	if (!command_text(operator->commands, ticket, arguments, "imsi", true, &imsi) ||
	    !command_text(operator->commands, ticket, arguments, "fqdn", false, &fqdn) ||
	    !operator_subscriber(operator, ticket, imsi, &identity, subscriber) ||
	    !read_profile(operator, ticket, arguments, identity.authentication_server, &profile))
		return;
	bootstrap_policy_test(mobility_server_bootstrap(operator->server), &identity, &profile, fqdn, now, &decision);
	command_reply(operator->commands, ticket,
	              json_pack("{s:s, s:I, s:s, s:s, s:s, s:o}", "subscriber", subscriber, "status",
	                        (json_int_t)decision.status, "fqdn", decision.fqdn, "reason",
	                        name_reason_text(decision.reason), "rule", decision.rule ? decision.rule->name : "none",
	                        "candidates", candidates_of(&decision)));
}
