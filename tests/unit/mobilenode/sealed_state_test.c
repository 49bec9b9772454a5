// SPDX-License-Identifier: BSD-3-Clause
/* N-1: what is sealed comes back under the same card, and under no other; a changed octet shows. */
#include "sealed_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vectors.h"

struct sealing {
	char folder[64];
	char path[96];
	struct secret k;
	struct secret opc;
	struct usim usim;
	struct sealed_state state;
};

static int gsm(void *context, const uint8_t rand[AKA_RAND_OCTETS], uint8_t sres[GSM_SRES_OCTETS],
               uint8_t kc[GSM_KC_OCTETS])
{
	const struct sealing *sealing = context;

	milenage_gsm(&sealing->k, &sealing->opc, rand, sres, kc);
	return 0;
}

static int set_up(void **state)
{
	struct sealing *sealing = calloc(1, sizeof(*sealing));
	struct sealed_state *content = &sealing->state;

	strcpy(sealing->folder, "/tmp/kedge-sealed-XXXXXX");
	assert_non_null(mkdtemp(sealing->folder));
	snprintf(sealing->path, sizeof(sealing->path), "%s/state", sealing->folder);
	memset(secret_fill(&sealing->k, 16), 1, 16);
	memset(secret_fill(&sealing->opc, 16), 2, 16);
	sealing->usim = (struct usim){.context = sealing, .imsi = "001010000000001", .iccid = "8900101", .gsm = gsm};
	strcpy(content->fqdn, "matti.mob.example");
	strcpy(content->paa_id, "ha.mob.example");
	memset(content->host_key_der, 0x5a, 121);
	content->host_key_octets = 121;
	memset(content->pinned_identity, 0x3c, 68);
	content->pinned_octets = 68;
	content->spi = 0x12345678;
	content->home_prefix_length = 64;
	content->last_sequence = 65535;
	content->updates_sent = 77;
	content->association_ends_unix_s = 1234567890123;
	memset(secret_fill(&content->agent_key, 16), 9, 16);
	*state = sealing;
	return 0;
}

static int tear_down(void **state)
{
	struct sealing *sealing = *state;

	unlink(sealing->path);
	rmdir(sealing->folder);
	free(sealing);
	return 0;
}

static void save(struct sealing *sealing)
{
	assert_int_equal(sealed_state_save(sealing->path, &sealing->usim, randomness_system(), &sealing->state), 0);
}

static int reopen(const struct sealing *sealing, struct sealed_state *found)
{
	return sealed_state_open(sealing->path, &sealing->usim, found);
}

static size_t content_of(const struct sealing *sealing, uint8_t *octets, size_t capacity)
{
	FILE *file = fopen(sealing->path, "r");
	size_t count = fread(octets, 1, capacity, file);

	fclose(file);
	return count;
}

static void write_content(const struct sealing *sealing, const uint8_t *octets, size_t count)
{
	FILE *file = fopen(sealing->path, "w");

	fwrite(octets, 1, count, file);
	fclose(file);
}

static void comes_back_as_it_was(void **state)
{
	struct sealing *sealing = *state;
	struct sealed_state found;
	struct stat mode;

	save(sealing);
	assert_int_equal(stat(sealing->path, &mode), 0);
	assert_int_equal(mode.st_mode & 0777, 0600);
	assert_int_equal(reopen(sealing, &found), 0);
	assert_memory_equal(&found, &sealing->state, sizeof(found));
}

static void another_card_does_not_open_it(void **state)
{
	struct sealing *sealing = *state;
	struct sealed_state found, nothing = {0};

	save(sealing);
	memset(secret_fill(&sealing->k, 16), 3, 16); /* same numbers, another K */
	assert_int_equal(reopen(sealing, &found), -EBADMSG);
	assert_memory_equal(&found, &nothing, sizeof(found));
	memset(secret_fill(&sealing->k, 16), 1, 16);
	sealing->usim.imsi[14] = '2';
	assert_int_equal(reopen(sealing, &found), -EBADMSG);
	sealing->usim.imsi[14] = '1';
	sealing->usim.iccid[0] = '9';
	assert_int_equal(reopen(sealing, &found), -EBADMSG);
	sealing->usim.iccid[0] = '8';
	assert_int_equal(reopen(sealing, &found), 0);
}

static void each_changed_octet_shows(void **state)
{
	struct sealing *sealing = *state;
	uint8_t octets[4096];
	struct sealed_state found;
	size_t count;

	save(sealing);
	count = content_of(sealing, octets, sizeof(octets));
	for (size_t i = 0; i < count; i++) {
		octets[i] ^= 0x40;
		write_content(sealing, octets, count);
		assert_int_not_equal(reopen(sealing, &found), 0);
		octets[i] ^= 0x40;
	}
	for (size_t shorter = 0; shorter < count; shorter += 13) {
		write_content(sealing, octets, shorter);
		assert_int_equal(reopen(sealing, &found), -EBADMSG);
	}
}

static void no_two_files_are_alike(void **state)
{
	struct sealing *sealing = *state;
	uint8_t first[4096], second[4096];
	size_t count;

	save(sealing);
	count = content_of(sealing, first, sizeof(first));
	save(sealing);
	assert_int_equal(content_of(sealing, second, sizeof(second)), count);
	assert_memory_not_equal(first + 40, second + 40, count - 40); /* behind magic, version and ICCID digest */
	assert_null(memmem(first, count, "matti.mob.example", 17));
}

static void card_without_gsm_context(void **state)
{
	struct sealing *sealing = *state;

	sealing->usim.gsm = NULL;
	assert_int_equal(sealed_state_save(sealing->path, &sealing->usim, randomness_system(), &sealing->state),
	                 -ENOTSUP);
	assert_int_equal(access(sealing->path, F_OK), -1);
}

static void file_that_others_can_read(void **state)
{
	struct sealing *sealing = *state;
	struct sealed_state found;

	save(sealing);
	assert_int_equal(chmod(sealing->path, 0644), 0);
	assert_int_equal(reopen(sealing, &found), -EACCES);
}

static void no_file(void **state)
{
	struct sealed_state found;

	assert_int_equal(reopen(*state, &found), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(comes_back_as_it_was),
	        TEST(another_card_does_not_open_it),
	        TEST(each_changed_octet_shows),
	        TEST(no_two_files_are_alike),
	        TEST(card_without_gsm_context),
	        TEST(file_that_others_can_read),
	        TEST(no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
