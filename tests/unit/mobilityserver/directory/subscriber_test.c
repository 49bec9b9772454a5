// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

/* E-17: a subscriber is the pair (authentication server, identity). */
static void a_key_names_server_and_identity(void **state)
{
	struct subscriber_identity home, roaming, again;
	char key[SUBSCRIBER_KEY_OCTETS], other[SUBSCRIBER_KEY_OCTETS];

	(void)state;
	assert_int_equal(subscriber_identity_from_imsi("home", "001010000000001", &home), 0);
	assert_int_equal(subscriber_identity_from_imsi("partner", "001010000000001", &roaming), 0);
	assert_false(subscriber_identity_equal(&home, &roaming));
	assert_int_equal(subscriber_key(&home, key), 0);
	assert_int_equal(subscriber_key(&roaming, other), 0);
	assert_string_equal(key, "home/001010000000001");
	assert_string_equal(other, "partner/001010000000001");
	assert_int_equal(subscriber_identity_from_key(key, &again), 0);
	assert_true(subscriber_identity_equal(&home, &again));
}

/* E-16: an opaque identity that looks like an IMSI is not that IMSI's subscriber. */
static void an_opaque_identity_is_never_an_imsi(void **state)
{
	struct subscriber_identity imsi, opaque, again;
	static const uint8_t cui[] = {'a', '/', 0, '%', 0xff};
	char key[SUBSCRIBER_KEY_OCTETS];

	(void)state;
	subscriber_identity_from_imsi("home", "001010000000001", &imsi);
	assert_int_equal(subscriber_identity_from_octets("home", "001010000000001", 15, &opaque), 0);
	assert_false(subscriber_identity_equal(&imsi, &opaque));
	assert_int_equal(subscriber_key(&opaque, key), 0);
	assert_string_equal(key, "home/=001010000000001");
	subscriber_identity_from_octets("home", cui, sizeof(cui), &opaque);
	assert_int_equal(subscriber_key(&opaque, key), 0);
	assert_string_equal(key, "home/=a%2F%00%25%FF");
	assert_int_equal(subscriber_identity_from_key(key, &again), 0);
	assert_true(subscriber_identity_equal(&opaque, &again));
}

static void what_is_no_identity_is_refused(void **state)
{
	static const char *const no_imsi[] = {"", "00101", "0010100000000012", "00101a", "001 01"};
	static const char *const no_key[] = {"",       "home",     "/001010000000001", "home/",  "home/12a456",
	                                     "home/=", "home/=%0", "home/=%zz",        "home/= "};
	struct subscriber_identity identity;
	uint8_t large[SUBSCRIBER_IDENTITY_OCTETS + 1];
	char key[SUBSCRIBER_KEY_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(no_imsi) / sizeof(no_imsi[0]); i++)
		assert_int_equal(subscriber_identity_from_imsi("home", no_imsi[i], &identity), -EINVAL);
	for (size_t i = 0; i < sizeof(no_key) / sizeof(no_key[0]); i++)
		assert_int_equal(subscriber_identity_from_key(no_key[i], &identity), -EINVAL);
	memset(large, 0, sizeof(large));
	assert_int_equal(subscriber_identity_from_octets("home", large, sizeof(large), &identity), -EINVAL);
	assert_int_equal(subscriber_identity_from_octets("home", large, 0, &identity), -EINVAL);
	assert_int_equal(subscriber_identity_from_octets("home", large, 200, &identity), 0);
	assert_int_equal(subscriber_key(&identity, key), -ENAMETOOLONG);
}

/* D-1 */
static void the_owner_id_is_the_imsi_or_server_zero_identity(void **state)
{
	struct subscriber_identity identity;
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];

	(void)state;
	subscriber_identity_from_imsi("home", "244070000000123", &identity);
	assert_octets(id, subscriber_owner_id(&identity, id), "244070000000123", 15);
	subscriber_identity_from_octets("home", "x\0y", 3, &identity);
	assert_octets(id, subscriber_owner_id(&identity, id), "home\0x\0y", 8);
}

static void the_shard_never_changes(void **state)
{
	(void)state;
	/* FNV-1a folded to 8 bits; a change would move stored bindings to other owners (architecture.md 2) */
	assert_int_equal(subscriber_shard(""), 0x81 ^ 0x1c ^ 0x9d ^ 0xc5);
	assert_int_not_equal(subscriber_shard("home/001010000000001"), subscriber_shard("home/001010000000002"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_key_names_server_and_identity),
	        cmocka_unit_test(an_opaque_identity_is_never_an_imsi),
	        cmocka_unit_test(what_is_no_identity_is_refused),
	        cmocka_unit_test(the_owner_id_is_the_imsi_or_server_zero_identity),
	        cmocka_unit_test(the_shard_never_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
