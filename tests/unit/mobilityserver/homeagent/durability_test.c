// SPDX-License-Identifier: BSD-3-Clause
/*
 * Durable first: M-9, L-4, L-1, L-5, S-9. A failed store answers 130 and changes nothing; a crash loses nothing that
 * was acknowledged; associations end when they must.
 */
#include <errno.h>

#include "home_world.h"
#include "ip.h"
#include "vectors.h"

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

static const struct binding_model_tables *tables(void)
{
	return store_model_tables(world.store, BINDING_STORE_PORT);
}

static void move_to(uint16_t sequence, const char *care_of_address)
{
	node.care_of_address = address_of(care_of_address);
	world_send(&world, &node, &(struct update){.sequence = sequence, .lifetime_units = 150});
}

/* architecture.md 2: nothing is told before the disk knows it */
static void nothing_leaves_before_the_commit(void **state)
{
	(void)state;
	world.holds = true;
	move_to(1, "2001:db8:c::77");
	world_assert_silence(&world);
	assert_int_equal(world.published, 0);
	assert_bound_to(&world, &node, NULL);
	/* meanwhile: a repetition and a newer one are ignored, not queued */
	move_to(1, "2001:db8:c::77");
	move_to(2, "2001:db8:d::78");
	assert_int_equal(counters()->pending, 2);
	world_commit(&world);
	assert_int_equal(world_acknowledged(&world, &node).sequence, 1);
	world_assert_silence(&world);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	move_to(2, "2001:db8:d::78");
	world_commit(&world);
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	assert_bound_to(&world, &node, "2001:db8:d::78");
}

/* 130, M-12; the versions go on without a gap */
static void a_failed_store_is_130_and_changes_nothing(void **state)
{
	struct acknowledged acknowledged;

	(void)state;
	move_to(1, "2001:db8:c::77");
	assert_true(world_acknowledged(&world, &node).not_before.sequence == 1);
	store_model_fail(world.store, 0, 1, -ENOSPC);
	move_to(2, "2001:db8:d::78");
	acknowledged = world_acknowledged(&world, &node);
	assert_int_equal(acknowledged.status, MOBILITY_STATUS_INSUFFICIENT_RESOURCES);
	assert_int_equal(acknowledged.sequence, 2);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	assert_int_equal(tables()->associations[0].last_number, 1);
	assert_int_equal(world.published, 1);
	assert_int_equal(counters()->store_failed, 1);
	move_to(2, "2001:db8:d::78"); /* the number was not used up, and there is room again */
	acknowledged = world_acknowledged(&world, &node);
	assert_int_equal(acknowledged.status, 0);
	assert_true(acknowledged.not_before.sequence == 2);
}

/* What the subscriber was admitted with last holds for what is bound, once it is durable, and after a crash. */
static void a_session_ambr_is_told_when_it_is_durable(void **state)
{
	(void)state;
	move_to(1, "2001:db8:c::77");
	assert_rates(&world, &node, 0, 0);
	world.holds = true;
	world_set_ambr(&world, &node, 80000, 8000);
	assert_rates(&world, &node, 0, 0);
	world_commit(&world);
	world.holds = false;
	assert_rates(&world, &node, 80000, 8000);
	assert_int_equal(counters()->ambr_changed, 1);
	world_set_ambr(&world, &node, 80000, 8000); /* nothing new: nothing is stored, nothing told */
	assert_int_equal(counters()->ambr_changed, 1);
	move_to(2, "2001:db8:d::78");
	assert_rates(&world, &node, 80000, 8000);
	world_restart(&world);
	assert_rates(&world, &node, 80000, 8000);
	store_model_fail(world.store, 0, 1, -ENOSPC);
	world_set_ambr(&world, &node, 0, 0);
	assert_rates(&world, &node, 80000, 8000);
	world_set_ambr(&world, &node, 0, 0);
	assert_rates(&world, &node, 0, 0);
}

/* A new bootstrap brings the profile of its authentication along, for what is bound already, too (L-4). */
static void a_new_association_brings_its_session_ambr(void **state)
{
	(void)state;
	move_to(1, "2001:db8:c::77");
	node.spi++;
	node.ambr = (struct session_ambr){16000, 0};
	assert_int_equal(world_associate(&world, &node, 7200), 0);
	assert_rates(&world, &node, 16000, 0);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_revoke(&world, node.subscriber);
	assert_bound_to(&world, &node, NULL);
	world_set_ambr(&world, &node, 8000, 8000); /* nobody is bound: nothing happens */
	assert_int_equal(counters()->ambr_changed, 1);
}

static void a_failed_store_of_a_refusal_uses_no_number_up(void **state)
{
	(void)state;
	store_model_fail(world.store, 0, 1, -EIO);
	world_exchange(&world, &node, &(struct update){.sequence = 5, .lifetime_units = 0}, 130);
	world_pass(&world, 1000);
	world_exchange(&world, &node, &(struct update){.sequence = 5, .lifetime_units = 0}, 133);
}

/* M-9: after a crash an old update does not move the binding */
static void bindings_and_numbers_survive_a_crash(void **state)
{
	uint8_t old[512];
	size_t octets;
	struct binding_view view;

	(void)state;
	octets = update_packet(&node, &(struct update){.sequence = 1, .lifetime_units = 150}, old, sizeof(old));
	world_send_octets(&world, old, octets);
	world_acknowledged(&world, &node);
	move_to(2, "2001:db8:d::78");
	world_acknowledged(&world, &node);
	world_restart(&world);
	assert_bound_to(&world, &node, "2001:db8:d::78");
	assert_true(world_bound(&world, &node, &view));
	assert_int_equal(view.row->version.epoch, 2);
	assert_true(view.row->expiry_unix_ms == world.now.unix_ms + 600000);
	world_send_octets(&world, old, octets);
	node.care_of_address = address_of("2001:db8:c::77");
	assert_int_equal(world_acknowledged(&world, &node).status, 135);
	assert_bound_to(&world, &node, "2001:db8:d::78");
	move_to(3, "2001:db8:c::79");
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	/* what ended while nobody was there is gone */
	move_to(4, "2001:db8:c::79");
	world_acknowledged(&world, &node);
	world.now.unix_ms += 600000;
	world_restart(&world);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
}

/* A crash before the commit: neither stored nor acknowledged. */
static void what_was_not_acknowledged_may_be_lost(void **state)
{
	(void)state;
	move_to(1, "2001:db8:c::77");
	world_acknowledged(&world, &node);
	world.holds = true;
	move_to(2, "2001:db8:d::78");
	world_assert_silence(&world);
	world_restart(&world);
	world.holds = false;
	assert_bound_to(&world, &node, "2001:db8:c::77");
	move_to(2, "2001:db8:d::78");
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
}

/* Whatever the crash hits, what was acknowledged stands afterwards, and numbers never go back. */
static void any_crash_keeps_what_was_acknowledged(void **state)
{
	static const char *const places[] = {"2001:db8:c::1", "2001:db8:c::2", "2001:db8:c::3"};
	const char *acknowledged = NULL;
	uint16_t number = 0;

	(void)state;
	for (int round = 0; round < 200; round++) {
		const char *place = places[randomness_below(world.random, 3)];
		bool answered;

		world.holds = true;
		world_pass(&world, 400);
		move_to(++number, place);
		if (randomness_below(world.random, 4) == 0)
			store_model_fail(world.store, 0, 1, -EIO);
		if (randomness_below(world.random, 3))
			world_commit(&world);
		answered = world.injected_count && world_acknowledged(&world, &node).status == 0;
		if (answered)
			acknowledged = place;
		if (randomness_below(world.random, 3) == 0) {
			world_restart(&world);
			assert_bound_to(&world, &node, acknowledged);
			assert_in_range(tables()->associations[0].last_number, 0, number);
		} else {
			/* what was submitted late is committed and acknowledged late */
			world_commit(&world);
			while (world.injected_count)
				if (world_acknowledged(&world, &node).status == 0)
					acknowledged = place;
		}
	}
	assert_true(counters()->packets > 0);
}

/* L-4, M-8: the same device: half a minute, or until the first update under the new SPI */
static void an_old_association_ends_when_the_new_one_is_used(void **state)
{
	struct node renewed = node;

	(void)state;
	move_to(1, "2001:db8:c::77");
	world_acknowledged(&world, &node);
	renewed.spi = 0x2000;
	secret_fill(&renewed.key, 16)[0] = 0xee;
	assert_int_equal(world_associate(&world, &renewed, 7200), 0);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	move_to(2, "2001:db8:c::78"); /* still alive */
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	/* any first number under the new SPI, but only a good update ends the old one */
	world_exchange(&world, &renewed, &(struct update){.sequence = 1, .lifetime_units = 150, .wrong_mac = true},
	               146);
	move_to(3, "2001:db8:c::78");
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	world_pass(&world, 1000);
	renewed.care_of_address = address_of("2001:db8:d::1");
	world_exchange(&world, &renewed, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	move_to(4, "2001:db8:c::78");
	world_assert_silence(&world);
	assert_int_equal(counters()->dead_association, 1);
	assert_bound_to(&world, &node, "2001:db8:d::1");
	/* and it stays dead */
	world_restart(&world);
	move_to(5, "2001:db8:c::78");
	world_assert_silence(&world);
	assert_bound_to(&world, &node, "2001:db8:d::1");
}

/* L-4 */
static void an_old_association_ends_after_half_a_minute(void **state)
{
	struct node renewed = node;

	(void)state;
	move_to(1, "2001:db8:c::77");
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	renewed.spi = 0x2000;
	assert_int_equal(world_associate(&world, &renewed, 7200), 0);
	world_pass(&world, 30000);
	move_to(2, "2001:db8:c::78");
	world_assert_silence(&world);
	assert_bound_to(&world, &node, "2001:db8:c::77"); /* the binding goes on */
}

/* L-2: what is bound in that half minute does not outlive the key */
static void a_binding_does_not_outlive_its_key(void **state)
{
	struct node renewed = node;

	(void)state;
	renewed.spi = 0x2000;
	assert_int_equal(world_associate(&world, &renewed, 7200), 0);
	world_pass(&world, 10000);
	node.care_of_address = address_of("2001:db8:c::77");
	assert_int_equal(
	        world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 150}, 0).lifetime_units,
	        5);
	world_pass(&world, 20000);
	assert_bound_to(&world, &node, NULL);
}

/* L-4, L-7: a device that was replaced is out at once, and so is its tunnel */
static void another_host_identity_ends_the_old_one_at_once(void **state)
{
	struct node replacement = node;

	(void)state;
	move_to(1, "2001:db8:c::77");
	world_acknowledged(&world, &node);
	replacement.spi = 0x2000;
	replacement.device = 9;
	assert_int_equal(world_associate(&world, &replacement, 7200), 0);
	move_to(2, "2001:db8:c::77");
	world_assert_silence(&world);
	assert_int_equal(counters()->dead_association, 1);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
	world_exchange(&world, &replacement, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
}

/* A wall clock that is set back moves no binding; an association ends at its date. */
static void a_clock_set_back_leaves_bindings_alone(void **state)
{
	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	world.now.unix_ms -= 3600000;
	world_pass(&world, 599999);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_pass(&world, 1);
	assert_bound_to(&world, &node, NULL);
	/* the key's end is a date: its timer looks at it again */
	world_pass(&world, 7200000 - 600000);
	assert_int_equal(home_agent_counters(world.agent)->associations_ended, 0);
	world_pass(&world, 3600000);
	assert_int_equal(home_agent_counters(world.agent)->associations_ended, 1);
}

/* The bootstrap's step failed: there is no new association, and the old one lives. */
static void an_association_that_was_not_stored_is_none(void **state)
{
	struct node renewed = node;

	(void)state;
	renewed.spi = 0x2000;
	renewed.device = 9;
	store_model_fail(world.store, 0, 1, -ENOSPC);
	assert_int_equal(world_associate(&world, &renewed, 7200), 0);
	world_send(&world, &renewed, &(struct update){.sequence = 1, .lifetime_units = 150});
	world_assert_silence(&world);
	assert_int_equal(counters()->unknown_spi, 1);
	move_to(1, "2001:db8:c::77");
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
}

/* L-1 */
static void a_dead_spi_is_not_given_again_for_a_day(void **state)
{
	uint32_t spi = home_agent_draw_spi(world.agent);

	(void)state;
	assert_true(spi >= 256 && spi != node.spi);
	world_revoke(&world, node.subscriber);
	assert_int_equal(world_associate(&world, &node, 7200), -EEXIST);
	assert_true(secret_is_empty(&tables()->associations[0].key)); /* the key is gone from the store, too */
	world_restart(&world);
	assert_int_equal(world_associate(&world, &node, 7200), -EEXIST);
	world_pass(&world, 24 * 3600 * 1000);
	assert_int_equal(tables()->association_count, 0);
	assert_int_equal(world_associate(&world, &node, 7200), 0);
}

/* L-5 */
static void revocation_ends_association_and_binding(void **state)
{
	(void)state;
	move_to(1, "2001:db8:c::77");
	world_acknowledged(&world, &node);
	world_revoke(&world, "as/nobody");
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_revoke(&world, node.subscriber);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
	move_to(2, "2001:db8:c::77");
	world_assert_silence(&world);
	world_restart(&world);
	assert_bound_to(&world, &node, NULL);
}

/* L-5, L-7: two devices with one SIM: the end of the older one's session leaves the newer one's binding alone */
static void a_session_ends_what_was_made_in_it(void **state)
{
	struct node newer = node_of(0);

	(void)state;
	newer.spi++;
	newer.device++;
	newer.session = node.session + 1;
	assert_int_equal(world_associate(&world, &newer, 7200), 0);
	world_exchange(&world, &newer, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	world_session_ended(&world, &node, node.session);
	assert_bound_to(&world, &newer, "2001:db8:c::77");
	world_session_ended(&world, &newer, newer.session);
	assert_bound_to(&world, &newer, NULL);
	assert_int_equal(tables()->binding_count, 0);
}

/* An update that is on its way into the store when its association is revoked leaves nothing behind. */
static void revocation_overtakes_no_update(void **state)
{
	(void)state;
	world.holds = true;
	move_to(1, "2001:db8:c::77");
	world_revoke(&world, node.subscriber);
	move_to(2, "2001:db8:c::78");
	assert_int_equal(counters()->pending, 1);
	world_commit(&world);
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	world_assert_silence(&world);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
}

/* M-13: a binding whose time comes while a longer life is being stored */
static void expiry_waits_for_what_is_being_stored(void **state)
{
	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 1}, 0);
	world_pass(&world, 3000);
	world.holds = true;
	move_to(2, "2001:db8:c::77");
	world_pass(&world, 2000);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_commit(&world);
	assert_int_equal(world_acknowledged(&world, &node).status, 0);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	assert_int_equal(tables()->binding_count, 1);
	/* and when that fails, it has ended */
	world.holds = false;
	world_pass(&world, 1000);
	world_exchange(&world, &node, &(struct update){.sequence = 3, .lifetime_units = 1}, 0);
	world_pass(&world, 3000);
	world.holds = true;
	store_model_fail(world.store, 0, 1, -EIO);
	move_to(4, "2001:db8:c::77");
	world_pass(&world, 2000);
	world_commit(&world);
	assert_int_equal(world_acknowledged(&world, &node).status, 130);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
}

/* A store that fails at the end of a binding's time does not lengthen its life. */
static void expiry_does_not_hang_on_the_store(void **state)
{
	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 1}, 0);
	store_model_fail(world.store, 0, 1, -EIO);
	world_pass(&world, 4000);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 1);
	world_restart(&world);
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables()->binding_count, 0);
}

/* A subscriber who gets another home address has nothing left at the first. */
static void another_home_address_ends_what_was_at_the_first(void **state)
{
	struct node moved = node_of(1);

	(void)state;
	move_to(1, "2001:db8:c::77");
	world_acknowledged(&world, &node);
	moved.subscriber = node.subscriber;
	assert_int_equal(world_associate(&world, &moved, 7200), 0);
	assert_bound_to(&world, &node, NULL);
	move_to(2, "2001:db8:c::77");
	world_assert_silence(&world);
	world_exchange(&world, &moved, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	/* and nobody takes an address that is still another's */
	node = node_of(2);
	node.home_address = moved.home_address;
	assert_int_equal(world_associate(&world, &node, 7200), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, end)
	        RULE(nothing_leaves_before_the_commit),
	        RULE(a_failed_store_is_130_and_changes_nothing),
	        RULE(a_session_ambr_is_told_when_it_is_durable),
	        RULE(a_new_association_brings_its_session_ambr),
	        RULE(a_failed_store_of_a_refusal_uses_no_number_up),
	        RULE(bindings_and_numbers_survive_a_crash),
	        RULE(what_was_not_acknowledged_may_be_lost),
	        RULE(any_crash_keeps_what_was_acknowledged),
	        RULE(an_old_association_ends_when_the_new_one_is_used),
	        RULE(an_old_association_ends_after_half_a_minute),
	        RULE(a_binding_does_not_outlive_its_key),
	        RULE(another_host_identity_ends_the_old_one_at_once),
	        RULE(a_clock_set_back_leaves_bindings_alone),
	        RULE(an_association_that_was_not_stored_is_none),
	        RULE(a_dead_spi_is_not_given_again_for_a_day),
	        RULE(revocation_ends_association_and_binding),
	        RULE(a_session_ends_what_was_made_in_it),
	        RULE(revocation_overtakes_no_update),
	        RULE(expiry_waits_for_what_is_being_stored),
	        RULE(expiry_does_not_hang_on_the_store),
	        RULE(another_home_address_ends_what_was_at_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
