// SPDX-License-Identifier: BSD-3-Clause
/* capture - packets by a filter into a file of the configured folder, written by the main core. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "pcapng.h"
#include "plane_operator.h"

enum { CAPTURE_COUNT_DEFAULT = 10000, CAPTURE_SNAP_DEFAULT = 256, PATH_OCTETS = 256 };

static uint64_t time_us_of(uint64_t walk_ms, uint64_t now_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 -
	       (now_ms > walk_ms ? (now_ms - walk_ms) * 1000 : 0);
}

void capture_end(struct dataplane *dataplane, const char *why)
{
	struct plane_capture *capture = &dataplane->watcher.capture;

	if (capture->state != WATCH_RUNS)
		return;
	capture->token = watcher_end(dataplane, WATCH_CAPTURE);
	capture->state = WATCH_ENDS;
	capture->ended_by = why;
}

void capture_report(struct dataplane *dataplane, const struct watch_report *report, const uint8_t *bytes,
                    uint64_t now_ms)
{
	struct plane_capture *capture = &dataplane->watcher.capture;
	bool is_drop = report->direction == WATCH_DROP;
	char comment[256];
	struct pcapng_packet packet = {
	        /* behind the ports' interfaces the one of packets that are in no frame */
	        .interface = report->has_ethernet && report->port < dataplane->forwarding.port_count
	                             ? report->port
	                             : dataplane->forwarding.port_count,
	        .time_us = time_us_of(report->now_ms, now_ms),
	        .bytes = bytes,
	        .kept = report->kept,
	        .octets = report->octets,
	        .direction = report->direction == WATCH_IN    ? PCAPNG_INBOUND
	                     : report->direction == WATCH_OUT ? PCAPNG_OUTBOUND
	                                                      : PCAPNG_UNKNOWN,
	        .comment = is_drop ? comment : NULL,
	};
	size_t octets;

	if (!capture->file || capture->packets >= capture->wanted || capture->octets >= CAPTURE_OCTETS_MAX)
		return;
	if (is_drop)
		snprintf(comment, sizeof(comment), "dropped: %s: %s", drop_name((enum drop_reason)report->reason),
		         drop_help((enum drop_reason)report->reason));
	octets = pcapng_packet(capture->file, &packet);
	if (!octets) {
		capture_end(dataplane, "the file could not be written");
		return;
	}
	capture->packets++;
	capture->octets += octets;
	if (capture->packets >= capture->wanted)
		capture_end(dataplane, "count");
	else if (capture->octets >= CAPTURE_OCTETS_MAX)
		capture_end(dataplane, "256 MB");
}

/* A name of one part, so that nothing outside the folder can be meant. */
static bool is_file_name(const char *name)
{
	size_t length = strlen(name);

	return length >= 1 && length <= CAPTURE_NAME_OCTETS && name[0] != '.' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

static bool read_prefix(const char *text, struct capture_filter *filter)
{
	struct in6_addr prefix = {.s6_addr = {[10] = 0xff, [11] = 0xff}}, mask;
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");
	unsigned long bits, bits_max;
	char *end;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	bits_max = inet_pton(AF_INET, address, &prefix.s6_addr[12]) == 1 ? 32 : 128;
	if (bits_max == 128 && inet_pton(AF_INET6, address, &prefix) != 1)
		return false;
	bits = bits_max;
	if (text[length]) {
		bits = strtoul(text + length + 1, &end, 10);
		if (text[length + 1] < '0' || text[length + 1] > '9' || *end || bits > bits_max)
			return false;
	}
	memset(&mask, 0xff, sizeof(mask));
	in6_mask(&mask, (unsigned)(bits + 128 - bits_max));
	memcpy(filter->value, &prefix, sizeof(filter->value));
	memcpy(filter->mask, &mask, sizeof(filter->mask));
	return true;
}

static bool read_reason(const char *name, struct capture_filter *filter)
{
	for (filter->reason = 0; filter->reason < DROP_REASONS; filter->reason++)
		if (strcmp(drop_name((enum drop_reason)filter->reason), name) == 0)
			return true;
	return false;
}

static bool read_direction(const char *name, struct capture_filter *filter)
{
	filter->directions = strcmp(name, "in") == 0     ? WATCH_IN
	                     : strcmp(name, "out") == 0  ? WATCH_OUT
	                     : strcmp(name, "drop") == 0 ? WATCH_DROP
	                                                 : 0;
	return filter->directions != 0;
}

/* The arguments as a filter; false with *error. */
static bool read_filter(const json_t *arguments, struct capture_filter *filter, json_t **error)
{
	const json_t *count = json_object_get(arguments, "count"), *snap = json_object_get(arguments, "snap_length");
	const char *prefix = json_string_value(json_object_get(arguments, "prefix"));
	const char *reason = json_string_value(json_object_get(arguments, "reason"));
	const char *direction = json_string_value(json_object_get(arguments, "direction"));
	json_int_t snap_octets = snap ? json_integer_value(snap) : CAPTURE_SNAP_DEFAULT;

	*filter = (struct capture_filter){.directions = WATCH_IN | WATCH_OUT | WATCH_DROP,
	                                  .reason = DROP_REASONS,
	                                  .left = count ? json_integer_value(count) : CAPTURE_COUNT_DEFAULT};
	if (filter->left < 1 || filter->left > CAPTURE_PACKETS_MAX)
		*error = command_error("bad-argument", "'count' takes an integer from 1 to %d", CAPTURE_PACKETS_MAX);
	else if (snap_octets < 64 || snap_octets > WATCH_SNAP_MAX)
		*error = command_error("bad-argument", "'snap_length' takes an integer from 64 to %d", WATCH_SNAP_MAX);
	else if (prefix && !read_prefix(prefix, filter))
		*error = command_error("bad-argument", "'%.60s' is no address or prefix", prefix);
	else if (direction && !read_direction(direction, filter))
		*error = command_error("bad-argument", "'%.60s' is no direction: in, out, drop", direction);
	else if (reason && !read_reason(reason, filter))
		*error = command_error("bad-argument", "'%.60s' is no reason of a drop; `stats show` has their names",
		                       reason);
	else if (reason && direction && !(filter->directions & WATCH_DROP))
		*error = command_error("bad-argument", "a reason is of drops alone");
	if (reason)
		filter->directions = WATCH_DROP;
	filter->snap_octets = (uint16_t)snap_octets;
	return !*error;
}

static int write_head(struct dataplane *dataplane, uint32_t snap_octets)
{
	struct plane_capture *capture = &dataplane->watcher.capture;

	capture->octets = pcapng_begin(capture->file, "kedge-dataplane " KEDGE_VERSION);
	for (unsigned i = 0; i < dataplane->forwarding.port_count; i++)
		capture->octets +=
		        pcapng_interface(capture->file, PCAPNG_ETHERNET, dataplane->ports[i].name, snap_octets);
	capture->octets += pcapng_interface(capture->file, PCAPNG_RAW_IP, "walk", snap_octets);
	return fflush(capture->file) ? -errno : 0;
}

static int create(struct dataplane *dataplane, const char *name, uint32_t snap_octets)
{
	struct plane_capture *capture = &dataplane->watcher.capture;
	char path[PATH_OCTETS];
	int descriptor, result;

	snprintf(path, sizeof(path), "%s/%s", dataplane->configuration.capture_folder, name);
	descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (descriptor < 0)
		return -errno;
	capture->file = fdopen(descriptor, "w");
	if (!capture->file) {
		close(descriptor);
		return -ENOMEM;
	}
	result = write_head(dataplane, snap_octets);
	if (result) {
		fclose(capture->file);
		capture->file = NULL;
	}
	return result;
}

static json_t *show(const struct dataplane *dataplane)
{
	const struct plane_capture *capture = &dataplane->watcher.capture;
	uint64_t lost = 0;

	for (unsigned i = 0; i < dataplane->worker_count; i++)
		lost += shared_load(&dataplane->workers[i]->walk.reports_lost);
	return json_pack("{s:s*, s:s, s:s*, s:o, s:o, s:o}", "file", capture->name[0] ? capture->name : NULL, "state",
	                 capture->file ? (capture->state == WATCH_RUNS ? "runs" : "ends") : "stands", "ended_by",
	                 capture->ended_by, "packets", plane_number(capture->packets), "octets",
	                 plane_number(capture->octets), "lost", plane_number(lost));
}

PLANE_RUN(plane_capture_start)
{
	struct dataplane *dataplane = context;
	struct plane_capture *capture = &dataplane->watcher.capture;
	const char *name = json_string_value(json_object_get(arguments, "file"));
	struct capture_filter filter;
	int result;

	if (!name || !is_file_name(name)) {
		*error = command_error("bad-argument", "'file' takes a name of letters, digits, '.', '_' and '-'");
		return NULL;
	}
	if (!dataplane->configuration.capture_folder[0]) {
		*error = command_error("failed", "the configuration has no capture-folder");
		return NULL;
	}
	if (capture->state != WATCH_FREE) {
		*error = command_error("busy", "the capture into %s %s", capture->name,
		                       capture->state == WATCH_RUNS ? "runs" : "is about to end");
		return NULL;
	}
	if (!read_filter(arguments, &filter, error))
		return NULL;
	*capture = (struct plane_capture){.wanted = (uint64_t)filter.left};
	result = create(dataplane, name, filter.snap_octets);
	if (result) {
		*error = command_error(result == -EEXIST ? "exists" : "failed", "%s/%s: %s",
		                       dataplane->configuration.capture_folder, name, strerror(-result));
		return NULL;
	}
	strcpy(capture->name, name);
	capture->state = WATCH_RUNS;
	dataplane->watcher.shared.capture = filter;
	watcher_begin(dataplane, WATCH_CAPTURE);
	return show(dataplane);
}

PLANE_RUN(plane_capture_stop)
{
	struct dataplane *dataplane = context;

	(void)arguments;
	if (dataplane->watcher.capture.state == WATCH_FREE) {
		*error = command_error("not-found", "no capture runs");
		return NULL;
	}
	capture_end(dataplane, "command");
	return show(dataplane);
}

PLANE_RUN(plane_capture_show)
{
	(void)arguments, (void)error;
	return show(context);
}
