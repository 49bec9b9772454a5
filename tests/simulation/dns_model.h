// SPDX-License-Identifier: BSD-3-Clause
/*
 * dns_model - an authoritative server for a forward and a reverse zone, as far as an update client meets it: UPDATE
 * with prerequisites, atomic (RFC 2136 section 3), TSIG (RFC 8945), SOA and other queries, AXFR in several messages. It
 * can be silent, fail, refuse, know no HIP records, lose its answers, have another clock, and let somebody else be
 * faster.
 *
 * It keeps and compares records by ldns and shares only tsig.h with what it tests. Time is given; no I/O.
 */
#ifndef KEDGE_TESTS_DNS_MODEL_H
#define KEDGE_TESTS_DNS_MODEL_H

#include <stdbool.h>

#include "tsig.h"

struct dns_model;

enum dns_model_mode {
	DNS_MODEL_GOOD,
	DNS_MODEL_SILENT,
	DNS_MODEL_SERVFAIL,         /* to updates, before they are applied */
	DNS_MODEL_SERVFAIL_APPLIED, /* to updates, after they are applied */
	DNS_MODEL_REFUSED,          /* to updates, signed */
	DNS_MODEL_UNSIGNED_REFUSED, /* to everything, by somebody who has no key */
	DNS_MODEL_NO_HIP,           /* FORMERR to an update with a HIP record */
};

struct dns_model_counters {
	unsigned int messages;
	unsigned int updates;         /* with a right signature */
	unsigned int updates_applied; /* that changed something */
	unsigned int names_most;      /* prerequisites of one update, at most */
	unsigned int transfers;
	unsigned int bad_signatures;
	unsigned int bad_times;
	unsigned int over_stream;
};

typedef void dns_model_answer(void *context, const uint8_t *message, size_t octets);

/* `key` must outlive the model. */
struct dns_model *dns_model_new(const struct tsig_key *key, const char *forward_zone, const char *reverse_zone);
void dns_model_free(struct dns_model *model);

void dns_model_set_mode(struct dns_model *model, enum dns_model_mode mode);

/* The next `count` answers are lost; what was asked is done. */
void dns_model_lose_answers(struct dns_model *model, unsigned int count);

/* Seconds by which the server's clock is ahead. */
void dns_model_set_clock(struct dns_model *model, int64_t ahead_s);

/* In the reverse zone updates are refused. */
void dns_model_refuse_reverse(struct dns_model *model, bool refuse);

/* Called once, before the next update is looked at: somebody else is faster. */
void dns_model_race(struct dns_model *model, void (*faster)(void *context, struct dns_model *model), void *context);

/* A request; each message of the answer goes to `answer`. */
void dns_model_receive(struct dns_model *model, const uint8_t *message, size_t octets, bool over_stream, uint64_t now_s,
                       dns_model_answer *answer, void *context);

/* By the administrator's hand: a record in presentation form, "www.mob.example. 300 IN AAAA 2001:db8::1". */
void dns_model_put(struct dns_model *model, const char *record);
/* All records of a name; type 0: of all types. */
void dns_model_drop(struct dns_model *model, const char *name, uint16_t type);

/* Records of this name and type; type 0: of all types. */
unsigned int dns_model_count(const struct dns_model *model, const char *name, uint16_t type);
/* Whether exactly this record stands there (TTL not compared). */
bool dns_model_has(const struct dns_model *model, const char *record);
/* All records of both zones but SOA and NS. */
unsigned int dns_model_records(const struct dns_model *model);
/* The text of the record's data, "" if there is none or several; to be copied before the next call. */
const char *dns_model_text(const struct dns_model *model, const char *name, uint16_t type);
/* Calls `each` for all records but SOA and NS: owner without final dot, type, data in presentation form. */
void dns_model_each(const struct dns_model *model,
                    void (*each)(void *context, const char *owner, uint16_t type, const char *data), void *context);

const struct dns_model_counters *dns_model_counters(const struct dns_model *model);

#endif
