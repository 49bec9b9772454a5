// SPDX-License-Identifier: BSD-3-Clause
/*
 * home_agent - Mobile IPv6 home registrations with the authentication of RFC 4285 (RFC 6275 9.5.1, 10.3, 10.4; rules M
 * and L of docs/protocols.md).
 *
 * The bootstrap gives it security associations; Binding Updates come as whole IPv6 packets from the punt, and Binding
 * Acknowledgements leave as such. A binding is durable before it is published, and published before it is acknowledged.
 * While something of a home address is being stored, further updates for it are ignored and counted.
 *
 * Pure core: time, randomness, timers and the bindings it tells of are handed in. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_HOME_AGENT_H
#define KEDGE_MOBILITYSERVER_HOME_AGENT_H

#include "binding_store_port.h"
#include "effects.h"
#include "home_agent_counters.h"
#include "randomness.h"
#include "timer_wheel.h"
#include "wire.h"

struct home_agent;

struct home_agent_prefix {
	struct in6_addr address;
	uint8_t length;
	uint64_t valid_until_ms;     /* since 1970; 0: for ever */
	uint64_t preferred_until_ms; /* likewise; deprecated from then on */
};

/* What a home registration binds. Its care-of address is never verified here: M-17 is the data planes'. */
struct home_agent_binding {
	struct in6_addr key; /* the home address, bits behind prefix_length zero */
	uint8_t prefix_length;
	const char *subscriber;
	struct in6_addr care_of_address; /* IPv4: mapped, and tunnelled to in UDP */
	uint16_t port;
	uint16_t inner_mtu_bytes;
	struct instant until;
	struct session_ambr ambr;
};

/* The owner of the bindings. */
struct home_agent_outlet {
	void *context;
	/* Whether the key can be bound for this subscriber: 0, or a negative errno (answered with 130). */
	int (*check)(void *context, const struct home_agent_binding *binding);
	/* The binding, or a change of it, is durable. Returns its version, and its shard in *shard. */
	struct binding_version (*bind)(void *context, const struct home_agent_binding *binding,
	                               const struct instant *now, struct effects *effects, uint8_t *shard);
	/* The binding is gone for good. */
	struct binding_version (*unbind)(void *context, const struct in6_addr *key, uint8_t prefix_length,
	                                 const struct instant *now, struct effects *effects, uint8_t *shard);
};

struct home_agent_options {
	const struct home_agent_prefix *home_prefixes; /* live as long as the core */
	size_t home_prefix_count;
	/* Where no care-of address may lie (M-16): service prefixes, own addresses, other home agents' tunnel ends. */
	const struct home_agent_prefix *closed_prefixes;
	size_t closed_prefix_count;
	uint32_t lifetime_max_s;
	uint16_t link_mtu_bytes;
	bool alternate_care_of_free; /* M-16: it may differ from the source */
	bool timestamps_required;    /* M-11: else whoever sends one is held to it */
	bool nat_permitted;          /* M-25 */
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct home_agent_outlet outlet;
};

/* A new security association (K-8, AVP 269). */
struct home_agent_association {
	uint32_t spi; /* of home_agent_draw_spi() */
	struct secret key;
	struct in6_addr home_address;
	uint8_t prefix_length; /* 64: the whole /64 is the subscriber's; 128 */
	struct in6_addr home_agent_address;
	uint32_t lifetime_s; /* the shortest of session, lease and key (L-2) */
	const char *nai;     /* M-6 */
	const char *subscriber;
	uint64_t session; /* in which it was made: its end is the association's (L-5) */
	uint8_t host_identity_digest[HOST_IDENTITY_DIGEST_OCTETS]; /* SHA-256 of the HI-value */
	struct session_ambr ambr;
	uint32_t services; /* of the lease, bits of B-7 */
};

struct home_agent *home_agent_new(const struct home_agent_options *options);
void home_agent_free(struct home_agent *agent);

/* For Binding Updates from now on (M-13). */
void home_agent_set_lifetime_max(struct home_agent *agent, uint32_t lifetime_max_s);

/* For binding_store_reader: rows of an earlier run, before home_agent_start(). Return 0 or a negative errno. */
int home_agent_load_association(void *agent, const struct association_row *row);
int home_agent_load_binding(void *agent, const struct home_binding_row *row);

/* Everything is loaded: tells the outlet of the bindings that are still alive, deletes the others. */
void home_agent_start(struct home_agent *agent, const struct instant *now, struct effects *effects);

/* A random SPI that no association has, live or quarantined (L-1). */
uint32_t home_agent_draw_spi(struct home_agent *agent);

/*
 * Appends the new association to the caller's step; it is usable when that is durable. Older associations of the home
 * address end after 30 s, or at once, with the binding, if the Host Identity differs (L-4); those of the subscriber's
 * other addresses at once. Returns 0; -EEXIST when the SPI is taken or the home address is still another subscriber's;
 * -EINVAL for a value that cannot be.
 */
int home_agent_associate(struct home_agent *agent, const struct home_agent_association *association,
                         const struct instant *now, struct effects *effects);

/* Ends all associations and bindings of the subscriber (L-5), in the caller's step. Returns how many home addresses. */
size_t home_agent_revoke(struct home_agent *agent, const char *subscriber, const struct instant *now,
                         struct effects *effects);

/*
 * L-5: a session of this subscriber has ended, as its node or an operator wanted or by its lifetime. What was made in
 * it ends; what a later session has made (another device, a node that began anew) goes on. Returns how many ended.
 */
size_t home_agent_session_ended(struct home_agent *agent, const char *subscriber, uint64_t session,
                                const struct instant *now, struct effects *effects);

/*
 * The subscriber has been admitted with this session AMBR: his associations have it from now on, and what he has bound
 * is told anew, once that is durable. Nothing when they have it already. Returns how many home addresses change.
 */
size_t home_agent_set_ambr(struct home_agent *agent, const char *subscriber, const struct session_ambr *ambr,
                           const struct instant *now, struct effects *effects);

/* A punted packet with a Mobility Header; `packet` is the whole of it, with IPv4 and UDP headers if it came in such. */
void home_agent_packet(struct home_agent *agent, const struct punt_route *route, struct wire_view packet,
                       const struct instant *now, struct effects *effects);

/* The binding of this key has reached its time. */
void home_agent_expired(struct home_agent *agent, const struct in6_addr *key, uint8_t prefix_length,
                        const struct instant *now, struct effects *effects);

/* For operators: the newest live association of the subscriber and his binding. False when there is none. */
struct home_agent_view {
	struct in6_addr home_address;
	uint8_t prefix_length;
	uint32_t spi;
	bool has_number;
	uint16_t last_number;
	uint64_t association_until_ms;
	bool bound;
	struct in6_addr care_of_address;
	uint16_t port;
	uint64_t bound_until_ms;
};
bool home_agent_find(const struct home_agent *agent, const char *subscriber, struct home_agent_view *view);

const struct home_agent_counters *home_agent_counters(const struct home_agent *agent);

#endif
