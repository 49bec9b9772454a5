// SPDX-License-Identifier: BSD-3-Clause
#include "status_query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "command_client.h"

enum { ANSWER_TIMEOUT_MS = 5000, NOT_RUNNING = 3 };

void status_print(const json_t *status, bool is_json)
{
	const char *key;
	json_t *value;

	if (is_json) {
		json_dumpf(status, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
		return;
	}
	json_object_foreach((json_t *)status, key, value)
	{
		if (json_is_string(value))
			printf("%-20s %s\n", key, json_string_value(value));
		else if (json_is_integer(value))
			printf("%-20s %lld\n", key, (long long)json_integer_value(value));
		else if (json_is_boolean(value))
			printf("%-20s %s\n", key, json_is_true(value) ? "yes" : "no");
	}
}

int status_query(const char *socket_folder, const char *name, bool is_json)
{
	struct command_client client = {.zeromq = zmq_ctx_new(), .timeout_ms = ANSWER_TIMEOUT_MS};
	char path[COMMAND_CLIENT_PATH_OCTETS];
	json_t *arguments = json_object(), *body = NULL;
	int result;

	snprintf(path, sizeof(path), "%s/view/%s", socket_folder, name);
	result = command_client_ask(&client, path, "status show", arguments, &body);
	if (result == -ENOENT)
		fprintf(stderr, "kedge-mobilenode: nobody listens at %s; the node does not run\n", path);
	else if (result < 0)
		fprintf(stderr, "kedge-mobilenode: %s: %s\n", path, strerror(-result));
	else if (result > 0)
		fprintf(stderr, "kedge-mobilenode: %s\n",
		        json_string_value(json_object_get(json_object_get(body, "error"), "message")));
	else
		status_print(body, is_json);
	json_decref(arguments);
	json_decref(body);
	zmq_ctx_term(client.zeromq);
	return result < 0 ? NOT_RUNNING : result;
}
