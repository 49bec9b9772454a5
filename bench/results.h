// SPDX-License-Identifier: BSD-3-Clause
/*
 * results - what a command measured: named figures, each the median of its repetitions; printed as a table for people,
 * written as JSON for programs (docs/benchmarks.md has the format).
 */
#ifndef KEDGE_BENCH_RESULTS_H
#define KEDGE_BENCH_RESULTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

struct results;

/* NULL without memory. `command` is static. */
struct results *results_new(const char *command);
void results_free(struct results *results);

/*
 * Adds a figure: the median of `count` samples, which are sorted in place. A bar's figure carries the bar's name.
 * `unit` is for people: "cycles", "ns", "1/s", "" for a ratio.
 */
void results_add(struct results *results, const char *name, const char *unit, double *samples, size_t count);

/* Adds something that is no figure, like the options of the run; takes the reference. */
void results_note(struct results *results, const char *name, json_t *value);

/* The median of a figure; NAN if there is none. */
double results_median(const struct results *results, const char *name);

void results_print(const struct results *results, FILE *to);

/* {"command", "figures": {name: {"median", "least", "most", "unit", "samples"}}, "notes", "machine"}. 0 or -EIO. */
int results_write(const struct results *results, const char *path);

/* Both: to standard output for people, and to the file `path` where there is one (not NULL). As results_write(). */
int results_tell(const struct results *results, const char *path);

/* The element of a sorted list below which `share` (0..1) of it lies; 0 for an empty one. */
double sorted_quantile(const double *sorted, size_t count, double share);
void sort_samples(double *samples, size_t count);

/* Sorts them. */
double samples_median(double *samples, size_t count);

#endif
