// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_watcher.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics_scrape.h"

enum { LOOK_MS = 5000, NAME_OCTETS = 64 };
enum { CONNECTIONS_MAX = 8, PATIENCE_S = 10, BACKLOG = 16, CONNECTION_OCTETS = 16384 };

struct metrics_watcher {
	struct MHD_Daemon *daemon;
	struct metrics_place place;
	struct metrics_source source;
	uv_poll_t poll;
	uv_timer_t timer; /* closes silent clients */
	int handles;      /* not yet closed */
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
	struct metrics_watcher *watcher = context;
	struct MHD_Response *response;
	struct metrics_answer told;
	enum MHD_Result result;

	(void)version, (void)upload, (void)state;
	if (*upload_octets) {
		*upload_octets = 0; /* what is sent along is not looked at */
		return MHD_YES;
	}
	told = metrics_answer_to(&watcher->source, method, path,
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

static void came(uv_poll_t *poll, int status, int events)
{
	struct metrics_watcher *watcher = poll->data;

	(void)status, (void)events;
	MHD_run(watcher->daemon);
}

static void time_passed(uv_timer_t *timer)
{
	struct metrics_watcher *watcher = timer->data;

	MHD_run(watcher->daemon);
}

/* Starts libmicrohttpd, without threads of its own, on the listening socket. 0 or -EIO. */
static int start(struct metrics_watcher *watcher, int descriptor)
{
	watcher->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL, 0, NULL, NULL, answer, watcher, MHD_OPTION_LISTEN_SOCKET, descriptor,
	        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned)PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_OCTETS, MHD_OPTION_END);
	return watcher->daemon ? 0 : -EIO;
}

/* Has the loop serve libmicrohttpd's one descriptor. */
static void watch(struct metrics_watcher *watcher, struct loop *loop)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(watcher->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	uv_poll_init(loop_uv(loop), &watcher->poll, info->epoll_fd);
	uv_timer_init(loop_uv(loop), &watcher->timer);
	watcher->handles = 2;
	watcher->poll.data = watcher->timer.data = watcher;
	uv_poll_start(&watcher->poll, UV_READABLE, came);
	uv_timer_start(&watcher->timer, time_passed, LOOK_MS, LOOK_MS);
}

int metrics_watcher_open(struct loop *loop, const char *listen, metrics_write *write, void *context,
                         struct metrics_watcher **opened, char error[CONFIGURATION_ERROR_OCTETS])
{
	struct metrics_watcher *watcher;
	int descriptor;

	*opened = NULL;
	if (!listen[0])
		return 0;
	watcher = calloc(1, sizeof(*watcher));
	descriptor = watcher ? metrics_place_read(listen, &watcher->place) : -ENOMEM;
	if (descriptor == 0)
		descriptor = listen_at(&watcher->place);
	if (descriptor < 0) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "metrics: %.100s: %s", listen, strerror(-descriptor));
		free(watcher);
		return descriptor;
	}
	watcher->source.write = write;
	watcher->source.context = context;
	if (start(watcher, descriptor)) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "metrics: %.100s: libmicrohttpd does not start", listen);
		close(descriptor);
		free(watcher);
		return -EIO;
	}
	watch(watcher, loop);
	*opened = watcher;
	return 0;
}

static void handle_closed(uv_handle_t *handle)
{
	struct metrics_watcher *watcher = handle->data;

	if (--watcher->handles == 0)
		free(watcher);
}

void metrics_watcher_free(struct metrics_watcher *watcher)
{
	if (!watcher)
		return;
	uv_close((uv_handle_t *)&watcher->poll, handle_closed);
	uv_close((uv_handle_t *)&watcher->timer, handle_closed);
	MHD_stop_daemon(watcher->daemon);
	if (watcher->place.address.any.sa_family == AF_UNIX)
		unlink(watcher->place.address.local.sun_path);
}

void metrics_watcher_loop(struct metrics_text *text, const char *prefix, struct loop *loop)
{
	struct loop_counters counters = loop_counters(loop);
	char name[NAME_OCTETS];

	snprintf(name, sizeof(name), "%sloop_long_turns", prefix);
	metrics_counter(text, name, "turns of the loop that worked for more than five milliseconds",
	                counters.turns_over_5_ms);
	snprintf(name, sizeof(name), "%sloop_preempted_turns", prefix);
	metrics_counter(text, name, "turns in which other programs had the processor", counters.turns_preempted);
	snprintf(name, sizeof(name), "%sloop_longest_turn_seconds", prefix);
	metrics_gauge_seconds(text, name, "the longest turn of the loop so far", counters.longest_turn_us);
}
