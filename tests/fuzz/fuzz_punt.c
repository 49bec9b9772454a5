// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "frames.h"
#include "punt.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void write_body(struct wire_writer *writer, const struct punt_up *up)
{
	struct punt_usage_row row;
	struct wire_reader rows;

	if (up->kind == PUNT_PACKET) {
		wire_write_view(writer, up->packet);
	} else if (up->kind == PUNT_PATH_MTU) {
		punt_path_mtu_write(writer, &up->path_mtu);
	} else if (up->kind == PUNT_EVENT) {
		punt_event_write(writer, &up->event);
	} else if (up->kind == PUNT_STATUS) {
		punt_status_write(writer, &up->status);
	} else {
		punt_usage_begin_write(writer, up->usage.boot);
		for (rows = wire_reader_of_view(up->usage.rows); wire_remaining(&rows);) {
			if (punt_usage_row_read(&rows, &row))
				abort();
			punt_usage_row_write(writer, &row);
		}
	}
}

static void try_up(const struct wire_view *frames, size_t count)
{
	static uint8_t body[65536];
	uint8_t head[PUNT_UP_HEAD_OCTETS];
	struct punt_up up;
	struct punt_up again;
	struct wire_view written[2];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));

	if (punt_up_read(frames, count, &up))
		return;
	punt_up_head_write(&writer, up.kind, up.packet_class, up.time_unix_ms);
	written[0] = (struct wire_view){head, wire_written(&writer)};
	writer = wire_writer_of(body, sizeof(body));
	write_body(&writer, &up);
	written[1] = (struct wire_view){body, wire_written(&writer)};
	if (written[1].octets != frames[1].octets || punt_up_read(written, 2, &again) || again.kind != up.kind)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct wire_view frames[2];
	struct punt_down down;
	size_t count = frames_of_input(bytes, octets, frames);

	try_up(frames, count);
	(void)punt_down_read(frames, count, &down);
	return 0;
}
