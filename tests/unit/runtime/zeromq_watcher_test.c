// SPDX-License-Identifier: BSD-3-Clause
/*
 * A ZeroMQ socket in the loop (C-7): its file descriptor tells of an edge once, so bursts of more messages than a turn
 * takes, and sends that eat the edge, must leave nothing behind; and a burst leaves room for others.
 */
#include "zeromq_watcher.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vectors.h"

enum { BURST = 1000, HIGH_WATER = 4000, MESSAGES_A_TURN = 64, MESSAGE_MAX = 4096, EDGE_AFTER_MS = 20 };

struct world {
	struct loop *loop;
	void *zeromq;
	struct zeromq_watcher *watcher;
	void *peer;
	char folder[64];
	unsigned received;
	unsigned answered;
	unsigned this_turn;
	unsigned most_a_turn;
	bool answers;
	unsigned wanted;
	struct timer sends;
};

static struct world *the_world; /* timers know no context */

static void received(void *context, const struct zeromq_message *message)
{
	struct world *world = context;

	world->received++;
	if (++world->this_turn > world->most_a_turn)
		world->most_a_turn = world->this_turn;
	if (world->answers)
		world->answered += zeromq_watcher_send(world->watcher, message) == 0;
	if (world->received == world->wanted)
		loop_stop(world->loop);
}

static void turn_ends(void *context, const struct instant *now)
{
	(void)now;
	((struct world *)context)->this_turn = 0;
}

static int start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const int high_water = HIGH_WATER, zero = 0;
	char endpoint[96];

	strcpy(world->folder, "/tmp/kedge-watcher-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(endpoint, sizeof(endpoint), "ipc://%s/socket", world->folder);
	world->loop = loop_new();
	world->zeromq = zmq_ctx_new();
	world->watcher =
	        zeromq_watcher_new(world->loop, world->zeromq, ZMQ_ROUTER, HIGH_WATER, MESSAGE_MAX, received, world);
	assert_non_null(world->watcher);
	assert_int_equal(zeromq_watcher_bind(world->watcher, endpoint), 0);
	loop_at_turn_end(world->loop, turn_ends, world);
	world->peer = zmq_socket(world->zeromq, ZMQ_DEALER);
	zmq_setsockopt(world->peer, ZMQ_SNDHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(world->peer, ZMQ_RCVHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(world->peer, ZMQ_ROUTING_ID, "peer", 4);
	zmq_setsockopt(world->peer, ZMQ_LINGER, &zero, sizeof(zero));
	assert_int_equal(zmq_connect(world->peer, endpoint), 0);
	world->wanted = BURST;
	*state = the_world = world;
	return 0;
}

static int end(void **state)
{
	struct world *world = *state;
	char path[96];

	zmq_close(world->peer);
	zeromq_watcher_free(world->watcher);
	loop_free(world->loop);
	zmq_ctx_term(world->zeromq);
	snprintf(path, sizeof(path), "%s/socket", world->folder);
	unlink(path);
	rmdir(world->folder);
	free(world);
	return 0;
}

static void send_burst(struct world *world)
{
	for (uint32_t i = 0; i < BURST; i++)
		assert_int_equal(zmq_send(world->peer, &i, sizeof(i), 0), sizeof(i));
}

/* C-7: nothing is sent after the burst, so no other edge comes. */
static void burst_is_handed_out_whole_and_in_turns(void **state)
{
	struct world *world = *state;

	send_burst(world);
	loop_run(world->loop);
	assert_int_equal(world->received, BURST);
	assert_in_range(world->most_a_turn, 1, MESSAGES_A_TURN);
}

/* C-7: each answer looks into the socket's mailbox, and may find there what the edge was for. */
static void answers_eat_no_message(void **state)
{
	struct world *world = *state;
	uint32_t number;

	world->answers = true;
	send_burst(world);
	loop_run(world->loop);
	assert_int_equal(world->received, BURST);
	assert_int_equal(world->answered, BURST);
	for (uint32_t i = 0; i < BURST; i++) {
		assert_int_equal(zmq_recv(world->peer, &number, sizeof(number), 0), sizeof(number));
		assert_int_equal(number, i);
	}
}

/*
 * A message comes between the turn's look and a send, so that the send eats its edge. libzmq looks into its mailbox at
 * a send when it has not done so for about a millisecond: hence EDGE_AFTER_MS.
 */
static void send_over_an_edge(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct zeromq_message message = {.count = 2};
	zmq_pollitem_t edge = {.events = ZMQ_POLLIN};
	size_t octets = sizeof(edge.fd);

	(void)timer, (void)now, (void)effects;
	assert_int_equal(zmq_send(the_world->peer, "late", 4, 0), 4);
	zmq_getsockopt(zeromq_watcher_socket(the_world->watcher), ZMQ_FD, &edge.fd, &octets);
	assert_int_equal(zmq_poll(&edge, 1, -1), 1);
	message.frames[0].bytes = (const uint8_t *)"nobody";
	message.frames[0].octets = 6;
	zeromq_watcher_send(the_world->watcher, &message);
	message.frames[0].bytes = (const uint8_t *)"peer";
	message.frames[0].octets = 4;
	assert_int_equal(zeromq_watcher_send(the_world->watcher, &message), 0);
}

/* C-7: timers run after the socket was looked at, just before the loop sleeps. */
static void send_of_a_timer_eats_no_message(void **state)
{
	struct world *world = *state;
	uint64_t now_ms = instant_now().monotonic_ms;

	world->wanted = 1;
	assert_int_equal(zmq_send(world->peer, "hello", 5, 0), 5);
	loop_run(world->loop);
	assert_int_equal(world->received, 1);
	world->wanted = 2;
	timer_arm(loop_timers(world->loop), &world->sends, now_ms + EDGE_AFTER_MS, send_over_an_edge);
	/* no timer is left that could wake the loop by chance */
	alarm(10);
	loop_run(world->loop);
	alarm(0);
	assert_int_equal(world->received, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(burst_is_handed_out_whole_and_in_turns, start, end),
	        cmocka_unit_test_setup_teardown(answers_eat_no_message, start, end),
	        cmocka_unit_test_setup_teardown(send_of_a_timer_eats_no_message, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
