// SPDX-License-Identifier: BSD-3-Clause
#include "authentication_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "radius_server.h"

enum { SUBSCRIBERS_MAX = 16, VENDOR = 32473, SESSION_TIMEOUT_S = 7200, IND = 1 };

/* The subscriber table's port as tables of the store model. */
struct subscriber_tables {
	struct subscriber_record records[SUBSCRIBERS_MAX];
	size_t count;
};

struct authentication_process {
	struct simulated_process process;
	struct radius_client client;
	struct secret wrap_key;
	struct subscriber_table table;
	struct authentication_centre centre;
	struct eap_server eap;
	struct radius_server radius;
	authentication_answer *answer;
	void *context;
	struct subscriber_tables first; /* what stands in the store before the first start */
};

static struct subscriber_record *find_record(struct subscriber_tables *tables, const char *imsi)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (strcmp(tables->records[i].imsi, imsi) == 0)
			return &tables->records[i];
	}
	return NULL;
}

static int put_record(struct subscriber_tables *tables, const struct subscriber_record *record)
{
	struct subscriber_record *held = find_record(tables, record->imsi);
	uint64_t ceiling = held ? held->seq_ceiling : 0;

	if (!held && tables->count == SUBSCRIBERS_MAX)
		return -ENOSPC;
	if (!held)
		held = &tables->records[tables->count++];
	*held = *record;
	if (held->seq_ceiling < ceiling)
		held->seq_ceiling = ceiling;
	return 0;
}

static int apply(void *context, uint16_t operation, const void *row, size_t octets)
{
	struct subscriber_tables *tables = context;
	const struct subscriber_ceiling_row *ceiling = row;
	struct subscriber_record *held;

	(void)octets;
	switch (operation) {
	case SUBSCRIBER_STORE_PUT:
		return put_record(tables, row);
	case SUBSCRIBER_STORE_CEILING:
		held = find_record(tables, ceiling->imsi);
		if (held && (ceiling->resynchronised || held->seq_ceiling < ceiling->seq_ceiling))
			held->seq_ceiling = ceiling->seq_ceiling;
		return held ? 0 : -ENOENT;
	default:
		return -EINVAL;
	}
}

static const struct store_model_port subscriber_store_model = {
        .port = SUBSCRIBER_STORE_PORT,
        .table_octets = sizeof(struct subscriber_tables),
        .apply = apply,
};

static const struct subscriber_tables *tables_of(const struct authentication_process *authentication)
{
	return store_model_tables(authentication->process.store, SUBSCRIBER_STORE_PORT);
}

/* The records of a new network are put into the store by the first step, as an import would. */
static void import(struct authentication_process *authentication, struct effects *effects)
{
	for (size_t i = 0; i < authentication->first.count; i++)
		effects_store(effects, SUBSCRIBER_STORE_PORT, SUBSCRIBER_STORE_PUT, &authentication->first.records[i],
		              sizeof(authentication->first.records[i]));
}

static void start(void *context, const struct instant *now, struct effects *effects)
{
	struct authentication_process *authentication = context;
	struct randomness *randomness = &authentication->process.randomness.randomness;
	struct timer_wheel *timers = &authentication->process.timers;
	const struct subscriber_tables *tables = tables_of(authentication);
	struct eap_server_outlet outlet;

	(void)now;
	subscriber_table_start(&authentication->table, &authentication->wrap_key, randomness);
	if (tables->count == 0) {
		import(authentication, effects);
		tables = &authentication->first;
	}
	for (size_t i = 0; i < tables->count; i++)
		subscriber_table_loaded(&authentication->table, &tables->records[i]);
	authentication_centre_start(&authentication->centre, &authentication->table, randomness, IND);
	radius_server_start(&authentication->radius, &authentication->client, 1, &authentication->eap, timers,
	                    randomness, VENDOR, SESSION_TIMEOUT_S);
	outlet = radius_server_outlet(&authentication->radius);
	eap_server_start(&authentication->eap, &authentication->table, &authentication->centre, timers, randomness,
	                 &outlet);
}

static void stop(void *context)
{
	struct authentication_process *authentication = context;

	radius_server_end(&authentication->radius);
	eap_server_end(&authentication->eap);
	authentication_centre_end(&authentication->centre);
	subscriber_table_end(&authentication->table);
}

static void send_out(void *context, const struct effect_send *send)
{
	struct authentication_process *authentication = context;

	authentication->answer(authentication->context, &send->to, send->message, send->octets);
}

static void no_publish(void *context, const struct effect_publish *publish)
{
	(void)context;
	(void)publish;
	abort();
}

static void no_inject(void *context, const struct effect_inject *inject)
{
	(void)context;
	(void)inject;
	abort();
}

struct authentication_process *authentication_process_new(struct virtual_time *time, const struct secret *radius_secret,
                                                          const char *paa_id, authentication_answer *answer,
                                                          void *context)
{
	struct authentication_process *authentication = calloc(1, sizeof(*authentication));

	if (!authentication)
		abort();
	authentication->process.name = "authserver";
	authentication->process.time = time;
	authentication->process.restart_ms = 700;
	authentication->process.body =
	        (struct simulated_body){authentication, start, stop, no_publish, no_inject, send_out, NULL};
	authentication->client.secret = *radius_secret;
	snprintf(authentication->client.paa_id, sizeof(authentication->client.paa_id), "%s", paa_id);
	snprintf(authentication->client.network_name, sizeof(authentication->client.network_name), "kedge:%s", paa_id);
	secret_set(&authentication->wrap_key, "wrap-key-wrap-key-wrap-key-wrap-", KEY_WRAP_KEY_OCTETS);
	authentication->answer = answer;
	authentication->context = context;
	return authentication;
}

void authentication_process_subscribe(struct authentication_process *authentication, const struct sim_card *card,
                                      const char *name)
{
	struct subscriber_record *record = &authentication->first.records[authentication->first.count++];

	*record = (struct subscriber_record){
	        .amf = {0x80, 0},
	        .methods = METHOD_AKA_PRIME,
	        .name_consent = true,
	        .services = SUBSCRIBED_MIP6 | SUBSCRIBED_HIP,
	};
	snprintf(record->imsi, sizeof(record->imsi), "%s", card->imsi);
	snprintf(record->name, sizeof(record->name), "%s", name);
	key_wrap(&authentication->wrap_key, card->imsi, &card->k, &card->opc,
	         &authentication->process.time->dice.randomness, record->wrapped_keys);
}

void authentication_process_start(struct authentication_process *authentication)
{
	static const struct store_model_port *const ports[] = {&subscriber_store_model};

	simulated_process_start(&authentication->process, ports, 1);
}

void authentication_process_free(struct authentication_process *authentication)
{
	simulated_process_end(&authentication->process);
	free(authentication);
}

struct simulated_process *authentication_process_of(struct authentication_process *authentication)
{
	return &authentication->process;
}

void authentication_process_datagram(struct authentication_process *authentication, const struct endpoint *from,
                                     const uint8_t *datagram, size_t octets)
{
	struct instant now;
	struct effects *step = simulated_process_begin(&authentication->process, &now);

	if (!step)
		return;
	radius_server_datagram(&authentication->radius, 1, from, datagram, octets, &now, step);
	simulated_process_run(&authentication->process, step, &now);
}

uint64_t authentication_process_ceiling(const struct authentication_process *authentication, const char *imsi)
{
	const struct subscriber_tables *tables = tables_of(authentication);
	const struct subscriber_record *record = find_record((struct subscriber_tables *)tables, imsi);

	return record ? record->seq_ceiling : 0;
}
