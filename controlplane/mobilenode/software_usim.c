// SPDX-License-Identifier: BSD-3-Clause
#include "software_usim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "durable_file.h"

enum {
	PATH_OCTETS = 1024,
	STATE_VERSION = 1,
	STATE_OCTETS = 4 + USIM_IMSI_DIGITS + 1 + SQN_INDS * 8,
};

static const char state_magic[3] = {'k', 's', 'q'};

struct software_usim {
	struct secret k;
	struct secret opc;
	struct sqn_window window;
	char imsi[USIM_IMSI_DIGITS + 1];
	struct software_usim_memory memory;
	char state_file[PATH_OCTETS]; /* of a card with files; empty: in memory only */
};

/* --- the window of sequence numbers in its file: "ksq" version8 IMSI (16 octets) SEQ64 by IND --- */

static int window_store(void *context, const struct sqn_window *window)
{
	const struct software_usim *card = context;
	uint8_t octets[STATE_OCTETS];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	wire_write_bytes(&writer, state_magic, sizeof(state_magic));
	wire_write_u8(&writer, STATE_VERSION);
	wire_write_bytes(&writer, card->imsi, sizeof(card->imsi));
	for (unsigned i = 0; i < SQN_INDS; i++)
		wire_write_u64(&writer, window->seq[i]);
	return durable_file_write(card->state_file, (struct wire_view){octets, wire_written(&writer)});
}

static int window_load(struct software_usim *card, char *error)
{
	uint8_t octets[STATE_OCTETS];
	char imsi[sizeof(card->imsi)];
	struct wire_reader reader;
	size_t count;
	int result;

	result = card->state_file[0] ? durable_file_read(card->state_file, octets, sizeof(octets), &count) : -ENOENT;
	if (result == -ENOENT)
		return 0;
	if (result) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.150s: %s", card->state_file, strerror(-result));
		return result;
	}
	reader = wire_reader_of(octets, count);
	if (count != STATE_OCTETS || memcmp(wire_read_bytes(&reader, sizeof(state_magic)), state_magic, 3) != 0 ||
	    wire_read_u8(&reader) != STATE_VERSION) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.150s: no state of a card", card->state_file);
		return -EINVAL;
	}
	wire_read_copy(&reader, imsi, sizeof(imsi));
	if (memcmp(imsi, card->imsi, sizeof(imsi)) != 0) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.150s: the state of a card with another IMSI",
		         card->state_file);
		return -EINVAL;
	}
	for (unsigned i = 0; i < SQN_INDS; i++)
		card->window.seq[i] = wire_read_u64(&reader);
	return 0;
}

/* --- the card --- */

static int authenticate(void *context, const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
                        enum aka_outcome *outcome, struct aka_answer *answer)
{
	struct software_usim *card = context;
	struct sqn_window window = card->window;
	int result;

	*outcome = aka_answer_make(&card->k, &card->opc, &card->window, rand, autn, answer);
	if (*outcome != AKA_SUCCESS)
		return 0;
	/* stored before RES leaves, or the number could be used twice */
	sqn_window_accept(&window, answer->sqn);
	result = card->memory.store ? card->memory.store(card->memory.context, &window) : 0;
	if (!result)
		card->window = window;
	else
		aka_answer_wipe(answer);
	return result;
}

static int gsm(void *context, const uint8_t rand[AKA_RAND_OCTETS], uint8_t sres[GSM_SRES_OCTETS],
               uint8_t kc[GSM_KC_OCTETS])
{
	const struct software_usim *card = context;

	milenage_gsm(&card->k, &card->opc, rand, sres, kc);
	return 0;
}

struct software_usim *software_usim_of_keys(const struct software_usim_settings *settings, const struct secret *k,
                                            const struct secret *opc, const struct software_usim_memory *memory,
                                            struct usim *usim)
{
	struct software_usim *card = allocate(sizeof(*card));

	card->k = *k;
	card->opc = *opc;
	card->window.jump_limit = settings->jump_limit ? settings->jump_limit : SQN_JUMP_LIMIT_DEFAULT;
	if (memory)
		card->memory = *memory;
	snprintf(card->imsi, sizeof(card->imsi), "%s", settings->imsi);
	*usim = (struct usim){
	        .context = card,
	        .mnc_digits = settings->mnc_digits,
	        .authenticate = authenticate,
	        .gsm = gsm,
	};
	snprintf(usim->imsi, sizeof(usim->imsi), "%s", settings->imsi);
	snprintf(usim->iccid, sizeof(usim->iccid), "%s", settings->iccid);
	return card;
}

int software_usim_new(const struct software_usim_settings *settings, struct software_usim **made, struct usim *usim,
                      char error[KEY_FILE_ERROR_OCTETS])
{
	struct secret k = {0}, opc = {0};
	struct software_usim *card = NULL;
	int result = key_file_read_hex_lines(settings->key_file, AKA_K_OCTETS, (struct secret *[]){&k, &opc}, 2, error);

	if (!result) {
		card = software_usim_of_keys(settings, &k, &opc, NULL, usim);
		snprintf(card->state_file, sizeof(card->state_file), "%s",
		         settings->state_file ? settings->state_file : "");
		if (card->state_file[0])
			card->memory = (struct software_usim_memory){card, window_store};
		result = window_load(card, error);
	}
	secret_wipe(&k);
	secret_wipe(&opc);
	if (result)
		software_usim_free(card);
	else
		*made = card;
	return result;
}

void software_usim_free(struct software_usim *card)
{
	if (!card)
		return;
	OPENSSL_cleanse(card, sizeof(*card));
	free(card);
}
