// SPDX-License-Identifier: BSD-3-Clause
/*
 * parts - which of many small hashes a key belongs to.
 *
 * A hash of uthash grows as a whole: with a million entries that is one insertion of more than 5 ms. PARTS small ones
 * grow by themselves, some hundred or thousand entries at a time, so that no insertion costs a long turn, even among
 * ten millions.
 *
 *	struct thing *by_key[PARTS];
 *	HASH_ADD(hh, table->by_key[part_of(&thing->key, sizeof(thing->key))], key, sizeof(thing->key), thing);
 *
 * Pure; any thread.
 */
#ifndef KEDGE_PARTS_H
#define KEDGE_PARTS_H

#include <stddef.h>
#include <stdint.h>

enum { PARTS = 1024, PARTS_SHIFT = 54 };
_Static_assert(PARTS == 1 << (64 - PARTS_SHIFT), "the upper bits of a hash choose the part");

/* The part of a key of `count` octets. Who chooses his key chooses his part, too: keys of strangers are limited. */
static inline unsigned part_of(const void *octets, size_t count)
{
	const uint8_t *at = octets;
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, and one more multiplication, since the upper bits choose */

	while (count--)
		hash = (hash ^ *at++) * 0x100000001b3;
	return (unsigned)(((hash ^ hash >> 32) * 0x9e3779b97f4a7c15) >> PARTS_SHIFT);
}

#endif
