// SPDX-License-Identifier: BSD-3-Clause
/* lease_store - the SQLite side of bootstrap/lease_store_port.h. Thread: as sqlite_store.h says. */
#ifndef KEDGE_MOBILITYSERVER_LEASE_STORE_H
#define KEDGE_MOBILITYSERVER_LEASE_STORE_H

#include "lease_store_port.h"
#include "sqlite_store.h"

extern const struct sqlite_store_port lease_store_port;

/* Reads everything at start. Returns 0 or a negative errno. */
int lease_store_load(struct sqlite_store *store, const struct lease_store_reader *reader);

/*
 * Who had `address` at `at_ms`? Returns 0 and the subscriber's key, -ENOENT when nobody had it, or another
 * negative errno. For tools and start-up, like sqlite_store_connection().
 */
int lease_store_who_had(struct sqlite_store *store, const struct in6_addr *address, uint64_t at_ms,
                        char subscriber[SUBSCRIBER_KEY_OCTETS]);

#endif
