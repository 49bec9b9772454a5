// SPDX-License-Identifier: BSD-3-Clause
/* Traces and captures as a worker makes them: what is told, what is not, and that nobody waits for it. */
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "punt.h"
#include "table_writer.h"
#include "vectors.h"
#include "walk_fixture.h"

/* What operators look at: reports of packets, taken out of a ring of their own. */
struct watching {
	struct watch watch;
	struct rte_ring *ring;
	unsigned count;
	struct watch_report reports[64];
};

static struct watching *watch_with(struct fixture *fixture, uint32_t active)
{
	struct watching *watching = fixture_allocate(sizeof(*watching));

	watching->ring = rte_ring_create("reports", 32, SOCKET_ID_ANY, 0);
	assert_non_null(watching->ring);
	watching->watch.active = active;
	watching->watch.capture = (struct capture_filter){.directions = WATCH_IN | WATCH_OUT | WATCH_DROP,
	                                                  .reason = DROP_REASONS,
	                                                  .snap_octets = 128,
	                                                  .left = 1000};
	fixture->walk.watch = &watching->watch;
	fixture->walk.reports = watching->ring;
	return watching;
}

static void trace_key(struct fixture *fixture, struct watching *watching, const char *text, int64_t count)
{
	struct in6_addr key = fixture_address(text);
	struct binding_entry *entry = table_writer_find(fixture->forwarding.table, &key);

	watching->watch.traces[0] = (struct watched_key){.key = key, .id = 7, .left = count};
	if (entry)
		binding_set_traced(entry, true);
}

static void take_reports(struct watching *watching)
{
	void *taken;

	while (rte_ring_dequeue(watching->ring, &taken) == 0) {
		struct rte_mbuf *buffer = (struct rte_mbuf *)taken;

		assert_true(watching->count < 64);
		memcpy(&watching->reports[watching->count++], rte_pktmbuf_mtod(buffer, uint8_t *),
		       sizeof(struct watch_report));
		rte_pktmbuf_free(buffer);
	}
}

static void unwatch(struct watching *watching)
{
	take_reports(watching);
	rte_ring_free(watching->ring);
	free(watching);
}

static void traced_packets_are_told_step_by_step(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, 1);
	const struct watch_report *reports = watching->reports;

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:1::", 2);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 17, 60, 3, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 6); /* two packets of three: received, downlink, route */
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(reports[i].id, 7);
	assert_int_equal(reports[0].step, STEP_DONE);
	assert_int_equal(reports[0].next, STEP_DOWNLINK);
	assert_int_equal(fixture->counters.encapsulated, 3);
	assert_int_equal(fixture->sent_count, 3);
	for (unsigned i = 4; i < 6; i++) { /* the burst takes each step with all packets */
		assert_int_equal(reports[i].step, STEP_ROUTE);
		assert_int_equal(reports[i].fate, WATCH_QUEUED);
		assert_int_equal(reports[i].octets, 60 + 2 * IPV6_HEADER_OCTETS);
	}
	assert_int_equal(reports[4].number + 1, reports[5].number);
	unwatch(watching);
	fixture_end(fixture);
}

static void a_trace_names_the_drop_and_sees_what_is_made_of_it(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, 1);
	const struct watch_report *reports = watching->reports;

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:1::", 1);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 1400, 1, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 3); /* received, dropped, the error's way out */
	assert_int_equal(reports[1].fate, WATCH_DROPPED);
	assert_int_equal(reports[1].reason, DROP_too_big);
	assert_int_equal(reports[1].made, 1);
	assert_true(reports[2].is_own);
	assert_int_equal(reports[2].fate, WATCH_QUEUED);
	unwatch(watching);
	fixture_end(fixture);
}

/* Control packets are the subscriber's by their care-of address or a home address that they name. */
static void a_trace_sees_control_packets(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){.punt_mobility_per_s = 10});
	struct watching *watching = watch_with(fixture, 1);
	const struct watch_report *reports = watching->reports;
	struct rte_mbuf *packet;

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:1::", 100);
	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 1, 1000);
	fixture_burst(fixture, "2001:db8:100::11", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 1,
	              1000); /* of somebody else */
	take_reports(watching);
	assert_int_equal(watching->count, 2);
	assert_int_equal(reports[0].step, STEP_DONE);
	assert_true(reports[0].has_entry);
	assert_int_equal(reports[1].fate, WATCH_PUNTED);
	assert_int_equal(reports[1].punt_class, PUNT_CLASS_MOBILITY_HEADER);

	packet = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:100::10", 59, 20, false);
	worker_inject(&fixture->walk, &packet, 1, 1000);
	packet = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:aa:1::1", 59, 20, false);
	worker_inject(&fixture->walk, &packet, 1, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 7); /* received, route; received, downlink, route */
	assert_true(reports[2].is_injected);
	assert_int_equal(reports[2].next, STEP_ROUTE);
	assert_int_equal(reports[3].fate, WATCH_QUEUED);
	assert_int_equal(reports[4].next, STEP_DOWNLINK);
	assert_int_equal(reports[6].fate, WATCH_QUEUED);
	assert_true(reports[6].is_injected);

	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 10, 1000);
	take_reports(watching);
	assert_int_equal(reports[watching->count - 1].fate, WATCH_DROPPED);
	fixture_take_punts(fixture);
	unwatch(watching);
	fixture_end(fixture);
}

/* Two workers take from one number of packets. */
static void two_workers_share_a_trace(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, 1);
	struct walk other = fixture->walk;
	struct rte_mbuf *packet;

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:1::", 3);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 17, 60, 2, 1000);
	for (unsigned i = 0; i < 2; i++) {
		packet = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:aa:1::1", 59, 20, false);
		worker_inject(&other, &packet, 1, 1000);
		take_reports(watching);
	}
	assert_int_equal(watching->count, 9); /* three packets, three steps each */
	assert_true(watching->reports[8].is_injected);
	assert_int_equal(watching->reports[8].number, 3);
	unwatch(watching);
	fixture_end(fixture);
}

static void a_trace_sees_nobody_else(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, 1);

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:2::", 5);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 17, 60, 8, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 0);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:2::1", 17, 60, 1, 1000); /* not bound, yet watched */
	take_reports(watching);
	assert_int_equal(watching->count, 2);
	assert_int_equal(watching->reports[1].reason, DROP_destination_unbound);
	assert_false(watching->reports[1].has_entry);
	unwatch(watching);
	fixture_end(fixture);
}

static void captures_see_what_comes_goes_and_is_dropped(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, WATCH_CAPTURE);
	unsigned of_direction[8] = {0};
	struct in6_addr prefix;

	(void)state;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 60, 3, 1000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:3::1", 59, 60, 2, 1000);
	take_reports(watching);
	for (unsigned i = 0; i < watching->count; i++)
		of_direction[watching->reports[i].direction]++;
	assert_int_equal(of_direction[WATCH_IN], 5);
	assert_int_equal(of_direction[WATCH_OUT], 3);
	assert_int_equal(of_direction[WATCH_DROP], 2);
	watching->count = 0;
	/* by an inner address, and no more than asked for */
	prefix = fixture_address("2001:db8:aa:1::");
	memcpy(watching->watch.capture.value, &prefix, sizeof(prefix));
	watching->watch.capture.mask[0] = UINT64_MAX;
	watching->watch.capture.left = 4;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:3::1", 59, 60, 2, 1000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 60, 3, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 4);
	assert_int_equal(watching->reports[3].direction, WATCH_OUT);
	unwatch(watching);
	fixture_end(fixture);
}

/* What operators look at slows nobody: without room it is counted as lost, and the packets go their way. */
static void reports_without_room_are_lost_and_counted(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct watching *watching = watch_with(fixture, WATCH_CAPTURE | 1);

	(void)state;
	trace_key(fixture, watching, "2001:db8:aa:1::", 1000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 60, BURST_MAX, 1000);
	take_reports(watching);
	assert_int_equal(watching->count, 31); /* a ring of 32 */
	assert_int_equal(fixture->walk.reports_lost, BURST_MAX * 5 - 31);
	assert_int_equal(fixture->sent_count, BURST_MAX);
	unwatch(watching);
	fixture_end(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(traced_packets_are_told_step_by_step),
	        cmocka_unit_test(a_trace_names_the_drop_and_sees_what_is_made_of_it),
	        cmocka_unit_test(a_trace_sees_control_packets),
	        cmocka_unit_test(two_workers_share_a_trace),
	        cmocka_unit_test(a_trace_sees_nobody_else),
	        cmocka_unit_test(captures_see_what_comes_goes_and_is_dropped),
	        cmocka_unit_test(reports_without_room_are_lost_and_counted),
	};

	if (fixture_start_dpdk() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
