// SPDX-License-Identifier: BSD-3-Clause
/* Any octets as a packet that an operator traces: a line of text, ended, whatever came. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	char text[PACKET_TEXT_OCTETS];

	memset(text, 'x', sizeof(text));
	if (packet_text(bytes, octets, 65535, text) != text || !memchr(text, '\0', sizeof(text)))
		abort();
	/* without an address there is nothing to say */
	if (octets < 20 && text[0])
		abort();
	return 0;
}
