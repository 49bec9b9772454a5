// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_agent_counters - what the PANA agent counts. Each packet that changes nothing counts in exactly one line: as
 * not_pana, in invalid[] by the name of its fault (pana.h), or under the name of what was wrong with it here.
 */
#ifndef KEDGE_MOBILITYSERVER_PANA_AGENT_COUNTERS_H
#define KEDGE_MOBILITYSERVER_PANA_AGENT_COUNTERS_H

#include <stdint.h>

#include "pana.h"

#define PANA_AGENT_COUNTERS(X)                                                                                         \
	X(packets, "packets received")                                                                                 \
	X(not_pana, "no UDP datagram to the PANA port from an address that can be answered")                           \
	X(initiations, "PCI received")                                                                                 \
	X(initiations_without_capability, "PCI without Mob-Capability or POP, dropped (B-8)")                          \
	X(initiations_over_rate, "PCI dropped, too many from one network (F-3)")                                       \
	X(initiations_without_cookie, "PCI dropped, all cookies of the source are in use (B-11)")                      \
	X(starts, "PAR(S) sent")                                                                                       \
	X(starts_repeated, "PAN(S) for a session that lives or was used up (B-12)")                                    \
	X(starts_forged, "PAN(S) with no cookie of ours, or too old (B-12)")                                           \
	X(starts_refused_algorithms, "PAN(S) that answers another offer than ours (B-14)")                             \
	X(half_open_refused, "PAN(S) refused, too many half-open sessions (F-1)")                                      \
	X(half_open_displaced, "half-open sessions that gave way to younger ones (F-1)")                               \
	X(sessions, "sessions begun")                                                                                  \
	X(unknown_session, "messages for no session")                                                                  \
	X(unexpected, "messages that the session's state does not allow")                                              \
	X(wrong_source, "unprotected messages from another address than the session's (B-23)")                         \
	X(wrong_auth, "messages with a wrong or missing AUTH")                                                         \
	X(reflected, "first requests with a number of our own half (B-17)")                                            \
	X(wrong_number, "messages with another number than the expected one")                                          \
	X(other_content, "requests with the last number and other content (B-22)")                                     \
	X(answers_repeated, "cached answers sent again (B-22)")                                                        \
	X(repeats_over_rate, "repeated requests ignored, more than 5 a second (B-22)")                                 \
	X(repeats_pending, "requests ignored while the last one is being worked on")                                   \
	X(nonce_missing, "first answers of an authentication without a nonce (B-18)")                                  \
	X(nonce_refused, "nonces where none belongs, or equal to our own (B-18)")                                      \
	X(eap_malformed, "EAP packets that are no response to the last request")                                       \
	X(key_id_wrong, "PAN(C) with another Key-Id than ours (B-20)")                                                 \
	X(authentications, "authentications begun")                                                                    \
	X(authentications_succeeded, "authentications that ended in the access phase")                                 \
	X(authentications_rejected, "authentications that failed (B-25)")                                              \
	X(authorizations_rejected, "authenticated, but not admitted (B-26)")                                           \
	X(authentications_expired, "authentications that took too long (F-1)")                                         \
	X(reauthentications, "re-authentications asked for")                                                           \
	X(other_subscriber, "re-authentications as another subscriber (E-16)")                                         \
	X(pings, "pings answered")                                                                                     \
	X(pings_over_rate, "pings dropped (F-9)")                                                                      \
	X(requests, "requests of the bootstrap")                                                                       \
	X(requests_over_rate, "requests of the bootstrap dropped (F-9)")                                               \
	X(answers, "answers of the bootstrap")                                                                         \
	X(answers_late, "answers of the bootstrap that nobody waited for")                                             \
	X(too_long, "messages that would have been longer than 1232 octets (B-4)")                                     \
	X(retransmissions, "requests sent again")                                                                      \
	X(unanswered, "sessions ended because a request was never answered (B-5)")                                     \
	X(logouts, "sessions ended by their node")                                                                     \
	X(expired, "sessions at the end of their lifetime")                                                            \
	X(revoked, "sessions ended by an operator")                                                                    \
	X(displaced, "sessions that gave way to younger ones of their subscriber (F-11)")

struct pana_agent_counters {
#define X(name, help) uint64_t name;
	PANA_AGENT_COUNTERS(X)
#undef X
	uint64_t invalid[PANA_FAULT_COUNT]; /* by enum pana_fault */
};

#endif
