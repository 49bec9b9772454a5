// SPDX-License-Identifier: BSD-3-Clause
/*
 * neighbour - who is on our links: Neighbour Discovery's cache (RFC 4861 5.1, 7.2, 7.3), shared by all workers without
 * a lock. State and link-layer address of a neighbour are one eight-octet word. Solicitations are sent by whoever has a
 * packet for the neighbour, at most one a second, so the cache has no timers of its own.
 *
 * Thread: any worker finds, claims and learns; the main core alone ages.
 */
#ifndef KEDGE_DATAPLANE_NEIGHBOUR_H
#define KEDGE_DATAPLANE_NEIGHBOUR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct rte_rcu_qsbr;

enum {
	NEIGHBOURS_MAX = 1024,
	NEIGHBOUR_RETRANSMIT_MS = 1000,  /* RETRANS_TIMER, RFC 4861 10 */
	NEIGHBOUR_SOLICITATIONS_MAX = 3, /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
	NEIGHBOUR_REACHABLE_MS = 30000,  /* REACHABLE_TIME */
	NEIGHBOUR_USED_MS = 1000,        /* use is noted so often */
	NEIGHBOUR_IDLE_MS = 600000,      /* unused for so long: forgotten */
	NEIGHBOUR_FAILED_MS = 10000,     /* never resolved and unused for so long: forgotten */
};

enum neighbour_state {
	NEIGHBOUR_FREE,
	NEIGHBOUR_CLAIMING,
	NEIGHBOUR_INCOMPLETE,
	NEIGHBOUR_RESOLVED,
	NEIGHBOUR_LEAVING, /* no longer found; free after the readers' quiescent states */
};

struct neighbour {
	struct in6_addr address; /* written while CLAIMING */
	uint64_t link;           /* state << 48 | link-layer address */
	uint64_t confirmed_ms;
	uint64_t solicited_ms;
	uint64_t used_ms;
	uint64_t token;
	uint32_t unanswered; /* solicitations */
	uint8_t port;
	bool pinned; /* a route's router: never forgotten */
};

struct neighbour_table {
	struct neighbour slots[NEIGHBOURS_MAX];
	uint32_t generation; /* changes whenever somebody was resolved */
};

static inline enum neighbour_state neighbour_state(const struct neighbour *neighbour)
{
	return (enum neighbour_state)(__atomic_load_n(&neighbour->link, __ATOMIC_ACQUIRE) >> 48);
}

/* Copies the link-layer address; false while it is not known. */
bool neighbour_link_address(const struct neighbour *neighbour, uint8_t link_address[6]);

/* The neighbour of this address on this port, or NULL. */
struct neighbour *neighbour_find(struct neighbour_table *table, const struct in6_addr *address, uint8_t port);

/* The same, made INCOMPLETE if it is not there; NULL when there is no room. */
struct neighbour *neighbour_claim(struct neighbour_table *table, const struct in6_addr *address, uint8_t port,
                                  uint64_t now_ms);

/* Sets the link-layer address, as learnt by solicitation, advertisement or configuration. */
void neighbour_learn(struct neighbour_table *table, struct neighbour *neighbour, const uint8_t link_address[6],
                     uint64_t now_ms);

/*
 * A packet is to be sent to the neighbour. True when a solicitation must go with it: the first one, one a second while
 * it is unresolved, and when it has not been confirmed for NEIGHBOUR_REACHABLE_MS. After three unanswered ones it is
 * INCOMPLETE again.
 */
bool neighbour_use(struct neighbour *neighbour, uint64_t now_ms);

/* Whether neighbour_use() would have nothing to do. */
static inline bool neighbour_is_fresh(const struct neighbour *neighbour, uint64_t now_ms)
{
	return neighbour_state(neighbour) == NEIGHBOUR_RESOLVED &&
	       now_ms < __atomic_load_n(&neighbour->confirmed_ms, __ATOMIC_RELAXED) + NEIGHBOUR_REACHABLE_MS &&
	       now_ms < __atomic_load_n(&neighbour->used_ms, __ATOMIC_RELAXED) + NEIGHBOUR_USED_MS;
}

/* Main core: forgets who is not used. */
void neighbour_age(struct neighbour_table *table, struct rte_rcu_qsbr *qsbr, uint64_t now_ms);

#endif
