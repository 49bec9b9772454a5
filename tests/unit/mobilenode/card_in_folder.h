// SPDX-License-Identifier: BSD-3-Clause
/* A software card whose files stand in a temporary folder. What goes wrong fails the test. */
#ifndef KEDGE_TESTS_UNIT_MOBILENODE_CARD_IN_FOLDER_H
#define KEDGE_TESTS_UNIT_MOBILENODE_CARD_IN_FOLDER_H

#include "software_usim.h"

/* Set 19 of TS 35.208, which RFC 9048's appendix uses too. */
#define CARD_K    "5122250214c33e723a5dd523fc145fc0"
#define CARD_OPC  "981d464c7c52eb6e5036234984ad0bcf"
#define CARD_IMSI "001010000000001"

struct card_in_folder {
	char folder[32];
	char key_file[64];
	char state_file[64];
	struct software_usim_settings settings;
	struct software_usim *card;
	struct usim usim;
};

/* Makes folder and key file; the card waits for card_insert(). */
void card_folder_make(struct card_in_folder *card);
void card_folder_remove(struct card_in_folder *card);

void card_write_file(const char *path, const void *octets, size_t count, unsigned mode);
size_t card_read_file(const char *path, uint8_t *octets, size_t capacity);

void card_insert(struct card_in_folder *card);
void card_take_out(struct card_in_folder *card);

/* A vector of the card's home network. */
void card_vector(uint64_t sqn, const uint8_t amf[AKA_AMF_OCTETS], uint8_t rand_octet, struct aka_vector *vector);

/* Until it is called with false no file can grow: what a full disk does. */
void card_disk_full(bool is_full);

#endif
