// SPDX-License-Identifier: BSD-3-Clause
/*
 * billing_store_port - one record a provided service, under a transaction id of the bootstrap's: recording it again
 * changes nothing, reversing it marks it (B-48). Times are milliseconds since 1970.
 */
#ifndef KEDGE_MOBILITYSERVER_BILLING_STORE_PORT_H
#define KEDGE_MOBILITYSERVER_BILLING_STORE_PORT_H

#include <stdint.h>

#include "subscriber.h"

enum { BILLING_STORE_PORT = 2 };

enum billing_store_operation {
	BILLING_STORE_RECORD = 1, /* struct billing_row */
	BILLING_STORE_REVERSE,    /* struct billing_row: transaction and at_ms */
};

enum { BILLING_TRANSACTION_OCTETS = 16 };

struct billing_row {
	uint8_t transaction[BILLING_TRANSACTION_OCTETS];
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	uint32_t services;
	uint64_t at_ms;
	uint64_t until_ms; /* end of the lease that it pays for */
};

#endif
