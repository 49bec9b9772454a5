// SPDX-License-Identifier: BSD-3-Clause
/*
 * channels - the sockets of a process, by number: what effects_send() names and where received messages come from.
 *
 * A UDP channel is one bound socket. A stream channel connects to a peer on demand, frames each message by its length
 * in two octets (DNS over TCP, RFC 1035 4.2.2), keeps the connection for a while, and says when one failed.
 *
 * Each received message is a step of its own. Thread: the loop's.
 */
#ifndef KEDGE_RUNTIME_CHANNELS_H
#define KEDGE_RUNTIME_CHANNELS_H

#include "loop.h"

struct channels;

typedef void channel_received(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                              size_t octets, const struct instant *now, struct effects *effects);

/* A stream channel's connection to `peer` could not be made or broke; what was sent on it may be lost. */
typedef void channel_failed(void *context, uint16_t channel, const struct endpoint *peer, int error,
                            const struct instant *now, struct effects *effects);

/* The loop's own; made on first use. */
struct channels *loop_channels(struct loop *loop);

/*
 * Opens a UDP socket bound to `bind` (port 0: any) as `channel`. IPv4 in mapped form. Returns 0, -EADDRINUSE,
 * -EADDRNOTAVAIL, -EEXIST for a number in use, or another negative errno.
 */
int channels_open_udp(struct channels *channels, uint16_t channel, const struct endpoint *bind,
                      channel_received *received, void *context);

int channels_open_stream(struct channels *channels, uint16_t channel, channel_received *received,
                         channel_failed *failed, void *context);

struct channels_counters {
	uint64_t datagrams_received;
	uint64_t datagrams_sent;
	uint64_t send_errors;
	uint64_t stream_messages_received;
	uint64_t stream_messages_sent;
	uint64_t stream_failures;
	uint64_t unknown_channel;
};
struct channels_counters channels_counters(const struct channels *channels);

/* For the loop. */
struct channels *channels_new(struct loop *loop);
void channels_send(struct channels *channels, const struct effect_send *send);
void channels_close(
        struct channels *channels); /* closes all handles; their memory goes when the loop has run once more */
void channels_free(struct channels *channels);

#endif
