// SPDX-License-Identifier: BSD-3-Clause
#include "capability.h"

#include <errno.h>
#include <sched.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include "idling.h"

enum { MEGABYTE = 1 << 20, OWN_MEGABYTES = 64, MEGABYTES_MIN = 128, BUFFER_OVERHEAD_OCTETS = 256 };

unsigned capability_packet_megabytes(const struct dataplane_configuration *configuration)
{
	uint64_t octets = (uint64_t)configuration->buffers * (RTE_MBUF_DEFAULT_BUF_SIZE + BUFFER_OVERHEAD_OCTETS);
	uint64_t megabytes = octets / MEGABYTE + 1 + OWN_MEGABYTES;

	return megabytes < MEGABYTES_MIN ? MEGABYTES_MIN : (unsigned)megabytes;
}

/* Of one size of huge pages. */
static uint64_t free_megabytes_of(unsigned page_kilobytes)
{
	char path[96];
	unsigned long pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", page_kilobytes);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (uint64_t)pages * page_kilobytes / 1024;
}

static uint64_t free_huge_megabytes(void)
{
	return free_megabytes_of(2048) + free_megabytes_of(1048576);
}

int capability_choose_memory(const struct dataplane_configuration *configuration, bool *huge_pages,
                             char error[ERROR_OCTETS])
{
	unsigned needed = capability_packet_megabytes(configuration);
	uint64_t found = free_huge_megabytes();

	*huge_pages = configuration->memory != MEMORY_NO_HUGE && found >= needed;
	if (*huge_pages || configuration->memory != MEMORY_HUGE)
		return 0;
	snprintf(error, ERROR_OCTETS,
	         "memory: huge needs %u MB of free huge pages and there are %llu (echo %u "
	         ">/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages gives them, memory: auto does without)",
	         needed, (unsigned long long)found, needed / 2 + 1);
	return -ENOMEM;
}

void capability_cores(unsigned workers, char *text, size_t octets)
{
	cpu_set_t allowed;
	int cpus[CPU_SETSIZE], count = 0;
	size_t used;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[count++] = cpu;
	used = (size_t)snprintf(text, octets, "0@%d", cpus[0]);
	for (unsigned i = 1; i <= workers && used < octets; i++)
		used += (size_t)snprintf(text + used, octets - used, ",%u@%d", i,
		                         count > 1 ? cpus[1 + (i - 1) % (unsigned)(count - 1)] : cpus[0]);
}

const char *capability_spread_name(enum port_spread spread)
{
	static const char *const names[] = {
	        [SPREAD_ONE_QUEUE] = "one queue",
	        [SPREAD_BY_DRIVER] = "by the driver",
	        [SPREAD_RSS_OUTERMOST] = "RSS of the outermost header",
	        [SPREAD_RSS_INNERMOST] = "RSS of the innermost header",
	};

	return names[spread];
}

static void report_memory(struct dataplane *dataplane)
{
	const struct dataplane_configuration *configuration = &dataplane->configuration;
	size_t bindings = binding_table_capacity(dataplane->forwarding.table);

	plane_log(&dataplane->log, PLANE_LOG_NOTICE,
	          "%s, %u MB for %u packet buffers, table for %zu bindings: %zu MB now, %zu MB at most",
	          dataplane->has_huge_pages ? "huge pages" : "no huge pages",
	          capability_packet_megabytes(configuration), configuration->buffers, bindings,
	          binding_table_octets_taken(dataplane->forwarding.table) >> 20,
	          binding_table_octets_most(dataplane->forwarding.table) >> 20);
	if (!dataplane->has_huge_pages && configuration->memory != MEMORY_NO_HUGE)
		plane_log(&dataplane->log, PLANE_LOG_WARNING,
		          "only %llu MB of huge pages are free: it goes without them, with more TLB misses",
		          (unsigned long long)free_huge_megabytes());
}

static unsigned first_cpu_of(unsigned lcore)
{
	rte_cpuset_t cpus = rte_lcore_cpuset(lcore);
	unsigned cpu = 0;

	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	return cpu;
}

static void report_cores(struct dataplane *dataplane)
{
	char cores[1024] = "";
	size_t used = 0;
	unsigned lcore;

	RTE_LCORE_FOREACH(lcore)
	{
		if (used < sizeof(cores))
			used += (size_t)snprintf(cores + used, sizeof(cores) - used, "%s%u@%u", used ? "," : "", lcore,
			                         first_cpu_of(lcore));
	}
	plane_log(&dataplane->log, PLANE_LOG_NOTICE, "%s, main core and %u workers at %s (core@CPU)", rte_version(),
	          dataplane->worker_count, cores);
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		enum idle_mode mode = idling_mode_of(dataplane, i);

		plane_log(&dataplane->log, PLANE_LOG_NOTICE, "worker %u: idle %s", i, idling_mode_name(mode));
		if (dataplane->configuration.idle == IDLE_INTERRUPT && mode != IDLE_INTERRUPT)
			plane_log(&dataplane->log, PLANE_LOG_WARNING,
			          "worker %u: not all of its ports grant interrupts, so it sleeps instead", i);
	}
}

static void report_queues(struct dataplane *dataplane, const struct port *port)
{
	unsigned workers = dataplane->worker_count;

	if (port->receive_queues < workers)
		plane_log(&dataplane->log, PLANE_LOG_WARNING,
		          "port %s: %u receive queues for %u workers: flows are spread over them in software",
		          port->name, port->receive_queues, workers);
	if (port->transmit_queues < workers)
		plane_log(&dataplane->log, PLANE_LOG_WARNING,
		          "port %s: %u transmit queues for %u workers: some send through others", port->name,
		          port->transmit_queues, workers);
	if (port->spread == SPREAD_RSS_OUTERMOST)
		plane_log(&dataplane->log, PLANE_LOG_WARNING,
		          "port %s: no hash of innermost headers: all flows of a tunnel meet in one queue", port->name);
}

static void report_port(struct dataplane *dataplane, unsigned index)
{
	const struct port *port = &dataplane->ports[index];
	const struct forwarding_port *link = &dataplane->forwarding.ports[index];
	const uint8_t *a = link->link_address;
	int socket = (int)rte_socket_id();
	char numa[32] = "NUMA any";

	if (port->socket >= 0)
		snprintf(numa, sizeof(numa), "NUMA %d", port->socket);
	plane_log(&dataplane->log, PLANE_LOG_NOTICE,
	          "port %s: %s, %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, %s, %u of %u receive and %u transmit queues, "
	          "spread: %s, offloads: none used",
	          port->name, port->driver, a[0], a[1], a[2], a[3], a[4], a[5], link->mtu_bytes, numa,
	          port->receive_queues, port->queues_max, port->transmit_queues, capability_spread_name(port->spread));
	report_queues(dataplane, port);
	if (port->socket >= 0 && port->socket != socket)
		plane_log(&dataplane->log, PLANE_LOG_WARNING, "port %s: on NUMA %d, the main core on %d: slower",
		          port->name, port->socket, socket);
	if (dataplane->hosts[index].is_there)
		plane_log(&dataplane->log, PLANE_LOG_NOTICE, "port %s: host port %s by %s%s", port->name,
		          dataplane->configuration.ports[index].host, dataplane->hosts[index].driver,
		          dataplane->hosts[index].why);
}

void capability_report(struct dataplane *dataplane)
{
	report_memory(dataplane);
	report_cores(dataplane);
	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		report_port(dataplane, i);
}
