// SPDX-License-Identifier: BSD-3-Clause
#include "zone_watch.h"

#include <errno.h>
#include <string.h>

#include "dns_update.h"

enum {
	TRANSFER_SILENCE_MS = 10000,
	TRANSFER_RETRY_MS = 30000,
};

static void fail_transfer(struct zone_watch *watch, const char *reason, const struct instant *now,
                          struct effects *effects);

static void transfer_is_silent(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct zone_watch *watch = timer_owner(timer, struct zone_watch, timer);

	fail_transfer(watch, "the server went silent", now, effects);
}

/* SOA: D-10 */

struct soa_found {
	const char *zone;
	bool found;
	uint32_t serial;
};

static void find_soa(void *context, const struct dns_record *record)
{
	struct soa_found *soa = context;

	if (record->type == DNS_TYPE_SOA && strcmp(record->owner, soa->zone) == 0)
		soa->found = dns_soa_serial(record->rdata, &soa->serial);
}

static void note_fault(struct zone_watch *watch, const char *what, struct effects *effects)
{
	char server[ENDPOINT_TEXT_OCTETS];

	watch->transaction->counters->zone_faults++;
	watch->is_served = false;
	effects_log(effects, LOG_LEVEL_ERROR, "naming", "%s does not serve zone %s: %s",
	            endpoint_format(&watch->transaction->server, server), watch->zone, what);
}

static void checked(void *context, const struct dns_answer *answer, const struct instant *now, struct effects *effects)
{
	enum { FLAG_AUTHORITATIVE = 0x04 };
	struct zone_watch *watch = context;
	struct soa_found soa = {.zone = watch->zone};

	watch->check_due_ms = now->monotonic_ms + watch->refresh_interval_ms;
	if (answer->end == DNS_ANSWERED) {
		watch->transaction->counters->zone_checks++;
		if (answer->rcode != DNS_NOERROR)
			note_fault(watch, dns_rcode_name(answer->rcode), effects);
		else if (!dns_answer_each(answer->message, find_soa, &soa) || !soa.found)
			note_fault(watch, "no SOA of that name", effects);
		else if (!(answer->message.bytes[2] & FLAG_AUTHORITATIVE))
			note_fault(watch, "its answer is not authoritative", effects);
		else
			watch->is_served = true;
	} else if (answer->end == DNS_BADTIME) {
		note_fault(watch, "BADTIME", effects);
	}
	if (watch->is_served && soa.found && (!watch->is_known || soa.serial != watch->serial))
		watch->is_wanted = true;
	watch->owner.idle(watch->owner.context, now, effects);
}

static bool start_check(struct zone_watch *watch, const struct instant *now, struct effects *effects)
{
	uint8_t message[DNS_DATAGRAM_MAX];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	watch->check_due_ms = now->monotonic_ms + watch->refresh_interval_ms;
	return dns_query_write(watch->zone, DNS_TYPE_SOA, &writer) &&
	       dns_transaction_start(watch->transaction, (struct wire_view){message, wire_written(&writer)}, checked,
	                             watch, now, effects) == 0;
}

/* Transfer: D-11 */

static bool start_transfer(struct zone_watch *watch, const struct instant *now, struct effects *effects)
{
	struct dns_transaction *transaction = watch->transaction;
	struct wire_writer writer = wire_writer_of(watch->request, sizeof(watch->request));
	struct tsig_mac mac;

	watch->is_wanted = false;
	watch->transfer_from_ms = now->monotonic_ms + watch->transfer_interval_ms;
	if (!dns_query_write(watch->zone, DNS_TYPE_AXFR, &writer))
		return false;
	wire_store_u16(watch->request, (uint16_t)randomness_u32(transaction->randomness));
	if (tsig_sign_request(&writer, transaction->key, now->unix_ms / 1000, &mac))
		return false;
	watch->request_octets = wire_written(&writer);
	tsig_stream_start(&watch->stream, transaction->key, &mac);
	watch->transferring = transaction->transferring = true;
	watch->began = watch->ended = watch->broken = false;
	watch->messages = 0;
	watch->owner.begins(watch->owner.context, watch);
	transaction->held = true; /* until the request has surely arrived: D-6 */
	effects_send(effects, watch->transfer_channel, &transaction->server, watch->request, watch->request_octets);
	timer_arm(transaction->timers, &watch->timer, now->monotonic_ms + TRANSFER_SILENCE_MS, transfer_is_silent);
	return true;
}

bool zone_watch_turn(struct zone_watch *watch, uint64_t *due_ms, const struct instant *now, struct effects *effects)
{
	bool may_transfer = watch->is_wanted && !watch->transaction->transferring;

	if (watch->check_due_ms <= now->monotonic_ms)
		return start_check(watch, now, effects);
	if (may_transfer && watch->transfer_from_ms <= now->monotonic_ms)
		return start_transfer(watch, now, effects);
	*due_ms = watch->check_due_ms;
	if (may_transfer && watch->transfer_from_ms < *due_ms)
		*due_ms = watch->transfer_from_ms;
	return false;
}

void zone_watch_want(struct zone_watch *watch, const struct instant *now)
{
	watch->is_wanted = true;
	watch->transfer_from_ms = now->monotonic_ms;
}

void zone_watch_want_later(struct zone_watch *watch, const struct instant *now)
{
	watch->is_wanted = true;
	watch->transfer_from_ms = now->monotonic_ms + watch->transfer_interval_ms;
}

static void end_transfer(struct zone_watch *watch)
{
	timer_disarm(&watch->timer);
	tsig_stream_end(&watch->stream);
	watch->transferring = watch->transaction->transferring = false;
	watch->transaction->held = false;
}

static void fail_transfer(struct zone_watch *watch, const char *reason, const struct instant *now,
                          struct effects *effects)
{
	end_transfer(watch);
	watch->transaction->counters->transfers_failed++;
	watch->is_wanted = true;
	watch->transfer_from_ms = now->monotonic_ms + TRANSFER_RETRY_MS;
	effects_log(effects, LOG_LEVEL_WARNING, "naming", "transfer of zone %s failed: %s", watch->zone, reason);
	watch->owner.transferred(watch->owner.context, watch, false, now, effects);
	watch->owner.idle(watch->owner.context, now, effects);
}

static void take_record(void *context, const struct dns_record *record)
{
	struct zone_watch *watch = context;
	bool is_soa = record->type == DNS_TYPE_SOA && strcmp(record->owner, watch->zone) == 0;

	if (watch->ended || is_soa == watch->began) {
		uint32_t serial;

		/* RFC 5936 section 2.2: the SOA comes first and last */
		if (watch->ended || !is_soa || !dns_soa_serial(record->rdata, &serial) ||
		    serial != watch->transfer_serial)
			watch->broken = true;
		else
			watch->ended = true;
	} else if (is_soa) {
		watch->began = true;
		watch->broken |= !dns_soa_serial(record->rdata, &watch->transfer_serial);
	} else {
		watch->owner.record(watch->owner.context, watch, record);
	}
}

/* Answers to the first message fit the request wholly; later ones may leave the question out. */
static bool fits(const struct zone_watch *watch, struct wire_view message)
{
	struct wire_view request = {watch->request, watch->request_octets};
	bool has_question = (message.bytes[4] | message.bytes[5]) != 0;

	if (watch->messages && !has_question)
		return (message.bytes[2] & 0xf8) == 0x80;
	return dns_answer_fits(request, message);
}

/* Counts what does not belong to the transfer; true when the message does. */
static bool is_ours(struct zone_watch *watch, struct wire_view message)
{
	struct naming_counters *counters = watch->transaction->counters;

	if (message.octets < DNS_HEADER_OCTETS)
		counters->answers_malformed++;
	else if (!watch->transferring)
		counters->answers_unexpected++;
	else if (dns_message_id(message) != dns_message_id((struct wire_view){watch->request, watch->request_octets}))
		counters->answers_wrong_id++;
	else if (!fits(watch, message))
		counters->answers_wrong_question++;
	else
		return true;
	return false;
}

static void finish(struct zone_watch *watch, const struct instant *now, struct effects *effects)
{
	end_transfer(watch);
	watch->is_known = true;
	watch->serial = watch->transfer_serial;
	watch->transaction->counters->transfers++;
	watch->owner.transferred(watch->owner.context, watch, true, now, effects);
	watch->owner.idle(watch->owner.context, now, effects);
}

void zone_watch_received(struct zone_watch *watch, struct wire_view message, const struct instant *now,
                         struct effects *effects)
{
	struct tsig_signature signature;
	enum tsig_verdict verdict;
	uint8_t rcode;

	if (!is_ours(watch, message))
		return;
	verdict = tsig_stream_verify(&watch->stream, message, now->unix_ms / 1000, &signature);
	if (verdict != TSIG_GOOD && verdict != TSIG_MISSING) {
		watch->transaction->counters->answers_wrong_signature++;
		fail_transfer(watch, tsig_verdict_name(verdict), now, effects);
		return;
	}
	watch->messages++;
	timer_arm(watch->transaction->timers, &watch->timer, now->monotonic_ms + TRANSFER_SILENCE_MS,
	          transfer_is_silent);
	rcode = message.bytes[3] & 0x0f;
	if (rcode != DNS_NOERROR) {
		fail_transfer(watch, dns_rcode_name(rcode), now, effects);
		return;
	}
	if (!dns_answer_each(message, take_record, watch) || watch->broken) {
		watch->transaction->counters->answers_malformed++;
		fail_transfer(watch, "malformed", now, effects);
	} else if (watch->ended && verdict == TSIG_GOOD) {
		finish(watch, now, effects);
	} else if (watch->ended) {
		fail_transfer(watch, "the last message is not signed", now, effects);
	} else if (watch->transaction->held) {
		watch->transaction->held = false;
		watch->owner.idle(watch->owner.context, now, effects);
	}
}

void zone_watch_stream_failed(struct zone_watch *watch, int error, const struct instant *now, struct effects *effects)
{
	if (watch->transferring)
		fail_transfer(watch, strerror(-error), now, effects);
}

void zone_watch_stop(struct zone_watch *watch)
{
	if (watch->transferring)
		end_transfer(watch);
}
