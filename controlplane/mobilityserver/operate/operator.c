// SPDX-License-Identifier: BSD-3-Clause
#include "operator.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

json_t *operator_address(const struct in6_addr *address)
{
	char text[ENDPOINT_TEXT_OCTETS];

	return json_string(address_format(address, text));
}

json_t *operator_hex(const void *octets, size_t count)
{
	const uint8_t *at = octets;
	char text[2 * 64 + 1] = "";

	for (size_t i = 0; i < count && i < 64; i++)
		snprintf(text + 2 * i, 3, "%02x", at[i]);
	return json_string(text);
}

json_t *operator_time(uint64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	char text[32];
	struct tm parts;

	if (!unix_ms)
		return json_null();
	gmtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

json_t *operator_prefix(const struct binding_key *key)
{
	char address[ENDPOINT_TEXT_OCTETS], text[ENDPOINT_TEXT_OCTETS + 8];
	struct in6_addr octets;

	memcpy(&octets, key->octets, sizeof(octets));
	snprintf(text, sizeof(text), "%s/%u", address_format(&octets, address), key->length);
	return json_string(text);
}

static bool may_assert(const struct settings_server *server, const char *imsi)
{
	for (size_t i = 0; i < server->imsi_prefix_count; i++)
		if (strncmp(imsi, server->imsi_prefixes[i], strlen(server->imsi_prefixes[i])) == 0)
			return true;
	return false;
}

bool operator_subscriber(struct operator* operator, uint64_t ticket, const char *imsi,
                         struct subscriber_identity *identity, char key[SUBSCRIBER_KEY_OCTETS])
{
	struct bootstrap_lease_view view;
	bool found = false;

	for (size_t i = 0; i < operator->settings->server_count; i++) {
		const struct settings_server *server = &operator->settings->servers[i];
		struct subscriber_identity candidate;
		char text[SUBSCRIBER_KEY_OCTETS];

		if (!may_assert(server, imsi) || subscriber_identity_from_imsi(server->name, imsi, &candidate) ||
		    subscriber_key(&candidate, text))
			continue;
		if (found && !bootstrap_lease_find(mobility_server_bootstrap(operator->server), text, &view))
			continue;
		*identity = candidate;
		memcpy(key, text, sizeof(text));
		found = true;
		if (bootstrap_lease_find(mobility_server_bootstrap(operator->server), text, &view))
			break;
	}
	if (!found)
		command_fail(operator->commands, ticket, "not-found", NULL,
		             "no authentication server here may assert the IMSI %.15s", imsi);
	return found;
}

bool operator_after(struct operator* operator, uint64_t ticket, const char *text, uint64_t *number)
{
	char *end = NULL;

	errno = 0;
	*number = text ? strtoull(text, &end, 10) : 0;
	if (!text || (isdigit((unsigned char)*text) && *end == '\0' && !errno))
		return true;
	command_fail(operator->commands, ticket, "bad-argument", NULL,
	             "'%.60s' ends no page: 'after' takes the 'next' of the page before", text);
	return false;
}

void operator_commands(struct operator* operator, struct command commands[OPERATOR_COMMANDS])
{
	const struct command table[OPERATOR_COMMANDS] = {
	        {.name = "session show", .run = operator_session_show, .arguments = "imsi limit after"},
	        {.name = "session end",
	         .operates = true,
	         .run = operator_session_end,
	         .arguments = "session",
	         .dangerous = true},
	        {.name = "lease show", .run = operator_lease_show, .arguments = "imsi limit after"},
	        {.name = "lease release",
	         .operates = true,
	         .run = operator_lease_release,
	         .arguments = "imsi",
	         .dangerous = true},
	        {.name = "binding show", .run = operator_binding_show, .arguments = "imsi address limit after"},
	        {.name = "binding delete",
	         .operates = true,
	         .run = operator_binding_delete,
	         .arguments = "address",
	         .dangerous = true},
	        {.name = "policy test",
	         .run = operator_policy_test,
	         .arguments = "imsi fqdn name msisdn name_policy name_consent"},
	        {.name = "explain", .run = operator_explain, .arguments = "imsi"},
	        {.name = "stats show", .run = operator_stats_show, .arguments = ""},
	        {.name = "config check", .run = operator_config_check, .arguments = ""},
	};

	for (size_t i = 0; i < OPERATOR_COMMANDS; i++) {
		commands[i] = table[i];
		commands[i].context = operator;
	}
}

OPERATOR_RUN(operator_config_check)
{
	struct operator* operator= context;
	char error[CONFIGURATION_ERROR_OCTETS];

	(void)arguments, (void)now, (void)effects;
	if (operator->check_configuration(operator->configuration_file, error, sizeof(error)))
		command_fail(operator->commands, ticket, "failed", NULL, "%s", error);
	else
		command_reply(operator->commands, ticket,
		              json_pack("{s:s, s:s}", "file", operator->configuration_file, "result", "right"));
}
