// SPDX-License-Identifier: BSD-3-Clause
#include "effects.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"

enum { KINDS = EFFECT_SEND + 1, LOG_TEXT_OCTETS = 512, KEEP_OCTETS = 65536 };

/* One list a kind; payloads lie in one arena and are named by their offset, since it may move while it grows. */
struct list {
	void *items;
	size_t count;
	size_t capacity;
	size_t item_octets;
};

struct payload {
	size_t offset;
	size_t octets;
};

struct item_log {
	enum log_level level;
	const char *subsystem;
	struct payload text;
};

struct item_query {
	struct effect_query query;
	struct payload request;
};

struct item_store {
	struct effect_store store;
	struct payload row;
};

struct item_publish {
	struct effect_publish publish;
	struct payload row;
};

struct item_inject {
	struct effect_inject inject;
	struct payload packet;
};

struct item_send {
	struct effect_send send;
	struct payload message;
};

struct item_durable {
	effects_durable_function *durable;
	void *core;
	uint64_t token;
};

struct effects {
	struct list lists[KINDS];
	struct list durable;
	uint8_t *arena;
	size_t arena_used;
	size_t arena_capacity;
};

static const size_t item_octets[KINDS] = {
        [EFFECT_LOG] = sizeof(struct item_log),       [EFFECT_QUERY] = sizeof(struct item_query),
        [EFFECT_STORE] = sizeof(struct item_store),   [EFFECT_PUBLISH] = sizeof(struct item_publish),
        [EFFECT_INJECT] = sizeof(struct item_inject), [EFFECT_SEND] = sizeof(struct item_send),
};

static void *grown(void *memory, size_t old_octets, size_t octets)
{
	/* not realloc: what it would leave behind may hold keys */
	void *larger = allocated(malloc(octets));

	if (old_octets)
		memcpy(larger, memory, old_octets);
	if (memory)
		OPENSSL_cleanse(memory, old_octets);
	free(memory);
	return larger;
}

static void *list_append(struct list *list)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 4;

		list->items = grown(list->items, list->count * list->item_octets, capacity * list->item_octets);
		list->capacity = capacity;
	}
	return (uint8_t *)list->items + list->item_octets * list->count++;
}

static const void *list_at(const struct list *list, size_t index)
{
	return index < list->count ? (const uint8_t *)list->items + list->item_octets * index : NULL;
}

static struct payload keep(struct effects *effects, const void *bytes, size_t octets)
{
	struct payload payload = {.offset = (effects->arena_used + 15) & ~(size_t)15, .octets = octets};
	size_t needed = payload.offset + octets;

	if (needed > effects->arena_capacity) {
		size_t capacity = effects->arena_capacity ? effects->arena_capacity : 2048;

		while (capacity < needed)
			capacity *= 2;
		effects->arena = grown(effects->arena, effects->arena_used, capacity);
		effects->arena_capacity = capacity;
	}
	if (octets)
		memcpy(effects->arena + payload.offset, bytes, octets);
	effects->arena_used = needed;
	return payload;
}

static const void *kept(const struct effects *effects, struct payload payload)
{
	return effects->arena + payload.offset;
}

struct effects *effects_new(void)
{
	struct effects *effects = allocate(sizeof(*effects));

	for (int kind = 0; kind < KINDS; kind++)
		effects->lists[kind].item_octets = item_octets[kind];
	effects->durable.item_octets = sizeof(struct item_durable);
	return effects;
}

void effects_clear(struct effects *effects)
{
	for (int kind = 0; kind < KINDS; kind++)
		effects->lists[kind].count = 0;
	effects->durable.count = 0;
	if (effects->arena)
		OPENSSL_cleanse(effects->arena, effects->arena_used);
	effects->arena_used = 0;
	if (effects->arena_capacity > KEEP_OCTETS) {
		free(effects->arena);
		effects->arena = NULL;
		effects->arena_capacity = 0;
	}
}

void effects_free(struct effects *effects)
{
	if (!effects)
		return;
	effects_clear(effects);
	for (int kind = 0; kind < KINDS; kind++)
		free(effects->lists[kind].items);
	free(effects->durable.items);
	free(effects->arena);
	free(effects);
}

void effects_log(struct effects *effects, enum log_level level, const char *subsystem, const char *format, ...)
{
	char text[LOG_TEXT_OCTETS];
	struct item_log item = {.level = level, .subsystem = subsystem};
	va_list arguments;

	if (level > log_get_level())
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	item.text = keep(effects, text, strlen(text) + 1);
	*(struct item_log *)list_append(&effects->lists[EFFECT_LOG]) = item;
}

void effects_query(struct effects *effects, query_function *perform, const void *request, size_t octets,
                   effects_answer_function *answered, void *core, uint64_t token)
{
	struct item_query item = {.query = {.perform = perform, .answered = answered, .core = core, .token = token}};

	item.request = keep(effects, request, octets);
	*(struct item_query *)list_append(&effects->lists[EFFECT_QUERY]) = item;
}

void effects_store(struct effects *effects, uint16_t port, uint16_t operation, const void *row, size_t octets)
{
	struct item_store item = {.store = {.port = port, .operation = operation}};

	item.row = keep(effects, row, octets);
	*(struct item_store *)list_append(&effects->lists[EFFECT_STORE]) = item;
}

void effects_when_durable(struct effects *effects, effects_durable_function *durable, void *core, uint64_t token)
{
	*(struct item_durable *)list_append(&effects->durable) =
	        (struct item_durable){.durable = durable, .core = core, .token = token};
}

void effects_publish(struct effects *effects, uint8_t shard, const void *row, size_t octets)
{
	struct item_publish item = {.publish = {.shard = shard}};

	item.row = keep(effects, row, octets);
	*(struct item_publish *)list_append(&effects->lists[EFFECT_PUBLISH]) = item;
}

void effects_inject(struct effects *effects, const struct punt_route *route, uint8_t shard,
                    struct binding_version not_before, const void *packet, size_t octets)
{
	struct item_inject item = {.inject = {.route = *route, .shard = shard, .not_before = not_before}};

	item.packet = keep(effects, packet, octets);
	*(struct item_inject *)list_append(&effects->lists[EFFECT_INJECT]) = item;
}

void effects_send(struct effects *effects, uint16_t channel, const struct endpoint *to, const void *message,
                  size_t octets)
{
	struct item_send item = {.send = {.channel = channel, .to = *to}};

	item.message = keep(effects, message, octets);
	*(struct item_send *)list_append(&effects->lists[EFFECT_SEND]) = item;
}

size_t effects_count(const struct effects *effects, enum effect_kind kind)
{
	return effects->lists[kind].count;
}

bool effects_is_empty(const struct effects *effects)
{
	for (int kind = 0; kind < KINDS; kind++)
		if (effects->lists[kind].count)
			return false;
	return effects->durable.count == 0;
}

bool effects_has_stores(const struct effects *effects)
{
	return effects_count(effects, EFFECT_STORE) > 0;
}

bool effects_has_outputs(const struct effects *effects)
{
	return effects_count(effects, EFFECT_PUBLISH) || effects_count(effects, EFFECT_INJECT) ||
	       effects_count(effects, EFFECT_SEND);
}

bool effects_log_at(const struct effects *effects, size_t index, struct effect_log *effect)
{
	const struct item_log *item = list_at(&effects->lists[EFFECT_LOG], index);

	if (item)
		*effect = (struct effect_log){item->level, item->subsystem, kept(effects, item->text)};
	return item != NULL;
}

bool effects_query_at(const struct effects *effects, size_t index, struct effect_query *effect)
{
	const struct item_query *item = list_at(&effects->lists[EFFECT_QUERY], index);

	if (!item)
		return false;
	*effect = item->query;
	effect->request = kept(effects, item->request);
	effect->octets = item->request.octets;
	return true;
}

bool effects_store_at(const struct effects *effects, size_t index, struct effect_store *effect)
{
	const struct item_store *item = list_at(&effects->lists[EFFECT_STORE], index);

	if (!item)
		return false;
	*effect = item->store;
	effect->row = kept(effects, item->row);
	effect->octets = item->row.octets;
	return true;
}

bool effects_publish_at(const struct effects *effects, size_t index, struct effect_publish *effect)
{
	const struct item_publish *item = list_at(&effects->lists[EFFECT_PUBLISH], index);

	if (!item)
		return false;
	*effect = item->publish;
	effect->row = kept(effects, item->row);
	effect->octets = item->row.octets;
	return true;
}

bool effects_inject_at(const struct effects *effects, size_t index, struct effect_inject *effect)
{
	const struct item_inject *item = list_at(&effects->lists[EFFECT_INJECT], index);

	if (!item)
		return false;
	*effect = item->inject;
	effect->packet = kept(effects, item->packet);
	effect->octets = item->packet.octets;
	return true;
}

bool effects_send_at(const struct effects *effects, size_t index, struct effect_send *effect)
{
	const struct item_send *item = list_at(&effects->lists[EFFECT_SEND], index);

	if (!item)
		return false;
	*effect = item->send;
	effect->message = kept(effects, item->message);
	effect->octets = item->message.octets;
	return true;
}

void effects_call_durable(const struct effects *effects, int result, const struct instant *now, struct effects *more)
{
	const struct item_durable *item;

	for (size_t index = 0; (item = list_at(&effects->durable, index)); index++)
		item->durable(item->core, item->token, result, now, more);
}
