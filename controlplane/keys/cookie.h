// SPDX-License-Identifier: BSD-3-Clause
/*
 * cookie - the stateless first exchange of PANA (B-10): Session Identifier and first number of a session are a keyed
 * hash of who asks, so that nothing is kept for him until he has shown that he receives at his address. Thread: any.
 */
#ifndef KEDGE_KEYS_COOKIE_H
#define KEDGE_KEYS_COOKIE_H

#include "endpoint.h"
#include "secret.h"

enum { COOKIE_SECRET_OCTETS = 32, COOKIE_EPOCH_S = 30, COOKIE_INDEX_MAX = 3 };

struct cookie_input {
	uint32_t epoch; /* seconds since 1970 / COOKIE_EPOCH_S */
	uint8_t index;  /* i of B-10 */
	bool has_capability;
	struct endpoint source;      /* the PaC's */
	struct in6_addr destination; /* the PAA's; IPv4 in mapped form */
	uint32_t configuration;      /* number of the PAR(S) template */
};

struct cookie {
	uint32_t session_id;            /* may be 0, which is no Session Identifier */
	uint32_t first_sequence_number; /* x of B-10: its two top bits are clear (B-17) */
};

/* HMAC-SHA-256 of the input, cut to the two numbers: the same for the same input and secret. */
struct cookie cookie_compute(const struct secret *secret, const struct cookie_input *input);

#endif
