// SPDX-License-Identifier: BSD-3-Clause
/*
 * name_request - one request on its way through the zones: which goal it is at, and which of the ways to that goal it
 * tries.
 *
 *   goal              ways, in order                    all failed
 *   FORWARD_PRESENT   create, claim                     taken (D-4)
 *   REVERSE_PRESENT   create, equal already, move       another's PTR: the forward part is undone (D-3)
 *   REVERSE_ABSENT    delete                            not ours: nothing to do
 *   FORWARD_ABSENT    delete                            not ours: nothing to do
 *
 * What may have happened already (a timeout, SERVFAIL, a repetition) is tried first as a claim or as "equal already",
 * which finds it done (D-4).
 */
#ifndef KEDGE_MOBILITYSERVER_NAME_REQUEST_H
#define KEDGE_MOBILITYSERVER_NAME_REQUEST_H

#include <stdbool.h>
#include <uthash.h>

#include "dns_update.h"
#include "naming.h"
#include "owner_marker.h"

enum naming_zone { NAMING_FORWARD, NAMING_REVERSE, NAMING_ZONES };

enum name_goal { GOAL_FORWARD_PRESENT, GOAL_REVERSE_PRESENT, GOAL_REVERSE_ABSENT, GOAL_FORWARD_ABSENT };

enum name_way {
	WAY_NONE, /* behind the last */
	WAY_FORWARD_CREATE,
	WAY_FORWARD_CLAIM,
	WAY_FORWARD_DELETE,
	WAY_REVERSE_CREATE,
	WAY_REVERSE_EQUAL,
	WAY_REVERSE_MOVE,
	WAY_REVERSE_DELETE,
};

enum { REVERSE_NAME_OCTETS = 32 * 2 + 8 + 1, NAME_DETAIL_OCTETS = 200 };

enum name_place {
	PLACE_WAITING, /* for an earlier request of the same name */
	PLACE_READY,   /* in its zone's queue */
	PLACE_BATCHED,
};

struct name_request {
	uint64_t token;
	bool is_repair;    /* D-13: nobody waits for it */
	bool reverse_only; /* a PTR that is left over */
	enum naming_kind kind;
	char fqdn[DNS_NAME_TEXT_OCTETS];
	char marker_name[DNS_NAME_TEXT_OCTETS]; /* _kedge.fqdn */
	char previous_fqdn[DNS_NAME_TEXT_OCTETS];
	char reverse_name[REVERSE_NAME_OCTETS];
	char marker[OWNER_MARKER_OCTETS];
	struct in6_addr home_address;
	uint16_t hip_octets;
	uint8_t hip_rdata[NAMING_HIP_RDATA_MAX];
	uint32_t ttl_s;

	enum name_goal goal;
	const enum name_way *way;
	bool uncertain; /* at this goal: an earlier try may have happened */
	bool created;   /* the forward name is there by this request */
	bool undoing;
	enum naming_outcome outcome;
	char detail[NAME_DETAIL_OCTETS];
	uint64_t deadline_ms;

	enum name_place place;
	uint64_t ready_ms;
	struct name_request *next;      /* in the zone's queue */
	struct name_request *successor; /* waits for this one */
	struct name_request *newer;     /* all requests, oldest first */
	struct name_request *older;
	UT_hash_handle hh; /* by fqdn, those not waiting */
};

/*
 * Fills `made` from a request. Returns 0 or -EINVAL (naming.h). The marker is given, since an orphan's owner is not
 * known.
 */
int name_request_make(const struct naming_request *request, const char *marker, const char *forward_zone,
                      const char *reverse_zone, struct name_request *made);

/* The name below ip6.arpa of an address (RFC 3596 section 2.5), and back: false when the name is none of an address. */
void name_request_reverse(const struct in6_addr *address, char name[REVERSE_NAME_OCTETS]);
bool name_request_address(const char *reverse_name, struct in6_addr *address);

enum naming_zone name_request_zone(const struct name_request *request);

/* Appends what the present way asks of the zone. */
void name_request_write(const struct name_request *request, struct dns_update *update);

/* What to do next. */
enum name_progress {
	NAME_GOES_ON, /* to be sent again, perhaps to the other zone */
	NAME_ENDED,   /* with request->outcome and request->detail */
};

/* The present way was taken (NOERROR). */
enum name_progress name_request_succeeded(struct name_request *request);

/* The present way, alone in its message, was refused with this RCODE (not SERVFAIL). */
enum name_progress name_request_failed(struct name_request *request, uint8_t rcode);

/* There is another way behind the present one, and the present one would find done what was done. */
bool name_request_has_next_way(const struct name_request *request);
void name_request_next_way(struct name_request *request);

/* It may have happened, or not. */
void name_request_became_uncertain(struct name_request *request);

/* Ends it now, whatever stands: silence after the deadline, or BADTIME. */
void name_request_give_up(struct name_request *request, enum naming_outcome outcome, const char *detail);

#endif
