// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator.h"

struct gathering {
	json_t *rows;
	uint64_t last;
	size_t seen;
	const struct instant *now;
};

static void add_session(void *context, const struct pana_agent_session_view *view)
{
	struct gathering *gathering = context;
	char subscriber[SUBSCRIBER_KEY_OCTETS] = "", source[ENDPOINT_TEXT_OCTETS], session_id[9];
	uint64_t left_ms =
	        view->expires_ms > gathering->now->monotonic_ms ? view->expires_ms - gathering->now->monotonic_ms : 0;

	gathering->last = view->session;
	gathering->seen++;
	if (view->identity && subscriber_key(view->identity, subscriber))
		subscriber[0] = '\0';
	snprintf(session_id, sizeof(session_id), "%08x", view->session_id);
	json_array_append_new(gathering->rows,
	                      json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:I}", "session", session_id, "state",
	                                view->state, "subscriber", subscriber, "source",
	                                endpoint_format(&view->source, source), "key_id", (json_int_t)view->key_id,
	                                "begun", operator_time(view->begun_ms), "seconds_left",
	                                (json_int_t)(left_ms / 1000)));
}

OPERATOR_RUN(operator_session_show)
{
	struct operator* operator= context;
	struct pana_agent *pana = mobility_server_pana(operator->server);
	struct gathering gathering = {.now = now};
	struct subscriber_identity identity;
	char subscriber[SUBSCRIBER_KEY_OCTETS], next[24];
	const char *imsi, *after;
	long long limit;
	size_t page;
	json_t *body;

	(void)effects;
	if (!command_text(operator->commands, ticket, arguments, "imsi", false, &imsi) ||
	    !command_text(operator->commands, ticket, arguments, "after", false, &after) ||
	    !command_integer(operator->commands, ticket, arguments, "limit", 1, OPERATOR_PAGE_MAX,
	                     OPERATOR_PAGE_DEFAULT, &limit) ||
	    !operator_after(operator, ticket, after, &gathering.last))
		return;
	if (imsi && !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	gathering.rows = json_array();
	if (imsi) {
		pana_agent_each_of(pana, &identity, add_session, &gathering);
		page = 0;
	} else {
		page = (size_t)limit;
		pana_agent_each(pana, gathering.last, page, add_session, &gathering);
	}
	body = json_pack("{s:o}", "rows", gathering.rows);
	if (gathering.seen == page && page) {
		snprintf(next, sizeof(next), "%llu", (unsigned long long)gathering.last);
		json_object_set_new(body, "next", json_string(next));
	}
	command_reply(operator->commands, ticket, body);
}

OPERATOR_RUN(operator_session_end)
{
	struct operator* operator= context;
	struct pana_agent *pana = mobility_server_pana(operator->server);
	const char *text;
	uint64_t session;
	char *end;

	if (!command_text(operator->commands, ticket, arguments, "session", true, &text))
		return;
	session = pana_agent_find(pana, (uint32_t)strtoul(text, &end, 16));
	if (*end || end == text || !session || pana_agent_end_session(pana, session, now, effects))
		command_fail(operator->commands, ticket, "not-found", NULL, "no session has the SID '%.20s'", text);
	else
		command_reply(operator->commands, ticket, json_pack("{s:s, s:s}", "session", text, "result", "ended"));
}
