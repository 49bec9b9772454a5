// SPDX-License-Identifier: BSD-3-Clause
/*
 * process - how each daemon begins: its command line, its configuration, and what it gives up.
 */
#ifndef KEDGE_RUNTIME_PROCESS_H
#define KEDGE_RUNTIME_PROCESS_H

#include "configuration.h"
#include "log.h"

/* What the schemas of several daemons have alike. */
#define PROCESS_SOCKET_KEYS(NAME, FOLDER)                                                                              \
	{.name = "sockets",                                                                                            \
	 .type = CONFIGURATION_TEXT,                                                                                   \
	 .minimum = 1,                                                                                                 \
	 .maximum = 80,                                                                                                \
	 .default_text = "/run/kedge/default",                                                                         \
	 .help = FOLDER},                                                                                              \
	{                                                                                                              \
		.name = "name", .type = CONFIGURATION_TEXT, .minimum = 1, .maximum = 24, .default_text = NAME,         \
		.help = "Name of its view and operate sockets."                                                        \
	}
#define PROCESS_USER_KEY(USER)                                                                                         \
	{                                                                                                              \
		.name = "user", .type = CONFIGURATION_TEXT, .maximum = 32, .default_text = USER,                       \
		.help = "Who it becomes when started as root."                                                         \
	}
#define PROCESS_METRICS_KEY                                                                                            \
	{                                                                                                              \
		.name = "metrics", .type = CONFIGURATION_TEXT, .maximum = 100, .default_text = "",                     \
		.help = "Where Prometheus reads: 127.0.0.1:PORT, [::1]:PORT, or the path of a socket; else nowhere."   \
	}
#define PROCESS_LOG_KEY                                                                                                \
	{                                                                                                              \
		.name = "log-level", .type = CONFIGURATION_CHOICE, .choices = "error warning notice info debug",       \
		.default_text = "info", .help = "How much is logged.", .is_live = true                                 \
	}

/* The values of these keys. */
struct process_settings {
	char socket_folder[128]; /* bus/, view/ and operate/ lie in it */
	char metrics[104];       /* where they are read; "": nowhere */
	char name[64];
	char user[64]; /* "": it stays who it is */
	enum log_level log_level;
};

/* Reads them; a place for metrics that is none is blamed. 0, or negative errno with `error`. */
int process_settings_read(const struct configuration_node *root, struct process_settings *settings,
                          char error[CONFIGURATION_ERROR_OCTETS]);

struct process_description {
	const char *name;         /* "kedge-authserver" */
	const char *purpose;      /* one sentence */
	const char *default_file; /* "/etc/kedge/authserver.yaml" */
	const struct configuration_key *schema;
	/* Checks what a schema cannot (files that exist, values that fit together). 0, or negative errno with `error`.
	 */
	int (*check)(const struct configuration_node *root, char error[CONFIGURATION_ERROR_OCTETS]);
};

/*
 * Reads --config FILE, --check, --version, --help; loads and checks the configuration. Returns true when the daemon
 * shall run with *configuration; otherwise *status is what main() returns: 0 (told what was asked), 1 (configuration
 * wrong, said on stderr) or 2 (wrong call). --check loads and checks and touches nothing.
 */
bool process_begin(const struct process_description *description, int argc, char **argv,
                   struct configuration **configuration, const char **file, int *status);

/*
 * No core dumps, no ptrace by others of the same user, no new privileges; if started as root and `user` is not NULL,
 * becomes that user with its groups, for good. Returns 0 or a negative errno, with `error`.
 */
int process_drop_privileges(const char *user, char error[CONFIGURATION_ERROR_OCTETS]);

#endif
