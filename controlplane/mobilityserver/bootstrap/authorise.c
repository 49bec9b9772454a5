// SPDX-License-Identifier: BSD-3-Clause
/* AUTHORISED: who he is (the directory), what he may have (services, policy), and what of it is new. */
#include "saga.h"

#include <stdio.h>
#include <string.h>

/* Whether LEASE_CHANGES_MAX changes lie within `window_ms` before now. */
static bool changed_often(const uint64_t changes_ms[LEASE_CHANGES_MAX], uint64_t window_ms, uint64_t now_ms)
{
	uint64_t oldest = changes_ms[LEASE_CHANGES_MAX - 1];

	return oldest && now_ms < oldest + window_ms;
}

static void add_change(uint64_t changes_ms[LEASE_CHANGES_MAX], uint64_t now_ms)
{
	memmove(changes_ms + 1, changes_ms, (LEASE_CHANGES_MAX - 1) * sizeof(*changes_ms));
	changes_ms[0] = now_ms;
}

/* L-8, F-8: three changes within an hour are two devices that fight; three a day are enough. */
static uint32_t judge_key_change(const struct saga *saga, const struct instant *now)
{
	const struct lease *lease = saga->holder->lease;

	if (!lease || memcmp(lease->identity->hit, saga->identity.hit, HIT_OCTETS) == 0)
		return BOOTSTRAP_OK;
	if (changed_often(lease->key_changes_ms, HOUR_MS, now->unix_ms))
		return BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL;
	return changed_often(lease->key_changes_ms, DAY_MS, now->unix_ms) ? BOOTSTRAP_RATE_LIMITED : BOOTSTRAP_OK;
}

static uint32_t decide_address(struct saga *saga, struct address_decision *decision)
{
	const struct bootstrap_options *options = &saga->core->options;
	const struct address_question question = {
	        .pool = &saga->core->pool,
	        .subscriber = saga->holder->key,
	        .current = saga->holder->has_address ? &saga->holder->address : NULL,
	        .reservations = options->reservations,
	        .reservation_count = options->reservation_count,
	        .wishes = saga->wished_addresses,
	        .wish_count = saga->wished_address_count,
	        .wish_strict = options->policy.address_wish_strict,
	};

	address_decide(&question, decision);
	saga->target.address = decision->address;
	saga->address_is_new = !saga->holder->lease ||
	                       memcmp(&saga->holder->lease->address, &decision->address, sizeof(struct in6_addr)) != 0;
	return decision->status;
}

struct seen_by {
	const struct saga *saga;
	uint64_t now_ms;
};

static enum name_holding holding(void *context, const char *fqdn)
{
	const struct seen_by *seen = context;

	return name_holding(seen->saga->holder, seen->saga, fqdn, seen->now_ms);
}

static bool was_tried(const struct saga *saga, const char *fqdn)
{
	for (size_t i = 0; i < saga->tried_count; i++)
		if (strcmp(saga->tried[i], fqdn) == 0)
			return true;
	return false;
}

static uint32_t decide_name(struct saga *saga, const struct instant *now, struct name_decision *decision)
{
	const struct bootstrap_options *options = &saga->core->options;
	const struct lease *lease = saga->holder->lease;
	struct seen_by seen = {.saga = saga, .now_ms = now->unix_ms};
	struct subscriber_identity identity;
	const struct name_question question = {
	        .rules = &options->policy.names,
	        .policy = &options->policy.name_policy,
	        .owner_key = options->owner_key,
	        .identity = &identity,
	        .profile = &saga->profile,
	        .wish = saga->has_wished_name ? saga->wished_name : NULL,
	        .wish_octets = saga->wished_name_octets,
	        .current = lease && !was_tried(saga, lease->fqdn) ? lease->fqdn : NULL,
	        .change_allowed = !lease || !changed_often(lease->name_changes_ms, DAY_MS, now->unix_ms),
	        .context = &seen,
	        .holding = holding,
	};

	holder_identity(saga->holder, &identity);
	name_decide(&question, decision);
	memcpy(saga->target.fqdn, decision->fqdn, sizeof(saga->target.fqdn));
	saga->name_is_new = !lease || strcmp(lease->fqdn, decision->fqdn) != 0;
	return decision->status;
}

uint32_t saga_decide_name(struct saga *saga, const struct instant *now)
{
	struct name_decision decision;
	uint32_t status = decide_name(saga, now, &decision);

	saga->name_reason = name_reason_text(decision.reason);
	saga->status = status;
	return status;
}

/* The times of the changes that count (L-8, D-14). */
static void count_changes(struct saga *saga, const struct lease *lease, const struct instant *now)
{
	struct lease_row *target = &saga->target;

	memcpy(target->key_changes_ms, lease->key_changes_ms, sizeof(target->key_changes_ms));
	memcpy(target->name_changes_ms, lease->name_changes_ms, sizeof(target->name_changes_ms));
	if (saga->identity_is_new)
		add_change(target->key_changes_ms, now->unix_ms);
	if (saga->name_is_new)
		add_change(target->name_changes_ms, now->unix_ms);
}

void saga_compare(struct saga *saga, const struct instant *now)
{
	const struct lease *lease = saga->holder->lease;
	bool rendezvous_changes = lease && ((lease->services ^ saga->target.services) & SERVICE_HIP);

	saga->identity_is_new = !lease || memcmp(lease->identity->hit, saga->identity.hit, HIT_OCTETS) != 0;
	saga->zone_changes = saga->name_is_new || saga->address_is_new || saga->identity_is_new || rendezvous_changes;
	if (lease)
		count_changes(saga, lease, now);
	snprintf(saga->reason, sizeof(saga->reason), "name: %s; address: %s; services: %s", saga->name_reason,
	         saga->address_reason, saga->services_reason);
}

static void fill_target(struct saga *saga, const struct instant *now)
{
	struct bootstrap *core = saga->core;

	strcpy(saga->target.subscriber, saga->holder->key);
	saga->target.identity = saga->identity;
	saga->target.expires_ms = now->unix_ms + core->options.policy.lease_lifetime_s * 1000ull;
	saga->target.version = ++core->next_version;
	saga_compare(saga, now);
}

/* B-44: the decision for this id stands, and is that of the lease as it is. */
static bool decision_stands(const struct saga *saga, const struct instant *now, const struct decision **decision)
{
	const struct lease *lease = saga->holder->lease;
	uint32_t allowed = saga->profile.services & saga->core->options.services;

	*decision = holder_decision(saga->holder, saga->request_id);
	return *decision && lease && lease->expires_ms > now->unix_ms && (*decision)->version == lease->version &&
	       (lease->services & ~allowed) == 0 &&
	       memcmp((*decision)->content_digest, saga->content_digest, DIGEST_OCTETS) == 0;
}

static void reuse(struct saga *saga, const struct decision *decision, const struct instant *now,
                  struct effects *effects)
{
	saga->reused = true;
	saga->status = decision->status;
	memcpy(saga->billing_id, decision->billing_id, sizeof(saga->billing_id));
	lease_to_row(saga->holder, saga->holder->lease, &saga->target);
	snprintf(saga->reason, sizeof(saga->reason), "the decision of an earlier session stands");
	saga->core->counters.decisions_reused++;
	saga_commit(saga, now, effects);
}

/* The rest of B-42: services, then policy. Returns a status. */
static uint32_t decide(struct saga *saga, const struct instant *now)
{
	struct services_decision services =
	        services_decide(saga->wished_services, saga->profile.services, saga->core->options.services);
	struct address_decision address;
	uint32_t status;

	saga->services_reason = services_reason_text(services.reason);
	saga->target.services = services.granted;
	if (!services.granted)
		return BOOTSTRAP_UNSUPPORTED;
	if (saga->profile.barred)
		return BOOTSTRAP_BARRED;
	status = judge_key_change(saga, now);
	if (status != BOOTSTRAP_OK)
		return status;
	status = decide_address(saga, &address);
	saga->address_reason = address_reason_text(address.reason);
	if (status != BOOTSTRAP_OK)
		return status;
	return saga_decide_name(saga, now);
}

static void explain_refusal(struct saga *saga, uint32_t status)
{
	const char *why =
	        status == BOOTSTRAP_UNSUPPORTED                                                ? saga->services_reason
	        : status == BOOTSTRAP_ADDRESS_NOT_AUTHORISED || status == BOOTSTRAP_POOL_EMPTY ? saga->address_reason
	        : status == BOOTSTRAP_NAME_NOT_AUTHORISED || status == BOOTSTRAP_NAME_IN_USE   ? saga->name_reason
	        : status == BOOTSTRAP_BARRED ? "the subscriber is barred"
	                                     : "the key changed too often lately";

	snprintf(saga->reason, sizeof(saga->reason), "%s", why);
}

static void found(void *context, uint64_t token, int result, const struct subscriber_profile *profile,
                  const struct instant *now, struct effects *effects)
{
	struct saga *saga = saga_of_token(context, token);
	const struct decision *decision;
	uint32_t status;

	if (!saga || saga->state != SAGA_RECEIVED)
		return;
	saga->state = SAGA_AUTHORISED;
	if (result) {
		snprintf(saga->reason, sizeof(saga->reason), "the directory does not answer");
		saga_finish(saga, BOOTSTRAP_STORE_FAILED, 0, now, effects);
		return;
	}
	saga->profile = *profile;
	if (!saga->profile.barred && decision_stands(saga, now, &decision)) {
		reuse(saga, decision, now, effects);
		return;
	}
	status = decide(saga, now);
	if (status > BOOTSTRAP_NAME_CHANGED) {
		explain_refusal(saga, status);
		saga_finish(saga, status, status == BOOTSTRAP_RATE_LIMITED ? BOOTSTRAP_RETRY_AFTER_MAX_MS : 0, now,
		            effects);
		return;
	}
	randomness_fill(saga->core->options.randomness, saga->billing_id, sizeof(saga->billing_id));
	fill_target(saga, now);
	if (saga->zone_changes)
		saga_reserve(saga, now, effects);
	else
		saga_commit(saga, now, effects);
}

void saga_authorise(struct saga *saga, const struct instant *now, struct effects *effects)
{
	const struct directory *directory = &saga->core->options.directory;

	directory->look_up(directory->context, &saga->session.identity, &saga->session.profile, found, saga->core,
	                   saga->token, now, effects);
}
