// SPDX-License-Identifier: BSD-3-Clause
/*
 * idling - what a worker does without packets: polls on (busy), sleeps for 50 microseconds (sleep), or waits for the
 * device's interrupt (interrupt), where the driver grants one; else it sleeps, and the start-up report says so. Whoever
 * puts something into a ring of a worker wakes it.
 *
 * Thread: a worker's, but for idling_wake().
 */
#ifndef KEDGE_DATAPLANE_IDLING_H
#define KEDGE_DATAPLANE_IDLING_H

#include "dataplane.h"

/* What this worker will do: the configured mode, or the nearest that its devices allow. */
enum idle_mode idling_mode_of(const struct dataplane *dataplane, unsigned worker);

/* "busy", "sleep", "interrupt". */
const char *idling_mode_name(enum idle_mode mode);

/* In the worker's thread, before its first turn. */
void idling_start(struct worker *worker);

/* After a turn that brought `count` packets. The worker is no reader of the table while it waits. */
void idling_turn(struct worker *worker, unsigned count);

/* Any thread: there is something in a ring of this worker's. Costs one load when it is awake. */
void idling_wake(struct worker *worker);

#endif
