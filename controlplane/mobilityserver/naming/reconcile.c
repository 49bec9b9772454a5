// SPDX-License-Identifier: BSD-3-Clause
/*
 * Zones and store are compared after each transfer (D-13), a slice at a time: what stands in the zone under a marker of
 * ours and is nobody's is removed, and so is a PTR to a name of the forward zone that is ours or does not exist and has
 * another address; what the store wants and the zones do not hold so is written again. All by ordinary requests with
 * their prerequisites, so that whoever was faster keeps what he has.
 */
#include <stdlib.h>

#include "allocation.h"
#include "naming_core.h"

enum {
	SLICE = 64,
	SLICE_PAUSE_MS = 1,
	REPAIRS_MAX = 4 * NAMING_BATCH_MAX, /* under way at once: others' requests come first */
	REPAIRS_PAUSE_MS = 100,
};

static void next_slice(struct timer *timer, const struct instant *now, struct effects *effects);

static bool is_under_way(const struct naming *core, const char *fqdn)
{
	struct name_request *request;

	HASH_FIND(hh, core->by_name, fqdn, strlen(fqdn), request);
	return request != NULL;
}

/* A zone that was lost has many such names. */
static void tell(struct naming *core, const char *what, const char *fqdn, const struct instant *now,
                 struct effects *effects)
{
	uint32_t held_back;

	if (!log_limit_pass(&core->reconciliation.limit, now->monotonic_ms, &held_back))
		return;
	if (held_back)
		effects_log(effects, LOG_LEVEL_NOTICE, "naming", "%u more names did not agree with the store",
		            held_back);
	effects_log(effects, LOG_LEVEL_NOTICE, "naming", "%s %s", fqdn, what);
}

static struct name_request *make(const struct naming *core, const struct naming_request *wanted, const char *marker)
{
	struct name_request *request = allocate(sizeof(*request));

	if (name_request_make(wanted, marker, core->zones[NAMING_FORWARD].zone, core->zones[NAMING_REVERSE].zone,
	                      request)) {
		free(request);
		return NULL;
	}
	request->is_repair = true;
	return request;
}

/* A name with a marker of ours of which the store knows nothing: removed under the marker that stands there. */
static void look_at_name(struct naming *core, const struct zone_name *name, const struct instant *now,
                         struct effects *effects)
{
	struct naming_request orphan = {
	        .kind = NAMING_KIND_DELETE,
	        .fqdn = name->fqdn,
	        .home_address = name->address,
	};
	struct naming_request wanted = {0};
	struct name_request *request;

	if (!name->has_marker || is_under_way(core, name->fqdn) ||
	    core->outlet.wish(core->outlet.context, name->fqdn, &wanted) != NAMING_WISH_NONE)
		return;
	request = make(core, &orphan, name->marker);
	if (!request)
		return;
	core->counters.orphans++;
	tell(core, "stands in the zone, but is nobody's: removed", name->fqdn, now, effects);
	naming_take(core, request, now, effects);
}

static bool has_pointer(const struct naming *core, const char *fqdn)
{
	const struct reconciliation *reconciliation = &core->reconciliation;
	const struct zone_name *name = zone_names_find(&core->names, fqdn);

	return !reconciliation->pointers_known ||
	       (name && name->pointer_generation == reconciliation->pointer_generation);
}

void reconcile_pointers_begin(struct naming *core)
{
	core->reconciliation.pointer_generation++;
	core->reconciliation.pointers_known = false;
	core->reconciliation.stray_count = 0;
}

void reconcile_pointer(struct naming *core, const struct dns_record *record)
{
	struct reconciliation *reconciliation = &core->reconciliation;
	struct wire_reader reader = wire_reader_of_view(record->rdata);
	char target[DNS_NAME_TEXT_OCTETS];
	char reverse_name[REVERSE_NAME_OCTETS];
	const struct zone_name *name;
	struct stray_pointer *stray;

	dns_name_read(&reader, target);
	if (record->type != DNS_TYPE_PTR || !wire_complete(&reader) || strlen(record->owner) >= REVERSE_NAME_OCTETS)
		return;
	name = zone_names_find(&core->names, target);
	if (name && name->has_address) {
		name_request_reverse(&name->address, reverse_name);
		if (strcmp(reverse_name, record->owner) == 0) {
			zone_names_hold_pointer(&core->names, target, reconciliation->pointer_generation);
			return;
		}
	}
	if (reconciliation->stray_count == STRAY_POINTERS_MAX)
		return;
	if (!reconciliation->strays)
		reconciliation->strays = allocate(STRAY_POINTERS_MAX * sizeof(*stray));
	stray = &reconciliation->strays[reconciliation->stray_count++];
	strcpy(stray->reverse_name, record->owner);
	strcpy(stray->target, target);
}

void reconcile_pointers_end(struct naming *core, bool good)
{
	core->reconciliation.pointers_known = good;
	if (!good)
		core->reconciliation.stray_count = 0;
}

/* A PTR without its name: left over unless a saga is at work there, the store wants it so, or the name is another's. */
static void look_at_pointer(struct naming *core, const struct stray_pointer *stray, const struct instant *now,
                            struct effects *effects)
{
	const struct zone_name *name = zone_names_find(&core->names, stray->target);
	struct naming_request left_over = {.kind = NAMING_KIND_DELETE, .fqdn = stray->target};
	struct naming_request wanted = {0};
	struct name_request *request;
	char nobody[OWNER_MARKER_OCTETS] = "";
	enum naming_wish wish;

	if ((name && !name->has_marker) || is_under_way(core, stray->target) ||
	    !name_request_address(stray->reverse_name, &left_over.home_address))
		return;
	wish = core->outlet.wish(core->outlet.context, stray->target, &wanted);
	if (wish == NAMING_WISH_LEAVE ||
	    (wish == NAMING_WISH_HOLD && IN6_ARE_ADDR_EQUAL(&wanted.home_address, &left_over.home_address)))
		return;
	request = make(core, &left_over, nobody);
	if (!request)
		return;
	request->reverse_only = true;
	core->counters.orphans++;
	tell(core, "has a PTR at an address that is not its own: removed", stray->target, now, effects);
	naming_take(core, request, now, effects);
}

static void look_at_wish(struct naming *core, const struct naming_request *wanted, const struct instant *now,
                         struct effects *effects)
{
	struct naming_request wish = *wanted;
	char marker[OWNER_MARKER_OCTETS];
	struct name_request *request;

	if (is_under_way(core, wish.fqdn))
		return;
	wish.kind = NAMING_KIND_CHANGE;
	owner_marker(&core->owner_key, wish.owner_id.bytes, wish.owner_id.octets, marker);
	request = make(core, &wish, marker);
	if (!request)
		return;
	if (zone_name_is_as_wanted(zone_names_find(&core->names, wish.fqdn), request) && has_pointer(core, wish.fqdn)) {
		free(request);
		return;
	}
	core->counters.repairs++;
	tell(core, "does not stand in the zones as the store has it: repaired", request->fqdn, now, effects);
	naming_take(core, request, now, effects);
}

/* False at the end of the phase. */
static bool take_one(struct naming *core, const struct instant *now, struct effects *effects)
{
	struct reconciliation *reconciliation = &core->reconciliation;
	struct naming_request wanted = {0};
	const struct zone_name *name;

	switch (reconciliation->phase) {
	case RECONCILE_ORPHANS:
		name = zone_names_next(&core->names);
		if (name)
			look_at_name(core, name, now, effects);
		return name != NULL;
	case RECONCILE_POINTERS:
		if (!reconciliation->stray_count)
			return false;
		look_at_pointer(core, &reconciliation->strays[--reconciliation->stray_count], now, effects);
		return true;
	case RECONCILE_WISHES:
		if (!core->outlet.next_wish(core->outlet.context, &reconciliation->cursor, &wanted))
			return false;
		look_at_wish(core, &wanted, now, effects);
		return true;
	default:
		return false;
	}
}

static void next_phase(struct reconciliation *reconciliation)
{
	switch (reconciliation->phase) {
	case RECONCILE_ORPHANS:
		reconciliation->phase = RECONCILE_POINTERS;
		break;
	case RECONCILE_POINTERS:
		free(reconciliation->strays);
		reconciliation->strays = NULL;
		reconciliation->phase = RECONCILE_WISHES;
		break;
	default:
		reconciliation->phase = RECONCILE_IDLE;
		break;
	}
}

static void next_slice(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct naming *core = timer_owner(timer, struct naming, reconciliation.timer);
	struct reconciliation *reconciliation = &core->reconciliation;
	uint64_t pause_ms = SLICE_PAUSE_MS;

	for (int i = 0; i < SLICE && reconciliation->phase != RECONCILE_IDLE; i++) {
		if (core->request_count >= REPAIRS_MAX) {
			pause_ms = REPAIRS_PAUSE_MS;
			break;
		}
		if (!take_one(core, now, effects))
			next_phase(reconciliation);
	}
	if (reconciliation->phase != RECONCILE_IDLE)
		timer_arm(core->timers, &reconciliation->timer, now->monotonic_ms + pause_ms, next_slice);
}

void reconcile_start(struct naming *core, const struct instant *now)
{
	struct reconciliation *reconciliation = &core->reconciliation;

	if (!core->outlet.wish || !core->outlet.next_wish)
		return;
	reconciliation->phase = RECONCILE_ORPHANS;
	reconciliation->cursor = 0;
	zone_names_begin(&core->names);
	timer_arm(core->timers, &reconciliation->timer, now->monotonic_ms + SLICE_PAUSE_MS, next_slice);
}

void reconcile_stop(struct naming *core)
{
	timer_disarm(&core->reconciliation.timer);
	free(core->reconciliation.strays);
	core->reconciliation.strays = NULL;
}
