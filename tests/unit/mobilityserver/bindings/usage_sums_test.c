// SPDX-License-Identifier: BSD-3-Clause
/* Usage of all data planes together: each packet once, whatever is lost, late, withdrawn or started anew meanwhile. */
#include "usage_sums.h"

#include <stdlib.h>

#include "binding_owner.h"
#include "data_planes.h"
#include "vectors.h"

enum { SHARD = 4, EPOCH = 3, OCTETS_A_PACKET = 100, BOOT_A = 11, BOOT_B = 22, BOOT_A_AGAIN = 33 };

static struct usage_sums *sums;

static int start(void **state)
{
	(void)state;
	sums = usage_sums_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	usage_sums_free(sums);
	return 0;
}

/* `up` packets so far, and twice as many down; sequence 0: the final report. */
static void report(uint64_t boot, uint64_t sequence, uint64_t up, const char *subscriber)
{
	struct binding_key key = owner_key(1);
	struct punt_usage_row row = {
	        .shard = SHARD,
	        .key_length = key.length,
	        .version = {sequence ? EPOCH : 0, sequence},
	        .up_packets = up,
	        .up_octets = up * OCTETS_A_PACKET,
	        .down_packets = 2 * up,
	        .down_octets = 2 * up * OCTETS_A_PACKET,
	};

	memcpy(row.key, key.octets, sizeof(row.key));
	usage_sums_report(sums, boot, &row, subscriber);
}

static void assert_sum(uint64_t up)
{
	struct binding_key key = owner_key(1);
	struct binding_usage usage = usage_sums_of(sums, &key, SHARD);

	assert_int_equal(usage.up_packets, up);
	assert_int_equal(usage.up_octets, up * OCTETS_A_PACKET);
	assert_int_equal(usage.down_packets, 2 * up);
	assert_int_equal(usage.down_octets, 2 * up * OCTETS_A_PACKET);
}

static void withdraw(uint64_t sequence, uint64_t now_ms)
{
	struct binding_key key = owner_key(1);

	usage_sums_withdrawn(sums, &key, SHARD, (struct feed_version){EPOCH, sequence}, now_ms);
}

static void bind_again(const char *subscriber)
{
	struct binding_key key = owner_key(1);

	usage_sums_bound(sums, &key, SHARD, subscriber);
}

static void reports_are_cumulative(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	report(BOOT_A, 1, 10, "lab/1"); /* the same again adds nothing */
	report(BOOT_A, 2, 25, "lab/1"); /* whatever was lost between */
	assert_sum(25);
}

static void data_planes_are_summed_and_may_start_anew(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	report(BOOT_B, 1, 7, "lab/1");
	assert_sum(17);
	report(BOOT_A_AGAIN, 1, 3, "lab/1");
	assert_sum(20);
	report(BOOT_B, 1, 9, "lab/1");
	report(BOOT_A_AGAIN, 1, 30, "lab/1");
	assert_sum(10 + 9 + 30);
}

static void many_restarts_lose_nothing(void **state)
{
	(void)state;
	for (uint64_t boot = 1; boot <= 40; boot++) {
		report(boot, 1, 5, "lab/1");
		report(boot, 1, 6, "lab/1");
	}
	assert_sum(40 * 6);
}

static void binding_again_counts_on_from_zero(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	withdraw(2, 1000);
	report(BOOT_A, 0, 12, NULL);
	assert_sum(12);
	bind_again("lab/1");
	report(BOOT_A, 3, 50, "lab/1"); /* more than before, so that only the final report tells */
	assert_sum(12 + 50);
	withdraw(4, 2000);
	bind_again("lab/1");
	withdraw(6, 3000);
	report(BOOT_A, 0, 51, NULL);
	report(BOOT_A, 0, 4, NULL); /* of a binding so short that it reported nothing else */
	assert_sum(12 + 51 + 4);
}

static void final_report_may_be_late_or_lost(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	withdraw(2, 1000);
	bind_again("lab/1");
	report(BOOT_A, 3, 40, "lab/1"); /* the versions tell that it is another binding */
	assert_sum(50);
	report(BOOT_A, 0, 13, "lab/1");
	assert_sum(53);
	report(BOOT_A, 3, 45, "lab/1");
	assert_sum(58);
	withdraw(5, 2000);
	bind_again("lab/1");
	report(BOOT_A, 6, 100, "lab/1"); /* and this final report never comes */
	assert_sum(158);
}

static void another_subscriber_begins_at_zero(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	withdraw(2, 1000);
	report(BOOT_A, 0, 10, NULL);
	bind_again("lab/2");
	assert_sum(0);
	report(BOOT_A, 3, 4, "lab/2");
	assert_sum(4);
}

static void what_is_unbound_for_long_is_forgotten(void **state)
{
	(void)state;
	report(BOOT_A, 1, 10, "lab/1");
	withdraw(2, 1000);
	usage_sums_sweep(sums, 1000 + USAGE_KEPT_MS - 1);
	assert_sum(10);
	usage_sums_sweep(sums, 1000 + USAGE_KEPT_MS);
	assert_sum(0);
}

/* Through the owner: a row for a key that nobody has is counted and makes nothing. */
static void owner_shows_the_sum(void **state)
{
	static struct owner owner;
	uint8_t rows[2 * PUNT_USAGE_ROW_OCTETS];
	struct wire_writer writer = wire_writer_of(rows, sizeof(rows));
	struct punt_usage_row row = {.shard = 1, .key_length = 64, .version = {EPOCH, 1}, .up_packets = 3};
	struct binding_key key = owner_key(1);
	struct punt_usage usage = {.boot = BOOT_A, .rows = {rows, sizeof(rows)}};
	struct binding_view view;

	(void)state;
	owner_start(&owner, EPOCH, 100);
	bindings_serve(owner.bindings, &owner.now);
	owner_set(&owner, 1, 8, 7);
	memcpy(row.key, key.octets, sizeof(row.key));
	punt_usage_row_write(&writer, &row);
	key = owner_key(2);
	memcpy(row.key, key.octets, sizeof(row.key));
	punt_usage_row_write(&writer, &row);
	bindings_usage(owner.bindings, &usage);
	assert_int_equal(bindings_counters(owner.bindings)->usage_rows, 2);
	assert_int_equal(bindings_counters(owner.bindings)->usage_rows_unknown, 1);
	key = owner_key(1);
	assert_true(bindings_find(owner.bindings, &key, &view));
	assert_int_equal(view.usage.up_packets, 3);
	owner_withdraw(&owner, 1);
	owner_set(&owner, 1, 8, 8);
	assert_true(bindings_find(owner.bindings, &key, &view));
	assert_int_equal(view.usage.up_packets, 3);
	owner_turn(&owner);
	owner_end(&owner);
}

/* C-5: updates a second, lag in sequence, resynchronisations, per data plane. */
static void data_planes_tell_how_they_stand(void **state)
{
	static struct data_planes planes;
	struct punt_status status = {.boot = BOOT_A, .lag_rows = 40, .asks = 3, .rows_applied = 1000, .name = "dp1"};

	(void)state;
	data_planes_told(&planes, &status, 10000);
	status.rows_applied = 3000;
	status.lag_rows = 5;
	data_planes_told(&planes, &status, 12000);
	assert_int_equal(planes.count, 1);
	assert_int_equal(planes.planes[0].rows_a_second, 1000);
	assert_int_equal(planes.planes[0].status.lag_rows, 5);
	assert_int_equal(planes.planes[0].status.asks, 3);
	status = (struct punt_status){.boot = BOOT_A_AGAIN, .name = "dp1"};
	data_planes_told(&planes, &status, 13000);
	assert_int_equal(planes.count, 1);
	assert_int_equal(planes.planes[0].boots, 1);
	assert_int_equal(planes.planes[0].rows_a_second, 0);
	for (unsigned i = 0; i < 2 * DATA_PLANES_MAX; i++) {
		snprintf(status.name, sizeof(status.name), "other%u", i);
		data_planes_told(&planes, &status, 14000 + i);
	}
	assert_int_equal(planes.count, DATA_PLANES_MAX);
	data_planes_sweep(&planes, 14000 + DATA_PLANES_MAX + DATA_PLANE_KEPT_MS);
	assert_in_range(planes.count, 1, DATA_PLANES_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(reports_are_cumulative, start, end),
	        cmocka_unit_test_setup_teardown(data_planes_are_summed_and_may_start_anew, start, end),
	        cmocka_unit_test_setup_teardown(many_restarts_lose_nothing, start, end),
	        cmocka_unit_test_setup_teardown(binding_again_counts_on_from_zero, start, end),
	        cmocka_unit_test_setup_teardown(final_report_may_be_late_or_lost, start, end),
	        cmocka_unit_test_setup_teardown(another_subscriber_begins_at_zero, start, end),
	        cmocka_unit_test_setup_teardown(what_is_unbound_for_long_is_forgotten, start, end),
	        cmocka_unit_test_setup_teardown(owner_shows_the_sum, start, end),
	        cmocka_unit_test(data_planes_tell_how_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
