// SPDX-License-Identifier: BSD-3-Clause
/* billing_store - the SQLite side of billing/billing_store_port.h. Thread: as sqlite_store.h says. */
#ifndef KEDGE_MOBILITYSERVER_BILLING_STORE_H
#define KEDGE_MOBILITYSERVER_BILLING_STORE_H

#include "billing_store_port.h"
#include "sqlite_store.h"

extern const struct sqlite_store_port billing_store_port;

#endif
