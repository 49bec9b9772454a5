// SPDX-License-Identifier: BSD-3-Clause
#include "saga.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"

struct holder *holder_find(const struct bootstrap *core, const char *key)
{
	struct holder *holder;

	HASH_FIND_STR(core->holders[part_of(key, strlen(key))], key, holder);
	return holder;
}

struct holder *holder_need(struct bootstrap *core, const char *key)
{
	struct holder *holder = holder_find(core, key);
	size_t octets = strlen(key) + 1;

	if (holder)
		return holder;
	holder = allocate(sizeof(*holder) + octets);
	memcpy(holder->key, key, octets);
	holder->core = core;
	HASH_ADD_STR(core->holders[part_of(key, octets - 1)], key, holder);
	number_order_add(&core->holders_by_number, &holder->by_number, core->next_token++);
	return holder;
}

struct holder *holder_next(const struct bootstrap *core, const struct holder *after)
{
	return numbered_owner(after ? after->by_number.next : core->holders_by_number.first, struct holder, by_number);
}

struct holder *holder_behind(struct bootstrap *core, uint64_t number)
{
	return numbered_owner(number_order_behind(&core->holders_by_number, number), struct holder, by_number);
}

void holder_drop_decisions(struct holder *holder)
{
	while (holder->decisions) {
		struct decision *older = holder->decisions->next;

		free(holder->decisions);
		holder->decisions = older;
	}
}

void holder_release(struct holder *holder)
{
	if (holder->lease || holder->has_address || holder->saga || holder->answers || holder->ending ||
	    holder->name_count || holder->signature_checks_ms[0])
		return;
	timer_disarm(&holder->timer);
	holder_drop_decisions(holder);
	HASH_DELETE(hh, holder->core->holders[part_of(holder->key, strlen(holder->key))], holder);
	number_order_remove(&holder->core->holders_by_number, &holder->by_number);
	free(holder);
}

void holder_identity(const struct holder *holder, struct subscriber_identity *identity)
{
	if (subscriber_identity_from_key(holder->key, identity))
		abort(); /* each key was made of an identity */
}

void holder_drop_lease(struct holder *holder)
{
	if (!holder->lease)
		return;
	free(holder->lease->fqdn);
	free(holder->lease->identity);
	free(holder->lease);
	holder->lease = NULL;
}

void holder_set_lease(struct holder *holder, const struct lease_row *row)
{
	struct lease *lease = allocate(sizeof(*lease));
	size_t identity_octets = sizeof(row->identity);

	lease->fqdn = allocate_text(row->fqdn);
	lease->address = row->address;
	lease->identity = allocate_copy(&row->identity, identity_octets);
	lease->services = row->services;
	lease->expires_ms = row->expires_ms;
	lease->version = row->version;
	memcpy(lease->key_changes_ms, row->key_changes_ms, sizeof(lease->key_changes_ms));
	memcpy(lease->name_changes_ms, row->name_changes_ms, sizeof(lease->name_changes_ms));
	holder_drop_lease(holder);
	holder->lease = lease;
}

void lease_to_row(const struct holder *holder, const struct lease *lease, struct lease_row *row)
{
	memset(row, 0, sizeof(*row));
	strcpy(row->subscriber, holder->key);
	strcpy(row->fqdn, lease->fqdn);
	row->address = lease->address;
	row->identity = *lease->identity;
	row->services = lease->services;
	row->expires_ms = lease->expires_ms;
	row->version = lease->version;
	memcpy(row->key_changes_ms, lease->key_changes_ms, sizeof(row->key_changes_ms));
	memcpy(row->name_changes_ms, lease->name_changes_ms, sizeof(row->name_changes_ms));
}

void holder_drop_address(struct holder *holder)
{
	uint32_t subnet;

	if (holder->has_address && address_pool_contains(&holder->core->pool, &holder->address, &subnet))
		address_pool_give_back(&holder->core->pool, subnet);
	holder->has_address = false;
}

void holder_set_address(struct holder *holder, const struct in6_addr *address, enum holding_state state,
                        uint64_t until_ms)
{
	struct in6_addr kept = *address; /* it may be the holder's own */
	uint32_t subnet;

	holder_drop_address(holder);
	if (address_pool_contains(&holder->core->pool, &kept, &subnet))
		address_pool_take(&holder->core->pool, subnet);
	holder->has_address = true;
	holder->address = kept;
	holder->address_state = state;
	holder->address_until_ms = until_ms;
}

void holder_add_decision(struct holder *holder, const struct decision_row *row)
{
	struct decision *decision = allocate(sizeof(*decision)), **at = &holder->decisions;

	memcpy(decision->request_id, row->request_id, sizeof(decision->request_id));
	memcpy(decision->content_digest, row->content_digest, sizeof(decision->content_digest));
	memcpy(decision->billing_id, row->billing_id, sizeof(decision->billing_id));
	decision->status = row->status;
	decision->version = row->version;
	decision->next = holder->decisions;
	holder->decisions = decision;
	at = &decision->next;
	for (int kept = 1; *at; kept++) {
		struct decision *older = *at;
		bool same = memcmp(older->request_id, decision->request_id, sizeof(older->request_id)) == 0;

		if (same || kept >= LEASE_DECISIONS_MAX) {
			*at = older->next;
			free(older);
			kept -= same;
		} else {
			at = &older->next;
		}
	}
}

const struct decision *holder_decision(const struct holder *holder, const uint8_t *request_id)
{
	const struct decision *at = holder->decisions;

	while (at && memcmp(at->request_id, request_id, BOOTSTRAP_REQUEST_ID_OCTETS) != 0)
		at = at->next;
	return at;
}

struct held_name *name_find(const struct bootstrap *core, const char *fqdn)
{
	struct held_name *name;

	HASH_FIND_STR(core->names[part_of(fqdn, strlen(fqdn))], fqdn, name);
	return name;
}

struct held_name *name_need(struct holder *holder, const char *fqdn)
{
	struct held_name *name = name_find(holder->core, fqdn);
	size_t octets = strlen(fqdn) + 1;

	if (name && name->holder == holder)
		return name;
	if (name) {
		struct holder *earlier = name->holder;

		name_drop(name); /* it has rested long enough, else nobody would ask */
		holder_release(earlier);
	}
	name = allocate(sizeof(*name) + octets);
	memcpy(name->fqdn, fqdn, octets);
	name->holder = holder;
	name->state = HOLDING_RESERVED;
	holder->name_count++;
	HASH_ADD_STR(holder->core->names[part_of(fqdn, octets - 1)], fqdn, name);
	return name;
}

void name_drop(struct held_name *name)
{
	struct bootstrap *core = name->holder->core;

	timer_disarm(&name->timer);
	if (name->token)
		name_clear_token(name);
	HASH_DEL(core->names[part_of(name->fqdn, strlen(name->fqdn))], name);
	name->holder->name_count--;
	free(name);
}

struct known_identity *identity_find(const struct bootstrap *core, const uint8_t *hit)
{
	struct known_identity *identity;

	HASH_FIND(hh, core->identities[part_of(hit, HIT_OCTETS)], hit, HIT_OCTETS, identity);
	return identity;
}

void identity_put(struct holder *holder, const uint8_t *hit, uint64_t version)
{
	struct known_identity *identity = identity_find(holder->core, hit);

	if (!identity) {
		identity = allocate(sizeof(*identity));
		memcpy(identity->hit, hit, HIT_OCTETS);
		HASH_ADD(hh, holder->core->identities[part_of(hit, HIT_OCTETS)], hit, HIT_OCTETS, identity);
	}
	identity->holder = holder;
	identity->version = version;
}

void identity_drop(struct bootstrap *core, const struct holder *holder, const uint8_t *hit)
{
	struct known_identity *identity = identity_find(core, hit);

	if (!identity || identity->holder != holder)
		return;
	HASH_DEL(core->identities[part_of(hit, HIT_OCTETS)], identity);
	free(identity);
}

void store_name(struct bootstrap *core, const struct held_name *name, enum holding_state state, uint64_t until_ms,
                const struct instant *now, struct effects *effects)
{
	struct name_row row = {
	        .state = state,
	        .until_ms = until_ms,
	        .version = core->next_version,
	        .now_ms = now->unix_ms,
	        .address = name->address,
	};

	strcpy(row.fqdn, name->fqdn);
	strcpy(row.subscriber, name->holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_CLAIM_NAME, &row, sizeof(row));
}

void store_name_gone(const struct held_name *name, struct effects *effects)
{
	struct name_row row = {.state = name->state};

	strcpy(row.fqdn, name->fqdn);
	strcpy(row.subscriber, name->holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE_NAME, &row, sizeof(row));
}

void store_address(const struct holder *holder, const struct in6_addr *address, enum holding_state state,
                   uint64_t until_ms, uint64_t version, const struct instant *now, struct effects *effects)
{
	struct address_row row = {
	        .address = *address,
	        .state = state,
	        .until_ms = until_ms,
	        .version = version,
	        .now_ms = now->unix_ms,
	};

	strcpy(row.subscriber, holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_CLAIM_ADDRESS, &row, sizeof(row));
}

void store_address_gone(const struct holder *holder, const struct in6_addr *address, struct effects *effects)
{
	struct address_row row = {.address = *address};

	strcpy(row.subscriber, holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE_ADDRESS, &row, sizeof(row));
}

void store_identity(const struct lease_row *target, struct effects *effects)
{
	struct identity_row row = {.expires_ms = target->expires_ms, .version = target->version};

	memcpy(row.hit, target->identity.hit, HIT_OCTETS);
	strcpy(row.subscriber, target->subscriber);
	strcpy(row.fqdn, target->fqdn);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_CLAIM_IDENTITY, &row, sizeof(row));
}

void store_identity_gone(const struct known_identity *identity, struct effects *effects)
{
	struct identity_row row = {.version = identity->version};

	memcpy(row.hit, identity->hit, HIT_OCTETS);
	strcpy(row.subscriber, identity->holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE_IDENTITY, &row, sizeof(row));
}

void store_audit(const struct holder *holder, enum audit_event event, const char *actor, const struct lease_row *what,
                 const char *reason, const struct instant *now, struct effects *effects)
{
	struct audit_row row = {
	        .at_ms = now->unix_ms, .version = what->version, .event = event, .address = what->address};

	snprintf(row.actor, sizeof(row.actor), "%s", actor);
	strcpy(row.subscriber, holder->key);
	strcpy(row.fqdn, what->fqdn);
	memcpy(row.hit, what->identity.hit, HIT_OCTETS);
	snprintf(row.reason, sizeof(row.reason), "%s", reason);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_ADD_AUDIT, &row, sizeof(row));
}

void note_pool(struct bootstrap *core, struct effects *effects)
{
	enum address_alarm alarm = address_pool_alarm(&core->pool);

	if (alarm == core->alarm)
		return;
	effects_log(effects, alarm > core->alarm ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "bootstrap",
	            "address pool: %s, %u of %u /64s in use", address_alarm_text(alarm), core->pool.used,
	            core->pool.subnets - core->pool.excluded);
	core->alarm = alarm;
}
