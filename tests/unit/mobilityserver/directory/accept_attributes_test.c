// SPDX-License-Identifier: BSD-3-Clause
/* The profile in the Access-Accept (operation.md 2; P-3, F-10). */
#include "directory.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static const struct directory_defaults defaults = {.services = 1, .name_policy = "guests"};

static struct accept_attribute attribute(uint8_t type, const void *bytes, size_t octets)
{
	return (struct accept_attribute){.type = type, .value = {.bytes = bytes, .octets = octets}};
}

#define TEXT(type, text) attribute(type, text, sizeof(text) - 1)

static void a_whole_profile_is_read(void **state)
{
	const struct accept_attribute all[] = {
	        TEXT(ACCEPT_NAME, "Matti Meikäläinen"),     TEXT(ACCEPT_POSTAL_ADDRESS, "Katu 1, Oulu"),
	        TEXT(ACCEPT_MSISDN, "+358 40-1234567"),     TEXT(ACCEPT_SERVICES, "\0\0\0\5"),
	        TEXT(ACCEPT_NAME_POLICY, "staff"),          TEXT(ACCEPT_BARRED, "\0\0\0\1"),
	        TEXT(ACCEPT_NAME_CONSENT, "\0\0\0\1"),      TEXT(99, "of another release"),
	        TEXT(ACCEPT_AMBR_DOWN, "\0\0\0\1\0\0\0\2"), TEXT(ACCEPT_AMBR_UP, "\0\0\0\0\0\0\x27\x10"),
	};
	struct subscriber_profile profile;

	(void)state;
	assert_int_equal(directory_profile_from_accept(all, sizeof(all) / sizeof(all[0]), &defaults, &profile), 0);
	assert_string_equal(profile.name, "Matti Meikäläinen");
	assert_string_equal(profile.postal_address, "Katu 1, Oulu");
	assert_string_equal(profile.msisdn, "358401234567");
	assert_int_equal(profile.services, 5);
	assert_string_equal(profile.name_policy, "staff");
	assert_true(profile.barred);
	assert_true(profile.name_consent);
	assert_int_equal(profile.ambr.down_bps, 0x100000002);
	assert_int_equal(profile.ambr.up_bps, 10000);
}

static void a_silent_server_gives_the_configured_defaults(void **state)
{
	struct subscriber_profile profile;

	(void)state;
	assert_int_equal(directory_profile_from_accept(NULL, 0, &defaults, &profile), 0);
	assert_int_equal(profile.services, 1);
	assert_string_equal(profile.name_policy, "guests");
	assert_false(profile.barred);
	assert_false(profile.name_consent);
	assert_int_equal(profile.ambr.down_bps + profile.ambr.up_bps, 0); /* not limited */
	assert_string_equal(profile.name, "");
}

static void a_malformed_attribute_is_refused(void **state)
{
	static const char overlong[SUBSCRIBER_TEXT_OCTETS] = {'a'};
	const struct accept_attribute bad[] = {
	        TEXT(ACCEPT_SERVICES, "\0\0\5"),  TEXT(ACCEPT_BARRED, "\0\0\0\0\1"),
	        TEXT(ACCEPT_NAME, "a\xc3"),       TEXT(ACCEPT_NAME, "a\nb"),
	        TEXT(ACCEPT_NAME, "\xc0\xaf"),    TEXT(ACCEPT_NAME, "\xed\xa0\x80"),
	        TEXT(ACCEPT_MSISDN, "35840x"),    TEXT(ACCEPT_MSISDN, "358+40"),
	        TEXT(ACCEPT_NAME, "a\0b"),        attribute(ACCEPT_NAME, overlong, sizeof(overlong)),
	        TEXT(ACCEPT_AMBR_UP, "\0\0\0\1"), TEXT(ACCEPT_AMBR_DOWN, "\0\0\0\0\0\0\0\0\1"),
	};
	struct subscriber_profile profile;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(directory_profile_from_accept(&bad[i], 1, &defaults, &profile), -EBADMSG);
}

struct found {
	int result;
	struct subscriber_profile profile;
};

static void note(void *core, uint64_t token, int result, const struct subscriber_profile *profile,
                 const struct instant *now, struct effects *effects)
{
	struct found *found = core;

	(void)now, (void)effects;
	assert_int_equal(token, 7);
	*found = (struct found){.result = result, .profile = *profile};
}

static void the_first_backend_answers_with_what_the_accept_said(void **state)
{
	const struct directory directory = directory_of_accept();
	const struct subscriber_profile accepted = {.name = "Anna", .services = 4};
	struct subscriber_identity identity;
	struct found found = {.result = 1};

	(void)state;
	subscriber_identity_from_imsi("home", "001010000000001", &identity);
	directory.look_up(directory.context, &identity, &accepted, note, &found, 7, NULL, NULL);
	assert_int_equal(found.result, 0);
	assert_string_equal(found.profile.name, "Anna");
	assert_int_equal(found.profile.services, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_whole_profile_is_read),
	        cmocka_unit_test(a_silent_server_gives_the_configured_defaults),
	        cmocka_unit_test(a_malformed_attribute_is_refused),
	        cmocka_unit_test(the_first_backend_answers_with_what_the_accept_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
