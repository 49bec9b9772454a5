// SPDX-License-Identifier: BSD-3-Clause
/*
 * home_agent_counters - each Binding Update counts in exactly one line: accepted, deregistered, repeated, or the name
 * of what was wrong with it. The faults stand in the order in which they are looked for (M-2).
 */
#ifndef KEDGE_MOBILITYSERVER_HOME_AGENT_COUNTERS_H
#define KEDGE_MOBILITYSERVER_HOME_AGENT_COUNTERS_H

#include <stdint.h>

#include "mobility_header.h"

/* How a fault is answered: not at all; at once; or when the number is durable, since it is used up (M-8). */
enum update_answer { UPDATE_SILENCE, UPDATE_ANSWER, UPDATE_ANSWER_STORED };

/* name, answer, status, help */
#define BINDING_UPDATE_FAULTS(X)                                                                                       \
	X(malformed, UPDATE_SILENCE, 0, "no Binding Update in an IPv6 packet")                                         \
	X(checksum, UPDATE_SILENCE, 0, "wrong checksum")                                                               \
	X(unauthenticated, UPDATE_SILENCE, 0, "option 9 missing, not of MN-HA, or not last")                           \
	X(not_home_registration, UPDATE_SILENCE, 0, "without H, with nonce indices, or an unroutable home address")    \
	X(rate_of_source, UPDATE_SILENCE, 0, "too many from one source")                                               \
	X(unknown_spi, UPDATE_SILENCE, 0, "no association has this SPI")                                               \
	X(dead_association, UPDATE_SILENCE, 0, "the association has ended")                                            \
	X(foreign_home_address, UPDATE_SILENCE, 0, "another node's home address under a known SPI: an attack")         \
	X(foreign_home_agent, UPDATE_SILENCE, 0, "sent to another address than the association's")                     \
	X(mac, UPDATE_ANSWER, MOBILITY_STATUS_AUTHENTICATION_FAILED, "wrong MAC")                                      \
	X(nai, UPDATE_ANSWER, MOBILITY_STATUS_AUTHENTICATION_FAILED, "wrong or missing NAI")                           \
	X(timestamp_missing, UPDATE_ANSWER, MOBILITY_STATUS_IDENTIFICATION_REQUIRED,                                   \
	  "without the timestamp that policy asks for")                                                                \
	X(timestamp, UPDATE_ANSWER, MOBILITY_STATUS_IDENTIFICATION_MISMATCH,                                           \
	  "timestamp too far from the clock, or not newer")                                                            \
	X(sequence, UPDATE_ANSWER, MOBILITY_STATUS_SEQUENCE, "number not newer than the last")                         \
	X(exhausted, UPDATE_ANSWER, MOBILITY_STATUS_PROHIBITED, "the association's number space is used up")           \
	X(pending, UPDATE_SILENCE, 0, "the one before is still being stored")                                          \
	X(rate_of_node, UPDATE_SILENCE, 0, "too many of one node")                                                     \
	X(both_care_of_options, UPDATE_ANSWER_STORED, MOBILITY_STATUS_REASON_UNSPECIFIED,                              \
	  "two options name a care-of address")                                                                        \
	X(not_dual_stack, UPDATE_ANSWER_STORED, MOBILITY_STATUS_PROHIBITED,                                            \
	  "from an IPv4 network, and the subscriber has no DSMIP6 service")                                            \
	X(nat_refused, UPDATE_ANSWER_STORED, MOBILITY_STATUS_PROHIBITED, "through a NAT, which is not permitted")      \
	X(not_home_subnet, UPDATE_ANSWER_STORED, MOBILITY_STATUS_NOT_HOME_SUBNET, "home address in no home prefix")    \
	X(unknown_binding, UPDATE_ANSWER_STORED, MOBILITY_STATUS_NOT_HOME_AGENT,                                       \
	  "de-registration of what was not bound")                                                                     \
	X(care_of_address, UPDATE_ANSWER_STORED, MOBILITY_STATUS_CARE_OF_ADDRESS, "care-of address that may not be")   \
	X(no_room, UPDATE_ANSWER_STORED, MOBILITY_STATUS_INSUFFICIENT_RESOURCES, "no room for the binding")

#define HOME_AGENT_COUNTERS(X)                                                                                         \
	X(packets, "Mobility Header packets received")                                                                 \
	X(other_messages, "Mobility Header messages that are not for a home agent")                                    \
	X(unknown_messages, "Mobility Header messages of unknown type")                                                \
	X(in_udp, "of these in UDP, from an IPv4 network")                                                             \
	X(behind_nat, "home registrations accepted through a NAT")                                                     \
	X(accepted, "home registrations accepted")                                                                     \
	X(deregistered, "home registrations ended by the node")                                                        \
	X(repeated, "octet-identical updates, given the same acknowledgement")                                         \
	X(store_failed, "updates answered 130 because the store failed")                                               \
	X(answers_withheld, "acknowledgements and errors not sent because of their rate")                              \
	X(associations, "security associations made")                                                                  \
	X(associations_ended, "security associations ended")                                                           \
	X(ambr_changed, "bindings told anew because the session AMBR is another one")                                  \
	X(expired, "home registrations whose time was over")                                                           \
	X(revoked, "home registrations and associations revoked")

struct home_agent_counters {
#define X(name, answer, status, help) uint64_t name;
	BINDING_UPDATE_FAULTS(X)
#undef X
#define X(name, help) uint64_t name;
	HOME_AGENT_COUNTERS(X)
#undef X
};

#endif
