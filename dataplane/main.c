// SPDX-License-Identifier: BSD-3-Clause
/*
 * kedge-dataplane - the forwarder: DPDK poll-mode workers that tunnel to care-of addresses from a lock-free table, fed
 * by the control plane over ZeroMQ; without one they forward with what they have.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "capability.h"
#include "eal_arguments.h"
#include "host_netlink.h"
#include "plane_operator.h"
#include "privileges.h"
#include "spreading.h"

enum { RING_SIZE = 4096, HOST_RING_SIZE = 1024, POOL_CACHE = 256, BUFFER_OCTETS = RTE_MBUF_DEFAULT_BUF_SIZE };
/* Of the buffers, that many in one may wait in fragments. */
enum { FRAGMENTS_SHARE = 8 };
enum { HUGE_PAGE_OCTETS = 2 << 20 };

static struct dataplane *the_dataplane; /* a signal handler knows no argument */

static void stop(int number)
{
	(void)number;
	if (the_dataplane->ending)
		the_dataplane->stopping = true; /* asked twice: at once */
	the_dataplane->ending = true;
}

static void reload(int number)
{
	(void)number;
	the_dataplane->reloading = true;
}

/* Addresses for the table's memory: EAL's is for packets. Nobody has to keep anything ready for them. */
static void *map_table(size_t octets)
{
	size_t whole = (octets + HUGE_PAGE_OCTETS - 1) / HUGE_PAGE_OCTETS * HUGE_PAGE_OCTETS + HUGE_PAGE_OCTETS;
	uint8_t *memory = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *aligned;

	if (memory == MAP_FAILED)
		return NULL;
	aligned = (uint8_t *)(((uintptr_t)memory + HUGE_PAGE_OCTETS - 1) & ~((uintptr_t)HUGE_PAGE_OCTETS - 1));
	madvise(aligned, whole - HUGE_PAGE_OCTETS, MADV_HUGEPAGE);
	return aligned;
}

/* Memory behind them, in huge pages where the kernel gives them; it says no where it promises no more than it has. */
static int claim_table(void *begin, size_t octets)
{
	return mprotect(begin, octets, PROT_READ | PROT_WRITE) ? -ENOMEM : 0;
}

/* The tables live as long as the process: unmapping is its end's business. */
static void unmap_table(void *memory)
{
	(void)memory;
}

static int start_eal(struct dataplane *dataplane, char *error)
{
	const struct dataplane_configuration *configuration = &dataplane->configuration;
	unsigned megabytes = dataplane->has_huge_pages ? 0 : capability_packet_megabytes(configuration);
	struct eal_arguments arguments;
	char cores[EAL_CORES_OCTETS];

	capability_cores(configuration->workers, cores, sizeof(cores));
	eal_arguments_make(configuration, cores, megabytes, &arguments);
	if (rte_eal_init(arguments.count, (char **)arguments.list) < 0) {
		snprintf(error, ERROR_OCTETS,
		         "DPDK does not start: %s (devices, huge pages and rights are what it asks for)",
		         rte_strerror(rte_errno));
		return -EIO;
	}
	return 0;
}

static int make_tables(struct dataplane *dataplane, char *error)
{
	struct binding_table_options options = {
	        .bindings_max = dataplane->configuration.bindings_max,
	        .memory = {.allocate = map_table,
	                   .release = unmap_table,
	                   .claim = claim_table,
	                   .piece_octets = HUGE_PAGE_OCTETS},
	};
	size_t qsbr_octets = rte_rcu_qsbr_get_memsize(WORKERS_MAX);

	if (getrandom(&options.secret, sizeof(options.secret), 0) != sizeof(options.secret) ||
	    getrandom(&dataplane->forwarding.flow_secret, sizeof(dataplane->forwarding.flow_secret), 0) < 0 ||
	    getrandom(&dataplane->boot, sizeof(dataplane->boot), 0) < 0) {
		snprintf(error, ERROR_OCTETS, "the system gives no random octets");
		return -EIO;
	}
	dataplane->boot >>= 1; /* JSON's integers are signed */
	dataplane->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(qsbr_octets, RTE_CACHE_LINE_SIZE));
	if (!dataplane->qsbr || rte_rcu_qsbr_init(dataplane->qsbr, WORKERS_MAX))
		return -ENOMEM;
	options.qsbr = dataplane->qsbr;
	if (binding_table_new(&options, &dataplane->forwarding.table)) {
		snprintf(error, ERROR_OCTETS, "no memory for a table of %zu bindings (%zu MB)", options.bindings_max,
		         binding_table_octets(&options.memory, options.bindings_max) >> 20);
		return -ENOMEM;
	}
	return 0;
}

static void start_clock(struct dataplane *dataplane)
{
	struct timespec time;

	/* ms = cycles * 1000 / hz, as a multiplication */
	dataplane->tsc_multiplier = (uint64_t)((((unsigned __int128)1 << 64) * 1000) / rte_get_tsc_hz());
	clock_gettime(CLOCK_MONOTONIC, &time);
	dataplane->tsc_start = rte_rdtsc();
	dataplane->ms_start = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &time);
	expiry_start(&dataplane->expiry, dataplane->ms_start,
	             (int64_t)((uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000 - dataplane->ms_start),
	             (uint64_t)dataplane->configuration.stale_grace_s * 1000);
}

static int make_ring(struct rte_ring **ring, const char *purpose, unsigned number, unsigned size, unsigned flags)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s%u", purpose, number);
	*ring = rte_ring_create(name, size, SOCKET_ID_ANY, flags);
	return *ring ? 0 : -ENOMEM;
}

/* Between the main core and this worker, and (many to one) from other workers. */
static int make_rings(struct worker *worker, bool with_host)
{
	const unsigned one_to_one = RING_F_SP_ENQ | RING_F_SC_DEQ, many_to_one = RING_F_SC_DEQ;
	unsigned number = worker->number;
	int result = make_ring(&worker->injected, "injected", number, RING_SIZE, one_to_one);

	if (!result)
		result = make_ring(&worker->punts, "punts", number, RING_SIZE, one_to_one);
	if (!result)
		result = make_ring(&worker->shared, "shared", number, RING_SIZE, many_to_one);
	if (!result)
		result = make_ring(&worker->outgoing, "outgoing", number, RING_SIZE, many_to_one);
	if (!result)
		result = make_ring(&worker->reports, "reports", number, 2 * WATCH_RING, one_to_one);
	if (!result && with_host)
		result = make_ring(&worker->to_host, "to_host", number, HOST_RING_SIZE, one_to_one);
	if (!result && with_host)
		result = make_ring(&worker->from_host, "from_host", number, HOST_RING_SIZE, one_to_one);
	return result;
}

static struct reassembler *make_reassembler(const struct dataplane_configuration *configuration)
{
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(reassembler_octets(), RTE_CACHE_LINE_SIZE));

	return memory ? reassembler_start(memory, configuration->buffers / FRAGMENTS_SHARE / configuration->workers)
	              : NULL;
}

static int make_worker(struct dataplane *dataplane, unsigned number)
{
	struct worker *worker =
	        aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(sizeof(*worker), RTE_CACHE_LINE_SIZE));
	struct walk_options options = {
	        .forwarding = &dataplane->forwarding,
	        .pool = dataplane->pool,
	        .transmit = spreading_send,
	        .transmit_context = worker,
	        .workers = dataplane->configuration.workers,
	        .number = number,
	};

	if (!worker)
		return -ENOMEM;
	memset(worker, 0, sizeof(*worker));
	worker->number = number;
	worker->dataplane = dataplane;
	worker->wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->wake_descriptor < 0 || make_rings(worker, host_ports_wanted(&dataplane->configuration)))
		return -ENOMEM;
	options.reassembler = make_reassembler(&dataplane->configuration);
	if (!options.reassembler)
		return -ENOMEM;
	options.counters = &worker->counters;
	options.punts = worker->punts;
	options.reports = worker->reports;
	options.watch = &dataplane->watcher.shared;
	options.to_host = worker->to_host;
	walk_start(&worker->walk, &options);
	dataplane->workers[number] = worker;
	dataplane->worker_count = number + 1;
	return 0;
}

static int make_hosts(struct dataplane *dataplane, char *error)
{
	dataplane->netlink = host_netlink_open();
	if (dataplane->netlink < 0) {
		snprintf(error, ERROR_OCTETS, "the kernel gives no netlink socket: %s", strerror(-dataplane->netlink));
		return dataplane->netlink;
	}
	return host_ports_start(&dataplane->configuration, dataplane->pool, dataplane->netlink, dataplane->hosts,
	                        &dataplane->forwarding, error);
}

static struct tunnel_marking marking_of(const struct configured_tunnels *tunnels)
{
	if (tunnels->dscp == DSCP_PIPE)
		return tunnel_marking_pipe((uint8_t)tunnels->dscp_value);
	return tunnels->dscp == DSCP_UNIFORM ? tunnel_marking_uniform() : (struct tunnel_marking){0};
}

/* For routes on host ports; and the driver of AF_XDP takes its program off the interface at the end. */
static bool needs_network_administration(const struct dataplane *dataplane)
{
	bool needs = dataplane->netlink >= 0;

	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		needs |= strcmp(dataplane->ports[i].driver, "net_af_xdp") == 0;
	return needs;
}

static int start(struct dataplane *dataplane, void *zeromq_context, char *error)
{
	int result;

	if (command_socket_is_served(dataplane->configuration.sockets, dataplane->configuration.name)) {
		snprintf(error, ERROR_OCTETS, "another data plane named '%s' runs already",
		         dataplane->configuration.name);
		return -EADDRINUSE;
	}
	result = capability_choose_memory(&dataplane->configuration, &dataplane->has_huge_pages, error);
	if (result)
		return result;
	result = start_eal(dataplane, error);
	if (result)
		return result;
	if (dataplane->configuration.telemetry == TELEMETRY_ON && plane_telemetry_register(dataplane))
		fprintf(stderr, "warning dataplane: DPDK takes no telemetry commands\n");
	dataplane->pool = rte_pktmbuf_pool_create("packets", dataplane->configuration.buffers, POOL_CACHE, 0,
	                                          BUFFER_OCTETS, SOCKET_ID_ANY);
	if (!dataplane->pool) {
		snprintf(error, ERROR_OCTETS, "no memory for %u packet buffers: %s", dataplane->configuration.buffers,
		         rte_strerror(rte_errno));
		return -ENOMEM;
	}
	dataplane->forwarding.neighbours = &dataplane->neighbours;
	dataplane->forwarding.expiry = &dataplane->expiry;
	dataplane->forwarding.limits = dataplane->configuration.limits;
	dataplane->forwarding.handover_grace_ms = dataplane->configuration.handover_grace_ms;
	dataplane->forwarding.hop_limit = IP_HOP_LIMIT_DEFAULT;
	dataplane->forwarding.udp_checksum = dataplane->configuration.tunnels.udp_checksum == UDP_CHECKSUM_COMPUTE;
	dataplane->forwarding.outer_dont_fragment = dataplane->configuration.tunnels.dont_fragment;
	dataplane->forwarding.marking = marking_of(&dataplane->configuration.tunnels);
	dataplane->announcement.withdraw_after_ms = dataplane->configuration.withdraw_after_ms;
	start_clock(dataplane);
	result = make_tables(dataplane, error);
	if (!result)
		result = ports_start(&dataplane->configuration, dataplane->pool, dataplane->ports,
		                     &dataplane->forwarding, error);
	if (!result)
		result = ports_describe(&dataplane->configuration, &dataplane->forwarding, error);
	if (!result && host_ports_wanted(&dataplane->configuration))
		result = make_hosts(dataplane, error);
	for (unsigned i = 0; i < dataplane->configuration.workers && !result; i++)
		result = make_worker(dataplane, i);
	if (!result)
		result = main_core_open(dataplane, zeromq_context, error);
	if (!result)
		result = privileges_drop(dataplane->configuration.user, needs_network_administration(dataplane), error);
	return result;
}

static int run(struct dataplane *dataplane)
{
	char error[ERROR_OCTETS] = "";
	void *zeromq_context = zmq_ctx_new();
	struct sigaction action = {.sa_handler = stop};
	unsigned lcore, number = 0;
	int result;

	the_dataplane = dataplane;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = reload; /* nor is a lost terminal a reason to stop forwarding */
	sigaction(SIGHUP, &action, NULL);
	result = start(dataplane, zeromq_context, error);
	if (result) {
		fprintf(stderr, "error dataplane: %s\n", error[0] ? error : strerror(-result));
		binding_table_free(dataplane->forwarding.table);
		free(dataplane->qsbr);
		if (!dataplane->bus) /* else open sockets would make it wait */
			zmq_ctx_term(zeromq_context);
		return 1;
	}
	capability_report(dataplane);
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (number < dataplane->worker_count)
			rte_eal_remote_launch(polling_run, dataplane->workers[number++], lcore);
	}
	fprintf(stderr, "notice dataplane: ready\n");
	main_core_run(dataplane);
	rte_eal_mp_wait_lcore();
	main_core_close(dataplane);
	host_ports_stop(dataplane->hosts, dataplane->forwarding.port_count);
	ports_stop(dataplane->ports, dataplane->forwarding.port_count);
	binding_table_free(dataplane->forwarding.table);
	free(dataplane->qsbr);
	zmq_ctx_term(zeromq_context);
	rte_eal_cleanup();
	fprintf(stderr, "notice dataplane: ends\n");
	return 0;
}

static void print_help(void)
{
	printf("kedge-dataplane - the forwarder: DPDK workers that tunnel to care-of addresses\n\n"
	       "usage: kedge-dataplane [--config FILE] [--check | --version | --help]\n\n"
	       "  --config FILE  the configuration (default /etc/kedge/dataplane.yaml)\n"
	       "  --check        reads and checks the configuration, then ends\n\n"
	       "Signals: SIGTERM and SIGINT end it cleanly; SIGHUP makes it read its configuration again, take over\n"
	       "what can be taken over, and log what changed and what takes a restart; the keys that are marked live\n"
	       "need none.\n\n"
	       "Keys of the configuration:\n\n");
	configuration_print_keys(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"check", no_argument, NULL, 'k'},
	        {"version", no_argument, NULL, 'v'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	struct dataplane *dataplane = aligned_alloc(64, (sizeof(*dataplane) + 63) / 64 * 64);
	const char *file = "/etc/kedge/dataplane.yaml";
	char error[ERROR_OCTETS] = "";
	bool check_only = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'k':
			check_only = true;
			break;
		case 'v':
			printf("kedge-dataplane %s\n", KEDGE_VERSION);
			return 0;
		case 'h':
			print_help();
			return 0;
		default:
			return 2;
		}
	}
	if (!dataplane)
		return 1;
	memset(dataplane, 0, sizeof(*dataplane));
	dataplane->log.level = PLANE_LOG_INFO;
	dataplane->configuration_file = file;
	dataplane->netlink = -1;
	if (configuration_read(file, &dataplane->configuration, error)) {
		fprintf(stderr, "%s\n", error);
		free(dataplane);
		return 1;
	}
	if (check_only) {
		printf("%s: right\n", file);
		free(dataplane);
		return 0;
	}
	option = run(dataplane);
	free(dataplane);
	return option;
}
