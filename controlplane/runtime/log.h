// SPDX-License-Identifier: BSD-3-Clause
/*
 * log - one line per event on stderr: level, subsystem, text. Nothing secret is ever logged (K-16); IMSIs are masked.
 *
 * Cores do not log, they append effects_log(); the executor's process calls log_write. Repetition is limited by the
 * caller's `struct log_limit`, which says how many lines it held back.
 */
#ifndef KEDGE_RUNTIME_LOG_H
#define KEDGE_RUNTIME_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warning", "notice", "info", "debug". */
const char *log_level_name(enum log_level level);

/* Returns 0 or -EINVAL. */
int log_level_parse(const char *name, enum log_level *level);

/* The process's threshold (default LOG_LEVEL_INFO). Atomic: any thread. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Writes one line at once; control characters in the text are replaced. Any thread. */
void log_write(enum log_level level, const char *subsystem, const char *text);
__attribute__((format(printf, 3, 4))) void log_print(enum log_level level, const char *subsystem, const char *format,
                                                     ...);

/* A token bucket for one kind of line: `burst` lines, then one each `interval_ms`. */
struct log_limit {
	uint64_t next_ms;
	uint32_t held_back;
	uint32_t tokens;
};

/*
 * True when a line may be written at `now_ms` (monotonic); *held_back then tells how many were suppressed before it.
 * Zero-initialised is a full bucket of 5 lines, refilled by one each second.
 */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, uint32_t *held_back);

/* "244070000000123" → "24407…123" (MCC/MNC and the last three digits), other identities → their first 3 octets and "…".
 */
enum { LOG_MASKED_OCTETS = 32 };
char *log_mask_imsi(const char *imsi, char masked[LOG_MASKED_OCTETS]);

#endif
