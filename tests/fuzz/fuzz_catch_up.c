// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "catch_up.h"
#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct catch_up_message message;
	struct catch_up_message again;
	uint8_t head[CATCH_UP_HEAD_OCTETS];
	struct wire_view frames[2];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	size_t count = frames_of_input(bytes, octets, frames);

	if (catch_up_message_read(frames, count, &message))
		return 0;
	catch_up_head_write(&writer, &message);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	if (catch_up_message_read(frames, count, &again) || again.kind != message.kind ||
	    again.amount != message.amount || feed_version_compare(again.version, message.version))
		abort();
	return 0;
}
