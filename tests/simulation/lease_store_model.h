// SPDX-License-Identifier: BSD-3-Clause
/* lease_store_model - bootstrap/lease_store_port.h and billing/billing_store_port.h as tables of the store model. */
#ifndef KEDGE_TESTS_SIMULATION_LEASE_STORE_MODEL_H
#define KEDGE_TESTS_SIMULATION_LEASE_STORE_MODEL_H

#include "billing_store_port.h"
#include "lease_store_port.h"
#include "store_model.h"

enum { LEASE_MODEL_ROWS = 64, LEASE_MODEL_AUDIT_ROWS = 512 };

struct lease_model_tables {
	struct lease_row leases[LEASE_MODEL_ROWS];
	struct name_row names[LEASE_MODEL_ROWS];
	struct address_row addresses[LEASE_MODEL_ROWS];
	struct identity_row identities[LEASE_MODEL_ROWS];
	struct saga_row sagas[LEASE_MODEL_ROWS];
	struct decision_row decisions[LEASE_MODEL_ROWS * LEASE_DECISIONS_MAX];
	struct audit_row audits[LEASE_MODEL_AUDIT_ROWS];
	size_t lease_count, name_count, address_count, identity_count, saga_count, decision_count, audit_count;
};

struct billing_model_row {
	struct billing_row row;
	uint64_t reversed_ms;
};

struct billing_model_tables {
	struct billing_model_row rows[LEASE_MODEL_ROWS * 4];
	size_t count;
};

extern const struct store_model_port lease_store_model;
extern const struct store_model_port billing_store_model;

/* As lease_store_load() and lease_store_who_had(). */
void lease_store_model_load(const struct store_model *model, const struct lease_store_reader *reader);
int lease_store_model_who_had(const struct store_model *model, const struct in6_addr *address, uint64_t at_ms,
                              char subscriber[SUBSCRIBER_KEY_OCTETS]);

#endif
