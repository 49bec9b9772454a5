// SPDX-License-Identifier: BSD-3-Clause
#include "printers.h"

#include <stdlib.h>
#include <string.h>

enum { CELL_OCTETS = 256, KEY_WIDTH = 28 };

/* Counts what stands on the screen, not octets: continuation octets of UTF-8 take no place. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Control characters from a daemon (or from whoever chose a name) never reach the terminal. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static const char *cell(const json_t *value, char text[CELL_OCTETS])
{
	char *dumped;

	text[0] = '\0';
	if (json_is_string(value)) {
		snprintf(text, CELL_OCTETS, "%s", json_string_value(value));
	} else if (json_is_boolean(value)) {
		snprintf(text, CELL_OCTETS, "%s", json_is_true(value) ? "yes" : "no");
	} else if (json_is_array(value)) {
		size_t index;
		json_t *element;

		json_array_foreach(value, index, element)
		{
			size_t used = strlen(text);
			char part[CELL_OCTETS];

			snprintf(text + used, CELL_OCTETS - used, "%s%s", index ? "," : "", cell(element, part));
		}
	} else if (json_is_real(value)) {
		snprintf(text, CELL_OCTETS, "%.4g", json_real_value(value));
	} else if (value && !json_is_null(value)) {
		dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		snprintf(text, CELL_OCTETS, "%s", dumped ? dumped : "");
		free(dumped);
	}
	make_printable(text);
	return text[0] ? text : "-";
}

static void learn_columns(struct printer_table *table, json_t *rows)
{
	size_t index;
	json_t *row;

	json_array_foreach(rows, index, row)
	{
		const char *name;
		json_t *value;

		json_object_foreach(row, name, value)
		{
			size_t column = 0;

			while (column < table->count && strcmp(table->names[column], name) != 0)
				column++;
			if (column == table->count && table->count < PRINTER_COLUMNS_MAX) {
				snprintf(table->names[column], sizeof(table->names[column]), "%s", name);
				table->widths[column] = width_of(table->names[column]);
				table->count++;
			}
		}
	}
}

static void learn_widths(struct printer_table *table, json_t *rows)
{
	size_t index;
	json_t *row;

	json_array_foreach(rows, index, row)
	{
		for (size_t column = 0; column < table->count; column++) {
			char text[CELL_OCTETS];
			int width = width_of(cell(json_object_get(row, table->names[column]), text));

			if (width > table->widths[column])
				table->widths[column] = width;
		}
	}
}

static void print_cell(FILE *to, const char *text, int width, bool last)
{
	fprintf(to, "%s%*s", text, last ? 0 : width - width_of(text) + 2, "");
}

void printer_rows(FILE *to, struct printer_table *table, json_t *rows)
{
	bool first_page = table->count == 0;
	size_t index;
	json_t *row;

	if (first_page)
		learn_columns(table, rows);
	learn_widths(table, rows);
	for (size_t column = 0; first_page && column < table->count; column++)
		print_cell(to, table->names[column], table->widths[column], column + 1 == table->count);
	if (first_page && table->count)
		fputc('\n', to);
	json_array_foreach(rows, index, row)
	{
		for (size_t column = 0; column < table->count; column++) {
			char text[CELL_OCTETS];

			print_cell(to, cell(json_object_get(row, table->names[column]), text), table->widths[column],
			           column + 1 == table->count);
		}
		fputc('\n', to);
	}
}

static bool is_table(const json_t *value)
{
	return json_is_array(value) && json_array_size(value) && json_is_object(json_array_get(value, 0));
}

void printer_object(FILE *to, json_t *object, int indent)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (json_is_object(value)) {
			fprintf(to, "%*s%s\n", indent, "", name);
			printer_object(to, value, indent + 2);
		} else if (is_table(value)) {
			struct printer_table table = {0};

			fprintf(to, "%*s%s\n", indent, "", name);
			printer_rows(to, &table, value);
		} else {
			char text[CELL_OCTETS];

			fprintf(to, "%*s%-*s  %s\n", indent, "", KEY_WIDTH - indent, name, cell(value, text));
		}
	}
}

void printer_error(FILE *to, json_t *body)
{
	json_t *error = json_object_get(body, "error");
	json_t *expected = json_object_get(error, "expected");
	char text[CELL_OCTETS];

	fprintf(to, "error: %s", cell(json_object_get(error, "message"), text));
	if (json_array_size(expected))
		fprintf(to, "; expected: %s", cell(expected, text));
	fprintf(to, "\n");
}
