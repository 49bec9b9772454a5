// SPDX-License-Identifier: BSD-3-Clause
/*
 * printers - answers for people: rows as a table, objects as indented "key  value" lines. Programs take --json.
 */
#ifndef KEDGE_SHELL_PRINTERS_H
#define KEDGE_SHELL_PRINTERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * An array of objects as a table: the columns are the members of the first rows, in their order; wide as they need to
 * be. Columns past the first page keep the widths. Say `with_header` only for the first page.
 */
enum { PRINTER_COLUMNS_MAX = 24 };
struct printer_table {
	char names[PRINTER_COLUMNS_MAX][48];
	int widths[PRINTER_COLUMNS_MAX];
	size_t count;
};
void printer_rows(FILE *to, struct printer_table *table, json_t *rows);

/* An object; nested objects are indented, arrays of objects are tables. */
void printer_object(FILE *to, json_t *object, int indent);

/* {"error": …} as "error: message; expected: …". */
void printer_error(FILE *to, json_t *body);

#endif
