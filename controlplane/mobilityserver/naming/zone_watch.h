// SPDX-License-Identifier: BSD-3-Clause
/*
 * zone_watch - one zone as the server shows it: its SOA now and then (D-10), its contents by transfer when the serial
 * has changed (D-11). A transfer's answer is several signed messages on one connection (RFC 8945 section 5.3.1); what
 * it brings counts only when its last message was right. Pure core; thread: the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_ZONE_WATCH_H
#define KEDGE_MOBILITYSERVER_ZONE_WATCH_H

#include "dns_answer.h"
#include "dns_transaction.h"

struct zone_watch;

struct zone_watch_owner {
	void *context;
	/* A transfer begins. */
	void (*begins)(void *context, const struct zone_watch *watch);
	/* One record of the transfer under way, the two SOA records not included. */
	void (*record)(void *context, const struct zone_watch *watch, const struct dns_record *record);
	/* The transfer ended; good: its records are the zone's contents. */
	void (*transferred)(void *context, struct zone_watch *watch, bool good, const struct instant *now,
	                    struct effects *effects);
	/* Nothing is under way any more, or another message may be sent beside the transfer. */
	void (*idle)(void *context, const struct instant *now, struct effects *effects);
};

struct zone_watch {
	/* set by whoever makes it */
	char zone[DNS_NAME_TEXT_OCTETS];
	uint16_t transfer_channel;
	uint32_t refresh_interval_ms;
	uint32_t transfer_interval_ms;
	struct dns_transaction *transaction;
	struct zone_watch_owner owner;

	uint64_t check_due_ms;
	bool is_served;            /* the last SOA answer was one of this zone */
	bool is_known;             /* a transfer has ended well */
	bool is_wanted;            /* a transfer is */
	uint32_t serial;           /* of the contents that are known */
	uint64_t transfer_from_ms; /* not before */

	bool transferring;
	bool began; /* the first SOA was there */
	bool ended; /* the second, too */
	bool broken;
	uint32_t transfer_serial;
	uint32_t messages;
	struct tsig_stream stream;
	struct timer timer;
	size_t request_octets;
	uint8_t request[DNS_DATAGRAM_MAX];
};

/* Starts what is due, if the transaction is idle. True when something was started; else *due_ms says when to ask again.
 */
bool zone_watch_turn(struct zone_watch *watch, uint64_t *due_ms, const struct instant *now, struct effects *effects);

/* Wants a transfer as soon as may be. */
void zone_watch_want(struct zone_watch *watch, const struct instant *now);

/* Wants one again after the usual interval, whatever the serial says. */
void zone_watch_want_later(struct zone_watch *watch, const struct instant *now);

/* A message of the transfer's channel, and the end of its connection. */
void zone_watch_received(struct zone_watch *watch, struct wire_view message, const struct instant *now,
                         struct effects *effects);
void zone_watch_stream_failed(struct zone_watch *watch, int error, const struct instant *now, struct effects *effects);
/* Gives up a transfer that is under way; the owner is not told. */
void zone_watch_stop(struct zone_watch *watch);

#endif
