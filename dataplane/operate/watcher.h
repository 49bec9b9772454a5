// SPDX-License-Identifier: BSD-3-Clause
/*
 * watcher - the main core's side of watch.h: traces and the capture that operators started, what workers reported for
 * them, and their ends: enough packets, a command, or time.
 *
 * Thread: the main core's, but for `shared`.
 */
#ifndef KEDGE_DATAPLANE_WATCHER_H
#define KEDGE_DATAPLANE_WATCHER_H

#include <jansson.h>
#include <stdio.h>

#include "watch.h"

enum {
	TRACE_PACKETS_MAX = 100,
	TRACE_ROWS_MAX = 4096,
	TRACE_SECONDS_MAX = 600,
	TRACE_KEPT_MS = 60000, /* rows of a trace that has ended, for whoever reads them */
	CAPTURE_PACKETS_MAX = 1000000,
	CAPTURE_OCTETS_MAX = 256 << 20,
	CAPTURE_NAME_OCTETS = 64,
	WATCH_RING = 512,
};

/* A slot of watch.h: free, watched by the workers, or waiting until none of them looks at it any more. */
enum watch_state { WATCH_FREE, WATCH_RUNS, WATCH_ENDS };

struct plane_trace {
	enum watch_state state;
	uint64_t token; /* of rte_rcu_qsbr_start(), while it ends */
	uint32_t id;    /* 0: never used */
	struct in6_addr key;
	unsigned wanted;
	unsigned ended; /* packets whose walk is over */
	uint64_t until_ms;
	json_t *rows; /* steps, in order */
};

struct plane_capture {
	enum watch_state state;
	uint64_t token;
	FILE *file;
	char name[CAPTURE_NAME_OCTETS + 1];
	const char *ended_by; /* why it stopped; NULL: it runs */
	uint64_t packets;
	uint64_t octets; /* of the file */
	uint64_t wanted;
};

struct watcher {
	struct watch shared;
	uint32_t last_id;
	struct plane_trace traces[WATCH_TRACES_MAX];
	struct plane_capture capture;
};

struct dataplane;

/* Takes what workers reported, at most a ring's fill each; ends what is over. True when there was more. */
bool watcher_serve(struct dataplane *dataplane, uint64_t now_ms);

/* Ends all; the capture's file is complete then. */
void watcher_close(struct dataplane *dataplane);

/* Sets and clears a bit of `active`; what was cleared is free when watcher_serve() has seen all workers pass. */
void watcher_begin(struct dataplane *dataplane, uint32_t bit);
uint64_t watcher_end(struct dataplane *dataplane, uint32_t bit);

/* Sees to it that the bindings of running traces are marked as such, and no others. */
void watcher_mark(struct dataplane *dataplane);

/* trace.c and capture.c: one report, with the packet's first octets behind it. */
void trace_report(struct dataplane *dataplane, const struct watch_report *report, const uint8_t *bytes);
void capture_report(struct dataplane *dataplane, const struct watch_report *report, const uint8_t *bytes,
                    uint64_t now_ms);

/* capture.c: no more packets; `why` is a text that lives. */
void capture_end(struct dataplane *dataplane, const char *why);

/* trace.c */
void trace_end(struct dataplane *dataplane, struct plane_trace *trace);

#endif
