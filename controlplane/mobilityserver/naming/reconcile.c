// SPDX-License-Identifier: BSD-3-Clause
/*
 * Zone and store are compared after each transfer (D-13), a slice at a time: what stands in the zone under a marker of
 * ours and is nobody's is removed, what the store wants and the zone does not hold so is written again. All by ordinary
 * requests with their prerequisites, so that whoever was faster keeps what he has.
 */
#include <stdlib.h>

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

static struct name_request *make(const struct naming *core, const struct naming_request *wanted, const char *marker)
{
	struct name_request *request = malloc(sizeof(*request));

	if (!request)
		abort();
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
	effects_log(effects, LOG_LEVEL_NOTICE, "naming", "%s stands in the zone, but is nobody's: removed", name->fqdn);
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
	if (zone_name_is_as_wanted(zone_names_find(&core->names, wish.fqdn), request)) {
		free(request);
		return;
	}
	core->counters.repairs++;
	effects_log(effects, LOG_LEVEL_NOTICE, "naming", "the zone does not hold %s as the store has it: repaired",
	            request->fqdn);
	naming_take(core, request, now, effects);
}

/* False at the end of the phase. */
static bool take_one(struct naming *core, const struct instant *now, struct effects *effects)
{
	struct reconciliation *reconciliation = &core->reconciliation;

	if (reconciliation->phase == RECONCILE_ORPHANS) {
		const struct zone_name *name = zone_names_next(&core->names);

		if (name)
			look_at_name(core, name, now, effects);
		return name != NULL;
	} else {
		struct naming_request wanted = {0};
		bool more = core->outlet.next_wish(core->outlet.context, &reconciliation->cursor, &wanted);

		if (more)
			look_at_wish(core, &wanted, now, effects);
		return more;
	}
}

static void next_slice(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct naming *core = (struct naming *)((char *)timer - offsetof(struct naming, reconciliation.timer));
	struct reconciliation *reconciliation = &core->reconciliation;
	uint64_t pause_ms = SLICE_PAUSE_MS;

	for (int i = 0; i < SLICE && reconciliation->phase != RECONCILE_IDLE; i++) {
		if (core->request_count >= REPAIRS_MAX) {
			pause_ms = REPAIRS_PAUSE_MS;
			break;
		}
		if (!take_one(core, now, effects))
			reconciliation->phase =
			        reconciliation->phase == RECONCILE_ORPHANS ? RECONCILE_WISHES : RECONCILE_IDLE;
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
