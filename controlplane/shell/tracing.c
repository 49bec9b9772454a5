// SPDX-License-Identifier: BSD-3-Clause
#include "tracing.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "printers.h"
#include "subscriber_view.h"

enum { POLL_NS = 50000000, COUNT_DEFAULT = 5, STEP_WIDTH = 9 };

/* One data plane's trace. */
struct plane_trace {
	const struct server *server;
	json_t *id; /* NULL: none runs there */
	json_int_t after;
	json_int_t last_packet;
	bool done;
};

struct tracing {
	struct session *session;
	struct plane_trace planes[SERVERS_MAX];
	size_t count;
	json_int_t wanted;
	json_int_t packets; /* whose walk is over, in all planes */
	json_t *rows;       /* with --json */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool is_imsi(const char *who)
{
	size_t length = strlen(who);

	return length >= 6 && length <= 15 && strspn(who, "0123456789") == length;
}

/* The address that a data plane is asked for; NULL after having said why. */
static json_t *address_of(struct session *session, const char *who)
{
	if (is_imsi(who))
		return subscriber_view_address(session, who);
	return json_stringn(who, strcspn(who, "/"));
}

static int start_one(struct tracing *tracing, const struct server *server, json_t *request)
{
	struct plane_trace *plane = &tracing->planes[tracing->count];
	json_t *body = NULL;
	int result = session_ask(tracing->session, server, true, "trace start", request, &body);

	if (result < 0)
		return session_unreachable(server, result);
	if (result == 0) {
		*plane = (struct plane_trace){.server = server, .id = json_incref(json_object_get(body, "trace"))};
		tracing->count++;
	} else {
		printer_error(stderr, body);
	}
	json_decref(body);
	return result;
}

static void print_step(struct plane_trace *plane, const json_t *row)
{
	json_int_t packet = json_integer_value(json_object_get(row, "packet"));
	const char *step = json_string_value(json_object_get(row, "step"));
	const char *text = json_string_value(json_object_get(row, "text"));
	bool made_here = json_is_true(json_object_get(row, "made_here"));

	if (packet != plane->last_packet)
		printf("packet %lld of %s\n", (long long)packet, plane->server->name);
	plane->last_packet = packet;
	printf("  %-*s %s%s\n", STEP_WIDTH, step ? step : "", made_here ? "[made here] " : "", text ? text : "");
	fflush(stdout);
}

static void take_rows(struct tracing *tracing, struct plane_trace *plane, json_t *rows)
{
	json_t *row;
	size_t index;

	json_array_foreach(rows, index, row)
	{
		if (!tracing->rows) {
			print_step(plane, row);
			continue;
		}
		json_object_set_new(row, "dataplane", json_string(plane->server->name));
		json_array_append(tracing->rows, row);
	}
}

/* What has come since the last time. False when the data plane cannot say any more. */
static bool read_one(struct tracing *tracing, struct plane_trace *plane)
{
	json_t *request = json_pack("{s:O, s:I}", "trace", plane->id, "after", plane->after);
	json_t *body = NULL;
	int result = session_ask(tracing->session, plane->server, true, "trace read", request, &body);

	json_decref(request);
	if (result == 0) {
		take_rows(tracing, plane, json_object_get(body, "rows"));
		plane->after = json_integer_value(json_object_get(body, "after"));
		tracing->packets += json_integer_value(json_object_get(body, "packets"));
		plane->done = json_is_true(json_object_get(body, "done"));
	}
	json_decref(body);
	return result == 0;
}

static void read_until_the_end(struct tracing *tracing)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};
	bool all_done = false;

	while (!all_done && !interrupted) {
		nanosleep(&pause, NULL);
		all_done = true;
		tracing->packets = 0;
		for (size_t i = 0; i < tracing->count; i++) {
			struct plane_trace *plane = &tracing->planes[i];

			if (!read_one(tracing, plane))
				plane->done = true;
			all_done = all_done && plane->done;
		}
		/* all planes together saw enough */
		if (tracing->packets >= tracing->wanted && tracing->count > 1)
			all_done = true;
	}
}

static void stop_all(struct tracing *tracing)
{
	for (size_t i = 0; i < tracing->count; i++) {
		json_t *request = json_pack("{s:o}", "trace", tracing->planes[i].id);
		json_t *body = NULL;

		(void)session_ask(tracing->session, tracing->planes[i].server, true, "trace stop", request, &body);
		json_decref(body);
		json_decref(request);
	}
}

static void say_end(const struct tracing *tracing)
{
	if (tracing->rows) {
		json_t *body = json_pack("{s:O, s:I}", "rows", tracing->rows, "packets", tracing->packets);

		json_dumpf(body, stdout, JSON_INDENT(1));
		printf("\n");
		json_decref(body);
	} else if (tracing->packets < tracing->wanted) {
		printf("%lld of %lld packets came\n", (long long)tracing->packets, (long long)tracing->wanted);
	}
}

int tracing_run(struct session *session, json_t *arguments)
{
	const struct sigaction action = {.sa_handler = interrupt};
	json_t *count = json_object_get(arguments, "count"), *seconds = json_object_get(arguments, "seconds");
	struct tracing tracing = {.session = session, .wanted = count ? json_integer_value(count) : COUNT_DEFAULT};
	json_t *address = address_of(session, json_string_value(json_object_get(arguments, "who")));
	struct sigaction before;
	json_t *request;
	int status = SESSION_NOT_THERE;

	if (!address)
		return SESSION_FAILED;
	request = json_pack("{s:o, s:I}", "address", address, "count", tracing.wanted);
	if (seconds)
		json_object_set(request, "seconds", seconds);
	for (size_t i = 0; i < session->server_count; i++) {
		const struct server *server = &session->servers[i];

		if (server->kind == SERVER_DATAPLANE && (!session->server || !strcmp(session->server, server->name)))
			status = start_one(&tracing, server, request);
	}
	json_decref(request);
	if (!tracing.count)
		return status;
	if (session->json)
		tracing.rows = json_array();
	interrupted = 0;
	sigaction(SIGINT, &action, &before);
	read_until_the_end(&tracing);
	sigaction(SIGINT, &before, NULL);
	stop_all(&tracing);
	say_end(&tracing);
	json_decref(tracing.rows);
	return SESSION_DONE;
}
