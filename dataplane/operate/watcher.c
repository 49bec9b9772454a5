// SPDX-License-Identifier: BSD-3-Clause
#include "watcher.h"

#include <string.h>

#include "plane_operator.h"

void watcher_begin(struct dataplane *dataplane, uint32_t bit)
{
	uint32_t *active = &dataplane->watcher.shared.active;

	shared_release(active, *active | bit);
}

uint64_t watcher_end(struct dataplane *dataplane, uint32_t bit)
{
	uint32_t *active = &dataplane->watcher.shared.active;

	shared_release(active, *active & ~bit);
	return rte_rcu_qsbr_start(dataplane->qsbr);
}

static void take_report(struct dataplane *dataplane, const struct rte_mbuf *buffer, uint64_t now_ms)
{
	const uint8_t *begin = rte_pktmbuf_mtod(buffer, const uint8_t *);
	struct watch_report report;

	memcpy(&report, begin, sizeof(report));
	if (report.kind == WATCH_REPORT_TRACE)
		trace_report(dataplane, &report, begin + sizeof(report));
	else
		capture_report(dataplane, &report, begin + sizeof(report), now_ms);
}

static bool has_passed(struct dataplane *dataplane, uint64_t token)
{
	return rte_rcu_qsbr_check(dataplane->qsbr, token, false) == 1;
}

/* Keeps the packets of a binding off the short way, also of one that came meanwhile; or lets them go it again. */
static void mark_entry(struct dataplane *dataplane, const struct in6_addr *key, bool is_traced)
{
	struct binding_entry *entry = table_writer_find(dataplane->forwarding.table, key);

	if (entry && !(binding_traits_load(entry).flags & BINDING_TRACED) == is_traced)
		binding_set_traced(entry, is_traced);
}

void watcher_mark(struct dataplane *dataplane)
{
	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++)
		if (dataplane->watcher.traces[slot].state == WATCH_ENDS)
			mark_entry(dataplane, &dataplane->watcher.traces[slot].key, false);
	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++)
		if (dataplane->watcher.traces[slot].state == WATCH_RUNS)
			mark_entry(dataplane, &dataplane->watcher.traces[slot].key, true);
}

static void look_at_traces(struct dataplane *dataplane, uint64_t now_ms)
{
	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++) {
		struct plane_trace *trace = &dataplane->watcher.traces[slot];

		if (trace->state == WATCH_RUNS && (trace->ended >= trace->wanted || now_ms >= trace->until_ms))
			trace_end(dataplane, trace);
	}
	watcher_mark(dataplane);
	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++) {
		struct plane_trace *trace = &dataplane->watcher.traces[slot];

		if (trace->state == WATCH_ENDS && has_passed(dataplane, trace->token))
			trace->state = WATCH_FREE;
		if (trace->state == WATCH_FREE && trace->rows && now_ms >= trace->until_ms + TRACE_KEPT_MS) {
			json_decref(trace->rows);
			trace->rows = NULL;
		}
	}
}

bool watcher_serve(struct dataplane *dataplane, uint64_t now_ms)
{
	struct plane_capture *capture = &dataplane->watcher.capture;
	bool more = false, capture_has_passed;

	/* what workers reported before they passed lies in the rings by now */
	capture_has_passed = capture->state == WATCH_ENDS && has_passed(dataplane, capture->token);
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		struct rte_mbuf *buffers[WATCH_RING];
		unsigned count =
		        rte_ring_dequeue_burst(dataplane->workers[i]->reports, (void **)buffers, WATCH_RING, NULL);

		for (unsigned j = 0; j < count; j++) {
			take_report(dataplane, buffers[j], now_ms);
			rte_pktmbuf_free(buffers[j]);
		}
		more |= count > WATCH_RING / 2;
	}
	look_at_traces(dataplane, now_ms);
	if (capture_has_passed) {
		capture->state = WATCH_FREE;
		if (capture->file && fclose(capture->file))
			capture->ended_by = "the file could not be written";
		capture->file = NULL;
	}
	return more;
}

void watcher_close(struct dataplane *dataplane)
{
	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++)
		json_decref(dataplane->watcher.traces[slot].rows);
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		struct rte_mbuf *buffer;

		while (rte_ring_dequeue(dataplane->workers[i]->reports, (void **)&buffer) == 0)
			rte_pktmbuf_free(buffer);
	}
	if (dataplane->watcher.capture.file)
		fclose(dataplane->watcher.capture.file);
}
