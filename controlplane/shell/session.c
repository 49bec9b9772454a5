// SPDX-License-Identifier: BSD-3-Clause
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "printers.h"
#include "subscriber_view.h"
#include "tracing.h"

static void command_name(const struct grammar_command *command, char *name, size_t octets)
{
	snprintf(name, octets, "%s%s%s", command->noun, command->verb[0] ? " " : "", command->verb);
}

static bool is_target(const struct grammar_command *command, const struct server *server)
{
	switch (command->target) {
	case TO_AUTHSERVER:
		return server->kind == SERVER_AUTHSERVER;
	case TO_CONTROLPLANE:
		return server->kind == SERVER_CONTROLPLANE;
	case TO_DATAPLANES:
		return server->kind == SERVER_DATAPLANE;
	case TO_EVERY:
		return true;
	}
	return false;
}

int session_unreachable(const struct server *server, int result)
{
	fprintf(stderr, "error: %s: %s\n", server->name,
	        result == -ENOENT || result == -ECONNREFUSED ? "is not running"
	        : result == -ETIMEDOUT                       ? "does not answer"
	        : result == -EACCES                          ? "not permitted (are you in its group?)"
	                                                     : strerror(-result));
	return SESSION_NOT_THERE;
}

static bool asked_yes(const struct session *session, json_t *error)
{
	char answer[16] = "";

	if (session->yes)
		return true;
	fprintf(stderr, "%s\n", json_string_value(json_object_get(error, "message")));
	if (!session->interactive) {
		fprintf(stderr, "error: say it with --yes\n");
		return false;
	}
	fprintf(stderr, "really? (yes/no) ");
	return fgets(answer, sizeof(answer), stdin) && strcmp(answer, "yes\n") == 0;
}

int session_ask(struct session *session, const struct server *server, bool operates, const char *command,
                json_t *arguments, json_t **body)
{
	return command_client_ask(&session->client, operates ? server->operate : server->view, command, arguments,
	                          body);
}

/* Asks; if the daemon wants a confirmation (C-6), gets it from the operator and asks again. */
static int ask_confirmed(struct session *session, const struct server *server, const struct grammar_command *command,
                         json_t *arguments, json_t **body)
{
	char name[64];
	json_t *error, *token;
	int result;

	command_name(command, name, sizeof(name));
	result = session_ask(session, server, command->operates, name, arguments, body);
	error = json_object_get(*body, "error");
	token = json_array_get(json_object_get(error, "expected"), 0);
	if (result != 1 || !token || strcmp(json_string_value(json_object_get(error, "code")), "confirm") != 0)
		return result;
	if (!asked_yes(session, error)) {
		json_decref(*body);
		*body = NULL;
		return -ECANCELED;
	}
	json_object_set(arguments, "confirm", token);
	json_decref(*body);
	result = session_ask(session, server, command->operates, name, arguments, body);
	json_object_del(arguments, "confirm");
	return result;
}

static bool joins_data_planes(const struct grammar_command *command)
{
	return strcmp(command->noun, "binding") == 0 && strcmp(command->verb, "show") == 0;
}

/* One page, printed or put to `all`; *next says where the following one begins (a new reference), NULL at the end. */
static int run_page(struct session *session, const struct server *server, const struct grammar_command *command,
                    json_t *arguments, struct printer_table *table, json_t *all, json_t **next)
{
	json_t *body = NULL, *rows;
	int result = ask_confirmed(session, server, command, arguments, &body);

	*next = NULL;
	if (result < 0)
		return session_unreachable(server, result);
	if (result == 1) {
		if (session->json)
			json_dumpf(body, stdout, JSON_INDENT(1));
		else
			printer_error(stderr, body);
		json_decref(body);
		return result;
	}
	rows = json_object_get(body, "rows");
	if (joins_data_planes(command))
		subscriber_view_join(session, rows);
	if (!session->json)
		printer_rows(stdout, table, rows);
	json_array_extend(all, rows);
	if (json_is_string(json_object_get(body, "next")))
		*next = json_incref(json_object_get(body, "next"));
	json_decref(body);
	return result;
}

static void end_pages(const struct session *session, json_t *all, json_t *next)
{
	json_t *body;

	if (!session->json) {
		if (next)
			printf("next: --after %s\n", json_string_value(next));
		return;
	}
	body = json_pack("{s:O}", "rows", all);
	if (next)
		json_object_set(body, "next", next);
	json_dumpf(body, stdout, JSON_INDENT(1));
	printf("\n");
	json_decref(body);
}

/* Page after page to the end, or until --limit rows are there. */
static int run_pages(struct session *session, const struct server *server, const struct grammar_command *command,
                     json_t *arguments)
{
	const json_t *limit = json_object_get(arguments, "limit");
	json_int_t left = limit ? json_integer_value(limit) : -1; /* below zero: all */
	struct printer_table table = {0};
	json_t *all = json_array(), *next = NULL;
	int result;

	do {
		size_t seen = json_array_size(all);

		json_object_set_new(arguments, "limit",
		                    json_integer(left < 0 || left > COMMAND_ROWS_MAX ? COMMAND_ROWS_MAX : left));
		json_decref(next);
		result = run_page(session, server, command, arguments, &table, all, &next);
		if (next)
			json_object_set(arguments, "after", next);
		if (left > 0)
			left -= (json_int_t)(json_array_size(all) - seen);
		if (!session->json)
			json_array_clear(all);
	} while (next && left);
	if (result == 0)
		end_pages(session, all, next);
	json_decref(next);
	json_decref(all);
	return result;
}

static int run_one(struct session *session, const struct server *server, const struct grammar_command *command,
                   json_t *arguments, json_t *all)
{
	json_t *body = NULL;
	int result = ask_confirmed(session, server, command, arguments, &body);

	if (result == -ECANCELED)
		return SESSION_FAILED;
	if (result < 0)
		return session_unreachable(server, result);
	if (all) {
		json_object_set(all, server->name, body);
	} else if (result == 1) {
		printer_error(stderr, body);
	} else {
		json_t *rows = json_object_get(body, "rows");
		struct printer_table table = {0};

		if (rows)
			printer_rows(stdout, &table, rows);
		else
			printer_object(stdout, body, 0);
	}
	json_decref(body);
	return result;
}

/* Whether the command would take away all servers at once. */
static bool needs_server_name(const struct session *session, const struct grammar_command *command)
{
	size_t count = 0;

	for (size_t i = 0; i < session->server_count; i++)
		count += is_target(command, &session->servers[i]);
	return command->one_at_a_time && !session->server && count > 1;
}

/* Every server that the command is for, or the one that --server names. */
static int run_each(struct session *session, const struct grammar_command *command, json_t *arguments)
{
	json_t *all;
	size_t asked = 0;
	int worst = SESSION_DONE;
	bool several = command->target == TO_DATAPLANES || command->target == TO_EVERY;

	if (needs_server_name(session, command)) {
		fprintf(stderr, "error: not all servers at once: say which one by --server NAME\n");
		return SESSION_FAILED;
	}
	all = session->json ? json_object() : NULL;
	for (size_t i = 0; i < session->server_count; i++) {
		const struct server *server = &session->servers[i];
		int result;

		if (!is_target(command, server) || (session->server && strcmp(session->server, server->name) != 0))
			continue;
		if (several && !session->json)
			printf("%s%s\n", asked ? "\n" : "", server->name);
		fflush(stdout);
		asked++;
		result = command->pages ? run_pages(session, server, command, arguments)
		                        : run_one(session, server, command, arguments, all);
		worst = result > worst ? result : worst;
	}
	if (!asked) {
		fprintf(stderr, "error: no server %s%sthat this is for; the configuration names them\n",
		        session->server ? session->server : "", session->server ? " " : "");
		worst = SESSION_NOT_THERE;
	} else if (all && !command->pages) {
		/* one server: its answer; several: by name */
		json_dumpf(several ? all : json_object_iter_value(json_object_iter(all)), stdout,
		           JSON_INDENT(1) | JSON_ENCODE_ANY);
		printf("\n");
	}
	json_decref(all);
	return worst;
}

int session_run(struct session *session, const struct grammar_line *line, const char *text)
{
	const struct grammar_command *command;
	struct grammar_error error;
	json_t *arguments;
	int result;

	command = grammar_parse(line, &arguments, &error);
	if (!command) {
		grammar_print_error(stderr, text, &error);
		return SESSION_WRONG_CALL;
	}
	if (strcmp(command->noun, "explain") == 0)
		result = subscriber_view_explain(session, arguments);
	else if (strcmp(command->noun, "trace") == 0)
		result = tracing_run(session, arguments);
	else
		result = run_each(session, command, arguments);
	json_decref(arguments);
	fflush(stdout);
	return result;
}
