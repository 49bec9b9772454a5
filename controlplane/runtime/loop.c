// SPDX-License-Identifier: BSD-3-Clause
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "channels.h"

enum { TIMERS_A_TURN = 1000, TURN_ENDS_MAX = 4, ANSWER_OCTETS = 4096, LONG_TURN_US = 5000 };

struct turn_end {
	void (*call)(void *context, const struct instant *now);
	void *context;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t spin; /* keeps the loop from sleeping while due timers are left */
	uv_timer_t alarm;
	uv_async_t store_wake;
	uv_signal_t signals[3];
	struct timer_wheel wheel;
	struct executor *executor;
	struct sqlite_store *store;
	struct loop_bus bus;
	struct channels *channels;
	struct turn_end turn_ends[TURN_ENDS_MAX];
	size_t turn_end_count;
	void (*hung_up)(void *context);
	void *hung_up_context;
	struct loop_counters counters;
	uint64_t turn_begin_ns;
	uint64_t idle_ns;
	uint64_t turn_begin_cpu_us;
	long preemptions;
};

/* A query on its way to a worker thread and back. */
struct query_work {
	uv_work_t work;
	struct loop *loop;
	struct effect_query query;
	int result;
	size_t answer_octets;
	uint8_t answer[ANSWER_OCTETS];
	uint8_t request[];
};

uv_loop_t *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

struct timer_wheel *loop_timers(struct loop *loop)
{
	return &loop->wheel;
}

struct executor *loop_executor(struct loop *loop)
{
	return loop->executor;
}

struct channels *loop_channels(struct loop *loop)
{
	if (!loop->channels)
		loop->channels = channels_new(loop);
	return loop->channels;
}

struct effects *loop_begin(struct loop *loop, struct instant *now)
{
	*now = instant_now();
	return executor_begin(loop->executor);
}

void loop_end(struct loop *loop, struct effects *step, const struct instant *now)
{
	executor_run(loop->executor, step, now);
}

static void backend_store(void *context, const struct effects *step)
{
	struct loop *loop = context;

	if (!loop->store) {
		fprintf(stderr, "error: a core stores, but this process has no store\n");
		abort();
	}
	sqlite_store_submit(loop->store, step);
}

static void backend_publish(void *context, const struct effect_publish *publish)
{
	struct loop *loop = context;

	if (loop->bus.publish)
		loop->bus.publish(loop->bus.context, publish);
}

static void backend_inject(void *context, const struct effect_inject *inject)
{
	struct loop *loop = context;

	if (loop->bus.inject)
		loop->bus.inject(loop->bus.context, inject);
}

static void backend_send(void *context, const struct effect_send *send)
{
	channels_send(loop_channels(context), send);
}

static void backend_log(void *context, const struct effect_log *log)
{
	(void)context;
	log_write(log->level, log->subsystem, log->text);
}

static void query_perform(uv_work_t *work)
{
	struct query_work *query = work->data;

	query->result = query->query.perform(query->request, query->query.octets, query->answer, ANSWER_OCTETS,
	                                     &query->answer_octets);
}

static void query_done(uv_work_t *work, int status)
{
	struct query_work *query = work->data;
	struct instant now = instant_now();

	if (status == 0)
		executor_answered(query->loop->executor, &query->query, query->result, query->answer,
		                  query->answer_octets, &now);
	OPENSSL_cleanse(query, sizeof(*query) + query->query.octets);
	free(query);
}

static void backend_query(void *context, const struct effect_query *effect)
{
	struct query_work *query = allocate(sizeof(*query) + effect->octets);

	query->loop = context;
	query->query = *effect;
	query->query.request = query->request;
	memcpy(query->request, effect->request, effect->octets);
	query->work.data = query;
	uv_queue_work(&query->loop->uv, &query->work, query_perform, query_done);
}

static void store_collect(uv_async_t *async)
{
	struct loop *loop = async->data;
	struct instant now = instant_now();
	int result;

	while (sqlite_store_collect(loop->store, &result))
		executor_stored(loop->executor, result, &now);
}

static void store_wake(void *context)
{
	struct loop *loop = context;

	uv_async_send(&loop->store_wake);
}

static void alarm_rings(uv_timer_t *alarm)
{
	(void)alarm; /* its work is done by the turn that it starts */
}

static void keep_spinning(uv_idle_t *spin)
{
	(void)spin;
}

static void run_timers(struct loop *loop, const struct instant *now)
{
	struct timer *timer;

	for (int count = 0; count < TIMERS_A_TURN && (timer = timer_wheel_pop(&loop->wheel, now->monotonic_ms));
	     count++) {
		struct effects *step = executor_begin(loop->executor);

		timer->fire(timer, now, step);
		executor_run(loop->executor, step, now);
	}
}

static void arm_alarm(struct loop *loop, const struct instant *now)
{
	uint64_t next_ms = timer_wheel_next_ms(&loop->wheel);

	if (next_ms <= now->monotonic_ms) {
		uv_idle_start(&loop->spin, keep_spinning);
		return;
	}
	uv_idle_stop(&loop->spin);
	if (next_ms == UINT64_MAX) {
		uv_timer_stop(&loop->alarm);
	} else {
		uv_update_time(&loop->uv);
		uv_timer_start(&loop->alarm, alarm_rings, next_ms - now->monotonic_ms, 0);
	}
}

static uint64_t cpu_us(const struct rusage *usage)
{
	return ((uint64_t)usage->ru_utime.tv_sec + (uint64_t)usage->ru_stime.tv_sec) * 1000000 +
	       (uint64_t)usage->ru_utime.tv_usec + (uint64_t)usage->ru_stime.tv_usec;
}

/*
 * A turn is what happens between two sleeps; time in poll does not count. A turn in which the kernel gave the processor
 * to another counts by its processor time: what the loop did itself, or waited for, is what the watchdog is about.
 */
static void watch_turn(struct loop *loop)
{
	uint64_t now_ns = uv_hrtime();
	uint64_t idle_ns = uv_metrics_idle_time(&loop->uv);
	uint64_t busy_us;
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	if (loop->turn_begin_ns) {
		busy_us = (now_ns - loop->turn_begin_ns - (idle_ns - loop->idle_ns)) / 1000;
		if (usage.ru_nivcsw != loop->preemptions && busy_us > LONG_TURN_US) {
			loop->counters.turns_preempted++;
			busy_us = cpu_us(&usage) - loop->turn_begin_cpu_us;
		}
		if (busy_us > loop->counters.longest_turn_us)
			loop->counters.longest_turn_us = busy_us;
		loop->counters.turns_over_5_ms += busy_us > LONG_TURN_US;
	}
	loop->counters.turns++;
	loop->turn_begin_ns = now_ns;
	loop->idle_ns = idle_ns;
	loop->turn_begin_cpu_us = cpu_us(&usage);
	loop->preemptions = usage.ru_nivcsw;
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct loop *loop = prepare->data;
	struct instant now = instant_now();

	run_timers(loop, &now);
	for (size_t i = 0; i < loop->turn_end_count; i++)
		loop->turn_ends[i].call(loop->turn_ends[i].context, &now);
	arm_alarm(loop, &now);
	watch_turn(loop);
}

static void signalled(uv_signal_t *handle, int number)
{
	struct loop *loop = handle->data;

	if (number == SIGHUP) {
		if (loop->hung_up)
			loop->hung_up(loop->hung_up_context);
		return;
	}
	log_print(LOG_LEVEL_NOTICE, "loop", "ends on %s", number == SIGTERM ? "SIGTERM" : "SIGINT");
	loop_stop(loop);
}

struct loop *loop_new(void)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct loop *loop = allocate(sizeof(*loop));
	const struct executor_backend backend = {
	        .context = loop,
	        .store = backend_store,
	        .publish = backend_publish,
	        .inject = backend_inject,
	        .send = backend_send,
	        .query = backend_query,
	        .log = backend_log,
	};

	uv_loop_init(&loop->uv);
	uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
	timer_wheel_start(&loop->wheel, instant_now().monotonic_ms);
	loop->executor = executor_new(&backend);
	uv_prepare_init(&loop->uv, &loop->prepare);
	loop->prepare.data = loop;
	uv_prepare_start(&loop->prepare, before_sleep);
	uv_idle_init(&loop->uv, &loop->spin);
	uv_timer_init(&loop->uv, &loop->alarm);
	uv_async_init(&loop->uv, &loop->store_wake, store_collect);
	loop->store_wake.data = loop;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uv_signal_init(&loop->uv, &loop->signals[i]);
		loop->signals[i].data = loop;
		uv_signal_start(&loop->signals[i], signalled, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	return loop;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	uv_prepare_stop(&loop->prepare); /* timers and turn ends belong to cores, which may be gone already */
	if (loop->channels)
		channels_close(loop->channels);
	uv_run(&loop->uv, UV_RUN_NOWAIT);
	uv_walk(&loop->uv, close_handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	channels_free(loop->channels);
	executor_free(loop->executor);
	free(loop);
}

int loop_set_store(struct loop *loop, struct sqlite_store *store)
{
	loop->store = store;
	return sqlite_store_start(store, store_wake, loop);
}

void loop_set_bus(struct loop *loop, const struct loop_bus *bus)
{
	loop->bus = *bus;
}

void loop_at_hangup(struct loop *loop, void (*hung_up)(void *context), void *context)
{
	loop->hung_up = hung_up;
	loop->hung_up_context = context;
}

void loop_at_turn_end(struct loop *loop, void (*turn_end)(void *context, const struct instant *now), void *context)
{
	if (loop->turn_end_count == TURN_ENDS_MAX)
		abort();
	loop->turn_ends[loop->turn_end_count++] = (struct turn_end){turn_end, context};
}

int loop_run(struct loop *loop)
{
	loop->turn_begin_ns = 0;
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (loop->store) {
		sqlite_store_stop(loop->store);
		store_collect(&loop->store_wake);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

struct loop_counters loop_counters(const struct loop *loop)
{
	return loop->counters;
}
