// SPDX-License-Identifier: BSD-3-Clause
/* The schema of the mobility server's store, as numbered steps (S-7): store/migrations/NNNN_NAME.sql, embedded. */
#ifndef KEDGE_MOBILITYSERVER_MIGRATIONS_H
#define KEDGE_MOBILITYSERVER_MIGRATIONS_H

#include "sqlite_store.h"

extern const struct sqlite_store_migration mobilityserver_migrations[];
extern const size_t mobilityserver_migration_count;

#endif
