// SPDX-License-Identifier: BSD-3-Clause
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "machine.h"

struct results {
	const char *command;
	json_t *figures;
	json_t *notes;
};

struct results *results_new(const char *command)
{
	struct results *results = calloc(1, sizeof(*results));

	if (!results)
		return NULL;
	*results = (struct results){.command = command, .figures = json_object(), .notes = json_object()};
	return results;
}

void results_free(struct results *results)
{
	if (!results)
		return;
	json_decref(results->figures);
	json_decref(results->notes);
	free(results);
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

void sort_samples(double *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), ascending);
}

double sorted_quantile(const double *sorted, size_t count, double share)
{
	size_t at = (size_t)((double)count * share);

	if (!count)
		return 0;
	return sorted[at < count ? at : count - 1];
}

double samples_median(double *samples, size_t count)
{
	sort_samples(samples, count);
	return sorted_quantile(samples, count, 0.5);
}

void results_add(struct results *results, const char *name, const char *unit, double *samples, size_t count)
{
	json_t *list = json_array();

	if (!count)
		return;
	sort_samples(samples, count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_real(samples[i]));
	json_object_set_new(results->figures, name,
	                    json_pack("{s:f, s:f, s:f, s:s, s:o}", "median", sorted_quantile(samples, count, 0.5),
	                              "least", samples[0], "most", samples[count - 1], "unit", unit, "samples", list));
}

void results_note(struct results *results, const char *name, json_t *value)
{
	json_object_set_new(results->notes, name, value);
}

double results_median(const struct results *results, const char *name)
{
	const json_t *figure = json_object_get(results->figures, name);

	return figure ? json_real_value(json_object_get(figure, "median")) : NAN;
}

void results_print(const struct results *results, FILE *to)
{
	const char *name;
	json_t *figure;

	fprintf(to, "%-36s %12s %12s %12s\n", results->command, "median", "least", "most");
	json_object_foreach(results->figures, name, figure)
	{
		fprintf(to, "%-36s %12.4g %12.4g %12.4g %s\n", name, json_real_value(json_object_get(figure, "median")),
		        json_real_value(json_object_get(figure, "least")),
		        json_real_value(json_object_get(figure, "most")),
		        json_string_value(json_object_get(figure, "unit")));
	}
}

int results_write(const struct results *results, const char *path)
{
	json_t *root = json_pack("{s:s, s:O, s:O, s:o}", "command", results->command, "figures", results->figures,
	                         "notes", results->notes, "machine", machine_json());
	int result = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ? -EIO : 0;

	json_decref(root);
	return result;
}

int results_tell(const struct results *results, const char *path)
{
	results_print(results, stdout);
	return path ? results_write(results, path) : 0;
}
