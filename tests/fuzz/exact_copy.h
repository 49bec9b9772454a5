// SPDX-License-Identifier: BSD-3-Clause
/* exact_copy - octets in memory of exactly their size, so that AddressSanitizer sees a read past their end. */
#ifndef KEDGE_TESTS_FUZZ_EXACT_COPY_H
#define KEDGE_TESTS_FUZZ_EXACT_COPY_H

#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* The caller frees it. */
static inline uint8_t *exact_copy(struct wire_view view)
{
	uint8_t *copy = malloc(view.octets ? view.octets : 1);

	if (!copy)
		abort();
	if (view.octets)
		memcpy(copy, view.bytes, view.octets);
	return copy;
}

#endif
