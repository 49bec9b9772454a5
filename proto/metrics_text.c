// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_text.h"

#include <string.h>

enum { DIGITS_MAX = 20, MICROSECONDS_A_SECOND = 1000000 };

static void say_octets(struct metrics_text *text, const char *octets, size_t count)
{
	if (text->octets < text->room) {
		size_t left = text->room - text->octets;

		memcpy(text->bytes + text->octets, octets, count < left ? count : left);
	}
	text->octets += count;
}

static void say(struct metrics_text *text, const char *words)
{
	say_octets(text, words, strlen(words));
}

/* In decimal, with zeros in front up to `digits_min`. */
static void say_number(struct metrics_text *text, uint64_t value, unsigned digits_min)
{
	char digits[DIGITS_MAX];
	unsigned count = 0;

	do {
		digits[DIGITS_MAX - ++count] = (char)('0' + value % 10);
		value /= 10;
	} while (value || count < digits_min);
	say_octets(text, digits + DIGITS_MAX - count, count);
}

static const char *suffix(const struct metrics_text *text, enum metrics_type type, bool is_sample)
{
	return type == METRICS_COUNTER && (is_sample || text->format == METRICS_PROMETHEUS) ? "_total" : "";
}

/* A family's own name, as its HELP and TYPE have it. */
static void say_family(struct metrics_text *text, const char *keyword, enum metrics_type type, const char *name)
{
	say(text, keyword);
	say(text, name);
	say(text, suffix(text, type, false));
	say(text, " ");
}

void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name, const char *help)
{
	say_family(text, "# HELP ", type, name);
	for (; *help; help++) {
		if (*help == '\\' || (*help == '"' && text->format == METRICS_OPENMETRICS))
			say(text, "\\");
		if (*help == '\n')
			say(text, "\\n");
		else
			say_octets(text, help, 1);
	}
	say(text, "\n");
	say_family(text, "# TYPE ", type, name);
	say(text, type == METRICS_COUNTER ? "counter\n" : "gauge\n");
}

static void begin_sample(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels)
{
	say(text, name);
	say(text, suffix(text, type, true));
	if (labels) {
		say(text, "{");
		say(text, labels);
		say(text, "}");
	}
	say(text, " ");
}

void metrics_count(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels,
                   uint64_t value)
{
	begin_sample(text, type, name, labels);
	say_number(text, value, 1);
	say(text, "\n");
}

void metrics_counter(struct metrics_text *text, const char *name, const char *help, uint64_t value)
{
	metrics_family(text, METRICS_COUNTER, name, help);
	metrics_count(text, METRICS_COUNTER, name, NULL, value);
}

void metrics_gauge(struct metrics_text *text, const char *name, const char *help, int64_t value)
{
	metrics_family(text, METRICS_GAUGE, name, help);
	begin_sample(text, METRICS_GAUGE, name, NULL);
	if (value < 0)
		say(text, "-");
	say_number(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
	say(text, "\n");
}

void metrics_gauge_seconds(struct metrics_text *text, const char *name, const char *help, uint64_t value_us)
{
	metrics_family(text, METRICS_GAUGE, name, help);
	begin_sample(text, METRICS_GAUGE, name, NULL);
	say_number(text, value_us / MICROSECONDS_A_SECOND, 1);
	say(text, ".");
	say_number(text, value_us % MICROSECONDS_A_SECOND, 6);
	say(text, "\n");
}

void metrics_end(struct metrics_text *text)
{
	if (text->format == METRICS_OPENMETRICS)
		say(text, "# EOF\n");
}
