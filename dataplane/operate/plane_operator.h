// SPDX-License-Identifier: BSD-3-Clause
/*
 * plane_operator - what operators can ask of a data plane; one file a noun. Bodies are documented in docs/operation.md.
 *
 * Thread: the main core's.
 */
#ifndef KEDGE_DATAPLANE_PLANE_OPERATOR_H
#define KEDGE_DATAPLANE_PLANE_OPERATOR_H

#include "command.h"
#include "dataplane.h"
#include "metrics_text.h"

enum { PLANE_PAGE_DEFAULT = 100, PLANE_PAGE_MAX = COMMAND_ROWS_MAX, KEY_TEXT_OCTETS = INET6_ADDRSTRLEN + 8 };

extern const struct dataplane_command plane_commands[];
extern const unsigned plane_command_count;

/* Logs what was asked; for command_socket_open(). */
command_audit plane_audit;

#define PLANE_RUN(name) json_t *name(void *context, json_t *arguments, json_t **error)
PLANE_RUN(plane_show);
PLANE_RUN(plane_drain);
PLANE_RUN(plane_undrain);
PLANE_RUN(plane_bindings);
PLANE_RUN(plane_drops);
PLANE_RUN(plane_stats);
PLANE_RUN(plane_trace_start);
PLANE_RUN(plane_trace_read);
PLANE_RUN(plane_trace_stop);
PLANE_RUN(plane_capture_start);
PLANE_RUN(plane_capture_stop);
PLANE_RUN(plane_capture_show);
PLANE_RUN(plane_config_check);
PLANE_RUN(plane_log_level_command);

/* An argument `limit` from 1 to PLANE_PAGE_MAX; false with *error. */
bool plane_limit(const json_t *arguments, json_int_t *limit, json_t **error);

/* The argument `address` if it is there; false with *error when it is no address. */
bool plane_address(const json_t *arguments, bool *given, struct in6_addr *address, json_t **error);

/* The key of the service prefix that holds an address, and its length; false when it is in none. */
bool plane_key_of(const struct dataplane *dataplane, const struct in6_addr *address, struct in6_addr *key,
                  uint8_t *length);

/* "2001:db8::/64" of the service prefix that a key belongs to. */
const char *plane_key_text(const struct dataplane *dataplane, const struct in6_addr *key, char text[KEY_TEXT_OCTETS]);

/* Counters and addresses as JSON; new references. */
json_t *plane_number(uint64_t value);
json_t *plane_address_text(const struct in6_addr *address);

/* A moment of the walk's clock as ISO 8601 in UTC. */
json_t *plane_time(const struct dataplane *dataplane, uint64_t walk_ms);

/* How many rows of the feed the table lacks. */
uint64_t plane_rows_behind(const struct dataplane *dataplane);

/* metrics.c: for metrics_socket_open(). */
metrics_write plane_metrics;

/* telemetry.c: /kedge/... in DPDK's telemetry. 0 or -1. */
int plane_telemetry_register(const struct dataplane *dataplane);

/* All workers and the main core together. */
void plane_sum_counters(const struct dataplane *dataplane, struct walk_counters *sum);
json_t *plane_drop_counters(const struct walk_counters *counters);

/*
 * What was dropped last, of one key or (NULL) of all, newest first, at most `limit` rows: key, reason, packets, last,
 * age_s, meaning.
 */
json_t *plane_last_drops(const struct dataplane *dataplane, const struct in6_addr *key, size_t limit);

#endif
