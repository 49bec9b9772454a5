// SPDX-License-Identifier: BSD-3-Clause
/* D-9, B-35 (261), B-39: which names may be wished, and labels from people's names. */
#include "name.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static const char *const words[] = {"sonera"};
static const struct name_rules rules = {
        .zone = "mob.example",
        .reserved_words = words,
        .reserved_count = 1,
};

static enum name_verdict verdict_of(const char *wish)
{
	char fqdn[NAME_TEXT_OCTETS];
	enum name_verdict verdict = name_check(&rules, wish, strlen(wish), fqdn);

	if (verdict == NAME_ALLOWED)
		assert_string_equal(fqdn, wish);
	return verdict;
}

static void names_of_one_label_below_the_zone_are_allowed(void **state)
{
	static const char *const good[] = {"matti.mob.example",          "m.mob.example",
	                                   "a-b-c.mob.example",          "358401234567.mob.example",
	                                   "xn--mkinen-bua.mob.example", "antero.mob.example"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(verdict_of(good[i]), NAME_ALLOWED);
}

static void wrong_syntax_is_found(void **state)
{
	static const char *const bad[] = {
	        "Matti.mob.example",       "matti.mob.example.",      "_dmarc.mob.example", "*.mob.example",
	        "-a.mob.example",          "a-.mob.example",          "ab--c.mob.example",  "a..mob.example",
	        "m\xc3\xa4ki.mob.example", "matti mob.example",       ".mob.example",       "",
	        "xn--a.mob.example",       "xn--zz-nope-.mob.example"};
	char fqdn[NAME_TEXT_OCTETS], wish[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(verdict_of(bad[i]), NAME_BAD_SYNTAX);
	assert_int_equal(name_check(&rules, "a\0b.mob.example", 15, fqdn), NAME_BAD_SYNTAX);
	memset(wish, 'a', sizeof(wish));
	assert_int_equal(name_check(&rules, wish, 254, fqdn), NAME_TOO_LONG);
	memcpy(wish + 64, ".mob.example", 13);
	assert_int_equal(verdict_of(wish), NAME_BAD_SYNTAX); /* a label of 64 */
	assert_int_equal(verdict_of(wish + 1), NAME_ALLOWED);
}

static void names_elsewhere_are_refused(void **state)
{
	(void)state;
	assert_int_equal(verdict_of("mob.example"), NAME_OUTSIDE_ZONE);
	assert_int_equal(verdict_of("matti.other.example"), NAME_OUTSIDE_ZONE);
	assert_int_equal(verdict_of("mattimob.example"), NAME_OUTSIDE_ZONE);
	assert_int_equal(verdict_of("example"), NAME_OUTSIDE_ZONE);
	assert_int_equal(verdict_of("a.b.mob.example"), NAME_TOO_DEEP);
}

static void reserved_words_are_refused(void **state)
{
	(void)state;
	assert_int_equal(verdict_of("www.mob.example"), NAME_RESERVED);
	assert_int_equal(verdict_of("wpad.mob.example"), NAME_RESERVED);
	assert_int_equal(verdict_of("ns1.mob.example"), NAME_RESERVED);
	assert_int_equal(verdict_of("sonera.mob.example"), NAME_RESERVED);
}

static void what_looks_like_a_reserved_word_is_refused(void **state)
{
	static const char *const bad[] = {"vvww.mob.example",       "adrnin.mob.example", "p0stmaster.mob.example",
	                                  "ad-min.mob.example",     "l0gin.mob.example",  "s0nera.mob.example",
	                                  "post-master.mob.example"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(verdict_of(bad[i]), NAME_CONFUSABLE);
}

static void scripts_are_not_mixed_and_look_alikes_found(void **state)
{
	static const struct {
		const char *text;
		enum name_verdict verdict;
	} cases[] = {
	        {"m\xd0\xb0tti", NAME_CONFUSABLE},                  /* a Cyrillic а among Latin letters */
	        {"\xd1\x80\xd0\xbe\xd1\x80", NAME_CONFUSABLE},      /* рор, all Cyrillic: "pop" */
	        {"\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd", NAME_ALLOWED}, /* иван */
	        {"m\xc3\xa4kinen", NAME_ALLOWED},
	        {"\xc3\xa1"
	         "dmin",
	         NAME_CONFUSABLE},
	};
	char label[NAME_LABEL_OCTETS], fqdn[NAME_TEXT_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(name_label_from_text(cases[i].text, label), 0);
		assert_int_equal(name_below_zone(&rules, label, fqdn), 0);
		assert_int_equal(verdict_of(fqdn), cases[i].verdict);
	}
}

static void labels_are_made_of_peoples_names(void **state)
{
	static const struct {
		const char *text, *label;
	} cases[] = {
	        {"Matti Virtanen", "matti-virtanen"}, {"O'Brien", "obrien"},         {"  A.  B. ", "a-b"},
	        {"Mäkinen", "xn--mkinen-bua"},        {"MÄKINEN", "xn--mkinen-bua"}, {"J_P", "j-p"},
	};
	char label[NAME_LABEL_OCTETS], large[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(name_label_from_text(cases[i].text, label), 0);
		assert_string_equal(label, cases[i].label);
	}
	assert_int_equal(name_label_from_text("", label), -EINVAL);
	assert_int_equal(name_label_from_text(" ' ", label), -EINVAL);
	assert_int_equal(name_label_from_text("\xff\xfe", label), -EINVAL);
	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_int_equal(name_label_from_text(large, label), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_of_one_label_below_the_zone_are_allowed),
	        cmocka_unit_test(wrong_syntax_is_found),
	        cmocka_unit_test(names_elsewhere_are_refused),
	        cmocka_unit_test(reserved_words_are_refused),
	        cmocka_unit_test(what_looks_like_a_reserved_word_is_refused),
	        cmocka_unit_test(scripts_are_not_mixed_and_look_alikes_found),
	        cmocka_unit_test(labels_are_made_of_peoples_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
