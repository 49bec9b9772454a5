// SPDX-License-Identifier: BSD-3-Clause
#include "huge_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LARGE_PAGE_OCTETS = 2 << 20 };

/* In front of each block: how to give it back. */
struct block {
	void *map;
	size_t octets;
};

const struct table_memory huge_table_memory = {
        .allocate = huge_memory_map, .release = huge_memory_unmap, .piece_octets = LARGE_PAGE_OCTETS};

static void *map(size_t octets, int flags)
{
	void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* The block begins a cache line behind a large page's begin, so that what is asked for lies in large pages alone. */
void *huge_memory_map(size_t octets)
{
	size_t whole = (octets + CACHE_LINE_OCTETS + LARGE_PAGE_OCTETS - 1) & ~(size_t)(LARGE_PAGE_OCTETS - 1);
	size_t mapped = whole;
	uint8_t *memory = octets >= LARGE_PAGE_OCTETS ? map(whole, MAP_HUGETLB) : NULL, *begin = memory;

	if (!memory) {
		mapped = whole + LARGE_PAGE_OCTETS;
		memory = map(mapped, MAP_NORESERVE);
		if (!memory)
			return NULL;
		begin = memory + (-(uintptr_t)memory & (LARGE_PAGE_OCTETS - 1));
		(void)madvise(begin, whole, MADV_HUGEPAGE);
	}
	memcpy(begin, &(struct block){.map = memory, .octets = mapped}, sizeof(struct block));
	return begin + CACHE_LINE_OCTETS;
}

void huge_memory_unmap(void *memory)
{
	struct block block;

	if (!memory)
		return;
	memcpy(&block, (uint8_t *)memory - CACHE_LINE_OCTETS, sizeof(block));
	(void)munmap(block.map, block.octets);
}

struct huge_memory_share huge_memory_share(void)
{
	struct huge_memory_share share = {0};
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		size_t kilobytes;

		if (sscanf(line, "Rss: %zu", &kilobytes) == 1)
			share.resident_octets += kilobytes << 10;
		else if (sscanf(line, "AnonHugePages: %zu", &kilobytes) == 1)
			share.transparent_octets += kilobytes << 10;
		else if (sscanf(line, "Private_Hugetlb: %zu", &kilobytes) == 1 ||
		         sscanf(line, "Shared_Hugetlb: %zu", &kilobytes) == 1)
			share.reserved_octets += kilobytes << 10;
	}
	if (file)
		fclose(file);
	share.resident_octets += share.reserved_octets;
	return share;
}
