// SPDX-License-Identifier: BSD-3-Clause
#include "operate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "configuration.h"
#include "subscriber_file.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = COMMAND_ROWS_MAX };

/* The outcome of a change, when it is durable. */
static void changed(void *context, uint64_t ticket, const struct subscriber_change_result *result,
                    const struct instant *now, struct effects *effects)
{
	struct operate *operate = context;
	char text[96];

	(void)now, (void)effects;
	if (result->result) {
		command_fail(operate->commands, ticket, "failed", NULL, "the store refused it: %s",
		             strerror(-result->result));
		return;
	}
	snprintf(text, sizeof(text), "%zu created, %zu changed, %zu unchanged", result->created, result->changed,
	         result->unchanged);
	command_reply(operate->commands, ticket,
	              json_pack("{s:I, s:I, s:I, s:s}", "created", (json_int_t)result->created, "changed",
	                        (json_int_t)result->changed, "unchanged", (json_int_t)result->unchanged, "summary",
	                        text));
}

static void run_import(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                       struct effects *effects)
{
	struct operate *operate = context;
	struct subscriber_record *records;
	const char *file, *content;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS];
	size_t count;

	if (!command_text(operate->commands, ticket, arguments, "file", true, &file) ||
	    !command_text(operate->commands, ticket, arguments, "content", true, &content))
		return;
	if (subscriber_file_read(file, content, operate->table->wrap_key, operate->table->randomness, &records, &count,
	                         error)) {
		command_fail(operate->commands, ticket, "bad-argument", NULL, "%s", error);
		return;
	}
	subscriber_table_put(operate->table, records, count, changed, operate, ticket, now, effects);
	subscriber_file_free(records, count);
}

/* The subscriber that `imsi` names, or a failed ticket. */
static struct subscriber *named(struct operate *operate, uint64_t ticket, json_t *arguments)
{
	struct subscriber *subscriber;
	const char *imsi;

	if (!command_text(operate->commands, ticket, arguments, "imsi", true, &imsi))
		return NULL;
	subscriber = subscriber_table_find(operate->table, imsi);
	if (!subscriber)
		command_fail(operate->commands, ticket, "not-found", NULL, "no subscriber has the IMSI %s", imsi);
	return subscriber;
}

static void put_one(struct operate *operate, uint64_t ticket, json_t *object, const struct subscriber_record *base,
                    const struct instant *now, struct effects *effects)
{
	struct subscriber_record record;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS];

	if (subscriber_record_read(object, base, operate->table->wrap_key, operate->table->randomness, &record,
	                           error)) {
		command_fail(operate->commands, ticket, "bad-argument", NULL, "%s", error);
		return;
	}
	subscriber_table_put(operate->table, &record, 1, changed, operate, ticket, now, effects);
}

static void run_add(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                    struct effects *effects)
{
	struct operate *operate = context;
	const char *imsi;

	if (!command_text(operate->commands, ticket, arguments, "imsi", true, &imsi))
		return;
	if (subscriber_table_find(operate->table, imsi)) {
		command_fail(operate->commands, ticket, "exists", NULL,
		             "%s is there already; 'subscriber set' changes him", imsi);
		return;
	}
	put_one(operate, ticket, arguments, NULL, now, effects);
}

static void run_set(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                    struct effects *effects)
{
	struct operate *operate = context;
	struct subscriber *subscriber = named(operate, ticket, arguments);

	if (subscriber)
		put_one(operate, ticket, arguments, &subscriber->record, now, effects);
}

static void set_barred(struct operate *operate, uint64_t ticket, json_t *arguments, bool barred,
                       const struct instant *now, struct effects *effects)
{
	struct subscriber *subscriber = named(operate, ticket, arguments);
	json_t *object;

	if (!subscriber)
		return;
	object = json_pack("{s:b}", "barred", barred);
	put_one(operate, ticket, object, &subscriber->record, now, effects);
	json_decref(object);
}

static void run_bar(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                    struct effects *effects)
{
	set_barred(context, ticket, arguments, true, now, effects);
}

static void run_unbar(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                      struct effects *effects)
{
	set_barred(context, ticket, arguments, false, now, effects);
}

static void run_delete(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                       struct effects *effects)
{
	struct operate *operate = context;
	struct subscriber *subscriber = named(operate, ticket, arguments);

	if (subscriber)
		subscriber_table_delete(operate->table, subscriber->record.imsi, changed, operate, ticket, now,
		                        effects);
}

static json_t *show(const struct subscriber *subscriber)
{
	json_t *row = subscriber_record_show(&subscriber->record);

	if (subscriber->last_outcome[0]) {
		json_object_set_new(row, "last_run", json_string(subscriber->last_outcome));
		json_object_set_new(row, "last_run_unix_ms", json_integer((json_int_t)subscriber->last_run_unix_ms));
	}
	return row;
}

static void run_show(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                     struct effects *effects)
{
	struct operate *operate = context;
	struct subscriber *subscriber;
	const char *after, *imsi;
	const char *last = NULL;
	long long limit;
	json_t *rows, *body;

	(void)now, (void)effects;
	if (!command_text(operate->commands, ticket, arguments, "imsi", false, &imsi) ||
	    !command_text(operate->commands, ticket, arguments, "after", false, &after) ||
	    !command_integer(operate->commands, ticket, arguments, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &limit))
		return;
	rows = json_array();
	if (imsi) {
		subscriber = named(operate, ticket, arguments);
		if (!subscriber) {
			json_decref(rows);
			return;
		}
		json_array_append_new(rows, show(subscriber));
		command_reply(operate->commands, ticket, json_pack("{s:o}", "rows", rows));
		return;
	}
	subscriber = subscriber_table_next(operate->table, after ? after : "");
	for (; subscriber && (long long)json_array_size(rows) < limit;
	     subscriber = subscriber_table_next(operate->table, last)) {
		json_array_append_new(rows, show(subscriber));
		last = subscriber->record.imsi;
	}
	body = json_pack("{s:o}", "rows", rows);
	if (subscriber && last)
		json_object_set_new(body, "next", json_string(last));
	command_reply(operate->commands, ticket, body);
}

#define COUNTER(name, help) json_object_set_new(object, #name, json_integer((json_int_t)counters->name));

static json_t *radius_stats(const struct radius_server_counters *counters)
{
	json_t *object = json_object();

	RADIUS_SERVER_COUNTERS(COUNTER)
	return object;
}

static json_t *eap_stats(const struct eap_server_counters *counters)
{
	json_t *object = json_object();

	EAP_SERVER_COUNTERS(COUNTER)
	return object;
}

static json_t *centre_stats(const struct authentication_centre_counters *counters)
{
	json_t *object = json_object();

	AUTHENTICATION_CENTRE_COUNTERS(COUNTER)
	return object;
}

static json_t *process_stats(struct operate *operate)
{
	struct loop_counters loop = loop_counters(operate->loop);
	struct sqlite_store_counters store = sqlite_store_counters(operate->store);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "subscribers",
	                 (json_int_t)subscriber_table_count(operate->table), "longest_turn_us",
	                 (json_int_t)loop.longest_turn_us, "turns_over_5_ms", (json_int_t)loop.turns_over_5_ms,
	                 "turns_preempted", (json_int_t)loop.turns_preempted, "commits", (json_int_t)store.commits,
	                 "commits_failed", (json_int_t)store.commits_failed, "longest_commit_us",
	                 (json_int_t)store.longest_commit_us);
}

static void run_stats(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                      struct effects *effects)
{
	struct operate *operate = context;

	(void)arguments, (void)now, (void)effects;
	command_reply(operate->commands, ticket,
	              json_pack("{s:o, s:o, s:o, s:o}", "radius", radius_stats(&operate->radius->counters), "eap",
	                        eap_stats(&operate->eap->counters), "authentication_centre",
	                        centre_stats(&operate->centre->counters), "process", process_stats(operate)));
}

static void run_config_check(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                             struct effects *effects)
{
	struct operate *operate = context;
	char error[CONFIGURATION_ERROR_OCTETS];

	(void)arguments, (void)now, (void)effects;
	if (operate->check_configuration(operate->configuration_file, error, sizeof(error)))
		command_fail(operate->commands, ticket, "failed", NULL, "%s", error);
	else
		command_reply(operate->commands, ticket,
		              json_pack("{s:s, s:s}", "file", operate->configuration_file, "result", "right"));
}

void operate_commands(struct operate *operate, struct command commands[OPERATE_COMMANDS])
{
	static const char fields[] =
	        "imsi k opc op amf methods sqn name postal_address msisdn services name_policy name_consent "
	        "ambr_down_bps ambr_up_bps";
	const struct command table[OPERATE_COMMANDS] = {
	        {.name = "subscriber import", .operates = true, .run = run_import, .arguments = "file content"},
	        {.name = "subscriber add", .operates = true, .run = run_add, .arguments = fields},
	        {.name = "subscriber set", .operates = true, .run = run_set, .arguments = fields},
	        {.name = "subscriber bar", .operates = true, .run = run_bar, .arguments = "imsi"},
	        {.name = "subscriber unbar", .operates = true, .run = run_unbar, .arguments = "imsi"},
	        {.name = "subscriber delete",
	         .operates = true,
	         .run = run_delete,
	         .arguments = "imsi",
	         .dangerous = true},
	        {.name = "subscriber show", .run = run_show, .arguments = "imsi limit after"},
	        {.name = "stats show", .run = run_stats, .arguments = ""},
	        {.name = "config check", .run = run_config_check, .arguments = ""},
	};

	for (size_t i = 0; i < OPERATE_COMMANDS; i++) {
		commands[i] = table[i];
		commands[i].context = operate;
	}
}
