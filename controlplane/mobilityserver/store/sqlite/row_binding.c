// SPDX-License-Identifier: BSD-3-Clause
#include "row_binding.h"

#include <errno.h>
#include <string.h>

void bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
	if (statement)
		sqlite3_bind_text(statement, parameter, text, -1, SQLITE_TRANSIENT);
}

void bind_octets(sqlite3_stmt *statement, int parameter, const void *bytes, size_t octets)
{
	if (statement)
		sqlite3_bind_blob64(statement, parameter, octets ? bytes : "", octets, SQLITE_TRANSIENT);
}

void bind_number(sqlite3_stmt *statement, int parameter, uint64_t number)
{
	if (statement)
		sqlite3_bind_int64(statement, parameter, (sqlite3_int64)number);
}

void column_text(sqlite3_stmt *statement, int column, char *text, size_t capacity)
{
	memset(text, 0, capacity);
	column_octets(statement, column, text, capacity - 1);
}

size_t column_octets(sqlite3_stmt *statement, int column, void *bytes, size_t capacity)
{
	const void *found = sqlite3_column_blob(statement, column);
	size_t octets = (size_t)sqlite3_column_bytes(statement, column);

	octets = octets < capacity ? octets : capacity;
	memset(bytes, 0, capacity);
	if (found && octets)
		memcpy(bytes, found, octets);
	return octets;
}

uint64_t column_number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

int run_and_require_change(struct sqlite_store *store, sqlite3_stmt *statement)
{
	int result = sqlite_store_run(store, statement);

	if (result)
		return result;
	return sqlite3_changes(sqlite3_db_handle(statement)) ? 0 : -EEXIST;
}
