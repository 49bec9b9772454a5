// SPDX-License-Identifier: BSD-3-Clause
/*
 * bench_command - the commands of kedge-bench: one file each, one row each in the table of main.c.
 *
 * A command gets the arguments from its own name on, reads them by command_options(), and returns the program's status:
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

/* An option, and where what is said goes: exactly one of the three. */
struct command_option {
	const char *name;      /* NULL ends a list */
	unsigned long *number; /* from 1 to `maximum`; K or M behind it: a thousand or a million times as much */
	unsigned long maximum;
	const char **text;
	bool *flag; /* without a value */
};

/* Reads the options; the place in argv of what follows them, or -1 for a wrong call. What is not named stays. */
int command_options(int argc, char **argv, const struct command_option *options);

extern const struct command make_command;
extern const struct command replay_command;
extern const struct command walk_command;
extern const struct command table_command;
extern const struct command feed_command;
extern const struct command churn_command;
extern const struct command expire_command;
extern const struct command flood_command;

#endif
