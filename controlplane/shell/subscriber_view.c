// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber_view.h"

#include <errno.h>

#include "printers.h"

/* Members of a data plane's row that add up over data planes. */
static const char *const sums[] = {"up_packets", "up_octets", "down_packets", "down_octets", "dropped"};
enum { SUMS = sizeof(sums) / sizeof(sums[0]) };

/* Asks a data plane one thing of an address; its rows (a new reference), or NULL. */
static json_t *rows_of(struct session *session, const struct server *server, const char *command, json_t *arguments)
{
	json_t *body = NULL, *rows = NULL;

	if (session_ask(session, server, false, command, arguments, &body) == 0)
		rows = json_incref(json_object_get(body, "rows"));
	json_decref(body);
	return rows;
}

static json_t *explain_data_plane(struct session *session, const struct server *server, json_t *address)
{
	json_t *which = json_pack("{s:O}", "address", address);
	json_t *bound = rows_of(session, server, "dataplane bindings", which);
	json_t *drops = rows_of(session, server, "dataplane drops", which);
	json_t *view = json_array_size(bound) ? json_incref(json_array_get(bound, 0)) : json_object();

	json_object_set(view, "last_drops", drops ? drops : json_null());
	json_decref(bound);
	json_decref(drops);
	json_decref(which);
	return view;
}

/* What an authentication server and the data planes add to the control plane's part of `explain`. */
static void explain_elsewhere(struct session *session, json_t *arguments, json_t *explained)
{
	json_t *address = json_object_get(json_object_get(explained, "lease"), "address");
	json_t *planes = json_object();

	for (size_t i = 0; i < session->server_count; i++) {
		const struct server *server = &session->servers[i];
		json_t *rows = NULL;

		if (server->kind == SERVER_AUTHSERVER) {
			rows = rows_of(session, server, "subscriber show", arguments);
			if (json_array_size(rows))
				json_object_set(explained, "subscriber", json_array_get(rows, 0));
		} else if (server->kind == SERVER_DATAPLANE && address) {
			json_object_set_new(planes, server->name, explain_data_plane(session, server, address));
		}
		json_decref(rows);
	}
	json_object_set_new(explained, "dataplanes", planes);
}

static const struct server *control_plane_of(const struct session *session)
{
	for (size_t i = 0; i < session->server_count; i++)
		if (session->servers[i].kind == SERVER_CONTROLPLANE)
			return &session->servers[i];
	fprintf(stderr, "error: no control plane is configured\n");
	return NULL;
}

int subscriber_view_explain(struct session *session, json_t *arguments)
{
	const struct server *server = control_plane_of(session);
	json_t *body = NULL;
	int result;

	if (!server)
		return SESSION_NOT_THERE;
	result = session_ask(session, server, false, "explain", arguments, &body);
	if (result < 0)
		return session_unreachable(server, result);
	if (result == 0)
		explain_elsewhere(session, arguments, body);
	if (session->json) {
		json_dumpf(body, stdout, JSON_INDENT(1));
		printf("\n");
	} else if (result == 0) {
		printer_object(stdout, body, 0);
	} else {
		printer_error(stderr, body);
	}
	json_decref(body);
	return result;
}

static void add_sum(json_t *row, const char *name, json_int_t amount)
{
	json_t *before = json_object_get(row, name);

	json_object_set_new(row, name, json_integer(json_integer_value(before) + amount));
}

static void add_view(json_t *row, json_t *view)
{
	json_t *age = json_object_get(row, "age_s"), *its_age = json_object_get(view, "age_s");
	json_t *last = json_object_get(view, "last_drop");

	for (unsigned i = 0; i < SUMS; i++)
		add_sum(row, sums[i], json_integer_value(json_object_get(view, sums[i])));
	if (!json_is_integer(age) || json_integer_value(its_age) < json_integer_value(age))
		json_object_set(row, "age_s", its_age);
	if (json_is_string(last))
		json_object_set(row, "last_drop", last);
}

static void join_data_plane(struct session *session, const struct server *server, json_t *keys, json_t *row_of_key)
{
	json_t *arguments = json_pack("{s:O}", "keys", keys);
	json_t *views = rows_of(session, server, "dataplane bindings", arguments);
	json_t *view;
	size_t index;

	json_array_foreach(views, index, view)
	{
		const char *key = json_string_value(json_object_get(view, "key"));
		json_t *row = key ? json_object_get(row_of_key, key) : NULL;

		if (row)
			add_view(row, view);
	}
	json_decref(views);
	json_decref(arguments);
}

void subscriber_view_join(struct session *session, json_t *rows)
{
	json_t *keys = json_array(), *row_of_key = json_object();
	json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		json_t *key = json_object_get(row, "key");

		json_array_append(keys, key);
		if (!session->json)
			json_object_del(row, "usage"); /* for people the same stands in columns */
		json_object_set(row_of_key, json_string_value(key), row);
		json_object_set_new(row, "age_s", json_null());
		for (unsigned i = 0; i < SUMS; i++)
			json_object_set_new(row, sums[i], json_null());
		json_object_set_new(row, "last_drop", json_null());
	}
	for (size_t i = 0; i < session->server_count && json_array_size(keys); i++)
		if (session->servers[i].kind == SERVER_DATAPLANE)
			join_data_plane(session, &session->servers[i], keys, row_of_key);
	json_decref(row_of_key);
	json_decref(keys);
}

json_t *subscriber_view_address(struct session *session, const char *imsi)
{
	const struct server *server = control_plane_of(session);
	json_t *arguments, *body = NULL, *address = NULL;
	int result;

	if (!server)
		return NULL;
	arguments = json_pack("{s:s}", "imsi", imsi);
	result = session_ask(session, server, false, "lease show", arguments, &body);
	if (result < 0) {
		session_unreachable(server, result);
	} else if (result == 1) {
		printer_error(stderr, body);
	} else {
		address = json_object_get(json_array_get(json_object_get(body, "rows"), 0), "address");
		json_incref(address);
		if (!address)
			fprintf(stderr, "error: %s has no lease\n", imsi);
	}
	json_decref(arguments);
	json_decref(body);
	return address;
}
