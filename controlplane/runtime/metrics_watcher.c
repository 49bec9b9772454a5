// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_watcher.h"

#include <errno.h>
#include <stdlib.h>

enum { LOOK_MS = 5000, NAME_OCTETS = 64 };

struct metrics_watcher {
	struct metrics_endpoint *endpoint;
	uv_poll_t poll;
	uv_timer_t timer; /* closes silent clients */
	int handles;      /* not yet closed */
};

static void came(uv_poll_t *poll, int status, int events)
{
	struct metrics_watcher *watcher = poll->data;

	(void)status, (void)events;
	metrics_endpoint_serve(watcher->endpoint);
}

static void time_passed(uv_timer_t *timer)
{
	struct metrics_watcher *watcher = timer->data;

	metrics_endpoint_serve(watcher->endpoint);
}

int metrics_watcher_open(struct loop *loop, const char *listen, metrics_write *write, void *context,
                         struct metrics_watcher **opened, char error[CONFIGURATION_ERROR_OCTETS])
{
	char text[METRICS_ERROR_OCTETS];
	struct metrics_watcher *watcher;
	int result;

	*opened = NULL;
	if (!listen[0])
		return 0;
	watcher = calloc(1, sizeof(*watcher));
	if (!watcher)
		return -ENOMEM;
	result = metrics_endpoint_open(listen, write, context, &watcher->endpoint, text);
	if (result) {
		snprintf(error, CONFIGURATION_ERROR_OCTETS, "%s", text);
		free(watcher);
		return result;
	}
	uv_poll_init(loop_uv(loop), &watcher->poll, metrics_endpoint_descriptor(watcher->endpoint));
	uv_timer_init(loop_uv(loop), &watcher->timer);
	watcher->handles = 2;
	watcher->poll.data = watcher->timer.data = watcher;
	uv_poll_start(&watcher->poll, UV_READABLE, came);
	uv_timer_start(&watcher->timer, time_passed, LOOK_MS, LOOK_MS);
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
	metrics_endpoint_close(watcher->endpoint);
}

int metrics_watcher_read(const struct configuration_node *root, char *listen, size_t octets,
                         char error[CONFIGURATION_ERROR_OCTETS])
{
	int result = configuration_copy_text(root, "metrics", listen, octets, error);

	if (result || !listen[0] || metrics_endpoint_is_right(listen))
		return result;
	configuration_blame(root, "metrics", error,
	                    "'%.80s' is not right; it takes 127.0.0.1:PORT, [::1]:PORT or a path", listen);
	return -EINVAL;
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
	metrics_gauge(text, name, "the longest turn of the loop so far", (double)counters.longest_turn_us / 1e6);
}
