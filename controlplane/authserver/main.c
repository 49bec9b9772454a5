// SPDX-License-Identifier: BSD-3-Clause
/*
 * kedge-authserver - the home network's authentication server: EAP-AKA' and EAP-AKA over RADIUS, AuC, subscribers.
 * Always a process and user of its own: K never lives in a process that parses what the Internet sends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "allocation.h"
#include "authserver_settings.h"
#include "channels.h"
#include "operate.h"
#include "process.h"
#include "reload.h"
#include "subscriber_store.h"

enum { FIRST_CHANNEL = 1 };

struct authserver {
	struct authserver_settings settings;
	struct authserver_settings *live; /* of the last reload; NULL: none was */
	struct reload reload;
	struct loop *loop;
	void *zeromq;
	struct sqlite_store *store;
	struct subscriber_table table;
	struct authentication_centre centre;
	struct eap_server eap;
	struct radius_server radius;
	struct operate operate;
	struct metrics_watcher *metrics; /* NULL: none */
	struct command commands[OPERATE_COMMANDS];
};

static const struct sqlite_store_port ports[] = {
        {.port = SUBSCRIBER_STORE_PORT, .name = "subscriber", .apply = subscriber_store_apply},
};

static int check(const struct configuration_node *root, char error[CONFIGURATION_ERROR_OCTETS])
{
	struct authserver_settings settings = {0};
	int result = authserver_settings_read(root, &settings, error);

	authserver_settings_wipe(&settings);
	return result;
}

static int check_file(const char *file, char *error, size_t octets)
{
	char text[CONFIGURATION_ERROR_OCTETS] = "";
	struct configuration *configuration = configuration_load(file, authserver_schema, text);
	int result = configuration ? check(configuration_root(configuration), text) : -EINVAL;

	configuration_free(configuration);
	snprintf(error, octets, "%s", text);
	return result;
}

static void discard(struct authserver_settings *settings)
{
	if (settings)
		authserver_settings_wipe(settings);
	free(settings);
}

/* A reload_take. */
static int take(void *context, const struct configuration_node *root, const struct instant *now,
                struct effects *effects, char *error)
{
	struct authserver *server = context;
	struct authserver_settings *settings = allocate(sizeof(*settings));
	int result = authserver_settings_read(root, settings, error);

	(void)now, (void)effects;
	if (result) {
		discard(settings);
		return result;
	}
	radius_server_set_clients(&server->radius, settings->clients, settings->client_count,
	                          settings->session_timeout_s);
	log_set_level(settings->process.log_level);
	discard(server->live);
	server->live = settings;
	return 0;
}

static int open_store(struct authserver *server, char *error)
{
	const struct sqlite_store_options options = {
	        .path = server->settings.store_path,
	        .ports = ports,
	        .port_count = sizeof(ports) / sizeof(ports[0]),
	        .migrations = subscriber_store_migrations,
	        .migration_count = subscriber_store_migration_count,
	};
	int result = sqlite_store_open(&options, &server->store, error);

	if (result)
		return result;
	result = subscriber_store_load(server->store, subscriber_table_loaded, &server->table);
	if (result)
		snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%.150s: the subscribers cannot be read: %s", options.path,
		         strerror(-result));
	return result;
}

/* A wrong key file is found out at start, not at the first attempt. */
static int check_key(struct authserver *server, char *error)
{
	const struct subscriber *subscriber = subscriber_table_next(&server->table, "");
	struct secret k = {0}, opc = {0};
	int result = 0;

	if (subscriber)
		result = key_unwrap(&server->settings.wrap_key, subscriber->record.imsi,
		                    subscriber->record.wrapped_keys, &k, &opc);
	secret_wipe(&k);
	secret_wipe(&opc);
	if (result)
		snprintf(error, SQLITE_STORE_ERROR_OCTETS,
		         "key-file does not open the keys of the subscribers in the store; it takes the one they were "
		         "written with");
	return result;
}

static int open_sockets(struct authserver *server, char *error)
{
	char text[ENDPOINT_TEXT_OCTETS];
	int result;

	for (size_t i = 0; i < server->settings.listen_count; i++) {
		result = channels_open_udp(loop_channels(server->loop), (uint16_t)(FIRST_CHANNEL + i),
		                           &server->settings.listens[i], radius_server_datagram, &server->radius);
		if (result) {
			snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: %s",
			         endpoint_format(&server->settings.listens[i], text), strerror(-result));
			return result;
		}
	}
	operate_commands(&server->operate, server->commands);
	result = metrics_watcher_open(server->loop, server->settings.process.metrics, operate_metrics, &server->operate,
	                              &server->metrics, error);
	if (result)
		return result;
	return command_server_start(server->loop, server->zeromq, server->settings.process.socket_folder,
	                            server->settings.process.name, server->commands, OPERATE_COMMANDS,
	                            &server->operate.commands, error);
}

static void start_cores(struct authserver *server, const char *file)
{
	struct timer_wheel *timers = loop_timers(server->loop);
	struct randomness *randomness = randomness_system();
	struct eap_server_outlet outlet;

	subscriber_table_start(&server->table, &server->settings.wrap_key, randomness);
	authentication_centre_start(&server->centre, &server->table, randomness, server->settings.ind);
	radius_server_start(&server->radius, server->settings.clients, server->settings.client_count, &server->eap,
	                    timers, randomness, server->settings.vendor_id, server->settings.session_timeout_s);
	outlet = radius_server_outlet(&server->radius);
	eap_server_start(&server->eap, &server->table, &server->centre, timers, randomness, &outlet);
	server->operate = (struct operate){
	        .table = &server->table,
	        .centre = &server->centre,
	        .eap = &server->eap,
	        .radius = &server->radius,
	        .loop = server->loop,
	        .configuration_file = file,
	        .check_configuration = check_file,
	};
}

static int run(struct authserver *server, const char *file)
{
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	int result;

	log_set_level(server->settings.process.log_level);
	server->loop = loop_new();
	server->zeromq = zmq_ctx_new();
	start_cores(server, file);
	/* ports below 1024 and the sockets' folders are opened as root; the store is its own user's */
	result = open_sockets(server, error);
	if (!result)
		result = process_drop_privileges(
		        server->settings.process.user[0] ? server->settings.process.user : NULL, error);
	if (!result)
		result = open_store(server, error);
	if (!result)
		result = check_key(server, error);
	if (!result) {
		server->operate.store = server->store;
		result = loop_set_store(server->loop, server->store);
	}
	if (!result) {
		reload_at_hangup(&server->reload, server->loop, take, server);
		log_print(LOG_LEVEL_NOTICE, "authserver", "ready: %zu subscribers, %zu clients",
		          subscriber_table_count(&server->table), server->settings.client_count);
		result = loop_run(server->loop);
	} else {
		log_print(LOG_LEVEL_ERROR, "authserver", "%s", error[0] ? error : strerror(-result));
	}
	metrics_watcher_free(server->metrics);
	command_server_free(server->operate.commands);
	radius_server_end(&server->radius);
	eap_server_end(&server->eap);
	authentication_centre_end(&server->centre);
	loop_free(server->loop);
	sqlite_store_close(server->store);
	subscriber_table_end(&server->table);
	zmq_ctx_term(server->zeromq);
	return result;
}

int main(int argc, char **argv)
{
	static const struct process_description description = {
	        .name = "kedge-authserver",
	        .purpose =
	                "authentication server: EAP-AKA' and EAP-AKA over RADIUS, authentication centre, subscribers",
	        .default_file = "/etc/kedge/authserver.yaml",
	        .schema = authserver_schema,
	        .check = check,
	};
	struct authserver *server;
	struct configuration *configuration;
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	const char *file;
	int status;

	if (!process_begin(&description, argc, argv, &configuration, &file, &status))
		return status;
	server = allocate(sizeof(*server));
	reload_start(&server->reload, authserver_schema, file, configuration);
	status = authserver_settings_read(configuration_root(configuration), &server->settings, error);
	if (status)
		fprintf(stderr, "%s\n", error);
	else
		status = run(server, file);
	discard(server->live);
	authserver_settings_wipe(&server->settings);
	reload_end(&server->reload);
	free(server);
	return status ? 1 : 0;
}
