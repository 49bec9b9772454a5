// SPDX-License-Identifier: BSD-3-Clause
#include "walk_counters.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *help;
	size_t offset;
} fields[] = {
#define X(name, help) {#name, help, offsetof(struct walk_counters, name)},
        WALK_COUNTERS(X)
#undef X
};

void walk_counters_add(struct walk_counters *sum, const struct walk_counters *from)
{
#define X(name, help) sum->name += __atomic_load_n(&from->name, __ATOMIC_RELAXED);
	WALK_COUNTERS(X)
#undef X
	for (unsigned i = 0; i < DROP_REASONS; i++)
		sum->drops[i] += __atomic_load_n(&from->drops[i], __ATOMIC_RELAXED);
}

bool walk_counters_balance(const struct walk_counters *counters)
{
	uint64_t in = counters->received + counters->injected + counters->from_host + counters->originated;
	uint64_t out = counters->transmitted + counters->punted + counters->to_host + counters->consumed;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		out += counters->drops[i];
	return in == out;
}

unsigned walk_counters_count(void)
{
	return sizeof(fields) / sizeof(fields[0]);
}

const char *walk_counters_name(unsigned index)
{
	return fields[index].name;
}

const char *walk_counters_help(unsigned index)
{
	return fields[index].help;
}

uint64_t walk_counters_value(const struct walk_counters *counters, unsigned index)
{
	return __atomic_load_n((const uint64_t *)((const char *)counters + fields[index].offset), __ATOMIC_RELAXED);
}
