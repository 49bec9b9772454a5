// SPDX-License-Identifier: BSD-3-Clause
/*
 * watch - what operators want to see of single packets: traces of a subscriber's packets, and captures by a filter.
 *
 * The main core fills a slot of `struct watch`, then sets its bit in `active`; workers load `active` once a burst, and
 * while it is zero that is all they do for it. It clears the bit first and touches the slot again only after all
 * workers have been quiescent. What a worker sees goes to the main core through a bounded ring, as a buffer that begins
 * with a struct watch_report; what finds no room is counted and lost. Words are made by the main core.
 */
#ifndef KEDGE_DATAPLANE_WATCH_H
#define KEDGE_DATAPLANE_WATCH_H

#include <rte_mbuf.h>

#include "drop.h"
#include "entry.h"

enum {
	WATCH_TRACES_MAX = 4,
	WATCH_CAPTURE = 1 << WATCH_TRACES_MAX, /* in `active`; below it a bit for each trace */
	WATCH_TRACES = WATCH_CAPTURE - 1,
	WATCH_SNAP_MAX = 1900, /* octets of a packet that a report can hold */
	WATCH_TRACE_SNAP = 128,
};

enum watch_direction { WATCH_IN = 1, WATCH_OUT = 2, WATCH_DROP = 4 };

/* The packets of one key; `left` is taken from by all workers. */
struct watched_key {
	struct in6_addr key;
	uint32_t id; /* of the trace; reports repeat it */
	int64_t left;
};

struct capture_filter {
	uint64_t value[2];  /* addresses as they are in packets; IPv4 in mapped form */
	uint64_t mask[2];   /* zero: any packet */
	uint8_t directions; /* enum watch_direction, or-ed */
	uint16_t reason;    /* enum drop_reason; DROP_REASONS: any */
	uint16_t snap_octets;
	int64_t left;
};

struct watch {
	uint32_t active;
	uint32_t traced; /* packets, to number them */
	struct watched_key traces[WATCH_TRACES_MAX];
	struct capture_filter capture;
};

enum watch_kind { WATCH_REPORT_TRACE, WATCH_REPORT_CAPTURE };

/* What became of a traced packet in a step. */
enum watch_fate {
	WATCH_GOES_ON, /* to the step `next` */
	WATCH_QUEUED,  /* for a port */
	WATCH_PUNTED,
	WATCH_TO_HOST,
	WATCH_WAITS, /* for its next hop's link-layer address */
	WATCH_CONSUMED,
	WATCH_DROPPED,
	WATCH_SPLIT, /* its pieces go on */
};

/* In front of the packet's first octets. */
struct watch_report {
	uint8_t kind;      /* enum watch_kind */
	uint8_t direction; /* capture: enum watch_direction */
	uint8_t port;      /* by which it came or goes; NO_PORT: none */
	bool has_ethernet; /* the octets begin with the frame's header, not with IP */
	uint16_t reason;   /* of a drop; DROP_REASONS: none */
	uint16_t octets;   /* the packet's */
	uint16_t kept;     /* behind this header */
	uint64_t now_ms;

	/* a step of a trace */
	uint8_t slot;
	uint8_t step; /* enum step that was taken; STEP_DONE: received */
	uint8_t next; /* enum step */
	uint8_t fate; /* enum watch_fate */
	bool is_own;
	bool is_injected;
	uint8_t punt_class; /* enum punt_class, of what was punted */
	bool has_entry;
	uint16_t made;    /* packets that came to be in this step */
	uint32_t id;      /* of the trace */
	uint32_t number;  /* of the packet */
	uint64_t counted; /* bit i: counter i of WALK_COUNTERS went up */
	struct in6_addr key;
	struct in6_addr care_of_address; /* of the entry, before the step */
	struct in6_addr next_hop;
	uint64_t expiry_ms;
	struct binding_traits traits;
};

#endif
