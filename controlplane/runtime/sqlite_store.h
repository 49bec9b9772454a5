// SPDX-License-Identifier: BSD-3-Clause
/*
 * sqlite_store - the durable half of a process: one SQLite file, one thread that writes it.
 *
 * Steps with stores are submitted from the loop; everything that was submitted since the last commit becomes one
 * transaction (group commit), each step inside a savepoint of its own, so that one step's broken constraint fails that
 * step alone while a failed commit (disk full, I/O error) fails all of the group. Results come back in order.
 *
 * WAL and synchronous=FULL (S-1); each PRAGMA is read back (S-2). A second process on the same file is refused. The
 * schema has a version and grows by numbered migrations (S-7).
 *
 * Thread: open, load and close on the main thread while the store's thread does not run; between start and stop the
 * connection belongs to that thread, and only submit and collect may be called, by the loop.
 */
#ifndef KEDGE_RUNTIME_SQLITE_STORE_H
#define KEDGE_RUNTIME_SQLITE_STORE_H

#include <sqlite3.h>

#include "effects.h"

struct sqlite_store;

/* Performs one operation of a port. Returns 0, or a negative errno; see sqlite_store_error() for the usual mapping. */
typedef int sqlite_store_apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets);

struct sqlite_store_port {
	uint16_t port;
	const char *name;
	sqlite_store_apply *apply;
	void *context; /* what apply gets from sqlite_store_context() */
};

/* Migration n (counted from 1, in the order of the array) leads from schema version n-1 to n. */
struct sqlite_store_migration {
	const char *name;
	const char *sql;
};

struct sqlite_store_options {
	const char *path;
	const struct sqlite_store_port *ports;
	size_t port_count;
	const struct sqlite_store_migration *migrations;
	size_t migration_count;
};

enum { SQLITE_STORE_ERROR_OCTETS = 256 };

/*
 * Opens (creates) the file, mode 0600, takes the instance lock, brings the schema up to date.
 * Returns 0; -EBUSY when another process holds it; -EPROTO when the file's schema is newer than this program; or
 * another negative errno; `error` then holds one sentence.
 */
int sqlite_store_open(const struct sqlite_store_options *options, struct sqlite_store **store,
                      char error[SQLITE_STORE_ERROR_OCTETS]);
void sqlite_store_close(struct sqlite_store *store);

/* For loading at start and for tests; not between start and stop. */
sqlite3 *sqlite_store_connection(struct sqlite_store *store);

/*
 * A prepared statement, reset and without bindings, kept for this `sql` (a string literal: it is known by its address).
 * NULL when it cannot be prepared. Used by apply functions and loaders.
 */
sqlite3_stmt *sqlite_store_statement(struct sqlite_store *store, const char *sql);

/* Steps a statement that yields no row; 0 or the negative errno of what went wrong. Resets it. */
int sqlite_store_run(struct sqlite_store *store, sqlite3_stmt *statement);

/* The errno for an SQLite result: constraint -EEXIST, full -ENOSPC, busy/locked -EBUSY, I/O -EIO, no memory -ENOMEM. */
int sqlite_store_error(int sqlite_result);

/* The context of the port whose apply function is running. */
void *sqlite_store_context(struct sqlite_store *store);

/* Applies all stores of `step` in one transaction, at once. For tests, tools and start-up; not between start and stop.
 */
int sqlite_store_apply_step(struct sqlite_store *store, const struct effects *step);

/* Starts the thread. `wake` is called (from that thread) when results can be collected; it must be safe there. */
int sqlite_store_start(struct sqlite_store *store, void (*wake)(void *context), void *context);

/* Everything submitted is committed, then the thread ends. Results may still be collected afterwards. */
void sqlite_store_stop(struct sqlite_store *store);

/* `step` must stay unchanged until its result was collected. */
void sqlite_store_submit(struct sqlite_store *store, const struct effects *step);

/* The result of the oldest step not yet collected into *result; false when it is not there yet. */
bool sqlite_store_collect(struct sqlite_store *store, int *result);

struct sqlite_store_counters {
	uint64_t commits;
	uint64_t commits_failed;
	uint64_t steps;
	uint64_t steps_failed;
	uint64_t longest_commit_us;
};

/* A consistent copy; any thread. */
struct sqlite_store_counters sqlite_store_counters(struct sqlite_store *store);

#endif
