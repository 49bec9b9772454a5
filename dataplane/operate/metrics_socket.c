// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_socket.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics_scrape.h"

enum { CONNECTIONS_MAX = 8, PATIENCE_S = 10, BACKLOG = 16, CONNECTION_OCTETS = 16384 };

struct metrics_socket {
	struct MHD_Daemon *daemon;
	metrics_write *write;
	void *context;
	struct metrics_place place;
	char *bytes; /* the last text */
	size_t room;
};

static bool is_local(const struct metrics_place *place)
{
	return place->address.any.sa_family == AF_UNIX;
}

/* The file that a process of before has left; one that somebody serves stays. */
static void remove_left(const struct metrics_place *place)
{
	const char *path = place->address.local.sun_path;
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat what;

	if (descriptor < 0)
		return;
	if (lstat(path, &what) == 0 && S_ISSOCK(what.st_mode) &&
	    connect(descriptor, &place->address.any, place->octets) < 0 && errno == ECONNREFUSED)
		unlink(path);
	close(descriptor);
}

/* The listening socket, or a negative errno. */
static int listen_at(const struct metrics_place *place)
{
	const int one = 1;
	int descriptor = socket(place->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = 0;

	if (descriptor < 0)
		return -errno;
	if (is_local(place))
		remove_left(place);
	else
		setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(descriptor, &place->address.any, place->octets) < 0 ||
	    (is_local(place) && chmod(place->address.local.sun_path, 0660) < 0) || listen(descriptor, BACKLOG) < 0)
		result = -errno;
	if (!result)
		return descriptor;
	close(descriptor);
	return result;
}

/* Writes the counters again until they have room. 0 or -ENOMEM. */
static int write_text(struct metrics_socket *metrics, struct metrics_text *text)
{
	for (;;) {
		char *larger;

		text->bytes = metrics->bytes;
		text->room = metrics->room;
		text->octets = 0;
		metrics->write(metrics->context, text);
		metrics_end(text);
		if (text->octets <= text->room)
			return 0;
		larger = realloc(metrics->bytes, 2 * text->octets);
		if (!larger)
			return -ENOMEM;
		metrics->bytes = larger;
		metrics->room = 2 * text->octets;
	}
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_octets, void **state)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	struct metrics_answer wanted = metrics_answer_to(method, path, accept);
	struct metrics_text text = {.format = wanted.format};
	struct MHD_Response *response = NULL;
	enum MHD_Result result;

	(void)version, (void)upload, (void)state;
	if (*upload_octets) {
		*upload_octets = 0; /* what is sent along is not looked at */
		return MHD_YES;
	}
	if (wanted.words)
		response = MHD_create_response_from_buffer(strlen(wanted.words), (char *)wanted.words,
		                                           MHD_RESPMEM_PERSISTENT);
	else if (write_text(context, &text) == 0)
		response = MHD_create_response_from_buffer(text.octets, text.bytes, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, wanted.media_type);
	if (wanted.status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, wanted.status, response);
	MHD_destroy_response(response);
	return result;
}

int metrics_socket_open(const char *listen, metrics_write *write, void *context, struct metrics_socket **opened,
                        char error[METRICS_SOCKET_ERROR_OCTETS])
{
	struct metrics_socket *metrics = calloc(1, sizeof(*metrics));
	int descriptor = metrics ? metrics_place_read(listen, &metrics->place) : -ENOMEM;

	*opened = NULL;
	if (descriptor == 0)
		descriptor = listen_at(&metrics->place);
	if (descriptor < 0) {
		snprintf(error, METRICS_SOCKET_ERROR_OCTETS, "metrics: %.100s: %s", listen, strerror(-descriptor));
		free(metrics);
		return descriptor;
	}
	metrics->write = write;
	metrics->context = context;
	metrics->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL, 0, NULL, NULL, answer, metrics, MHD_OPTION_LISTEN_SOCKET, descriptor,
	        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned)PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_OCTETS, MHD_OPTION_END);
	if (!metrics->daemon) {
		snprintf(error, METRICS_SOCKET_ERROR_OCTETS, "metrics: %.100s: libmicrohttpd does not start", listen);
		close(descriptor);
		metrics_socket_close(metrics);
		return -EIO;
	}
	*opened = metrics;
	return 0;
}

void metrics_socket_close(struct metrics_socket *metrics)
{
	if (!metrics)
		return;
	if (metrics->daemon)
		MHD_stop_daemon(metrics->daemon);
	if (is_local(&metrics->place))
		unlink(metrics->place.address.local.sun_path);
	free(metrics->bytes);
	free(metrics);
}

void metrics_socket_serve(struct metrics_socket *metrics)
{
	MHD_run(metrics->daemon);
}
