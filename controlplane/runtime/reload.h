// SPDX-License-Identifier: BSD-3-Clause
/*
 * reload - SIGHUP: the configuration file is read and checked again as a whole, what can be taken over is taken over,
 * and the log says what changed and what takes a restart. A file that is wrong changes nothing.
 *
 * Thread: the loop's. Reading the file and the key files that it names is all that it waits for.
 */
#ifndef KEDGE_RUNTIME_RELOAD_H
#define KEDGE_RUNTIME_RELOAD_H

#include "loop.h"
#include "process.h"

/*
 * Takes the values of the keys that are live out of a configuration that its schema found right, all of them or none.
 * Returns 0, or a negative errno with `error` (file, line, what is wrong) and nothing changed.
 */
typedef int reload_take(void *context, const struct configuration_node *root, const struct instant *now,
                        struct effects *effects, char error[CONFIGURATION_ERROR_OCTETS]);

struct reload {
	const struct configuration_key *schema;
	const char *file;
	struct configuration *started; /* what keys stand at that only a restart changes */
	struct configuration *taken;   /* and the others */
	struct loop *loop;
	reload_take *take;
	void *context;
};

/* `configuration` was loaded from `file` at start, and is freed by reload_end(). */
void reload_start(struct reload *reload, const struct configuration_key *schema, const char *file,
                  struct configuration *configuration);
void reload_end(struct reload *reload);

/* From now on SIGHUP reloads, in a step of `loop`. */
void reload_at_hangup(struct reload *reload, struct loop *loop, reload_take *take, void *context);

/* Reads the file again now. Returns 0 or what was wrong with it; either way it is logged. */
int reload_now(struct reload *reload);

#endif
