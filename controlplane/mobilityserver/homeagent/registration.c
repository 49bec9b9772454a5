// SPDX-License-Identifier: BSD-3-Clause
#include "registration.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"
#include "ip.h"

struct registration_key registration_key_of(const struct in6_addr *home_address, uint8_t prefix_length)
{
	struct registration_key key = {.length = prefix_length};
	struct in6_addr masked = *home_address;

	in6_mask(&masked, prefix_length);
	memcpy(key.octets, &masked, sizeof(key.octets));
	return key;
}

static uint64_t hash_of_spi(uint32_t spi)
{
	return record_hash(&spi, sizeof(spi));
}

static uint64_t hash_of_key(const struct registration_key *key)
{
	return record_hash(key, sizeof(*key));
}

static uint64_t hash_of_name(const char *name)
{
	return record_hash(name, strlen(name));
}

static bool has_spi(const void *record, const void *spi)
{
	return ((const struct association *)record)->row.spi == *(const uint32_t *)spi;
}

static bool has_key(const void *record, const void *key)
{
	return memcmp(&((const struct registration *)record)->key, key, sizeof(struct registration_key)) == 0;
}

static bool has_name(const void *record, const void *name)
{
	return strcmp(((const struct subscriber_registrations *)record)->name, name) == 0;
}

struct association *registration_table_association(const struct registration_table *table, uint32_t spi)
{
	return record_table_find(&table->by_spi, hash_of_spi(spi), has_spi, &spi);
}

struct registration *registration_table_find(const struct registration_table *table, const struct registration_key *key)
{
	return record_table_find(&table->by_key, hash_of_key(key), has_key, key);
}

struct registration *registration_table_by_id(struct registration_table *table, uint64_t id)
{
	return numbered_owner(number_order_find(&table->by_id, id), struct registration, by_id);
}

struct registration *registration_table_next(const struct registration_table *table, const struct registration *after)
{
	return numbered_owner(after ? after->by_id.next : table->by_id.first, struct registration, by_id);
}

struct subscriber_registrations *registration_table_subscriber(const struct registration_table *table, const char *name)
{
	return record_table_find(&table->subscribers, hash_of_name(name), has_name, name);
}

static struct subscriber_registrations *subscriber_of(struct registration_table *table, const char *name)
{
	struct subscriber_registrations *subscriber = registration_table_subscriber(table, name);
	size_t octets = strlen(name);

	if (subscriber)
		return subscriber;
	subscriber = allocate(sizeof(*subscriber) + octets + 1);
	memcpy(subscriber->name, name, octets);
	record_table_add(&table->subscribers, hash_of_name(name), subscriber);
	return subscriber;
}

struct registration *registration_table_make(struct registration_table *table, const struct registration_key *key,
                                             const char *subscriber)
{
	struct registration *registration = registration_table_find(table, key);

	if (registration)
		return strcmp(registration->subscriber->name, subscriber) == 0 ? registration : NULL;
	registration = allocate(sizeof(*registration));
	registration->key = *key;
	registration->subscriber = subscriber_of(table, subscriber);
	DL_APPEND(registration->subscriber->registrations, registration);
	record_table_add(&table->by_key, hash_of_key(key), registration);
	number_order_add(&table->by_id, &registration->by_id, ++table->last_number);
	return registration;
}

void registration_table_drop(struct registration_table *table, struct registration *registration)
{
	struct subscriber_registrations *subscriber = registration->subscriber;

	if (registration->associations || registration->bound || registration->pending)
		return;
	DL_DELETE(subscriber->registrations, registration);
	record_table_remove(&table->by_key, hash_of_key(&registration->key), registration);
	number_order_remove(&table->by_id, &registration->by_id);
	free(registration->proposal.update);
	free(registration);
	if (!subscriber->registrations) {
		record_table_remove(&table->subscribers, hash_of_name(subscriber->name), subscriber);
		free(subscriber);
	}
}

struct association *registration_table_add(struct registration_table *table, struct registration *registration,
                                           const struct association_row *row)
{
	struct association *association = allocate(sizeof(*association));

	association->row = *row;
	association->registration = registration;
	if (registration)
		DL_APPEND(registration->associations, association);
	record_table_add(&table->by_spi, hash_of_spi(row->spi), association);
	number_order_add(&table->by_age, &association->by_age, ++table->last_number);
	return association;
}

void registration_table_quarantine(struct registration_table *table, struct association *association)
{
	struct registration *registration = association->registration;

	secret_wipe(&association->row.key);
	free(association->answer);
	association->answer = NULL;
	association->registration = NULL;
	if (registration) {
		DL_DELETE(registration->associations, association);
		registration_table_drop(table, registration);
	}
}

void registration_table_remove(struct registration_table *table, struct association *association)
{
	registration_table_quarantine(table, association);
	timer_disarm(&association->timer);
	record_table_remove(&table->by_spi, hash_of_spi(association->row.spi), association);
	number_order_remove(&table->by_age, &association->by_age);
	free(association);
}

void registration_table_clear(struct registration_table *table)
{
	struct registration *registration;
	struct registration *next;

	while (table->by_age.first)
		registration_table_remove(table, numbered_owner(table->by_age.first, struct association, by_age));
	for (registration = registration_table_next(table, NULL); registration; registration = next) {
		next = registration_table_next(table, registration);
		registration->bound = false;
		registration->pending = 0;
		registration_table_drop(table, registration);
	}
	record_table_clear(&table->by_spi);
	record_table_clear(&table->by_key);
	record_table_clear(&table->subscribers);
}

void association_remember_answer(struct association *association, struct wire_view update, struct wire_view packet)
{
	struct last_answer *answer = allocate(sizeof(*answer) + update.octets + packet.octets);

	answer->update_octets = update.octets;
	answer->packet_octets = packet.octets;
	memcpy(answer->octets, update.bytes, update.octets);
	memcpy(answer->octets + update.octets, packet.bytes, packet.octets);
	free(association->answer);
	association->answer = answer;
}

bool association_answered(const struct association *association, struct wire_view update)
{
	const struct last_answer *answer = association->answer;

	return answer && answer->update_octets == update.octets &&
	       memcmp(answer->octets, update.bytes, update.octets) == 0;
}

struct wire_view association_answer(const struct association *association)
{
	const struct last_answer *answer = association->answer;

	return (struct wire_view){answer->octets + answer->update_octets, answer->packet_octets};
}
