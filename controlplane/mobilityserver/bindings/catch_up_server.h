// SPDX-License-Identifier: BSD-3-Clause
/*
 * catch_up_server - answers "changes after version V of shard s" with changes or a fuzzy snapshot (catch_up.h), as far
 * as the receiver's credit reaches. One request a (peer, shard); a peer that gives no credit for 30 s is forgotten.
 *
 * Rows leave in slices of CATCH_UP_SLICE_ROWS a turn, whoever asks for how much; what credit is left then waits for the
 * next turn, one chunk each in their order.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_CATCH_UP_SERVER_H
#define KEDGE_MOBILITYSERVER_CATCH_UP_SERVER_H

#include "binding_index.h"
#include "bindings.h"
#include "catch_up.h"
#include "change_history.h"

struct catch_up_server;

/* What is answered from. */
struct catch_up_source {
	const struct binding_index *index;
	const struct change_history *history;
	const struct feed_version *heads; /* FEED_SHARDS of them */
	const struct bindings_outlet *outlet;
	struct bindings_counters *counters;
	struct timer_wheel *timers;
};

enum { CATCH_UP_REQUESTS_MAX = 64 * FEED_SHARDS, CATCH_UP_PATIENCE_MS = 30000, CATCH_UP_SLICE_ROWS = 8192 };

struct catch_up_server *catch_up_server_new(const struct catch_up_source *source);
void catch_up_server_free(struct catch_up_server *server);

void catch_up_server_message(struct catch_up_server *server, const struct punt_route *peer,
                             const struct wire_view *frames, size_t count, const struct instant *now);

/* A turn ends: the next one has a slice of its own. */
void catch_up_server_turn_end(struct catch_up_server *server);

/* Forgets requests without credit for too long; once a second. */
void catch_up_server_sweep(struct catch_up_server *server, const struct instant *now);

#endif
