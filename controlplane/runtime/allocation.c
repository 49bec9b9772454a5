// SPDX-License-Identifier: BSD-3-Clause
#include "allocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *allocated(void *memory)
{
	if (!memory) {
		fprintf(stderr, "error: out of memory\n");
		abort();
	}
	return memory;
}

void *allocate(size_t octets)
{
	return allocated(calloc(1, octets ? octets : 1));
}

void *allocate_copy(const void *from, size_t octets)
{
	void *copy = allocated(malloc(octets ? octets : 1));

	if (octets)
		memcpy(copy, from, octets);
	return copy;
}

char *allocate_text(const char *text)
{
	return allocate_copy(text, strlen(text) + 1);
}
