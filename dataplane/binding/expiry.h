// SPDX-License-Identifier: BSD-3-Clause
/*
 * expiry - the clock by which bindings expire: the owner's, as its heartbeats tell it (architecture.md 2, 3).
 *
 * An expired entry counts as absent; the owner withdraws it. While the owner has not been heard for three heartbeats
 * the clock stands still, at most for `stale_grace_ms`: packets then pass by bindings that have expired meanwhile, and
 * are counted as forwarded_stale.
 *
 * Thread: the writer feeds it; workers read `shared` once a burst.
 */
#ifndef KEDGE_DATAPLANE_EXPIRY_H
#define KEDGE_DATAPLANE_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

enum { OWNER_HEARTBEAT_MS = 1000, OWNER_SILENT_AFTER_MS = 3 * OWNER_HEARTBEAT_MS };

/* The owner's clock less ours, and what is to be taken off while it stands still; both in milliseconds. */
struct expiry_clock {
	int64_t difference_ms;
	uint64_t held_back_ms;
};

struct expiry {
	struct expiry_clock shared; /* writer: relaxed stores; workers: relaxed loads */
	uint64_t heard_ms;          /* when the owner was last heard, by our clock; 0: never */
	uint64_t stale_grace_ms;
};

void expiry_start(struct expiry *expiry, uint64_t now_ms, int64_t difference_ms, uint64_t stale_grace_ms);

/* The owner said what time it is. */
void expiry_heard(struct expiry *expiry, uint64_t owner_unix_ms, uint64_t now_ms);

/* To be called at least every 100 ms: lets the clock stand still or go on. */
void expiry_tick(struct expiry *expiry, uint64_t now_ms);

/* Whether an owner has been heard within three heartbeats. */
bool expiry_owner_is_heard(const struct expiry *expiry, uint64_t now_ms);

/* The owner's clock now, and the same less what is held back: an entry has expired when its expiry is ≤ the latter. */
static inline uint64_t expiry_owner_clock(const struct expiry *expiry, uint64_t now_ms)
{
	return now_ms + (uint64_t)__atomic_load_n(&expiry->shared.difference_ms, __ATOMIC_RELAXED);
}

static inline uint64_t expiry_horizon(const struct expiry *expiry, uint64_t now_ms)
{
	return expiry_owner_clock(expiry, now_ms) - __atomic_load_n(&expiry->shared.held_back_ms, __ATOMIC_RELAXED);
}

#endif
