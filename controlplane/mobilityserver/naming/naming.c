// SPDX-License-Identifier: BSD-3-Clause
#include "naming.h"

#include <errno.h>
#include <stdlib.h>

#include "allocation.h"
#include "dns_answer.h"
#include "naming_core.h"

enum {
	BATCH_WAIT_MS = 5,
	PATIENCE_MS = 20000,
	REFRESH_INTERVAL_MS = 60000,
	TRANSFER_INTERVAL_MS = 300000,
	PAUSE_MS = 1000, /* before a server that was silent or failed is tried again */
	PATIENCE_STEP_MS = 500,
	RETIRE_PAUSE_MS = 1,
};

const char *naming_outcome_name(enum naming_outcome outcome)
{
	static const char *const names[] = {
	        [NAMING_OUTCOME_DONE] = "done",
	        [NAMING_OUTCOME_TAKEN] = "taken",
	        [NAMING_OUTCOME_REFUSED] = "refused",
	        [NAMING_OUTCOME_UNKNOWN] = "unknown",
	        [NAMING_OUTCOME_UNSUPPORTED] = "unsupported",
	};

	return names[outcome];
}

/* Requests and their ends */

static void list_append(struct naming *core, struct name_request *request)
{
	request->older = core->newest;
	request->newer = NULL;
	*(core->newest ? &core->newest->newer : &core->oldest) = request;
	core->newest = request;
	core->request_count++;
}

static void list_remove(struct naming *core, struct name_request *request)
{
	*(request->older ? &request->older->newer : &core->oldest) = request->newer;
	*(request->newer ? &request->newer->older : &core->newest) = request->older;
	core->request_count--;
}

static void count_end(struct naming *core, enum naming_outcome outcome)
{
	struct naming_counters *counters = &core->counters;
	uint64_t *const counted[] = {
	        [NAMING_OUTCOME_DONE] = &counters->requests_done,
	        [NAMING_OUTCOME_TAKEN] = &counters->requests_taken,
	        [NAMING_OUTCOME_REFUSED] = &counters->requests_refused,
	        [NAMING_OUTCOME_UNKNOWN] = &counters->requests_unknown,
	        [NAMING_OUTCOME_UNSUPPORTED] = &counters->requests_unsupported,
	};

	++*counted[outcome];
}

/* The next request for the same name may go on now. */
static void release_name(struct naming *core, struct name_request *request, const struct instant *now)
{
	struct name_request *successor = request->successor;

	HASH_DEL(core->by_name, request);
	if (!successor)
		return;
	HASH_ADD_KEYPTR(hh, core->by_name, successor->fqdn, strlen(successor->fqdn), successor);
	batching_enqueue(&core->batching, successor, now->monotonic_ms);
}

/* Takes a waiting request out of the chain behind the one that it waits for. */
static void leave_chain(struct naming *core, struct name_request *request)
{
	struct name_request *at;

	HASH_FIND(hh, core->by_name, request->fqdn, strlen(request->fqdn), at);
	while (at && at->successor != request)
		at = at->successor;
	if (at)
		at->successor = request->successor;
}

/* `request` is in no queue and no batch. */
static void finish(struct naming *core, struct name_request *request, const struct instant *now,
                   struct effects *effects)
{
	if (request->place == PLACE_WAITING)
		leave_chain(core, request);
	else
		release_name(core, request, now);
	list_remove(core, request);
	if (request->undoing)
		core->counters.requests_undone++;
	if (request->is_repair) {
		if (request->outcome != NAMING_OUTCOME_DONE) /* zone and store still disagree: compare again */
			zone_watch_want_later(&core->zones[NAMING_FORWARD], now);
	} else {
		count_end(core, request->outcome);
		core->outlet.done(core->outlet.context, request->token, request->outcome, request->detail, now,
		                  effects);
	}
	free(request);
}

/* What stands in the zone now, if the goal that was just reached tells. */
static void note_reached(struct naming *core, const struct name_request *request)
{
	bool touched = core->zones[NAMING_FORWARD].transferring;

	if (request->goal == GOAL_FORWARD_PRESENT)
		zone_names_hold(&core->names, request, touched);
	else if (request->goal == GOAL_REVERSE_PRESENT)
		zone_names_hold_pointer(&core->names, request->fqdn, core->reconciliation.pointer_generation);
	else if (request->goal == GOAL_FORWARD_ABSENT)
		zone_names_drop(&core->names, request->fqdn, touched);
}

static void proceed(struct naming *core, struct name_request *request, enum name_progress progress,
                    const struct instant *now, struct effects *effects)
{
	if (progress == NAME_GOES_ON)
		batching_enqueue(&core->batching, request, now->monotonic_ms);
	else
		finish(core, request, now, effects);
}

static bool is_out_of_patience(const struct name_request *request, const struct instant *now)
{
	return request->deadline_ms <= now->monotonic_ms;
}

/* Requests that are in no message and have waited long enough end as unknown. */
static void patience_ends(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct naming *core = timer_owner(timer, struct naming, patience_timer);
	struct name_request *request = core->oldest;

	while (request && is_out_of_patience(request, now)) {
		struct name_request *newer = request->newer;

		if (request->place != PLACE_BATCHED) {
			if (request->place == PLACE_READY)
				batching_remove(&core->batching, request);
			name_request_give_up(request, NAMING_OUTCOME_UNKNOWN, "the server is silent");
			finish(core, request, now, effects);
		}
		request = newer;
	}
	if (core->oldest)
		timer_arm(core->timers, &core->patience_timer, now->monotonic_ms + PATIENCE_STEP_MS, patience_ends);
}

void naming_take(struct naming *core, struct name_request *request, const struct instant *now, struct effects *effects)
{
	struct name_request *earlier;

	request->deadline_ms = now->monotonic_ms + core->patience_ms;
	list_append(core, request);
	if (!timer_is_armed(&core->patience_timer))
		timer_arm(core->timers, &core->patience_timer, request->deadline_ms, patience_ends);
	HASH_FIND(hh, core->by_name, request->fqdn, strlen(request->fqdn), earlier);
	if (earlier) {
		request->place = PLACE_WAITING;
		while (earlier->successor)
			earlier = earlier->successor;
		earlier->successor = request;
		return;
	}
	HASH_ADD_KEYPTR(hh, core->by_name, request->fqdn, strlen(request->fqdn), request);
	batching_enqueue(&core->batching, request, now->monotonic_ms);
	naming_turn(core, now, effects);
}

int naming_apply(struct naming *core, const struct naming_request *request, const struct instant *now,
                 struct effects *effects)
{
	struct name_request *made = allocate(sizeof(*made));
	char marker[OWNER_MARKER_OCTETS];
	int result;

	owner_marker(&core->owner_key, request->owner_id.bytes, request->owner_id.octets, marker);
	result = name_request_make(request, marker, core->zones[NAMING_FORWARD].zone, core->zones[NAMING_REVERSE].zone,
	                           made);
	if (result) {
		free(made);
		return result;
	}
	core->counters.requests++;
	naming_take(core, made, now, effects);
	return 0;
}

/* Answers to batches */

static void alarm(struct naming *core, const struct instant *now, struct effects *effects, const char *what,
                  uint64_t number)
{
	char server[ENDPOINT_TEXT_OCTETS];
	uint32_t held_back;

	if (log_limit_pass(&core->alarm_limit, now->monotonic_ms, &held_back))
		effects_log(effects, LOG_LEVEL_ERROR, "naming", "%s: %s %llu",
		            endpoint_format(&core->transaction.server, server), what, (unsigned long long)number);
}

static void batch_taken(struct naming *core, const struct instant *now, struct effects *effects)
{
	struct name_batch *batch = batching_take_sent(&core->batching);

	for (size_t i = 0; i < batch->count; i++) {
		struct name_request *request = batch->requests[i];

		note_reached(core, request);
		proceed(core, request, name_request_succeeded(request), now, effects);
	}
	free(batch);
}

static void halve_batch(struct naming *core)
{
	core->counters.updates_halved++;
	batching_halve(&core->batching);
}

/* D-4 holds for a name that stands alone. */
static void single_failed(struct naming *core, uint8_t rcode, const struct instant *now, struct effects *effects)
{
	struct name_batch *batch = batching_take_sent(&core->batching);
	struct name_request *request = batch->requests[0];
	bool is_alarm = rcode == DNS_REFUSED || rcode == DNS_NOTAUTH || rcode == DNS_NOTZONE;
	bool was_absent_goal = request->goal == GOAL_FORWARD_ABSENT;

	if (is_alarm)
		alarm(core, now, effects, "an update was refused; check its rights there. RCODE", rcode);
	if (was_absent_goal && rcode == DNS_NXRRSET)
		note_reached(core, request);
	proceed(core, request, name_request_failed(request, rcode), now, effects);
	free(batch);
}

/*
 * The whole batch was sent before, and an UPDATE is atomic: if it had happened, all of it would have. So all take their
 * next way together, without looking for a culprit.
 */
static bool advance_together(struct naming *core)
{
	struct name_batch *batch = core->batching.sent;

	for (size_t i = 0; i < batch->count; i++) {
		if (!name_request_has_next_way(batch->requests[i]))
			return false;
	}
	for (size_t i = 0; i < batch->count; i++)
		name_request_next_way(batch->requests[i]);
	batch->repeated = false;
	batching_repeat(&core->batching);
	return true;
}

static void batch_failed(struct naming *core, uint8_t rcode, const struct instant *now, struct effects *effects)
{
	struct name_batch *batch = core->batching.sent;

	if (batch->count == 1) {
		single_failed(core, rcode, now, effects);
	} else if (!batch->repeated || !advance_together(core)) {
		halve_batch(core);
	}
}

/* It may have happened: those who can wait are tried again, and then looked for first (D-4). */
static void batch_unknown(struct naming *core, bool halve, const char *why, const struct instant *now,
                          struct effects *effects)
{
	struct name_batch *batch = core->batching.sent;
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct name_request *request = batch->requests[i];

		if (is_out_of_patience(request, now)) {
			name_request_give_up(request, NAMING_OUTCOME_UNKNOWN, why);
			finish(core, request, now, effects);
		} else {
			name_request_became_uncertain(request);
			batch->requests[kept++] = request;
		}
	}
	batch->repeated = kept == batch->count;
	batch->count = kept;
	if (kept == 0)
		free(batching_take_sent(&core->batching));
	else if (halve && kept > 1)
		halve_batch(core);
	else
		batching_repeat(&core->batching);
	core->pause_until_ms = now->monotonic_ms + PAUSE_MS;
}

/* D-6: stop, alarm. Nothing happened by this message; by an earlier one perhaps. */
static void batch_badtime(struct naming *core, uint64_t server_time_s, const struct instant *now,
                          struct effects *effects)
{
	struct name_batch *batch = batching_take_sent(&core->batching);

	alarm(core, now, effects, "BADTIME: its clock and ours differ; its time is", server_time_s);
	for (size_t i = 0; i < batch->count; i++) {
		struct name_request *request = batch->requests[i];
		bool may_stand = request->uncertain || request->goal == GOAL_REVERSE_PRESENT;

		name_request_give_up(request, may_stand ? NAMING_OUTCOME_UNKNOWN : NAMING_OUTCOME_REFUSED,
		                     "BADTIME: the server's clock and ours differ");
		finish(core, request, now, effects);
	}
	free(batch);
	core->pause_until_ms = now->monotonic_ms + PAUSE_MS;
}

static void note_silence(struct naming *core, bool silent, struct effects *effects)
{
	char server[ENDPOINT_TEXT_OCTETS];

	if (core->server_silent == silent)
		return;
	core->server_silent = silent;
	effects_log(effects, silent ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, "naming", "%s %s",
	            endpoint_format(&core->transaction.server, server),
	            silent ? "is silent; new names wait" : "answers again");
}

static void batch_answered(void *context, const struct dns_answer *answer, const struct instant *now,
                           struct effects *effects)
{
	struct naming *core = context;

	core->answering = true;
	note_silence(core, answer->end == DNS_SILENT, effects);
	if (answer->end == DNS_SILENT) {
		batch_unknown(core, false, "the server is silent", now, effects);
	} else if (answer->end == DNS_BADTIME) {
		batch_badtime(core, answer->server_time_s, now, effects);
	} else if (answer->rcode == DNS_NOERROR) {
		batch_taken(core, now, effects);
	} else if (answer->rcode == DNS_SERVFAIL) {
		core->counters.server_failures++;
		batch_unknown(core, true, "the server fails (SERVFAIL)", now, effects);
	} else {
		batch_failed(core, answer->rcode, now, effects);
	}
	core->answering = false;
	naming_turn(core, now, effects);
}

/* What is sent when */

static void turn_due(struct timer *timer, const struct instant *now, struct effects *effects)
{
	naming_turn(timer_owner(timer, struct naming, turn_timer), now, effects);
}

/* Sends the batch that was formed. A batch that makes too long a message is halved; one name always fits. */
static void send_batch(struct naming *core, const struct instant *now, struct effects *effects)
{
	static const size_t room = DNS_MESSAGE_MAX - TSIG_OCTETS_MAX;
	uint8_t *message = allocate(room);
	struct wire_writer writer = wire_writer_of(message, room);
	const struct name_batch *batch = core->batching.sent;

	if (batching_write(batch, core->zones[batch->zone].zone, &writer) &&
	    dns_transaction_start(&core->transaction, (struct wire_view){message, wire_written(&writer)},
	                          batch_answered, core, now, effects) == 0)
		core->counters.updates_sent++;
	else if (batch->count > 1)
		batching_halve(&core->batching);
	else
		abort(); /* name_request_make() lets no such request pass */
	free(message);
}

void naming_turn(struct naming *core, const struct instant *now, struct effects *effects)
{
	uint64_t due_ms = core->pause_until_ms;

	if (core->answering)
		return;
	while (dns_transaction_is_idle(&core->transaction) && core->pause_until_ms <= now->monotonic_ms) {
		uint64_t check_ms[NAMING_ZONES];

		if (zone_watch_turn(&core->zones[NAMING_FORWARD], &check_ms[NAMING_FORWARD], now, effects) ||
		    zone_watch_turn(&core->zones[NAMING_REVERSE], &check_ms[NAMING_REVERSE], now, effects))
			continue;
		if (batching_next(&core->batching, now->monotonic_ms, core->batch_wait_ms, &due_ms)) {
			send_batch(core, now, effects);
			continue;
		}
		for (int zone = 0; zone < NAMING_ZONES; zone++)
			due_ms = check_ms[zone] < due_ms ? check_ms[zone] : due_ms;
		break;
	}
	if (dns_transaction_is_idle(&core->transaction))
		timer_arm(core->timers, &core->turn_timer, due_ms, turn_due);
	else
		timer_disarm(&core->turn_timer);
}

/* What the zones show */

static bool is_forward(const struct naming *core, const struct zone_watch *watch)
{
	return watch == &core->zones[NAMING_FORWARD];
}

static void zone_begins(void *context, const struct zone_watch *watch)
{
	struct naming *core = context;

	if (!is_forward(core, watch))
		reconcile_pointers_begin(core);
}

static void zone_record(void *context, const struct zone_watch *watch, const struct dns_record *record)
{
	struct naming *core = context;

	if (is_forward(core, watch))
		zone_names_add(core->fresh, watch->zone, record);
	else
		reconcile_pointer(core, record);
}

static void retire_slice(struct timer *timer, const struct instant *now, struct effects *effects);

static void retire_later(struct naming *core, const struct instant *now)
{
	timer_arm(core->timers, &core->retire_timer, now->monotonic_ms + RETIRE_PAUSE_MS, retire_slice);
}

static void retire_slice(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct naming *core = timer_owner(timer, struct naming, retire_timer);
	struct retired_zone *retired = core->retired;
	size_t released = zone_names_release(retired->names, NAMING_SLICE_MAX);

	(void)effects;
	core->counters.names_released += released;
	if (released > core->counters.longest_slice)
		core->counters.longest_slice = released;
	if (!retired->names->count) {
		core->retired = retired->next;
		free(retired->names);
		free(retired);
	}
	if (core->retired)
		retire_later(core, now);
}

/* What `fresh` holds is released by and by; it is empty then. */
static void retire(struct naming *core, const struct instant *now)
{
	struct retired_zone *retired = allocate(sizeof(*retired));

	*retired = (struct retired_zone){core->retired, core->fresh};
	core->retired = retired;
	core->fresh = allocate(sizeof(*core->fresh));
	retire_later(core, now);
}

/* The names first, then the pointers to them, then both are compared with the store. */
static void zone_transferred(void *context, struct zone_watch *watch, bool good, const struct instant *now,
                             struct effects *effects)
{
	struct naming *core = context;

	if (!is_forward(core, watch)) {
		reconcile_pointers_end(core, good);
		if (core->zones[NAMING_FORWARD].is_known)
			reconcile_start(core, now);
	} else if (good) {
		zone_names_replace(&core->names, core->fresh);
		retire(core, now);
		effects_log(effects, LOG_LEVEL_INFO, "naming", "zone %s transferred: %zu names, serial %u", watch->zone,
		            core->names.count, watch->serial);
		zone_watch_want(&core->zones[NAMING_REVERSE], now);
	} else {
		retire(core, now);
	}
}

static void zone_idle(void *context, const struct instant *now, struct effects *effects)
{
	naming_turn(context, now, effects);
}

enum naming_holding naming_holding(const struct naming *core, const char *fqdn, struct wire_view owner_id)
{
	const struct zone_watch *watch = &core->zones[NAMING_FORWARD];
	const struct zone_name *name = zone_names_find(&core->names, fqdn);
	char marker[OWNER_MARKER_OCTETS];

	if (name && name->has_marker) {
		owner_marker(&core->owner_key, owner_id.bytes, owner_id.octets, marker);
		return strcmp(marker, name->marker) == 0 ? NAMING_HOLDING_OURS : NAMING_HOLDING_TAKEN;
	}
	if (name || zone_names_is_below_cut(&core->names, watch->zone, fqdn))
		return NAMING_HOLDING_TAKEN;
	return watch->is_known ? NAMING_HOLDING_FREE : NAMING_HOLDING_UNKNOWN;
}

/* Begin, end, and what the channels bring */

static int canonical_name(const char *name, char canonical[DNS_NAME_TEXT_OCTETS])
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));
	struct wire_reader reader;

	dns_name_write(&writer, name);
	reader = wire_reader_of(wire, wire_written(&writer));
	dns_name_read(&reader, canonical);
	return wire_complete(&reader) && canonical[0] ? 0 : -EINVAL;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static int make_zone(struct naming *core, enum naming_zone zone, const char *name, const struct naming_options *options)
{
	struct zone_watch *watch = &core->zones[zone];

	watch->transfer_channel = options->transfer_channel;
	watch->refresh_interval_ms = or_default(options->refresh_interval_ms, REFRESH_INTERVAL_MS);
	watch->transfer_interval_ms = or_default(options->transfer_interval_ms, TRANSFER_INTERVAL_MS);
	watch->transaction = &core->transaction;
	watch->owner = (struct zone_watch_owner){core, zone_begins, zone_record, zone_transferred, zone_idle};
	watch->check_due_ms = UINT64_MAX; /* until naming_start() */
	return canonical_name(name, watch->zone);
}

struct naming *naming_new(const struct naming_options *options)
{
	struct naming *core = allocate(sizeof(*core));
	uint32_t wait_ms = or_default(options->batch_wait_ms, BATCH_WAIT_MS);

	core->fresh = allocate(sizeof(*core->fresh));
	core->outlet = options->outlet;
	core->key = *options->key;
	core->owner_key = *options->owner_key;
	core->timers = options->timers;
	core->transfer_channel = options->transfer_channel;
	core->batch_wait_ms = wait_ms < NAMING_BATCH_WAIT_MAX_MS ? wait_ms : NAMING_BATCH_WAIT_MAX_MS;
	core->patience_ms = or_default(options->patience_ms, PATIENCE_MS);
	core->transaction.key = &core->key;
	core->transaction.server = options->server;
	core->transaction.datagram_channel = options->datagram_channel;
	core->transaction.stream_channel = options->stream_channel;
	core->transaction.timers = options->timers;
	core->transaction.randomness = options->randomness;
	core->transaction.counters = &core->counters;
	if (make_zone(core, NAMING_FORWARD, options->forward_zone, options) ||
	    make_zone(core, NAMING_REVERSE, options->reverse_zone, options)) {
		naming_free(core);
		return NULL;
	}
	return core;
}

void naming_set_key(struct naming *core, const struct tsig_key *key)
{
	secret_wipe(&core->key.secret);
	core->key = *key;
}

static void retire_all(struct naming *core)
{
	while (core->retired) {
		struct retired_zone *retired = core->retired;

		core->retired = retired->next;
		zone_names_release(retired->names, SIZE_MAX);
		free(retired->names);
		free(retired);
	}
	zone_names_release(&core->names, SIZE_MAX);
	zone_names_release(core->fresh, SIZE_MAX);
	free(core->fresh);
}

void naming_free(struct naming *core)
{
	if (!core)
		return;
	dns_transaction_stop(&core->transaction);
	zone_watch_stop(&core->zones[NAMING_FORWARD]);
	zone_watch_stop(&core->zones[NAMING_REVERSE]);
	timer_disarm(&core->turn_timer);
	timer_disarm(&core->patience_timer);
	reconcile_stop(core);
	batching_free(&core->batching);
	HASH_CLEAR(hh, core->by_name);
	while (core->oldest) {
		struct name_request *request = core->oldest;

		core->oldest = request->newer;
		free(request);
	}
	timer_disarm(&core->retire_timer);
	retire_all(core);
	secret_wipe(&core->key.secret);
	secret_wipe(&core->owner_key);
	free(core);
}

void naming_start(struct naming *core, const struct instant *now, struct effects *effects)
{
	for (int zone = 0; zone < NAMING_ZONES; zone++)
		core->zones[zone].check_due_ms = now->monotonic_ms;
	naming_turn(core, now, effects);
}

void naming_reconcile(struct naming *core, const struct instant *now, struct effects *effects)
{
	zone_watch_want(&core->zones[NAMING_FORWARD], now);
	naming_turn(core, now, effects);
}

void naming_datagram(struct naming *core, uint16_t channel, const struct endpoint *from, const void *bytes,
                     size_t octets, const struct instant *now, struct effects *effects)
{
	(void)channel;
	dns_transaction_received(&core->transaction, from, (struct wire_view){bytes, octets}, now, effects);
}

/* The zone whose transfer is under way; there is one at a time. */
static struct zone_watch *transferring(struct naming *core)
{
	return &core->zones[core->zones[NAMING_REVERSE].transferring ? NAMING_REVERSE : NAMING_FORWARD];
}

void naming_stream_message(struct naming *core, uint16_t channel, const struct endpoint *from, const void *bytes,
                           size_t octets, const struct instant *now, struct effects *effects)
{
	struct wire_view message = {bytes, octets};

	if (channel != core->transfer_channel)
		dns_transaction_received(&core->transaction, from, message, now, effects);
	else if (!endpoint_equal(from, &core->transaction.server))
		core->counters.answers_foreign++;
	else
		zone_watch_received(transferring(core), message, now, effects);
}

void naming_stream_failed(struct naming *core, uint16_t channel, const struct endpoint *peer, int error,
                          const struct instant *now, struct effects *effects)
{
	(void)peer;
	if (channel == core->transfer_channel)
		zone_watch_stream_failed(transferring(core), error, now, effects);
	else
		dns_transaction_stream_failed(&core->transaction, now, effects);
}

struct naming_view naming_view(const struct naming *core)
{
	const struct zone_watch *watch = &core->zones[NAMING_FORWARD];

	return (struct naming_view){
	        .server_silent = core->server_silent,
	        .zone_known = watch->is_known,
	        .zone_serial = watch->serial,
	        .names = core->names.count,
	        .requests = core->request_count,
	};
}

const struct naming_counters *naming_counters(const struct naming *core)
{
	return &core->counters;
}
