// SPDX-License-Identifier: BSD-3-Clause
/* What the zones hold: delegation (D-10), contents (D-11), agreement with the store (D-13). */
#include "zone_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner_marker.h"

static int setup(void **state)
{
	*state = zone_world_new();
	return 0;
}

static int teardown(void **state)
{
	zone_world_free(*state);
	return 0;
}

static void start(struct zone_world *world)
{
	naming_start(world->core, &world->now, world->effects);
	zone_world_run(world, 1000);
}

static enum naming_holding holding(const struct zone_world *world, const char *fqdn, const char *owner)
{
	return naming_holding(world->core, fqdn, (struct wire_view){(const uint8_t *)owner, strlen(owner)});
}

static void put_marker(struct zone_world *world, const char *fqdn, const char *owner)
{
	char marker[OWNER_MARKER_OCTETS];
	char record[300];

	owner_marker(&world->owner_key, owner, strlen(owner), marker);
	snprintf(record, sizeof(record), "_kedge.%s. 300 IN TXT \"%s\"", fqdn, marker);
	dns_model_put(world->server, record);
}

/* D-11: a hint from a transfer of several signed messages; what we change ourselves is known at once. */
static void holdings_are_known_by_transfer(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	for (int i = 0; i < 40; i++) {
		char record[100];

		snprintf(record, sizeof(record), "www%d.mob.example. 300 IN A 192.0.2.1", i);
		dns_model_put(world->server, record);
	}
	dns_model_put(world->server, "ours.mob.example. 300 IN AAAA 2001:db8:aa:7::1");
	put_marker(world, "ours.mob.example", "001010000000007");
	world->left_alone = "ours.mob.example";
	dns_model_put(world->server, "sub.mob.example. 300 IN NS ns.elsewhere.example.");
	assert_int_equal(holding(world, "www7.mob.example", "001010000000001"), NAMING_HOLDING_UNKNOWN);
	start(world);
	assert_true(naming_view(world->core).zone_known);
	assert_int_equal(naming_counters(world->core)->transfers, 2);
	assert_int_equal(naming_view(world->core).names, 42);
	assert_int_equal(holding(world, "www7.mob.example", "001010000000001"), NAMING_HOLDING_TAKEN);
	assert_int_equal(holding(world, "free.mob.example", "001010000000001"), NAMING_HOLDING_FREE);
	assert_int_equal(holding(world, "ours.mob.example", "001010000000007"), NAMING_HOLDING_OURS);
	assert_int_equal(holding(world, "ours.mob.example", "001010000000001"), NAMING_HOLDING_TAKEN);
	/* D-9: below a zone cut */
	assert_int_equal(holding(world, "below.sub.mob.example", "001010000000001"), NAMING_HOLDING_TAKEN);

	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	assert_int_equal(holding(world, "matti.mob.example", "001010000000001"), NAMING_HOLDING_OURS);
	assert_int_equal(holding(world, "matti.mob.example", "001010000000002"), NAMING_HOLDING_TAKEN);
	request.kind = NAMING_KIND_DELETE;
	request.token = 2;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	assert_int_equal(holding(world, "matti.mob.example", "001010000000002"), NAMING_HOLDING_FREE);
}

/* D-11: the serial tells when to look again; never one query a name. */
static void contents_are_refreshed_by_serial(void **state)
{
	struct zone_world *world = *state;
	unsigned int messages;

	start(world);
	messages = dns_model_counters(world->server)->messages;
	zone_world_run(world, 600000);
	assert_int_equal(naming_counters(world->core)->transfers, 2);
	assert_int_equal(dns_model_counters(world->server)->messages - messages,
	                 2 * 10); /* SOA once a minute and zone */
	dns_model_put(world->server, "www.mob.example. 300 IN A 192.0.2.1");
	assert_int_equal(holding(world, "www.mob.example", "x"), NAMING_HOLDING_FREE);
	zone_world_run(world, 61000);
	assert_int_equal(holding(world, "www.mob.example", "x"), NAMING_HOLDING_TAKEN);
}

/* What is changed while a transfer is under way is newer than what the transfer says. */
static void changes_during_a_transfer_count(void **state)
{
	struct zone_world *world = *state;
	struct naming_request gone =
	        zone_world_request(1, NAMING_KIND_CREATE, "gone.mob.example", 1, "001010000000001");
	struct naming_request made =
	        zone_world_request(2, NAMING_KIND_CREATE, "made.mob.example", 2, "001010000000002");

	for (int i = 0; i < 100; i++) {
		char record[100];

		snprintf(record, sizeof(record), "www%d.mob.example. 300 IN A 192.0.2.1", i);
		dns_model_put(world->server, record);
	}
	assert_int_equal(zone_world_do(world, &gone), NAMING_OUTCOME_DONE);
	world->wishes[0] = made;
	world->wish_count = 1;
	naming_start(world->core, &world->now, world->effects);
	gone.kind = NAMING_KIND_DELETE;
	gone.token = 3;
	zone_world_apply(world, &gone);
	zone_world_apply(world, &made);
	zone_world_run(world, 2000);
	assert_int_equal(zone_world_outcome(world, 2), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_outcome(world, 3), NAMING_OUTCOME_DONE);
	assert_int_equal(holding(world, "gone.mob.example", "x"), NAMING_HOLDING_FREE);
	assert_int_equal(holding(world, "made.mob.example", "001010000000002"), NAMING_HOLDING_OURS);
	zone_world_assert_stands(world, &made);
	assert_int_equal(naming_counters(world->core)->orphans, 0);
}

/* D-13, D-2: the zone is brought back to what the store wants; orphans go, and only under our marker. */
static void zone_is_brought_back_to_the_store(void **state)
{
	struct zone_world *world = *state;
	struct naming_request good =
	        zone_world_request(1, NAMING_KIND_CREATE, "good.mob.example", 1, "001010000000001");
	struct naming_request lost =
	        zone_world_request(2, NAMING_KIND_CREATE, "lost.mob.example", 2, "001010000000002");
	struct naming_request moved =
	        zone_world_request(3, NAMING_KIND_CREATE, "moved.mob.example", 3, "001010000000003");
	struct naming_request orphan =
	        zone_world_request(4, NAMING_KIND_CREATE, "orphan.mob.example", 4, "001010000000004");
	struct naming_request busy =
	        zone_world_request(5, NAMING_KIND_CREATE, "busy.mob.example", 5, "001010000000005");
	struct naming_request blind =
	        zone_world_request(6, NAMING_KIND_CREATE, "blind.mob.example", 6, "001010000000006");

	assert_int_equal(zone_world_do(world, &good), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_do(world, &moved), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_do(world, &orphan), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_do(world, &busy), NAMING_OUTCOME_DONE);
	assert_int_equal(zone_world_do(world, &blind), NAMING_OUTCOME_DONE);
	dns_model_drop(world->server, "moved.mob.example", 28);
	dns_model_put(world->server, "moved.mob.example. 300 IN AAAA 2001:db8::bad");
	dns_model_drop(world->server, zone_world_reverse(&blind), 0);
	dns_model_put(world->server, "www.mob.example. 300 IN A 192.0.2.1");
	dns_model_put(world->server, "_kedge.www.mob.example. 300 IN TXT \"not ours\"");
	world->wishes[0] = good;
	world->wishes[1] = lost;
	world->wishes[2] = moved;
	world->wishes[3] = blind;
	world->wish_count = 4;
	world->left_alone = "busy.mob.example";
	start(world);
	zone_world_assert_stands(world, &good);
	zone_world_assert_stands(world, &lost);
	zone_world_assert_stands(world, &moved);
	zone_world_assert_stands(world, &blind);
	zone_world_assert_stands(world, &busy);
	zone_world_assert_absent(world, &orphan);
	assert_int_equal(dns_model_records(world->server), 5 * 4 + 2);
	assert_int_equal(naming_counters(world->core)->repairs, 3);
	assert_int_equal(naming_counters(world->core)->orphans, 1);
	/* what agrees stays untouched, however often it is compared */
	naming_reconcile(world->core, &world->now, world->effects);
	zone_world_run(world, 1000);
	assert_int_equal(naming_counters(world->core)->repairs, 3);
	assert_int_equal(world->end_count, 5); /* nobody is told of repairs */
}

/* D-13: a repair that the server did not answer is not forgotten, although the serial stays. */
static void repairs_that_failed_are_tried_again(void **state)
{
	struct zone_world *world = *state;
	struct naming_request lost =
	        zone_world_request(1, NAMING_KIND_CREATE, "lost.mob.example", 1, "001010000000001");

	world->wishes[0] = lost;
	world->wish_count = 1;
	naming_start(world->core, &world->now, world->effects);
	while (naming_counters(world->core)->repairs == 0)
		zone_world_run(world, 1);
	dns_model_set_mode(world->server, DNS_MODEL_SERVFAIL);
	zone_world_run(world, 60000);
	assert_int_equal(naming_view(world->core).requests, 0);
	dns_model_set_mode(world->server, DNS_MODEL_GOOD);
	zone_world_run(world, 400000);
	zone_world_assert_stands(world, &lost);
}

/* D-13: PTRs to names that are not there, or have another address; others' PTRs stay. */
static void left_over_pointers_go(void **state)
{
	struct zone_world *world = *state;
	struct naming_request mine =
	        zone_world_request(1, NAMING_KIND_CREATE, "mine.mob.example", 1, "001010000000001");
	struct naming_request at_two =
	        zone_world_request(2, NAMING_KIND_CREATE, "mine.mob.example", 2, "001010000000001");
	struct naming_request at_three = at_two;
	struct naming_request at_four = at_two;
	char record[300];
	char kept[300];

	assert_int_equal(zone_world_do(world, &mine), NAMING_OUTCOME_DONE);
	address_parse("2001:db8:aa:3::1", &at_three.home_address);
	address_parse("2001:db8:aa:4::1", &at_four.home_address);
	snprintf(record, sizeof(record), "%s. 300 IN PTR mine.mob.example.", zone_world_reverse(&at_two));
	dns_model_put(world->server, record);
	snprintf(record, sizeof(record), "%s. 300 IN PTR nobody.mob.example.", zone_world_reverse(&at_three));
	dns_model_put(world->server, record);
	snprintf(kept, sizeof(kept), "%s. 300 IN PTR www.mob.example.", zone_world_reverse(&at_four));
	dns_model_put(world->server, kept);
	dns_model_put(world->server, "www.mob.example. 300 IN A 192.0.2.1");
	world->wishes[0] = mine;
	world->wish_count = 1;
	start(world);
	zone_world_assert_stands(world, &mine);
	assert_int_equal(dns_model_count(world->server, zone_world_reverse(&at_two), 0), 0);
	assert_int_equal(dns_model_count(world->server, zone_world_reverse(&at_three), 0), 0);
	assert_true(dns_model_has(world->server, kept));
	assert_int_equal(dns_model_records(world->server), 4 + 2);
}

/* D-10 */
static void zone_that_is_not_there_is_told(void **state)
{
	struct zone_world *world = *state;
	struct naming_options options = {
	        .server = world->server_endpoint,
	        .forward_zone = "other.example",
	        .reverse_zone = REVERSE_ZONE,
	        .key = &world->key,
	        .owner_key = &world->owner_key,
	        .datagram_channel = DATAGRAM_CHANNEL,
	        .stream_channel = STREAM_CHANNEL,
	        .transfer_channel = TRANSFER_CHANNEL,
	        .timers = &world->wheel,
	        .randomness = &world->randomness.randomness,
	};

	naming_free(world->core);
	world->core = naming_new(&options);
	start(world);
	assert_int_equal(naming_counters(world->core)->zone_faults, 1);
	assert_non_null(strstr(world->logs, "does not serve zone other.example: NOTAUTH"));
	assert_false(naming_view(world->core).zone_known);
	options.forward_zone = "a..b";
	assert_null(naming_new(&options));
}

static void flip_stream(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	if (octets > 400 && naming_counters(world->core)->transfers_failed == 0)
		bytes[octets / 2] ^= 1;
}

/* RFC 8945 5.3.1: a forged message spoils the whole transfer; nothing of it counts, it is tried again. */
static void forged_transfer_does_not_count(void **state)
{
	struct zone_world *world = *state;

	for (int i = 0; i < 60; i++) {
		char record[100];

		snprintf(record, sizeof(record), "www%d.mob.example. 300 IN A 192.0.2.1", i);
		dns_model_put(world->server, record);
	}
	world->tamper = flip_stream;
	start(world);
	assert_int_equal(naming_counters(world->core)->transfers_failed, 1);
	assert_int_equal(holding(world, "www1.mob.example", "x"), NAMING_HOLDING_UNKNOWN);
	zone_world_run(world, 40000);
	assert_int_equal(holding(world, "www1.mob.example", "x"), NAMING_HOLDING_TAKEN);
}

/* A transfer that stops in its middle holds up no updates, and is tried again. */
static void broken_transfer_is_tried_again(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request =
	        zone_world_request(1, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");

	request.hip_rdata.octets = 0;
	world->stream_broken = true;
	naming_start(world->core, &world->now, world->effects);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	assert_int_equal(naming_counters(world->core)->transfers_failed, 2); /* of both zones */
	world->stream_broken = false;
	world->left_alone = "matti.mob.example";
	zone_world_run(world, 40000);
	assert_int_equal(naming_counters(world->core)->transfers, 2);
}

/* No turn of the loop touches more than a slice of a zone that was transferred again. */
static void a_large_zone_is_replaced_in_slices(void **state)
{
	struct zone_world *world = *state;
	const struct naming_counters *counters = naming_counters(world->core);

	for (int i = 0; i < 600; i++) {
		char record[100];

		snprintf(record, sizeof(record), "www%d.mob.example. 300 IN A 192.0.2.1", i);
		dns_model_put(world->server, record);
	}
	start(world);
	assert_int_equal(naming_view(world->core).names, 600);
	dns_model_put(world->server, "www.mob.example. 300 IN A 192.0.2.1");
	zone_world_run(world, 400000);
	assert_int_equal(naming_view(world->core).names, 601);
	assert_int_equal(counters->names_released, 600);
	assert_int_equal(counters->longest_slice, NAMING_SLICE_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(holdings_are_known_by_transfer),      TEST(contents_are_refreshed_by_serial),
	        TEST(changes_during_a_transfer_count),     TEST(zone_is_brought_back_to_the_store),
	        TEST(repairs_that_failed_are_tried_again), TEST(left_over_pointers_go),
	        TEST(zone_that_is_not_there_is_told),      TEST(forged_transfer_does_not_count),
	        TEST(broken_transfer_is_tried_again),      TEST(a_large_zone_is_replaced_in_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
