// SPDX-License-Identifier: BSD-3-Clause
/* operate - the commands of the authentication server: subscriber import|add|show|set|delete|bar|unbar, stats, config.
 */
#ifndef KEDGE_AUTHSERVER_OPERATE_H
#define KEDGE_AUTHSERVER_OPERATE_H

#include "command_server.h"
#include "metrics_watcher.h"
#include "radius_server.h"

struct operate {
	struct command_server *commands;
	struct subscriber_table *table;
	struct authentication_centre *centre;
	struct eap_server *eap;
	struct radius_server *radius;
	struct loop *loop;
	struct sqlite_store *store;
	const char *configuration_file;
	/* Reads the file again without using it; 0, or negative errno with `error`. */
	int (*check_configuration)(const char *file, char *error, size_t octets);
};

enum { OPERATE_COMMANDS = 9 };

/* Fills the table; `operate` and its members outlive it. */
void operate_commands(struct operate *operate, struct command commands[OPERATE_COMMANDS]);

/* authserver_metrics.c: for metrics_watcher_open(); `context` is the struct operate. */
metrics_write operate_metrics;

#endif
