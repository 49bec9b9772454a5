// SPDX-License-Identifier: BSD-3-Clause
#include "command_server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "command.h"
#include "randomness.h"
#include "zeromq_watcher.h"

enum { CONFIRM_KEY_OCTETS = 32, CONFIRM_OCTETS = 8, CONFIRM_EPOCH_MS = 60000 };
enum { IDENTITY_MAX = 255, HIGH_WATER = 1000, TICKET_LIFE_MS = 60000, OPEN_TICKETS_MAX = 1024 };

struct door {
	struct command_server *server;
	struct zeromq_watcher *watcher;
	bool operates;
};

/* A request that is not yet answered. */
struct ticket {
	uint64_t id;
	struct door *door;
	const struct command *command; /* NULL: unknown */
	uint32_t request;
	bool has_delimiter; /* REQ's empty frame */
	size_t identity_octets;
	uint8_t identity[IDENTITY_MAX];
	struct timer timer;
	struct command_server *server;
	UT_hash_handle hh;
};

struct command_server {
	struct loop *loop;
	struct door view;
	struct door operate;
	const struct command *commands;
	size_t count;
	struct ticket *tickets;
	uint64_t last_ticket;
	uint8_t confirm_key[CONFIRM_KEY_OCTETS];
};

static struct ticket *ticket_find(struct command_server *server, uint64_t id)
{
	struct ticket *ticket;

	HASH_FIND(hh, server->tickets, &id, sizeof(id), ticket);
	return ticket;
}

static void ticket_end(struct command_server *server, struct ticket *ticket)
{
	timer_disarm(&ticket->timer);
	HASH_DEL(server->tickets, ticket);
	free(ticket);
}

static void answer(struct ticket *ticket, enum command_status status, json_t *body)
{
	const struct command_envelope envelope = {COMMAND_VERSION, COMMAND_ANSWER, (uint16_t)status, ticket->request};
	uint8_t bytes[COMMAND_ENVELOPE_OCTETS];
	char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	struct zeromq_message message = {0};

	json_decref(body);
	if (!text)
		return;
	command_envelope_write(&envelope, bytes);
	message.frames[message.count].bytes = ticket->identity;
	message.frames[message.count++].octets = ticket->identity_octets;
	if (ticket->has_delimiter)
		message.frames[message.count++].octets = 0;
	message.frames[message.count].bytes = bytes;
	message.frames[message.count++].octets = sizeof(bytes);
	message.frames[message.count].bytes = (const uint8_t *)text;
	message.frames[message.count++].octets = strlen(text);
	zeromq_watcher_send(ticket->door->watcher, &message); /* a client that went away needs no answer */
	free(text);
}

static void audit(const struct ticket *ticket, const char *result)
{
	if (ticket->command && ticket->command->operates)
		log_print(LOG_LEVEL_NOTICE, "command", "'%s' request %u: %s", ticket->command->name, ticket->request,
		          result);
}

void command_reply(struct command_server *server, uint64_t id, json_t *body)
{
	struct ticket *ticket = ticket_find(server, id);

	if (!ticket) {
		json_decref(body);
		return;
	}
	audit(ticket, "done");
	answer(ticket, COMMAND_DONE, body);
	ticket_end(server, ticket);
}

void command_fail(struct command_server *server, uint64_t id, const char *code, json_t *expected, const char *format,
                  ...)
{
	struct ticket *ticket = ticket_find(server, id);
	char message[512];
	va_list arguments;
	json_t *error;

	if (!ticket) {
		json_decref(expected);
		return;
	}
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	audit(ticket, code);
	error = json_pack("{s:s, s:s%}", "code", code, "message", message, strlen(message));
	if (!error)
		error = json_pack("{s:s, s:s}", "code", code, "message", "the message is not UTF-8");
	if (expected)
		json_object_set_new(error, "expected", expected);
	answer(ticket, COMMAND_FAILED, json_pack("{s:o}", "error", error));
	ticket_end(server, ticket);
}

bool command_integer(struct command_server *server, uint64_t ticket, const json_t *arguments, const char *name,
                     long long minimum, long long maximum, long long otherwise, long long *value)
{
	const json_t *argument = json_object_get(arguments, name);

	*value = otherwise;
	if (!argument)
		return true;
	if (json_is_integer(argument))
		*value = json_integer_value(argument);
	if (json_is_integer(argument) && *value >= minimum && *value <= maximum)
		return true;
	command_fail(server, ticket, "bad-argument", NULL, "'%s' takes an integer from %lld to %lld", name, minimum,
	             maximum);
	return false;
}

bool command_text(struct command_server *server, uint64_t ticket, const json_t *arguments, const char *name,
                  bool required, const char **value)
{
	const json_t *argument = json_object_get(arguments, name);

	*value = json_string_value(argument);
	if (*value || (!argument && !required))
		return true;
	command_fail(server, ticket, "bad-argument", NULL, argument ? "'%s' takes a text" : "'%s' is missing", name);
	return false;
}

static void ticket_times_out(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct ticket *ticket = timer_owner(timer, struct ticket, timer);

	(void)now, (void)effects;
	command_fail(ticket->server, ticket->id, "timeout", NULL, "no result within %d s", TICKET_LIFE_MS / 1000);
}

static bool knows_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; at && length && (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static json_t *array_of_words(const char *words)
{
	json_t *array = json_array();

	for (const char *at = words ? words : ""; *at;) {
		size_t length = strcspn(at, " ");

		if (length)
			json_array_append_new(array, json_stringn(at, length));
		at += length + strspn(at + length, " ");
	}
	return array;
}

static void run_log_level(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                          struct effects *effects)
{
	struct command_server *server = context;
	enum log_level level;
	const char *name;

	(void)now, (void)effects;
	if (!command_text(server, ticket, arguments, "level", false, &name))
		return;
	if (name && log_level_parse(name, &level)) {
		command_fail(server, ticket, "bad-argument", array_of_words("error warning notice info debug"),
		             "'%s' is no log level", name);
		return;
	}
	if (name)
		log_set_level(level);
	command_reply(server, ticket, json_pack("{s:s}", "level", log_level_name(log_get_level())));
}

static void run_command_list(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                             struct effects *effects)
{
	struct command_server *server = context;
	json_t *rows = json_array();

	(void)arguments, (void)now, (void)effects;
	for (size_t i = 0; i < server->count; i++)
		json_array_append_new(rows, json_pack("{s:s, s:b, s:o}", "command", server->commands[i].name,
		                                      "operates", server->commands[i].operates, "arguments",
		                                      array_of_words(server->commands[i].arguments)));
	command_reply(server, ticket, json_pack("{s:o}", "rows", rows));
}

static const struct command own_commands[] = {
        {.name = "log level", .operates = true, .run = run_log_level, .arguments = "level"},
        {.name = "command list", .operates = false, .run = run_command_list, .arguments = ""},
};

static const struct command *find_command(struct command_server *server, const char *name)
{
	for (size_t i = 0; i < server->count; i++)
		if (strcmp(server->commands[i].name, name) == 0)
			return &server->commands[i];
	for (size_t i = 0; i < sizeof(own_commands) / sizeof(own_commands[0]); i++)
		if (strcmp(own_commands[i].name, name) == 0)
			return &own_commands[i];
	return NULL;
}

static json_t *all_names(struct command_server *server)
{
	json_t *names = json_array();

	for (size_t i = 0; i < server->count; i++)
		json_array_append_new(names, json_string(server->commands[i].name));
	for (size_t i = 0; i < sizeof(own_commands) / sizeof(own_commands[0]); i++)
		json_array_append_new(names, json_string(own_commands[i].name));
	return names;
}

/* Everything that is wrong with the request's words; true when the command may run. */
static bool check(struct ticket *ticket, const char *name, json_t *arguments)
{
	struct command_server *server = ticket->server;
	const char *key;
	json_t *value;

	if (!ticket->command) {
		command_fail(server, ticket->id, "unknown-command", all_names(server), "'%s' is no command here", name);
		return false;
	}
	if (ticket->command->operates && !ticket->door->operates) {
		command_fail(server, ticket->id, "not-permitted", NULL,
		             "'%s' changes something: it goes to the operate socket", name);
		return false;
	}
	json_object_foreach(arguments, key, value)
	{
		if (!(ticket->command->dangerous && strcmp(key, "confirm") == 0) &&
		    !knows_word(ticket->command->arguments, key)) {
			command_fail(server, ticket->id, "unknown-argument", array_of_words(ticket->command->arguments),
			             "'%s' does not know '%s'", name, key);
			return false;
		}
	}
	return true;
}

/* The token is a MAC over command, arguments and time, so the server remembers nothing for it. */
static void confirm_token(const struct command_server *server, const char *name, const json_t *arguments,
                          uint64_t epoch, char token[2 * CONFIRM_OCTETS + 1])
{
	json_t *content =
	        json_pack("{s:s, s:O, s:I}", "command", name, "arguments", arguments, "epoch", (json_int_t)epoch);
	char *text = json_dumps(content, JSON_COMPACT | JSON_SORT_KEYS);
	unsigned char mac[EVP_MAX_MD_SIZE];

	HMAC(EVP_sha256(), server->confirm_key, CONFIRM_KEY_OCTETS, (const unsigned char *)(text ? text : ""),
	     text ? strlen(text) : 0, mac, NULL);
	for (int i = 0; i < CONFIRM_OCTETS; i++)
		snprintf(token + 2 * i, 3, "%02x", mac[i]);
	free(text);
	json_decref(content);
}

/* True when the call carries the token of this minute or the last; takes the token out of the arguments. */
static bool confirmed(struct ticket *ticket, const char *name, json_t *arguments)
{
	uint64_t epoch = instant_now().monotonic_ms / CONFIRM_EPOCH_MS;
	char now[2 * CONFIRM_OCTETS + 1], before[2 * CONFIRM_OCTETS + 1];
	json_t *given = json_incref(json_object_get(arguments, "confirm"));
	bool right = false;

	json_object_del(arguments, "confirm");
	confirm_token(ticket->server, name, arguments, epoch, now);
	confirm_token(ticket->server, name, arguments, epoch - 1, before);
	if (json_is_string(given) && json_string_length(given) == 2 * CONFIRM_OCTETS)
		right = CRYPTO_memcmp(json_string_value(given), now, 2 * CONFIRM_OCTETS) == 0 ||
		        CRYPTO_memcmp(json_string_value(given), before, 2 * CONFIRM_OCTETS) == 0;
	if (!right)
		command_fail(ticket->server, ticket->id, "confirm", json_pack("[s]", now),
		             "'%s' takes something away; say it again with this token as 'confirm'", name);
	json_decref(given);
	return right;
}

static void dispatch(struct ticket *ticket, json_t *body)
{
	struct command_server *server = ticket->server;
	const char *name = json_string_value(json_object_get(body, "command"));
	json_t *arguments = json_object_get(body, "arguments");
	const struct command *command;
	struct instant now;
	struct effects *step;
	json_t *none = NULL;

	if (!name || (arguments && !json_is_object(arguments))) {
		command_fail(server, ticket->id, "bad-argument", NULL,
		             "the body is {\"command\": \"NOUN VERB\", \"arguments\": {…}}");
		return;
	}
	if (!arguments)
		arguments = none = json_object();
	command = ticket->command = find_command(server, name);
	if (check(ticket, name, arguments) && (!command->dangerous || confirmed(ticket, name, arguments))) {
		bool own = command >= own_commands &&
		           command < own_commands + sizeof(own_commands) / sizeof(own_commands[0]);

		step = loop_begin(server->loop, &now);
		command->run(own ? server : command->context, ticket->id, arguments, &now, step);
		loop_end(server->loop, step, &now);
	}
	json_decref(none);
}

static struct ticket *ticket_new(struct door *door, const struct zeromq_message *message, bool has_delimiter)
{
	struct command_server *server = door->server;
	struct ticket *ticket;

	if (message->frames[0].octets > IDENTITY_MAX || HASH_COUNT(server->tickets) >= OPEN_TICKETS_MAX)
		return NULL;
	ticket = calloc(1, sizeof(*ticket));
	if (!ticket)
		return NULL;
	ticket->id = ++server->last_ticket;
	ticket->server = server;
	ticket->door = door;
	ticket->has_delimiter = has_delimiter;
	ticket->identity_octets = message->frames[0].octets;
	memcpy(ticket->identity, message->frames[0].bytes, ticket->identity_octets);
	HASH_ADD(hh, server->tickets, id, sizeof(ticket->id), ticket);
	timer_arm(loop_timers(server->loop), &ticket->timer, instant_now().monotonic_ms + TICKET_LIFE_MS,
	          ticket_times_out);
	return ticket;
}

static void received(void *context, const struct zeromq_message *message)
{
	struct door *door = context;
	bool has_delimiter = message->count == 4 && message->frames[1].octets == 0;
	size_t at = has_delimiter ? 2 : 1;
	struct command_envelope envelope;
	struct ticket *ticket;
	json_error_t json_error;
	json_t *body;
	int result;

	if (message->count != at + 2)
		return;
	result = command_envelope_read(message->frames[at].bytes, message->frames[at].octets, &envelope);
	if (result == -EINVAL || envelope.kind != COMMAND_REQUEST)
		return;
	ticket = ticket_new(door, message, has_delimiter);
	if (!ticket)
		return;
	ticket->request = envelope.request;
	if (result == -EPROTO) {
		command_fail(door->server, ticket->id, "bad-argument", NULL,
		             "envelope version %u; this daemon speaks %d", envelope.version, COMMAND_VERSION);
		return;
	}
	body = json_loadb((const char *)message->frames[at + 1].bytes, message->frames[at + 1].octets,
	                  JSON_REJECT_DUPLICATES, &json_error);
	if (body)
		dispatch(ticket, body);
	else
		command_fail(door->server, ticket->id, "bad-argument", NULL, "line %d: %s", json_error.line,
		             json_error.text);
	json_decref(body);
}

static int open_door(struct door *door, void *zeromq_context, const char *folder, const char *audience,
                     const char *name, char *error)
{
	char endpoint[128];
	int length = snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s/%s", folder, audience, name);
	int result;

	if (length < 0 || (size_t)length >= sizeof(endpoint)) {
		snprintf(error, COMMAND_SERVER_ERROR_OCTETS, "%.100s/%s/%.32s: the path is too long for a socket",
		         folder, audience, name);
		return -ENAMETOOLONG;
	}
	door->watcher = zeromq_watcher_new(door->server->loop, zeromq_context, ZMQ_ROUTER, HIGH_WATER, COMMAND_BODY_MAX,
	                                   received, door);
	if (!door->watcher)
		return -errno;
	result = zeromq_watcher_bind(door->watcher, endpoint);
	if (result)
		snprintf(error, COMMAND_SERVER_ERROR_OCTETS, "%s: %s", endpoint, strerror(-result));
	return result;
}

int command_server_start(struct loop *loop, void *zeromq_context, const char *folder, const char *name,
                         const struct command *commands, size_t count, struct command_server **started,
                         char error[COMMAND_SERVER_ERROR_OCTETS])
{
	struct command_server *server = calloc(1, sizeof(*server));
	int result;

	*started = NULL;
	if (!server)
		return -ENOMEM;
	server->loop = loop;
	randomness_fill(randomness_system(), server->confirm_key, sizeof(server->confirm_key));
	server->commands = commands;
	server->count = count;
	server->view = (struct door){.server = server, .operates = false};
	server->operate = (struct door){.server = server, .operates = true};
	result = open_door(&server->view, zeromq_context, folder, "view", name, error);
	if (!result)
		result = open_door(&server->operate, zeromq_context, folder, "operate", name, error);
	if (result) {
		command_server_free(server);
		return result;
	}
	*started = server;
	return 0;
}

void command_server_free(struct command_server *server)
{
	struct ticket *ticket, *following;

	if (!server)
		return;
	HASH_ITER (hh, server->tickets, ticket, following)
		ticket_end(server, ticket);
	zeromq_watcher_free(server->view.watcher);
	zeromq_watcher_free(server->operate.watcher);
	free(server);
}
