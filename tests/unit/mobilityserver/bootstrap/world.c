// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const reserved_words[] = {"reserved"};
static const struct name_policy_rule rule = {.templates = {"{given}", "{given}-{family}"}, .template_count = 2};

/* --- the zone ------------------------------------------------------------------------------------------------- */

struct zone_name *world_zone_find(struct world *world, const char *fqdn)
{
	for (size_t i = 0; i < world->zone_count; i++)
		if (strcmp(world->zone[i].fqdn, fqdn) == 0)
			return &world->zone[i];
	return NULL;
}

void world_zone_add(struct world *world, const char *fqdn, const char *owner)
{
	struct zone_name *name = &world->zone[world->zone_count++];

	assert_true(world->zone_count <= ZONE_NAMES_MAX);
	memset(name, 0, sizeof(*name));
	strcpy(name->fqdn, fqdn);
	strcpy(name->owner, owner);
}

static void zone_remove(struct world *world, struct zone_name *name)
{
	*name = world->zone[--world->zone_count];
}

static void zone_set(struct zone_name *name, const struct naming_wish *asked)
{
	name->address = asked->wish.address;
	memcpy(name->hit, asked->hit, HIT_OCTETS);
	name->short_lived = asked->wish.short_lived;
}

/* D-2, D-4: what the prerequisites allow. */
static enum bootstrap_naming_result zone_perform(struct world *world, const struct naming_wish *asked)
{
	struct zone_name *name = world_zone_find(world, asked->fqdn);
	bool ours = name && strcmp(name->owner, asked->owner) == 0;

	if (name && !ours)
		return NAMING_TAKEN;
	switch (asked->wish.operation) {
	case NAMING_CREATE:
		if (!name) {
			world_zone_add(world, asked->fqdn, asked->owner);
			name = world_zone_find(world, asked->fqdn);
		}
		zone_set(name, asked);
		return NAMING_DONE;
	case NAMING_CHANGE:
		if (!name)
			return NAMING_TAKEN;
		zone_set(name, asked);
		return NAMING_DONE;
	case NAMING_REMOVE:
		if (name)
			zone_remove(world, name);
		return NAMING_DONE;
	}
	return NAMING_REFUSED;
}

static void outlet_naming(void *context, const struct bootstrap_naming *wish, const struct instant *now,
                          struct effects *effects)
{
	struct world *world = context;
	struct naming_wish *asked = &world->naming[world->naming_count++];

	(void)now, (void)effects;
	assert_true(world->naming_count <= NAMING_MAX);
	memset(asked, 0, sizeof(*asked));
	asked->wish = *wish;
	strcpy(asked->fqdn, wish->fqdn);
	assert_int_equal(subscriber_key(wish->owner, asked->owner), 0);
	if (wish->identity)
		memcpy(asked->hit, wish->identity->hit, HIT_OCTETS);
	world->naming_asked++;
}

static enum name_holding outlet_zone_holding(void *context, const char *fqdn, const struct subscriber_identity *owner)
{
	struct world *world = context;
	const struct zone_name *name = world_zone_find(world, fqdn);
	char key[SUBSCRIBER_KEY_OCTETS];

	if (!world->zone_is_known)
		return NAME_UNKNOWN;
	assert_int_equal(subscriber_key(owner, key), 0);
	return !name ? NAME_FREE : strcmp(name->owner, key) == 0 ? NAME_OURS : NAME_TAKEN;
}

static void answer_naming(struct world *world)
{
	struct naming_wish asked = world->naming[0];
	enum bootstrap_naming_result result = NAMING_UNKNOWN;
	struct effects *step;

	memmove(world->naming, world->naming + 1, --world->naming_count * sizeof(world->naming[0]));
	if (world->mood == ZONE_WELL || world->mood == ZONE_LOST_ANSWER)
		result = zone_perform(world, &asked);
	if (world->mood == ZONE_LOST_ANSWER)
		result = NAMING_UNKNOWN;
	if (world->mood == ZONE_REFUSES)
		result = NAMING_REFUSED;
	step = executor_begin(world->executor);
	bootstrap_naming_done(world->core, asked.wish.token, result, &world->now, step);
	executor_run(world->executor, step, &world->now);
}

/* --- the other rooms ------------------------------------------------------------------------------------------ */

static void outlet_answer(void *context, uint64_t session, uint32_t number, const void *avps, size_t octets,
                          const struct instant *now, struct effects *effects)
{
	struct world *world = context;
	struct told_answer *answer = &world->answers[world->answer_count++ % ANSWERS_MAX];

	(void)now, (void)effects;
	answer->session = session;
	answer->number = number;
	answer->octets = octets;
	assert_true(octets > 0 && octets <= sizeof(answer->avps));
	memcpy(answer->avps, avps, octets);
}

static uint32_t outlet_draw_spi(void *context)
{
	struct world *world = context;

	return 1000 + (uint32_t)world->association_count;
}

static int outlet_establish(void *context, const struct bootstrap_grant *grant, const struct instant *now,
                            struct effects *effects)
{
	struct world *world = context;
	struct granted_association *association = &world->associations[world->association_count];

	(void)now, (void)effects;
	if (world->establish_result)
		return world->establish_result;
	assert_true(++world->association_count < ASSOCIATIONS_MAX);
	assert_int_equal(secret_octets(&grant->key), 16);
	association->spi = grant->spi;
	association->key = grant->key;
	association->home_address = grant->home_address;
	association->lifetime_s = grant->lifetime_s;
	strcpy(association->subscriber, grant->subscriber);
	strcpy(association->nai, grant->nai);
	return 0;
}

static void outlet_revoke(void *context, const char *subscriber, const struct instant *now, struct effects *effects)
{
	struct world *world = context;

	(void)now, (void)effects;
	for (size_t i = 0; i < world->association_count; i++)
		if (strcmp(world->associations[i].subscriber, subscriber) == 0)
			world->associations[i].revoked = true;
	world->revocations++;
}

static void outlet_event(void *context, const struct bootstrap_event *event, const struct instant *now,
                         struct effects *effects)
{
	struct world *world = context;

	(void)now, (void)effects;
	world->events[world->event_count++ % 64] = *event;
}

/* --- the executor's other side -------------------------------------------------------------------------------- */

static void backend_store(void *context, const struct effects *step)
{
	store_model_submit(((struct world *)context)->store, step);
}

static void backend_query(void *context, const struct effect_query *query)
{
	struct world *world = context;
	size_t at = world->query_count++;

	assert_true(world->query_count <= 8 && query->octets <= sizeof(world->query_requests[0]));
	memcpy(world->query_requests[at], query->request, query->octets);
	world->queries[at] = *query;
	world->queries[at].request = NULL;
}

static void backend_log(void *context, const struct effect_log *log)
{
	(void)context, (void)log;
}

static void answer_query(struct world *world)
{
	struct effect_query query = world->queries[0];
	uint8_t answer[64];
	size_t octets = 0;
	int result = query.perform(world->query_requests[0], query.octets, answer, sizeof(answer), &octets);

	world->query_count--;
	memmove(world->queries, world->queries + 1, world->query_count * sizeof(world->queries[0]));
	memmove(world->query_requests, world->query_requests + 1,
	        world->query_count * sizeof(world->query_requests[0]));
	executor_answered(world->executor, &query, result, answer, octets, &world->now);
}

static void commit(struct world *world)
{
	const struct effects *step = store_model_next(world->store);
	int by_sqlite = world->sqlite ? sqlite_store_apply_step(world->sqlite, step) : 0;
	int result;

	assert_true(store_model_commit(world->store, &result));
	if (world->sqlite)
		assert_int_equal(by_sqlite, result);
	world->commits++;
	if (world->commits_left > 0)
		world->commits_left--;
	executor_stored(world->executor, result, &world->now);
}

/* One thing that can be done now; false when there is none. */
static bool work(struct world *world)
{
	if (world->commits_left != 0 && store_model_waiting(world->store)) {
		commit(world);
		return true;
	}
	if (world->query_count && !world->hold_queries) {
		answer_query(world);
		return true;
	}
	if (world->naming_count && world->mood != ZONE_MUTE) {
		answer_naming(world);
		return true;
	}
	return false;
}

static void fire(struct world *world, struct timer *timer)
{
	struct effects *step = executor_begin(world->executor);

	timer->fire(timer, &world->now, step);
	executor_run(world->executor, step, &world->now);
}

void world_settle(struct world *world)
{
	struct timer *timer;

	for (;;) {
		if (work(world))
			continue;
		timer = timer_wheel_pop(&world->timers, world->now.monotonic_ms);
		if (!timer)
			return;
		fire(world, timer);
	}
}

void world_advance(struct world *world, uint64_t ms)
{
	uint64_t end_ms = world->now.monotonic_ms + ms;

	world_settle(world);
	while (world->now.monotonic_ms < end_ms) {
		uint64_t next_ms = timer_wheel_next_ms(&world->timers);
		uint64_t step_ms;

		next_ms = next_ms <= world->now.monotonic_ms ? world->now.monotonic_ms + 1 : next_ms;
		step_ms = (next_ms < end_ms ? next_ms : end_ms) - world->now.monotonic_ms;
		world->now.monotonic_ms += step_ms;
		world->now.unix_ms += step_ms;
		world_settle(world);
	}
}

/* --- start, crash, end ---------------------------------------------------------------------------------------- */

static void start_core(struct world *world)
{
	const struct executor_backend backend = {
	        .context = world,
	        .store = backend_store,
	        .query = backend_query,
	        .log = backend_log,
	};
	struct lease_store_reader reader;
	struct effects *step;

	world->executor = executor_new(&backend);
	timer_wheel_start(&world->timers, world->now.monotonic_ms);
	world->core = bootstrap_new(&world->options);
	assert_non_null(world->core);
	reader = bootstrap_reader(world->core);
	if (world->load)
		world->load(world, &reader);
	else
		lease_store_model_load(world->store, &reader);
	step = executor_begin(world->executor);
	bootstrap_resume(world->core, &world->now, step);
	executor_run(world->executor, step, &world->now);
}

void world_crash(struct world *world)
{
	bootstrap_free(world->core);
	executor_free(world->executor);
	store_model_crash(world->store);
	world->query_count = world->naming_count = 0;
	world->commits_left = -1;
	start_core(world);
}

static void fill_options(struct world *world)
{
	struct bootstrap_options *options = &world->options;

	options->vendor = VENDOR;
	options->paa_id = "ha.mob.example";
	strcpy(options->policy.names.zone, "mob.example");
	options->policy.names.reserved_words = reserved_words;
	options->policy.names.reserved_count = 1;
	options->policy.name_policy.rules = &rule;
	options->policy.name_policy.rule_count = 1;
	options->owner_key = &world->owner_key;
	inet_pton(AF_INET6, "2001:db8:aa::", &options->home_prefix);
	options->home_prefix_length = 48;
	inet_pton(AF_INET6, "2001:db8:1::1", &options->home_agent);
	options->services = SERVICE_MIP6 | SERVICE_HIP;
	options->policy.lease_lifetime_s = LEASE_S;
	options->policy.address_rest_s = ADDRESS_REST_S;
	options->policy.name_rest_s = NAME_REST_S;
	options->host_key = world->host_key;
	options->directory = directory_of_accept();
	options->timers = &world->timers;
	options->randomness = randomness_seeded_start(&world->seeded, 4711);
	options->outlet = (struct bootstrap_outlet){
	        .context = world,
	        .answer = outlet_answer,
	        .naming = outlet_naming,
	        .zone_holding = outlet_zone_holding,
	        .draw_spi = outlet_draw_spi,
	        .establish = outlet_establish,
	        .revoke = outlet_revoke,
	        .event = outlet_event,
	};
}

int world_start(void **state)
{
	static const struct store_model_port *const models[] = {&lease_store_model, &billing_store_model};
	struct world *world = calloc(1, sizeof(*world));

	world->now = (struct instant){.monotonic_ms = 5000, .unix_ms = 1800000000000};
	world->store = store_model_new(models, 2);
	secret_set(&world->owner_key, "0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(host_key_generate(&world->host_key), 0);
	world->zone_is_known = true;
	world->commits_left = -1;
	fill_options(world);
	start_core(world);
	*state = world;
	return 0;
}

int world_end(void **state)
{
	struct world *world = *state;

	bootstrap_free(world->core);
	executor_free(world->executor);
	store_model_free(world->store);
	host_key_free(world->host_key);
	free(world);
	return 0;
}

const struct lease_model_tables *world_tables(const struct world *world)
{
	return store_model_tables(world->store, LEASE_STORE_PORT);
}

const struct billing_model_tables *world_billing(const struct world *world)
{
	return store_model_tables(world->store, BILLING_STORE_PORT);
}

const struct lease_row *world_lease(const struct world *world, const char *subscriber)
{
	const struct lease_model_tables *tables = world_tables(world);

	for (size_t i = 0; i < tables->lease_count; i++)
		if (strcmp(tables->leases[i].subscriber, subscriber) == 0)
			return &tables->leases[i];
	return NULL;
}

/* --- what must always hold ------------------------------------------------------------------------------------ */

static const struct name_row *name_row_of(const struct lease_model_tables *tables, const char *fqdn)
{
	for (size_t i = 0; i < tables->name_count; i++)
		if (strcmp(tables->names[i].fqdn, fqdn) == 0)
			return &tables->names[i];
	return NULL;
}

static void check_lease(struct world *world, const struct lease_row *lease)
{
	const struct lease_model_tables *tables = world_tables(world);
	const struct name_row *name = name_row_of(tables, lease->fqdn);
	const struct zone_name *zone = world_zone_find(world, lease->fqdn);
	size_t addresses = 0, identities = 0;

	assert_non_null(name);
	assert_string_equal(name->subscriber, lease->subscriber);
	assert_true(name->state == HOLDING_ACTIVE || name->state == HOLDING_REPAIRING);
	if (name->state == HOLDING_ACTIVE) {
		assert_non_null(zone);
		assert_string_equal(zone->owner, lease->subscriber);
		assert_memory_equal(&zone->address, &lease->address, 16);
		assert_memory_equal(zone->hit, lease->identity.hit, HIT_OCTETS);
	}
	for (size_t i = 0; i < tables->address_count; i++)
		addresses += strcmp(tables->addresses[i].subscriber, lease->subscriber) == 0 &&
		             tables->addresses[i].state == HOLDING_ACTIVE &&
		             memcmp(&tables->addresses[i].address, &lease->address, 16) == 0;
	for (size_t i = 0; i < tables->identity_count; i++)
		identities += memcmp(tables->identities[i].hit, lease->identity.hit, HIT_OCTETS) == 0 &&
		              strcmp(tables->identities[i].subscriber, lease->subscriber) == 0 &&
		              tables->identities[i].version == lease->version;
	assert_int_equal(addresses, 1);
	assert_int_equal(identities, 1);
}

void world_check(struct world *world)
{
	const struct lease_model_tables *tables = world_tables(world);

	assert_int_equal(tables->saga_count, 0);
	for (size_t i = 0; i < tables->lease_count; i++)
		check_lease(world, &tables->leases[i]);
	assert_int_equal(tables->identity_count, tables->lease_count); /* L-10: no row is left over */
	for (size_t i = 0; i < tables->name_count; i++) {
		const struct name_row *name = &tables->names[i];
		const struct lease_row *lease = world_lease(world, name->subscriber);

		assert_int_not_equal(name->state, HOLDING_RESERVED);
		if (name->state == HOLDING_ACTIVE)
			assert_true(lease && strcmp(lease->fqdn, name->fqdn) == 0);
		if (name->state == HOLDING_RESTING) {
			const struct zone_name *zone = world_zone_find(world, name->fqdn);

			assert_true(!zone || strcmp(zone->owner, name->subscriber) != 0);
		}
	}
	for (size_t i = 0; i < tables->address_count; i++)
		assert_int_not_equal(tables->addresses[i].state, HOLDING_RESERVED);
	/* nothing stands in the zone under a marker of ours that the store does not know (D-13) */
	for (size_t i = 0; i < world->zone_count; i++)
		if (world->zone[i].owner[0])
			assert_non_null(name_row_of(tables, world->zone[i].fqdn));
	for (size_t i = 0; i < world_billing(world)->count; i++) {
		const struct billing_model_row *bill = &world_billing(world)->rows[i];

		assert_true(bill->reversed_ms || world_lease(world, bill->row.subscriber) ||
		            tables->audit_count); /* what was billed was given, or taken back */
	}
}
