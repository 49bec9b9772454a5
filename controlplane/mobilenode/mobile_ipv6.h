// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobile_ipv6 - the mobile node of RFC 6275 (11.3, 11.5.5, 11.7) with the mobility message authentication option of RFC
 * 4285: tells its home agent where it is. Rules N-4 to N-7, L-3, M-3, M-4, M-6.
 *
 * A core: care-of addresses, packets and time in; whole IPv6 packets out through its outlet. Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_MOBILE_IPV6_H
#define KEDGE_MOBILENODE_MOBILE_IPV6_H

#include <netinet/in.h>

#include "effects.h"
#include "secret.h"
#include "timer_wheel.h"
#include "wire.h"

enum mobile_ipv6_state {
	MOBILE_IPV6_NONE,      /* no security association */
	MOBILE_IPV6_UNBOUND,   /* there is one, but no care-of address */
	MOBILE_IPV6_UPDATING,  /* a Binding Update is out for this care-of address */
	MOBILE_IPV6_BOUND,     /* acknowledged; refreshes show no other state */
	MOBILE_IPV6_RETURNING, /* on the home link: its de-registration is out */
	MOBILE_IPV6_HOME,      /* on the home link, and there is no binding any more */
};

struct mobile_ipv6_association {
	struct in6_addr home_address;
	uint8_t home_prefix_length; /* of the home link: who is there is at home; 0: nowhere */
	struct in6_addr home_agent;
	char fqdn[254]; /* the NAI is made of it (M-6) */
	uint32_t spi;
	struct secret key; /* MN-HA-K */
	uint64_t ends_unix_ms;
	uint16_t next_sequence;
	uint32_t updates_sent; /* under this SPI */
	bool timestamps;       /* M-11: updates carry one; the home agent may still ask for it by 145 */
};

struct mobile_ipv6_outlet {
	void *context;
	/* A whole packet with the care-of address as source, to leave where that address is. */
	void (*send)(void *context, struct wire_view packet);
	/*
	 * Sequence numbers below `next_sequence` may be used from now on; when it returns 0 that is durable, so that
	 * no number comes twice after a crash (N-1). Otherwise no Binding Update leaves.
	 */
	int (*reserve)(void *context, uint16_t next_sequence, uint32_t updates_sent);
	void (*bound)(void *context, const struct in6_addr *care_of_address, uint32_t lifetime_s,
	              const struct instant *now, struct effects *effects);
	/* On the home link, without a binding: packets go without a tunnel. */
	void (*home)(void *context, const struct instant *now, struct effects *effects);
	void (*unbound)(void *context, const struct instant *now, struct effects *effects);
	/*
	 * Nobody answers: the home agent is silent to an association that it does not know (M-2), or out of reach. The
	 * updates go on; a new bootstrap tells which it is.
	 */
	void (*silent)(void *context, const struct instant *now, struct effects *effects);
	/* The security association is dead, and why: time for a new bootstrap (N-7). */
	void (*dead)(void *context, const char *why, const struct instant *now, struct effects *effects);
};

/* Name, and what it counts. */
#define MOBILE_IPV6_COUNTERS(X)                                                                                        \
	X(updates_sent)                                                                                                \
	X(acknowledged)                                                                                                \
	X(refused)              /* status of 128 and above, authentic */                                               \
	X(sequence_wrong)       /* 135 */                                                                              \
	X(repeated)             /* Binding Updates for want of an answer */                                            \
	X(malformed)            /* no packet, no Mobility Header, or one with a wrong checksum */                      \
	X(not_ours)             /* another sender, another home address, another type */                               \
	X(unauthenticated)      /* option 9 missing, wrong, or under another SPI */                                    \
	X(unexpected)           /* a number that is not outstanding, or for an earlier care-of address */              \
	X(timestamps_corrected) /* 144: the home agent's clock counts */                                               \
	X(reserve_failed)                                                                                              \
	X(refresh_requests) /* Binding Refresh Requests of the home agent */                                           \
	X(binding_errors)   /* Binding Errors of the home agent */                                                     \
	X(icmp_errors)      /* ICMPv6 errors that quote our last Binding Update */

struct mobile_ipv6_counters {
#define X(name) uint64_t name;
	MOBILE_IPV6_COUNTERS(X)
#undef X
};

struct mobile_ipv6;

/* `lifetime_s`: what is asked for; the association's rest bounds it (L-2). */
struct mobile_ipv6 *mobile_ipv6_new(uint32_t lifetime_s, const struct mobile_ipv6_outlet *outlet,
                                    struct timer_wheel *timers);
void mobile_ipv6_free(struct mobile_ipv6 *mobile); /* wipes; sends nothing */

/* A new security association takes the place of the old one; if there is a care-of address, it is bound under it. */
void mobile_ipv6_associate(struct mobile_ipv6 *mobile, const struct mobile_ipv6_association *association,
                           const struct instant *now, struct effects *effects);

/* The node is at `care_of_address` now; NULL: nowhere. The Binding Update leaves within this call (N-3). */
void mobile_ipv6_move(struct mobile_ipv6 *mobile, const struct in6_addr *care_of_address, const struct instant *now,
                      struct effects *effects);

/* Ends the binding: a Binding Update with lifetime 0, once; nobody waits for its answer. */
void mobile_ipv6_leave(struct mobile_ipv6 *mobile, const struct instant *now, struct effects *effects);

/*
 * An IPv6 packet to the care-of address, or to the home address when it is at home, that carries a Mobility Header or
 * an ICMPv6 error. Only authentic Binding Acknowledgements decide anything. What nobody can authenticate (Binding
 * Refresh Request, Binding Error, ICMPv6) makes the node ask again, or ask less often: no more.
 */
void mobile_ipv6_packet(struct mobile_ipv6 *mobile, struct wire_view packet, const struct instant *now,
                        struct effects *effects);

enum mobile_ipv6_state mobile_ipv6_state(const struct mobile_ipv6 *mobile);
const struct mobile_ipv6_counters *mobile_ipv6_counters(const struct mobile_ipv6 *mobile);

/* Status of the last authentic Binding Acknowledgement; -1: none yet. */
int mobile_ipv6_last_status(const struct mobile_ipv6 *mobile);

/* Round trip of the last accepted Binding Update in milliseconds; 0: none yet. */
uint64_t mobile_ipv6_round_trip_ms(const struct mobile_ipv6 *mobile);

#endif
