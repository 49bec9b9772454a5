// SPDX-License-Identifier: BSD-3-Clause
/*
 * record_table - millions of records, found by a hash of what names them.
 *
 * A place is the hash and the record's address, four to a cache line, in the order of the hashes: so a search reads one
 * line of places, and the record alone that has this very hash; growth moves places and looks into no record; and who
 * walks over them meets them in an order that lasts while others come and go. The table is in many parts, which grow
 * each by itself: among ten millions a part has some thousand places, and no insertion makes a long turn.
 *
 * What is zero is empty. Records belong to the caller. Thread: one.
 */
#ifndef KEDGE_RUNTIME_RECORD_TABLE_H
#define KEDGE_RUNTIME_RECORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_TABLE_PARTS_LOG2 = 12, RECORD_TABLE_PARTS = 1 << RECORD_TABLE_PARTS_LOG2 };

struct record_place {
	uint64_t hash;
	void *record; /* NULL: nothing is here */
};

struct record_part {
	struct record_place *places;
	uint32_t homes_log2; /* as many are a hash's home; behind the last there is room for those pushed on */
	uint32_t capacity;   /* with that room; 0: nothing is allocated */
	uint32_t count;
};

struct record_table {
	struct record_part parts[RECORD_TABLE_PARTS];
	size_t count;
};

/* Of the octets that name a record, and of their number. */
uint64_t record_hash(const void *name, size_t octets);

/* The record of this hash that `is` what is looked for, or NULL. */
void *record_table_find(const struct record_table *table, uint64_t hash,
                        bool (*is)(const void *record, const void *wanted), const void *wanted);

/* It must not be there. Without memory the process ends. */
void record_table_add(struct record_table *table, uint64_t hash, void *record);

/* It must be there, under this hash. */
void record_table_remove(struct record_table *table, uint64_t hash, const void *record);

/*
 * The record behind `record`, which has this hash and is there, in the order that lasts. With `record` NULL: the first
 * whose hash is higher, whether something has this hash or not. NULL at the end.
 */
void *record_table_next(const struct record_table *table, uint64_t hash, const void *record);
void *record_table_first(const struct record_table *table);

/* Forgets all records and frees the places. */
void record_table_clear(struct record_table *table);

#endif
