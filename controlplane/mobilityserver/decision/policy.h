// SPDX-License-Identifier: BSD-3-Clause
/*
 * policy - which name a subscriber gets (step 9 of architecture.md 1; operation.md 2; B-39, D-14, P-3).
 *
 * The decision is a pure function of the authenticated identity, the subscriber's data, the operator's rules, and what
 * the zone and the leases hold; it carries its reason and every candidate that was looked at, for `policy test` and
 * `explain`. Any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_POLICY_H
#define KEDGE_MOBILITYSERVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "bootstrap_avp.h"
#include "name.h"
#include "owner.h"
#include "secret.h"
#include "subscriber.h"

enum {
	POLICY_TEMPLATES_MAX = 8,
	POLICY_TEMPLATE_OCTETS = 64,
	POLICY_IMSI_PREFIX_OCTETS = 16,
	POLICY_CANDIDATES_MAX = POLICY_TEMPLATES_MAX + 3, /* the wish, the name so far, the templates, {hash} */
};

enum name_wish {
	NAME_WISH_PREFER, /* a wish that cannot be had gives another name, status 1 */
	NAME_WISH_STRICT, /* … is refused, 203 or 204 */
	NAME_WISH_NO,     /* wishes are not listened to */
};

/*
 * {match: {imsi-prefix, services}, names: [template…], wish}. A rule matches when the identity is an IMSI with this
 * prefix (empty: any identity) and the subscriber may use all `services`. A subscriber whose profile names a policy
 * (Name-Policy) takes the rule of that `name` instead, whatever it matches.
 */
struct name_policy_rule {
	char name[SUBSCRIBER_POLICY_OCTETS]; /* may be empty */
	char imsi_prefix[POLICY_IMSI_PREFIX_OCTETS];
	uint32_t services;
	char templates[POLICY_TEMPLATES_MAX][POLICY_TEMPLATE_OCTETS];
	size_t template_count;
	enum name_wish wish;
};

struct name_policy {
	const struct name_policy_rule *rules;
	size_t rule_count;
	enum name_wish default_wish; /* when no rule matches; then {hash} is the only template */
};

/*
 * Whether `text` is a template: characters of a label and {msisdn} {given} {family} {name} {hash}. Returns 0, or
 * -EINVAL with what is wrong in `fault` (a string literal).
 */
int name_template_check(const char *text, const char **fault);

/* What leases and zone say about a name, seen from this subscriber. */
enum name_holding {
	NAME_FREE,
	NAME_OURS,        /* his: leased to him, in his own quarantine, or in the zone with his marker */
	NAME_TAKEN,       /* another subscriber's, or in the zone without our marker for him */
	NAME_QUARANTINED, /* rests after another subscriber had it */
	NAME_TRIED,       /* the zone refused it a moment ago (D-4) */
	NAME_UNKNOWN,     /* the zone's contents are not known: may be tried, the prerequisite decides (D-11) */
	NAME_HOLDINGS,
};

struct name_question {
	const struct name_rules *rules;
	const struct name_policy *policy;
	const struct secret *owner_key;
	const struct subscriber_identity *identity;
	const struct subscriber_profile *profile;
	const void *wish; /* the value of Desired-FQDN, or NULL */
	size_t wish_octets;
	const char *current; /* the name he has, or NULL */
	bool change_allowed; /* false: his name changed too often lately (D-14, L-8) */
	void *context;
	enum name_holding (*holding)(void *context, const char *fqdn);
};

enum name_reason {
	NAME_REASON_WISH,             /* as wished */
	NAME_REASON_KEPT,             /* no wish: the name stays (D-14) */
	NAME_REASON_TEMPLATE,         /* no wish: first free template */
	NAME_REASON_WISH_NOT_ALLOWED, /* the rules of D-9 forbid the wished name */
	NAME_REASON_WISH_TAKEN,
	NAME_REASON_WISH_IGNORED,    /* the policy does not listen to wishes */
	NAME_REASON_CHANGE_TOO_SOON, /* D-14: limited like key changes */
	NAME_REASON_NONE_FREE,       /* not even {hash} */
	NAME_REASONS,
};

const char *name_reason_text(enum name_reason reason);

enum name_candidate_outcome {
	NAME_CANDIDATE_CHOSEN,
	NAME_CANDIDATE_REFUSED,    /* see its verdict */
	NAME_CANDIDATE_HELD,       /* see its holding */
	NAME_CANDIDATE_POLICY,     /* the policy listens to no wish, or to none now; see the decision's reason */
	NAME_CANDIDATE_NO_CONSENT, /* P-3 */
	NAME_CANDIDATE_NO_DATA,    /* the template's data are unknown, or make no label */
};

struct name_candidate {
	char origin[POLICY_TEMPLATE_OCTETS]; /* "wish", "current", or the template */
	char fqdn[NAME_TEXT_OCTETS];         /* empty when none could be made */
	enum name_candidate_outcome outcome;
	enum name_verdict verdict;
	enum name_holding holding;
};

/* One sentence about a candidate, e.g. "matti.mob.example: taken". Returns `text`. */
char *name_candidate_text(const struct name_candidate *candidate, char *text, size_t capacity);

struct name_decision {
	enum bootstrap_status status; /* 0, 1, 203 or 204 */
	enum name_reason reason;
	char fqdn[NAME_TEXT_OCTETS];         /* empty with 203 and 204 */
	const struct name_policy_rule *rule; /* NULL when none matched */
	struct name_candidate candidates[POLICY_CANDIDATES_MAX];
	size_t candidate_count;
};

/* The wish, if the first rule that matches listens to it; else the current name; else that rule's templates, {hash}
 * last. */
void name_decide(const struct name_question *question, struct name_decision *decision);

#endif
