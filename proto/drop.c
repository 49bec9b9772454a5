// SPDX-License-Identifier: BSD-3-Clause
#include "drop.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *help;
} reasons[] = {
#define DROP(identifier, help) {#identifier, help},
#include "drop.def"
#undef DROP
};

const char *drop_name(enum drop_reason reason)
{
	return (unsigned)reason < DROP_REASONS ? reasons[reason].name : NULL;
}

const char *drop_help(enum drop_reason reason)
{
	return (unsigned)reason < DROP_REASONS ? reasons[reason].help : NULL;
}
