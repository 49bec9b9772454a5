// SPDX-License-Identifier: BSD-3-Clause
/* sim_card - what is in a SIM: the secrets, and the sequence numbers that it has accepted. It survives its device. */
#ifndef KEDGE_TESTS_SIM_CARD_H
#define KEDGE_TESTS_SIM_CARD_H

#include "sequence_number.h"

struct sim_card {
	char imsi[16];
	struct secret k;
	struct secret opc;
	struct sqn_window window;
};

#endif
