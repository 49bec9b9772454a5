// SPDX-License-Identifier: BSD-3-Clause
/* What the files of the naming room share. */
#ifndef KEDGE_MOBILITYSERVER_NAMING_CORE_H
#define KEDGE_MOBILITYSERVER_NAMING_CORE_H

#include "batching.h"
#include "dns_transaction.h"
#include "name_request.h"
#include "zone_names.h"
#include "zone_watch.h"

/* A PTR that fits no name of the forward zone. */
struct stray_pointer {
	char reverse_name[REVERSE_NAME_OCTETS];
	char target[DNS_NAME_TEXT_OCTETS];
};

enum { STRAY_POINTERS_MAX = 1024 }; /* those behind are found the next time */

struct reconciliation {
	enum { RECONCILE_IDLE, RECONCILE_ORPHANS, RECONCILE_POINTERS, RECONCILE_WISHES } phase;
	uint64_t cursor;              /* of next_wish */
	uint32_t pointer_generation;  /* counts the transfers of the reverse zone */
	bool pointers_known;          /* the last of them ended well */
	struct stray_pointer *strays; /* STRAY_POINTERS_MAX, while there are any */
	size_t stray_count;
	struct log_limit limit;
	struct timer timer;
};

/* Contents that nobody asks any more; a huge zone goes a slice at a time. */
struct retired_zone {
	struct retired_zone *next;
	struct zone_names *names;
};

struct naming {
	struct naming_outlet outlet;
	struct tsig_key key;
	struct secret owner_key;
	struct timer_wheel *timers;
	uint16_t transfer_channel;
	uint32_t batch_wait_ms;
	uint32_t patience_ms;

	struct dns_transaction transaction;
	struct zone_watch zones[NAMING_ZONES];
	struct zone_names names;      /* of the forward zone */
	struct zone_names *fresh;     /* of the transfer under way */
	struct retired_zone *retired; /* what stood there before, on its way out */
	struct timer retire_timer;
	struct batching batching;
	struct reconciliation reconciliation;

	struct name_request *by_name; /* hash: one a name, those not waiting */
	struct name_request *oldest;
	struct name_request *newest;
	size_t request_count;
	bool answering; /* requests end: what their ends bring is sent afterwards */
	bool server_silent;
	uint64_t pause_until_ms; /* after silence or SERVFAIL */
	struct timer turn_timer;
	struct timer patience_timer;
	struct log_limit alarm_limit;
	struct naming_counters counters;
};

/* Takes over `request` (name_request_make), allocated by malloc(). */
void naming_take(struct naming *core, struct name_request *request, const struct instant *now, struct effects *effects);

/* Sends what is due and may be sent. */
void naming_turn(struct naming *core, const struct instant *now, struct effects *effects);

/* A transfer of the reverse zone begins; each of its PTR records; its end. */
void reconcile_pointers_begin(struct naming *core);
void reconcile_pointer(struct naming *core, const struct dns_record *record);
void reconcile_pointers_end(struct naming *core, bool good);

/* Begins to compare zones and store, after the transfers (D-13). */
void reconcile_start(struct naming *core, const struct instant *now);
void reconcile_stop(struct naming *core);

#endif
