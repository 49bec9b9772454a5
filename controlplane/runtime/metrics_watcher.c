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
	metrics_write *write;
	void *context;
	struct metrics_place place;
	char *bytes; /* the last text */
	size_t room;
	uv_poll_t poll;
	uv_timer_t timer; /* closes silent clients */
	int handles;      /* not yet closed */
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
static int write_text(struct metrics_watcher *watcher, struct metrics_text *text)
{
	for (;;) {
		char *larger;

		text->bytes = watcher->bytes;
		text->room = watcher->room;
		text->octets = 0;
		watcher->write(watcher->context, text);
		metrics_end(text);
		if (text->octets <= text->room)
			return 0;
		larger = realloc(watcher->bytes, 2 * text->octets);
		if (!larger)
			return -ENOMEM;
		watcher->bytes = larger;
		watcher->room = 2 * text->octets;
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
	watcher->write = write;
	watcher->context = context;
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
	if (is_local(&watcher->place))
		unlink(watcher->place.address.local.sun_path);
	free(watcher->bytes);
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
