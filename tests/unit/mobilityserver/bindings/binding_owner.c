// SPDX-License-Identifier: BSD-3-Clause
#include "binding_owner.h"

#include <stdio.h>
#include <stdlib.h>
#include "vectors.h"

static struct owner_message copy_of(const struct wire_view *frames, size_t count)
{
	struct owner_message message = {.count = count};

	for (size_t i = 0; i < count; i++) {
		message.octets[i] = frames[i].octets;
		message.frames[i] = malloc(frames[i].octets ? frames[i].octets : 1);
		if (frames[i].octets)
			memcpy(message.frames[i], frames[i].bytes, frames[i].octets);
	}
	return message;
}

static void put(struct owner_queue *queue, const struct wire_view *frames, size_t count)
{
	assert_true(queue->count < OWNER_QUEUE_MAX);
	queue->messages[queue->count++] = copy_of(frames, count);
}

static void feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	put(&((struct owner *)context)->feed, frames, count);
}

static void feed_welcome(void *context, struct wire_view frame)
{
	struct owner *owner = context;

	owner_message_free(&owner->welcome);
	owner->welcome = copy_of(&frame, 1);
}

static void catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	assert_int_equal(peer->octets, 1);
	put(&((struct owner *)context)->answers, frames, count);
}

static void expired(void *context, const struct binding_key *key, const struct instant *now, struct effects *effects)
{
	struct owner *owner = context;

	(void)now;
	(void)effects;
	assert_true(owner->expired_count < sizeof(owner->expired) / sizeof(owner->expired[0]));
	owner->expired[owner->expired_count++] = *key;
}

void owner_start(struct owner *owner, uint32_t epoch, size_t history_changes)
{
	const struct bindings_options options = {
	        .epoch = epoch,
	        .history_changes = history_changes,
	        .bindings_max = 4000,
	        .timers = &owner->timers,
	        .outlet = {owner, feed_frames, feed_welcome, catch_up_send, expired},
	};

	memset(owner, 0, sizeof(*owner));
	owner->now = (struct instant){.monotonic_ms = 1000, .unix_ms = 1700000000000};
	timer_wheel_start(&owner->timers, owner->now.monotonic_ms);
	owner->effects = effects_new();
	owner->bindings = bindings_new(&options);
}

static void clear_queue(struct owner_queue *queue)
{
	struct owner_message message;

	while (owner_take(queue, &message))
		owner_message_free(&message);
}

void owner_end(struct owner *owner)
{
	clear_queue(&owner->feed);
	clear_queue(&owner->answers);
	owner_message_free(&owner->welcome);
	bindings_free(owner->bindings);
	effects_free(owner->effects);
}

struct binding_key owner_key(unsigned number)
{
	return (struct binding_key){
	        .octets = {0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, (uint8_t)(number >> 8), (uint8_t)number}, .length = 64};
}

struct binding_version owner_set(struct owner *owner, unsigned number, unsigned shards, uint8_t care_of)
{
	return owner_set_limited(owner, number, shards, care_of, 0);
}

struct binding_version owner_set_limited(struct owner *owner, unsigned number, unsigned shards, uint8_t care_of,
                                         uint64_t octets_per_s)
{
	char subscriber[32];
	struct binding_change change = {
	        .key = owner_key(number),
	        .subscriber = subscriber,
	        .shard = (uint8_t)(number % shards),
	        .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	        .inner_mtu_bytes = 1460,
	        .expiry = {owner->now.monotonic_ms + 3600000, owner->now.unix_ms + 3600000},
	        .down = {.octets_per_s = octets_per_s, .burst_octets = octets_per_s ? 1500 : 0},
	};

	snprintf(subscriber, sizeof(subscriber), "lab/%u", number);
	change.care_of_address.s6_addr[0] = 0x20;
	change.care_of_address.s6_addr[15] = care_of;
	return bindings_set(owner->bindings, &change, &owner->now, owner->effects);
}

struct binding_version owner_withdraw(struct owner *owner, unsigned number)
{
	struct binding_key key = owner_key(number);

	return bindings_withdraw(owner->bindings, &key, &owner->now, owner->effects);
}

void owner_turn(struct owner *owner)
{
	struct effect_publish publish;

	effects_call_durable(owner->effects, 0, &owner->now, owner->effects);
	for (size_t i = 0; effects_publish_at(owner->effects, i, &publish); i++)
		bindings_publish(owner->bindings, &publish, &owner->now);
	effects_clear(owner->effects);
	bindings_turn_end(owner->bindings, &owner->now);
}

void owner_pass(struct owner *owner, uint64_t ms)
{
	struct timer *timer;

	owner->now.monotonic_ms += ms;
	owner->now.unix_ms += ms;
	while ((timer = timer_wheel_pop(&owner->timers, owner->now.monotonic_ms)))
		timer->fire(timer, &owner->now, owner->effects);
	owner_turn(owner);
}

void owner_ask(struct owner *owner, const struct catch_up_message *message, uint8_t peer)
{
	const struct punt_route route = {.octets = 1, .identity = {peer}};
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	catch_up_head_write(&writer, message);
	frame = (struct wire_view){head, wire_written(&writer)};
	bindings_catch_up(owner->bindings, &route, &frame, 1, &owner->now);
}

bool owner_take(struct owner_queue *queue, struct owner_message *message)
{
	if (!queue->count)
		return false;
	*message = queue->messages[0];
	memmove(queue->messages, queue->messages + 1, --queue->count * sizeof(*message));
	return true;
}

size_t owner_views(const struct owner_message *message, struct wire_view views[2])
{
	for (size_t i = 0; i < message->count; i++)
		views[i] = (struct wire_view){message->frames[i], message->octets[i]};
	return message->count;
}

void owner_message_free(struct owner_message *message)
{
	free(message->frames[0]);
	free(message->frames[1]);
	*message = (struct owner_message){0};
}
