// SPDX-License-Identifier: BSD-3-Clause
#include "catch_up_server.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "allocation.h"

enum { MESSAGE_COST_ROWS = 32, FETCHED_AHEAD = 24 };

struct request_key {
	struct punt_route peer;
	uint8_t shard;
};

struct request {
	UT_hash_handle by_key;
	struct request_key key;
	struct request *next_ready; /* with credit, waiting for a turn */
	struct request *prev_ready;
	bool is_ready;
	uint32_t number;
	uint32_t credit;
	uint32_t chunks;
	uint64_t touched_ms;
	bool is_snapshot;
	struct feed_version version; /* changes: sent up to here; snapshot: S */
	size_t left;                 /* snapshot: of the shard's list, from its beginning */
};

struct catch_up_server {
	struct catch_up_source source;
	struct request *requests;
	struct request *ready;
	size_t slice_rows; /* that are left of this turn's slice */
	struct timer slice;
	uint8_t rows[CATCH_UP_ROWS_MAX * FEED_ROW_OCTETS];
};

struct catch_up_server *catch_up_server_new(const struct catch_up_source *source)
{
	struct catch_up_server *server = allocate(sizeof(*server));

	server->source = *source;
	server->slice_rows = CATCH_UP_SLICE_ROWS;
	return server;
}

static void set_ready(struct catch_up_server *server, struct request *request, bool is_ready)
{
	if (is_ready && !request->is_ready)
		DL_APPEND2(server->ready, request, prev_ready, next_ready);
	else if (!is_ready && request->is_ready)
		DL_DELETE2(server->ready, request, prev_ready, next_ready);
	request->is_ready = is_ready;
}

static void end_request(struct catch_up_server *server, struct request *request)
{
	set_ready(server, request, false);
	HASH_DELETE(by_key, server->requests, request);
	free(request);
}

void catch_up_server_free(struct catch_up_server *server)
{
	if (!server)
		return;
	while (server->requests)
		end_request(server, server->requests);
	timer_disarm(&server->slice);
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
	request->left = server->source.index->shards[shard].count;
	request->chunks = 0;
	server->source.counters->catch_up_snapshots++;
	answer(server, request, CATCH_UP_SNAPSHOT_BEGIN, 0, 0);
}

/* A message costs, too, however few rows it has. */
static void spend(struct catch_up_server *server, size_t rows)
{
	size_t spent = rows + MESSAGE_COST_ROWS;

	server->slice_rows -= spent < server->slice_rows ? spent : server->slice_rows;
}

/* Ten million rows lie in no cache: those that come next are fetched while this one is written. */
static void fetch(const struct feed_row *row)
{
	__builtin_prefetch(row);
	__builtin_prefetch((const uint8_t *)row + sizeof(*row) - 1);
}

/* Rows of the snapshot into server->rows; returns their number. */
static size_t take_bindings(struct catch_up_server *server, struct request *request)
{
	const struct binding_list *list = &server->source.index->shards[request->key.shard];
	struct wire_writer writer = wire_writer_of(server->rows, sizeof(server->rows));
	size_t rows = 0;

	if (request->left > list->count)
		request->left = list->count;
	while (request->left && rows + binding_rows(list->bindings[request->left - 1]) <= CATCH_UP_ROWS_MAX) {
		request->left--;
		if (request->left >= FETCHED_AHEAD)
			fetch(&list->bindings[request->left - FETCHED_AHEAD]->row);
		rows += binding_rows_write(&writer, list->bindings[request->left]);
	}
	return rows;
}

/* One chunk for one credit. True when the request is done. */
static bool serve_snapshot(struct catch_up_server *server, struct request *request)
{
	if (request->left) {
		size_t rows = take_bindings(server, request);

		request->credit--;
		spend(server, rows);
		answer(server, request, CATCH_UP_SNAPSHOT_CHUNK, request->chunks++, rows);
	}
	if (request->left)
		return false;
	answer(server, request, CATCH_UP_SNAPSHOT_END, request->chunks, 0);
	return true;
}

/* Changes behind request->version into server->rows, which then is that of the last; returns their number. */
static size_t take_changes(struct catch_up_server *server, struct request *request)
{
	const struct change_history *history = server->source.history;
	uint8_t shard = request->key.shard;
	size_t rows = 0, count;
	const uint8_t *row, *extras;

	while ((row = change_history_row(history, shard, request->version.sequence + 1))) {
		extras = change_history_extras(history, shard, request->version.sequence + 1, &count);
		if (rows + 1 + count > CATCH_UP_ROWS_MAX)
			break;
		memcpy(server->rows + rows++ * FEED_ROW_OCTETS, row, FEED_ROW_OCTETS);
		if (count)
			memcpy(server->rows + rows * FEED_ROW_OCTETS, extras, count * FEED_ROW_OCTETS);
		rows += count;
		request->version.sequence++;
	}
	return rows;
}

/* The same; it may become a snapshot, because what was next is forgotten by now. */
static bool serve_changes(struct catch_up_server *server, struct request *request)
{
	const struct feed_version head = server->source.heads[request->key.shard];
	size_t rows = take_changes(server, request);
	bool more = request->version.sequence < head.sequence;

	if (!rows && more) {
		begin_snapshot(server, request);
		return serve_snapshot(server, request);
	}
	request->credit--;
	spend(server, rows);
	answer(server, request, CATCH_UP_CHANGES, more, rows);
	return !more;
}

static void slice_comes(struct timer *timer, const struct instant *now, struct effects *effects);

/* Requests in turn, a chunk each, as far as this turn's slice goes. */
static void serve_ready(struct catch_up_server *server, const struct instant *now)
{
	while (server->ready && server->slice_rows) {
		struct request *request = server->ready;

		set_ready(server, request, false);
		if (request->is_snapshot ? serve_snapshot(server, request) : serve_changes(server, request))
			end_request(server, request);
		else
			set_ready(server, request, request->credit);
	}
	if (server->ready)
		timer_arm(server->source.timers, &server->slice, now->monotonic_ms + 1, slice_comes);
}

static void slice_comes(struct timer *timer, const struct instant *now, struct effects *effects)
{
	(void)effects;
	serve_ready(timer_owner(timer, struct catch_up_server, slice), now);
}

void catch_up_server_turn_end(struct catch_up_server *server)
{
	server->slice_rows = CATCH_UP_SLICE_ROWS;
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
	set_ready(server, request, true);
	serve_ready(server, now);
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
	set_ready(server, request, true);
	serve_ready(server, now);
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
