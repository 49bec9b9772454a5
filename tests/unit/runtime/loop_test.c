// SPDX-License-Identifier: BSD-3-Clause
/* The loop with everything in it: timers, store, queries, sockets of both kinds, the command server. */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "channels.h"
#include "command.h"
#include "command_server.h"
#include "vectors.h"

enum { CHANNEL_A = 1, CHANNEL_B, CHANNEL_STREAM };

struct world {
	struct loop *loop;
	char folder[64];
	char heard[256];
	struct timer timer;
	struct command_server *server;
	void *zeromq;
	uint16_t port_a, port_b, port_stream; /* nobody's else */
};

static struct world *the_world; /* timers know no context */

/* A port of ::1 that nobody uses. */
static uint16_t free_port(int type)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	socklen_t octets = sizeof(address);
	int one = socket(AF_INET6, type, 0);

	assert_int_equal(bind(one, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(one, (struct sockaddr *)&address, &octets), 0);
	close(one);
	return ntohs(address.sin6_port);
}

static int world_start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char path[128];

	world->loop = loop_new();
	world->zeromq = zmq_ctx_new();
	world->port_a = free_port(SOCK_DGRAM);
	do
		world->port_b = free_port(SOCK_DGRAM);
	while (world->port_b == world->port_a);
	world->port_stream = free_port(SOCK_STREAM);
	strcpy(world->folder, "/tmp/kedge-loop-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	snprintf(path, sizeof(path), "%s/view", world->folder);
	mkdir(path, 0750);
	snprintf(path, sizeof(path), "%s/operate", world->folder);
	mkdir(path, 0750);
	*state = the_world = world;
	return 0;
}

static int world_end(void **state)
{
	struct world *world = *state;
	char command[128];
	int result;

	command_server_free(world->server);
	loop_free(world->loop);
	zmq_ctx_term(world->zeromq);
	snprintf(command, sizeof(command), "rm -r %s", world->folder);
	result = system(command);
	free(world);
	return result;
}

static struct endpoint loopback(uint16_t port)
{
	struct endpoint endpoint = {.port = port};

	endpoint.address = in6addr_loopback;
	return endpoint;
}

static void hear(struct world *world, const void *bytes, size_t octets)
{
	size_t used = strlen(world->heard);

	snprintf(world->heard + used, sizeof(world->heard) - used, "%.*s ", (int)octets, (const char *)bytes);
}

static void received(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                     size_t octets, const struct instant *now, struct effects *effects)
{
	struct world *world = context;

	(void)now;
	hear(world, message, octets);
	if (channel == CHANNEL_B)
		effects_send(effects, CHANNEL_B, from, "pong", 4);
	else
		loop_stop(world->loop);
}

static void ping(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct endpoint to = loopback(the_world->port_b);

	(void)timer, (void)now;
	effects_send(effects, CHANNEL_A, &to, "ping", 4);
}

static void datagrams_go_and_come(void **state)
{
	struct world *world = *state;
	struct endpoint a = loopback(world->port_a), b = loopback(world->port_b);
	struct channels *channels = loop_channels(world->loop);

	assert_int_equal(channels_open_udp(channels, CHANNEL_A, &a, received, world), 0);
	assert_int_equal(channels_open_udp(channels, CHANNEL_B, &b, received, world), 0);
	assert_int_equal(channels_open_udp(channels, CHANNEL_B, &b, received, world), -EEXIST);
	timer_arm(loop_timers(world->loop), &world->timer, instant_now().monotonic_ms + 5, ping);
	loop_run(world->loop);
	assert_string_equal(world->heard, "ping pong ");
	assert_int_equal(channels_counters(channels).datagrams_received, 2);
	assert_true(loop_counters(world->loop).turns > 0);
}

static void failed(void *context, uint16_t channel, const struct endpoint *peer, int error, const struct instant *now,
                   struct effects *effects)
{
	struct world *world = context;

	(void)channel, (void)peer, (void)now, (void)effects;
	assert_int_equal(error, -ECONNREFUSED);
	hear(world, "refused", 7);
	loop_stop(world->loop);
}

static void ask_stream(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct endpoint to = loopback(the_world->port_stream);

	(void)timer, (void)now;
	effects_send(effects, CHANNEL_STREAM, &to, "first", 5);
	effects_send(effects, CHANNEL_STREAM, &to, "second", 6);
}

static void a_refused_stream_is_told(void **state)
{
	struct world *world = *state;

	channels_open_stream(loop_channels(world->loop), CHANNEL_STREAM, received, failed, world);
	timer_arm(loop_timers(world->loop), &world->timer, instant_now().monotonic_ms, ask_stream);
	loop_run(world->loop);
	assert_string_equal(world->heard, "refused ");
}

struct echo {
	uv_tcp_t listener, peer;
	uv_write_t write;
	char buffer[256];
	size_t buffered;
};

static void echo_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct echo *echo = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(echo->buffer + echo->buffered, (unsigned)(sizeof(echo->buffer) - echo->buffered));
}

/* Answers once both messages are there, in pieces that cut through a frame. */
static void echo_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
	struct echo *echo = stream->data;
	uv_buf_t all;

	(void)buffer;
	if (octets < 0)
		return;
	echo->buffered += (size_t)octets;
	if (echo->buffered == 2 + 5 + 2 + 6) {
		all = uv_buf_init(echo->buffer, (unsigned)echo->buffered);
		uv_write(&echo->write, stream, &all, 1, NULL);
	}
}

static void echo_accept(uv_stream_t *listener, int status)
{
	struct echo *echo = listener->data;

	assert_int_equal(status, 0);
	uv_tcp_init(listener->loop, &echo->peer);
	echo->peer.data = echo;
	uv_accept(listener, (uv_stream_t *)&echo->peer);
	uv_read_start((uv_stream_t *)&echo->peer, echo_allocate, echo_read);
}

static void stream_received(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                            size_t octets, const struct instant *now, struct effects *effects)
{
	struct world *world = context;

	(void)channel, (void)from, (void)now, (void)effects;
	hear(world, message, octets);
	if (strcmp(world->heard, "first second ") == 0)
		loop_stop(world->loop);
}

static void streams_are_framed(void **state)
{
	struct world *world = *state;
	struct echo echo = {.buffered = 0};
	struct sockaddr_in6 address;

	uv_ip6_addr("::1", world->port_stream, &address);
	uv_tcp_init(loop_uv(world->loop), &echo.listener);
	echo.listener.data = &echo;
	assert_int_equal(uv_tcp_bind(&echo.listener, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&echo.listener, 1, echo_accept), 0);
	channels_open_stream(loop_channels(world->loop), CHANNEL_STREAM, stream_received, failed, world);
	timer_arm(loop_timers(world->loop), &world->timer, instant_now().monotonic_ms, ask_stream);
	loop_run(world->loop);
	assert_string_equal(world->heard, "first second ");
	channels_close(loop_channels(world->loop));
	uv_close((uv_handle_t *)&echo.listener, NULL);
	uv_close((uv_handle_t *)&echo.peer, NULL);
	uv_run(loop_uv(world->loop), UV_RUN_NOWAIT);
}

static int add_one(const void *request, size_t octets, void *answer, size_t capacity, size_t *answer_octets)
{
	assert_int_equal(octets, 1);
	assert_true(capacity > 0);
	*(uint8_t *)answer = (uint8_t)(*(const uint8_t *)request + 1);
	*answer_octets = 1;
	return 0;
}

static void answered(void *core, uint64_t token, int result, const void *answer, size_t octets,
                     const struct instant *now, struct effects *effects)
{
	struct world *world = core;

	(void)now, (void)effects;
	assert_int_equal(token, 77);
	assert_int_equal(result, 0);
	hear(world, answer, octets);
	loop_stop(world->loop);
}

static void ask_query(struct timer *timer, const struct instant *now, struct effects *effects)
{
	(void)timer, (void)now;
	effects_query(effects, add_one, "a", 1, answered, the_world, 77);
}

static void queries_run_beside_the_loop(void **state)
{
	struct world *world = *state;

	timer_arm(loop_timers(world->loop), &world->timer, instant_now().monotonic_ms, ask_query);
	loop_run(world->loop);
	assert_string_equal(world->heard, "b ");
}

static void run_repeat(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                       struct effects *effects)
{
	struct world *world = context;
	const char *text;
	long long times;

	(void)now, (void)effects;
	if (command_text(world->server, ticket, arguments, "text", true, &text) &&
	    command_integer(world->server, ticket, arguments, "times", 1, 9, 1, &times))
		command_reply(world->server, ticket, json_pack("{s:s, s:I}", "text", text, "times", (json_int_t)times));
}

struct client {
	struct world *world;
	const char *socket; /* "view/test" */
	int type;
	const char *body;
	char answer[512];
	int status;
};

/* A client in a thread of its own, as a foreign program would be. */
static void client_main(void *argument)
{
	struct client *client = argument;
	uint8_t envelope[] = {1, 1, 0, 0, 0, 0, 0, 9};
	void *socket = zmq_socket(client->world->zeromq, client->type);
	char endpoint[128];
	int linger = 0, octets;

	snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", client->world->folder, client->socket);
	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_connect(socket, endpoint);
	zmq_send(socket, envelope, sizeof(envelope), ZMQ_SNDMORE);
	zmq_send(socket, client->body, strlen(client->body), 0);
	zmq_recv(socket, envelope, sizeof(envelope), 0);
	client->status = envelope[1] == 2 && envelope[7] == 9 ? envelope[3] : -1;
	octets = zmq_recv(socket, client->answer, sizeof(client->answer) - 1, 0);
	client->answer[octets < 0 ? 0 : octets] = '\0';
	zmq_close(socket);
	kill(getpid(), SIGTERM);
}

static void ask(struct world *world, struct client *client)
{
	uv_thread_t thread;

	uv_thread_create(&thread, client_main, client);
	loop_run(world->loop); /* until the client's SIGTERM */
	uv_thread_join(&thread);
}

static void commands_are_checked_and_answered(void **state)
{
	static const struct {
		const char *socket;
		int type, status;
		const char *body, *answer;
	} cases[] = {
	        {"view/test", ZMQ_DEALER, 0, "{\"command\":\"text repeat\",\"arguments\":{\"text\":\"x\",\"times\":3}}",
	         "{\"text\":\"x\",\"times\":3}"},
	        {"operate/test", ZMQ_REQ, 0, "{\"command\":\"text repeat\",\"arguments\":{\"text\":\"y\"}}",
	         "{\"text\":\"y\",\"times\":1}"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":\"text repeat\",\"arguments\":{\"text\":\"x\",\"times\":10}}",
	         "'times' takes an integer from 1 to 9"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":\"text repeat\"}", "'text' is missing"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":\"text repeat\",\"arguments\":{\"tekst\":\"x\"}}",
	         "\"expected\":[\"text\",\"times\"]"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":\"text change\"}", "not-permitted"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":\"text eat\"}", "unknown-command"},
	        {"view/test", ZMQ_REQ, 1, "{\"command\":", "bad-argument"},
	        {"view/test", ZMQ_REQ, 0, "{\"command\":\"command list\"}", "\"command\":\"text change\""},
	        {"operate/test", ZMQ_REQ, 0, "{\"command\":\"log level\"}", "{\"level\":\"info\"}"},
	};
	struct world *world = *state;
	const struct command commands[] = {
	        {.name = "text repeat", .run = run_repeat, .context = world, .arguments = "text times"},
	        {.name = "text change",
	         .operates = true,
	         .run = run_repeat,
	         .context = world,
	         .arguments = "text times"},
	};
	char error[COMMAND_SERVER_ERROR_OCTETS], path[128];
	struct stat status;

	assert_int_equal(command_server_start(world->loop, world->zeromq, world->folder, "test", commands, 2,
	                                      &world->server, error),
	                 0);
	snprintf(path, sizeof(path), "%s/view/test", world->folder);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client = {world, cases[i].socket, cases[i].type, cases[i].body, "", -1};

		ask(world, &client);
		if (client.status != cases[i].status || !strstr(client.answer, cases[i].answer))
			fail_msg("%s: status %d, %s", cases[i].body, client.status, client.answer);
	}
}

/* C-6: what takes something away needs a token, for these arguments and no others. */
static void dangerous_commands_want_a_token(void **state)
{
	struct world *world = *state;
	const struct command commands[] = {
	        {.name = "text end",
	         .operates = true,
	         .run = run_repeat,
	         .context = world,
	         .arguments = "text",
	         .dangerous = true},
	};
	struct client first = {
	        world, "operate/test", ZMQ_REQ, "{\"command\":\"text end\",\"arguments\":{\"text\":\"x\"}}", "", -1};
	struct client again = {world, "operate/test", ZMQ_REQ, NULL, "", -1};
	char error[COMMAND_SERVER_ERROR_OCTETS], body[256];
	const char *token;

	assert_int_equal(command_server_start(world->loop, world->zeromq, world->folder, "test", commands, 1,
	                                      &world->server, error),
	                 0);
	ask(world, &first);
	assert_int_equal(first.status, 1);
	assert_non_null(strstr(first.answer, "\"code\":\"confirm\""));
	token = strstr(first.answer, "\"expected\":[\"") + strlen("\"expected\":[\"");
	again.body = body;
	snprintf(body, sizeof(body), "{\"command\":\"text end\",\"arguments\":{\"text\":\"y\",\"confirm\":\"%.16s\"}}",
	         token);
	ask(world, &again);
	assert_int_equal(again.status, 1);
	snprintf(body, sizeof(body), "{\"command\":\"text end\",\"arguments\":{\"text\":\"x\",\"confirm\":\"%.16s\"}}",
	         token);
	ask(world, &again);
	assert_int_equal(again.status, 0);
	assert_non_null(strstr(again.answer, "\"text\":\"x\""));
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        with_world(datagrams_go_and_come),
	        with_world(a_refused_stream_is_told),
	        with_world(streams_are_framed),
	        with_world(queries_run_beside_the_loop),
	        with_world(dangerous_commands_want_a_token),
	        with_world(commands_are_checked_and_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
