// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_store - the SQLite side of homeagent/binding_store_port.h. Keys of security associations stand in the file
 * encrypted (key_wrapping.h). Thread: as sqlite_store.h says.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_STORE_H
#define KEDGE_MOBILITYSERVER_BINDING_STORE_H

#include "binding_store_port.h"
#include "sqlite_store.h"

/* The port, under a key of 32 octets that lives as long as the store. */
struct sqlite_store_port binding_store_port_of(const struct secret *store_key);

/*
 * Reads everything at start. Returns 0; -EKEYREJECTED when a key was encrypted under another store key; or what the
 * reader or SQLite returned.
 */
int binding_store_load(struct sqlite_store *store, const struct secret *store_key,
                       const struct binding_store_reader *reader);

/* Makes the epoch of this run durable, higher than that of any before. Not between start and stop. */
int binding_store_raise_epoch(struct sqlite_store *store, uint32_t *epoch);

#endif
