// SPDX-License-Identifier: BSD-3-Clause
/* radius_relay_counters - what the relay counts. Each datagram that changes nothing counts in exactly one line. */
#ifndef KEDGE_MOBILITYSERVER_RADIUS_RELAY_COUNTERS_H
#define KEDGE_MOBILITYSERVER_RADIUS_RELAY_COUNTERS_H

#include <stdint.h>

#define RADIUS_RELAY_COUNTERS(X)                                                                                       \
	X(conversations, "EAP conversations begun")                                                                    \
	X(no_server, "conversations refused, their realm has no authentication server (E-17)")                         \
	X(no_identifier, "conversations refused, all identifiers are in use (R-4)")                                    \
	X(requests, "Access-Requests")                                                                                 \
	X(retransmissions, "Access-Requests sent again (R-5)")                                                         \
	X(timeouts, "conversations ended because the server did not answer (B-25)")                                    \
	X(challenges, "Access-Challenges")                                                                             \
	X(accepts, "Access-Accepts")                                                                                   \
	X(rejects, "Access-Rejects")                                                                                   \
	X(code_mismatch, "answers whose RADIUS and EAP codes disagree (R-6)")                                          \
	X(without_msk, "Access-Accepts without a usable MSK (K-2)")                                                    \
	X(without_subscriber, "Access-Accepts that do not say who the subscriber is (E-16)")                           \
	X(foreign_subscriber, "Access-Accepts for an identity that is not the server's to assert (E-17)")              \
	X(malformed_profile, "Access-Accepts with a malformed profile or IMSI")                                        \
	X(datagrams, "datagrams received")                                                                             \
	X(malformed, "no RADIUS packet")                                                                               \
	X(unknown_answer, "answers to no request of ours, or to one that was answered (R-4)")                          \
	X(wrong_source, "answers from another address than the server's")                                              \
	X(wrong_authenticator, "answers with a wrong Response Authenticator")                                          \
	X(wrong_message_authenticator, "answers with a wrong or missing Message-Authenticator (R-2)")                  \
	X(unexpected_code, "answers that are no Accept, Reject or Challenge")

struct radius_relay_counters {
#define X(name, help) uint64_t name;
	RADIUS_RELAY_COUNTERS(X)
#undef X
};

#endif
