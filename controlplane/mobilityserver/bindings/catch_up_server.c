// SPDX-License-Identifier: BSD-3-Clause
#include "catch_up_server.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"

struct request_key {
	struct punt_route peer;
	uint8_t shard;
};

struct request {
	UT_hash_handle by_key;
	struct request_key key;
	struct request *next_of_shard; /* snapshots under way */
	struct request *prev_of_shard;
	uint32_t number;
	uint32_t credit;
	uint32_t chunks;
	uint64_t touched_ms;
	bool is_snapshot;
	struct feed_version version; /* changes: sent up to here; snapshot: S */
	const struct binding *at;    /* snapshot: next to be sent */
};

struct catch_up_server {
	struct catch_up_source source;
	struct request *requests;
	struct request *snapshots[FEED_SHARDS];
	uint8_t rows[CATCH_UP_ROWS_MAX * FEED_ROW_OCTETS];
};

struct catch_up_server *catch_up_server_new(const struct catch_up_source *source)
{
	struct catch_up_server *server = allocate(sizeof(*server));

	server->source = *source;
	return server;
}

static void end_request(struct catch_up_server *server, struct request *request)
{
	if (request->is_snapshot)
		DL_DELETE2(server->snapshots[request->key.shard], request, prev_of_shard, next_of_shard);
	HASH_DELETE(by_key, server->requests, request);
	free(request);
}

void catch_up_server_free(struct catch_up_server *server)
{
	if (!server)
		return;
	while (server->requests)
		end_request(server, server->requests);
	free(server);
}

static void send_message(struct catch_up_server *server, const struct punt_route *peer,
                         const struct catch_up_message *message)
{
	const struct bindings_outlet *outlet = server->source.outlet;
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frames[2] = {[1] = message->rows};

	catch_up_head_write(&writer, message);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	outlet->catch_up_send(outlet->context, peer, frames, catch_up_has_rows(message->kind) ? 2 : 1);
}

static void answer(struct catch_up_server *server, const struct request *request, enum catch_up_kind kind,
                   uint32_t amount, size_t rows)
{
	const struct catch_up_message message = {
	        .kind = kind,
	        .shard = request->key.shard,
	        .request = request->number,
	        .version = request->version,
	        .amount = amount,
	        .rows = {server->rows, rows * FEED_ROW_OCTETS},
	};

	server->source.counters->catch_up_rows += rows;
	send_message(server, &request->key.peer, &message);
}

static void refuse(struct catch_up_server *server, const struct punt_route *peer, const struct catch_up_message *asked,
                   enum catch_up_refusal refusal)
{
	const struct catch_up_message message = {
	        .kind = CATCH_UP_REFUSED, .shard = asked->shard, .request = asked->request, .amount = refusal};

	server->source.counters->catch_up_refused++;
	send_message(server, peer, &message);
}

static void begin_snapshot(struct catch_up_server *server, struct request *request)
{
	uint8_t shard = request->key.shard;

	request->is_snapshot = true;
	request->version = server->source.heads[shard];
	request->at = server->source.index->shards[shard];
	request->chunks = 0;
	DL_APPEND2(server->snapshots[shard], request, prev_of_shard, next_of_shard);
	server->source.counters->catch_up_snapshots++;
	answer(server, request, CATCH_UP_SNAPSHOT_BEGIN, 0, 0);
}

/* Rows of the snapshot into server->rows; returns their number. */
static size_t take_bindings(struct catch_up_server *server, struct request *request)
{
	struct wire_writer writer = wire_writer_of(server->rows, sizeof(server->rows));
	size_t rows = 0;

	for (; request->at && rows < CATCH_UP_ROWS_MAX; request->at = request->at->next_of_shard, rows++)
		feed_row_write(&writer, &request->at->row);
	return rows;
}

/* True when the request is done. */
static bool serve_snapshot(struct catch_up_server *server, struct request *request)
{
	for (; request->at && request->credit; request->credit--) {
		size_t rows = take_bindings(server, request);

		answer(server, request, CATCH_UP_SNAPSHOT_CHUNK, request->chunks++, rows);
	}
	if (request->at)
		return false;
	answer(server, request, CATCH_UP_SNAPSHOT_END, request->chunks, 0);
	return true;
}

/* Changes behind request->version into server->rows, which then is that of the last; returns their number. */
static size_t take_changes(struct catch_up_server *server, struct request *request)
{
	size_t rows = 0;
	const uint8_t *row;

	while (rows < CATCH_UP_ROWS_MAX &&
	       (row = change_history_row(server->source.history, request->key.shard, request->version.sequence + 1))) {
		memcpy(server->rows + rows++ * FEED_ROW_OCTETS, row, FEED_ROW_OCTETS);
		request->version.sequence++;
	}
	return rows;
}

/* True when the request is done; it may have become a snapshot, because what was next is forgotten by now. */
static bool serve_changes(struct catch_up_server *server, struct request *request)
{
	const struct feed_version head = server->source.heads[request->key.shard];

	while (request->credit) {
		size_t rows = take_changes(server, request);
		bool more = request->version.sequence < head.sequence;

		if (!rows && more) {
			begin_snapshot(server, request);
			return serve_snapshot(server, request);
		}
		answer(server, request, CATCH_UP_CHANGES, more, rows);
		request->credit--;
		if (!more)
			return true;
	}
	return false;
}

static void serve(struct catch_up_server *server, struct request *request)
{
	if (request->is_snapshot ? serve_snapshot(server, request) : serve_changes(server, request))
		end_request(server, request);
}

static struct request *find(struct catch_up_server *server, const struct punt_route *peer, uint8_t shard)
{
	struct request_key key = {.shard = shard};
	struct request *request;

	key.peer.octets = peer->octets;
	memcpy(key.peer.identity, peer->identity, peer->octets);
	HASH_FIND(by_key, server->requests, &key, sizeof(key), request);
	return request;
}

static uint32_t credit_of(uint32_t amount)
{
	return amount < CATCH_UP_CREDIT_MAX ? amount : CATCH_UP_CREDIT_MAX;
}

static struct request *new_request(struct catch_up_server *server, const struct punt_route *peer,
                                   const struct catch_up_message *message)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->key.shard = message->shard;
	request->key.peer.octets = peer->octets;
	memcpy(request->key.peer.identity, peer->identity, peer->octets);
	request->number = message->request;
	request->version = message->version;
	request->credit = credit_of(message->amount);
	HASH_ADD(by_key, server->requests, key, sizeof(request->key), request);
	return request;
}

static void asked(struct catch_up_server *server, const struct punt_route *peer, const struct catch_up_message *message,
                  const struct instant *now)
{
	const struct feed_version head = server->source.heads[message->shard];
	struct request *request = find(server, peer, message->shard);

	server->source.counters->catch_up_asks++;
	if (request)
		end_request(server, request);
	if (message->version.epoch > head.epoch) { /* somebody owns the shard after us */
		refuse(server, peer, message, CATCH_UP_NOT_OWNER);
		return;
	}
	request =
	        HASH_CNT(by_key, server->requests) < CATCH_UP_REQUESTS_MAX ? new_request(server, peer, message) : NULL;
	if (!request) {
		refuse(server, peer, message, CATCH_UP_BUSY);
		return;
	}
	request->touched_ms = now->monotonic_ms;
	if (message->version.epoch == head.epoch && message->version.sequence <= head.sequence &&
	    (message->version.sequence == head.sequence ||
	     change_history_row(server->source.history, message->shard, message->version.sequence + 1)))
		server->source.counters->catch_up_changes++;
	else
		begin_snapshot(server, request);
	serve(server, request);
}

static void credited(struct catch_up_server *server, const struct punt_route *peer,
                     const struct catch_up_message *message, const struct instant *now)
{
	struct request *request = find(server, peer, message->shard);

	if (!request || request->number != message->request) {
		refuse(server, peer, message, CATCH_UP_UNKNOWN);
		return;
	}
	request->touched_ms = now->monotonic_ms;
	request->credit = credit_of(request->credit + credit_of(message->amount));
	serve(server, request);
}

void catch_up_server_message(struct catch_up_server *server, const struct punt_route *peer,
                             const struct wire_view *frames, size_t count, const struct instant *now)
{
	struct catch_up_message message;

	if (peer->octets > PUNT_ROUTE_MAX || catch_up_message_read(frames, count, &message) ||
	    (message.kind != CATCH_UP_ASK && message.kind != CATCH_UP_CREDIT))
		server->source.counters->catch_up_malformed++;
	else if (message.kind == CATCH_UP_ASK)
		asked(server, peer, &message, now);
	else
		credited(server, peer, &message, now);
}

void catch_up_server_removing(struct catch_up_server *server, const struct binding *binding)
{
	struct request *request;

	DL_FOREACH2(server->snapshots[binding->row.shard], request, next_of_shard)
	if (request->at == binding)
		request->at = binding->next_of_shard;
}

void catch_up_server_sweep(struct catch_up_server *server, const struct instant *now)
{
	struct request *request;
	struct request *next;

	HASH_ITER (by_key, server->requests, request, next)
		if (now->monotonic_ms - request->touched_ms > CATCH_UP_PATIENCE_MS) {
			server->source.counters->catch_up_abandoned++;
			end_request(server, request);
		}
}
