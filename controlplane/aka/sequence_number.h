// SPDX-License-Identifier: BSD-3-Clause
/*
 * sequence_number - SQN = SEQ | IND and the tokens that carry it (3GPP TS 33.102 6.3 and annex C): AUTN, AUTS, the home
 * network's generation, and the USIM's acceptance.
 *
 * A number is held as a 48-bit integer. Pure; any thread.
 */
#ifndef KEDGE_AKA_SEQUENCE_NUMBER_H
#define KEDGE_AKA_SEQUENCE_NUMBER_H

#include "milenage.h"

enum { SQN_IND_BITS = 5, SQN_INDS = 1 << SQN_IND_BITS };

#define SQN_MAX ((1ull << 48) - 1)

/* TS 33.102 annex C.2.2 leaves the limit to the operator; 2^28 is its example. */
#define SQN_JUMP_LIMIT_DEFAULT (1ull << 28)

static inline uint64_t sqn_seq(uint64_t sqn)
{
	return sqn >> SQN_IND_BITS;
}

static inline unsigned sqn_ind(uint64_t sqn)
{
	return (unsigned)(sqn & (SQN_INDS - 1));
}

static inline uint64_t sqn_of(uint64_t seq, unsigned ind)
{
	return seq << SQN_IND_BITS | (ind & (SQN_INDS - 1));
}

void sqn_write(uint64_t sqn, uint8_t octets[AKA_SQN_OCTETS]);
uint64_t sqn_read(const uint8_t octets[AKA_SQN_OCTETS]);

/*
 * How far the home network's SEQ may lead the card's at a resynchronisation before it is taken for out of range.
 * TS 33.102 C.2.1 leaves the limit to the card (2^28 is its example); an honest lead is the handful of vectors drawn
 * since the card's last run, and a number set back costs nothing, so this one is far below what cards allow.
 */
#define SQN_LEAD_MAX (UINT64_C(1) << 20)

/*
 * E-14, TS 33.102 6.3.5: after a synchronisation failure that reported `sqn_ms` under a right AUTS, the home network's
 * last SQN becomes this: sqn_ms, above or below, if the card would not accept the next number after `sqn_he`; else
 * `sqn_he`.
 */
uint64_t sqn_after_resynchronisation(uint64_t sqn_he, uint64_t sqn_ms);

/* One vector (TS 33.102 6.3.2). */
struct aka_vector {
	uint8_t rand[AKA_RAND_OCTETS];
	uint8_t autn[AKA_AUTN_OCTETS];
	uint8_t xres[AKA_RES_OCTETS];
	uint8_t sqn_xor_ak[AKA_SQN_OCTETS]; /* for CK', IK' (K-4); equals AUTN's first 6 octets */
	struct secret ck;
	struct secret ik;
};

/* AUTN = (SQN ^ AK) | AMF | MAC-A. */
void aka_vector_make(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                     uint64_t sqn, const uint8_t amf[AKA_AMF_OCTETS], struct aka_vector *vector);
void aka_vector_wipe(struct aka_vector *vector);

/*
 * The home network's check of AUTS = (SQN_MS ^ AK*) | MAC-S against the RAND of the failed challenge, AMF* = 0000.
 * Returns 0 and *sqn_ms, or -EBADMSG when MAC-S is wrong (constant time).
 */
int auts_check(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
               const uint8_t auts[AKA_AUTS_OCTETS], uint64_t *sqn_ms);

/* The USIM's memory: the highest SEQ accepted by IND. */
struct sqn_window {
	uint64_t seq[SQN_INDS];
	uint64_t jump_limit;
};

/* SQN_MS: the highest SQN accepted. */
uint64_t sqn_window_highest(const struct sqn_window *window);

/* True when the USIM accepts it (annex C.2): fresh for its IND, and not too far ahead. Does not change the window. */
bool sqn_window_accepts(const struct sqn_window *window, uint64_t sqn);
void sqn_window_accept(struct sqn_window *window, uint64_t sqn);

enum aka_outcome { AKA_SUCCESS, AKA_MAC_FAILURE, AKA_SYNCHRONISATION_FAILURE };

struct aka_answer {
	uint8_t res[AKA_RES_OCTETS];
	uint8_t auts[AKA_AUTS_OCTETS]; /* with AKA_SYNCHRONISATION_FAILURE */
	uint8_t amf[AKA_AMF_OCTETS];   /* the separation bit is the peer's to judge (E-9) */
	uint8_t sqn_xor_ak[AKA_SQN_OCTETS];
	uint64_t sqn;
	struct secret ck;
	struct secret ik;
};

/*
 * The USIM's AUTHENTICATE in UMTS context (TS 31.102 7.1.2). With AKA_SUCCESS the caller stores `answer->sqn` durably
 * by sqn_window_accept() before RES leaves; with AKA_SYNCHRONISATION_FAILURE only auts counts.
 */
enum aka_outcome aka_answer_make(const struct secret *k, const struct secret *opc, const struct sqn_window *window,
                                 const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
                                 struct aka_answer *answer);
void aka_answer_wipe(struct aka_answer *answer);

#endif
