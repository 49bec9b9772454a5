// SPDX-License-Identifier: BSD-3-Clause
/* sim_card - a SIM: what the operator knows of it, and the card itself in software. It survives its device. */
#ifndef KEDGE_TESTS_SIM_CARD_H
#define KEDGE_TESTS_SIM_CARD_H

#include "sequence_number.h"

struct software_usim;
struct usim;

struct sim_card {
	char imsi[16];
	struct secret k;
	struct secret opc;
	struct software_usim *card;
	struct usim *usim;
};

#endif
