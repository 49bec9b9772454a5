// SPDX-License-Identifier: BSD-3-Clause
#include "command_socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "command.h"

enum { FRAMES_MAX = 5, REQUEST_MAX = 1 << 16, HIGH_WATER = 100 };

struct command_socket {
	void *sockets[COMMAND_SOCKETS]; /* view, operate */
	const struct dataplane_command *commands;
	unsigned count;
	command_audit *audit;
	void *context;
};

static const char list_name[] = "command list";

json_t *command_error(const char *code, const char *format, ...)
{
	char message[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return json_pack("{s:s, s:s}", "code", code, "message", message);
}

bool command_socket_is_served(const char *folder, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool served = false;

	if (descriptor < 0)
		return false;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/view/%s", folder, name) <
	    sizeof(address.sun_path))
		served = connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(descriptor);
	return served;
}

static int open_one(void *zeromq_context, const char *folder, const char *audience, const char *name, void **opened,
                    char *error)
{
	const int zero = 0, one = 1, high_water = HIGH_WATER;
	const int64_t message_max = REQUEST_MAX;
	char endpoint[128];
	void *socket = zmq_socket(zeromq_context, ZMQ_ROUTER);
	int result = socket ? 0 : -errno;

	if (!result &&
	    (size_t)snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s/%s", folder, audience, name) >= sizeof(endpoint))
		result = -ENAMETOOLONG;
	if (!result) {
		zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero));
		zmq_setsockopt(socket, ZMQ_IMMEDIATE, &one, sizeof(one));
		zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water, sizeof(high_water));
		zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof(high_water));
		zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max));
		/* libzmq makes 0755, to which a member of the group cannot connect */
		if (zmq_bind(socket, endpoint) < 0 || chmod(endpoint + strlen("ipc://"), 0660) < 0)
			result = -errno;
	}
	*opened = socket;
	if (result)
		snprintf(error, COMMAND_SOCKET_ERROR_OCTETS, "%.100s/%s/%.30s: %s", folder, audience, name,
		         strerror(-result));
	return result;
}

int command_socket_open(void *zeromq_context, const char *folder, const char *name,
                        const struct dataplane_command *commands, unsigned count, command_audit *audit, void *context,
                        struct command_socket **opened, char error[COMMAND_SOCKET_ERROR_OCTETS])
{
	struct command_socket *socket = calloc(1, sizeof(*socket));
	int result;

	*opened = NULL;
	if (!socket)
		return -ENOMEM;
	*socket = (struct command_socket){.commands = commands, .count = count, .audit = audit, .context = context};
	result = open_one(zeromq_context, folder, "view", name, &socket->sockets[0], error);
	if (!result)
		result = open_one(zeromq_context, folder, "operate", name, &socket->sockets[1], error);
	if (result) {
		command_socket_close(socket);
		return result;
	}
	*opened = socket;
	return 0;
}

void command_socket_close(struct command_socket *socket)
{
	if (!socket)
		return;
	for (unsigned i = 0; i < COMMAND_SOCKETS; i++)
		if (socket->sockets[i])
			zmq_close(socket->sockets[i]);
	free(socket);
}

void command_socket_sockets(struct command_socket *socket, void *sockets[COMMAND_SOCKETS])
{
	memcpy(sockets, socket->sockets, sizeof(socket->sockets));
}

static const struct dataplane_command *find_command(const struct command_socket *socket, const char *name)
{
	for (unsigned i = 0; i < socket->count; i++)
		if (strcmp(socket->commands[i].name, name) == 0)
			return &socket->commands[i];
	return NULL;
}

static bool knows_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; length && (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static json_t *names_of(const struct command_socket *socket)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < socket->count; i++)
		json_array_append_new(names, json_string(socket->commands[i].name));
	json_array_append_new(names, json_string(list_name));
	return names;
}

static json_t *array_of_words(const char *words)
{
	json_t *array = json_array();

	for (const char *at = words; *at;) {
		size_t length = strcspn(at, " ");

		json_array_append_new(array, json_stringn(at, length));
		at += length + strspn(at + length, " ");
	}
	return array;
}

static json_t *list_commands(const struct command_socket *socket)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < socket->count; i++)
		json_array_append_new(rows, json_pack("{s:s, s:b, s:o}", "command", socket->commands[i].name,
		                                      "operates", socket->commands[i].operates, "arguments",
		                                      array_of_words(socket->commands[i].arguments)));
	return json_pack("{s:o}", "rows", rows);
}

static json_t *run_known(struct command_socket *socket, const struct dataplane_command *command, json_t *arguments,
                         json_t **error)
{
	json_t *value, *body;
	const char *key;

	json_object_foreach(arguments, key, value)
	{
		if (!knows_word(command->arguments, key)) {
			*error = command_error("unknown-argument", "'%s' does not know '%.60s'", command->name, key);
			json_object_set_new(*error, "expected", array_of_words(command->arguments));
			return NULL;
		}
	}
	body = command->run(socket->context, arguments, error);
	socket->audit(socket->context, command, body ? "done" : json_string_value(json_object_get(*error, "code")));
	return body;
}

static json_t *run(struct command_socket *socket, bool may_operate, const char *text, size_t octets, json_t **error)
{
	json_error_t json_error;
	json_t *request = json_loadb(text, octets, JSON_REJECT_DUPLICATES, &json_error);
	const char *name = json_string_value(json_object_get(request, "command"));
	json_t *arguments = json_object_get(request, "arguments"), *body = NULL;
	const struct dataplane_command *command = name ? find_command(socket, name) : NULL;

	if (!request || !name || (arguments && !json_is_object(arguments))) {
		*error = command_error("bad-argument", "the body is {\"command\": \"NOUN VERB\", \"arguments\": {…}}");
	} else if (!command && strcmp(name, list_name) == 0) {
		body = list_commands(socket);
	} else if (!command) {
		*error = command_error("unknown-command", "'%.60s' is no command here", name);
		json_object_set_new(*error, "expected", names_of(socket));
	} else if (command->operates && !may_operate) {
		*error = command_error("not-permitted", "'%s' changes something: it goes to the operate socket", name);
	} else {
		body = run_known(socket, command, arguments, error);
	}
	json_decref(request);
	return body;
}

static void answer(void *socket, zmq_msg_t *parts, unsigned before_envelope, struct command_envelope envelope,
                   json_t *body)
{
	uint8_t bytes[COMMAND_ENVELOPE_OCTETS];
	char *text = json_dumps(body, JSON_COMPACT);

	if (!text)
		return;
	for (unsigned i = 0; i < before_envelope; i++)
		zmq_send(socket, zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i]), ZMQ_DONTWAIT | ZMQ_SNDMORE);
	command_envelope_write(&envelope, bytes);
	zmq_send(socket, bytes, sizeof(bytes), ZMQ_DONTWAIT | ZMQ_SNDMORE);
	zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT);
	free(text);
}

static void serve_message(struct command_socket *socket, unsigned door, zmq_msg_t *parts, unsigned count)
{
	bool has_delimiter = count == 4 && zmq_msg_size(&parts[1]) == 0;
	unsigned at = has_delimiter ? 2 : 1;
	struct command_envelope envelope;
	json_t *body = NULL, *error = NULL;
	int result;

	if (count != at + 2)
		return;
	result = command_envelope_read(zmq_msg_data(&parts[at]), zmq_msg_size(&parts[at]), &envelope);
	if (result == -EINVAL || envelope.kind != COMMAND_REQUEST)
		return;
	if (result)
		error = command_error("bad-argument", "envelope version %u; this daemon speaks %d", envelope.version,
		                      COMMAND_VERSION);
	else
		body = run(socket, door == 1, zmq_msg_data(&parts[at + 1]), zmq_msg_size(&parts[at + 1]), &error);
	if (!body)
		body = json_pack("{s:o}", "error", error ? error : command_error("failed", "no answer"));
	envelope = (struct command_envelope){COMMAND_VERSION, COMMAND_ANSWER, error ? COMMAND_FAILED : COMMAND_DONE,
	                                     envelope.request};
	answer(socket->sockets[door], parts, at, envelope, body);
	json_decref(body);
}

static bool serve_one(struct command_socket *socket, unsigned door)
{
	zmq_msg_t parts[FRAMES_MAX];
	unsigned count = 0, kept;
	int more = 1;

	while (more) {
		zmq_msg_t part;

		zmq_msg_init(&part);
		if (zmq_msg_recv(&part, socket->sockets[door], ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&part);
			break;
		}
		more = zmq_msg_more(&part);
		if (count < FRAMES_MAX) {
			zmq_msg_init(&parts[count]);
			zmq_msg_move(&parts[count], &part);
		}
		zmq_msg_close(&part);
		count++;
	}
	kept = count < FRAMES_MAX ? count : FRAMES_MAX;
	if (count && count <= FRAMES_MAX)
		serve_message(socket, door, parts, count);
	for (unsigned i = 0; i < kept; i++)
		zmq_msg_close(&parts[i]);
	return count > 0;
}

void command_socket_serve(struct command_socket *socket, unsigned budget)
{
	for (unsigned door = 0; door < COMMAND_SOCKETS; door++)
		for (unsigned i = 0; i < budget && serve_one(socket, door); i++)
			continue;
}
