// SPDX-License-Identifier: BSD-3-Clause
/*
 * effects - what one step of the pure cores wants done.
 *
 * A step is one message or timer. All cores that take part append to the same `struct effects`; the executor then does
 * what stands there, always in this order: logs and queries at once; stores; and when these are durable: publications,
 * injections, sends, in the order in which they were appended. So no answer overtakes its effect, in one place.
 *
 * Everything handed over is copied: nothing has to outlive the call. Appending cannot fail (out of memory ends the
 * process). Thread: one; the loop's.
 */
#ifndef KEDGE_RUNTIME_EFFECTS_H
#define KEDGE_RUNTIME_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "instant.h"
#include "log.h"

struct effects;

enum effect_kind { EFFECT_LOG, EFFECT_QUERY, EFFECT_STORE, EFFECT_PUBLISH, EFFECT_INJECT, EFFECT_SEND };

/*
 * Called when all stores of the step are durable (result 0), or will never be (negative errno: -ENOSPC, -EIO, -EEXIST
 * for a broken UNIQUE, …). Then and only then a core changes the memory that stands for the stored rows. `core` lives
 * as long as the process; `token` names the object, which may be gone by now. What is appended to `effects` leaves at
 * once.
 */
typedef void effects_durable_function(void *core, uint64_t token, int result, const struct instant *now,
                                      struct effects *effects);

/* Runs on a worker thread: from request to answer without any state. Returns 0 or a negative errno, which is handed on.
 */
typedef int query_function(const void *request, size_t request_octets, void *answer, size_t answer_capacity,
                           size_t *answer_octets);
typedef void effects_answer_function(void *core, uint64_t token, int result, const void *answer, size_t answer_octets,
                                     const struct instant *now, struct effects *effects);

/* Which data plane punted, so that the answer goes out where the question came in. Octets of the punt channel's peer.
 */
enum { PUNT_ROUTE_MAX = 64 };
struct punt_route {
	uint8_t octets;
	uint8_t identity[PUNT_ROUTE_MAX];
};

/* A shard's version, ordered by epoch, then sequence. Epoch 0 means "none". */
struct binding_version {
	uint32_t epoch;
	uint64_t sequence;
};

struct effect_log {
	enum log_level level;
	const char *subsystem;
	const char *text;
};

struct effect_query {
	query_function *perform;
	effects_answer_function *answered;
	void *core;
	uint64_t token;
	const void *request;
	size_t octets;
};

/* `port` and `operation` are the numbers of the role's store ports; the row is that operation's struct, by value. */
struct effect_store {
	uint16_t port;
	uint16_t operation;
	const void *row;
	size_t octets;
};

/* One feed row, encoded; the publisher batches rows. */
struct effect_publish {
	uint8_t shard;
	const void *row;
	size_t octets;
};

/* A whole IP packet to leave through a data plane, not before it has applied `not_before` of `shard`. */
struct effect_inject {
	struct punt_route route;
	uint8_t shard;
	struct binding_version not_before;
	const void *packet;
	size_t octets;
};

/* One message over one of the process's channels (sockets that the runtime owns; stream channels frame it). */
struct effect_send {
	uint16_t channel;
	struct endpoint to;
	const void *message;
	size_t octets;
};

__attribute__((format(printf, 4, 5))) void effects_log(struct effects *effects, enum log_level level,
                                                       const char *subsystem, const char *format, ...);
void effects_query(struct effects *effects, query_function *perform, const void *request, size_t octets,
                   effects_answer_function *answered, void *core, uint64_t token);
void effects_store(struct effects *effects, uint16_t port, uint16_t operation, const void *row, size_t octets);

/* At most one callback per core and step is usual; several are called in the order of their registration. */
void effects_when_durable(struct effects *effects, effects_durable_function *durable, void *core, uint64_t token);
void effects_publish(struct effects *effects, uint8_t shard, const void *row, size_t octets);
void effects_inject(struct effects *effects, const struct punt_route *route, uint8_t shard,
                    struct binding_version not_before, const void *packet, size_t octets);
void effects_send(struct effects *effects, uint16_t channel, const struct endpoint *to, const void *message,
                  size_t octets);

/* For executors and tests. */
struct effects *effects_new(void);
void effects_free(struct effects *effects);
void effects_clear(struct effects *effects); /* payloads are wiped: they may hold keys */
size_t effects_count(const struct effects *effects, enum effect_kind kind);
bool effects_is_empty(const struct effects *effects);
bool effects_has_stores(const struct effects *effects);
bool effects_has_outputs(const struct effects *effects); /* publications, injections, sends */

/* The `index`-th effect of this kind into *effect; pointers in it hold until the next append. False past the end. */
bool effects_log_at(const struct effects *effects, size_t index, struct effect_log *effect);
bool effects_query_at(const struct effects *effects, size_t index, struct effect_query *effect);
bool effects_store_at(const struct effects *effects, size_t index, struct effect_store *effect);
bool effects_publish_at(const struct effects *effects, size_t index, struct effect_publish *effect);
bool effects_inject_at(const struct effects *effects, size_t index, struct effect_inject *effect);
bool effects_send_at(const struct effects *effects, size_t index, struct effect_send *effect);

/* Calls every durable callback of `effects` with `result`; what they append goes to `more`. */
void effects_call_durable(const struct effects *effects, int result, const struct instant *now, struct effects *more);

#endif
