// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator.h"

struct gathering {
	json_t *rows;
	const char *subscriber; /* NULL: all */
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
	if (gathering->subscriber && strcmp(gathering->subscriber, subscriber) != 0)
		return;
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
	                     OPERATOR_PAGE_DEFAULT, &limit))
		return;
	if (imsi && !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	gathering.rows = json_array();
	gathering.subscriber = imsi ? subscriber : NULL;
	gathering.last = after ? strtoull(after, NULL, 10) : 0;
	/* with a filter a page looks at more sessions than it shows, but at no more than a page of them a turn */
	do {
		gathering.seen = 0;
		page = (size_t)limit - json_array_size(gathering.rows);
		pana_agent_each(pana, gathering.last, page, add_session, &gathering);
	} while (gathering.seen == page && !json_array_size(gathering.rows) && page);
	body = json_pack("{s:o}", "rows", gathering.rows);
	if (gathering.seen == page && page) {
		snprintf(next, sizeof(next), "%llu", (unsigned long long)gathering.last);
		json_object_set_new(body, "next", json_string(next));
	}
	command_reply(operator->commands, ticket, body);
}

struct search {
	uint32_t session_id;
	uint64_t session;
	uint64_t last;
	size_t seen;
};

static void compare_session(void *context, const struct pana_agent_session_view *view)
{
	struct search *search = context;

	search->last = view->session;
	search->seen++;
	if (view->session_id == search->session_id)
		search->session = view->session;
}

OPERATOR_RUN(operator_session_end)
{
	struct operator* operator= context;
	struct pana_agent *pana = mobility_server_pana(operator->server);
	struct search search = {0};
	const char *text;
	char *end;

	if (!command_text(operator->commands, ticket, arguments, "session", true, &text))
		return;
	search.session_id = (uint32_t)strtoul(text, &end, 16);
	do {
		search.seen = 0;
		pana_agent_each(pana, search.last, OPERATOR_PAGE_MAX, compare_session, &search);
	} while (!search.session && search.seen == OPERATOR_PAGE_MAX);
	if (*end || end == text || !search.session || pana_agent_end_session(pana, search.session, now, effects))
		command_fail(operator->commands, ticket, "not-found", NULL, "no session has the SID '%.20s'", text);
	else
		command_reply(operator->commands, ticket, json_pack("{s:s, s:s}", "session", text, "result", "ended"));
}
