// SPDX-License-Identifier: BSD-3-Clause
/* What operators, the control plane and injections ask a receiver (feed_receiver.h). */
#include "receiver_state.h"

bool feed_receiver_has(const struct feed_receiver *receiver, uint8_t number, struct feed_version version)
{
	const struct shard *shard = &receiver->shards[number];
	struct feed_version run = {shard->run.epoch, shard->run.last};

	return !version.epoch || feed_version_compare(shard->complete, version) >= 0 ||
	       (run.epoch == version.epoch && shard->run.first <= version.sequence && run.sequence >= version.sequence);
}

void feed_receiver_summary(const struct feed_receiver *receiver, unsigned *owned, unsigned *complete)
{
	*owned = *complete = 0;
	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		const struct shard *shard = &receiver->shards[i];

		*owned += shard->head.epoch != 0;
		*complete += shard_is_complete(shard) ||
		             (shard->refilling && feed_receiver_has(receiver, (uint8_t)i, shard->head));
	}
}

uint64_t feed_receiver_lag(const struct feed_receiver *receiver)
{
	uint64_t rows = 0;

	for (unsigned i = 0; i < FEED_SHARDS; i++) {
		const struct shard *shard = &receiver->shards[i];

		if (shard->head.epoch > shard->complete.epoch)
			rows += shard->head.sequence;
		else if (shard->head.sequence > shard->complete.sequence)
			rows += shard->head.sequence - shard->complete.sequence;
	}
	return rows;
}

size_t feed_receiver_refused(const struct feed_receiver *receiver)
{
	return refused_rows_count(&receiver->refused);
}

size_t feed_receiver_held(const struct feed_receiver *receiver)
{
	size_t held = refused_rows_count(&receiver->refused);

	for (unsigned i = 0; i < FEED_SHARDS; i++)
		held += tombstones_count(&receiver->shards[i].tombstones);
	return held;
}

bool feed_receiver_lacks_rows(const struct feed_receiver *receiver)
{
	for (unsigned i = 0; i < FEED_SHARDS; i++)
		if (receiver->shards[i].lacks_rows)
			return true;
	return false;
}

bool feed_receiver_in_sync(const struct feed_receiver *receiver)
{
	unsigned owned, complete;

	feed_receiver_summary(receiver, &owned, &complete);
	return owned && owned == complete;
}

struct receiver_shard_view feed_receiver_shard(const struct feed_receiver *receiver, uint8_t number)
{
	const struct shard *shard = &receiver->shards[number];

	return (struct receiver_shard_view){
	        .complete = shard->complete,
	        .head = shard->head,
	        .is_complete = shard_is_complete(shard),
	        .asking = shard->asking,
	        .in_snapshot = shard->in_snapshot,
	};
}

const struct feed_receiver_counters *feed_receiver_counters(const struct feed_receiver *receiver)
{
	return &receiver->counters;
}
