// SPDX-License-Identifier: BSD-3-Clause
/*
 * Any octets as a packet for a home agent with one security association: that of the RFC 4285 examples, so that the
 * seeds get past the MAC. Whatever comes, each update counts in one line, and only an accepted one binds.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "home_agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

struct world {
	struct timer_wheel timers;
	struct randomness_seeded seeded;
	struct home_agent *agent;
	uint64_t bound;
};

static int check(void *context, const struct home_agent_binding *binding)
{
	(void)context;
	(void)binding;
	return 0;
}

static struct binding_version bind_it(void *context, const struct home_agent_binding *binding,
                                      const struct instant *now, struct effects *effects, uint8_t *shard)
{
	(void)binding;
	(void)now;
	(void)effects;
	*shard = 0;
	((struct world *)context)->bound++;
	return (struct binding_version){1, 1};
}

static struct binding_version unbind_it(void *context, const struct in6_addr *key, uint8_t prefix_length,
                                        const struct instant *now, struct effects *effects, uint8_t *shard)
{
	(void)context;
	(void)key;
	(void)prefix_length;
	(void)now;
	(void)effects;
	*shard = 0;
	return (struct binding_version){1, 2};
}

static void start(struct world *world)
{
	static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static const struct home_agent_prefix home_prefix = {.address = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}},
	                                                     .length = 48};
	const struct home_agent_options options = {
	        .home_prefixes = &home_prefix,
	        .home_prefix_count = 1,
	        .lifetime_max_s = 3600,
	        .link_mtu_bytes = 1500,
	        .nat_permitted = true,
	        .timers = &world->timers,
	        .randomness = randomness_seeded_start(&world->seeded, 1),
	        .outlet = {world, check, bind_it, unbind_it},
	};
	struct association_row row = {.spi = 0x1001,
	                              .state = ASSOCIATION_LIVE,
	                              .prefix_length = 64,
	                              .until_ms = UINT64_MAX / 2,
	                              .services = 3,
	                              .nai = "matti@example",
	                              .subscriber = "as/001010000000001"};

	inet_pton(AF_INET6, "2001:db8:1::1001", &row.home_address);
	inet_pton(AF_INET6, "2001:db8:1::1", &row.home_agent_address);
	secret_set(&row.key, key, sizeof(key));
	timer_wheel_start(&world->timers, 0);
	world->agent = home_agent_new(&options);
	if (home_agent_load_association(world->agent, &row))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static struct world world;
	const struct punt_route route = {.octets = 1, .identity = {'d'}};
	const struct instant now = {.monotonic_ms = 1000, .unix_ms = 1700000000000};
	struct effects *step = effects_new();
	struct effects *more = effects_new();
	const struct home_agent_counters *counters;
	uint64_t lines = 0;

	world.bound = 0;
	start(&world);
	home_agent_packet(world.agent, &route, (struct wire_view){bytes, octets}, &now, step);
	effects_call_durable(step, 0, &now, more);
	counters = home_agent_counters(world.agent);
#define X(name, answer, status, help) lines += counters->name;
	BINDING_UPDATE_FAULTS(X)
#undef X
	lines += counters->accepted + counters->deregistered + counters->other_messages + counters->unknown_messages;
	if (lines != 1 || world.bound != counters->accepted)
		abort();
	home_agent_free(world.agent);
	effects_free(step);
	effects_free(more);
	return 0;
}
