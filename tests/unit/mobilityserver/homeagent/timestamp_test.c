// SPDX-License-Identifier: BSD-3-Clause
/*
 * Time stamps in Binding Updates (RFC 4285 section 6, M-11). The octets were computed by tests/oracle/mobile_ip.py,
 * which was written from the RFCs alone.
 */
#include "home_world.h"

#include "ntp_timestamp.h"
#include "vectors.h"

static const char update_in_time[] =
        "6000000000603c4020010db8000c0000000000000000007720010db8000100000000000000000001870201020000c9102001"
        "0db800aa000700000000000012343b08050045930064c00000960104000000000a08e8fe6f80000123450815016d61747469"
        "40736f6e6572612e6578616d706c650100091101000010009044b7e591980f9601cdc509";
static const char its_answer[] =
        "3b080600af540000006400960104000000000a08e8fe6f80000123450815016d6174746940736f6e6572612e6578616d706c"
        "65010009110100001000d297a9c9364837f2547cc656";
static const char update_too_old[] =
        "6000000000603c4020010db8000c0000000000000000007720010db8000100000000000000000001870201020000c9102001"
        "0db800aa000700000000000012343b080500f67d0065c00000960104000000000a08e8fe6f44000123450815016d61747469"
        "40736f6e6572612e6578616d706c650100091101000010005ab7db605f6ff59cde0e964c";
static const char its_refusal[] =
        "3b080600fde69000006500000104000000000a08e8fe6f80000123450815016d6174746940736f6e6572612e6578616d706c"
        "650100091101000010002d7f8f7f6c5e59d755714ecb";

static struct home_world world;
static struct node node;

static int start(void **state)
{
	(void)state;
	world_start(&world);
	node = node_of(0);
	assert_int_equal(world_associate(&world, &node, 7200), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static const struct home_agent_counters *counters(void)
{
	return home_agent_counters(world.agent);
}

static struct update update_at(uint16_t sequence, int64_t ahead_ms)
{
	return (struct update){
	        .sequence = sequence,
	        .lifetime_units = 150,
	        .with_timestamp = true,
	        .timestamp = ntp_timestamp_of(world.now.unix_ms + (uint64_t)ahead_ms, 0),
	};
}

static void send_text(const char *text)
{
	uint8_t octets[256];

	world_send_octets(&world, octets, hex_decode(text, octets, sizeof(octets)));
}

static void assert_message(const struct acknowledged *acknowledged, const char *text)
{
	uint8_t octets[256];

	assert_octets(acknowledged->message, acknowledged->octets, octets, hex_decode(text, octets, sizeof(octets)));
}

/* An update with the option is answered with it, octet by octet as the oracle says. */
static void a_valid_one_is_repeated_in_the_answer(void **state)
{
	struct acknowledged acknowledged;

	(void)state;
	send_text(update_in_time);
	world_commit(&world);
	acknowledged = world_acknowledged(&world, &node);
	assert_int_equal(acknowledged.status, MOBILITY_STATUS_ACCEPTED);
	assert_message(&acknowledged, its_answer);
	assert_bound_to(&world, &node, "2001:db8:c::77");
}

/* 144 tells our time, and nothing is bound; the number is not used up. */
static void one_out_of_the_window_is_told_our_time(void **state)
{
	struct acknowledged acknowledged;
	struct update update;

	(void)state;
	send_text(update_too_old);
	world_commit(&world);
	acknowledged = world_acknowledged(&world, &node);
	assert_int_equal(acknowledged.status, MOBILITY_STATUS_IDENTIFICATION_MISMATCH);
	assert_message(&acknowledged, its_refusal);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(counters()->timestamp, 1);
	update = update_at(101, 7001);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_IDENTIFICATION_MISMATCH);
	update = update_at(101, 7000);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_bound_to(&world, &node, "2001:db8:c::77");
}

/* Newer than all that were accepted, whatever the number says. */
static void one_that_is_not_newer_is_refused(void **state)
{
	struct update update = update_at(1, 500);

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	update.sequence = 2;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_IDENTIFICATION_MISMATCH);
	update.timestamp -= 1;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_IDENTIFICATION_MISMATCH);
	update.timestamp += 2;
	world_pass(&world, 2000);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(counters()->timestamp, 2);
}

/* M-8: the same octets get the same answer, though their time is not newer. */
static void a_repetition_is_answered_again(void **state)
{
	struct update update = update_at(1, 0);
	struct acknowledged acknowledged;

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	acknowledged = world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_true(acknowledged.has_timestamp && acknowledged.timestamp == update.timestamp);
	assert_int_equal(counters()->repeated, 1);
}

/* The time is looked at behind the MAC: a forger gets 146, and moves nothing. */
static void the_mac_comes_first(void **state)
{
	struct update update = update_at(1, 60000);
	struct acknowledged acknowledged;

	(void)state;
	update.wrong_mac = true;
	acknowledged = world_exchange(&world, &node, &update, MOBILITY_STATUS_AUTHENTICATION_FAILED);
	assert_true(acknowledged.has_timestamp && acknowledged.timestamp == update.timestamp);
	update = update_at(1, 0);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(counters()->timestamp, 0);
}

/* By policy one has to be there: 145; without the policy nobody asks. */
static void one_may_be_asked_for(void **state)
{
	struct update update = {.sequence = 1, .lifetime_units = 150};

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	world.options.timestamps_required = true;
	world_restart(&world);
	world_pass(&world, 2000);
	update.sequence = 2;
	assert_false(world_exchange(&world, &node, &update, MOBILITY_STATUS_IDENTIFICATION_REQUIRED).has_timestamp);
	assert_int_equal(counters()->timestamp_missing, 1);
	update = update_at(2, 0);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
}

/* M-9: after a restart it is the number, durable, that holds back what was accepted before. */
static void a_restart_lets_nothing_old_in(void **state)
{
	struct update update = update_at(7, 0);

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	world_restart(&world);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_SEQUENCE);
}

/* A clock that was set back locks nobody out: the number says what is new. */
static void a_clock_set_back_locks_nobody_out(void **state)
{
	struct update update = update_at(1, 0);

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	world.now.unix_ms -= 3600000;
	world_pass(&world, 2000);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED); /* the same octets */
	update = update_at(1, 1);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_SEQUENCE);
	update = update_at(2, 0);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        RULE(a_valid_one_is_repeated_in_the_answer),
	        RULE(one_out_of_the_window_is_told_our_time),
	        RULE(one_that_is_not_newer_is_refused),
	        RULE(a_repetition_is_answered_again),
	        RULE(the_mac_comes_first),
	        RULE(one_may_be_asked_for),
	        RULE(a_restart_lets_nothing_old_in),
	        RULE(a_clock_set_back_locks_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
