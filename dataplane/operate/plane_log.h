// SPDX-License-Identifier: BSD-3-Clause
/*
 * plane_log - one line an event on stderr: level, "dataplane", text. An operator sets the level; more than a hundred
 * lines a second are held back, and then their number is told. Workers log nothing.
 *
 * Thread: the main core's.
 */
#ifndef KEDGE_DATAPLANE_PLANE_LOG_H
#define KEDGE_DATAPLANE_PLANE_LOG_H

#include <stdint.h>

enum plane_log_level { PLANE_LOG_ERROR, PLANE_LOG_WARNING, PLANE_LOG_NOTICE, PLANE_LOG_INFO, PLANE_LOG_DEBUG };

struct plane_log {
	enum plane_log_level level; /* lines above it are not written */
	uint64_t second;            /* of the lines counted */
	unsigned lines;
};

/* "error", "warning", "notice", "info", "debug". */
const char *plane_log_level_name(enum plane_log_level level);

/* Returns 0 or -EINVAL. */
int plane_log_level_parse(const char *name, enum plane_log_level *level);

__attribute__((format(printf, 3, 4))) void plane_log(struct plane_log *log, enum plane_log_level level,
                                                     const char *format, ...);

#endif
