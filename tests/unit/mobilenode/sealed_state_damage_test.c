// SPDX-License-Identifier: BSD-3-Clause
/* N-1 on bad days: a file that was cut, a full disk, a card that went away; and what the file shows to a thief. */
#include "sealed_state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "card_in_folder.h"
#include "vectors.h"

enum { FILE_OCTETS_MAX = 8192, VERSION_OFFSET = 7 };

static struct card_in_folder card;
static struct randomness_seeded seeded;
static char path[80];

static int folder_start(void **state)
{
	(void)state;
	card_folder_make(&card);
	card_insert(&card);
	snprintf(path, sizeof(path), "%s/sealed", card.folder);
	randomness_seeded_start(&seeded, 1);
	return 0;
}

static int folder_end(void **state)
{
	(void)state;
	unlink(path);
	card_folder_remove(&card);
	return 0;
}

static struct sealed_state sample(void)
{
	struct sealed_state content = {
	        .host_key_octets = 138,
	        .paa_id = "paa.operator.example",
	        .pinned_octets = 70,
	        .fqdn = "node1.mobile.example",
	        .home_prefix_length = 64,
	        .lease_ends_unix_s = 0x1122334455667788,
	        .spi = 0x01020304,
	        .association_ends_unix_s = 1800000000,
	        .last_sequence = 65535,
	        .updates_sent = 32767,
	};

	memset(content.host_key_der, 0xa1, content.host_key_octets);
	memset(content.pinned_identity, 0xb2, content.pinned_octets);
	memset(&content.home_address, 0xc3, sizeof(content.home_address));
	memset(&content.home_agent, 0xd4, sizeof(content.home_agent));
	secret_set(&content.agent_key, "MN-HA-K of 20 octets", 20);
	return content;
}

static void save(const struct sealed_state *content)
{
	assert_int_equal(sealed_state_save(path, &card.usim, &seeded.randomness, content), 0);
}

/* Opens it in vain: `expected`, and nothing in the struct. */
static void assert_refused(const struct usim *usim, int expected)
{
	static const struct sealed_state nothing;
	struct sealed_state opened;

	memset(&opened, 0x5a, sizeof(opened));
	assert_int_equal(sealed_state_open(path, usim, &opened), expected);
	assert_memory_equal(&opened, &nothing, sizeof(opened));
}

static void the_first_and_the_fullest_state_open(void **state)
{
	struct sealed_state content = {0}, opened;

	(void)state;
	save(&content);
	assert_int_equal(sealed_state_open(path, &card.usim, &opened), 0);
	assert_int_equal(opened.host_key_octets, 0);
	assert_true(secret_is_empty(&opened.agent_key));

	content = sample();
	content.host_key_octets = sizeof(content.host_key_der);
	content.pinned_octets = sizeof(content.pinned_identity);
	memset(content.paa_id, 'p', sizeof(content.paa_id) - 1);
	memset(content.fqdn, 'f', sizeof(content.fqdn) - 1);
	secret_fill(&content.agent_key, SECRET_MAX_OCTETS);
	save(&content);
	assert_int_equal(sealed_state_open(path, &card.usim, &opened), 0);
	assert_string_equal(opened.fqdn, content.fqdn);
	assert_string_equal(opened.paa_id, content.paa_id);
	assert_int_equal(opened.host_key_octets, sizeof(content.host_key_der));
}

static void nothing_of_it_can_be_read_in_the_file(void **state)
{
	struct sealed_state content = sample();
	uint8_t octets[FILE_OCTETS_MAX];
	size_t count;

	(void)state;
	save(&content);
	count = card_read_file(path, octets, sizeof(octets));
	assert_null(memmem(octets, count, "MN-HA-K", 7));
	assert_null(memmem(octets, count, "example", 7));
	assert_null(memmem(octets, count, CARD_IMSI, strlen(CARD_IMSI)));
	assert_null(memmem(octets, count, card.usim.iccid, strlen(card.usim.iccid)));
}

/* fresh RANDs and nonce each time: no key stream comes twice */
static void the_same_content_is_sealed_differently(void **state)
{
	struct sealed_state content = sample();
	uint8_t one[FILE_OCTETS_MAX], two[FILE_OCTETS_MAX];
	size_t count, rands = VERSION_OFFSET + 1 + 32;

	(void)state;
	save(&content);
	count = card_read_file(path, one, sizeof(one));
	save(&content);
	assert_int_equal(card_read_file(path, two, sizeof(two)), count);
	assert_memory_equal(one, two, rands);
	for (size_t at = rands; at + 16 <= count; at += 16)
		assert_memory_not_equal(one + at, two + at, 16);
}

static void a_file_cut_or_grown_does_not_open(void **state)
{
	struct sealed_state content = sample();
	uint8_t octets[FILE_OCTETS_MAX] = {0};
	size_t count;

	(void)state;
	save(&content);
	count = card_read_file(path, octets, sizeof(octets));
	for (size_t prefix = 0; prefix < count; prefix++) {
		card_write_file(path, octets, prefix, 0600);
		assert_refused(&card.usim, -EBADMSG);
	}
	card_write_file(path, octets, count + 1, 0600);
	assert_refused(&card.usim, -EBADMSG);
	card_write_file(path, octets, sizeof(octets), 0600);
	assert_refused(&card.usim, -EBADMSG);
}

static int gsm_gone(void *context, const uint8_t rand[AKA_RAND_OCTETS], uint8_t sres[GSM_SRES_OCTETS],
                    uint8_t kc[GSM_KC_OCTETS])
{
	(void)context;
	(void)rand;
	(void)sres;
	(void)kc;
	return -ENODEV;
}

static void a_card_without_gsm_context_seals_nothing(void **state)
{
	struct sealed_state content = sample();
	struct usim usim;

	(void)state;
	usim = card.usim;
	usim.gsm = NULL;
	assert_int_equal(sealed_state_save(path, &usim, &seeded.randomness, &content), -ENOTSUP);
	assert_int_equal(access(path, F_OK), -1);
	save(&content);
	assert_refused(&usim, -ENOTSUP);
	usim.gsm = gsm_gone;
	assert_int_equal(sealed_state_save(path, &usim, &seeded.randomness, &content), -ENODEV);
	assert_refused(&usim, -ENODEV);
}

static void a_full_disk_leaves_the_old_state(void **state)
{
	struct sealed_state content = sample(), opened;

	(void)state;
	save(&content);
	content.spi = 7;
	card_disk_full(true);
	assert_true(sealed_state_save(path, &card.usim, &seeded.randomness, &content) < 0);
	card_disk_full(false);
	assert_int_equal(sealed_state_open(path, &card.usim, &opened), 0);
	assert_int_equal(opened.spi, 0x01020304);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_start, folder_end)
	const struct CMUnitTest tests[] = {
	        TEST(the_first_and_the_fullest_state_open),     TEST(nothing_of_it_can_be_read_in_the_file),
	        TEST(the_same_content_is_sealed_differently),   TEST(a_file_cut_or_grown_does_not_open),
	        TEST(a_card_without_gsm_context_seals_nothing), TEST(a_full_disk_leaves_the_old_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
