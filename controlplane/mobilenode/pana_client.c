// SPDX-License-Identifier: BSD-3-Clause
/* The client's life: timers, own requests, ends. */
#include "pana_client_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/crypto.h>

#include "allocation.h"

enum {
	INITIATION_IRT_MS = 1000, /* B-5 */
	INITIATION_MRT_MS = 120000,
	REQUEST_IRT_MS = 1000,
	REQUEST_MRT_MS = 30000,
	REQUEST_MRC = 10,
	PROGRESS_MS = 10000, /* B-15 */
	AUTHENTICATION_MS = 60000,
	REAUTHENTICATION_RETRY_MS = 1000, /* a request is out */
	PING_INTERVAL_MS = 1000,          /* F-9 */
	REPEATS_MAX = 5,                  /* B-22 */
	REQUESTS_MAX = 1 << 30,           /* B-17 */
	REQUESTS_KEPT = 4,                /* for the re-authentication itself */
	RAND_TENTHS = 10,
};

static void retransmit_fired(struct timer *timer, const struct instant *now, struct effects *effects);
static void lifetime_fired(struct timer *timer, const struct instant *now, struct effects *effects);

struct pana_client *pana_client_new(const struct pana_client_settings *settings,
                                    const struct pana_client_outlet *outlet, struct randomness *randomness,
                                    struct timer_wheel *timers)
{
	struct pana_client *client = allocate(sizeof(*client));

	client->settings = *settings;
	client->outlet = *outlet;
	client->randomness = randomness;
	client->timers = timers;
	return client;
}

/* Back to idle; what is counted stays, and so does why the last session ended. */
static void forget(struct pana_client *client)
{
	timer_disarm(&client->retransmit);
	timer_disarm(&client->progress);
	timer_disarm(&client->deadline);
	timer_disarm(&client->lifetime);
	timer_disarm(&client->end);
	timer_disarm(&client->ping);
	pana_keys_wipe(&client->keys);
	secret_wipe(&client->session.msk);
	OPENSSL_cleanse(client->request, sizeof(client->request));
	client->state = PANA_CLIENT_IDLE;
	client->candidate_count = 0;
	client->chosen = NULL;
	client->request_octets = 0;
	client->peer_request_octets = 0;
	client->has_number = false;
	client->is_address_untold = false;
	client->last_ping_ms = 0;
}

void pana_client_free(struct pana_client *client)
{
	if (!client)
		return;
	forget(client);
	OPENSSL_cleanse(client, sizeof(*client));
	free(client);
}

void client_blame(struct pana_client *client, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(client->failure, sizeof(client->failure), format, arguments);
	va_end(arguments);
}

void client_send(struct pana_client *client, const uint8_t *octets, size_t count, struct effects *effects)
{
	if (!count)
		return;
	client->counters.sent++;
	effects_send(effects, client->settings.channel, &client->settings.paa, octets, count);
}

void client_end(struct pana_client *client, enum pana_client_end why, const struct instant *now,
                struct effects *effects)
{
	forget(client);
	client->outlet.ended(client->outlet.context, why, now, effects);
}

/* RFC 5191 9: RT = IRT + RAND × IRT, then 2 × RT + RAND × RT up to MRT + RAND × MRT; RAND is ±0.1. */
static uint64_t with_rand(struct pana_client *client, uint64_t of_ms, uint64_t base_ms)
{
	uint64_t tenth = of_ms / RAND_TENTHS;

	return base_ms - tenth + randomness_below(client->randomness, (uint32_t)(2 * tenth + 1));
}

static void arm_retransmit(struct pana_client *client, bool is_first, uint64_t irt_ms, uint64_t mrt_ms,
                           const struct instant *now)
{
	uint64_t last_ms = client->timeout_ms;

	client->timeout_ms = is_first ? with_rand(client, irt_ms, irt_ms) : with_rand(client, last_ms, 2 * last_ms);
	if (client->timeout_ms > mrt_ms)
		client->timeout_ms = with_rand(client, mrt_ms, mrt_ms);
	timer_arm(client->timers, &client->retransmit, now->monotonic_ms + client->timeout_ms, retransmit_fired);
}

/* --- the start --- */

static void send_initiation(struct pana_client *client, struct effects *effects)
{
	uint8_t octets[64];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	pana_message_begin(&writer, PANA_PCI, 0, 0);
	pana_avp_write_u32(&writer, client->settings.vendor, PANA_MOB_CAPABILITY,
	                   client->settings.capabilities | PANA_CAPABILITY_POP);
	client_send(client, octets, pana_message_end(&writer), effects);
}

static void begin_initiation(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	client->state = PANA_CLIENT_STARTING;
	send_initiation(client, effects);
	arm_retransmit(client, true, INITIATION_IRT_MS, INITIATION_MRT_MS, now);
}

void pana_client_start(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	forget(client);
	client->failure[0] = '\0';
	begin_initiation(client, now, effects);
}

/* B-15: nothing for 10 s: the next candidate that has spoken, or the start goes on. */
static void progress_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_client *client = timer_owner(timer, struct pana_client, progress);
	struct pana_message message;

	timer_disarm(&client->deadline);
	client_leave_candidate(client);
	begin_initiation(client, now, effects);
	for (size_t i = 0; i < client->candidate_count; i++) {
		struct candidate *candidate = &client->candidates[i];

		if (candidate->first_request_octets &&
		    pana_message_read(candidate->first_request, candidate->first_request_octets,
		                      client->settings.vendor, &message) == PANA_FAULT_VALID) {
			client_par(client, &message, now, effects);
			return;
		}
	}
}

/* --- authentication --- */

static void deadline_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_client *client = timer_owner(timer, struct pana_client, deadline);

	client_end(client,
	           client->counters.completion_ignored && client->failure[0] ? PANA_CLIENT_ENDED_REFUSED
	                                                                     : PANA_CLIENT_ENDED_NO_ANSWER,
	           now, effects);
}

void client_progress(struct pana_client *client, const struct instant *now)
{
	if (client->state == PANA_CLIENT_AUTHENTICATING)
		timer_arm(client->timers, &client->progress, now->monotonic_ms + PROGRESS_MS, progress_fired);
}

void client_begin_authentication(struct pana_client *client, const struct instant *now)
{
	client->is_first_round = true;
	timer_arm(client->timers, &client->deadline, now->monotonic_ms + AUTHENTICATION_MS, deadline_fired);
	client_progress(client, now);
}

static void end_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	client_end(timer_owner(timer, struct pana_client, end), PANA_CLIENT_ENDED_LIFETIME, now, effects);
}

void client_opened(struct pana_client *client, uint32_t lifetime_s, const struct instant *now, struct effects *effects)
{
	bool is_reauthentication = client->state == PANA_CLIENT_REAUTHENTICATING;
	uint64_t lifetime_ms = (uint64_t)lifetime_s * 1000;

	timer_disarm(&client->progress);
	timer_disarm(&client->deadline);
	timer_disarm(&client->retransmit);
	client->request_octets = 0; /* under the old keys nobody would answer it (B-20) */
	client->state = PANA_CLIENT_OPEN;
	client->first_of_key = client->number;
	client->peer_first_of_key = client->peer_number;
	client->session.lifetime_s = lifetime_s;
	client->session.ends_monotonic_ms = now->monotonic_ms + lifetime_ms;
	timer_arm(client->timers, &client->lifetime, now->monotonic_ms + lifetime_ms / 10 * 8, lifetime_fired);
	timer_arm(client->timers, &client->end, now->monotonic_ms + lifetime_ms, end_fired);
	client->outlet.opened(client->outlet.context, is_reauthentication, now, effects);
}

/* B-28 */
static void lifetime_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_client *client = timer_owner(timer, struct pana_client, lifetime);

	if (pana_client_reauthenticate(client, now, effects) == -EBUSY)
		timer_arm(client->timers, &client->lifetime, now->monotonic_ms + REAUTHENTICATION_RETRY_MS,
		          lifetime_fired);
}

/* --- own requests --- */

/* B-17 */
static void next_number(struct pana_client *client)
{
	if (client->has_number) {
		client->number++;
		return;
	}
	client->has_number = true;
	client->number = (randomness_u32(client->randomness) & 0x3fffffff) | (~client->chosen->number & 0x80000000);
	client->first_of_key = client->number - 1; /* none is used yet */
}

static int send_request(struct pana_client *client, enum pana_kind kind, struct wire_writer *writer,
                        const struct instant *now, struct effects *effects)
{
	size_t octets = pana_message_end_with_auth(writer, pana_auth_octets(client->keys.integrity));

	if (!octets)
		return -EMSGSIZE;
	pana_auth_set(&client->keys, client->request, octets);
	client->request_octets = octets;
	client->request_kind = kind;
	client->sendings = 1;
	client_send(client, client->request, octets, effects);
	arm_retransmit(client, true, REQUEST_IRT_MS, REQUEST_MRT_MS, now);
	return 0;
}

/* Whether `count` more requests would pass the limit. */
static bool passes_limit(const struct pana_client *client, uint32_t count)
{
	uint32_t most = client->settings.requests_max ? client->settings.requests_max : REQUESTS_MAX;
	uint32_t own = client->has_number ? client->number - client->first_of_key : 0;

	return own + count > most || client->peer_number - client->peer_first_of_key + count > most;
}

bool client_numbers_used_up(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	if (!passes_limit(client, REQUESTS_KEPT))
		return false;
	if (pana_client_reauthenticate(client, now, effects) == -EBUSY)
		timer_arm(client->timers, &client->lifetime, now->monotonic_ms + REAUTHENTICATION_RETRY_MS,
		          lifetime_fired);
	return true;
}

bool client_may_repeat(struct pana_client *client, const struct instant *now)
{
	if (now->monotonic_ms - client->repeats_since_ms >= 1000) {
		client->repeats_since_ms = now->monotonic_ms;
		client->repeats = 0;
	}
	if (client->repeats == REPEATS_MAX) {
		client->counters.repeats_over_rate++;
		return false;
	}
	client->repeats++;
	return true;
}

static int may_request(const struct pana_client *client)
{
	if (client->state != PANA_CLIENT_OPEN)
		return client->state == PANA_CLIENT_REAUTHENTICATING ? -EBUSY : -ENOTCONN;
	return client->request_octets ? -EBUSY : 0;
}

static void begin_request(struct pana_client *client, enum pana_kind kind, struct wire_writer *writer)
{
	next_number(client);
	*writer = wire_writer_of(client->request, sizeof(client->request));
	pana_message_begin(writer, kind, client->chosen->session_id, client->number);
}

int pana_client_ping(struct pana_client *client, struct wire_view plaintext, const struct instant *now,
                     struct effects *effects)
{
	struct wire_writer writer;
	uint8_t *encap;
	int result = may_request(client);

	if (result)
		return result;
	if (client_numbers_used_up(client, now, effects))
		return -EBUSY; /* opened() will say when the new keys are there */
	client->is_plain_ping = false;
	begin_request(client, PANA_PNR_PING, &writer);
	encap = pana_avp_write_space(&writer, 0, PANA_ENCRYPTION_ENCAP, plaintext.octets);
	if (!encap)
		return -EMSGSIZE;
	pana_encap_crypt(&client->keys, PANA_FROM_PAC, client->chosen->session_id, client->number, plaintext.bytes,
	                 encap, plaintext.octets);
	return send_request(client, PANA_PNR_PING, &writer, now, effects);
}

/* --- a new address (RFC 5191 5.6) --- */

static void show_address(struct pana_client *client, const struct instant *now, struct effects *effects);

static void ping_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	show_address(timer_owner(timer, struct pana_client, ping), now, effects);
}

static void show_address(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	uint64_t from_ms = client->last_ping_ms ? client->last_ping_ms + PING_INTERVAL_MS : 0;
	struct wire_writer writer;

	if (!client->is_address_untold || may_request(client) || client_numbers_used_up(client, now, effects))
		return; /* every request with a new number shows it, and so does a re-authentication */
	if (from_ms > now->monotonic_ms) {
		timer_arm(client->timers, &client->ping, from_ms, ping_fired);
		return;
	}
	client->is_address_untold = false;
	client->is_plain_ping = true;
	client->last_ping_ms = now->monotonic_ms;
	begin_request(client, PANA_PNR_PING, &writer);
	send_request(client, PANA_PNR_PING, &writer, now, effects);
}

void pana_client_moved(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	if (!pana_client_session(client))
		return;
	client->is_address_untold = true;
	show_address(client, now, effects);
}

void client_request_answered(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	if (client->state == PANA_CLIENT_OPEN)
		show_address(client, now, effects);
}

int pana_client_reauthenticate(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	struct wire_writer writer;
	int result = may_request(client);

	if (result)
		return result;
	begin_request(client, PANA_PNR_REAUTHENTICATION, &writer);
	return send_request(client, PANA_PNR_REAUTHENTICATION, &writer, now, effects);
}

void pana_client_logout(struct pana_client *client, const struct instant *now, struct effects *effects)
{
	struct wire_writer writer;

	if (client->state != PANA_CLIENT_OPEN)
		return;
	begin_request(client, PANA_PTR, &writer);
	pana_avp_write_u32(&writer, 0, PANA_TERMINATION_CAUSE, PANA_CAUSE_LOGOUT);
	send_request(client, PANA_PTR, &writer, now, effects);
}

/* B-5, B-6: the same octets again. */
static void retransmit_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_client *client = timer_owner(timer, struct pana_client, retransmit);

	client->counters.retransmitted++;
	if (client->state == PANA_CLIENT_STARTING) {
		send_initiation(client, effects);
		arm_retransmit(client, false, INITIATION_IRT_MS, INITIATION_MRT_MS, now);
		return;
	}
	if (client->sendings == REQUEST_MRC) {
		client_blame(client, "B-5: no answer to %d sendings of a request", REQUEST_MRC);
		client_end(client,
		           client->request_kind == PANA_PTR ? PANA_CLIENT_ENDED_LOGOUT : PANA_CLIENT_ENDED_NO_ANSWER,
		           now, effects);
		return;
	}
	client->sendings++;
	client_send(client, client->request, client->request_octets, effects);
	arm_retransmit(client, false, REQUEST_IRT_MS, REQUEST_MRT_MS, now);
}

/* --- what comes in --- */

void pana_client_datagram(struct pana_client *client, const struct endpoint *from, struct wire_view datagram,
                          const struct instant *now, struct effects *effects)
{
	struct pana_message message;
	enum pana_fault fault;

	if (!endpoint_equal(from, &client->settings.paa)) {
		client->counters.foreign_source++;
		return;
	}
	client->counters.received++;
	fault = datagram.octets > PANA_PAYLOAD_MAX
	                ? PANA_FAULT_LENGTH /* B-4 */
	                : pana_message_read(datagram.bytes, datagram.octets, client->settings.vendor, &message);
	if (fault != PANA_FAULT_VALID) {
		client->counters.invalid[fault]++;
		return;
	}
	switch (message.kind) {
	case PANA_PAR_START:
		client_par_start(client, &message, now, effects);
		break;
	case PANA_PAR:
	case PANA_PAR_COMPLETE:
		client_par(client, &message, now, effects);
		break;
	case PANA_PTR:
	case PANA_PNR_PING:
	case PANA_PNR_REAUTHENTICATION:
		client_request(client, &message, now, effects);
		break;
	case PANA_PTA:
	case PANA_PNA_PING:
	case PANA_PNA_REAUTHENTICATION:
		client_answer(client, &message, now, effects);
		break;
	default: /* messages that only a PaC sends */
		client->counters.unexpected++;
	}
}

/* --- views --- */

enum pana_client_state pana_client_state(const struct pana_client *client)
{
	return client->state;
}

const struct pana_client_session *pana_client_session(const struct pana_client *client)
{
	bool is_open = client->state == PANA_CLIENT_OPEN || client->state == PANA_CLIENT_REAUTHENTICATING;

	return is_open ? &client->session : NULL;
}

const char *pana_client_failure(const struct pana_client *client)
{
	return client->failure;
}

bool pana_client_counter(const struct pana_client *client, size_t index, const char **name, uint64_t *value)
{
	static const char *const names[] = {
#define X(counter) #counter,
	        PANA_CLIENT_COUNTERS(X)
#undef X
	};
	const uint64_t values[] = {
#define X(counter) client->counters.counter,
	        PANA_CLIENT_COUNTERS(X)
#undef X
	};
	const size_t count = sizeof(names) / sizeof(names[0]);

	if (index < count) {
		*name = names[index];
		*value = values[index];
		return true;
	}
	index = index - count + 1; /* fault 0 is "valid" */
	if (index >= PANA_FAULT_COUNT)
		return false;
	*name = pana_fault_name((enum pana_fault)index);
	*value = client->counters.invalid[index];
	return true;
}
