// SPDX-License-Identifier: BSD-3-Clause
#include "command_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "command.h"

static int send_request(void *socket, unsigned request, const char *command, json_t *arguments)
{
	const struct command_envelope envelope = {COMMAND_VERSION, COMMAND_REQUEST, 0, request};
	uint8_t bytes[COMMAND_ENVELOPE_OCTETS];
	json_t *body = json_pack("{s:s, s:O}", "command", command, "arguments", arguments);
	char *text = json_dumps(body, JSON_COMPACT);
	int result = -ENOMEM;

	json_decref(body);
	if (!text)
		return result;
	command_envelope_write(&envelope, bytes);
	result = zmq_send(socket, bytes, sizeof(bytes), ZMQ_SNDMORE) < 0 || zmq_send(socket, text, strlen(text), 0) < 0
	                 ? (errno == EAGAIN ? -ETIMEDOUT : -errno)
	                 : 0;
	explicit_bzero(text, strlen(text)); /* it may hold K */
	free(text);
	return result;
}

/* Returns the answer's status, or a negative errno; frames that are no answer to `request` are skipped. */
static int receive_answer(void *socket, unsigned request, json_t **body)
{
	struct command_envelope envelope;
	zmq_msg_t part;
	int result = -EAGAIN;
	int more;

	zmq_msg_init(&part);
	if (zmq_msg_recv(&part, socket, 0) < 0) {
		result = errno == EAGAIN ? -ETIMEDOUT : -errno;
		zmq_msg_close(&part);
		return result;
	}
	more = zmq_msg_more(&part);
	if (command_envelope_read(zmq_msg_data(&part), zmq_msg_size(&part), &envelope) == 0 && more &&
	    envelope.kind == COMMAND_ANSWER && envelope.request == request)
		result = envelope.status;
	while (more) {
		if (zmq_msg_recv(&part, socket, 0) < 0)
			break;
		more = zmq_msg_more(&part);
		if (result >= 0 && !*body)
			*body = json_loadb(zmq_msg_data(&part), zmq_msg_size(&part), JSON_REJECT_DUPLICATES, NULL);
	}
	zmq_msg_close(&part);
	if (result >= 0 && !*body)
		result = -EPROTO;
	return result;
}

static void *open_socket(struct command_client *client)
{
	const int zero = 0, one = 1;
	void *socket = zmq_socket(client->zeromq, ZMQ_DEALER);

	if (!socket)
		return NULL;
	zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(socket, ZMQ_IMMEDIATE, &one, sizeof(one));
	zmq_setsockopt(socket, ZMQ_SNDHWM, &one, sizeof(one));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof(one));
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &client->timeout_ms, sizeof(client->timeout_ms));
	zmq_setsockopt(socket, ZMQ_SNDTIMEO, &client->timeout_ms, sizeof(client->timeout_ms));
	return socket;
}

int command_client_ask(struct command_client *client, const char *path, const char *command, json_t *arguments,
                       json_t **body)
{
	char endpoint[COMMAND_CLIENT_PATH_OCTETS + 8];
	unsigned request = ++client->last_request;
	void *socket;
	int result;

	*body = NULL;
	/* ZeroMQ would go on trying in silence; whoever may not connect wants to know */
	if (access(path, R_OK | W_OK) < 0)
		return -errno;
	socket = open_socket(client);
	if (!socket)
		return -errno;
	snprintf(endpoint, sizeof(endpoint), "ipc://%s", path);
	result = zmq_connect(socket, endpoint) < 0 ? -errno : send_request(socket, request, command, arguments);
	if (result == 0)
		do {
			result = receive_answer(socket, request, body);
		} while (result == -EAGAIN);
	zmq_close(socket);
	return result;
}
