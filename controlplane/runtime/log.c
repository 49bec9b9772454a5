// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_OCTETS = 1024, LIMIT_BURST = 5, LIMIT_INTERVAL_MS = 1000 };

static const char *const level_names[] = {
        [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
        [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static _Atomic int threshold = LOG_LEVEL_INFO;

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

int log_level_parse(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (strcmp(name, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&threshold, memory_order_relaxed);
}

void log_write(enum log_level level, const char *subsystem, const char *text)
{
	char line[LINE_OCTETS];
	int length;

	if (level > log_get_level())
		return;
	length = snprintf(line, sizeof(line) - 1, "%s %s: %s", level_names[level], subsystem, text);
	if (length < 0)
		return;
	if ((size_t)length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	for (int i = 0; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	/* one write, so that lines of several threads never mix; a broken stderr is nobody's business here */
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return;
}

void log_print(enum log_level level, const char *subsystem, const char *format, ...)
{
	char text[LINE_OCTETS];
	va_list arguments;

	if (level > log_get_level())
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_write(level, subsystem, text);
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, uint32_t *held_back)
{
	if (limit->next_ms == 0) {
		limit->tokens = LIMIT_BURST;
		limit->next_ms = now_ms + LIMIT_INTERVAL_MS;
	}
	if (now_ms >= limit->next_ms) {
		uint64_t earned = 1 + (now_ms - limit->next_ms) / LIMIT_INTERVAL_MS;

		limit->tokens = earned + limit->tokens > LIMIT_BURST ? LIMIT_BURST : limit->tokens + (uint32_t)earned;
		limit->next_ms += earned * LIMIT_INTERVAL_MS;
	}
	if (!limit->tokens) {
		limit->held_back++;
		return false;
	}
	limit->tokens--;
	*held_back = limit->held_back;
	limit->held_back = 0;
	return true;
}

char *log_mask_imsi(const char *imsi, char masked[LOG_MASKED_OCTETS])
{
	size_t length = strlen(imsi);

	if (length >= 6 && length <= 15 && strspn(imsi, "0123456789") == length)
		snprintf(masked, LOG_MASKED_OCTETS, "%.5s…%s", imsi, imsi + length - (length > 8 ? 3 : 1));
	else
		snprintf(masked, LOG_MASKED_OCTETS, "%.3s…", imsi);
	return masked;
}
