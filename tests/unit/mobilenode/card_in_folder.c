// SPDX-License-Identifier: BSD-3-Clause
#include "card_in_folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vectors.h"

void card_folder_make(struct card_in_folder *card)
{
	static const char keys[] = CARD_K "\n" CARD_OPC "\n";

	*card = (struct card_in_folder){.folder = "/tmp/kedge-card-XXXXXX"};
	assert_non_null(mkdtemp(card->folder));
	snprintf(card->key_file, sizeof(card->key_file), "%s/keys", card->folder);
	snprintf(card->state_file, sizeof(card->state_file), "%s/window", card->folder);
	card_write_file(card->key_file, keys, strlen(keys), 0600);
	card->settings = (struct software_usim_settings){
	        .imsi = CARD_IMSI,
	        .mnc_digits = 2,
	        .iccid = "89014103211118510720",
	        .key_file = card->key_file,
	        .state_file = card->state_file,
	};
}

void card_folder_remove(struct card_in_folder *card)
{
	card_take_out(card);
	unlink(card->key_file);
	unlink(card->state_file);
	assert_int_equal(rmdir(card->folder), 0); /* and no temporary file is left */
}

void card_write_file(const char *path, const void *octets, size_t count, unsigned mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

size_t card_read_file(const char *path, uint8_t *octets, size_t capacity)
{
	FILE *file = fopen(path, "r");
	size_t count;

	assert_non_null(file);
	count = fread(octets, 1, capacity, file);
	fclose(file);
	return count;
}

void card_insert(struct card_in_folder *card)
{
	char error[KEY_FILE_ERROR_OCTETS] = "";

	if (software_usim_new(&card->settings, &card->card, &card->usim, error))
		fail_msg("%s", error);
}

void card_take_out(struct card_in_folder *card)
{
	software_usim_free(card->card);
	card->card = NULL;
}

void card_vector(uint64_t sqn, const uint8_t amf[AKA_AMF_OCTETS], uint8_t rand_octet, struct aka_vector *vector)
{
	struct secret k = {0}, opc = {0};
	uint8_t octets[AKA_K_OCTETS], rand[AKA_RAND_OCTETS];

	secret_set(&k, octets, hex_decode(CARD_K, octets, sizeof(octets)));
	secret_set(&opc, octets, hex_decode(CARD_OPC, octets, sizeof(octets)));
	memset(rand, rand_octet, sizeof(rand));
	aka_vector_make(&k, &opc, rand, sqn, amf, vector);
}

void card_disk_full(bool is_full)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = is_full ? 0 : limit.rlim_max;
	assert_true(signal(SIGXFSZ, is_full ? SIG_IGN : SIG_DFL) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
