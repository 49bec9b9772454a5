// SPDX-License-Identifier: BSD-3-Clause
#include "fill.h"

enum { LIFETIME_MS = 1 << 30 };

/* 2001:db8:1xx:…: an address for which nobody but the gateway is the next hop. */
static struct in6_addr synthetic_care_of(uint64_t number)
{
	struct in6_addr address = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8, 0x01}};

	wire_store_u32(&address.s6_addr[8], (uint32_t)(number >> 32));
	wire_store_u32(&address.s6_addr[12], (uint32_t)number + 1);
	return address;
}

static void bind_address(struct world *world, const struct service_prefix *prefix, const struct in6_addr *address,
                         const struct in6_addr *care_of)
{
	struct feed_row row = {.operation = FEED_SET,
	                       .key_length = prefix->key_length,
	                       .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
	                       .expiry_unix_ms = world->start_ms + LIFETIME_MS};
	struct in6_addr key;

	service_prefix_key(prefix, address, &key);
	if (table_writer_find(world->table, &key))
		return;
	memcpy(row.key, &key, sizeof(key));
	memcpy(row.care_of_address, care_of, sizeof(*care_of));
	world_change(world, &row, world->start_ms);
	world_apply(world, world->start_ms);
}

static void bind_frame(struct world *world, const struct frame *frame, bool tunnelled)
{
	struct wire_reader reader = wire_reader_of(frame->bytes, frame->octets);
	const struct service_prefix *prefix;
	struct ipv6_header outer, inner;
	struct in6_addr care_of;

	wire_skip(&reader, ETHERNET_OCTETS);
	ipv6_header_read(&reader, &outer);
	if (reader.failed)
		return;
	inner = outer;
	if (outer.next_header == NEXT_HEADER_IPV6)
		ipv6_header_read(&reader, &inner);
	if (tunnelled) {
		prefix = service_prefix_of(&world->forwarding.prefixes, &inner.source);
		if (!reader.failed && outer.next_header == NEXT_HEADER_IPV6 && prefix)
			bind_address(world, prefix, &inner.source, &outer.source);
		return;
	}
	prefix = service_prefix_of(&world->forwarding.prefixes, &inner.destination);
	care_of = synthetic_care_of(binding_table_count(world->table));
	if (!reader.failed && prefix)
		bind_address(world, prefix, &inner.destination, &care_of);
}

/* The service prefix with the most keys in it. */
static const struct service_prefix *widest_prefix(const struct service_prefixes *prefixes)
{
	const struct service_prefix *widest = &prefixes->list[0];

	for (unsigned i = 1; i < prefixes->count; i++)
		if (prefixes->list[i].key_length - prefixes->list[i].length > widest->key_length - widest->length)
			widest = &prefixes->list[i];
	return widest;
}

/* The number-th key, anywhere in the prefix. */
static void synthetic_key(const struct service_prefix *prefix, uint64_t number, uint8_t key[FEED_ADDRESS_OCTETS])
{
	uint64_t spread = number * 0x9e3779b97f4a7c15ull, noise[2], words[2];

	noise[0] = spread ^ spread >> 32;
	noise[1] = spread * 0xc2b2ae3d27d4eb4full;
	for (int i = 0; i < 2; i++)
		words[i] = (prefix->value[i] | (noise[i] & ~prefix->mask[i])) & prefix->key_mask[i];
	memcpy(key, words, sizeof(words));
}

/* Some of the keys may be there already, so the caller tries again while it gets on. */
static void bind_synthetic(struct world *world, size_t missing, uint64_t *number)
{
	const struct service_prefix *prefix = widest_prefix(&world->forwarding.prefixes);

	for (; missing; missing--) {
		struct in6_addr care_of = synthetic_care_of(++*number);
		struct feed_row row = {.operation = FEED_SET,
		                       .key_length = prefix->key_length,
		                       .tunnel_kind = FEED_TUNNEL_IP6_IN_IP6,
		                       .expiry_unix_ms = world->start_ms + LIFETIME_MS};

		synthetic_key(prefix, *number, row.key);
		memcpy(row.care_of_address, &care_of, sizeof(care_of));
		world_change(world, &row, world->start_ms);
		if (missing % FEED_ROWS_MAX == 0)
			world_settle(world, world->start_ms);
	}
	world_settle(world, world->start_ms);
}

size_t fill_bindings(struct world *world, const struct frames *frames, size_t wanted)
{
	size_t count, before;
	uint64_t number = 0;

	for (int tunnelled = 1; tunnelled >= 0; tunnelled--)
		for (size_t i = 0; i < frames->count && binding_table_count(world->table) < wanted; i++)
			bind_frame(world, &frames->list[i], tunnelled);
	do {
		before = count = binding_table_count(world->table);
		if (count < wanted && world->forwarding.prefixes.count) {
			bind_synthetic(world, wanted - count, &number);
			count = binding_table_count(world->table);
		}
	} while (count > before);
	return count;
}
