// SPDX-License-Identifier: BSD-3-Clause
/*
 * movement - decides which of the node's addresses is its care-of address (N-3): that of the most preferred interface,
 * by the configuration's order or else by the metric of its default route; a better interface must have stood for a
 * while before a working one is left, a lost one is left at once.
 *
 * A core: what netlink_watch reports goes in, the choice comes out. Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_MOVEMENT_H
#define KEDGE_MOBILENODE_MOVEMENT_H

#include <net/if.h>
#include <netinet/in.h>

#include "effects.h"
#include "timer_wheel.h"

enum { MOVEMENT_INTERFACES_MAX = 8, MOVEMENT_PLACES_MAX = 32 };

/* One usable address: global, DAD done, not deprecated, its link up and with a default route. */
struct movement_place {
	unsigned interface; /* index */
	char name[IFNAMSIZ];
	struct in6_addr address;
	uint8_t prefix_length;
	uint32_t metric; /* of the interface's best default route */
};

struct movement_settings {
	char interfaces[MOVEMENT_INTERFACES_MAX][IFNAMSIZ]; /* the most preferred first */
	size_t interface_count;                             /* 0: any */
	uint32_t hysteresis_ms;
};

struct movement_outlet {
	void *context;
	/* NULL: nowhere. */
	void (*moved)(void *context, const struct movement_place *place, const struct instant *now,
	              struct effects *effects);
};

struct movement;

struct movement *movement_new(const struct movement_settings *settings, const struct movement_outlet *outlet,
                              struct timer_wheel *timers);
void movement_free(struct movement *movement);

/* All usable addresses as they are now, home and tunnel addresses left out. */
void movement_places(struct movement *movement, const struct movement_place *places, size_t count,
                     const struct instant *now, struct effects *effects);

/* NULL: nowhere. */
const struct movement_place *movement_current(const struct movement *movement);

#endif
