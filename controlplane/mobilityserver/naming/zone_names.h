// SPDX-License-Identifier: BSD-3-Clause
/*
 * zone_names - what the forward zone holds, name by name, as far as known (D-11): from a transfer, and from what we
 * changed since.
 */
#ifndef KEDGE_MOBILITYSERVER_ZONE_NAMES_H
#define KEDGE_MOBILITYSERVER_ZONE_NAMES_H

#include <netinet/in.h>
#include <uthash.h>

#include "dns_answer.h"
#include "name_request.h"

enum {
	ZONE_HIP_DIGEST_OCTETS = 8,
	ZONE_SHARDS = 1024, /* a hash grows as a whole: many small ones grow a little at a time */
};

/* One name of the zone; its `_kedge` record is told here, not under a name of its own. */
struct zone_name {
	UT_hash_handle hh;
	struct in6_addr address;
	uint8_t hip_digest[ZONE_HIP_DIGEST_OCTETS]; /* of the HIP RR's data */
	bool has_address;
	bool has_hip;
	bool has_other;              /* other records, or more than one of ours: not as we write it */
	bool has_marker;             /* exactly one TXT of our form (D-1) */
	bool is_cut;                 /* NS or DNAME: nothing below is ours to write (D-9) */
	uint32_t pointer_generation; /* of the last look at the reverse zone that showed its PTR */
	bool touched;                /* we changed it since the transfer under way began */
	struct zone_name *next_touched;
	char marker[OWNER_MARKER_OCTETS];
	char fqdn[];
};

/* Zero-initialised is empty. */
struct zone_names {
	struct zone_name *shards[ZONE_SHARDS]; /* hashes by name */
	size_t count;
	struct zone_name *touched;
	struct zone_name *cursor; /* of zone_names_next(), in the shard of this number */
	size_t cursor_shard;
	size_t release_shard; /* those before it are empty: of zone_names_release() */
};

/* Adds one record of a transfer of `zone`. */
void zone_names_add(struct zone_names *names, const char *zone, const struct dns_record *record);

/* What we wrote or removed; `touched` marks it as newer than a transfer under way. */
void zone_names_hold(struct zone_names *names, const struct name_request *request, bool touched);
void zone_names_hold_pointer(struct zone_names *names, const char *fqdn, uint32_t generation);
void zone_names_drop(struct zone_names *names, const char *fqdn, bool touched);

/* NULL: nothing is known to be there. */
const struct zone_name *zone_names_find(const struct zone_names *names, const char *fqdn);

/* Whether the name stands below a zone cut inside the zone. */
bool zone_names_is_below_cut(const struct zone_names *names, const char *zone, const char *fqdn);

/* Whether the name is as the request would write it. */
bool zone_name_is_as_wanted(const struct zone_name *name, const struct name_request *request);

/* A walk over all names that stands changes between its steps. NULL: the end. */
void zone_names_begin(struct zone_names *names);
const struct zone_name *zone_names_next(struct zone_names *names);

/*
 * `fresh` takes the place of `names`, except where something was touched meanwhile; what stood there is in `fresh`
 * then, to be released. The work is that of the touched names alone, however large the zone.
 */
void zone_names_replace(struct zone_names *names, struct zone_names *fresh);

/* Frees at most `most` names; returns how many. It is empty when they are less. */
size_t zone_names_release(struct zone_names *names, size_t most);

#endif
