// SPDX-License-Identifier: BSD-3-Clause
/* subscriber_store - the SQLite side of the subscriber table's port, and its schema. */
#ifndef KEDGE_AUTHSERVER_SUBSCRIBER_STORE_H
#define KEDGE_AUTHSERVER_SUBSCRIBER_STORE_H

#include "sqlite_store.h"
#include "subscriber_record.h"

extern const struct sqlite_store_migration subscriber_store_migrations[];
extern const size_t subscriber_store_migration_count;

/* As sqlite_store_apply. */
int subscriber_store_apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets);

/* Reads all rows at start. Returns 0 or a negative errno. */
int subscriber_store_load(struct sqlite_store *store,
                          void (*row)(void *context, const struct subscriber_record *record), void *context);

#endif
