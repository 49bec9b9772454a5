// SPDX-License-Identifier: BSD-3-Clause
/* Name policy (operation.md 2), B-39, D-14, P-3. */
#include "policy.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

struct world {
	struct name_rules rules;
	struct name_policy_rule rule[3];
	struct name_policy policy;
	struct secret owner_key;
	struct subscriber_identity identity;
	struct subscriber_profile profile;
	struct name_question question;
	struct name_decision decision;
	const char *taken[4];
	enum name_holding holding;
};

static enum name_holding holding(void *context, const char *fqdn)
{
	struct world *world = context;

	for (size_t i = 0; i < 4; i++)
		if (world->taken[i] && strcmp(world->taken[i], fqdn) == 0)
			return world->holding;
	return NAME_FREE;
}

static int world_start(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	strcpy(world.rules.zone, "mob.example");
	secret_set(&world.owner_key, "0123456789abcdef0123456789abcdef", 32);
	subscriber_identity_from_imsi("home", "001010000000001", &world.identity);
	strcpy(world.profile.name, "Matti Johannes Virtanen");
	strcpy(world.profile.msisdn, "358401234567");
	world.profile.services = 1;
	world.profile.name_consent = true;
	world.holding = NAME_TAKEN;
	strcpy(world.rule[0].templates[0], "{given}");
	strcpy(world.rule[0].templates[1], "{given}-{family}");
	strcpy(world.rule[0].templates[2], "m{msisdn}");
	world.rule[0].template_count = 3;
	world.policy = (struct name_policy){.rules = world.rule, .rule_count = 1};
	world.question = (struct name_question){
	        .rules = &world.rules,
	        .policy = &world.policy,
	        .owner_key = &world.owner_key,
	        .identity = &world.identity,
	        .profile = &world.profile,
	        .change_allowed = true,
	        .context = &world,
	        .holding = holding,
	};
	*state = &world;
	return 0;
}

static void wish(struct world *world, const char *text)
{
	world->question.wish = text;
	world->question.wish_octets = text ? strlen(text) : 0;
}

static void decides(struct world *world, enum bootstrap_status status, enum name_reason reason, const char *fqdn)
{
	name_decide(&world->question, &world->decision);
	assert_int_equal(world->decision.status, status);
	assert_int_equal(world->decision.reason, reason);
	assert_string_equal(world->decision.fqdn, fqdn);
	assert_string_not_equal(name_reason_text(reason), "unknown");
}

static const char *hash_name(const struct world *world)
{
	static char fqdn[NAME_TEXT_OCTETS];
	char label[OWNER_LABEL_CHARACTERS + 1];

	owner_label(&world->owner_key, &world->identity, label);
	assert_int_equal(name_below_zone(&world->rules, label, fqdn), 0);
	return fqdn;
}

static void the_first_free_template_is_taken(void **state)
{
	struct world *world = *state;

	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "matti.mob.example");
	world->taken[0] = "matti.mob.example";
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "matti-virtanen.mob.example");
	world->taken[1] = "matti-virtanen.mob.example";
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "m358401234567.mob.example");
	world->taken[2] = "m358401234567.mob.example";
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
	assert_int_equal(world->decision.candidate_count, 4);
	assert_int_equal(world->decision.candidates[0].outcome, NAME_CANDIDATE_HELD);
	world->taken[3] = hash_name(world);
	decides(world, BOOTSTRAP_NAME_IN_USE, NAME_REASON_NONE_FREE, "");
}

/* P-3 */
static void without_consent_no_real_name_or_number_is_used(void **state)
{
	struct world *world = *state;

	world->profile.name_consent = false;
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(world->decision.candidates[i].outcome, NAME_CANDIDATE_NO_CONSENT);
}

static void missing_data_make_no_name(void **state)
{
	struct world *world = *state;

	strcpy(world->profile.name, "Matti");
	strcpy(world->rule[0].templates[0], "{family}");
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "m358401234567.mob.example");
	assert_int_equal(world->decision.candidates[0].outcome, NAME_CANDIDATE_NO_DATA);
	world->profile.name[0] = world->profile.msisdn[0] = '\0';
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
}

/* A template must not make a name that the rules forbid. */
static void a_template_obeys_the_rules_of_names(void **state)
{
	struct world *world = *state;

	strcpy(world->profile.name, "Admin Meikäläinen");
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "xn--admin-meiklinen-9kbb.mob.example");
	assert_int_equal(world->decision.candidates[0].outcome, NAME_CANDIDATE_REFUSED);
	assert_int_equal(world->decision.candidates[0].verdict, NAME_RESERVED);
}

/* B-39 */
static void a_free_wish_is_granted(void **state)
{
	struct world *world = *state;

	wish(world, "pappa.mob.example");
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "pappa.mob.example");
	world->taken[0] = "pappa.mob.example";
	world->holding = NAME_OURS;
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "pappa.mob.example");
	world->holding = NAME_UNKNOWN; /* D-11: a hint; the prerequisite decides */
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "pappa.mob.example");
}

/* B-39: taken is by another, in quarantine, or in the zone without our marker. */
static void a_taken_wish_gives_another_name_or_204(void **state)
{
	static const enum name_holding held[] = {NAME_TAKEN, NAME_QUARANTINED, NAME_TRIED};
	struct world *world = *state;

	wish(world, "pappa.mob.example");
	world->taken[0] = "pappa.mob.example";
	for (size_t i = 0; i < 3; i++) {
		world->holding = held[i];
		world->rule[0].wish = NAME_WISH_PREFER;
		decides(world, BOOTSTRAP_NAME_CHANGED, NAME_REASON_WISH_TAKEN, "matti.mob.example");
		world->rule[0].wish = NAME_WISH_STRICT;
		decides(world, BOOTSTRAP_NAME_IN_USE, NAME_REASON_WISH_TAKEN, "");
	}
}

/* B-39: syntax, zone, reserved are 203. */
static void a_forbidden_wish_gives_another_name_or_203(void **state)
{
	static const char *const bad[] = {"Pappa.mob.example", "pappa.example", "www.mob.example", "a.b.mob.example",
	                                  ""};
	struct world *world = *state;

	for (size_t i = 0; i < 5; i++) {
		wish(world, bad[i]);
		world->rule[0].wish = NAME_WISH_PREFER;
		decides(world, BOOTSTRAP_NAME_CHANGED, NAME_REASON_WISH_NOT_ALLOWED, "matti.mob.example");
		world->rule[0].wish = NAME_WISH_STRICT;
		decides(world, BOOTSTRAP_NAME_NOT_AUTHORISED, NAME_REASON_WISH_NOT_ALLOWED, "");
	}
}

static void a_policy_may_be_deaf_to_wishes(void **state)
{
	struct world *world = *state;

	world->rule[0].wish = NAME_WISH_NO;
	wish(world, "pappa.mob.example");
	decides(world, BOOTSTRAP_NAME_CHANGED, NAME_REASON_WISH_IGNORED, "matti.mob.example");
	world->question.current = "matti.mob.example";
	wish(world, "matti.mob.example");
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "matti.mob.example");
}

/* D-14: without a wish the name stays; a refused wish does not change it either. */
static void the_name_stays(void **state)
{
	struct world *world = *state;

	world->question.current = "vanha.mob.example";
	decides(world, BOOTSTRAP_OK, NAME_REASON_KEPT, "vanha.mob.example");
	world->taken[0] = "pappa.mob.example";
	wish(world, "pappa.mob.example");
	decides(world, BOOTSTRAP_NAME_CHANGED, NAME_REASON_WISH_TAKEN, "vanha.mob.example");
	wish(world, "uusi.mob.example");
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "uusi.mob.example");
}

/* D-14: limited like key changes. */
static void too_many_changes_keep_the_name(void **state)
{
	struct world *world = *state;

	world->question.current = "vanha.mob.example";
	world->question.change_allowed = false;
	wish(world, "uusi.mob.example");
	decides(world, BOOTSTRAP_NAME_CHANGED, NAME_REASON_CHANGE_TOO_SOON, "vanha.mob.example");
	world->rule[0].wish = NAME_WISH_STRICT;
	decides(world, BOOTSTRAP_NAME_NOT_AUTHORISED, NAME_REASON_CHANGE_TOO_SOON, "");
	wish(world, "vanha.mob.example");
	decides(world, BOOTSTRAP_OK, NAME_REASON_WISH, "vanha.mob.example");
}

/* Rules in order, the first match wins; a profile's Name-Policy names its rule. */
static void the_first_matching_rule_wins(void **state)
{
	struct world *world = *state;

	strcpy(world->rule[1].templates[0], "{hash}");
	world->rule[1].template_count = 1;
	strcpy(world->rule[2].name, "staff");
	strcpy(world->rule[2].imsi_prefix, "999");
	strcpy(world->rule[2].templates[0], "staff-{msisdn}");
	world->rule[2].template_count = 1;
	world->policy.rule_count = 3;
	strcpy(world->rule[0].imsi_prefix, "23201");
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
	assert_ptr_equal(world->decision.rule, &world->rule[1]);
	strcpy(world->rule[0].imsi_prefix, "00101");
	world->rule[0].services = 4;
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
	world->rule[0].services = 1;
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "matti.mob.example");
	strcpy(world->profile.name_policy, "staff");
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "staff-358401234567.mob.example");
	strcpy(world->profile.name_policy, "gone");
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, "matti.mob.example");
	world->policy.rule_count = 0;
	decides(world, BOOTSTRAP_OK, NAME_REASON_TEMPLATE, hash_name(world));
	assert_null(world->decision.rule);
}

static void templates_are_checked(void **state)
{
	static const char *const bad[] = {"", "{imsi}", "A", "a.b", "{given", "a_b", "{hash}}"};
	const char *fault;

	(void)state;
	assert_int_equal(name_template_check("m-{msisdn}{given}{family}{name}{hash}", &fault), 0);
	assert_null(fault);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(name_template_check(bad[i], &fault), -EINVAL);
		assert_non_null(fault);
	}
}

static void every_candidate_says_why(void **state)
{
	struct world *world = *state;
	char text[512];

	world->taken[0] = "pappa.mob.example";
	wish(world, "pappa.mob.example");
	name_decide(&world->question, &world->decision);
	assert_string_equal(name_candidate_text(&world->decision.candidates[0], text, sizeof(text)),
	                    "pappa.mob.example (wish): taken");
	assert_string_equal(name_candidate_text(&world->decision.candidates[1], text, sizeof(text)),
	                    "matti.mob.example ({given}): chosen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(the_first_free_template_is_taken, world_start),
	        cmocka_unit_test_setup(without_consent_no_real_name_or_number_is_used, world_start),
	        cmocka_unit_test_setup(missing_data_make_no_name, world_start),
	        cmocka_unit_test_setup(a_template_obeys_the_rules_of_names, world_start),
	        cmocka_unit_test_setup(a_free_wish_is_granted, world_start),
	        cmocka_unit_test_setup(a_taken_wish_gives_another_name_or_204, world_start),
	        cmocka_unit_test_setup(a_forbidden_wish_gives_another_name_or_203, world_start),
	        cmocka_unit_test_setup(a_policy_may_be_deaf_to_wishes, world_start),
	        cmocka_unit_test_setup(the_name_stays, world_start),
	        cmocka_unit_test_setup(too_many_changes_keep_the_name, world_start),
	        cmocka_unit_test_setup(the_first_matching_rule_wins, world_start),
	        cmocka_unit_test_setup(templates_are_checked, world_start),
	        cmocka_unit_test_setup(every_candidate_says_why, world_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
