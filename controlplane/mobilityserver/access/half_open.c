// SPDX-License-Identifier: BSD-3-Clause
/* Limits on half-open sessions (F-1): per source, per network, in total. */
#include "pana_session.h"

#include <stdlib.h>

#include "allocation.h"

struct scope_key {
	struct in6_addr prefix;
	uint32_t prefix_bits;
};

_Static_assert(offsetof(struct half_open_scope, prefix_bits) == offsetof(struct scope_key, prefix_bits),
               "prefix and prefix_bits are the key");

static struct scope_key key_of(const struct in6_addr *source, int scope)
{
	static const uint32_t bits_of_ipv6[HALF_OPEN_SCOPES] = {64, 48, 0};
	static const uint32_t bits_of_ipv4[HALF_OPEN_SCOPES] = {128, 120, 0}; /* in mapped form */
	struct scope_key key;

	memset(&key, 0, sizeof(key));
	key.prefix = *source;
	key.prefix_bits = IN6_IS_ADDR_V4MAPPED(source) ? bits_of_ipv4[scope] : bits_of_ipv6[scope];
	in6_mask(&key.prefix, key.prefix_bits);
	return key;
}

static struct half_open_scope *scope_of(struct pana_agent *agent, const struct scope_key *key)
{
	struct half_open_scope *scope;

	HASH_FIND(hh, agent->half_open, key, sizeof(*key), scope);
	return scope;
}

bool half_open_make_room(struct pana_agent *agent, const struct in6_addr *source)
{
	const uint32_t limits[HALF_OPEN_SCOPES] = {HALF_OPEN_PER_SOURCE, HALF_OPEN_PER_NETWORK,
	                                           agent->options.limits.half_open};

	for (int i = 0; i < HALF_OPEN_SCOPES; i++) {
		struct scope_key key = key_of(source, i);
		struct half_open_scope *scope = scope_of(agent, &key);

		if (!scope || scope->count < limits[i])
			continue;
		if (!scope->oldest) {
			agent->counters.half_open_refused++;
			return false;
		}
		agent->counters.half_open_displaced++;
		session_free(scope->oldest);
	}
	return true;
}

static void list_append(struct half_open_scope *scope, int i, struct pana_session *session)
{
	struct half_open_link *link = &session->half_open[i];

	link->previous = scope->newest;
	link->next = NULL;
	link->is_listed = true;
	if (scope->newest)
		scope->newest->half_open[i].next = session;
	else
		scope->oldest = session;
	scope->newest = session;
}

static void list_remove(int i, struct pana_session *session)
{
	struct half_open_link *link = &session->half_open[i];

	if (!link->is_listed)
		return;
	if (link->previous)
		link->previous->half_open[i].next = link->next;
	else
		link->scope->oldest = link->next;
	if (link->next)
		link->next->half_open[i].previous = link->previous;
	else
		link->scope->newest = link->previous;
	link->is_listed = false;
}

void half_open_join(struct pana_session *session)
{
	struct pana_agent *agent = session->agent;

	for (int i = 0; i < HALF_OPEN_SCOPES; i++) {
		struct scope_key key = key_of(&session->peer.address, i);
		struct half_open_scope *scope = scope_of(agent, &key);

		if (!scope) {
			scope = allocate(sizeof(*scope));
			scope->prefix = key.prefix;
			scope->prefix_bits = key.prefix_bits;
			HASH_ADD(hh, agent->half_open, prefix, sizeof(key), scope);
		}
		scope->count++;
		session->half_open[i].scope = scope;
		list_append(scope, i, session);
	}
}

void half_open_leave_identity_stage(struct pana_session *session)
{
	for (int i = 0; i < HALF_OPEN_SCOPES; i++)
		list_remove(i, session);
}

void half_open_leave(struct pana_session *session)
{
	half_open_leave_identity_stage(session);
	for (int i = 0; i < HALF_OPEN_SCOPES; i++) {
		struct half_open_scope *scope = session->half_open[i].scope;

		session->half_open[i].scope = NULL;
		if (!scope || --scope->count)
			continue;
		HASH_DELETE(hh, session->agent->half_open, scope);
		free(scope);
	}
}
