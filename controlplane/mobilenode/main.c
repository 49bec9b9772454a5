// SPDX-License-Identifier: BSD-3-Clause
/*
 * kedge-mobilenode - the node: proves itself with its card, gets name, address and keys, and lets its traffic follow.
 *
 *	kedge-mobilenode [--config FILE] [--once]         runs; --once: until it is bound or has failed
 *	kedge-mobilenode status [--json] [--config FILE]  asks the one that runs
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "allocation.h"
#include "channels.h"
#include "command_server.h"
#include "ip.h"
#include "key_file.h"
#include "mobilenode_configuration.h"
#include "netlink.h"
#include "process.h"
#include "reload.h"
#include "status_query.h"

enum { COMMANDS = 1 };

struct program {
	struct mobilenode_configuration settings;
	struct reload reload;
	struct loop *loop;
	void *zeromq;
	struct software_usim *card;
	struct usim usim;
	struct tunnel *tunnel;
	struct mobilenode *node;
	int watch; /* netlink */
	uv_poll_t watch_poll;
	bool once;
	struct command commands[COMMANDS];
	struct command_server *server;
};

/* What the command line asks for besides what every daemon has. */
struct call {
	bool is_status;
	bool is_json;
	bool once;
};

static int check(const struct configuration_node *root, char error[CONFIGURATION_ERROR_OCTETS])
{
	struct mobilenode_configuration settings = {0};

	return mobilenode_configuration_read(root, &settings, error);
}

/* Takes `status`, --json and --once out of the arguments. */
static int take_call(int argc, char **argv, struct call *call)
{
	int kept = 1;

	for (int i = 1; i < argc; i++) {
		if (i == 1 && strcmp(argv[i], "status") == 0)
			call->is_status = true;
		else if (strcmp(argv[i], "--json") == 0)
			call->is_json = true;
		else if (strcmp(argv[i], "--once") == 0)
			call->once = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

/* --- what the node asks of the machine --- */

static int store(void *context, const struct sealed_state *state)
{
	struct program *program = context;
	int result = sealed_state_save(program->settings.state_file, &program->usim, randomness_system(), state);

	if (result == -ENOTSUP)
		log_print(LOG_LEVEL_WARNING, "mobilenode", "the card has no GSM context: the state stays in memory");
	else if (result)
		log_print(LOG_LEVEL_ERROR, "mobilenode", "%s: %s", program->settings.state_file, strerror(-result));
	return result;
}

static void home(void *context, const struct in6_addr *home_address, unsigned prefix_length,
                 const struct in6_addr *home_agent)
{
	struct program *program = context;
	int result = tunnel_home(program->tunnel, home_address, prefix_length, home_agent);

	if (result)
		log_print(LOG_LEVEL_ERROR, "mobilenode", "the home address cannot be set: %s", strerror(-result));
}

static void place(void *context, const struct movement_place *at)
{
	tunnel_place(((struct program *)context)->tunnel, at);
}

static void bound(void *context, bool is_bound)
{
	int result = tunnel_bound(((struct program *)context)->tunnel, is_bound);

	if (result)
		log_print(LOG_LEVEL_ERROR, "mobilenode", "a routing rule cannot be changed: %s", strerror(-result));
}

static void send_packet(void *context, struct wire_view packet)
{
	int result = tunnel_send(((struct program *)context)->tunnel, packet);

	if (result)
		log_print(LOG_LEVEL_WARNING, "mobilenode", "a Binding Update could not be sent: %s", strerror(-result));
}

static void state_changed(void *context, enum mobilenode_state state)
{
	struct program *program = context;

	if (program->once && (state == MOBILENODE_BOUND || state == MOBILENODE_HOME || state == MOBILENODE_FAILED ||
	                      state == MOBILENODE_STOPPED))
		loop_stop(program->loop);
}

static void mobility(void *context, struct wire_view packet, const struct instant *now, struct effects *effects)
{
	mobilenode_mobility(((struct program *)context)->node, packet, now, effects);
}

/* --- movement --- */

static void look_around(struct program *program, const struct instant *now, struct effects *effects)
{
	struct movement_place places[MOVEMENT_PLACES_MAX];
	size_t count = 0;
	int result = netlink_places(tunnel_interface(program->tunnel), places, &count);

	if (result) {
		effects_log(effects, LOG_LEVEL_ERROR, "movement", "addresses cannot be read: %s", strerror(-result));
		return;
	}
	result = tunnel_places(program->tunnel, places, count);
	if (result)
		effects_log(effects, LOG_LEVEL_ERROR, "movement", "a routing rule cannot be changed: %s",
		            strerror(-result));
	mobilenode_places(program->node, places, count, now, effects);
}

static void watch_readable(uv_poll_t *poll, int status, int events)
{
	struct program *program = poll->data;
	struct instant now;
	struct effects *step;

	(void)status;
	(void)events;
	if (!netlink_watch_drain(program->watch))
		return;
	step = loop_begin(program->loop, &now);
	look_around(program, &now, step);
	loop_end(program->loop, step, &now);
}

static int watch_start(struct program *program)
{
	int result;

	program->watch = netlink_watch_open();
	if (program->watch < 0)
		return program->watch;
	result = uv_poll_init(loop_uv(program->loop), &program->watch_poll, program->watch);
	if (result)
		return result;
	program->watch_poll.data = program;
	return uv_poll_start(&program->watch_poll, UV_READABLE, watch_readable);
}

/* --- commands --- */

static json_t *status_of(const struct program *program, const struct instant *now)
{
	const struct tunnel_counters *counters = tunnel_counters(program->tunnel);
	json_t *status = mobilenode_status(program->node, now), *part = json_object();

#define X(counter) json_object_set_new(part, #counter, json_integer((json_int_t)counters->counter));
	TUNNEL_COUNTERS(X)
#undef X
	json_object_set_new(json_object_get(status, "counters"), "tunnel", part);
	return status;
}

static void status_show(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                        struct effects *effects)
{
	struct program *program = context;

	(void)arguments;
	(void)effects;
	command_reply(program->server, ticket, status_of(program, now));
}

/* --- life --- */

/* A state that this card does not open is somebody else's, or damaged: it is never written over (N-1). */
static int open_state(const struct program *program, struct sealed_state *state, char *error)
{
	int result = sealed_state_open(program->settings.state_file, &program->usim, state);

	if (result == -ENOENT || result == -ENOTSUP) {
		memset(state, 0, sizeof(*state));
		return 0;
	}
	if (result == -EBADMSG)
		snprintf(
		        error, CONFIGURATION_ERROR_OCTETS,
		        "%.200s: sealed by another card, or damaged (N-1); name another state-file, or remove this one",
		        program->settings.state_file);
	else if (result == -EACCES) /* says what is wrong with its mode */
		key_file_check_mode(program->settings.state_file, error);
	else if (result)
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "%.200s: %s", program->settings.state_file,
		         strerror(-result));
	return result;
}

/* A reload_take: the wish, and how much is logged. */
static int take(void *context, const struct configuration_node *root, const struct instant *now,
                struct effects *effects, char *error)
{
	struct program *program = context;
	struct mobilenode_configuration settings = {0};
	int result = mobilenode_configuration_read(root, &settings, error);
	struct bootstrap_wish *wish = &program->settings.node.bootstrap.wish;

	if (result)
		return result;
	log_set_level(settings.log_level);
	if (strcmp(wish->fqdn, settings.node.bootstrap.wish.fqdn) != 0 ||
	    !in6_is_equal(&wish->home_address, &settings.node.bootstrap.wish.home_address)) {
		*wish = settings.node.bootstrap.wish;
		mobilenode_wish(program->node, wish, now, effects);
	}
	return 0;
}

static int make_node(struct program *program, char *error)
{
	const struct software_usim_settings card = {
	        .imsi = program->settings.imsi,
	        .mnc_digits = program->settings.mnc_digits,
	        .iccid = program->settings.iccid,
	        .key_file = program->settings.usim_key_file,
	        .state_file = program->settings.usim_state_file,
	};
	const struct mobilenode_port port = {program, store, home, place, bound, send_packet, state_changed};
	struct sealed_state state = {0};
	int result = software_usim_new(&card, &program->card, &program->usim, error);

	if (!result)
		result = open_state(program, &state, error);
	if (!result) {
		result = mobilenode_new(&program->settings.node, &program->usim, &state, &port, randomness_system(),
		                        loop_timers(program->loop), &program->node);
		if (result)
			snprintf(error, CONFIGURATION_ERROR_OCTETS, "no host key: %s", strerror(-result));
	}
	sealed_state_wipe(&state);
	return result;
}

static int start(struct program *program, char *error)
{
	const struct tunnel_outlet outlet = {program, mobility};
	const struct endpoint any = {0};
	struct instant now;
	struct effects *step;
	int result = make_node(program, error);

	if (!result)
		result = tunnel_open(program->loop, &program->settings.tunnel, &outlet, &program->tunnel, error);
	if (!result)
		result = channels_open_udp(loop_channels(program->loop), program->settings.node.pana.channel, &any,
		                           mobilenode_datagram, program->node);
	if (!result)
		result = watch_start(program);
	if (!result && !program->once) {
		program->commands[0] = (struct command){
		        .name = "status show", .run = status_show, .context = program, .arguments = ""};
		result = command_server_start(program->loop, program->zeromq, program->settings.socket_folder,
		                              program->settings.name, program->commands, COMMANDS, &program->server,
		                              error);
	}
	if (!result)
		result = process_drop_privileges(NULL, error); /* it keeps CAP_NET_ADMIN, for its home address */
	if (result)
		return result;
	reload_at_hangup(&program->reload, program->loop, take, program);
	step = loop_begin(program->loop, &now);
	mobilenode_start(program->node, &now, step);
	look_around(program, &now, step);
	loop_end(program->loop, step, &now);
	return 0;
}

/* The daemon's end is the binding's; --once leaves it, for who comes after. */
static void leave(struct program *program)
{
	const struct instant now = instant_now();
	struct effects *step = effects_new();

	if (program->once) {
		json_t *status = status_of(program, &now);

		status_print(status, true);
		json_decref(status);
	} else {
		mobilenode_leave(program->node, &now, step);
	}
	effects_free(step);
}

static int run(struct program *program)
{
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	int result;

	log_set_level(program->settings.log_level);
	program->watch = -1;
	program->loop = loop_new();
	program->zeromq = zmq_ctx_new();
	result = start(program, error);
	if (result) {
		log_print(LOG_LEVEL_ERROR, "mobilenode", "%s", error[0] ? error : strerror(-result));
	} else {
		result = loop_run(program->loop);
		leave(program);
		if (program->once && mobilenode_state(program->node) != MOBILENODE_BOUND &&
		    mobilenode_state(program->node) != MOBILENODE_HOME)
			result = -EAGAIN;
	}
	command_server_free(program->server);
	if (program->watch_poll.data)
		uv_close((uv_handle_t *)&program->watch_poll, NULL);
	tunnel_close(program->tunnel);
	mobilenode_free(program->node);
	loop_free(program->loop);
	tunnel_free(program->tunnel);
	if (program->watch >= 0)
		close(program->watch);
	software_usim_free(program->card);
	zmq_ctx_term(program->zeromq);
	return result;
}

int main(int argc, char **argv)
{
	static const struct process_description description = {
	        .name = "kedge-mobilenode",
	        .purpose = "mobile node: bootstrap with the SIM, Mobile IPv6; with --once until it is bound; "
	                   "'status [--json]' asks the one that runs",
	        .default_file = "/etc/kedge/mobilenode.yaml",
	        .schema = mobilenode_schema,
	        .check = check,
	};
	struct configuration *configuration;
	struct program *program;
	char error[CONFIGURATION_ERROR_OCTETS] = "";
	struct call call = {0};
	const char *file;
	int status;

	argc = take_call(argc, argv, &call);
	if (!process_begin(&description, argc, argv, &configuration, &file, &status))
		return status;
	program = allocate(sizeof(*program));
	program->once = call.once;
	reload_start(&program->reload, mobilenode_schema, file, configuration);
	status = mobilenode_configuration_read(configuration_root(configuration), &program->settings, error);
	if (status)
		fprintf(stderr, "%s\n", error);
	else if (call.is_status)
		status = status_query(program->settings.socket_folder, program->settings.name, call.is_json);
	else
		status = run(program) ? 1 : 0;
	reload_end(&program->reload);
	free(program);
	return status < 0 ? 1 : status;
}
