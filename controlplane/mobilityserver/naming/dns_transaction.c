// SPDX-License-Identifier: BSD-3-Clause
#include "dns_transaction.h"

#include <errno.h>

#include "dns_answer.h"

enum {
	FLAG_RESPONSE = 0x80,
	FLAG_TRUNCATED = 0x02,
	OPCODE_MASK = 0x78,
	OPCODE_UPDATE = 5 << 3,
	SENDINGS = 3,
	DATAGRAM_WAIT_MS = 1000, /* doubled at each repetition */
	STREAM_WAIT_MS = 4000,
	STREAM_RETRY_MS = 1000, /* after a connection that failed */
};

static struct dns_transaction *transaction_of(struct timer *timer)
{
	return timer_owner(timer, struct dns_transaction, timer);
}

bool dns_transaction_is_idle(const struct dns_transaction *transaction)
{
	return !transaction->busy && !transaction->held;
}

static void expired(struct timer *timer, const struct instant *now, struct effects *effects);

static void send_copy(struct dns_transaction *transaction, const struct instant *now, struct effects *effects)
{
	uint16_t channel = transaction->over_stream ? transaction->stream_channel : transaction->datagram_channel;
	uint64_t wait_ms = transaction->over_stream ? STREAM_WAIT_MS : (uint64_t)DATAGRAM_WAIT_MS << transaction->sent;

	if (transaction->sent)
		transaction->counters->retransmissions++;
	else if (transaction->over_stream)
		transaction->counters->stream_messages++;
	transaction->sent++;
	effects_send(effects, channel, &transaction->server, transaction->message, transaction->octets);
	timer_arm(transaction->timers, &transaction->timer, now->monotonic_ms + wait_ms, expired);
}

static void end(struct dns_transaction *transaction, const struct dns_answer *answer, const struct instant *now,
                struct effects *effects)
{
	timer_disarm(&transaction->timer);
	transaction->busy = false;
	transaction->done(transaction->context, answer, now, effects);
}

static void expired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct dns_transaction *transaction = transaction_of(timer);

	if (transaction->sent < SENDINGS) {
		send_copy(transaction, now, effects);
		return;
	}
	transaction->counters->silences++;
	end(transaction, &(struct dns_answer){.end = DNS_SILENT}, now, effects);
}

int dns_transaction_start(struct dns_transaction *transaction, struct wire_view message, dns_transaction_done *done,
                          void *context, const struct instant *now, struct effects *effects)
{
	struct wire_writer writer = wire_writer_of(transaction->message, sizeof(transaction->message));

	wire_write_u16(&writer, (uint16_t)randomness_u32(transaction->randomness));
	wire_write_bytes(&writer, message.bytes + 2, message.octets - 2);
	if (tsig_sign_request(&writer, transaction->key, now->unix_ms / 1000, &transaction->mac))
		return -EMSGSIZE;
	transaction->octets = wire_written(&writer);
	transaction->over_stream = transaction->octets > DNS_DATAGRAM_MAX;
	transaction->busy = true;
	transaction->sent = 0;
	transaction->signed_ms = now->monotonic_ms;
	transaction->unsigned_rcode = 0;
	transaction->done = done;
	transaction->context = context;
	send_copy(transaction, now, effects);
	return 0;
}

bool dns_answer_fits(struct wire_view request, struct wire_view answer)
{
	struct wire_reader asked = wire_reader_of_view(request);
	struct wire_reader told = wire_reader_of_view(answer);
	char asked_name[DNS_NAME_TEXT_OCTETS];
	char told_name[DNS_NAME_TEXT_OCTETS];
	uint16_t questions;

	if (!(answer.bytes[2] & FLAG_RESPONSE) || (answer.bytes[2] & OPCODE_MASK) != (request.bytes[2] & OPCODE_MASK))
		return false;
	wire_skip(&told, 4);
	questions = wire_read_u16(&told);
	if (questions == 0)
		return (request.bytes[2] & OPCODE_MASK) == OPCODE_UPDATE;
	wire_skip(&told, 6);
	wire_skip(&asked, DNS_HEADER_OCTETS);
	dns_name_read_in(&asked, request, asked_name);
	dns_name_read_in(&told, answer, told_name);
	return questions == 1 && wire_read_u32(&asked) == wire_read_u32(&told) && !told.failed &&
	       strcmp(asked_name, told_name) == 0;
}

/* D-6: proves nothing, so it ends nothing; but the operator wants to know that somebody answers so. */
static void note_unsigned(struct dns_transaction *transaction, struct wire_view message,
                          const struct tsig_signature *signature, const struct instant *now, struct effects *effects)
{
	char server[ENDPOINT_TEXT_OCTETS];
	uint32_t held_back;

	transaction->counters->answers_unsigned++;
	transaction->unsigned_rcode = message.bytes[3] & 0x0f;
	if (!log_limit_pass(&transaction->unsigned_limit, now->monotonic_ms, &held_back))
		return;
	effects_log(
	        effects, LOG_LEVEL_WARNING, "naming",
	        "%s answers %s (TSIG error %u) without a signature, which proves nothing; is key \"%s\" known there?",
	        endpoint_format(&transaction->server, server), dns_rcode_name(transaction->unsigned_rcode),
	        signature->error, transaction->key->name);
}

static void count_unusable(struct dns_transaction *transaction, enum tsig_verdict verdict)
{
	struct naming_counters *counters = transaction->counters;

	switch (verdict) {
	case TSIG_MALFORMED:
		counters->answers_malformed++;
		break;
	case TSIG_BAD_TIME:
		counters->answers_wrong_time++;
		break;
	default:
		counters->answers_wrong_signature++;
		break;
	}
}

static void take_answer(struct dns_transaction *transaction, struct wire_view message, const struct instant *now,
                        struct effects *effects)
{
	struct dns_answer answer = {
	        .end = DNS_ANSWERED,
	        .rcode = message.bytes[3] & 0x0f,
	        .message = message,
	};

	if (!(message.bytes[2] & FLAG_TRUNCATED)) {
		end(transaction, &answer, now, effects);
	} else if (transaction->over_stream) {
		transaction->counters->answers_unexpected++; /* a late copy of the datagram that made us change */
	} else {
		transaction->over_stream = true;
		transaction->sent = 0;
		send_copy(transaction, now, effects);
	}
}

void dns_transaction_received(struct dns_transaction *transaction, const struct endpoint *from,
                              struct wire_view message, const struct instant *now, struct effects *effects)
{
	struct naming_counters *counters = transaction->counters;
	struct wire_view request = {transaction->message, transaction->octets};
	struct tsig_signature signature;
	enum tsig_verdict verdict;

	if (!endpoint_equal(from, &transaction->server)) {
		counters->answers_foreign++;
		return;
	}
	if (message.octets < DNS_HEADER_OCTETS) {
		counters->answers_malformed++;
		return;
	}
	if (!transaction->busy) {
		counters->answers_unexpected++;
		return;
	}
	if (dns_message_id(message) != dns_message_id(request)) {
		counters->answers_wrong_id++;
		return;
	}
	if (!dns_answer_fits(request, message)) {
		counters->answers_wrong_question++;
		return;
	}
	verdict = tsig_verify(message, transaction->key, &transaction->mac, now->unix_ms / 1000, &signature);
	if (verdict == TSIG_MISSING || verdict == TSIG_UNSIGNED_ERROR) {
		note_unsigned(transaction, message, &signature, now, effects);
	} else if (verdict == TSIG_SERVER_BADTIME && signature.original_id == dns_message_id(request)) {
		counters->answers_badtime++;
		end(transaction, &(struct dns_answer){.end = DNS_BADTIME, .server_time_s = signature.server_time_s},
		    now, effects);
	} else if (verdict == TSIG_GOOD && signature.original_id == dns_message_id(request)) {
		take_answer(transaction, message, now, effects);
	} else {
		count_unusable(transaction, verdict);
	}
}

void dns_transaction_stream_failed(struct dns_transaction *transaction, const struct instant *now,
                                   struct effects *effects)
{
	(void)effects;
	if (transaction->busy && transaction->over_stream)
		timer_arm(transaction->timers, &transaction->timer, now->monotonic_ms + STREAM_RETRY_MS, expired);
}

void dns_transaction_stop(struct dns_transaction *transaction)
{
	timer_disarm(&transaction->timer);
	transaction->busy = false;
}
