// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <string.h>
#include "command.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct command_envelope envelope;
	uint8_t again[COMMAND_ENVELOPE_OCTETS];

	if (command_envelope_read(bytes, octets, &envelope) == 0) {
		command_envelope_write(&envelope, again);
		if (memcmp(again, bytes, sizeof(again)) != 0)
			abort();
	}
	return 0;
}
