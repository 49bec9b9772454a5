// SPDX-License-Identifier: BSD-3-Clause
#include "plane_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINES_A_SECOND = 100, LINE_OCTETS = 512 };

static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

const char *plane_log_level_name(enum plane_log_level level)
{
	return names[level];
}

int plane_log_level_parse(const char *name, enum plane_log_level *level)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*level = (enum plane_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void plane_log(struct plane_log *log, enum plane_log_level level, const char *format, ...)
{
	char text[LINE_OCTETS];
	struct timespec now;
	va_list arguments;

	if (level > log->level)
		return;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if ((uint64_t)now.tv_sec != log->second) {
		if (log->lines > LINES_A_SECOND)
			fprintf(stderr, "notice dataplane: %u more lines were held back\n",
			        log->lines - LINES_A_SECOND);
		log->second = (uint64_t)now.tv_sec;
		log->lines = 0;
	}
	if (++log->lines > LINES_A_SECOND)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	fprintf(stderr, "%s dataplane: %s\n", names[level], text);
}
