// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_command - the commands of kedge-bench: one file each, one row each in the table of main.c.
 *
 * A command gets the arguments from its own name on, parses them with getopt_long(), and returns the program's status:
 * 0 good, 1 failed (with a sentence on standard error), COMMAND_WRONG_CALL for a call that makes main.c print how to
 * call it. What it measures goes through results.h.
 */
#ifndef KEDGE_BENCH_BENCH_COMMAND_H
#define KEDGE_BENCH_BENCH_COMMAND_H

#include <stdbool.h>

enum { COMMAND_WRONG_CALL = 2 };

struct command {
	const char *name;
	const char *usage; /* from the name on; lines of options behind it, two spaces in */
	int (*run)(int argc, char **argv);
};

/* A whole number from 1 to `maximum`; with K or M behind it a thousand or a million times as much. */
bool command_number(const char *text, unsigned long maximum, unsigned long *number);

extern const struct command make_command;
extern const struct command replay_command;
extern const struct command walk_command;
extern const struct command table_command;
extern const struct command feed_command;
extern const struct command churn_command;

#endif
