// SPDX-License-Identifier: BSD-3-Clause
#include "reload.h"

#include <errno.h>

static const char subsystem[] = "reload";

/* What is told of the differences: of the live keys, or of the others. */
struct telling {
	bool is_live;
	unsigned told;
};

void reload_start(struct reload *reload, const struct configuration_key *schema, const char *file,
                  struct configuration *configuration)
{
	*reload = (struct reload){.schema = schema, .file = file, .started = configuration, .taken = configuration};
}

static void forget_taken(struct reload *reload)
{
	if (reload->taken != reload->started)
		configuration_free(reload->taken);
}

void reload_end(struct reload *reload)
{
	forget_taken(reload);
	configuration_free(reload->started);
	*reload = (struct reload){0};
}

static void tell(void *context, const struct configuration_key *key, const char *path, const char *before,
                 const char *after)
{
	struct telling *telling = context;

	if (key->is_live != telling->is_live)
		return;
	telling->told++;
	if (!key->is_live)
		log_print(LOG_LEVEL_WARNING, subsystem, "%s: changed in the file; it takes a restart", path);
	else if (before)
		log_print(LOG_LEVEL_NOTICE, subsystem, "%s: '%s', was '%s'", path, after, before);
	else
		log_print(LOG_LEVEL_NOTICE, subsystem, "%s: changed", path);
}

int reload_now(struct reload *reload)
{
	struct telling live = {.is_live = true}, others = {.is_live = false};
	struct configuration *configuration;
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	struct instant now;
	struct effects *step = loop_begin(reload->loop, &now);
	int result = -EINVAL;

	configuration = configuration_load(reload->file, reload->schema, error);
	if (configuration)
		result = reload->take(reload->context, configuration_root(configuration), &now, step, error);
	if (result) {
		log_print(LOG_LEVEL_ERROR, subsystem, "%s; what ran goes on", error);
		configuration_free(configuration);
	} else {
		configuration_compare(configuration_root(reload->taken), configuration_root(configuration), tell,
		                      &live);
		configuration_compare(configuration_root(reload->started), configuration_root(configuration), tell,
		                      &others);
		log_print(LOG_LEVEL_NOTICE, subsystem, "%s: read again, %u values changed, %u take a restart",
		          reload->file, live.told, others.told);
		forget_taken(reload);
		reload->taken = configuration;
	}
	loop_end(reload->loop, step, &now);
	return result;
}

static void hung_up(void *context)
{
	reload_now(context);
}

void reload_at_hangup(struct reload *reload, struct loop *loop, reload_take *take, void *context)
{
	reload->loop = loop;
	reload->take = take;
	reload->context = context;
	loop_at_hangup(loop, hung_up, reload);
}
