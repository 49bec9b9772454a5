// SPDX-License-Identifier: BSD-3-Clause
/*
 * kedge-controlplane - the mobility server: nodes prove themselves, get name and address, and their Binding Updates
 * become the feed of the data planes. One event loop; what blocks (the disk, signatures) has threads of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "allocation.h"
#include "billing_store.h"
#include "binding_store.h"
#include "bus.h"
#include "channels.h"
#include "host_key.h"
#include "lease_store.h"
#include "migrations.h"
#include "operator.h"
#include "owner.h"
#include "process.h"
#include "reload.h"

enum { BINDINGS_MAX = 20000000 };

struct controlplane {
	struct settings settings;
	struct settings *live; /* of the last reload; NULL: none was */
	struct reload reload;
	struct secret store_key;
	struct host_key *host_key;
	struct loop *loop;
	void *zeromq;
	struct sqlite_store *store;
	struct sqlite_store_port ports[3];
	struct bus *bus;
	struct mobility_server *server;
	struct operator operator;
	struct metrics_watcher *metrics; /* NULL: none */
	struct command commands[OPERATOR_COMMANDS];
};

static void settings_discard(struct settings *settings)
{
	if (settings)
		settings_free(settings);
	free(settings);
}

static int check(const struct configuration_node *root, char error[CONFIGURATION_ERROR_OCTETS])
{
	struct settings *settings = allocate(sizeof(*settings));
	int result = settings_read(root, settings, error);

	settings_discard(settings);
	return result;
}

static int check_file(const char *file, char *error, size_t octets)
{
	char text[CONFIGURATION_ERROR_OCTETS] = "";
	struct configuration *configuration = configuration_load(file, settings_schema, text);
	int result = configuration ? check(configuration_root(configuration), text) : -EINVAL;

	configuration_free(configuration);
	snprintf(error, octets, "%s", text);
	return result;
}

/* A key file keeps its name when the key in it is another one. */
static void tell_other_keys(const struct settings *before, const struct settings *after)
{
	if (!secret_equal(&before->dns.key.secret, &after->dns.key.secret))
		log_print(LOG_LEVEL_NOTICE, "reload", "dns.tsig-key-file: another key, named '%s'",
		          after->dns.key.name);
	for (size_t i = 0; i < after->server_count && i < before->server_count; i++) {
		if (strcmp(before->servers[i].name, after->servers[i].name) == 0 &&
		    !secret_equal(&before->servers[i].secret, &after->servers[i].secret))
			log_print(LOG_LEVEL_NOTICE, "reload", "authentication-servers: another secret of '%s'",
			          after->servers[i].name);
	}
}

/* A reload_take. */
static int take(void *context, const struct configuration_node *root, const struct instant *now,
                struct effects *effects, char *error)
{
	struct controlplane *controlplane = context;
	struct settings *settings = allocate(sizeof(*settings));
	int result = settings_read(root, settings, error);

	if (result) {
		settings_discard(settings);
		return result;
	}
	tell_other_keys(controlplane->live ? controlplane->live : &controlplane->settings, settings);
	mobility_server_reload(controlplane->server, settings, now, effects);
	log_set_level(settings->process.log_level);
	settings_discard(controlplane->live);
	controlplane->live = settings;
	return 0;
}

static int load_host_key(struct controlplane *controlplane, char *error)
{
	char fault[KEY_FILE_ERROR_OCTETS] = "";
	int result = host_key_load(controlplane->settings.host_key_file, &controlplane->host_key, fault);

	if (result)
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "%s", fault);
	/* keys of security associations are unreadable in the store without the owner key */
	owner_derived_key(&controlplane->settings.owner_key, "store", &controlplane->store_key);
	return result;
}

static int open_store(struct controlplane *controlplane, char *error)
{
	struct sqlite_store_options options = {
	        .path = controlplane->settings.store_path,
	        .ports = controlplane->ports,
	        .port_count = sizeof(controlplane->ports) / sizeof(controlplane->ports[0]),
	        .migrations = mobilityserver_migrations,
	        .migration_count = mobilityserver_migration_count,
	};

	controlplane->ports[0] = lease_store_port;
	controlplane->ports[1] = billing_store_port;
	controlplane->ports[2] = binding_store_port_of(&controlplane->store_key);
	return sqlite_store_open(&options, &controlplane->store, error);
}

static int load(struct controlplane *controlplane, char *error)
{
	struct lease_store_reader leases = mobility_server_lease_reader(controlplane->server);
	struct binding_store_reader bindings = mobility_server_binding_reader(controlplane->server);
	int result = lease_store_load(controlplane->store, &leases);

	if (!result)
		result = binding_store_load(controlplane->store, &controlplane->store_key, &bindings);
	if (result == -EKEYREJECTED)
		snprintf(error, CONFIGURATION_ERROR_OCTETS,
		         "%.200s: its keys do not open with owner-key-file; it takes the one they were written with",
		         controlplane->settings.store_path);
	else if (result)
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "%.200s: what stands there cannot be read: %s",
		         controlplane->settings.store_path, strerror(-result));
	return result;
}

static int make_server(struct controlplane *controlplane, char *error)
{
	struct mobility_server_options options = {
	        .settings = &controlplane->settings,
	        .host_key = controlplane->host_key,
	        .history_changes = BINDINGS_HISTORY_DEFAULT,
	        .bindings_max = BINDINGS_MAX,
	        .timers = loop_timers(controlplane->loop),
	        .randomness = randomness_system(),
	        .bus = {.context = controlplane->bus,
	                .feed_frames = bus_feed_frames,
	                .feed_welcome = bus_feed_welcome,
	                .catch_up_send = bus_catch_up_send},
	};
	int result = binding_store_raise_epoch(controlplane->store, &options.epoch);

	if (result) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "the epoch of the bindings cannot be raised: %s",
		         strerror(-result));
		return result;
	}
	controlplane->server = mobility_server_new(&options);
	if (!controlplane->server) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "the zones or the home prefix are impossible");
		return -EINVAL;
	}
	return load(controlplane, error);
}

/* The server does not exist yet when the bus opens as root; nothing comes before the loop runs. */
static void bus_punted(void *context, const struct punt_route *route, const struct punt_up *up,
                       const struct instant *now, struct effects *effects)
{
	struct controlplane *controlplane = context;

	mobility_server_punted(controlplane->server, route, up, now, effects);
}

static void bus_caught_up(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count,
                          const struct instant *now)
{
	struct controlplane *controlplane = context;

	mobility_server_catch_up(controlplane->server, peer, frames, count, now);
}

static void publish(void *context, const struct effect_publish *effect)
{
	struct controlplane *controlplane = context;
	struct instant now = instant_now();

	mobility_server_publish(controlplane->server, effect, &now);
}

static void inject(void *context, const struct effect_inject *effect)
{
	struct controlplane *controlplane = context;

	bus_inject(controlplane->bus, effect);
}

static void turn_end(void *context, const struct instant *now)
{
	struct controlplane *controlplane = context;

	mobility_server_turn_end(controlplane->server, now);
}

static void received(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                     size_t octets, const struct instant *now, struct effects *effects)
{
	struct controlplane *controlplane = context;

	mobility_server_datagram(controlplane->server, channel, from, message, octets, now, effects);
}

static void failed(void *context, uint16_t channel, const struct endpoint *peer, int error, const struct instant *now,
                   struct effects *effects)
{
	struct controlplane *controlplane = context;

	mobility_server_stream_failed(controlplane->server, channel, peer, error, now, effects);
}

static struct endpoint any_of_family(const struct endpoint *peer)
{
	struct endpoint any = {0};

	if (IN6_IS_ADDR_V4MAPPED(&peer->address))
		any.address.s6_addr[10] = any.address.s6_addr[11] = 0xff;
	return any;
}

static int open_channels(struct controlplane *controlplane, char *error)
{
	struct channels *channels = loop_channels(controlplane->loop);
	struct endpoint dns = any_of_family(&controlplane->settings.dns.server);
	struct endpoint any = {0};
	int result = channels_open_udp(channels, MOBILITY_CHANNEL_DNS, &dns, received, controlplane);

	if (!result)
		result = channels_open_stream(channels, MOBILITY_CHANNEL_DNS_STREAM, received, failed, controlplane);
	if (!result)
		result = channels_open_stream(channels, MOBILITY_CHANNEL_DNS_TRANSFER, received, failed, controlplane);
	for (uint16_t i = 0; i < MOBILITY_RADIUS_CHANNELS && !result; i++)
		result = channels_open_udp(channels, (uint16_t)(MOBILITY_CHANNEL_RADIUS + i), &any, received,
		                           controlplane);
	if (result)
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "the sockets for DNS and RADIUS: %s", strerror(-result));
	return result;
}

static int open_sockets(struct controlplane *controlplane, const char *file, char *error)
{
	const struct bus_handlers handlers = {.context = controlplane, .catch_up = bus_caught_up, .punted = bus_punted};
	const struct loop_bus loop_bus = {.context = controlplane, .publish = publish, .inject = inject};
	char folder[sizeof(controlplane->settings.process.socket_folder) + 8];
	int result;

	snprintf(folder, sizeof(folder), "%s/bus", controlplane->settings.process.socket_folder);
	result = bus_open(controlplane->loop, controlplane->zeromq, folder, &handlers, &controlplane->bus, error);
	if (result)
		return result;
	loop_set_bus(controlplane->loop, &loop_bus);
	result = open_channels(controlplane, error);
	if (result)
		return result;
	controlplane->operator=(struct operator){
	        .settings = &controlplane->settings,
	        .loop = controlplane->loop,
	        .bus = controlplane->bus,
	        .configuration_file = file,
	        .check_configuration = check_file,
	};
	operator_commands(&controlplane->operator, controlplane->commands);
	result = metrics_watcher_open(controlplane->loop, controlplane->settings.process.metrics, operator_metrics,
	                              &controlplane->operator, & controlplane->metrics, error);
	if (result)
		return result;
	return command_server_start(controlplane->loop, controlplane->zeromq,
	                            controlplane->settings.process.socket_folder, controlplane->settings.process.name,
	                            controlplane->commands, OPERATOR_COMMANDS, &controlplane->operator.commands, error);
}

static int start(struct controlplane *controlplane)
{
	struct instant now;
	struct effects *step;
	int result = loop_set_store(controlplane->loop, controlplane->store);

	if (result)
		return result;
	controlplane->operator.server = controlplane->server;
	controlplane->operator.store = controlplane->store;
	loop_at_turn_end(controlplane->loop, turn_end, controlplane);
	reload_at_hangup(&controlplane->reload, controlplane->loop, take, controlplane);
	step = loop_begin(controlplane->loop, &now);
	mobility_server_start(controlplane->server, &now, step);
	loop_end(controlplane->loop, step, &now);
	log_print(LOG_LEVEL_NOTICE, "controlplane", "ready: %s, %zu bindings", controlplane->settings.paa_id,
	          bindings_count(mobility_server_bindings(controlplane->server)));
	return loop_run(controlplane->loop);
}

static int run(struct controlplane *controlplane, const char *file)
{
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	const char *user = controlplane->settings.process.user;
	int result;

	log_set_level(controlplane->settings.process.log_level);
	controlplane->loop = loop_new();
	controlplane->zeromq = zmq_ctx_new();
	result = load_host_key(controlplane, error);
	if (!result)
		result = open_sockets(controlplane, file, error);
	/* what the Internet sends is parsed by a user that owns nothing but its store */
	if (!result)
		result = process_drop_privileges(user[0] ? user : NULL, error);
	if (!result)
		result = open_store(controlplane, error);
	if (!result)
		result = make_server(controlplane, error);
	if (!result)
		result = start(controlplane);
	if (result)
		log_print(LOG_LEVEL_ERROR, "controlplane", "%s", error[0] ? error : strerror(-result));
	metrics_watcher_free(controlplane->metrics);
	command_server_free(controlplane->operator.commands);
	mobility_server_free(controlplane->server);
	bus_close(controlplane->bus);
	loop_free(controlplane->loop);
	sqlite_store_close(controlplane->store);
	zmq_ctx_term(controlplane->zeromq);
	host_key_free(controlplane->host_key);
	secret_wipe(&controlplane->store_key);
	return result;
}

int main(int argc, char **argv)
{
	static const struct process_description description = {
	        .name = "kedge-controlplane",
	        .purpose = "mobility server: AKA bootstrap, names and addresses, Home Agent, feed of the data planes",
	        .default_file = "/etc/kedge/controlplane.yaml",
	        .schema = settings_schema,
	        .check = check,
	};
	struct controlplane *controlplane;
	struct configuration *configuration;
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	const char *file;
	int status;

	if (!process_begin(&description, argc, argv, &configuration, &file, &status))
		return status;
	controlplane = allocate(sizeof(*controlplane));
	reload_start(&controlplane->reload, settings_schema, file, configuration);
	status = settings_read(configuration_root(configuration), &controlplane->settings, error);
	if (status)
		fprintf(stderr, "%s\n", error);
	else
		status = run(controlplane, file);
	settings_discard(controlplane->live);
	settings_free(&controlplane->settings);
	reload_end(&controlplane->reload);
	free(controlplane);
	return status ? 1 : 0;
}
