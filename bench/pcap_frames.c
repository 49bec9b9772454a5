// SPDX-License-Identifier: BSD-3-Clause
#include "pcap_frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

struct frame_writer {
	pcap_t *format;
	pcap_dumper_t *dumper;
};

static int add(struct frames *frames, size_t *room, size_t *used, size_t *octet_room, const struct pcap_pkthdr *header,
               const uint8_t *bytes)
{
	if (frames->count == *room) {
		struct frame *list = realloc(frames->list, (*room = *room ? *room * 2 : 1024) * sizeof(*list));

		if (!list)
			return -ENOMEM;
		frames->list = list;
	}
	if (*used + header->caplen > *octet_room) {
		uint8_t *octets = realloc(frames->octets, *octet_room = *octet_room * 2 + header->caplen + 4096);

		if (!octets)
			return -ENOMEM;
		frames->octets = octets;
	}
	memcpy(frames->octets + *used, bytes, header->caplen);
	frames->list[frames->count++] =
	        (struct frame){.time_ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
	                       .octets = header->caplen};
	*used += header->caplen;
	return 0;
}

/* Only when all octets lie still. */
static void set_pointers(struct frames *frames)
{
	size_t at = 0;

	for (size_t i = 0; i < frames->count; i++) {
		frames->list[i].bytes = frames->octets + at;
		at += frames->list[i].octets;
	}
}

int frames_load(const char *path, struct frames *frames, char error[FRAMES_ERROR_OCTETS])
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, reason);
	size_t room = 0, used = 0, octet_room = 0;
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	int result = 0, next;

	memset(frames, 0, sizeof(*frames));
	if (!file) {
		/* libpcap names the file in some of its sentences only */
		snprintf(error, FRAMES_ERROR_OCTETS, "%.200s%s%.250s", strstr(reason, path) ? "" : path,
		         strstr(reason, path) ? "" : ": ", reason);
		return -EINVAL;
	}
	if (pcap_datalink(file) != DLT_EN10MB) {
		snprintf(error, FRAMES_ERROR_OCTETS, "%.200s: holds no Ethernet frames", path);
		result = -EINVAL;
	}
	while (!result && (next = pcap_next_ex(file, &header, &bytes)) != PCAP_ERROR_BREAK) {
		if (next != 1 || header->caplen > FRAME_OCTETS_MAX || header->caplen != header->len) {
			snprintf(error, FRAMES_ERROR_OCTETS, "%.200s: frame %zu is cut, broken or over %d octets", path,
			         frames->count, FRAME_OCTETS_MAX);
			result = -EINVAL;
		} else if (add(frames, &room, &used, &octet_room, header, bytes)) {
			snprintf(error, FRAMES_ERROR_OCTETS, "%.200s: does not fit into memory", path);
			result = -ENOMEM;
		}
	}
	pcap_close(file);
	set_pointers(frames);
	if (result)
		frames_free(frames);
	return result;
}

void frames_free(struct frames *frames)
{
	free(frames->list);
	free(frames->octets);
	memset(frames, 0, sizeof(*frames));
}

struct frame_writer *frame_writer_open(const char *path, char error[FRAMES_ERROR_OCTETS])
{
	struct frame_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO);
	writer->dumper = writer->format ? pcap_dump_open(writer->format, path) : NULL;
	if (writer->dumper)
		return writer;
	snprintf(error, FRAMES_ERROR_OCTETS, "%.200s: %.250s", path, writer->format ? pcap_geterr(writer->format) : "");
	if (writer->format)
		pcap_close(writer->format);
	free(writer);
	return NULL;
}

void frame_writer_add(struct frame_writer *writer, uint64_t time_ns, const void *bytes, size_t octets)
{
	struct pcap_pkthdr header = {.caplen = (bpf_u_int32)octets, .len = (bpf_u_int32)octets};

	header.ts.tv_sec = (time_t)(time_ns / 1000000000u);
	header.ts.tv_usec = (suseconds_t)(time_ns % 1000000000u); /* nanoseconds in such a file */
	pcap_dump((u_char *)writer->dumper, &header, (const u_char *)bytes);
}

int frame_writer_close(struct frame_writer *writer)
{
	int result = pcap_dump_flush(writer->dumper) ? -EIO : 0;

	pcap_dump_close(writer->dumper);
	pcap_close(writer->format);
	free(writer);
	return result;
}
