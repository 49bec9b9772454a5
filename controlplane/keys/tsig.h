// SPDX-License-Identifier: BSD-3-Clause
/*
 * tsig - transaction signatures of DNS messages (RFC 8945; protocols.md 2, D-6).
 *
 * Time is an argument; a message whose Time Signed is further away than its fudge is told apart from a forged one.
 * MACs are compared in constant time (K-16) and never truncated: we sign whole, and demand whole.
 *
 * Thread: any; nothing is kept outside the arguments.
 */
#ifndef KEDGE_KEYS_TSIG_H
#define KEDGE_KEYS_TSIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dns_name.h"
#include "secret.h"
#include "wire.h"

enum { DNS_TYPE_TSIG = 250 };

enum {
	TSIG_FUDGE_S = 300,
	TSIG_MAC_MAX = 64,
	/* Octets that a signature adds to a message: owner, fixed fields, algorithm, MAC, other data. */
	TSIG_OCTETS_MAX = DNS_NAME_WIRE_MAX + 10 + 16 + 10 + TSIG_MAC_MAX + 6 + 6,
	TSIG_UNSIGNED_MAX = 99, /* messages of a stream between two signed ones, RFC 8945 section 5.3.1 */
};

enum tsig_algorithm { TSIG_HMAC_SHA256, TSIG_HMAC_SHA384, TSIG_HMAC_SHA512 };

/* The Error field, RFC 8945 section 10 (and extended RCODEs). */
enum tsig_error { TSIG_ERROR_NONE = 0, TSIG_ERROR_BADSIG = 16, TSIG_ERROR_BADKEY = 17, TSIG_ERROR_BADTIME = 18 };

struct tsig_key {
	char name[DNS_NAME_TEXT_OCTETS]; /* lower case, no final dot */
	enum tsig_algorithm algorithm;
	struct secret secret;
};

struct tsig_mac {
	uint8_t octets; /* 0: none */
	uint8_t bytes[TSIG_MAC_MAX];
};

/* What became of a received signature. Nothing but TSIG_GOOD and TSIG_SERVER_BADTIME comes from who knows the key. */
enum tsig_verdict {
	TSIG_GOOD,
	TSIG_MALFORMED,      /* not a whole DNS message, or a TSIG record that is not the last, or a broken one */
	TSIG_MISSING,        /* no TSIG record */
	TSIG_OTHER_KEY,      /* another key name or algorithm */
	TSIG_UNSIGNED_ERROR, /* BADKEY or BADSIG without a MAC: proves nothing (D-6) */
	TSIG_BAD_MAC,
	TSIG_BAD_TIME,       /* the MAC is right, our time is outside Time Signed ± fudge: old, or a clock is wrong */
	TSIG_SERVER_BADTIME, /* the MAC is right, and the server says that our clock is wrong */
};

const char *tsig_verdict_name(enum tsig_verdict verdict);

struct tsig_signature {
	struct tsig_mac mac;
	uint16_t original_id;
	uint16_t error;         /* enum tsig_error and others */
	uint64_t time_signed_s; /* since 1970 */
	uint64_t server_time_s; /* with TSIG_SERVER_BADTIME */
	size_t message_octets;  /* of the message without its TSIG record; ARCOUNT still counts the record */
};

/*
 * Makes a key of what its file says (key_file_read_tsig): its name, "hmac-sha256", "hmac-sha384" or "hmac-sha512", and
 * the secret, which is copied. Returns 0; -EINVAL for no domain name, -ENOTSUP for another algorithm. The caller wipes
 * key->secret.
 */
int tsig_key_make(const char *name, const char *algorithm, const struct secret *secret, struct tsig_key *key);

/*
 * Signs the whole message that `message` holds from its begin on: appends the TSIG record, counts it in ARCOUNT, and
 * gives the MAC, which verifies the answer. Returns 0 or -ENOSPC when it does not fit (the writer has failed then).
 */
int tsig_sign_request(struct wire_writer *message, const struct tsig_key *key, uint64_t now_s, struct tsig_mac *mac);

/* The same for an answer; with TSIG_ERROR_BADTIME `request_time_s` is signed and now_s told as other data. */
int tsig_sign_answer(struct wire_writer *message, const struct tsig_key *key, const struct tsig_mac *request_mac,
                     uint16_t error, uint64_t request_time_s, uint64_t now_s, struct tsig_mac *mac);

/* Verifies a request (request_mac NULL) or a single answer. *signature is valid for what the verdict lets one know. */
enum tsig_verdict tsig_verify(struct wire_view message, const struct tsig_key *key, const struct tsig_mac *request_mac,
                              uint64_t now_s, struct tsig_signature *signature);

/*
 * An answer of several messages on one TCP connection (AXFR; RFC 8945 section 5.3.1): the first is verified as an
 * answer, later ones over the prior MAC, the unsigned messages between and the timers. The same struct signs such a
 * stream at the server's end.
 */
struct tsig_stream {
	const struct tsig_key *key;
	struct tsig_mac prior;
	void *running; /* EVP_MAC_CTX over what came since the last signature */
	uint32_t messages;
	uint32_t messages_unsigned; /* since the last signature */
};

/* `key` outlives the stream. */
void tsig_stream_start(struct tsig_stream *stream, const struct tsig_key *key, const struct tsig_mac *request_mac);

/*
 * The next message. TSIG_GOOD for a right signature; TSIG_MISSING for an unsigned message that may stand there so far:
 * whoever needs certainty waits for the next TSIG_GOOD, and the last message must be signed. After any other verdict
 * the connection is closed.
 */
enum tsig_verdict tsig_stream_verify(struct tsig_stream *stream, struct wire_view message, uint64_t now_s,
                                     struct tsig_signature *signature);

/* Signs the next message of a stream. Returns 0 or -ENOSPC. */
int tsig_stream_sign(struct tsig_stream *stream, struct wire_writer *message, uint64_t now_s);

/* Frees the MAC under way; the stream may be started again. */
void tsig_stream_end(struct tsig_stream *stream);

#endif
