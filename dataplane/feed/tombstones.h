// SPDX-License-Identifier: BSD-3-Clause
/*
 * tombstones - versions of withdrawals, kept for as long as something older may still arrive.
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_TOMBSTONES_H
#define KEDGE_DATAPLANE_TOMBSTONES_H

#include <netinet/in.h>

#include "feed.h"

struct tombstone;
struct tombstones {
	struct tombstone *by_key;
};

/* Remembers the withdrawal of `key`, if it is newer than what is remembered; returns how many tombstones it adds. */
size_t tombstones_add(struct tombstones *tombstones, const struct in6_addr *key, struct feed_version version);

/* The version of the key's withdrawal; epoch 0 when none is remembered. */
struct feed_version tombstones_find(const struct tombstones *tombstones, const struct in6_addr *key);

size_t tombstones_count(const struct tombstones *tombstones);

/* Forgets up to `budget` of them; returns how many. */
size_t tombstones_forget(struct tombstones *tombstones, size_t budget);

#endif
