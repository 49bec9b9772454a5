// SPDX-License-Identifier: BSD-3-Clause
/* kedge - the operators' shell: one command per call, or a prompt. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "configuration.h"
#include "interactive.h"

static const struct configuration_key server_keys[] = {
        {.name = "name",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .maximum = SERVER_NAME_OCTETS - 1,
         .help = "What --server calls it."},
        {.name = "kind",
         .type = CONFIGURATION_CHOICE,
         .choices = "controlplane authserver dataplane",
         .help = "What it is."},
        {.name = "view",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .maximum = SERVER_PATH_OCTETS - 1,
         .help = "Path of its view socket."},
        {.name = "operate",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .maximum = SERVER_PATH_OCTETS - 1,
         .help = "Path of its operate socket."},
        {0},
};

static const struct configuration_key schema[] = {
        {.name = "servers",
         .type = CONFIGURATION_LIST,
         .keys = server_keys,
         .default_text = "",
         .help = "The daemons that this shell speaks to."},
        {.name = "timeout-ms",
         .type = CONFIGURATION_INTEGER,
         .minimum = 100,
         .maximum = 600000,
         .default_text = "10000",
         .help = "How long an answer may take."},
        {0},
};

static const char *const default_file = "/etc/kedge/shell.yaml";

static void print_usage(void)
{
	printf("kedge - commands for kedge's daemons\n\n"
	       "usage: kedge [--config FILE] [--json] [--server NAME] [--yes] NOUN VERB [ARGUMENT…] [--option value]\n"
	       "       kedge [--config FILE]            a prompt with completion; 'help' there\n\n"
	       "  --config FILE  which daemons there are (default %s)\n"
	       "  --json         answers for programs\n"
	       "  --server NAME  this daemon alone\n"
	       "  --yes          takes away without asking\n"
	       "  --check, --version, --help\n\n"
	       "Exit status: 0 done, 1 refused or failed, 2 wrong call, 3 a daemon is not there.\n\n",
	       default_file);
	grammar_print_help(stdout, NULL, NULL);
}

static enum server_kind kind_of(const char *word)
{
	if (strcmp(word, "authserver") == 0)
		return SERVER_AUTHSERVER;
	return strcmp(word, "dataplane") == 0 ? SERVER_DATAPLANE : SERVER_CONTROLPLANE;
}

static void add_server(struct session *session, const char *name, const char *kind, const char *view,
                       const char *operate)
{
	struct server *server = &session->servers[session->server_count++];

	server->kind = kind_of(kind);
	snprintf(server->name, sizeof(server->name), "%s", name);
	snprintf(server->view, sizeof(server->view), "%s", view);
	snprintf(server->operate, sizeof(server->operate), "%s", operate);
}

static void add_default_servers(struct session *session)
{
	static const char *const names[] = {"controlplane", "authserver", "dataplane"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char view[SERVER_PATH_OCTETS], operate[SERVER_PATH_OCTETS];

		snprintf(view, sizeof(view), "/run/kedge/default/view/%s", names[i]);
		snprintf(operate, sizeof(operate), "/run/kedge/default/operate/%s", names[i]);
		add_server(session, names[i], names[i], view, operate);
	}
}

/* The default file may be missing: then the daemons are where the instance "default" has them. */
static int load_servers(struct session *session, const char *file)
{
	char error[CONFIGURATION_ERROR_OCTETS];
	struct configuration *configuration;
	const struct configuration_node *root;
	size_t count;

	session->client.timeout_ms = 10000;
	if (!file && access(default_file, F_OK) != 0) {
		add_default_servers(session);
		return 0;
	}
	configuration = configuration_load(file ? file : default_file, schema, error);
	if (!configuration) {
		fprintf(stderr, "%s\n", error);
		return -1;
	}
	root = configuration_root(configuration);
	count = configuration_count(root, "servers");
	if (count > SERVERS_MAX) {
		configuration_blame(root, "servers", error, "%zu servers; at most %d", count, SERVERS_MAX);
		fprintf(stderr, "%s\n", error);
		configuration_free(configuration);
		return -1;
	}
	session->client.timeout_ms = (int)configuration_integer(root, "timeout-ms");
	for (size_t i = 0; i < count; i++) {
		const struct configuration_node *server = configuration_node_at(root, "servers", i);

		add_server(session, configuration_text(server, "name"), configuration_text(server, "kind"),
		           configuration_text(server, "view"), configuration_text(server, "operate"));
	}
	if (!count)
		add_default_servers(session);
	configuration_free(configuration);
	return 0;
}

static int run_words(struct session *session, char **words, size_t count)
{
	static struct grammar_line line;
	static char text[8192];
	struct grammar_error error;
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", words[i]);
	if (grammar_from_words(words, count, &line, &error)) {
		grammar_print_error(stderr, text, &error);
		return 2;
	}
	return session_run(session, &line, text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},
	        {"server", required_argument, NULL, 's'}, {"yes", no_argument, NULL, 'y'},
	        {"check", no_argument, NULL, 'k'},        {"version", no_argument, NULL, 'v'},
	        {"help", no_argument, NULL, 'h'},         {0},
	};
	static struct session session;
	const char *file = NULL;
	bool check_only = false;
	int option, status;

	/* '+': what follows NOUN is the command's */
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 'j':
			session.json = true;
			break;
		case 's':
			session.server = optarg;
			break;
		case 'y':
			session.yes = true;
			break;
		case 'k':
			check_only = true;
			break;
		case 'v':
			printf("kedge %s\n", KEDGE_VERSION);
			return 0;
		case 'h':
			print_usage();
			return 0;
		default:
			return 2;
		}
	}
	if (load_servers(&session, file))
		return check_only ? 1 : 2;
	if (check_only) {
		printf("%s: right\n", file ? file : default_file);
		return 0;
	}
	session.client.zeromq = zmq_ctx_new();
	if (optind == argc)
		status = interactive_run(&session);
	else
		status = run_words(&session, argv + optind, (size_t)(argc - optind));
	zmq_ctx_term(session.client.zeromq);
	return status;
}
