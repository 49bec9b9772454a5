// SPDX-License-Identifier: BSD-3-Clause
/*
 * row_binding - between the plain rows of the store ports and SQLite's columns. Parameters count from 1, columns from
 * 0. What is bound is copied. A missing statement (NULL) is passed through: sqlite_store_run() reports it.
 */
#ifndef KEDGE_MOBILITYSERVER_ROW_BINDING_H
#define KEDGE_MOBILITYSERVER_ROW_BINDING_H

#include "sqlite_store.h"

void bind_text(sqlite3_stmt *statement, int parameter, const char *text);
void bind_octets(sqlite3_stmt *statement, int parameter, const void *bytes, size_t octets);
void bind_number(sqlite3_stmt *statement, int parameter, uint64_t number);

/* Copies with a final NUL, cut to the capacity; octets that are missing are zero. Returns the octets copied. */
void column_text(sqlite3_stmt *statement, int column, char *text, size_t capacity);
size_t column_octets(sqlite3_stmt *statement, int column, void *bytes, size_t capacity);
uint64_t column_number(sqlite3_stmt *statement, int column);

/* As sqlite_store_run(), but -EEXIST when the statement changed no row: its ON CONFLICT said no. */
int run_and_require_change(struct sqlite_store *store, sqlite3_stmt *statement);

#endif
