// SPDX-License-Identifier: BSD-3-Clause
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <rte_version.h>

#include "huge_memory.h"

#if defined(__AVX512F__)
#define INSTRUCTIONS "AVX-512"
#elif defined(__AVX2__)
#define INSTRUCTIONS "AVX2"
#elif defined(__SSE4_2__)
#define INSTRUCTIONS "SSE4.2"
#else
#define INSTRUCTIONS "baseline"
#endif

enum { DPDK_MEGABYTES = 64 };

/* Whether so many reserved huge pages are free; DPDK cannot be started a second time when they are not. */
static bool has_reserved_pages(void)
{
	size_t octets = (size_t)DPDK_MEGABYTES << 20;
	void *memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, octets);
	return true;
}

/* `pages` is --no-huge or --in-memory. */
static int start_dpdk(size_t megabytes_wanted, char *pages)
{
	char lcores[32], megabytes[24];
	char *arguments[] = {"kedge-bench", "--no-pci", "--no-telemetry", "--no-shconf",       "-m",
	                     megabytes,     "--lcores", lcores,           "--log-level=error", pages};
	cpu_set_t set;
	int last = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			last = i;
	snprintf(lcores, sizeof(lcores), "0@(%d)", last);
	snprintf(megabytes, sizeof(megabytes), "%zu", megabytes_wanted);
	return rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0 ? -rte_errno : 0;
}

int machine_start_dpdk(bool timed)
{
	return start_dpdk(DPDK_MEGABYTES, timed && has_reserved_pages() ? "--in-memory" : "--no-huge");
}

/* DPDK's plain memory, before it is touched. */
static int ask_for_large_pages(const struct rte_memseg_list *list, void *context)
{
	(void)context;
	(void)madvise(list->base_va, list->len, MADV_HUGEPAGE);
	return 0;
}

int machine_start_dpdk_for(size_t octets)
{
	int result = start_dpdk(octets >> 20, "--no-huge");

	if (!result)
		(void)rte_memseg_list_walk(ask_for_large_pages, NULL);
	return result;
}

void machine_stay_on(int processor)
{
	cpu_set_t set;

	if (processor < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)processor, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

size_t machine_dpdk_octets(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) ? 0 : stats.heap_allocsz_bytes;
}

double machine_ns_of(double cycles)
{
	return cycles * 1e9 / (double)rte_get_tsc_hz();
}

/* The first line of a file without its end, or "unknown". */
static void read_line(const char *path, char *line, size_t octets)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(line, (int)octets, file))
		snprintf(line, octets, "unknown");
	line[strcspn(line, "\n")] = '\0';
	if (file)
		fclose(file);
}

void machine_processor(char *name, size_t octets)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(name, octets, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(name, octets, "%s", colon + 2);
		break;
	}
	if (file)
		fclose(file);
}

static json_t *caches_json(void)
{
	static const struct {
		const char *name;
		int what;
	} caches[] = {{"l1d_octets", _SC_LEVEL1_DCACHE_SIZE},
	              {"l2_octets", _SC_LEVEL2_CACHE_SIZE},
	              {"l3_octets", _SC_LEVEL3_CACHE_SIZE}};
	json_t *map = json_object();

	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
		json_object_set_new(map, caches[i].name, json_integer(sysconf(caches[i].what)));
	return map;
}

static json_t *pages_json(void)
{
	struct huge_memory_share share = huge_memory_share();
	char transparent[64], reserved[64];

	read_line("/sys/kernel/mm/transparent_hugepage/enabled", transparent, sizeof(transparent));
	read_line("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", reserved, sizeof(reserved));
	return json_pack("{s:i, s:s, s:s, s:I, s:I, s:I}", "page_octets", (int)sysconf(_SC_PAGESIZE), "transparent",
	                 transparent, "reserved_2mb_pages", reserved, "used_reserved_octets",
	                 (json_int_t)share.reserved_octets, "used_transparent_octets",
	                 (json_int_t)share.transparent_octets, "used_octets", (json_int_t)share.resident_octets);
}

json_t *machine_json(void)
{
	char processor[128], governor[64];
	struct utsname kernel;

	machine_processor(processor, sizeof(processor));
	read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor, sizeof(governor));
	uname(&kernel);
	return json_pack("{s:s, s:i, s:I, s:o, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s}", "processor", processor,
	                 "processors", (int)sysconf(_SC_NPROCESSORS_ONLN), "tsc_hz", (json_int_t)rte_get_tsc_hz(),
	                 "caches", caches_json(), "governor", governor, "kernel", kernel.release, "pages", pages_json(),
	                 "dpdk", rte_version(), "compiler", KEDGE_COMPILER, "compiler_flags", KEDGE_COMPILER_FLAGS,
	                 "instructions", INSTRUCTIONS, "kedge", KEDGE_VERSION);
}
