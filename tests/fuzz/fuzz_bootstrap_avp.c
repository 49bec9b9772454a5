// SPDX-License-Identifier: BSD-3-Clause
/* The first octet chooses request or answer; what was read without fault is written and read again. */
#include <stdlib.h>
#include <string.h>

#include "bootstrap_avp.h"

enum { VENDOR = 32473 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void write_and_read_again(const struct bootstrap_avps *first, bool answer)
{
	static uint8_t written[4 * BOOTSTRAP_PLAINTEXT_MAX];
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	struct bootstrap_avps second;
	struct wire_view signature = first->signature;
	enum bootstrap_status status;

	bootstrap_avps_write(&writer, VENDOR, first);
	if (signature.octets)
		bootstrap_signature_write(&writer, VENDOR, answer ? BOOT_SERVER_SIGNATURE : BOOT_POP_SIGNATURE,
		                          (uint16_t)(signature.bytes[0] << 8 | signature.bytes[1]), signature.bytes + 2,
		                          signature.octets - 2);
	status = answer ? bootstrap_answer_read(written, wire_written(&writer), VENDOR, &second)
	                : bootstrap_request_read(written, wire_written(&writer), VENDOR, &second);
	if (status != BOOTSTRAP_OK || second.present != first->present || second.message != first->message ||
	    second.status != first->status || second.services != first->services ||
	    second.addresses.count != first->addresses.count || second.fqdn.octets != first->fqdn.octets ||
	    memcmp(second.request_id, first->request_id, sizeof(first->request_id)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct bootstrap_avps avps;
	bool answer;

	if (!octets)
		return 0;
	answer = bytes[0] & 1;
	bytes++;
	octets--;
	if ((answer ? bootstrap_answer_read(bytes, octets, VENDOR, &avps)
	            : bootstrap_request_read(bytes, octets, VENDOR, &avps)) == BOOTSTRAP_OK)
		write_and_read_again(&avps, answer);
	return 0;
}
