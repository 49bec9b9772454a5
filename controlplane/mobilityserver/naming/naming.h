// SPDX-License-Identifier: BSD-3-Clause
/*
 * naming - the names of mobile nodes in the zone (D-1 to D-14): forward zone (AAAA, HIP, owner marker), reverse zone
 * (PTR), what the zones hold, and their agreement with the store.
 *
 * A pure core. A request goes forward, then reverse, or for a removal reverse, then forward (D-3):
 *
 *   CREATE, CHANGE   forward: create (name not in use) or claim (marker equal to ours), whichever fits
 *                    reverse: create (not in use), equal to ours already, or moved from `previous_fqdn`
 *   DELETE           reverse: PTR equal to ours; forward: marker equal to ours; what is not ours stays
 *
 * A claim repeated is a claim done: so each request may be repeated after a crash, a timeout or a duplicate, and ends
 * the same (D-4: marker and data ours = done). Requests of one zone travel together in one UPDATE (≤ 64 names, at most
 * `batch_wait_ms` ≤ 20 waiting), which is halved when the server refuses it, until the culprit stands alone (D-5).
 * Everything is signed by one key and goes one message after the other (D-6).
 *
 * Requests whose server is silent are kept and repeated until `patience_ms` after they came; then they end as unknown.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_NAMING_H
#define KEDGE_MOBILITYSERVER_NAMING_H

#include "effects.h"
#include "endpoint.h"
#include "hip.h"
#include "randomness.h"
#include "timer_wheel.h"
#include "tsig.h"

struct naming;

enum {
	NAMING_BATCH_MAX = 64,
	NAMING_SLICE_MAX = 256, /* names of a zone that one turn of the loop releases */
	NAMING_BATCH_WAIT_MAX_MS = 20,
	NAMING_HIP_RDATA_MAX = 4 + HIT_OCTETS + HIP_KEY_MAX + DNS_NAME_WIRE_MAX,
};

enum naming_kind {
	NAMING_KIND_CREATE, /* the name is not in use, or ours */
	NAMING_KIND_CHANGE, /* the name is ours: address, key and rendezvous server become these */
	NAMING_KIND_DELETE, /* under our marker; a PTR to another name stays */
};

/* All pointers hold during the call alone. Names are lower-case A-labels without a final dot, below their zone (D-9).
 */
struct naming_request {
	uint64_t token; /* comes back in naming_outlet.done */
	enum naming_kind kind;
	const char *fqdn;
	const char *previous_fqdn; /* CREATE, CHANGE: the name that the PTR may show so far (D-14); NULL: none */
	struct in6_addr home_address;
	struct wire_view hip_rdata; /* RDATA of the HIP RR (hip.h); empty: the name has none */
	struct wire_view owner_id;  /* D-1: the IMSI in digits, or AS name | 0x00 | CUI */
	uint32_t ttl_s;             /* D-8 */
};

enum naming_outcome {
	NAMING_OUTCOME_DONE,
	NAMING_OUTCOME_TAKEN,   /* the name is another's (D-4): nothing was changed */
	NAMING_OUTCOME_REFUSED, /* REFUSED, NOTAUTH, another's PTR, BADTIME: configuration; nothing of ours is left */
	NAMING_OUTCOME_UNKNOWN, /* the server is silent or fails: it may have happened */
	NAMING_OUTCOME_UNSUPPORTED, /* FORMERR to a HIP RR: this server cannot hold one */
};

const char *naming_outcome_name(enum naming_outcome outcome);

/* What the zone is known to hold at a name (D-11): a hint, the prerequisite decides. */
enum naming_holding { NAMING_HOLDING_UNKNOWN, NAMING_HOLDING_FREE, NAMING_HOLDING_OURS, NAMING_HOLDING_TAKEN };

/* What the store wants at a name (D-13). */
enum naming_wish {
	NAMING_WISH_NONE,  /* nobody's: if our marker stands there it is an orphan */
	NAMING_WISH_LEAVE, /* a saga is at work there */
	NAMING_WISH_HOLD,  /* *wanted says what should stand there; its pointers hold until the next call */
};

struct naming_outlet {
	void *context;
	/* Never from inside naming_apply(). `detail` is a text for logs and `explain`. */
	void (*done)(void *context, uint64_t token, enum naming_outcome outcome, const char *detail,
	             const struct instant *now, struct effects *effects);
	/* D-13; both NULL: the zone is not reconciled. */
	enum naming_wish (*wish)(void *context, const char *fqdn, struct naming_request *wanted);
	/* The wanted names one after the other; *cursor begins at 0. False after the last. */
	bool (*next_wish)(void *context, uint64_t *cursor, struct naming_request *wanted);
};

/* Values of 0 take the default in brackets. */
struct naming_options {
	struct endpoint server;
	const char *forward_zone;
	const char *reverse_zone;
	const struct tsig_key *key;
	const struct secret *owner_key; /* D-1 */
	uint16_t datagram_channel;
	uint16_t stream_channel;
	uint16_t transfer_channel;     /* a stream channel of its own: transfers take long */
	uint32_t batch_wait_ms;        /* [5], at most NAMING_BATCH_WAIT_MAX_MS */
	uint32_t patience_ms;          /* [20000] */
	uint32_t refresh_interval_ms;  /* [60000] between SOA queries */
	uint32_t transfer_interval_ms; /* [300000] at least between two transfers of a zone */
	struct naming_outlet outlet;
	struct timer_wheel *timers;
	struct randomness *randomness;
};

#define NAMING_COUNTERS(X)                                                                                             \
	X(requests, "requests taken")                                                                                  \
	X(requests_done, "requests done")                                                                              \
	X(requests_taken, "requests for a name of another's")                                                          \
	X(requests_refused, "requests that the server's configuration refused")                                        \
	X(requests_unknown, "requests whose outcome is not known")                                                     \
	X(requests_unsupported, "requests with a HIP record that the server cannot hold")                              \
	X(requests_undone, "names taken back because the reverse zone refused")                                        \
	X(updates_sent, "UPDATE messages sent, repetitions not counted")                                               \
	X(updates_halved, "UPDATE messages halved to find a culprit")                                                  \
	X(retransmissions, "messages sent again")                                                                      \
	X(stream_messages, "messages that went over TCP (D-7)")                                                        \
	X(silences, "messages that nobody answered")                                                                   \
	X(server_failures, "SERVFAIL answers")                                                                         \
	X(answers_foreign, "answers from elsewhere than the server")                                                   \
	X(answers_unexpected, "answers to nothing that was asked")                                                     \
	X(answers_malformed, "answers that are no DNS messages")                                                       \
	X(answers_wrong_id, "answers with another id")                                                                 \
	X(answers_wrong_question, "answers to another question")                                                       \
	X(answers_unsigned, "answers without a signature: they prove nothing (D-6)")                                   \
	X(answers_wrong_signature, "answers with a wrong signature")                                                   \
	X(answers_wrong_time, "answers with a right signature of another time")                                        \
	X(answers_badtime, "BADTIME answers: a clock is wrong (D-6)")                                                  \
	X(zone_checks, "SOA answers")                                                                                  \
	X(zone_faults, "SOA answers that show no such zone there (D-10)")                                              \
	X(transfers, "zone transfers completed")                                                                       \
	X(names_released, "names of a zone's earlier contents that were released")                                     \
	X(longest_slice, "the most of them in one turn")                                                               \
	X(transfers_failed, "zone transfers that failed")                                                              \
	X(repairs, "names that zone and store disagreed on")                                                           \
	X(orphans, "names in the zone under our marker that the store does not know")

struct naming_counters {
#define X(name, help) uint64_t name;
	NAMING_COUNTERS(X)
#undef X
};

/* Copies the options, keys too. Returns NULL when a zone is no domain name. */
struct naming *naming_new(const struct naming_options *options);
void naming_free(struct naming *core);

/* Another TSIG key; messages that leave from now on are signed with it. An answer under the old one is a wrong one. */
void naming_set_key(struct naming *core, const struct tsig_key *key);

/* Checks the delegation of both zones (D-10), transfers the forward zone (D-11), then reconciles (D-13). */
void naming_start(struct naming *core, const struct instant *now, struct effects *effects);

/*
 * Takes a request; it ends in one outlet.done(). Returns 0; -EINVAL for a name outside the forward zone, an address
 * outside the reverse zone (a DELETE then leaves the reverse zone alone) or a HIP RDATA that is too long. Requests for
 * one name are served in the order of the calls.
 */
int naming_apply(struct naming *core, const struct naming_request *request, const struct instant *now,
                 struct effects *effects);

enum naming_holding naming_holding(const struct naming *core, const char *fqdn, struct wire_view owner_id);

/* Compares store and zone again at the next transfer, which is started now. */
void naming_reconcile(struct naming *core, const struct instant *now, struct effects *effects);

/* What the channels bring. Nothing in it is trusted before its signature was right. */
void naming_datagram(struct naming *core, uint16_t channel, const struct endpoint *from, const void *bytes,
                     size_t octets, const struct instant *now, struct effects *effects);
void naming_stream_message(struct naming *core, uint16_t channel, const struct endpoint *from, const void *bytes,
                           size_t octets, const struct instant *now, struct effects *effects);
void naming_stream_failed(struct naming *core, uint16_t channel, const struct endpoint *peer, int error,
                          const struct instant *now, struct effects *effects);

/* For the shell. */
struct naming_view {
	bool server_silent;
	bool zone_known; /* the forward zone's contents have been transferred */
	uint32_t zone_serial;
	size_t names;    /* in the forward zone, as far as known */
	size_t requests; /* under way */
};
struct naming_view naming_view(const struct naming *core);
const struct naming_counters *naming_counters(const struct naming *core);

#endif
