// SPDX-License-Identifier: BSD-3-Clause
/*
 * durable_file - a small file that is replaced as a whole: it holds the old content or the new, never a part, also
 * after a loss of power.
 *
 * Thread: any; not two at once for one path.
 */
#ifndef KEDGE_MOBILENODE_DURABLE_FILE_H
#define KEDGE_MOBILENODE_DURABLE_FILE_H

#include "wire.h"

/* Reads at most `capacity` octets. Returns 0, -EFBIG for a longer file, or the errno. */
int durable_file_read(const char *path, void *buffer, size_t capacity, size_t *octets);

/* Mode 0600; durable when it returns 0. With an errno the old file stands. */
int durable_file_write(const char *path, struct wire_view content);

#endif
