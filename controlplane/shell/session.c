// SPDX-License-Identifier: BSD-3-Clause
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "printers.h"
#include "subscriber_view.h"

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

/* All pages of an answer, printed as they come; with --json, put together. One page alone if the operator set --limit.
 */
static int run_pages(struct session *session, const struct server *server, const struct grammar_command *command,
                     json_t *arguments)
{
	bool one_page = json_object_get(arguments, "limit") != NULL;
	struct printer_table table = {0};
	json_t *all = json_array();
	json_t *next = NULL;
	int result;

	do {
		json_t *body = NULL;
		json_t *rows;

		result = ask_confirmed(session, server, command, arguments, &body);
		if (result < 0) {
			result = session_unreachable(server, result);
			break;
		}
		if (result == 1) {
			if (session->json)
				json_dumpf(body, stdout, JSON_INDENT(1));
			else
				printer_error(stderr, body);
			json_decref(body);
			break;
		}
		rows = json_object_get(body, "rows");
		if (joins_data_planes(command))
			subscriber_view_join(session, rows);
		if (session->json)
			json_array_extend(all, rows);
		else
			printer_rows(stdout, &table, rows);
		next = json_object_get(body, "next");
		if (json_is_string(next))
			json_object_set(arguments, "after", next);
		next = json_is_string(next) ? json_incref(next) : NULL;
		json_decref(body);
		if (next && one_page && !session->json)
			printf("next: --after %s\n", json_string_value(next));
		if (next && !one_page)
			json_decref(next);
	} while (next && !one_page);
	if (session->json && result == 0) {
		json_t *body = json_pack("{s:O}", "rows", all);

		if (next && one_page)
			json_object_set(body, "next", next);
		json_dumpf(body, stdout, JSON_INDENT(1));
		printf("\n");
		json_decref(body);
	}
	if (one_page)
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

/* Every server that the command is for, or the one that --server names. */
static int run_each(struct session *session, const struct grammar_command *command, json_t *arguments)
{
	json_t *all = session->json ? json_object() : NULL;
	size_t asked = 0;
	int worst = SESSION_DONE;
	bool several = command->target == TO_DATAPLANES || command->target == TO_EVERY;

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
	else
		result = run_each(session, command, arguments);
	json_decref(arguments);
	fflush(stdout);
	return result;
}
