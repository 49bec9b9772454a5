// SPDX-License-Identifier: BSD-3-Clause
/* An owner of bindings for tests: its outlets fill queues, its timers run by hand, its steps are durable at once. */
#ifndef KEDGE_TESTS_BINDING_OWNER_H
#define KEDGE_TESTS_BINDING_OWNER_H

#include "bindings.h"
#include "catch_up.h"

enum { OWNER_QUEUE_MAX = 8192 };

struct owner_message {
	size_t count;
	size_t octets[2];
	uint8_t *frames[2];
};

struct owner_queue {
	size_t count;
	struct owner_message messages[OWNER_QUEUE_MAX];
};

struct owner {
	struct instant now;
	struct timer_wheel timers;
	struct bindings *bindings;
	struct effects *effects;
	struct owner_queue feed;
	struct owner_queue answers;
	struct owner_message welcome;
	struct binding_key expired[64];
	size_t expired_count;
};

void owner_start(struct owner *owner, uint32_t epoch, size_t history_changes);
void owner_end(struct owner *owner);

/* The key 2001:db8:aa:NUMBER::/64 of the subscriber "lab/NUMBER"; its shard is NUMBER modulo `shards`. */
struct binding_key owner_key(unsigned number);
struct binding_version owner_set(struct owner *owner, unsigned number, unsigned shards, uint8_t care_of);
/* The same with a rate down, in octets a second; 0: without. */
struct binding_version owner_set_limited(struct owner *owner, unsigned number, unsigned shards, uint8_t care_of,
                                         uint64_t octets_per_s);
struct binding_version owner_withdraw(struct owner *owner, unsigned number);

/* Hands what was published to the publisher and ends the turn. */
void owner_turn(struct owner *owner);

/* Moves both clocks and fires timers. */
void owner_pass(struct owner *owner, uint64_t ms);

void owner_ask(struct owner *owner, const struct catch_up_message *message, uint8_t peer);

/* Takes the oldest message of a queue; the caller frees it. */
bool owner_take(struct owner_queue *queue, struct owner_message *message);
size_t owner_views(const struct owner_message *message, struct wire_view views[2]);
void owner_message_free(struct owner_message *message);

#endif
