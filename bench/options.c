// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "bench_command.h"

enum { OPTIONS_MAX = 16 };

/* With K or M behind it a thousand or a million times as much. */
static bool read_number(const char *text, unsigned long maximum, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	if (errno || end == text || text[0] == '-' || *number < 1 || *number > maximum)
		return false;
	if (*end == 'K' || *end == 'M') {
		unsigned long factor = *end++ == 'K' ? 1000 : 1000000;

		if (*number > maximum / factor)
			return false;
		*number *= factor;
	}
	return !*end;
}

int command_options(int argc, char **argv, const struct command_option *options)
{
	struct option names[OPTIONS_MAX + 1] = {0};
	int count = 0, option;

	for (; options[count].name && count < OPTIONS_MAX; count++)
		names[count] = (struct option){.name = options[count].name,
		                               .has_arg = options[count].flag ? no_argument : required_argument,
		                               .val = count};
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option >= count)
			return -1;
		if (options[option].flag)
			*options[option].flag = true;
		else if (options[option].text)
			*options[option].text = optarg;
		else if (!read_number(optarg, options[option].maximum, options[option].number))
			return -1;
	}
	return optind;
}
