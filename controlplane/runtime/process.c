// SPDX-License-Identifier: BSD-3-Clause
#include "process.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "metrics_scrape.h"

static void print_help(const struct process_description *description)
{
	printf("%s - %s\n\n"
	       "usage: %s [--config FILE] [--check | --version | --help]\n\n"
	       "  --config FILE  the configuration (default %s)\n"
	       "  --check        reads and checks the configuration, then ends\n"
	       "  --version      says the version\n"
	       "  --help         says this\n\n"
	       "Signals: SIGTERM and SIGINT end the daemon cleanly; SIGHUP makes it read its configuration again, take "
	       "over what\n"
	       "can be taken over, and log what changed and what takes a restart; the keys\n"
	       "that are marked live need none.\n\n"
	       "Keys of the configuration:\n\n",
	       description->name, description->purpose, description->name, description->default_file);
	configuration_print_manual(description->schema, stdout);
}

bool process_begin(const struct process_description *description, int argc, char **argv,
                   struct configuration **configuration, const char **used_file, int *status)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"check", no_argument, NULL, 'k'},
	        {"version", no_argument, NULL, 'v'},
	        {"help", no_argument, NULL, 'h'},
	        {0},
	};
	const char *file = description->default_file;
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	bool check_only = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'k':
			check_only = true;
			break;
		case 'v':
			printf("%s %s\n", description->name, KEDGE_VERSION);
			*status = 0;
			return false;
		case 'h':
			print_help(description);
			*status = 0;
			return false;
		default:
			*status = 2;
			return false;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "%s: '%s' is not expected; see --help\n", description->name, argv[optind]);
		*status = 2;
		return false;
	}
	*used_file = file;
	*configuration = configuration_load(file, description->schema, error);
	if (*configuration && description->check && description->check(configuration_root(*configuration), error)) {
		configuration_free(*configuration);
		*configuration = NULL;
	}
	if (!*configuration) {
		fprintf(stderr, "%s\n", error);
		*status = 1;
		return false;
	}
	if (!check_only)
		return true;
	configuration_free(*configuration);
	*configuration = NULL;
	printf("%s: right\n", file);
	*status = 0;
	return false;
}

static int become(const char *user, char *error)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "there is no user '%s'", user);
		return -ENOENT;
	}
	if (initgroups(user, entry->pw_gid) || setgid(entry->pw_gid) || setuid(entry->pw_uid)) {
		int result = -errno;

		snprintf(error, CONFIGURATION_ERROR_OCTETS, "cannot become '%s': %s", user, strerror(errno));
		return result;
	}
	if (setuid(0) == 0) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "root could be had back after becoming '%s'", user);
		return -EPERM;
	}
	return 0;
}

static int read_metrics(const struct configuration_node *root, struct process_settings *settings,
                        char error[CONFIGURATION_ERROR_OCTETS])
{
	const char *listen = settings->metrics;
	int result = configuration_copy_text(root, "metrics", settings->metrics, sizeof(settings->metrics), error);
	struct metrics_place place;

	if (result || !listen[0] || metrics_place_read(listen, &place) == 0)
		return result;
	configuration_blame(root, "metrics", error, "'%.80s' is not right; it takes " METRICS_PLACES, listen);
	return -EINVAL;
}

int process_settings_read(const struct configuration_node *root, struct process_settings *settings,
                          char error[CONFIGURATION_ERROR_OCTETS])
{
	int result = configuration_copy_text(root, "sockets", settings->socket_folder, sizeof(settings->socket_folder),
	                                     error);

	if (!result)
		result = read_metrics(root, settings, error);
	if (!result)
		result = configuration_copy_text(root, "name", settings->name, sizeof(settings->name), error);
	if (!result)
		result = configuration_copy_text(root, "user", settings->user, sizeof(settings->user), error);
	return result ? result : log_level_parse(configuration_text(root, "log-level"), &settings->log_level);
}

int process_drop_privileges(const char *user, char error[CONFIGURATION_ERROR_OCTETS])
{
	const struct rlimit none = {0, 0};
	int result = 0;

	if (user && geteuid() == 0)
		result = become(user, error);
	if (result)
		return result;
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		result = -errno;
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "cannot give up core dumps and privileges: %s",
		         strerror(errno));
	}
	return result;
}
