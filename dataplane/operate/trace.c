// SPDX-License-Identifier: BSD-3-Clause
/* trace - the next packets of a subscriber, each step of the walk in words. */
#include <arpa/inet.h>
#include <string.h>

#include <rte_cycles.h>

#include "packet_text.h"
#include "plane_operator.h"
#include "punt.h"

enum { TEXT_OCTETS = 1536, TRACE_COUNT_DEFAULT = 5, TRACE_SECONDS_DEFAULT = 30 };

/* What is written piece by piece. */
struct text {
	size_t used;
	char bytes[TEXT_OCTETS];
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
	va_list arguments;
	int octets;

	va_start(arguments, format);
	octets = vsnprintf(text->bytes + text->used, sizeof(text->bytes) - text->used, format, arguments);
	va_end(arguments);
	if (octets > 0)
		text->used += (size_t)octets;
	if (text->used >= sizeof(text->bytes))
		text->used = sizeof(text->bytes) - 1;
}

static const char *step_name(uint8_t step)
{
	static const char *const names[] = {
	        [STEP_DONE] = "done",   [STEP_DOWNLINK] = "downlink", [STEP_UPLINK] = "uplink",
	        [STEP_LOCAL] = "local", [STEP_ROUTE] = "route",
	};

	return step < sizeof(names) / sizeof(names[0]) && names[step] ? names[step] : "?";
}

static const char *fate_name(uint8_t fate)
{
	static const char *const names[] = {
	        [WATCH_GOES_ON] = "goes-on", [WATCH_QUEUED] = "sent",      [WATCH_PUNTED] = "punted",
	        [WATCH_TO_HOST] = "to-host", [WATCH_WAITS] = "waits",      [WATCH_CONSUMED] = "consumed",
	        [WATCH_DROPPED] = "dropped", [WATCH_SPLIT] = "fragmented",
	};

	return fate < sizeof(names) / sizeof(names[0]) ? names[fate] : "?";
}

static const char *class_name(uint8_t punt_class)
{
	static const char *const names[] = {
	        [PUNT_CLASS_PANA] = "PANA",
	        [PUNT_CLASS_MOBILITY_HEADER] = "Mobility Header",
	        [PUNT_CLASS_HIP] = "HIP",
	        [PUNT_CLASS_ICMP] = "ICMPv6",
	};

	return punt_class < sizeof(names) / sizeof(names[0]) && names[punt_class] ? names[punt_class] : "?";
}

static const char *port_name(const struct dataplane *dataplane, uint8_t port)
{
	return port < dataplane->forwarding.port_count ? dataplane->ports[port].name : "none";
}

static void say_entry(const struct dataplane *dataplane, const struct watch_report *report, struct text *text)
{
	char key[KEY_TEXT_OCTETS], care_of[INET6_ADDRSTRLEN];
	uint64_t owner_ms = expiry_owner_clock(&dataplane->expiry, report->now_ms);

	plane_key_text(dataplane, &report->key, key);
	if (!report->has_entry) {
		say(text, "%s is not bound", key);
		return;
	}
	say(text, "%s is bound to %s for %llu s, inner MTU %u%s", key,
	    inet_ntop(AF_INET6, &report->care_of_address, care_of, sizeof(care_of)),
	    (unsigned long long)(report->expiry_ms > owner_ms ? (report->expiry_ms - owner_ms) / 1000 : 0),
	    report->traits.inner_mtu_bytes,
	    report->traits.flags & BINDING_CARE_OF_UNVERIFIED ? ", care-of address not verified" : "");
}

static void say_counters(const struct watch_report *report, struct text *text)
{
	const char *before = "counted as ";

	for (unsigned i = 0; i < walk_counters_count() && i < 64; i++) {
		if (!(report->counted & (uint64_t)1 << i))
			continue;
		say(text, "%s%s", before, walk_counters_name(i));
		before = ", ";
	}
	if (report->counted)
		say(text, "; ");
}

static void say_fate(const struct dataplane *dataplane, const struct watch_report *report, const char *packet,
                     struct text *text)
{
	char next_hop[INET6_ADDRSTRLEN];

	switch (report->fate) {
	case WATCH_GOES_ON:
		say(text, "goes on to %s as %s", step_name(report->next), packet);
		break;
	case WATCH_QUEUED:
		say(text, "leaves by port %s as %s", port_name(dataplane, report->port), packet);
		break;
	case WATCH_PUNTED:
		say(text, "goes to the control plane as %s", class_name(report->punt_class));
		break;
	case WATCH_TO_HOST:
		say(text, "goes to the host's kernel");
		break;
	case WATCH_WAITS:
		say(text, "waits for the link-layer address of its next hop (destination %s)",
		    inet_ntop(AF_INET6, &report->next_hop, next_hop, sizeof(next_hop)));
		break;
	case WATCH_CONSUMED:
		say(text, "ends here: it was answered, or told us something");
		break;
	case WATCH_DROPPED:
		say(text, "dropped: %s: %s", drop_name((enum drop_reason)report->reason),
		    drop_help((enum drop_reason)report->reason));
		break;
	default:
		say(text, "goes on in pieces");
	}
	if (report->made)
		say(text, "; %u packet%s made of it", report->made, report->made == 1 ? "" : "s");
}

static void say_step(const struct dataplane *dataplane, const struct watch_report *report, const uint8_t *bytes,
                     struct text *text)
{
	char packet[PACKET_TEXT_OCTETS];

	packet_text(bytes, report->kept, report->octets, packet);
	if (report->step == STEP_DONE) {
		if (report->is_injected)
			say(text, "injected by the control plane: %s; ", packet);
		else
			say(text, "by port %s: %s; ", port_name(dataplane, report->port), packet);
		say_entry(dataplane, report, text);
		return;
	}
	if (report->step == STEP_UPLINK || report->step == STEP_DOWNLINK) {
		say_entry(dataplane, report, text);
		say(text, "; ");
	}
	if (report->step == STEP_UPLINK && report->counted)
		say(text, "the outer source is right; ");
	say_counters(report, text);
	say_fate(dataplane, report, packet, text);
}

void trace_report(struct dataplane *dataplane, const struct watch_report *report, const uint8_t *bytes)
{
	struct plane_trace *trace = report->slot < WATCH_TRACES_MAX ? &dataplane->watcher.traces[report->slot] : NULL;
	struct text text = {0};
	json_t *row;

	if (!trace || !trace->rows || trace->id != report->id || json_array_size(trace->rows) >= TRACE_ROWS_MAX)
		return;
	say_step(dataplane, report, bytes, &text);
	row = json_pack("{s:I, s:b, s:s, s:s, s:s*, s:s}", "packet", (json_int_t)report->number, "made_here",
	                report->is_own, "step", report->step == STEP_DONE ? "received" : step_name(report->step),
	                "fate", fate_name(report->fate), "reason",
	                report->reason < DROP_REASONS ? drop_name((enum drop_reason)report->reason) : NULL, "text",
	                text.bytes);
	if (row)
		json_array_append_new(trace->rows, row);
	trace->ended += report->fate != WATCH_GOES_ON && (!report->is_own || report->is_injected);
}

void trace_end(struct dataplane *dataplane, struct plane_trace *trace)
{
	trace->token = watcher_end(dataplane, 1u << (trace - dataplane->watcher.traces));
	trace->state = WATCH_ENDS;
	trace->until_ms = dataplane_ms_of(dataplane, rte_rdtsc());
}

/* Of a number between 1 and `maximum`; false with *error. */
static bool number_of(const json_t *arguments, const char *name, json_int_t otherwise, json_int_t maximum,
                      json_int_t *number, json_t **error)
{
	const json_t *value = json_object_get(arguments, name);

	*number = value ? json_integer_value(value) : otherwise;
	if (*number >= 1 && *number <= maximum)
		return true;
	*error = command_error("bad-argument", "'%s' takes an integer from 1 to %lld", name, (long long)maximum);
	return false;
}

/* A slot that nobody uses, or else the one whose trace ended first. */
static struct plane_trace *free_slot(struct dataplane *dataplane)
{
	struct plane_trace *found = NULL;

	for (unsigned slot = 0; slot < WATCH_TRACES_MAX; slot++) {
		struct plane_trace *trace = &dataplane->watcher.traces[slot];

		if (trace->state == WATCH_FREE && (!found || trace->until_ms < found->until_ms))
			found = trace;
	}
	return found;
}

PLANE_RUN(plane_trace_start)
{
	struct dataplane *dataplane = context;
	struct watched_key *watched;
	struct plane_trace *trace;
	struct in6_addr address, key;
	char text[KEY_TEXT_OCTETS];
	json_int_t count, seconds;
	uint8_t length;
	bool given;

	if (!plane_address(arguments, &given, &address, error) ||
	    !number_of(arguments, "count", TRACE_COUNT_DEFAULT, TRACE_PACKETS_MAX, &count, error) ||
	    !number_of(arguments, "seconds", TRACE_SECONDS_DEFAULT, TRACE_SECONDS_MAX, &seconds, error))
		return NULL;
	if (!given || !plane_key_of(dataplane, &address, &key, &length)) {
		*error = command_error("not-found",
		                       given ? "the address is in no service prefix" : "'address' is missing");
		return NULL;
	}
	trace = free_slot(dataplane);
	if (!trace) {
		*error = command_error("busy", "%d traces run already", WATCH_TRACES_MAX);
		return NULL;
	}
	json_decref(trace->rows);
	*trace = (struct plane_trace){.state = WATCH_RUNS,
	                              .id = ++dataplane->watcher.last_id,
	                              .key = key,
	                              .wanted = (unsigned)count,
	                              .until_ms = dataplane_ms_of(dataplane, rte_rdtsc()) + (uint64_t)seconds * 1000,
	                              .rows = json_array()};
	watched = &dataplane->watcher.shared.traces[trace - dataplane->watcher.traces];
	*watched = (struct watched_key){.key = key, .id = trace->id, .left = count};
	watcher_begin(dataplane, 1u << (trace - dataplane->watcher.traces));
	watcher_mark(dataplane);
	return json_pack("{s:I, s:s, s:I}", "trace", (json_int_t)trace->id, "key",
	                 plane_key_text(dataplane, &key, text), "count", count);
}

static struct plane_trace *named(struct dataplane *dataplane, const json_t *arguments, json_t **error)
{
	json_int_t id = json_integer_value(json_object_get(arguments, "trace"));

	for (unsigned slot = 0; slot < WATCH_TRACES_MAX && id > 0; slot++)
		if (dataplane->watcher.traces[slot].id == (uint64_t)id && dataplane->watcher.traces[slot].rows)
			return &dataplane->watcher.traces[slot];
	*error = command_error("not-found", "there is no such trace (any more)");
	return NULL;
}

static uint64_t reports_lost(const struct dataplane *dataplane)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < dataplane->worker_count; i++)
		lost += shared_load(&dataplane->workers[i]->walk.reports_lost);
	return lost;
}

PLANE_RUN(plane_trace_read)
{
	struct dataplane *dataplane = context;
	struct plane_trace *trace = named(dataplane, arguments, error);
	json_int_t at = json_integer_value(json_object_get(arguments, "after"));
	json_t *rows;

	if (!trace)
		return NULL;
	rows = json_array();
	for (; at >= 0 && (size_t)at < json_array_size(trace->rows) && json_array_size(rows) < PLANE_PAGE_MAX; at++)
		json_array_append(rows, json_array_get(trace->rows, (size_t)at));
	return json_pack("{s:o, s:I, s:I, s:b, s:o}", "rows", rows, "after", at, "packets", (json_int_t)trace->ended,
	                 "done", trace->state == WATCH_FREE && (size_t)at == json_array_size(trace->rows), "lost",
	                 plane_number(reports_lost(dataplane)));
}

PLANE_RUN(plane_trace_stop)
{
	struct dataplane *dataplane = context;
	struct plane_trace *trace = named(dataplane, arguments, error);

	if (!trace)
		return NULL;
	if (trace->state == WATCH_RUNS)
		trace_end(dataplane, trace);
	return json_pack("{s:I, s:I}", "trace", (json_int_t)trace->id, "packets", (json_int_t)trace->ended);
}
