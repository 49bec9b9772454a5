// SPDX-License-Identifier: BSD-3-Clause
/*
 * entry - one binding as workers see it: one cache line with everything that an ordinary packet needs.
 *
 * Who writes what: the key before publication, nobody after. Care-of address, expiry, traits: the writer (main lcore),
 * each by one aligned store, so that a reader sees the old or the new one and never a half. The two counters: workers
 * add, the writer takes out (usage.h). What only some packets need lies in the cold record of the same index.
 *
 * Memory order: an entry is filled, then published by a release store of its index (binding_table.c); readers come by
 * an acquire load. Fields that change later are relaxed, except that the previous care-of address is in place before
 * the care-of address changes.
 */
#ifndef KEDGE_DATAPLANE_ENTRY_H
#define KEDGE_DATAPLANE_ENTRY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define KEDGE_ATOMIC_128 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KEDGE_ATOMIC_128 1
#endif
#endif
#ifndef KEDGE_ATOMIC_128
#include <emmintrin.h>
#endif

enum { CACHE_LINE_OCTETS = 64 };

/* The model test runs readers in front of each store of the writer; nobody else does anything there. */
#ifdef KEDGE_TABLE_STEP
void table_step(void);
#else
static inline void table_step(void)
{
}
#endif

/* Loads and stores of what two threads share. */
#define shared_load(pointer)           __atomic_load_n((pointer), __ATOMIC_RELAXED)
#define shared_store(pointer, value)   (table_step(), __atomic_store_n((pointer), (value), __ATOMIC_RELAXED))
#define shared_acquire(pointer)        __atomic_load_n((pointer), __ATOMIC_ACQUIRE)
#define shared_release(pointer, value) (table_step(), __atomic_store_n((pointer), (value), __ATOMIC_RELEASE))

/*
 * An address that changes under readers: aligned, loaded and stored in one piece. Processors with AVX promise that an
 * aligned 16-octet SSE move is one access (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2); ThreadSanitizer needs to be told.
 */
struct shared_address {
	struct in6_addr value;
} __attribute__((aligned(16)));

static inline struct in6_addr shared_address_load(const struct shared_address *address)
{
	struct in6_addr value;
#ifdef KEDGE_ATOMIC_128
	unsigned __int128 word = __atomic_load_n((const unsigned __int128 *)address, __ATOMIC_ACQUIRE);

	memcpy(&value, &word, sizeof(value));
#else
	_mm_storeu_si128((__m128i *)&value, *(const volatile __m128i *)address);
	__atomic_signal_fence(__ATOMIC_ACQUIRE);
#endif
	return value;
}

static inline void shared_address_store(struct shared_address *address, const struct in6_addr *value)
{
	table_step();
#ifdef KEDGE_ATOMIC_128
	unsigned __int128 word;

	memcpy(&word, value, sizeof(word));
	__atomic_store_n((unsigned __int128 *)address, word, __ATOMIC_RELEASE);
#else
	__atomic_signal_fence(__ATOMIC_RELEASE);
	*(volatile __m128i *)address = _mm_loadu_si128((const __m128i *)value);
#endif
}

/* Whether an address that may change meanwhile is this one, now. */
static inline bool shared_address_is(const struct shared_address *address, const struct in6_addr *value)
{
#ifdef KEDGE_ATOMIC_128
	struct in6_addr found = shared_address_load(address);

	return memcmp(&found, value, sizeof(found)) == 0;
#else
	__m128i equal = _mm_cmpeq_epi8(*(const volatile __m128i *)address, _mm_loadu_si128((const __m128i *)value));

	__atomic_signal_fence(__ATOMIC_ACQUIRE);
	return _mm_movemask_epi8(equal) == 0xffff;
#endif
}

enum binding_flag {
	BINDING_CARE_OF_UNVERIFIED = 0x0001, /* credit in the cold record, M-17 */
	BINDING_HAS_PREVIOUS = 0x0002,       /* a previous care-of address in the side record */
	BINDING_SEVERAL = 0x0004,            /* several care-of addresses, extras.h */
	BINDING_POLICED = 0x0008,            /* rates, extras.h */
	BINDING_TRACED = 0x0010,             /* an operator looks at its packets (watch.h): none is ordinary */
	BINDING_CARE_OF_REFUSED = 0x0020,    /* a tunnel into a tunnel, M-18: nothing is sent there */
	BINDING_MOVE = 0x1000,
	BINDING_MOVES = 0xf000, /* counts the care-of addresses */
};

enum {
	BINDING_EXTRA_FLAGS = BINDING_SEVERAL | BINDING_POLICED,
	BINDING_SIDE_FLAGS = BINDING_HAS_PREVIOUS | BINDING_EXTRA_FLAGS, /* those that need the side record */
	BINDING_KEPT_FLAGS = BINDING_SIDE_FLAGS | BINDING_TRACED |
	                     BINDING_MOVES, /* what a new record of the binding does not change */
};

/* Flags with which a packet to the node takes the way that is not ordinary. */
enum { BINDING_DOWN_FLAGS = BINDING_CARE_OF_UNVERIFIED | BINDING_CARE_OF_REFUSED | BINDING_POLICED };

/* What a packet of this binding needs beside its addresses; eight octets that change together. */
struct binding_traits {
	uint16_t inner_mtu_bytes;
	uint16_t route; /* index into the routes of the walk (route.h) */
	uint8_t own;    /* index of our own address that ends the tunnel */
	uint8_t kind;   /* enum feed_tunnel_kind */
	uint16_t flags; /* enum binding_flag */
};

struct binding_entry {
	struct in6_addr key;
	struct shared_address care_of_address;
	uint64_t down; /* packets << 36 | octets of the inner packets; see usage.h */
	uint64_t up;
	uint64_t expiry_and_port; /* milliseconds since 1970 by the owner's clock << 16 | UDP port */
	uint64_t traits;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct binding_entry) == CACHE_LINE_OCTETS, "a binding is one cache line");
_Static_assert(sizeof(struct binding_traits) == sizeof(uint64_t), "traits change by one store");

static inline struct binding_traits binding_traits_load(const struct binding_entry *entry)
{
	uint64_t word = shared_load(&entry->traits);
	struct binding_traits traits;

	memcpy(&traits, &word, sizeof(traits));
	return traits;
}

static inline uint64_t binding_traits_word(struct binding_traits traits)
{
	uint64_t word;

	memcpy(&word, &traits, sizeof(word));
	return word;
}

/*
 * M-17: a valid packet came from the care-of address; `traits` were loaded before the address that it was compared
 * with. Any worker. The number of the care-of address in the flags sees to it that a new one, which the writer sets at
 * this moment, is not called verified because of the old one.
 */
static inline void binding_call_verified(struct binding_entry *entry, struct binding_traits traits)
{
	uint64_t expected = binding_traits_word(traits);

	traits.flags &= (uint16_t)~BINDING_CARE_OF_UNVERIFIED;
	(void)__atomic_compare_exchange_n(&entry->traits, &expected, binding_traits_word(traits), false,
	                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* The main core, when a trace begins and ends. */
static inline void binding_set_traced(struct binding_entry *entry, bool is_traced)
{
	uint64_t flag = binding_traits_word((struct binding_traits){.flags = BINDING_TRACED});

	if (is_traced)
		__atomic_fetch_or(&entry->traits, flag, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&entry->traits, ~flag, __ATOMIC_RELAXED);
}

static inline uint64_t binding_expiry_load(const struct binding_entry *entry)
{
	return shared_load(&entry->expiry_and_port) >> 16;
}

static inline uint16_t binding_port_load(const struct binding_entry *entry)
{
	return (uint16_t)shared_load(&entry->expiry_and_port);
}

enum { BINDING_COUNTER_OCTET_BITS = 36 };

static inline uint64_t binding_counter_of(uint64_t packets, uint64_t octets)
{
	return packets << BINDING_COUNTER_OCTET_BITS | octets;
}

/* One packet; any worker. */
static inline void binding_count(uint64_t *counter, uint32_t octets)
{
	__atomic_fetch_add(counter, binding_counter_of(1, octets), __ATOMIC_RELAXED);
}

/* Since the start of the data plane. */
struct binding_totals {
	uint64_t up_packets;
	uint64_t up_octets;
	uint64_t down_packets;
	uint64_t down_octets;
};

/*
 * What only some bindings have: as large as it needs to be, made on demand (table_writer_side()). Workers come here
 * behind BINDING_HAS_PREVIOUS and other flags of the entry.
 */
struct binding_ways;
struct binding_police;

struct binding_side {
	struct shared_address previous_care_of; /* writer; workers read it when the care-of address does not match */
	uint64_t previous_until_and_port;       /* milliseconds by the walk's clock << 16 | UDP port; 0: none */
	struct binding_ways *ways;              /* BINDING_SEVERAL, or NULL */
	struct binding_police *police;          /* BINDING_POLICED, or NULL */
	uint32_t next;                          /* the writer's: number + 1 of the next in its list */
};

/*
 * What every binding has and the ordinary packet does not need: one cache line, counted in octets per binding. It
 * belongs to the binding, not to the slot: it stays where it is when the entry moves.
 */
struct binding_cold {
	struct binding_totals totals; /* drained from the counters */
	union {
		struct {
			uint64_t sequence;
			uint32_t epoch;
			uint32_t named_in; /* the last snapshot that named the key, or was under way when it changed */
		};
		struct in6_addr withdrawn_key; /* once withdrawn */
	};
	uint32_t slot; /* of the entry; NO_SLOT once withdrawn */
	uint32_t side; /* number + 1 of the side record; 0: none */
	union {
		uint32_t changed_s; /* seconds of the walk's clock */
		uint32_t next;      /* once withdrawn: number + 1 of the next in its list */
	};
	uint16_t credit_octets; /* workers take from it while the care-of address is unverified */
	uint8_t shard;
	uint8_t key_length;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct binding_cold) == CACHE_LINE_OCTETS, "what is kept for every binding is one cache line");

#endif
