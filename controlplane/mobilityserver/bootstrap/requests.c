// SPDX-License-Identifier: BSD-3-Clause
/* The first checks of a request, in the order of B-42: occurrence, id, stored answer, key, signature. */
#include "saga.h"

#include <string.h>

#include "request_keys.h"

static bool same_session(const struct saga *saga, const struct bootstrap_session *session)
{
	return !saga->resumed && saga->session.token == session->token &&
	       saga->session.session_id == session->session_id && saga->session.key_id == session->key_id;
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, BOOTSTRAP_REQUEST_ID_OCTETS) == 0;
}

/* One request and what answering it takes. */
struct incoming {
	struct bootstrap *core;
	const struct bootstrap_session *session;
	uint32_t number;
	const void *plaintext;
	size_t octets;
	struct bootstrap_avps avps;
	const struct instant *now;
	struct effects *effects;
};

static struct wire_view plaintext_of(const struct incoming *incoming)
{
	return (struct wire_view){.bytes = incoming->plaintext, .octets = incoming->octets};
}

static void refuse(const struct incoming *incoming, uint32_t status, uint32_t retry_after_ms)
{
	const uint8_t *id = bootstrap_has(&incoming->avps, BOOT_REQUEST_ID) ? incoming->avps.request_id : NULL;

	answer_status(incoming->core, incoming->session, incoming->number, id, status, retry_after_ms, incoming->now,
	              incoming->effects);
}

/* B-45: valid only in the (SID, Key-Id) of its full request. */
static void poll(const struct incoming *incoming, struct holder *holder)
{
	const struct stored_answer *stored = answer_find(holder, incoming->session, incoming->avps.request_id);
	struct saga *saga = holder->saga;

	incoming->core->counters.polls++;
	if (saga && saga->state != SAGA_UNDOING && same_session(saga, incoming->session) &&
	    same_id(saga->request_id, incoming->avps.request_id))
		saga_wait_with(saga, incoming->number, incoming->now);
	else if (stored)
		answer_repeat(incoming->core, stored, incoming->number, incoming->now, incoming->effects);
	else
		refuse(incoming, BOOTSTRAP_UNKNOWN_REQUEST, 0);
}

/* F-7: three checks a minute; otherwise the time until the next in *retry_ms. */
static bool signature_check_allowed(struct holder *holder, uint64_t now_ms, uint32_t *retry_ms)
{
	uint64_t *checks = holder->signature_checks_ms;
	uint64_t oldest = checks[SIGNATURE_CHECKS_MAX - 1];

	if (oldest && now_ms + 1 - oldest < SIGNATURE_WINDOW_MS) {
		*retry_ms = (uint32_t)(SIGNATURE_WINDOW_MS - (now_ms + 1 - oldest));
		return false;
	}
	memmove(checks + 1, checks, (SIGNATURE_CHECKS_MAX - 1) * sizeof(*checks));
	checks[0] = now_ms + 1;
	return true;
}

static void keep_session(struct saga *saga, const struct bootstrap_session *session)
{
	saga->session = *session;
	saga->session.paa_nonce = (struct wire_view){saga->paa_nonce, session->paa_nonce.octets};
	saga->session.pac_nonce = (struct wire_view){saga->pac_nonce, session->pac_nonce.octets};
	memcpy(saga->paa_nonce, session->paa_nonce.bytes, session->paa_nonce.octets);
	memcpy(saga->pac_nonce, session->pac_nonce.bytes, session->pac_nonce.octets);
}

static void keep_wishes(struct saga *saga, const struct bootstrap_avps *avps)
{
	size_t kept = avps->fqdn.octets < sizeof(saga->wished_name) ? avps->fqdn.octets : sizeof(saga->wished_name);

	memcpy(saga->request_id, avps->request_id, sizeof(saga->request_id));
	saga->wished_services = avps->services;
	saga->has_wished_name = bootstrap_has(avps, BOOT_DESIRED_FQDN);
	saga->wished_name_octets = avps->fqdn.octets;
	if (kept)
		memcpy(saga->wished_name, avps->fqdn.bytes, kept);
	for (uint8_t i = 0; i < avps->addresses.count; i++) {
		struct in6_addr *wish = &saga->wished_addresses[saga->wished_address_count++];

		if (avps->addresses.at[i].family == BOOTSTRAP_IPV6) {
			memcpy(wish, avps->addresses.at[i].address, sizeof(*wish));
		} else {
			memcpy(wish->s6_addr + 10, "\xff\xff", 2);
			memcpy(wish->s6_addr + 12, avps->addresses.at[i].address, 4);
		}
	}
	saga->identity.octets = (uint16_t)avps->host_identity.octets;
	memcpy(saga->identity.value, avps->host_identity.bytes, avps->host_identity.octets);
}

static void begin_saga(const struct incoming *incoming, struct holder *holder, const uint8_t *digest)
{
	struct saga *saga = saga_new(holder);

	keep_session(saga, incoming->session);
	keep_wishes(saga, &incoming->avps);
	memcpy(saga->content_digest, digest, sizeof(saga->content_digest));
	request_take_keys(saga, plaintext_of(incoming), incoming->avps.shared_secret);
	saga_wait_with(saga, incoming->number, incoming->now);
	saga_verify(saga, incoming->avps.signature, incoming->effects);
}

/* What is already known of this id; true when the request is answered by that, or waits with it. */
static bool known(const struct incoming *incoming, struct holder *holder, const uint8_t *digest)
{
	const struct stored_answer *stored = answer_find(holder, incoming->session, incoming->avps.request_id);
	struct saga *saga = holder->saga;

	if (saga && same_session(saga, incoming->session) && same_id(saga->request_id, incoming->avps.request_id)) {
		if (memcmp(saga->content_digest, digest, DIGEST_OCTETS) != 0)
			refuse(incoming, BOOTSTRAP_MALFORMED, 0);
		else if (saga->state == SAGA_UNDOING)
			refuse(incoming, BOOTSTRAP_RATE_LIMITED, UNDO_RETRY_FIRST_MS);
		else
			saga_wait_with(saga, incoming->number, incoming->now);
		return true;
	}
	if (stored && stored->proven && memcmp(stored->content_digest, digest, DIGEST_OCTETS) != 0) {
		refuse(incoming, BOOTSTRAP_MALFORMED, 0);
		return true;
	}
	if (stored && stored->status <= BOOTSTRAP_NAME_CHANGED) {
		answer_repeat(incoming->core, stored, incoming->number, incoming->now, incoming->effects);
		return true;
	}
	if (saga) {
		refuse(incoming, BOOTSTRAP_RATE_LIMITED, RETRY_AFTER_FIRST_MS); /* F-6 */
		return true;
	}
	return false;
}

static void full_request(const struct incoming *incoming, struct holder *holder)
{
	struct hip_host_identity identity;
	uint8_t digest[DIGEST_OCTETS];
	uint32_t retry_ms = 0;

	incoming->core->counters.requests++;
	request_content_digest(plaintext_of(incoming), digest);
	if (known(incoming, holder, digest))
		return;
	if (!hip_identity_value_read(incoming->avps.host_identity, &identity)) {
		refuse(incoming, BOOTSTRAP_KEY_REFUSED, 0);
		return;
	}
	if (!bootstrap_has(&incoming->avps, BOOT_POP_SIGNATURE)) {
		refuse(incoming, BOOTSTRAP_BAD_PROOF, 0); /* K-12 */
		return;
	}
	if (!signature_check_allowed(holder, incoming->now->monotonic_ms, &retry_ms)) {
		refuse(incoming, BOOTSTRAP_RATE_LIMITED, retry_ms);
		return;
	}
	begin_saga(incoming, holder, digest);
}

void bootstrap_request(struct bootstrap *core, const struct bootstrap_session *session, uint32_t request_number,
                       const void *plaintext, size_t octets, const struct instant *now, struct effects *effects)
{
	struct incoming incoming = {
	        .core = core,
	        .session = session,
	        .number = request_number,
	        .plaintext = plaintext,
	        .octets = octets,
	        .now = now,
	        .effects = effects,
	};
	char key[SUBSCRIBER_KEY_OCTETS];
	enum bootstrap_status status = bootstrap_request_read(plaintext, octets, core->options.vendor, &incoming.avps);
	struct holder *holder;

	core->now_ms = now->unix_ms;
	if (status != BOOTSTRAP_OK || subscriber_key(&session->identity, key)) {
		refuse(&incoming, status != BOOTSTRAP_OK ? status : BOOTSTRAP_MALFORMED, 0);
		return;
	}
	holder = holder_need(core, key);
	if (holder->ending) /* what was promised is just taken back */
		refuse(&incoming, BOOTSTRAP_RATE_LIMITED, RETRY_AFTER_FIRST_MS);
	else if (incoming.avps.message == BOOTSTRAP_REQUEST_POLL)
		poll(&incoming, holder);
	else
		full_request(&incoming, holder);
	holder_release(holder);
}

void bootstrap_session_ended(struct bootstrap *core, const struct subscriber_identity *identity, uint64_t session)
{
	char key[SUBSCRIBER_KEY_OCTETS];
	struct holder *holder = subscriber_key(identity, key) ? NULL : holder_find(core, key);
	struct saga *saga = holder ? holder->saga : NULL;

	if (!holder)
		return;
	if (saga && saga->session.token == session) {
		saga->session_over = true;
		saga->waiting.waits = false;
		timer_disarm(&saga->waiting.timer);
	}
	answers_forget(holder, session, false);
	holder_release(holder);
}
