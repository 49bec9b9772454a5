// SPDX-License-Identifier: BSD-3-Clause
#include "replay_world.h"

#include <errno.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_rcu_qsbr.h>

#include "huge_memory.h"

enum { POOL_BUFFERS = 4096, POOL_CACHE = 128, RECLAIM_BUDGET = 4096, REASSEMBLY_PIECES = 1024 };

static int make_table(struct world *world, size_t bindings_max)
{
	struct binding_table_options options = {
	        .bindings_max = bindings_max,
	        .secret = {{0x6b65646765000001ull, 0x6b65646765000002ull}}, /* constant: a replay repeats */
	        .memory = huge_table_memory,
	};
	size_t octets = rte_rcu_qsbr_get_memsize(1);

	world->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, octets);
	if (!world->qsbr || rte_rcu_qsbr_init(world->qsbr, 1) || rte_rcu_qsbr_thread_register(world->qsbr, 0))
		return -ENOMEM;
	options.qsbr = world->qsbr;
	return binding_table_new(&options, &world->table);
}

struct rte_mempool *world_pool_new(void)
{
	return rte_pktmbuf_pool_create("replay", POOL_BUFFERS, POOL_CACHE, 0,
	                               RTE_PKTMBUF_HEADROOM + WORLD_BUFFER_OCTETS, SOCKET_ID_ANY);
}

/* Rings without a name, as there may be several worlds. */
static struct rte_ring *make_ring(void)
{
	struct rte_ring *ring = aligned_alloc(RTE_CACHE_LINE_SIZE, (size_t)rte_ring_get_memsize(WORLD_RING));

	if (ring && rte_ring_init(ring, "world", WORLD_RING, RING_F_SC_DEQ | RING_F_SP_ENQ)) {
		free(ring);
		return NULL;
	}
	return ring;
}

struct world *world_new(struct rte_mempool *pool)
{
	struct world *world = huge_memory_map(sizeof(*world));

	if (!world)
		return NULL;
	world->forwarding.hop_limit = IP_HOP_LIMIT_DEFAULT;
	world->forwarding.handover_grace_ms = 1000;
	world->forwarding.flow_secret = 0x6b65646765000003ull;
	world->forwarding.neighbours = &world->neighbours;
	world->forwarding.expiry = &world->expiry;
	world->pool = pool;
	world->punts = make_ring();
	world->injected = make_ring();
	world->reassembly = malloc(reassembler_octets());
	if (!world->punts || !world->injected || !world->reassembly) {
		world_free(world);
		return NULL;
	}
	return world;
}

void world_free(struct world *world)
{
	if (!world)
		return;
	if (world->receiver)
		feed_receiver_free(world->receiver);
	binding_table_free(world->table);
	free(world->reassembly);
	free(world->qsbr);
	free(world->punts);
	free(world->injected);
	huge_memory_unmap(world);
}

/* What is asked for is answered by join_feed(). */
static int remember_ask(void *context, struct wire_view frame)
{
	struct world *world = (struct world *)context;
	struct catch_up_message message;

	if (catch_up_message_read(&frame, 1, &message) == 0 && message.kind == CATCH_UP_ASK)
		world->request = message.request;
	return 0;
}

static bool resolve(void *context, const struct feed_row *row, struct binding_record *record)
{
	const struct world *world = (const struct world *)context;

	forwarding_resolve(&world->forwarding, row->inner_mtu_bytes, record);
	return true;
}

static void tell_trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	(void)context;
	(void)row;
	fprintf(stderr, "warning: a binding was refused: %s\n",
	        trouble == RECEIVER_TABLE_FULL ? "table full" : "key taken");
}

static void answer(struct world *world, enum catch_up_kind kind)
{
	const struct catch_up_message message = {.kind = kind, .request = world->request, .version = {.epoch = 1}};
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	catch_up_head_write(&writer, &message);
	frame = (struct wire_view){.bytes = head, .octets = wire_written(&writer)};
	feed_receiver_catch_up(world->receiver, &frame, 1, world->start_ms);
}

/* An owner who has made no change yet: from here on the shard is complete, as in a data plane that is in sync. */
static int join_feed(struct world *world)
{
	const struct feed_range owned = {.epoch = 1};
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frame;

	feed_heads_write(&writer, FEED_HEARTBEAT, world->start_ms, &owned, 1);
	frame = (struct wire_view){.bytes = head, .octets = wire_written(&writer)};
	feed_receiver_feed(world->receiver, &frame, 1, world->start_ms);
	feed_receiver_tick(world->receiver, world->start_ms);
	answer(world, CATCH_UP_SNAPSHOT_BEGIN);
	answer(world, CATCH_UP_SNAPSHOT_END);
	return feed_receiver_in_sync(world->receiver) ? 0 : -EPROTO;
}

int world_start(struct world *world, size_t bindings_max, port_transmit *send, void *context)
{
	const struct receiver_outlet outlet = {
	        .context = world, .ask = remember_ask, .resolve = resolve, .trouble = tell_trouble};
	const struct walk_options options = {.forwarding = &world->forwarding,
	                                     .counters = &world->counters,
	                                     .pool = world->pool,
	                                     .punts = world->punts,
	                                     .transmit = send,
	                                     .transmit_context = context,
	                                     .workers = 1,
	                                     .long_way = world->long_way,
	                                     .reassembler = reassembler_start(world->reassembly, REASSEMBLY_PIECES)};
	int result = make_table(world, bindings_max);

	if (result)
		return result;
	world->forwarding.table = world->table;
	result = forwarding_finish(&world->forwarding);
	if (result)
		return result;
	expiry_start(&world->expiry, world->start_ms, 0, 0);
	world->receiver = feed_receiver_new(world->table, &world->expiry, world->forwarding.handover_grace_ms, &outlet);
	walk_start(&world->walk, &options);
	return world->receiver ? join_feed(world) : -ENOMEM;
}

void world_change(struct world *world, struct feed_row *row, uint64_t now_ms)
{
	struct wire_writer writer;
	bool is_extra = feed_row_is_extra(row);

	/* a change and its extra rows come together */
	if (!is_extra && world->rows_waiting + 1 + FEED_EXTRA_ROWS_MAX > FEED_ROWS_MAX)
		world_apply(world, now_ms);
	world->sequence += !is_extra;
	row->shard = 0;
	row->version = (struct feed_version){.epoch = 1, .sequence = world->sequence};
	writer = wire_writer_of(world->rows + world->rows_waiting++ * FEED_ROW_OCTETS, FEED_ROW_OCTETS);
	feed_row_write(&writer, row);
}

void world_apply(struct world *world, uint64_t now_ms)
{
	const struct wire_view rows = {.bytes = world->rows, .octets = world->rows_waiting * FEED_ROW_OCTETS};
	const struct feed_range range = {
	        .epoch = 1, .first = world->sequence + 1 - feed_rows_changes(rows), .last = world->sequence};
	uint8_t head[FEED_HEAD_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct wire_view frames[FEED_FRAMES_MAX];

	if (!world->rows_waiting)
		return;
	feed_batch_head_write(&writer, now_ms, &range, 1);
	frames[0] = (struct wire_view){.bytes = head, .octets = wire_written(&writer)};
	frames[1] = rows;
	feed_receiver_feed(world->receiver, frames, FEED_FRAMES_MAX, now_ms);
	world->rows_waiting = 0;
}

/* As the daemon does: applied at once if the care-of address is still the same. */
static void apply_path_mtu(struct world *world, const struct punt_note *note)
{
	struct binding_entry *entry = table_writer_find(world->table, &note->key);
	struct in6_addr care_of;

	if (!entry || note->is_other_way)
		return;
	care_of = shared_address_load(&entry->care_of_address);
	if (in6_is_equal(&care_of, &note->care_of_address) && binding_port_load(entry) == note->port)
		table_writer_lower_mtu(entry, forwarding_carried(note->path_mtu_bytes, note->tunnel_kind));
}

void world_worker_turn(struct world *world)
{
	rte_rcu_qsbr_quiescent(world->qsbr, 0);
}

void world_main_turn(struct world *world)
{
	void *buffer;

	while (rte_ring_dequeue(world->punts, &buffer) == 0) {
		struct rte_mbuf *punted = (struct rte_mbuf *)buffer;
		struct punt_note note;

		memcpy(&note, rte_pktmbuf_mtod(punted, const uint8_t *), sizeof(note));
		if (note.kind == PUNT_NOTE_PATH_MTU)
			apply_path_mtu(world, &note);
		else if (note.kind == PUNT_NOTE_PACKET)
			counter_add(&world->main.punted, 1);
		rte_pktmbuf_free(punted);
	}
	(void)table_writer_reclaim(world->table, RECLAIM_BUDGET, NULL, NULL);
}

void world_settle(struct world *world, uint64_t now_ms)
{
	world_apply(world, now_ms);
	world_worker_turn(world);
	world_main_turn(world);
}
