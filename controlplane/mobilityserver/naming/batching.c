// SPDX-License-Identifier: BSD-3-Clause
#include "batching.h"

#include <stdlib.h>

#include "allocation.h"

static struct name_batch *batch_new(enum naming_zone zone)
{
	struct name_batch *batch = allocate(sizeof(*batch));

	batch->zone = zone;
	return batch;
}

void batching_enqueue(struct batching *batching, struct name_request *request, uint64_t now_ms)
{
	struct name_queue *queue = &batching->queues[name_request_zone(request)];

	request->place = PLACE_READY;
	request->ready_ms = now_ms;
	request->next = NULL;
	*(queue->last ? queue->last : &queue->first) = request;
	queue->last = &request->next;
	queue->count++;
}

static struct name_request *dequeue(struct name_queue *queue)
{
	struct name_request *request = queue->first;

	queue->first = request->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	return request;
}

void batching_remove(struct batching *batching, struct name_request *request)
{
	struct name_queue *queue = &batching->queues[name_request_zone(request)];
	struct name_request **at = &queue->first;

	while (*at && *at != request)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = request->next;
	if (!request->next)
		queue->last = queue->first ? at : NULL;
	queue->count--;
}

/* The zone whose first request has waited longest, or NAMING_ZONES. */
static enum naming_zone oldest_zone(const struct batching *batching)
{
	enum naming_zone oldest = NAMING_ZONES;

	for (enum naming_zone zone = 0; zone < NAMING_ZONES; zone++) {
		const struct name_request *first = batching->queues[zone].first;

		if (first && (oldest == NAMING_ZONES || first->ready_ms < batching->queues[oldest].first->ready_ms))
			oldest = zone;
	}
	return oldest;
}

struct name_batch *batching_next(struct batching *batching, uint64_t now_ms, uint32_t wait_ms, uint64_t *due_ms)
{
	enum naming_zone zone;
	struct name_queue *queue;

	*due_ms = UINT64_MAX;
	if (batching->formed) {
		batching->sent = batching->formed;
		batching->formed = batching->sent->next;
		batching->sent->next = NULL;
		return batching->sent;
	}
	zone = oldest_zone(batching);
	if (zone == NAMING_ZONES)
		return NULL;
	queue = &batching->queues[zone];
	if (queue->count < NAMING_BATCH_MAX && queue->first->ready_ms + wait_ms > now_ms) {
		*due_ms = queue->first->ready_ms + wait_ms;
		return NULL;
	}
	batching->sent = batch_new(zone);
	while (queue->first && batching->sent->count < NAMING_BATCH_MAX) {
		struct name_request *request = dequeue(queue);

		request->place = PLACE_BATCHED;
		batching->sent->requests[batching->sent->count++] = request;
	}
	return batching->sent;
}

bool batching_write(const struct name_batch *batch, const char *zone, struct wire_writer *writer)
{
	struct dns_update *update = dns_update_new(zone);
	bool good;

	for (size_t i = 0; i < batch->count; i++)
		name_request_write(batch->requests[i], update);
	good = dns_update_write(update, writer);
	dns_update_free(update);
	return good;
}

void batching_halve(struct batching *batching)
{
	struct name_batch *first = batching_take_sent(batching);
	struct name_batch *second = batch_new(first->zone);
	size_t half = first->count / 2;

	second->count = first->count - half;
	memcpy(second->requests, &first->requests[half], second->count * sizeof(second->requests[0]));
	first->count = half;
	first->repeated = false;
	second->next = batching->formed;
	first->next = second;
	batching->formed = first;
}

void batching_repeat(struct batching *batching)
{
	struct name_batch *batch = batching_take_sent(batching);

	batch->next = batching->formed;
	batching->formed = batch;
}

struct name_batch *batching_take_sent(struct batching *batching)
{
	struct name_batch *batch = batching->sent;

	batching->sent = NULL;
	return batch;
}

void batching_free(struct batching *batching)
{
	free(batching->sent);
	while (batching->formed) {
		struct name_batch *batch = batching->formed;

		batching->formed = batch->next;
		free(batch);
	}
}
