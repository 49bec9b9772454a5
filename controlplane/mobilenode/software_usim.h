// SPDX-License-Identifier: BSD-3-Clause
/*
 * software_usim - a card in software: MILENAGE, the window of sequence numbers, the GSM context. The card itself does
 * no I/O; its keys and its window come from files, or from whoever makes it.
 *
 * Thread: one.
 */
#ifndef KEDGE_MOBILENODE_SOFTWARE_USIM_H
#define KEDGE_MOBILENODE_SOFTWARE_USIM_H

#include "key_file.h"
#include "usim.h"

struct software_usim;

/* Where the card keeps its window of sequence numbers: 0 when it is durable, else the number is not used. */
struct software_usim_memory {
	void *context;
	int (*store)(void *context, const struct sqn_window *window);
};

struct software_usim_settings {
	const char *imsi;
	unsigned mnc_digits;
	const char *iccid;
	const char
	        *key_file; /* K and OPc, one in each line, 32 hex digits; mode 0600. A third line "OP" is not taken. */
	const char *state_file; /* the window of sequence numbers; made when it is missing. NULL: kept in memory only */
	uint64_t jump_limit;    /* 0: SQN_JUMP_LIMIT_DEFAULT */
};

/*
 * Returns 0 and fills *usim, which is valid until software_usim_free(). -EACCES when others can read the keys, -EINVAL
 * for what is no key or a state file of another card, or the file's errno; `error` says it in words.
 */
int software_usim_new(const struct software_usim_settings *settings, struct software_usim **card, struct usim *usim,
                      char error[KEY_FILE_ERROR_OCTETS]);

/* A card of these keys, with an empty window; the settings' files are not looked at. `memory` NULL: in memory only. */
struct software_usim *software_usim_of_keys(const struct software_usim_settings *settings, const struct secret *k,
                                            const struct secret *opc, const struct software_usim_memory *memory,
                                            struct usim *usim);
void software_usim_free(struct software_usim *card); /* wipes */

#endif
