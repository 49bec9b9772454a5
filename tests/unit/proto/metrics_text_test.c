// SPDX-License-Identifier: BSD-3-Clause
/* The expected texts are written by hand from Prometheus' exposition format 0.0.4 and OpenMetrics 1.0. */
#include <string.h>

#include "metrics_text.h"
#include "vectors.h"

enum { ROOM = 1024 };

static char bytes[ROOM];

static struct metrics_text text_of(enum metrics_format format, size_t room)
{
	memset(bytes, '#', sizeof(bytes));
	return (struct metrics_text){.format = format, .bytes = bytes, .room = room};
}

static void assert_text(const struct metrics_text *text, const char *wanted)
{
	assert_octets(bytes, text->octets, wanted, strlen(wanted));
}

static void write_some(struct metrics_text *text)
{
	metrics_counter(text, "kedge_steps", "messages \\ \"timers\"\nof all", UINT64_MAX);
	metrics_family(text, METRICS_COUNTER, "kedge_drops", "dropped");
	metrics_count(text, METRICS_COUNTER, "kedge_drops", "reason=\"too_big\"", 0);
	metrics_count(text, METRICS_COUNTER, "kedge_drops", "reason=\"spoofed\"", 10);
	metrics_gauge(text, "kedge_under_way", "so many", -12);
	metrics_gauge_seconds(text, "kedge_longest_turn_seconds", "so long", 3004005);
	metrics_end(text);
}

static void format_of_prometheus(void **state)
{
	struct metrics_text text = text_of(METRICS_PROMETHEUS, ROOM);

	(void)state;
	write_some(&text);
	assert_text(&text, "# HELP kedge_steps_total messages \\\\ \"timers\"\\nof all\n"
	                   "# TYPE kedge_steps_total counter\n"
	                   "kedge_steps_total 18446744073709551615\n"
	                   "# HELP kedge_drops_total dropped\n"
	                   "# TYPE kedge_drops_total counter\n"
	                   "kedge_drops_total{reason=\"too_big\"} 0\n"
	                   "kedge_drops_total{reason=\"spoofed\"} 10\n"
	                   "# HELP kedge_under_way so many\n"
	                   "# TYPE kedge_under_way gauge\n"
	                   "kedge_under_way -12\n"
	                   "# HELP kedge_longest_turn_seconds so long\n"
	                   "# TYPE kedge_longest_turn_seconds gauge\n"
	                   "kedge_longest_turn_seconds 3.004005\n");
}

static void format_of_openmetrics(void **state)
{
	struct metrics_text text = text_of(METRICS_OPENMETRICS, ROOM);

	(void)state;
	metrics_counter(&text, "kedge_steps", "messages \\ \"timers\"\nof all", 7);
	metrics_gauge(&text, "kedge_least", "the least", INT64_MIN);
	metrics_end(&text);
	assert_text(&text, "# HELP kedge_steps messages \\\\ \\\"timers\\\"\\nof all\n"
	                   "# TYPE kedge_steps counter\n"
	                   "kedge_steps_total 7\n"
	                   "# HELP kedge_least the least\n"
	                   "# TYPE kedge_least gauge\n"
	                   "kedge_least -9223372036854775808\n"
	                   "# EOF\n");
}

/* Whatever the room, it is kept, what fits is there, and the whole length is told. */
static void short_of_room(void **state)
{
	struct metrics_text whole = text_of(METRICS_OPENMETRICS, ROOM), none = {.format = METRICS_OPENMETRICS};
	char wanted[ROOM];

	(void)state;
	write_some(&whole);
	assert_in_range(whole.octets, 1, ROOM - 1);
	memcpy(wanted, bytes, whole.octets);
	for (size_t room = 0; room <= whole.octets; room++) {
		struct metrics_text text = text_of(METRICS_OPENMETRICS, room);

		write_some(&text);
		assert_int_equal(text.octets, whole.octets);
		assert_memory_equal(bytes, wanted, room);
		assert_int_equal(bytes[room], '#');
	}
	write_some(&none);
	assert_int_equal(none.octets, whole.octets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(format_of_prometheus),
	        cmocka_unit_test(format_of_openmetrics),
	        cmocka_unit_test(short_of_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
