// SPDX-License-Identifier: BSD-3-Clause
/* pcap_frames - Ethernet frames of a pcap file, read whole into memory, and a pcap file that is written. */
#ifndef KEDGE_BENCH_PCAP_FRAMES_H
#define KEDGE_BENCH_PCAP_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { FRAMES_ERROR_OCTETS = 512, FRAME_OCTETS_MAX = 1920 };

struct frame {
	uint64_t time_ns; /* since 1970 */
	const uint8_t *bytes;
	uint32_t octets;
};

struct frames {
	size_t count;
	struct frame *list;
	uint8_t *octets;
};

/* Returns 0; -EINVAL with `error` when it is no pcap file of Ethernet frames of at most FRAME_OCTETS_MAX octets. */
int frames_load(const char *path, struct frames *frames, char error[FRAMES_ERROR_OCTETS]);
void frames_free(struct frames *frames);

struct frame_writer;

/* NULL with `error`. */
struct frame_writer *frame_writer_open(const char *path, char error[FRAMES_ERROR_OCTETS]);
void frame_writer_add(struct frame_writer *writer, uint64_t time_ns, const void *bytes, size_t octets);

/* Returns 0 or -EIO when not all could be written. */
int frame_writer_close(struct frame_writer *writer);

#endif
