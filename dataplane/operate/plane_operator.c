// SPDX-License-Identifier: BSD-3-Clause
#include "plane_operator.h"

#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "address_text.h"

const struct dataplane_command plane_commands[] = {
        {.name = "dataplane show", .run = plane_show, .arguments = ""},
        {.name = "dataplane drain", .operates = true, .run = plane_drain, .arguments = ""},
        {.name = "dataplane undrain", .operates = true, .run = plane_undrain, .arguments = ""},
        {.name = "dataplane bindings", .run = plane_bindings, .arguments = "address keys limit after"},
        {.name = "dataplane drops", .run = plane_drops, .arguments = "address limit"},
        {.name = "stats show", .run = plane_stats, .arguments = ""},
        {.name = "trace start", .operates = true, .run = plane_trace_start, .arguments = "address count seconds"},
        {.name = "trace read",
         .operates = true,
         .is_repeated = true,
         .run = plane_trace_read,
         .arguments = "trace after"},
        {.name = "trace stop", .operates = true, .run = plane_trace_stop, .arguments = "trace"},
        {.name = "capture start",
         .operates = true,
         .run = plane_capture_start,
         .arguments = "file prefix direction reason count snap_length"},
        {.name = "capture stop", .operates = true, .run = plane_capture_stop, .arguments = ""},
        {.name = "capture show", .run = plane_capture_show, .arguments = ""},
        {.name = "config check", .run = plane_config_check, .arguments = ""},
        {.name = "log level", .operates = true, .run = plane_log_level_command, .arguments = "level"},
};
const unsigned plane_command_count = sizeof(plane_commands) / sizeof(plane_commands[0]);

void plane_audit(void *context, const struct dataplane_command *command, const char *result)
{
	struct dataplane *dataplane = context;

	plane_log(&dataplane->log, command->operates && !command->is_repeated ? PLANE_LOG_NOTICE : PLANE_LOG_DEBUG,
	          "command '%s': %s", command->name, result);
}

bool plane_limit(const json_t *arguments, json_int_t *limit, json_t **error)
{
	const json_t *value = json_object_get(arguments, "limit");

	*limit = value ? json_integer_value(value) : PLANE_PAGE_DEFAULT;
	if (*limit >= 1 && *limit <= PLANE_PAGE_MAX)
		return true;
	*error = command_error("bad-argument", "'limit' takes an integer from 1 to %d", PLANE_PAGE_MAX);
	return false;
}

bool plane_address(const json_t *arguments, bool *given, struct in6_addr *address, json_t **error)
{
	const json_t *value = json_object_get(arguments, "address");
	const char *text = json_string_value(value);

	*given = value != NULL;
	if (!value || (text && address_from_text(text, address)))
		return true;
	*error = command_error("bad-argument", "'%.60s' is no address", text ? text : "this");
	return false;
}

bool plane_key_of(const struct dataplane *dataplane, const struct in6_addr *address, struct in6_addr *key,
                  uint8_t *length)
{
	const struct service_prefix *prefix = service_prefix_of(&dataplane->forwarding.prefixes, address);

	if (!prefix)
		return false;
	service_prefix_key(prefix, address, key);
	*length = prefix->key_length;
	return true;
}

const char *plane_key_text(const struct dataplane *dataplane, const struct in6_addr *key, char text[KEY_TEXT_OCTETS])
{
	struct in6_addr same;
	uint8_t length = 128;

	(void)plane_key_of(dataplane, key, &same, &length);
	return prefix_to_text(key, length, text);
}

json_t *plane_number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *plane_address_text(const struct in6_addr *address)
{
	char text[ADDRESS_TEXT_OCTETS];

	return json_string(address_to_text(address, text));
}

json_t *plane_time(const struct dataplane *dataplane, uint64_t walk_ms)
{
	uint64_t passed_ms = dataplane_ms_of(dataplane, rte_rdtsc()) - walk_ms;
	char text[32];
	struct tm parts;
	time_t then;

	then = time(NULL) - (time_t)(passed_ms / 1000);
	gmtime_r(&then, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	return json_string(text);
}

void plane_sum_counters(const struct dataplane *dataplane, struct walk_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	walk_counters_add(sum, &dataplane->main_counters);
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		walk_counters_add(sum, &dataplane->workers[i]->counters);
}

json_t *plane_drop_counters(const struct walk_counters *counters)
{
	json_t *drops = json_object();

	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (counters->drops[i])
			json_object_set_new(drops, drop_name((enum drop_reason)i), plane_number(counters->drops[i]));
	return drops;
}

/* What a reload would say of a key. */
static void tell_difference(void *context, const char *path, bool is_live)
{
	json_array_append_new(json_object_get(context, is_live ? "live" : "restart"), json_string(path));
}

PLANE_RUN(plane_config_check)
{
	const struct dataplane *dataplane = context;
	struct dataplane_configuration configuration;
	char fault[ERROR_OCTETS];
	json_t *answer;

	(void)arguments;
	if (configuration_read(dataplane->configuration_file, &configuration, fault)) {
		*error = command_error("failed", "%s", fault);
		return NULL;
	}
	answer = json_pack("{s:s, s:s, s:[], s:[]}", "file", dataplane->configuration_file, "result", "right", "live",
	                   "restart");
	configuration_compare(&dataplane->configuration, &configuration, tell_difference, answer);
	return answer;
}

PLANE_RUN(plane_log_level_command)
{
	struct dataplane *dataplane = context;
	const json_t *level = json_object_get(arguments, "level");
	const char *name = json_string_value(level);

	if (level && (!name || plane_log_level_parse(name, &dataplane->log.level))) {
		*error = command_error("bad-argument", "'%.60s' is no log level", name ? name : "this");
		json_object_set_new(*error, "expected",
		                    json_pack("[s, s, s, s, s]", "error", "warning", "notice", "info", "debug"));
		return NULL;
	}
	return json_pack("{s:s}", "level", plane_log_level_name(dataplane->log.level));
}
