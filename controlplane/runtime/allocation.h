// SPDX-License-Identifier: BSD-3-Clause
/*
 * allocation - memory that is there or ends the process: nothing above has to know what it would be to go on without.
 *
 * Thread: any. What is returned is freed with free().
 */
#ifndef KEDGE_RUNTIME_ALLOCATION_H
#define KEDGE_RUNTIME_ALLOCATION_H

#include <stddef.h>

/* `octets` zeroed octets; 0 gives a pointer that may be freed. */
void *allocate(size_t octets);

/* The same octets again. `from` may be NULL when there are none. */
void *allocate_copy(const void *from, size_t octets);
char *allocate_text(const char *text);

/* What another function has allocated: `memory`, or the end of the process when it is NULL. */
void *allocated(void *memory);

#endif
