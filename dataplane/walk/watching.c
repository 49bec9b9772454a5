// SPDX-License-Identifier: BSD-3-Clause
/*
 * watching - the workers' side of watch.h. A traced packet takes the same steps as any other; around each of them the
 * counters and what the packet is are compared, so that no step knows of it.
 */
#include <errno.h>

#include "walk.h"

enum { LAYERS_MAX = 2 };

/* Hands a report with the first octets of a packet to the main core; what finds no room is counted. */
static void tell(struct walk *walk, struct watch_report *report, const uint8_t *bytes, uint16_t octets, uint16_t snap)
{
	uint16_t kept = octets < snap ? octets : snap;
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(walk->pool);
	char *place = NULL;

	if (buffer && rte_pktmbuf_tailroom(buffer) >= sizeof(*report)) {
		uint16_t room = (uint16_t)(rte_pktmbuf_tailroom(buffer) - sizeof(*report));

		report->kept = kept < room ? kept : room;
		place = rte_pktmbuf_append(buffer, (uint16_t)(sizeof(*report) + report->kept));
	}
	if (place) {
		report->octets = octets;
		report->now_ms = walk->now_ms;
		memcpy(place, report, sizeof(*report));
		if (report->kept)
			memcpy(place + sizeof(*report), bytes, report->kept);
		if (rte_ring_enqueue(walk->reports, buffer) == 0)
			return;
	}
	rte_pktmbuf_free(buffer);
	counter_add(&walk->reports_lost, 1);
}

/* Captures */

static bool is_in(const struct in6_addr *address, const struct capture_filter *filter)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return (((words[0] ^ filter->value[0]) & filter->mask[0]) |
	        ((words[1] ^ filter->value[1]) & filter->mask[1])) == 0;
}

/* What is behind an IP header that the fixed one does not tell: extension headers, IPv4, UDP. */
static bool next_layer(const uint8_t **ip, size_t *octets, const struct capture_filter *filter, bool *is_found)
{
	struct ip_packet parsed;

	if (ip_packet_read(*ip, *octets, &parsed))
		return false;
	*is_found = is_in(&parsed.source, filter) || is_in(&parsed.destination, filter);
	*ip = parsed.payload.bytes;
	*octets = parsed.payload.octets;
	if (parsed.protocol == NEXT_HEADER_UDP) {
		struct wire_reader reader = wire_reader_of(*ip, *octets);
		uint16_t source = wire_read_u16(&reader), destination = wire_read_u16(&reader);

		if (reader.failed || *octets < UDP_HEADER_OCTETS ||
		    (source != UDP_PORT_DSMIPV6 && destination != UDP_PORT_DSMIPV6))
			return false;
		*ip += UDP_HEADER_OCTETS;
		*octets -= UDP_HEADER_OCTETS;
		return true;
	}
	return parsed.protocol == NEXT_HEADER_IPV6 || parsed.protocol == NEXT_HEADER_IPV4;
}

/* Outer and inner addresses count. */
static bool has_address(const uint8_t *ip, size_t octets, const struct capture_filter *filter)
{
	for (unsigned layer = 0; layer < LAYERS_MAX; layer++) {
		struct wire_reader reader = wire_reader_of(ip, octets);
		struct ipv6_header header;
		bool is_found = false;

		ipv6_header_read(&reader, &header);
		if (!reader.failed && (is_in(&header.source, filter) || is_in(&header.destination, filter)))
			return true;
		if (!reader.failed && header.next_header == NEXT_HEADER_IPV6) {
			ip = reader.at;
			octets = wire_remaining(&reader);
		} else if (!reader.failed &&
		           (header.next_header == NEXT_HEADER_TCP || header.next_header == NEXT_HEADER_ICMPV6)) {
			return false;
		} else if (!next_layer(&ip, &octets, filter, &is_found) || is_found) {
			return is_found;
		}
	}
	return false;
}

static void capture(struct walk *walk, struct watch_report *report, const uint8_t *bytes, uint16_t octets)
{
	struct capture_filter *filter = &walk->watch->capture;
	uint16_t link = report->has_ethernet ? ETHERNET_OCTETS : 0;

	if (!(filter->directions & report->direction) ||
	    (filter->reason != DROP_REASONS && filter->reason != report->reason))
		return;
	if ((filter->mask[0] | filter->mask[1]) &&
	    (octets < link || !has_address(bytes + link, (size_t)(octets - link), filter)))
		return;
	if (__atomic_fetch_sub(&filter->left, 1, __ATOMIC_RELAXED) <= 0)
		return;
	tell(walk, report, bytes, octets, filter->snap_octets);
}

void watch_frames(struct walk *walk, struct rte_mbuf *const *frames, unsigned count, uint8_t port,
                  enum watch_direction direction)
{
	for (unsigned i = 0; i < count; i++) {
		struct watch_report report = {.kind = WATCH_REPORT_CAPTURE,
		                              .direction = (uint8_t)direction,
		                              .port = port,
		                              .has_ethernet = true,
		                              .reason = DROP_REASONS};

		capture(walk, &report, rte_pktmbuf_mtod(frames[i], const uint8_t *), rte_pktmbuf_data_len(frames[i]));
	}
}

void watch_drop(struct walk *walk, const struct packet *packet, enum drop_reason reason)
{
	const uint8_t *begin = rte_pktmbuf_mtod(packet->buffer, const uint8_t *);
	struct watch_report report = {.kind = WATCH_REPORT_CAPTURE,
	                              .direction = WATCH_DROP,
	                              .port = packet->port,
	                              /* cut down to IP, or never in a frame */
	                              .has_ethernet = begin != packet->ip,
	                              .reason = (uint16_t)reason};

	capture(walk, &report, begin, rte_pktmbuf_data_len(packet->buffer));
}

/* Traces */

/* What a step changes that is not the packet's. */
struct before {
	struct walk_counters counters;
	unsigned queued;
	unsigned pending;
	unsigned made;
	uint32_t punts;
	uint32_t to_host;
};

static unsigned queued_frames(const struct walk *walk)
{
	unsigned all = 0;

	for (unsigned port = 0; port < walk->forwarding->port_count; port++)
		all += walk->queues[port].count;
	return all;
}

static uint32_t entered(const struct rte_ring *ring)
{
	return ring ? ring->prod.tail : 0;
}

static void note_before(const struct walk *walk, struct before *before)
{
	before->counters = *walk->counters;
	before->queued = queued_frames(walk);
	before->pending = walk->pending_count;
	before->made = walk->made_count;
	before->punts = entered(walk->punts);
	before->to_host = entered(walk->to_host);
}

static void compare_counters(const struct walk *walk, const struct before *before, struct watch_report *report)
{
	report->reason = DROP_REASONS;
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (walk->counters->drops[i] != before->counters.drops[i])
			report->reason = (uint16_t)i;
	for (unsigned i = 0; i < walk_counters_count() && i < 64; i++)
		if (walk_counters_value(walk->counters, i) != walk_counters_value(&before->counters, i))
			report->counted |= (uint64_t)1 << i;
}

/* The frame in the only queue that is not empty. */
static const struct rte_mbuf *last_queued(const struct walk *walk, uint8_t *port)
{
	for (unsigned i = 0; i < walk->forwarding->port_count; i++)
		if (walk->queues[i].count) {
			*port = (uint8_t)i;
			return walk->queues[i].frames[walk->queues[i].count - 1];
		}
	return NULL;
}

static enum watch_fate fate_of(const struct walk *walk, const struct packet *packet, const struct before *before,
                               uint16_t reason)
{
	if (packet->step != STEP_DONE)
		return WATCH_GOES_ON;
	if (reason != DROP_REASONS)
		return WATCH_DROPPED;
	if (walk->counters->consumed != before->counters.consumed)
		return WATCH_CONSUMED;
	/* before the queues: a solicitation may have gone out for it */
	if (walk->pending_count > before->pending)
		return WATCH_WAITS;
	if (queued_frames(walk) > before->queued)
		return WATCH_QUEUED;
	if (entered(walk->punts) != before->punts)
		return WATCH_PUNTED;
	if (entered(walk->to_host) != before->to_host)
		return WATCH_TO_HOST;
	return WATCH_SPLIT;
}

/* The packet as it is now, where it is still ours. */
static void tell_step(struct walk *walk, const struct packet *packet, struct watch_report *report)
{
	const struct rte_mbuf *queued = report->fate == WATCH_QUEUED ? last_queued(walk, &report->port) : NULL;

	report->kind = WATCH_REPORT_TRACE;
	report->slot = (uint8_t)(packet->trace >> 24) - 1;
	report->id = walk->watch->traces[report->slot].id;
	report->number = packet->trace & 0xffffff;
	report->is_own = packet->is_own;
	report->is_injected = packet->is_injected;
	report->punt_class = packet->punt_class;
	if (queued)
		tell(walk, report, rte_pktmbuf_mtod(queued, const uint8_t *) + ETHERNET_OCTETS,
		     (uint16_t)(rte_pktmbuf_data_len(queued) - ETHERNET_OCTETS), WATCH_TRACE_SNAP);
	else if (report->fate == WATCH_GOES_ON)
		tell(walk, report, packet->ip, packet->octets, WATCH_TRACE_SNAP);
	else
		tell(walk, report, NULL, 0, 0);
}

static bool begin(struct walk *walk, struct packet *packet, unsigned slot)
{
	struct watched_key *watched = &walk->watch->traces[slot];
	uint32_t number;

	if (shared_load(&watched->left) <= 0)
		return false;
	if (__atomic_fetch_sub(&watched->left, 1, __ATOMIC_RELAXED) <= 0)
		return false;
	number = __atomic_add_fetch(&walk->watch->traced, 1, __ATOMIC_RELAXED) & 0xffffff;
	packet->trace = (slot + 1) << 24 | number;
	return true;
}

bool watch_begins(struct walk *walk, struct packet *packet, unsigned slot)
{
	return !packet->is_own && begin(walk, packet, slot);
}

static void note_entry(const struct packet *packet, struct watch_report *report)
{
	report->key = packet->key;
	report->has_entry = packet->entry != NULL;
	if (!packet->entry)
		return;
	report->care_of_address = shared_address_load(&packet->entry->care_of_address);
	report->traits = binding_traits_load(packet->entry);
	report->expiry_ms = binding_expiry_load(packet->entry);
}

static void tell_received(struct walk *walk, const struct packet *packet)
{
	struct watch_report report = {.step = STEP_DONE,
	                              .next = packet->step,
	                              .fate = WATCH_GOES_ON,
	                              .reason = DROP_REASONS,
	                              .port = packet->port};

	note_entry(packet, &report);
	tell_step(walk, packet, &report);
}

/* The addresses that a control packet names: whose it is says one of them. */
struct named {
	unsigned count;
	struct in6_addr list[4 * LAYERS_MAX];
};

static void name(struct named *named, bool is_there, const struct in6_addr *address)
{
	if (is_there)
		named->list[named->count++] = *address;
}

static void read_names(const struct packet *packet, struct named *named)
{
	const uint8_t *ip = packet->ip;
	size_t octets = packet->octets;

	named->count = 0;
	for (unsigned layer = 0; layer < LAYERS_MAX; layer++) {
		const struct capture_filter none = {.mask = {UINT64_MAX, UINT64_MAX}};
		struct ip_packet parsed;
		bool is_found;

		if (ip_packet_read(ip, octets, &parsed))
			return;
		name(named, parsed.has_home_address, &parsed.home_address);
		name(named, parsed.has_routing_home_address, &parsed.routing_home_address);
		name(named, true, &parsed.source);
		name(named, true, &parsed.destination);
		if (!next_layer(&ip, &octets, &none, &is_found))
			return;
	}
}

static bool names(const struct walk *walk, const struct named *named, const struct in6_addr *watched,
                  const struct in6_addr *care_of)
{
	for (unsigned i = 0; i < named->count; i++) {
		const struct service_prefix *prefix = service_prefix_of(&walk->forwarding->prefixes, &named->list[i]);
		struct in6_addr key;

		if (care_of && in6_is_equal(care_of, &named->list[i]))
			return true;
		if (!prefix)
			continue;
		service_prefix_key(prefix, &named->list[i], &key);
		if (in6_is_equal(&key, watched))
			return true;
	}
	return false;
}

bool watch_control(struct walk *walk, struct packet *packet)
{
	struct named named;

	read_names(packet, &named);
	for (uint32_t slots = walk->watching & WATCH_TRACES; slots; slots &= slots - 1) {
		const unsigned slot = (unsigned)__builtin_ctz(slots);
		const struct in6_addr watched = walk->watch->traces[slot].key, *keys[1] = {&watched};
		struct binding_entry *entry;
		struct in6_addr care_of;

		binding_table_lookup(walk->forwarding->table, keys, 1, &entry);
		if (entry)
			care_of = shared_address_load(&entry->care_of_address);
		if (!names(walk, &named, &watched, entry ? &care_of : NULL))
			continue;
		if (packet->step != STEP_DOWNLINK) { /* whose key is that of where it goes */
			packet->key = watched;
			packet->entry = entry;
		}
		return begin(walk, packet, slot);
	}
	return false;
}

void watch_injected(struct walk *walk, struct packet *packet)
{
	if (!watch_control(walk, packet))
		return;
	packet->is_injected = true;
	tell_received(walk, packet);
}

void watch_step(struct walk *walk, struct packet *packet, bool is_new,
                void (*run)(struct walk *walk, struct packet *packet))
{
	struct watch_report report = {.step = packet->step, .port = packet->port};
	struct before before;

	if (is_new)
		tell_received(walk, packet);
	transmit_flush(walk); /* so that what is queued next is this packet */
	note_entry(packet, &report);
	note_before(walk, &before);
	run(walk, packet);
	compare_counters(walk, &before, &report);
	report.fate = (uint8_t)fate_of(walk, packet, &before, report.reason);
	report.next = packet->step;
	report.next_hop = packet->next_hop;
	report.made = (uint16_t)(walk->made_count - before.made);
	for (unsigned i = before.made; i < walk->made_count; i++)
		walk->made[i].trace = packet->trace;
	tell_step(walk, packet, &report);
}
