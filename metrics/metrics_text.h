// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_text - writes what a daemon counts in the two texts that Prometheus reads: its own format (0.0.4) and
 * OpenMetrics 1.0. Names are given without "_total", which counters get where the format wants it.
 *
 * Thread: no state but the text; any.
 */
#ifndef KEDGE_METRICS_TEXT_H
#define KEDGE_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };
enum metrics_type { METRICS_COUNTER, METRICS_GAUGE };

/* Zero-initialised but for `format`; `bytes` is the owner's to free. */
struct metrics_text {
	enum metrics_format format;
	char *bytes;
	size_t used;
	size_t room;
	bool failed; /* no memory: what is there is not whole */
};

/* Begins a family: its samples follow, and no other's between them. */
void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name, const char *help);

/* One sample of the family begun last; `labels` as they stand between the braces (`reason="too_big"`), or NULL. */
void metrics_count(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels,
                   uint64_t value);
void metrics_real(struct metrics_text *text, enum metrics_type type, const char *name, const char *labels,
                  double value);

/* A family of one sample. */
void metrics_counter(struct metrics_text *text, const char *name, const char *help, uint64_t value);
void metrics_gauge(struct metrics_text *text, const char *name, const char *help, double value);

/* The end of all; nothing follows. */
void metrics_end(struct metrics_text *text);

/* The media type of a format. */
const char *metrics_media_type(enum metrics_format format);

#endif
