// SPDX-License-Identifier: BSD-3-Clause
/* policing - the rates of one subscriber (session AMBR): a single-rate three-colour marker a direction, RFC 2697. */
#include "extras.h"
#include "walk.h"

static bool takes(const struct walk *walk, const struct packet *packet, bool is_up)
{
	const struct binding_side *side = binding_table_side(walk->forwarding->table, packet->entry);
	struct binding_police *police = side ? shared_acquire(&side->police) : NULL;
	uint16_t octets = is_up ? packet->inner_octets : packet->octets;

	return !police || policer_takes(is_up ? &police->up : &police->down, walk->now_ms, octets);
}

bool police_up(struct walk *walk, struct packet *packet)
{
	if (takes(walk, packet, true))
		return true;
	packet_drop(walk, packet, DROP_rate_exceeded_up);
	return false;
}

bool police_down(struct walk *walk, struct packet *packet)
{
	if (takes(walk, packet, false))
		return true;
	packet_drop(walk, packet, DROP_rate_exceeded_down);
	return false;
}
