// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16384 };

__attribute__((format(printf, 2, 3))) static void say(struct metrics_text *text, const char *format, ...)
{
	va_list arguments;
	int octets;

	if (text->failed)
		return;
	va_start(arguments, format);
	octets = vsnprintf(text->bytes ? text->bytes + text->used : NULL, text->room - text->used, format, arguments);
	va_end(arguments);
	if (octets >= 0 && (size_t)octets < text->room - text->used) {
		text->used += (size_t)octets;
		return;
	}
	if (octets >= 0) {
		size_t room = (text->room ? 2 * text->room : FIRST_ROOM) + (size_t)octets;
		char *larger = realloc(text->bytes, room);

		if (larger) {
			text->bytes = larger;
			text->room = room;
			va_start(arguments, format);
			text->used += (size_t)vsnprintf(larger + text->used, room - text->used, format, arguments);
			va_end(arguments);
			return;
		}
	}
	text->failed = true;
}

static const char *suffix(const struct metrics_text *text, enum metrics_type type, bool is_sample)
{
	return type == METRICS_COUNTER && (is_sample || text->format == METRICS_PROMETHEUS) ? "_total" : "";
}

void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name, const char *help)
{
	const char *end = suffix(text, type, false);

	say(text, "# HELP %s%s ", name, end);
	for (; *help; help++) {
		bool is_quote = *help == '"' && text->format == METRICS_OPENMETRICS;

		if (*help == '\n')
			say(text, "\\n");
		else
			say(text, "%s%c", *help == '\\' || is_quote ? "\\" : "", *help);
	}
	say(text, "\n# TYPE %s%s %s\n", name, end, type == METRICS_COUNTER ? "counter" : "gauge");
}

static void begin_sample(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels)
{
	say(text, "%s%s", name, suffix(text, type, true));
	if (labels)
		say(text, "{%s}", labels);
}

void metrics_count(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels,
                   uint64_t value)
{
	begin_sample(text, type, name, labels);
	say(text, " %" PRIu64 "\n", value);
}

void metrics_real(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels, double value)
{
	begin_sample(text, type, name, labels);
	say(text, " %.9g\n", value);
}

void metrics_counter(struct metrics_text *text, const char *name, const char *help, uint64_t value)
{
	metrics_family(text, METRICS_COUNTER, name, help);
	metrics_count(text, METRICS_COUNTER, name, NULL, value);
}

void metrics_gauge(struct metrics_text *text, const char *name, const char *help, double value)
{
	metrics_family(text, METRICS_GAUGE, name, help);
	metrics_real(text, METRICS_GAUGE, name, NULL, value);
}

void metrics_end(struct metrics_text *text)
{
	if (text->format == METRICS_OPENMETRICS)
		say(text, "# EOF\n");
}

const char *metrics_media_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	                                     : "text/plain; version=0.0.4; charset=utf-8";
}
