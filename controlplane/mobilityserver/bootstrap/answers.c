// SPDX-License-Identifier: BSD-3-Clause
/* What is told to the node: statuses, stored answers (B-44, B-45), PENDING (B-43), and the answer that grants. */
#include "saga.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "request_keys.h"

enum { HOME_PREFIX_LENGTH = 64, HOST_PREFIX_LENGTH = 128 };

static void count_answer(struct bootstrap *core, uint32_t status)
{
	struct bootstrap_counters *counters = &core->counters;
	const struct {
		uint32_t status;
		uint64_t *counter;
	} all[] = {
	        {BOOTSTRAP_OK, &counters->answers_ok},
	        {BOOTSTRAP_NAME_CHANGED, &counters->answers_name_changed},
	        {BOOTSTRAP_PENDING, &counters->answers_pending},
	        {BOOTSTRAP_MALFORMED, &counters->answers_malformed},
	        {BOOTSTRAP_BAD_PROOF, &counters->answers_bad_proof},
	        {BOOTSTRAP_KEY_REFUSED, &counters->answers_key_refused},
	        {BOOTSTRAP_NAME_NOT_AUTHORISED, &counters->answers_name_not_authorised},
	        {BOOTSTRAP_NAME_IN_USE, &counters->answers_name_in_use},
	        {BOOTSTRAP_ADDRESS_NOT_AUTHORISED, &counters->answers_address_not_authorised},
	        {BOOTSTRAP_POOL_EMPTY, &counters->answers_pool_empty},
	        {BOOTSTRAP_DNS_FAILED, &counters->answers_dns_failed},
	        {BOOTSTRAP_STORE_FAILED, &counters->answers_store_failed},
	        {BOOTSTRAP_BARRED, &counters->answers_barred},
	        {BOOTSTRAP_RATE_LIMITED, &counters->answers_rate_limited},
	        {BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL, &counters->answers_key_change},
	        {BOOTSTRAP_UNSUPPORTED, &counters->answers_unsupported},
	        {BOOTSTRAP_UNKNOWN_REQUEST, &counters->answers_unknown_request},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].status == status)
			(*all[i].counter)++;
}

/* The AVPs of PENDING and of refusals (B-34). */
static size_t write_status(const struct bootstrap *core, const uint8_t *request_id, uint32_t status,
                           uint32_t retry_after_ms, uint8_t *avps, size_t capacity)
{
	struct wire_writer writer = wire_writer_of(avps, capacity);
	struct bootstrap_avps content = {
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_STATUS),
	        .status = status,
	        .retry_after_ms = retry_after_ms,
	};

	if (request_id)
		memcpy(content.request_id, request_id, sizeof(content.request_id));
	if (status == BOOTSTRAP_PENDING || (status == BOOTSTRAP_RATE_LIMITED && retry_after_ms)) {
		content.present |= bootstrap_bit(BOOT_RETRY_AFTER);
		if (content.retry_after_ms < BOOTSTRAP_RETRY_AFTER_MIN_MS)
			content.retry_after_ms = BOOTSTRAP_RETRY_AFTER_MIN_MS;
		if (content.retry_after_ms > BOOTSTRAP_RETRY_AFTER_MAX_MS)
			content.retry_after_ms = BOOTSTRAP_RETRY_AFTER_MAX_MS;
	}
	bootstrap_avps_write(&writer, core->options.vendor, &content);
	return wire_written(&writer);
}

static void send_answer(struct bootstrap *core, uint64_t session, uint32_t number, uint32_t status, const void *avps,
                        size_t octets, const struct instant *now, struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &core->options.outlet;

	count_answer(core, status);
	outlet->answer(outlet->context, session, number, avps, octets, now, effects);
}

void answer_status(struct bootstrap *core, const struct bootstrap_session *session, uint32_t number,
                   const uint8_t *request_id, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
                   struct effects *effects)
{
	uint8_t avps[128];
	size_t octets = write_status(core, request_id, status, retry_after_ms, avps, sizeof(avps));

	send_answer(core, session->token, number, status, avps, octets, now, effects);
}

struct stored_answer *answer_find(const struct holder *holder, const struct bootstrap_session *session,
                                  const uint8_t *request_id)
{
	struct stored_answer *at = holder->answers;

	while (at && (at->session != session->token || at->session_id != session->session_id ||
	              at->key_id != session->key_id || memcmp(at->request_id, request_id, sizeof(at->request_id)) != 0))
		at = at->next;
	return at;
}

void answer_repeat(struct bootstrap *core, const struct stored_answer *stored, uint32_t number,
                   const struct instant *now, struct effects *effects)
{
	core->counters.answers_repeated++;
	send_answer(core, stored->session, number, stored->status, stored->avps, stored->octets, now, effects);
}

static void free_answer(struct stored_answer *answer)
{
	OPENSSL_cleanse(answer, sizeof(*answer) + answer->octets);
	free(answer);
}

void answers_forget(struct holder *holder, uint64_t session, bool all)
{
	struct stored_answer **at = &holder->answers;

	while (*at) {
		struct stored_answer *answer = *at;

		if (all || answer->session == session) {
			*at = answer->next;
			free_answer(answer);
		} else {
			at = &answer->next;
		}
	}
}

void answer_keep(struct saga *saga, uint32_t status, bool proven, const void *avps, size_t octets)
{
	struct holder *holder = saga->holder;
	struct stored_answer *answer, **at = &holder->answers;

	answer = allocate(sizeof(*answer) + octets);
	answer->session = saga->session.token;
	answer->session_id = saga->session.session_id;
	answer->key_id = saga->session.key_id;
	memcpy(answer->request_id, saga->request_id, sizeof(answer->request_id));
	memcpy(answer->content_digest, saga->content_digest, sizeof(answer->content_digest));
	answer->status = status;
	answer->proven = proven;
	answer->octets = octets;
	memcpy(answer->avps, avps, octets);
	for (int kept = 1; *at; kept++) {
		struct stored_answer *older = *at;
		bool same = older->session == answer->session && older->key_id == answer->key_id &&
		            memcmp(older->request_id, answer->request_id, sizeof(older->request_id)) == 0;

		if (same || kept >= STORED_ANSWERS_MAX) {
			*at = older->next;
			free_answer(older);
			kept -= same;
		} else {
			at = &older->next;
		}
	}
	answer->next = holder->answers;
	holder->answers = answer;
}

static uint32_t retry_after(unsigned told_pending)
{
	uint32_t retry_ms = RETRY_AFTER_FIRST_MS;

	while (told_pending-- && retry_ms < RETRY_AFTER_MAX_MS)
		retry_ms *= 2;
	return retry_ms;
}

/* Not done in 500 ms: PENDING, and the node polls (B-43). */
static void tell_pending(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct saga *saga = timer_owner(timer, struct saga, waiting.timer);
	struct waiting_request *waiting = &saga->waiting;

	waiting->waits = false;
	answer_status(saga->core, &saga->session, waiting->number, saga->request_id, BOOTSTRAP_PENDING,
	              retry_after(waiting->told_pending++), now, effects);
}

void saga_wait_with(struct saga *saga, uint32_t number, const struct instant *now)
{
	saga->waiting.waits = true;
	saga->waiting.number = number;
	timer_arm(saga->core->options.timers, &saga->waiting.timer, now->monotonic_ms + PENDING_AFTER_MS, tell_pending);
}

void saga_tell(struct saga *saga, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
               struct effects *effects)
{
	bool granted = status <= BOOTSTRAP_NAME_CHANGED;
	uint8_t refusal[128];
	const uint8_t *avps = granted ? saga->answer : refusal;
	size_t octets =
	        granted ? saga->answer_octets
	                : write_status(saga->core, saga->request_id, status, retry_after_ms, refusal, sizeof(refusal));

	if (saga->session_over)
		return;
	answer_keep(saga, status, saga->state >= SAGA_AUTHORISED, avps, octets);
	if (!saga->waiting.waits)
		return;
	timer_disarm(&saga->waiting.timer);
	saga->waiting.waits = false;
	send_answer(saga->core, saga->session.token, saga->waiting.number, status, avps, octets, now, effects);
}

static uint32_t seconds_until(uint64_t end_ms, uint64_t now_ms)
{
	uint64_t seconds = end_ms > now_ms ? (end_ms - now_ms) / 1000 : 0;

	return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

uint32_t association_lifetime_s(const struct saga *saga, const struct instant *now)
{
	uint32_t session_s = seconds_until(saga->session.expires_ms, now->monotonic_ms);
	uint32_t lease_s = seconds_until(saga->target.expires_ms, now->unix_ms);

	return session_s < lease_s ? session_s : lease_s;
}

static struct bootstrap_address address_of(const struct in6_addr *address, uint8_t prefix_length)
{
	struct bootstrap_address result = {.family = BOOTSTRAP_IPV6, .prefix_length = prefix_length};

	memcpy(result.address, address, sizeof(result.address));
	return result;
}

static struct wire_view view_of_text(const char *text)
{
	return (struct wire_view){.bytes = (const uint8_t *)text, .octets = strlen(text)};
}

static void describe(const struct saga *saga, uint32_t spi, const struct instant *now, struct bootstrap_avps *avps)
{
	const struct bootstrap_options *options = &saga->core->options;
	const struct lease_row *target = &saga->target;
	uint32_t lease_s = seconds_until(target->expires_ms, now->unix_ms);

	memset(avps, 0, sizeof(*avps));
	avps->present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_STATUS) |
	                bootstrap_bit(BOOT_ASSIGNED_FQDN) | bootstrap_bit(BOOT_ASSIGNED_ADDRESS) |
	                bootstrap_bit(BOOT_SERVER_HOST_IDENTITY) | bootstrap_bit(BOOT_MOBILITY_SERVER_ADDRESS) |
	                bootstrap_bit(BOOT_LEASE_LIFETIME) | bootstrap_bit(BOOT_SERVICE_TYPE);
	memcpy(avps->request_id, saga->request_id, sizeof(avps->request_id));
	avps->status = saga->status;
	avps->fqdn = view_of_text(target->fqdn);
	avps->addresses.count = 1;
	avps->addresses.at[0] = address_of(&target->address, HOME_PREFIX_LENGTH);
	avps->addresses.at[0].lifetime_s = lease_s;
	avps->host_identity = (struct wire_view){saga->core->host_identity, saga->core->host_identity_octets};
	avps->server_addresses.count = 1;
	avps->server_addresses.at[0] = address_of(&options->home_agent, HOST_PREFIX_LENGTH);
	avps->lease_lifetime_s = lease_s;
	avps->services = target->services;
	if (target->services & (SERVICE_MIP6 | SERVICE_DSMIP6)) {
		avps->present |= bootstrap_bit(BOOT_MOBILITY_SA);
		avps->association = (struct bootstrap_association){
		        .spi = spi,
		        .algorithm = BOOTSTRAP_SA_HMAC_SHA1_96,
		        .replay = options->timestamps ? BOOTSTRAP_REPLAY_TIMESTAMP : BOOTSTRAP_REPLAY_SEQUENCE,
		        .lifetime_s = association_lifetime_s(saga, now),
		};
	}
	if (target->services & SERVICE_HIP) {
		avps->present |= bootstrap_bit(BOOT_RVS_NAME);
		avps->rvs_name = view_of_text(options->paa_id);
	}
}

int answer_build(struct saga *saga, uint32_t spi, const struct instant *now)
{
	struct wire_writer writer = wire_writer_of(saga->answer, sizeof(saga->answer));
	struct bootstrap_avps avps;
	int result;

	describe(saga, spi, now, &avps);
	bootstrap_avps_write(&writer, saga->core->options.vendor, &avps);
	if (!wire_written(&writer))
		return -EMSGSIZE;
	result = request_sign_answer(saga, saga->answer, wire_written(&writer), &writer);
	if (result)
		return result;
	saga->answer_octets = wire_written(&writer);
	return saga->answer_octets ? 0 : -EMSGSIZE;
}
