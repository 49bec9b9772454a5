// SPDX-License-Identifier: BSD-3-Clause
#include "feed_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATE_COPY = 8, TURN_MS = 25, PLANE_TICK_MS = 50, RECLAIMS_A_TICK = 64, MESSAGE_MAX = 48 << 10 };
enum channel { CHANNEL_FEED, CHANNEL_CATCH_UP };

static void *checked(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void feed_world_break(struct feed_world *world, const char *format, ...)
{
	va_list arguments;

	if (world->broken[0])
		return;
	va_start(arguments, format);
	vsnprintf(world->broken, sizeof(world->broken), format, arguments);
	va_end(arguments);
}

void feed_world_tell(struct feed_world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->tells)
		return;
	printf("%8llu ", (unsigned long long)world->time.now_ms - 1000000);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* --- keys --- */

struct binding_key feed_world_key(unsigned number)
{
	return (struct binding_key){.octets = {0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0, (uint8_t)number}, .length = 64};
}

int feed_world_number(const uint8_t octets[FEED_ADDRESS_OCTETS])
{
	static const uint8_t begin[7] = {0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0}, end[8];

	if (memcmp(octets, begin, sizeof(begin)) != 0 || memcmp(octets + 8, end, sizeof(end)) != 0)
		return -1;
	return octets[7] < FEED_KEYS ? octets[7] : -1;
}

uint8_t feed_world_shard(unsigned subscriber)
{
	return (uint8_t)(subscriber % FEED_MODEL_SHARDS);
}

/* --- channels --- */

static struct instant instant_of(const struct feed_world *world)
{
	return (struct instant){.monotonic_ms = world->time.now_ms, .unix_ms = 1700000000000 + world->time.now_ms};
}

/* Two frames in one: the length of the first, then both. */
static size_t pack(uint8_t *bytes, const struct wire_view *frames, size_t count)
{
	uint32_t first = (uint32_t)frames[0].octets;
	size_t octets = sizeof(first);

	memcpy(bytes, &first, sizeof(first));
	for (size_t i = 0; i < count; i++) {
		if (octets + frames[i].octets > MESSAGE_MAX)
			abort();
		if (frames[i].octets)
			memcpy(bytes + octets, frames[i].bytes, frames[i].octets);
		octets += frames[i].octets;
	}
	return octets;
}

static size_t unpack(const uint8_t *bytes, size_t octets, bool has_two, struct wire_view frames[2])
{
	uint32_t first;

	memcpy(&first, bytes, sizeof(first));
	frames[0] = (struct wire_view){bytes + sizeof(first), first};
	frames[1] = (struct wire_view){bytes + sizeof(first) + first, octets - sizeof(first) - first};
	return has_two ? 2 : 1;
}

static void feed_arrives(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_plane *plane = context;
	struct wire_view frames[2];
	size_t count;

	if (life != plane->life)
		return;
	count = unpack(bytes, octets, octets > sizeof(uint32_t) + 1 && bytes[sizeof(uint32_t) + 1] == FEED_BATCH,
	               frames);
	feed_watch_told(plane, frames, count);
	feed_receiver_feed(plane->end.receiver, frames, count, plane->world->time.now_ms);
	feed_watch_look(plane);
}

static void answer_arrives(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_plane *plane = context;
	struct wire_view frames[2];
	size_t count;

	if (life != plane->life)
		return;
	count = unpack(bytes, octets, catch_up_has_rows((enum catch_up_kind)bytes[sizeof(uint32_t) + 1]), frames);
	feed_receiver_catch_up(plane->end.receiver, frames, count, plane->world->time.now_ms);
	feed_watch_look(plane);
}

/* Sends once, never or twice, with what delay the weather gives it. */
static void send_to_plane(struct feed_plane *plane, enum channel channel, const struct wire_view *frames, size_t count)
{
	static uint8_t bytes[MESSAGE_MAX];
	struct feed_world *world = plane->world;
	const struct feed_weather *weather = &world->weather;
	size_t octets = pack(bytes, frames, count);
	unsigned copies = 1 + virtual_chance(&world->time, weather->repeat_percent);

	if (world->time.now_ms < plane->stalled_until_ms || virtual_chance(&world->time, weather->loss_percent))
		return;
	while (copies--) {
		uint32_t delay_ms = weather->delay_ms * (copies && weather->reorders ? LATE_COPY : 1);
		uint64_t at_ms = world->time.now_ms + 1 + virtual_roll(&world->time, delay_ms + 1);

		if (!weather->reorders && at_ms < plane->last_ms[channel])
			at_ms = plane->last_ms[channel];
		plane->last_ms[channel] = at_ms;
		virtual_time_schedule(&world->time, at_ms - world->time.now_ms,
		                      channel == CHANNEL_FEED ? feed_arrives : answer_arrives, plane, plane->life,
		                      bytes, octets);
	}
}

/* The peer as the owners know it: the data plane and its life. */
static struct punt_route route_of(const struct feed_plane *plane)
{
	return (struct punt_route){.octets = 2, .identity = {(uint8_t)plane->number, (uint8_t)plane->life}};
}

static void ask_arrives(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_plane *plane = context;
	struct feed_world *world = plane->world;
	unsigned number = world->owners[!world->current].is_alive && virtual_chance(&world->time, 50) ? !world->current
	                                                                                              : world->current;
	struct feed_owner *owner = &world->owners[number];
	struct punt_route route = route_of(plane);
	struct instant now = instant_of(world);
	struct wire_view frame = {bytes, octets};

	if (life == plane->life && owner->is_alive)
		bindings_catch_up(owner->bindings, &route, &frame, 1, &now);
}

static int ask(void *context, struct wire_view frame)
{
	struct feed_plane *plane = context;
	struct feed_world *world = plane->world;

	if (!world->owners[world->current].is_alive && virtual_chance(&world->time, 50))
		return -1; /* it is seen that nobody is connected */
	if (virtual_chance(&world->time, world->weather.loss_percent))
		return 0;
	virtual_time_schedule(&world->time, 1 + virtual_roll(&world->time, world->weather.delay_ms + 1), ask_arrives,
	                      plane, plane->life, frame.bytes, frame.octets);
	return 0;
}

/* --- data planes --- */

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	struct feed_plane *plane = context;

	feed_world_tell(plane->world, "plane %u: key %d of shard %u is refused: %s", plane->number,
	                feed_world_number(row->key), row->shard,
	                trouble == RECEIVER_TABLE_FULL ? "table full" : "bound with another shard");
}

static void plane_tick(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_plane *plane = context;
	const struct feed_receiver_counters *counters;
	uint64_t changed;

	(void)bytes, (void)octets;
	if (life != plane->life)
		return;
	counters = feed_receiver_counters(plane->end.receiver);
	changed = counters->snapshot_removals + counters->rows_applied_later;
	expiry_tick(&plane->end.expiry, plane->world->time.now_ms);
	feed_receiver_tick(plane->end.receiver, plane->world->time.now_ms);
	table_writer_reclaim(plane->end.table, RECLAIMS_A_TICK, NULL, NULL);
	if (counters->snapshot_removals + counters->rows_applied_later != changed)
		feed_watch_look(plane);
	virtual_time_schedule(&plane->world->time, PLANE_TICK_MS, plane_tick, plane, life, NULL, 0);
}

static void plane_start(struct feed_plane *plane, size_t table_max)
{
	const struct receiver_outlet outlet = {.context = plane, .ask = ask, .trouble = trouble};

	plane->table_max = table_max;
	receiving_end_open(&plane->end, table_max, 0, plane->world->time.now_ms, &outlet);
	if (table_max < FEED_KEYS)
		feed_receiver_keep_refused(plane->end.receiver, virtual_roll(&plane->world->time, FEED_KEYS));
	memset(plane->keys, 0, sizeof(plane->keys));
	virtual_time_schedule(&plane->world->time, PLANE_TICK_MS, plane_tick, plane, plane->life, NULL, 0);
}

static void plane_end(struct feed_plane *plane)
{
	struct feed_world *world = plane->world;
	const struct feed_receiver_counters *counters = feed_receiver_counters(plane->end.receiver);

	world->snapshots += counters->snapshots;
	world->changes += counters->changes;
	world->removals += counters->snapshot_removals;
	world->refused += counters->rows_table_full + counters->rows_no_memory + counters->rows_key_conflict;
	world->applied_later += counters->rows_applied_later;
	world->lower_epochs += counters->rows_of_lower_epoch;
	plane->life++;
	receiving_end_close(&plane->end);
}

void feed_world_restart_plane(struct feed_world *world, unsigned number, size_t table_max)
{
	feed_world_tell(world, "plane %u starts anew, room for %zu", number, table_max);
	plane_end(&world->planes[number]);
	plane_start(&world->planes[number], table_max);
}

/* --- owners --- */

static void feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	struct feed_owner *owner = context;

	for (unsigned i = 0; i < FEED_PLANES; i++)
		send_to_plane(&owner->world->planes[i], CHANNEL_FEED, frames, count);
}

static void feed_welcome(void *context, struct wire_view frame)
{
	(void)context, (void)frame; /* a heartbeat under another name */
}

static void catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	struct feed_owner *owner = context;
	struct feed_plane *plane = &owner->world->planes[peer->identity[0]];

	if (peer->identity[1] == (uint8_t)plane->life)
		send_to_plane(plane, CHANNEL_CATCH_UP, frames, count);
}

/* Who may not write any more cannot withdraw either. */
static void expired(void *context, const struct binding_key *key, const struct instant *now, struct effects *effects)
{
	struct feed_owner *owner = context;

	(void)now, (void)effects;
	if (owner == &owner->world->owners[owner->world->current])
		feed_world_withdraw(owner->world, (unsigned)feed_world_number(key->octets));
}

static void end_turn(struct feed_owner *owner)
{
	struct instant now = instant_of(owner->world);
	struct effect_publish publish;

	effects_call_durable(owner->effects, 0, &now, owner->effects);
	for (size_t i = 0; effects_publish_at(owner->effects, i, &publish); i++)
		bindings_publish(owner->bindings, &publish, &now);
	effects_clear(owner->effects);
	bindings_turn_end(owner->bindings, &now);
}

static void owner_tick(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_owner *owner = context;
	struct instant now = instant_of(owner->world);
	struct timer *timer;

	(void)bytes, (void)octets;
	if (!owner->is_alive || life != owner->life)
		return;
	while ((timer = timer_wheel_pop(&owner->timers, now.monotonic_ms)))
		timer->fire(timer, &now, owner->effects);
	end_turn(owner);
	virtual_time_schedule(&owner->world->time, TURN_MS, owner_tick, owner, life, NULL, 0);
}

static void note_told(struct feed_world *world, struct binding_version version, uint8_t shard_number,
                      struct told_change change)
{
	struct told_shard *shard = &world->told[version.epoch][shard_number];

	if (version.sequence != shard->count + 1) {
		feed_world_break(world, "shard %u: the owner leaves a gap before %u/%llu", shard_number, version.epoch,
		                 (unsigned long long)version.sequence);
		return;
	}
	if (shard->count == shard->capacity) {
		shard->capacity = shard->capacity ? 2 * shard->capacity : 256;
		shard->changes = checked(realloc(shard->changes, shard->capacity * sizeof(change)));
	}
	shard->changes[shard->count++] = change;
}

static void owner_set(struct feed_owner *owner, unsigned number)
{
	struct feed_world *world = owner->world;
	const struct durable_key *key = &world->keys[number];
	struct instant now = instant_of(world);
	char subscriber[32];
	struct binding_change change = {
	        .key = feed_world_key(number),
	        .subscriber = subscriber,
	        .shard = feed_world_shard(key->subscriber - 1u),
	        .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	        .inner_mtu_bytes = 1460,
	        .care_of_address = {{{0x20, 0x01, [15] = key->care_of}}},
	        .expiry = {key->expiry_ms, now.unix_ms + key->expiry_ms - now.monotonic_ms},
	};

	snprintf(subscriber, sizeof(subscriber), "lab/%u", key->subscriber - 1u);
	note_told(world, bindings_set(owner->bindings, &change, &now, owner->effects), change.shard,
	          (struct told_change){FEED_SET, (uint8_t)number, key->care_of});
}

static void owner_start(struct feed_owner *owner)
{
	struct feed_world *world = owner->world;
	struct instant now = instant_of(world);
	const struct bindings_options options = {
	        .epoch = ++world->epoch,
	        .history_changes = world->history_changes,
	        .bindings_max = FEED_KEYS,
	        .timers = &owner->timers,
	        .outlet = {owner, feed_frames, feed_welcome, catch_up_send, expired},
	};

	if (world->epoch >= FEED_EPOCHS_MAX)
		abort();
	owner->is_alive = true;
	owner->life++;
	owner->epoch = options.epoch;
	timer_wheel_start(&owner->timers, now.monotonic_ms);
	owner->effects = effects_new();
	owner->bindings = bindings_new(&options);
	for (unsigned number = 0; number < FEED_KEYS; number++)
		if (world->keys[number].subscriber)
			owner_set(owner, number);
	bindings_serve(owner->bindings, &now);
	virtual_time_schedule(&world->time, TURN_MS, owner_tick, owner, owner->life, NULL, 0);
}

static void owner_end(struct feed_owner *owner)
{
	if (!owner->is_alive)
		return;
	owner->is_alive = false;
	owner->life++;
	bindings_free(owner->bindings);
	effects_free(owner->effects);
}

static void successor_starts(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_owner *owner = context;

	(void)bytes, (void)octets;
	if (life == owner->life && !owner->is_alive)
		owner_start(owner);
}

/* To a data plane whose connection is seen to break: what it asked for will not come. */
static void connections_break(struct feed_world *world)
{
	for (unsigned i = 0; i < FEED_PLANES; i++)
		if (virtual_chance(&world->time, 50))
			feed_receiver_disconnected(world->planes[i].end.receiver);
}

void feed_world_restart_owner(struct feed_world *world, uint32_t gap_ms)
{
	struct feed_owner *owner = &world->owners[world->current];

	feed_world_tell(world, "owner of epoch %u dies", owner->epoch);
	owner_end(owner);
	connections_break(world);
	virtual_time_schedule(&world->time, gap_ms, successor_starts, owner, owner->life, NULL, 0);
}

static void zombie_ends(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct feed_owner *owner = context;

	(void)bytes, (void)octets;
	if (life == owner->life)
		owner_end(owner);
}

void feed_world_change_owner(struct feed_world *world, uint32_t zombie_ms)
{
	struct feed_owner *old = &world->owners[world->current], *new = &world->owners[!world->current];

	if (!old->is_alive)
		return;
	feed_world_tell(world, "owner of epoch %u hands over, and talks on for %u ms", old->epoch, zombie_ms);
	end_turn(old);
	owner_end(new);
	world->current = !world->current;
	owner_start(new);
	virtual_time_schedule(&world->time, zombie_ms, zombie_ends, old, old->life, NULL, 0);
}

void feed_world_set(struct feed_world *world, unsigned number, unsigned subscriber, uint8_t care_of,
                    uint32_t lifetime_ms)
{
	struct feed_owner *owner = &world->owners[world->current];
	struct durable_key *key = &world->keys[number];

	if (!owner->is_alive)
		return;
	if (key->subscriber && key->subscriber - 1u != subscriber)
		feed_world_withdraw(world, number);
	*key = (struct durable_key){(uint8_t)(subscriber + 1), care_of, world->time.now_ms + lifetime_ms};
	owner_set(owner, number);
}

void feed_world_withdraw(struct feed_world *world, unsigned number)
{
	struct feed_owner *owner = &world->owners[world->current];
	struct durable_key *key = &world->keys[number];
	struct binding_key octets = feed_world_key(number);
	struct instant now = instant_of(world);

	if (!owner->is_alive || !key->subscriber)
		return;
	note_told(world, bindings_withdraw(owner->bindings, &octets, &now, owner->effects),
	          feed_world_shard(key->subscriber - 1u), (struct told_change){FEED_WITHDRAW, (uint8_t)number, 0});
	*key = (struct durable_key){0};
}

void feed_world_turn(struct feed_world *world)
{
	if (world->owners[world->current].is_alive)
		end_turn(&world->owners[world->current]);
}

/* --- the world --- */

void feed_world_start(struct feed_world *world, uint64_t seed, bool tells)
{
	memset(world, 0, sizeof(*world));
	world->tells = tells;
	virtual_time_start(&world->time, seed);
	world->history_changes = 64;
	for (unsigned i = 0; i < FEED_PLANES; i++) {
		world->planes[i].world = world;
		world->planes[i].number = i;
		plane_start(&world->planes[i], FEED_KEYS);
	}
	for (unsigned i = 0; i < FEED_OWNERS; i++)
		world->owners[i].world = world;
	owner_start(&world->owners[0]);
}

void feed_world_end(struct feed_world *world)
{
	for (unsigned i = 0; i < FEED_OWNERS; i++)
		owner_end(&world->owners[i]);
	for (unsigned i = 0; i < FEED_PLANES; i++)
		plane_end(&world->planes[i]);
	for (unsigned epoch = 0; epoch < FEED_EPOCHS_MAX; epoch++)
		for (unsigned shard = 0; shard < FEED_MODEL_SHARDS; shard++)
			free(world->told[epoch][shard].changes);
	virtual_time_end(&world->time);
}

bool feed_world_run(struct feed_world *world, uint64_t ms)
{
	uint64_t until_ms = world->time.now_ms + ms;

	while (!world->broken[0] && virtual_time_step(&world->time, until_ms))
		;
	return !world->broken[0];
}
