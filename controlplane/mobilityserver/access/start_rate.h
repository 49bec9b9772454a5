// SPDX-License-Identifier: BSD-3-Clause
/*
 * start_rate - how many PAR(S) a network gets (F-3): 100 a second per IPv4 /24 or IPv6 /48.
 *
 * The sources are not verified, so anybody can name any number of networks: the table has a fixed size and a keyed
 * hash; networks that meet in a slot share its bucket.
 */
#ifndef KEDGE_MOBILITYSERVER_START_RATE_H
#define KEDGE_MOBILITYSERVER_START_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "randomness.h"

struct start_rate;

struct start_rate *start_rate_new(struct randomness *randomness);
void start_rate_free(struct start_rate *rate);

/* True when one more PAR(S) may go to this source's network at `now_ms` (monotonic). */
bool start_rate_pass(struct start_rate *rate, const struct in6_addr *source, uint64_t now_ms);

#endif
