// SPDX-License-Identifier: BSD-3-Clause
/*
 * batching - requests of one zone travel together in one UPDATE; what the server refuses is halved until the culprit
 * stands alone (D-5). Pure; thread: the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BATCHING_H
#define KEDGE_MOBILITYSERVER_BATCHING_H

#include "dns_transaction.h"
#include "name_request.h"

struct name_batch {
	struct name_batch *next;
	enum naming_zone zone;
	bool repeated; /* the same requests as in a message that may have happened */
	size_t count;
	struct name_request *requests[NAMING_BATCH_MAX];
};

struct name_queue {
	struct name_request *first;
	struct name_request **last; /* NULL: empty */
	size_t count;
};

/* Zero-initialised is empty. */
struct batching {
	struct name_queue queues[NAMING_ZONES];
	struct name_batch *formed; /* halves and repetitions, to be sent first */
	struct name_batch *sent;   /* the one under way */
};

/* Puts a request, which stays the caller's, behind the ready ones of its zone. */
void batching_enqueue(struct batching *batching, struct name_request *request, uint64_t now_ms);

/*
 * The next batch to send, moved to `sent`: a formed one, or what is ready in the zone whose first request has waited
 * longest, if that is `wait_ms` or a full batch is ready. NULL: nothing yet; *due_ms then tells when (UINT64_MAX: not
 * before something is enqueued).
 */
struct name_batch *batching_next(struct batching *batching, uint64_t now_ms, uint32_t wait_ms, uint64_t *due_ms);

/* Writes the batch's UPDATE. False when it is too long for a message; then batching_halve() it. */
bool batching_write(const struct name_batch *batch, const char *zone, struct wire_writer *writer);

/* Puts two halves of the sent batch, which has at least two requests, before what is formed. */
void batching_halve(struct batching *batching);

/* Puts the sent batch before what is formed, to be sent again. */
void batching_repeat(struct batching *batching);

/* Takes the sent batch away; the caller frees it. */
struct name_batch *batching_take_sent(struct batching *batching);

/* Takes a ready request out of its queue. */
void batching_remove(struct batching *batching, struct name_request *request);

/* Frees the batches; the requests are the caller's. */
void batching_free(struct batching *batching);

#endif
