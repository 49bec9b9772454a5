// SPDX-License-Identifier: BSD-3-Clause
/* PANA messages: whatever is read as valid must be written back to octets that read the same. */
#include <stdlib.h>

#include "pana.h"

enum { VENDOR = 32473 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void write_back(const struct pana_message *message)
{
	static uint8_t buffer[65536 + 64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct wire_reader reader = wire_reader_of_view(message->avps);
	struct pana_message again;
	enum pana_fault fault;
	struct pana_avp avp;
	size_t octets;

	pana_message_begin(&writer, message->kind, message->session_id, message->sequence_number);
	while (pana_avp_read(&reader, &avp, &fault)) {
		if (avp.encoded.octets != pana_avp_encoded_octets(avp.vendor, avp.value.octets))
			abort();
		pana_avp_write(&writer, avp.vendor, avp.code, avp.value.bytes, avp.value.octets);
	}
	octets = pana_message_end(&writer);
	if (message->octets.octets > PANA_PAYLOAD_MAX) {
		if (octets)
			abort();
		return;
	}
	if (octets != message->octets.octets || pana_message_read(buffer, octets, VENDOR, &again) != PANA_FAULT_VALID ||
	    again.kind != message->kind)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct pana_message message;
	enum pana_fault fault = pana_message_read(bytes, octets, VENDOR, &message);

	if (!pana_fault_name(fault))
		abort();
	if (fault == PANA_FAULT_VALID)
		write_back(&message);
	return 0;
}
