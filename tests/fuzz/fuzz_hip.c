// SPDX-License-Identifier: BSD-3-Clause
/* HIP RR data, AVP 259 values and HOST_ID forms: whatever reads well is written back to the same octets. */
#include <stdlib.h>

#include "hip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void expect_same(const struct wire_writer *writer, const uint8_t *bytes, size_t octets)
{
	if (wire_written(writer) != octets || memcmp(writer->begin, bytes, octets) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static uint8_t written[1 << 18];
	struct wire_view input = {bytes, octets};
	struct wire_writer writer = wire_writer_of(written, sizeof(written));
	struct hip_host_identity identity;
	struct hip_rr rr;

	if (hip_rr_read(input, &rr)) {
		hip_rr_write(&writer, &rr);
		expect_same(&writer, bytes, octets);
	}
	if (hip_identity_value_read(input, &identity)) {
		struct hip_host_identity back;
		uint8_t host_id[HIP_HOST_ID_MAX];
		struct wire_writer form = wire_writer_of(host_id, sizeof(host_id));

		writer = wire_writer_of(written, sizeof(written));
		hip_identity_value_write(&writer, &identity);
		expect_same(&writer, bytes, octets);
		hip_host_id_form_write(&form, &identity);
		if (!hip_host_id_form_read(hip_algorithm_of(identity.key_algorithm),
		                           (struct wire_view){host_id, wire_written(&form)}, &back))
			abort();
	}
	(void)hip_host_id_form_read(HIP_ALGORITHM_RSA, input, &identity);
	(void)hip_host_id_form_read(HIP_ALGORITHM_ECDSA, input, &identity);
	return 0;
}
