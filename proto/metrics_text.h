// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_text - what a daemon counts in the two texts that Prometheus reads: its own format (0.0.4) and OpenMetrics
 * 1.0. Names are given without "_total", which counters get where the format wants it.
 *
 * The text goes to the caller's memory, and `octets` says how much it takes, there or not.
 *
 * Thread: no state but the text; any.
 */
#ifndef KEDGE_PROTO_METRICS_TEXT_H
#define KEDGE_PROTO_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };
enum metrics_type { METRICS_COUNTER, METRICS_GAUGE };

struct metrics_text {
	enum metrics_format format;
	char *bytes; /* the caller's; not ended by a zero */
	size_t room;
	size_t octets; /* of the whole text, of which at most `room` are there */
};

/* Writes all families; metrics_end() is called behind it. */
typedef void metrics_write(void *context, struct metrics_text *text);

/* Begins a family: its samples follow, and no other's between them. */
void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name, const char *help);

/* One sample of the family begun last; `labels` as they stand between the braces (`reason="too_big"`), or NULL. */
void metrics_count(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels,
                   uint64_t value);

/* A family of one sample. */
void metrics_counter(struct metrics_text *text, const char *name, const char *help, uint64_t value);
void metrics_gauge(struct metrics_text *text, const char *name, const char *help, int64_t value);

/* A gauge whose unit is the second. */
void metrics_gauge_seconds(struct metrics_text *text, const char *name, const char *help, uint64_t value_us);

/* The end of all; nothing follows. */
void metrics_end(struct metrics_text *text);

#endif
