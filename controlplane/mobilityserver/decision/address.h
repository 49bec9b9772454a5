// SPDX-License-Identifier: BSD-3-Clause
/*
 * address - which home address a subscriber gets: a /64 of the home prefix and in it a stable random interface
 * identifier (A-2, A-3, A-5, A-6, B-38).
 *
 * The pool's map says which /64s are in use, resting or never given away; who has which is the business of the
 * leases. Choosing is a pure function of pool, subscriber and wish. Thread: one.
 */
#ifndef KEDGE_MOBILITYSERVER_ADDRESS_H
#define KEDGE_MOBILITYSERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bootstrap_avp.h"
#include "secret.h"

enum { ADDRESS_SUBNET_BITS_MAX = 26, ADDRESS_ALARM_PERCENT = 80, ADDRESS_ALARM_HIGH_PERCENT = 95 };

/*
 * A /64 that belongs to one subscriber for good. `subscriber` is his key (subscriber.h). Who has, or had lately,
 * another one keeps that.
 */
struct address_reservation {
	const char *subscriber;
	uint32_t subnet;
};

struct address_pool {
	struct in6_addr prefix;
	uint8_t prefix_length;
	uint32_t subnets;  /* 2^(64 - prefix length) */
	uint32_t excluded; /* never given away: subnet 0, those of our own addresses, reservations */
	uint32_t used;     /* of the others: leased or resting */
	uint64_t *map;     /* a bit for each subnet that cannot be given away */
	uint64_t *never;   /* … for each excluded one */
	struct secret key; /* of RFC 7217, and of the order in which a subscriber tries the subnets */
};

/*
 * A pool of the /64s of `prefix`/`prefix_length` (64 - ADDRESS_SUBNET_BITS_MAX .. 63). Subnet 0 is left out, for
 * routers. `key` is copied. Returns 0, -EINVAL or -ENOMEM.
 */
int address_pool_start(struct address_pool *pool, const struct in6_addr *prefix, uint8_t prefix_length,
                       const struct secret *key);
void address_pool_end(struct address_pool *pool);

/* Takes the /64 of `address` out of the pool for good (our own addresses, reservations). Others are ignored. */
void address_pool_exclude(struct address_pool *pool, const struct in6_addr *address);
void address_pool_exclude_subnet(struct address_pool *pool, uint32_t subnet);

/* Whether `address` lies in the home prefix; then *subnet is its /64's number. */
bool address_pool_contains(const struct address_pool *pool, const struct in6_addr *address, uint32_t *subnet);

/* Marks the /64 of `address` as used or free again. */
void address_pool_take(struct address_pool *pool, uint32_t subnet);
void address_pool_give_back(struct address_pool *pool, uint32_t subnet);

/* What the operator should hear. */
enum address_alarm { ADDRESS_ALARM_NONE, ADDRESS_ALARM_FILLING, ADDRESS_ALARM_NEARLY_FULL, ADDRESS_ALARM_FULL };
enum address_alarm address_pool_alarm(const struct address_pool *pool);
const char *address_alarm_text(enum address_alarm alarm);

enum address_reason {
	ADDRESS_SAME_AGAIN, /* */
	ADDRESS_RESERVED,   /* */
	ADDRESS_FROM_POOL,
	ADDRESS_WISH_NOT_LEASED, /* B-38: strict, and the wished address is not his */
	ADDRESS_POOL_EMPTY,
};

/* In words, for the operator. */
const char *address_reason_text(enum address_reason reason);

struct address_question {
	const struct address_pool *pool;
	const char *subscriber;         /* key */
	const struct in6_addr *current; /* leased to him, or resting after it was; or NULL */
	const struct address_reservation *reservations;
	size_t reservation_count;
	const struct in6_addr *wishes; /* Desired-Address; IPv4 in mapped form */
	size_t wish_count;
	bool wish_strict; /* address-wish = strict */
};

struct address_decision {
	enum bootstrap_status status; /* 0, 205 or 206 */
	enum address_reason reason;
	bool wish_ignored;
	uint32_t subnet;
	struct in6_addr address;
};

/* B-38. The pool is not changed: who takes the decision takes its subnet. */
void address_decide(const struct address_question *question, struct address_decision *decision);

/*
 * The stable interface identifier of RFC 7217 section 5: F = HMAC-SHA-256(key, prefix | subscriber | counter), least
 * significant 64 bits, the counter going up while the result is a reserved identifier (RFC 5453: subnet-router anycast,
 * RFC 2526 anycast, the IANA Ethernet block). Fills the low 64 bits of `address`, whose high 64 are the prefix.
 */
void address_stable_identifier(const struct secret *key, const char *subscriber, struct in6_addr *address);
bool address_identifier_is_reserved(const struct in6_addr *address);

#endif
