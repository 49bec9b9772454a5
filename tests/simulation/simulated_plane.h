// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulated_plane - a data plane: the real feed receiver and binding table, punting, injected packets that wait for
 * their version ("not before", 50 ms at most), and of the packets' walk the two questions that decide about traffic.
 */
#ifndef KEDGE_TESTS_SIMULATED_PLANE_H
#define KEDGE_TESTS_SIMULATED_PLANE_H

#include "receiving_end.h"
#include "virtual_time.h"

enum { PLANE_KEYS_MAX = 64 };

struct plane_outlet {
	void *context;
	void (*ask)(void *context, unsigned plane, struct wire_view frame);
	void (*deliver)(void *context, const uint8_t *packet, size_t octets); /* towards its destination */
	void (*broken)(void *context, const char *what);                      /* an invariant */
};

/* The newest version of a key that this plane has ever applied, and whether it is there. */
struct plane_key {
	struct in6_addr key;
	struct feed_version newest;
	bool is_there;
};

struct simulated_plane {
	unsigned number;
	struct virtual_time *time;
	struct plane_outlet outlet;
	struct receiving_end end;
	uint64_t life;
	struct plane_key keys[PLANE_KEYS_MAX];
	size_t key_count;
	uint32_t too_late; /* injected packets that left without their version */
};

void simulated_plane_start(struct simulated_plane *plane, unsigned number, struct virtual_time *time,
                           const struct plane_outlet *outlet);
void simulated_plane_end(struct simulated_plane *plane);

/* All its memory is gone; it begins anew and is without bindings until it has caught up. */
void simulated_plane_restart(struct simulated_plane *plane);

void simulated_plane_feed(struct simulated_plane *plane, const struct wire_view *frames, size_t count);
void simulated_plane_catch_up(struct simulated_plane *plane, const struct wire_view *frames, size_t count);
void simulated_plane_disconnected(struct simulated_plane *plane);
void simulated_plane_inject(struct simulated_plane *plane, uint8_t shard, struct feed_version not_before,
                            const void *packet, size_t octets);

/* The care-of address of a key, expired or not; false when there is none. */
bool simulated_plane_find(const struct simulated_plane *plane, const struct in6_addr *key,
                          struct in6_addr *care_of_address);

/* Whether a tunnelled packet from `care_of_address` with the inner source `home_address` goes on (uplink.c). */
bool simulated_plane_lets_up(const struct simulated_plane *plane, const struct in6_addr *home_address,
                             const struct in6_addr *care_of_address);
/* Where traffic for `home_address` is tunnelled to (downlink.c); false: it is dropped. */
bool simulated_plane_lets_down(const struct simulated_plane *plane, const struct in6_addr *home_address,
                               struct in6_addr *care_of_address);

size_t simulated_plane_count(const struct simulated_plane *plane);

#endif
