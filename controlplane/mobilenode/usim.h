// SPDX-License-Identifier: BSD-3-Clause
/*
 * usim - the subscriber's card as the node sees it: who it is, AUTHENTICATE in UMTS and in GSM context (TS 31.102
 * 7.1.2). An interface, so that a card behind PC/SC (N-2) takes the place of the software card without a change
 * elsewhere.
 *
 * Thread: one; a call may take as long as a card does.
 */
#ifndef KEDGE_MOBILENODE_USIM_H
#define KEDGE_MOBILENODE_USIM_H

#include "sequence_number.h"

enum { USIM_IMSI_DIGITS = 15, USIM_ICCID_DIGITS = 20 };

struct usim {
	void *context;
	char imsi[USIM_IMSI_DIGITS + 1];
	unsigned mnc_digits; /* 2 or 3, as EF.AD says: the realm is made of it (E-4) */
	char iccid[USIM_ICCID_DIGITS + 1];
	/*
	 * UMTS context. With AKA_SUCCESS the card's sequence number is stored already. Returns 0 and *outcome, -ENODEV
	 * when the card is gone, or the errno of a card that cannot store (then there is no answer).
	 */
	int (*authenticate)(void *context, const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
	                    enum aka_outcome *outcome, struct aka_answer *answer);
	/* GSM context, for N-1 alone. -ENOTSUP when the card has none; -ENODEV. */
	int (*gsm)(void *context, const uint8_t rand[AKA_RAND_OCTETS], uint8_t sres[GSM_SRES_OCTETS],
	           uint8_t kc[GSM_KC_OCTETS]);
};

#endif
