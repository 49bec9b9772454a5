// SPDX-License-Identifier: BSD-3-Clause
/*
 * usage_sums - what data planes counted, summed for each key: each packet once, whoever of them forwarded it, whatever
 * restarts meanwhile (architecture.md 3).
 *
 * A report is cumulative for (data plane, boot, binding), so a lost one is made good by the next. A boot names one run
 * of one data plane. Counters begin anew with each binding of a key: which one a report is about is told by the version
 * of the row that the data plane had applied, or by its being the final one of a binding that was withdrawn. A sum goes
 * on over withdrawal and binding by the same subscriber, and begins anew with another one. What was unbound for
 * USAGE_KEPT_MS is forgotten.
 *
 * In memory: after a restart of the control plane a sum begins with what the data planes that run have counted.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_USAGE_SUMS_H
#define KEDGE_MOBILITYSERVER_USAGE_SUMS_H

#include "bindings.h"

struct usage_sums;

enum { USAGE_KEPT_MS = 600000, USAGE_BOOTS_MAX = 8, USAGE_FORGOTTEN_A_TIME = 1000 };

struct usage_sums *usage_sums_new(void);
void usage_sums_free(struct usage_sums *sums);

/*
 * One row of a report. The key's subscriber is looked up by the caller: NULL when it is not bound. False when nobody
 * knows the key.
 */
bool usage_sums_report(struct usage_sums *sums, uint64_t boot, const struct punt_usage_row *row,
                       const char *subscriber);

/* A binding came (again), for this subscriber; or went, by the change of this version. */
void usage_sums_bound(struct usage_sums *sums, const struct binding_key *key, uint8_t shard, const char *subscriber);
void usage_sums_withdrawn(struct usage_sums *sums, const struct binding_key *key, uint8_t shard,
                          struct feed_version version, uint64_t now_ms);

/* The sum of a key; zeros when nothing was reported. */
struct binding_usage usage_sums_of(const struct usage_sums *sums, const struct binding_key *key, uint8_t shard);

/* Forgets what has been unbound for long, some at a time; once a second. */
void usage_sums_sweep(struct usage_sums *sums, uint64_t now_ms);

#endif
