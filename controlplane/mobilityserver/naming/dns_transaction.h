// SPDX-License-Identifier: BSD-3-Clause
/*
 * dns_transaction - one signed message to the server and its answer, one at a time (D-6: a server may refuse an older
 * Time Signed than the last it saw of a key).
 *
 * The message is repeated as the same octets, so an answer to any of its copies fits. More than 512 octets go over
 * TCP (D-7), and so does what was answered as truncated. An answer counts only if source, id, opcode, question and
 * signature are right; whatever else comes is counted by its reason and ends nothing. Pure core; thread: the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_DNS_TRANSACTION_H
#define KEDGE_MOBILITYSERVER_DNS_TRANSACTION_H

#include "naming.h"

enum { DNS_DATAGRAM_MAX = 512, DNS_MESSAGE_MAX = 65535, DNS_HEADER_OCTETS = 12 };

enum dns_transaction_end {
	DNS_ANSWERED,
	DNS_SILENT,  /* nobody answered, all repetitions included: it may have happened */
	DNS_BADTIME, /* the server says, signed, that a clock is wrong: it has not happened */
};

struct dns_answer {
	enum dns_transaction_end end;
	uint8_t rcode;            /* with DNS_ANSWERED */
	struct wire_view message; /* with DNS_ANSWERED; holds during the call */
	uint64_t server_time_s;   /* with DNS_BADTIME */
};

typedef void dns_transaction_done(void *context, const struct dns_answer *answer, const struct instant *now,
                                  struct effects *effects);

struct dns_transaction {
	/* set by whoever makes it */
	const struct tsig_key *key;
	struct endpoint server;
	uint16_t datagram_channel;
	uint16_t stream_channel;
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct naming_counters *counters;

	bool busy;
	bool held;         /* a transfer's request is under way: nothing may be sent */
	bool transferring; /* a transfer is under way, on its own channel */
	bool over_stream;
	unsigned int sent;
	struct timer timer;
	dns_transaction_done *done;
	void *context;
	struct tsig_mac mac;
	uint64_t signed_ms;     /* when the first copy left, monotonic */
	uint8_t unsigned_rcode; /* of an answer without signature, 0 if none came: for the operator's eyes */
	struct log_limit unsigned_limit;
	size_t octets;
	uint8_t message[DNS_MESSAGE_MAX];
};

/* Nothing is under way. */
bool dns_transaction_is_idle(const struct dns_transaction *transaction);

/*
 * Signs and sends the message (id 0, from dns_update.h), which must be idle; `done` is called once, never from inside.
 * Returns 0 or -EMSGSIZE.
 */
int dns_transaction_start(struct dns_transaction *transaction, struct wire_view message, dns_transaction_done *done,
                          void *context, const struct instant *now, struct effects *effects);

/* A message that came by either channel, and the end of the connection of the stream channel. */
void dns_transaction_received(struct dns_transaction *transaction, const struct endpoint *from,
                              struct wire_view message, const struct instant *now, struct effects *effects);
void dns_transaction_stream_failed(struct dns_transaction *transaction, const struct instant *now,
                                   struct effects *effects);

/* Forgets what is under way; `done` is not called. */
void dns_transaction_stop(struct dns_transaction *transaction);

/*
 * Whether `answer` is an answer (QR, opcode, question; an empty question passes in an UPDATE, RFC 2136 section 3.8) to
 * `request`. Ids are not compared.
 */
bool dns_answer_fits(struct wire_view request, struct wire_view answer);

static inline uint16_t dns_message_id(struct wire_view message)
{
	return (uint16_t)(message.bytes[0] << 8 | message.bytes[1]);
}

#endif
