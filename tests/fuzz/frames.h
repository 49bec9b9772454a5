// SPDX-License-Identifier: BSD-3-Clause
/* How a fuzz input stands for a ZeroMQ message: frames8 (1 or 2) | octets16 of frame 1 | frame 1 | frame 2. */
#ifndef KEDGE_TESTS_FUZZ_FRAMES_H
#define KEDGE_TESTS_FUZZ_FRAMES_H

#include "wire.h"

/* Returns the number of frames, 0 when the input is too short to say. */
static inline size_t frames_of_input(const uint8_t *bytes, size_t octets, struct wire_view frames[2])
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	size_t count = wire_read_u8(&reader) == 2 ? 2 : 1;

	frames[0] = wire_read_view(&reader, wire_read_u16(&reader));
	frames[1] = wire_read_view(&reader, wire_remaining(&reader));
	return reader.failed ? 0 : count;
}

#endif
