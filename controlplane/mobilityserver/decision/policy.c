// SPDX-License-Identifier: BSD-3-Clause
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum placeholder { MSISDN, GIVEN, FAMILY, FULL_NAME, HASH, PLACEHOLDERS };

static const struct {
	const char *text;
	bool needs_consent; /* P-3 */
} placeholders[PLACEHOLDERS] = {
        [MSISDN] = {"{msisdn}", true},  [GIVEN] = {"{given}", true}, [FAMILY] = {"{family}", true},
        [FULL_NAME] = {"{name}", true}, [HASH] = {"{hash}", false},
};

const char *name_reason_text(enum name_reason reason)
{
	static const char *const texts[NAME_REASONS] = {
	        [NAME_REASON_WISH] = "as wished",
	        [NAME_REASON_KEPT] = "no wish, the name stays",
	        [NAME_REASON_TEMPLATE] = "no wish, first free template",
	        [NAME_REASON_WISH_NOT_ALLOWED] = "the wished name is not allowed",
	        [NAME_REASON_WISH_TAKEN] = "the wished name is taken",
	        [NAME_REASON_WISH_IGNORED] = "the policy allows no wish",
	        [NAME_REASON_CHANGE_TOO_SOON] = "the name changed too often lately",
	        [NAME_REASON_NONE_FREE] = "no name is free",
	};

	return reason < NAME_REASONS ? texts[reason] : "unknown";
}

static const char *holding_text(enum name_holding holding)
{
	static const char *const texts[NAME_HOLDINGS] = {
	        [NAME_FREE] = "free",
	        [NAME_OURS] = "his own",
	        [NAME_TAKEN] = "taken",
	        [NAME_QUARANTINED] = "in quarantine",
	        [NAME_TRIED] = "lost to another in the zone",
	        [NAME_UNKNOWN] = "not known to be taken",
	};

	return holding < NAME_HOLDINGS ? texts[holding] : "unknown";
}

char *name_candidate_text(const struct name_candidate *candidate, char *text, size_t capacity)
{
	static const char *const outcomes[] = {
	        [NAME_CANDIDATE_CHOSEN] = "chosen",
	        [NAME_CANDIDATE_POLICY] = "not granted by policy",
	        [NAME_CANDIDATE_NO_CONSENT] = "needs the subscriber's consent",
	        [NAME_CANDIDATE_NO_DATA] = "the subscriber's data give no label",
	};
	const char *what = candidate->outcome == NAME_CANDIDATE_REFUSED ? name_verdict_text(candidate->verdict)
	                   : candidate->outcome == NAME_CANDIDATE_HELD  ? holding_text(candidate->holding)
	                                                                : outcomes[candidate->outcome];

	if (candidate->fqdn[0])
		snprintf(text, capacity, "%s (%s): %s", candidate->fqdn, candidate->origin, what);
	else
		snprintf(text, capacity, "%s: %s", candidate->origin, what);
	return text;
}

/* The placeholder at the front of `text`, or PLACEHOLDERS. */
static enum placeholder placeholder_at(const char *text)
{
	enum placeholder which = MSISDN;

	while (which < PLACEHOLDERS && strncmp(text, placeholders[which].text, strlen(placeholders[which].text)) != 0)
		which++;
	return which;
}

int name_template_check(const char *text, const char **fault)
{
	*fault = NULL;
	if (!*text || strlen(text) >= POLICY_TEMPLATE_OCTETS) {
		*fault = "a template has 1 to 63 characters";
		return -EINVAL;
	}
	while (*text) {
		enum placeholder which = *text == '{' ? placeholder_at(text) : PLACEHOLDERS;

		if (*text == '{' && which == PLACEHOLDERS) {
			*fault = "the placeholders are {msisdn} {given} {family} {name} {hash}";
			return -EINVAL;
		}
		if (*text != '{' && *text != '-' && !(*text >= 'a' && *text <= 'z') &&
		    !(*text >= '0' && *text <= '9')) {
			*fault = "a template holds a-z, 0-9, hyphen and placeholders";
			return -EINVAL;
		}
		text += which < PLACEHOLDERS ? strlen(placeholders[which].text) : 1;
	}
	return 0;
}

/* "Matti Johannes Virtanen": given is the first word, family the last; one word alone is a given name. */
static void value_of(const struct name_question *question, enum placeholder which, char *value, size_t capacity)
{
	const char *name = question->profile->name + strspn(question->profile->name, " ");
	const char *last = strrchr(name, ' ');

	value[0] = '\0';
	switch (which) {
	case MSISDN:
		snprintf(value, capacity, "%s", question->profile->msisdn);
		break;
	case GIVEN:
		snprintf(value, capacity, "%.*s", (int)strcspn(name, " "), name);
		break;
	case FAMILY:
		snprintf(value, capacity, "%s", last ? last + 1 : "");
		break;
	case FULL_NAME:
		snprintf(value, capacity, "%s", name);
		break;
	case HASH:
		owner_label(question->owner_key, question->identity, value);
		break;
	case PLACEHOLDERS:
		break;
	}
}

static struct name_candidate *add_candidate(struct name_decision *decision, const char *origin)
{
	struct name_candidate *candidate = &decision->candidates[decision->candidate_count++];

	memset(candidate, 0, sizeof(*candidate));
	snprintf(candidate->origin, sizeof(candidate->origin), "%s", origin);
	return candidate;
}

/* Fills the template's placeholders. False when it needs data or consent that are missing. */
static bool expand(const struct name_question *question, const char *template, struct name_candidate *candidate,
                   char *text, size_t capacity)
{
	size_t at = 0;

	text[0] = '\0';
	while (*template && at + 1 < capacity) {
		enum placeholder which = *template == '{' ? placeholder_at(template) : PLACEHOLDERS;

		if (which == PLACEHOLDERS) {
			text[at++] = *template ++;
			text[at] = '\0';
			continue;
		}
		if (placeholders[which].needs_consent && !question->profile->name_consent) {
			candidate->outcome = NAME_CANDIDATE_NO_CONSENT;
			return false;
		}
		value_of(question, which, text + at, capacity - at);
		if (!text[at]) {
			candidate->outcome = NAME_CANDIDATE_NO_DATA;
			return false;
		}
		at += strlen(text + at);
		template += strlen(placeholders[which].text);
	}
	return true;
}

/* Whether the candidate's fqdn can be had. */
static bool is_free(const struct name_question *question, struct name_candidate *candidate)
{
	candidate->holding = question->holding(question->context, candidate->fqdn);
	candidate->outcome =
	        candidate->holding == NAME_FREE || candidate->holding == NAME_OURS || candidate->holding == NAME_UNKNOWN
	                ? NAME_CANDIDATE_CHOSEN
	                : NAME_CANDIDATE_HELD;
	return candidate->outcome == NAME_CANDIDATE_CHOSEN;
}

static bool template_gives(const struct name_question *question, const char *template, struct name_decision *decision)
{
	struct name_candidate *candidate = add_candidate(decision, template);
	char text[512], label[NAME_LABEL_OCTETS], made[NAME_TEXT_OCTETS];

	if (!expand(question, template, candidate, text, sizeof(text)))
		return false;
	if (name_label_from_text(text, label) || name_below_zone(question->rules, label, made)) {
		candidate->outcome = NAME_CANDIDATE_NO_DATA;
		return false;
	}
	candidate->verdict = name_check(question->rules, made, strlen(made), candidate->fqdn);
	if (candidate->verdict != NAME_ALLOWED) {
		candidate->outcome = NAME_CANDIDATE_REFUSED;
		return false;
	}
	return is_free(question, candidate);
}

/* The name that stands without a wish: the one he has, else the first free template; {hash} stands last. */
static bool name_without_wish(const struct name_question *question, struct name_decision *decision)
{
	const struct name_policy_rule *rule = decision->rule;
	const struct name_candidate *chosen;
	bool found = false;

	if (question->current) {
		struct name_candidate *candidate = add_candidate(decision, "current");

		snprintf(candidate->fqdn, sizeof(candidate->fqdn), "%s", question->current);
		candidate->holding = NAME_OURS;
		found = true;
	}
	for (size_t i = 0; rule && i < rule->template_count && !found; i++)
		found = template_gives(question, rule->templates[i], decision);
	if (!found)
		found = template_gives(question, placeholders[HASH].text, decision);
	chosen = &decision->candidates[decision->candidate_count - 1];
	if (found)
		memcpy(decision->fqdn, chosen->fqdn, sizeof(decision->fqdn));
	return found;
}

static const struct name_policy_rule *rule_named(const struct name_policy *policy, const char *name)
{
	for (size_t i = 0; *name && i < policy->rule_count; i++)
		if (strcmp(policy->rules[i].name, name) == 0)
			return &policy->rules[i];
	return NULL;
}

static bool rule_matches(const struct name_policy_rule *rule, const struct subscriber_identity *identity,
                         const struct subscriber_profile *profile)
{
	size_t prefix_octets = strlen(rule->imsi_prefix);

	if (prefix_octets && (identity->kind != SUBSCRIBER_IMSI || identity->octets < prefix_octets ||
	                      memcmp(identity->value, rule->imsi_prefix, prefix_octets) != 0))
		return false;
	return (profile->services & rule->services) == rule->services;
}

static const struct name_policy_rule *find_rule(const struct name_question *question)
{
	const struct name_policy *policy = question->policy;
	const struct name_policy_rule *rule = rule_named(policy, question->profile->name_policy);

	for (size_t i = 0; !rule && i < policy->rule_count; i++)
		if (rule_matches(&policy->rules[i], question->identity, question->profile))
			rule = &policy->rules[i];
	return rule;
}

/* Judges the wish: true when it is granted. Otherwise status and reason are those of a strict refusal. */
static bool wish_granted(const struct name_question *question, enum name_wish mode, struct name_decision *decision)
{
	struct name_candidate *candidate = add_candidate(decision, "wish");
	bool is_current;

	decision->status = BOOTSTRAP_NAME_NOT_AUTHORISED;
	candidate->verdict = name_check(question->rules, question->wish, question->wish_octets, candidate->fqdn);
	is_current = question->current && strcmp(candidate->fqdn, question->current) == 0;
	if (is_current) {
		candidate->verdict = NAME_ALLOWED; /* what he has he keeps, though the rules have changed */
		candidate->holding = NAME_OURS;
	} else if (mode == NAME_WISH_NO) {
		decision->reason = NAME_REASON_WISH_IGNORED;
		candidate->outcome = NAME_CANDIDATE_POLICY;
		return false;
	} else if (candidate->verdict != NAME_ALLOWED) {
		decision->reason = NAME_REASON_WISH_NOT_ALLOWED;
		candidate->outcome = NAME_CANDIDATE_REFUSED;
		return false;
	} else if (question->current && !question->change_allowed) {
		decision->reason = NAME_REASON_CHANGE_TOO_SOON;
		candidate->outcome = NAME_CANDIDATE_POLICY;
		return false;
	} else if (!is_free(question, candidate)) {
		decision->reason = NAME_REASON_WISH_TAKEN;
		decision->status = BOOTSTRAP_NAME_IN_USE;
		return false;
	}
	decision->status = BOOTSTRAP_OK;
	decision->reason = NAME_REASON_WISH;
	memcpy(decision->fqdn, candidate->fqdn, sizeof(decision->fqdn));
	return true;
}

void name_decide(const struct name_question *question, struct name_decision *decision)
{
	enum name_wish mode;

	memset(decision, 0, sizeof(*decision));
	decision->rule = find_rule(question);
	mode = decision->rule ? decision->rule->wish : question->policy->default_wish;
	if (question->wish) {
		if (wish_granted(question, mode, decision) || mode == NAME_WISH_STRICT)
			return;
	} else {
		decision->reason = question->current ? NAME_REASON_KEPT : NAME_REASON_TEMPLATE;
	}
	decision->status = question->wish ? BOOTSTRAP_NAME_CHANGED : BOOTSTRAP_OK;
	if (!name_without_wish(question, decision)) {
		decision->status = BOOTSTRAP_NAME_IN_USE;
		decision->reason = NAME_REASON_NONE_FREE;
	}
}
