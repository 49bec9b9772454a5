// SPDX-License-Identifier: BSD-3-Clause
#include "status_query.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "command.h"

enum { ANSWER_TIMEOUT_MS = 5000, PATH_OCTETS = 256, NOT_RUNNING = 3 };

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

static void ask(void *socket)
{
	static const char body[] = "{\"command\":\"status show\",\"arguments\":{}}";
	const struct command_envelope envelope = {.version = COMMAND_VERSION, .kind = COMMAND_REQUEST, .request = 1};
	uint8_t octets[COMMAND_ENVELOPE_OCTETS];

	command_envelope_write(&envelope, octets);
	zmq_send(socket, octets, sizeof(octets), ZMQ_SNDMORE);
	zmq_send(socket, body, strlen(body), 0);
}

/* The second frame of the answer; NULL when none comes in time. */
static json_t *receive(void *socket)
{
	zmq_msg_t envelope, body;
	json_t *answer = NULL;

	zmq_msg_init(&envelope);
	zmq_msg_init(&body);
	if (zmq_msg_recv(&envelope, socket, 0) >= 0 && zmq_msg_more(&envelope) && zmq_msg_recv(&body, socket, 0) >= 0)
		answer = json_loadb(zmq_msg_data(&body), zmq_msg_size(&body), 0, NULL);
	zmq_msg_close(&envelope);
	zmq_msg_close(&body);
	return answer;
}

int status_query(const char *socket_folder, const char *name, bool is_json)
{
	const int timeout_ms = ANSWER_TIMEOUT_MS, no_linger = 0, at_once = 1, marks = 8;
	char path[PATH_OCTETS], address[PATH_OCTETS + 8];
	void *zeromq, *socket;
	struct stat found;
	json_t *answer, *error;
	int status = 1;

	snprintf(path, sizeof(path), "%s/view/%s", socket_folder, name);
	if (stat(path, &found)) {
		fprintf(stderr, "kedge-mobilenode: nobody listens at %s; the node does not run\n", path);
		return NOT_RUNNING;
	}
	snprintf(address, sizeof(address), "ipc://%s", path);
	zeromq = zmq_ctx_new();
	socket = zmq_socket(zeromq, ZMQ_DEALER);
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof(timeout_ms));
	zmq_setsockopt(socket, ZMQ_SNDTIMEO, &timeout_ms, sizeof(timeout_ms));
	zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof(no_linger)); /* C-3 */
	zmq_setsockopt(socket, ZMQ_IMMEDIATE, &at_once, sizeof(at_once));
	zmq_setsockopt(socket, ZMQ_SNDHWM, &marks, sizeof(marks));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &marks, sizeof(marks));
	zmq_connect(socket, address);
	ask(socket);
	answer = receive(socket);
	error = json_object_get(answer, "error");
	if (!answer) {
		fprintf(stderr, "kedge-mobilenode: no answer from %s in %d s\n", path, ANSWER_TIMEOUT_MS / 1000);
		status = NOT_RUNNING;
	} else if (error) {
		fprintf(stderr, "kedge-mobilenode: %s\n", json_string_value(json_object_get(error, "message")));
	} else {
		status_print(answer, is_json);
		status = 0;
	}
	json_decref(answer);
	zmq_close(socket);
	zmq_ctx_term(zeromq);
	return status;
}
