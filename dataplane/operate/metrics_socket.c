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
	struct metrics_place place;
	struct metrics_source source;
};

/* The listening socket, or a negative errno. A file that a process of before has left is taken over; one that somebody
 * serves stays. */
static int listen_at(const struct metrics_place *place)
{
	const int one = 1;
	const char *path = place->address.any.sa_family == AF_UNIX ? place->address.local.sun_path : NULL;
	int descriptor = socket(place->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat left;
	int result = 0;

	if (descriptor < 0)
		return -errno;
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (path && connect(descriptor, &place->address.any, place->octets) < 0 && errno == ECONNREFUSED &&
	    lstat(path, &left) == 0 && S_ISSOCK(left.st_mode))
		unlink(path);
	if (bind(descriptor, &place->address.any, place->octets) < 0 || (path && chmod(path, 0660) < 0) ||
	    listen(descriptor, BACKLOG) < 0)
		result = -errno;
	if (!result)
		return descriptor;
	close(descriptor);
	return result;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_octets, void **state)
{
	struct metrics_socket *metrics = context;
	struct MHD_Response *response;
	struct metrics_answer told;
	enum MHD_Result result;

	(void)version, (void)upload, (void)state;
	if (*upload_octets) {
		*upload_octets = 0; /* what is sent along is not looked at */
		return MHD_YES;
	}
	told = metrics_answer_to(&metrics->source, method, path,
	                         MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	response = MHD_create_response_from_buffer(told.octets, (char *)told.body, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, told.media_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, told.status, response);
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
	metrics->source.write = write;
	metrics->source.context = context;
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
	if (metrics->place.address.any.sa_family == AF_UNIX)
		unlink(metrics->place.address.local.sun_path);
	free(metrics);
}

void metrics_socket_serve(struct metrics_socket *metrics)
{
	MHD_run(metrics->daemon);
}
