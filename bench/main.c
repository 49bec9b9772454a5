// SPDX-License-Identifier: BSD-3-Clause
/* kedge-bench: the forwarder measured and replayed, without a network. */
#include <stdio.h>
#include <string.h>

#include "bench_command.h"

static const struct command *const commands[] = {
        &make_command, &replay_command, &walk_command,   &table_command,
        &feed_command, &churn_command,  &expire_command, &flood_command,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *to)
{
	fputs("usage: kedge-bench COMMAND [ARGUMENT…]\n"
	      "Measures the forwarder in memory; no port and no privilege is needed.\n",
	      to);
	for (int i = 0; i < COMMANDS; i++)
		fprintf(to, "\n%s", commands[i]->usage);
	fputs("\n--version, --help\n", to);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_usage(stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("kedge-bench %s\n", KEDGE_VERSION) < 0;
	for (int i = 0; i < COMMANDS && argc > 1; i++) {
		int status;

		if (strcmp(argv[1], commands[i]->name) != 0)
			continue;
		status = commands[i]->run(argc - 1, argv + 1);
		if (status == COMMAND_WRONG_CALL)
			fprintf(stderr, "usage: kedge-bench %s", commands[i]->usage);
		return status;
	}
	print_usage(stderr);
	return COMMAND_WRONG_CALL;
}
