// SPDX-License-Identifier: BSD-3-Clause
/* Answers as the naming room reads them, with ldns underneath: every record that is told lies inside the message. */
#include <stdlib.h>

#include "dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void look(void *context, const struct dns_record *record)
{
	uint32_t *sum = context;

	for (size_t i = 0; i < record->rdata.octets; i++)
		*sum += record->rdata.bytes[i];
	*sum += (uint32_t)strlen(record->owner);
	(void)dns_soa_serial(record->rdata, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	uint32_t sum = 0;

	(void)dns_answer_each((struct wire_view){bytes, octets}, look, &sum);
	return 0;
}
