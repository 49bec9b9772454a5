// SPDX-License-Identifier: BSD-3-Clause
#include "sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "allocation.h"
#include "log.h"

enum { BUSY_TIMEOUT_MS = 5000, GROUP_MAX = 4096 };

struct kept_statement {
	const char *sql; /* the literal's address is the key */
	sqlite3_stmt *statement;
	UT_hash_handle hh;
};

/* One submitted step on its way through the thread and back. */
struct submission {
	struct submission *next;
	const struct effects *step;
	int result;
};

struct submissions {
	struct submission *first;
	struct submission **end;
};

struct sqlite_store {
	sqlite3 *connection;
	const struct sqlite_store_port *ports;
	size_t port_count;
	struct kept_statement *statements;
	void *context;
	int lock_file;
	char *path;

	pthread_t thread;
	bool thread_runs;
	void (*wake)(void *context);
	void *wake_context;

	pthread_mutex_t mutex;
	pthread_cond_t arrived;
	struct submissions submitted;
	struct submissions finished;
	struct sqlite_store_counters counters;
	bool stopping;
};

static void submissions_start(struct submissions *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void submissions_append(struct submissions *list, struct submission *submission)
{
	submission->next = NULL;
	*list->end = submission;
	list->end = &submission->next;
}

int sqlite_store_error(int sqlite_result)
{
	switch (sqlite_result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int run_sql(struct sqlite_store *store, const char *sql)
{
	return sqlite_store_error(sqlite3_exec(store->connection, sql, NULL, NULL, NULL));
}

sqlite3 *sqlite_store_connection(struct sqlite_store *store)
{
	return store->connection;
}

void *sqlite_store_context(struct sqlite_store *store)
{
	return store->context;
}

sqlite3_stmt *sqlite_store_statement(struct sqlite_store *store, const char *sql)
{
	struct kept_statement *kept;

	HASH_FIND_PTR(store->statements, &sql, kept);
	if (kept) {
		sqlite3_reset(kept->statement);
		sqlite3_clear_bindings(kept->statement);
		return kept->statement;
	}
	kept = calloc(1, sizeof(*kept));
	if (!kept)
		return NULL;
	kept->sql = sql;
	if (sqlite3_prepare_v3(store->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept->statement, NULL)) {
		log_print(LOG_LEVEL_ERROR, "store", "%s: %s", sqlite3_errmsg(store->connection), sql);
		free(kept);
		return NULL;
	}
	HASH_ADD_PTR(store->statements, sql, kept);
	return kept->statement;
}

int sqlite_store_run(struct sqlite_store *store, sqlite3_stmt *statement)
{
	int result;

	(void)store;
	if (!statement)
		return -EIO;
	result = sqlite3_step(statement);
	sqlite3_reset(statement);
	/* a key bound to a statement must not stay in it */
	sqlite3_clear_bindings(statement);
	return sqlite_store_error(result);
}

static const struct sqlite_store_port *find_port(const struct sqlite_store *store, uint16_t port)
{
	for (size_t i = 0; i < store->port_count; i++)
		if (store->ports[i].port == port)
			return &store->ports[i];
	return NULL;
}

static int apply_all(struct sqlite_store *store, const struct effects *step)
{
	struct effect_store effect;
	int result = 0;

	for (size_t i = 0; !result && effects_store_at(step, i, &effect); i++) {
		const struct sqlite_store_port *port = find_port(store, effect.port);

		if (!port)
			return -EINVAL;
		store->context = port->context;
		result = port->apply(store, effect.operation, effect.row, effect.octets);
	}
	return result;
}

/* One step inside the open transaction: wholly or not at all. */
static int apply_in_savepoint(struct sqlite_store *store, const struct effects *step)
{
	int result = run_sql(store, "SAVEPOINT step");

	if (result)
		return result;
	result = apply_all(store, step);
	if (result && sqlite3_get_autocommit(store->connection))
		return result; /* SQLite itself rolled the whole transaction back */
	if (result)
		run_sql(store, "ROLLBACK TO step");
	if (run_sql(store, "RELEASE step") && !result)
		result = -EIO;
	return result;
}

int sqlite_store_apply_step(struct sqlite_store *store, const struct effects *step)
{
	int result = run_sql(store, "BEGIN IMMEDIATE");

	if (result)
		return result;
	result = apply_all(store, step);
	if (!result)
		result = run_sql(store, "COMMIT");
	if (result && !sqlite3_get_autocommit(store->connection))
		run_sql(store, "ROLLBACK");
	return result;
}

static uint64_t microseconds_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void fail_group(struct submission *first, int result)
{
	for (struct submission *at = first; at; at = at->next)
		if (!at->result)
			at->result = result;
}

/* The group becomes one transaction. Each submission leaves with its own result. */
static void commit_group(struct sqlite_store *store, struct submission *first)
{
	uint64_t begin_us = microseconds_now();
	struct sqlite_store_counters change = {.commits = 1};
	int result = run_sql(store, "BEGIN IMMEDIATE");

	for (struct submission *at = first; at && !result; at = at->next) {
		at->result = apply_in_savepoint(store, at->step);
		if (sqlite3_get_autocommit(store->connection))
			result = at->result ? at->result : -EIO;
	}
	if (!result)
		result = run_sql(store, "COMMIT");
	if (result) {
		if (!sqlite3_get_autocommit(store->connection))
			run_sql(store, "ROLLBACK");
		fail_group(first, result);
		change.commits_failed = 1;
	}
	for (struct submission *at = first; at; at = at->next) {
		change.steps++;
		change.steps_failed += at->result != 0;
	}
	change.longest_commit_us = microseconds_now() - begin_us;
	pthread_mutex_lock(&store->mutex);
	store->counters.commits += change.commits;
	store->counters.commits_failed += change.commits_failed;
	store->counters.steps += change.steps;
	store->counters.steps_failed += change.steps_failed;
	if (change.longest_commit_us > store->counters.longest_commit_us)
		store->counters.longest_commit_us = change.longest_commit_us;
	pthread_mutex_unlock(&store->mutex);
}

/* Takes at most GROUP_MAX submissions; called with the mutex held. */
static struct submission *take_group(struct sqlite_store *store)
{
	struct submission *first = store->submitted.first;
	struct submission *last = first;

	for (int count = 1; last && last->next && count < GROUP_MAX; count++)
		last = last->next;
	if (!last)
		return NULL;
	store->submitted.first = last->next;
	if (!last->next)
		store->submitted.end = &store->submitted.first;
	last->next = NULL;
	return first;
}

static void *thread_main(void *argument)
{
	struct sqlite_store *store = argument;

	pthread_mutex_lock(&store->mutex);
	for (;;) {
		struct submission *group = take_group(store);

		if (!group) {
			if (store->stopping)
				break;
			pthread_cond_wait(&store->arrived, &store->mutex);
			continue;
		}
		pthread_mutex_unlock(&store->mutex);
		commit_group(store, group);
		pthread_mutex_lock(&store->mutex);
		while (group) {
			struct submission *next = group->next;

			submissions_append(&store->finished, group);
			group = next;
		}
		store->wake(store->wake_context);
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

int sqlite_store_start(struct sqlite_store *store, void (*wake)(void *context), void *context)
{
	int result;

	store->wake = wake;
	store->wake_context = context;
	store->stopping = false;
	result = pthread_create(&store->thread, NULL, thread_main, store);
	store->thread_runs = result == 0;
	return -result;
}

void sqlite_store_stop(struct sqlite_store *store)
{
	if (!store->thread_runs)
		return;
	pthread_mutex_lock(&store->mutex);
	store->stopping = true;
	pthread_cond_signal(&store->arrived);
	pthread_mutex_unlock(&store->mutex);
	pthread_join(store->thread, NULL);
	store->thread_runs = false;
}

void sqlite_store_submit(struct sqlite_store *store, const struct effects *step)
{
	struct submission *submission = allocate(sizeof(*submission));

	submission->step = step;
	pthread_mutex_lock(&store->mutex);
	submissions_append(&store->submitted, submission);
	pthread_cond_signal(&store->arrived);
	pthread_mutex_unlock(&store->mutex);
}

bool sqlite_store_collect(struct sqlite_store *store, int *result)
{
	struct submission *submission;

	pthread_mutex_lock(&store->mutex);
	submission = store->finished.first;
	if (submission) {
		store->finished.first = submission->next;
		if (!submission->next)
			store->finished.end = &store->finished.first;
	}
	pthread_mutex_unlock(&store->mutex);
	if (!submission)
		return false;
	*result = submission->result;
	free(submission);
	return true;
}

struct sqlite_store_counters sqlite_store_counters(struct sqlite_store *store)
{
	struct sqlite_store_counters counters;

	pthread_mutex_lock(&store->mutex);
	counters = store->counters;
	pthread_mutex_unlock(&store->mutex);
	return counters;
}

/* Sets a PRAGMA and reads it back: SQLite ignores what it does not know in silence (S-2). */
static int set_pragma(struct sqlite_store *store, const char *name, const char *value, const char *read_back,
                      char *error)
{
	char sql[128];
	sqlite3_stmt *statement = NULL;
	const char *found = NULL;
	int result;

	snprintf(sql, sizeof(sql), "PRAGMA %s=%s", name, value);
	result = run_sql(store, sql);
	snprintf(sql, sizeof(sql), "PRAGMA %s", name);
	if (!result && sqlite3_prepare_v2(store->connection, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		found = (const char *)sqlite3_column_text(statement, 0);
	if (!found || strcmp(found, read_back) != 0) {
		snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: cannot set %s to %s (it is %s)", store->path, name,
		         value, found ? found : sqlite3_errmsg(store->connection));
		result = result ? result : -ENOTSUP;
	}
	sqlite3_finalize(statement);
	return result;
}

static int set_pragmas(struct sqlite_store *store, char *error)
{
	static const struct {
		const char *name, *value, *read_back;
	} pragmas[] = {
	        {"journal_mode", "WAL", "wal"},         {"synchronous", "FULL", "2"}, {"foreign_keys", "ON", "1"},
	        {"wal_autocheckpoint", "1000", "1000"}, {"secure_delete", "ON", "1"}, {"temp_store", "MEMORY", "2"},
	        {"trusted_schema", "OFF", "0"},
	};
	int result = 0;

	for (size_t i = 0; !result && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		result = set_pragma(store, pragmas[i].name, pragmas[i].value, pragmas[i].read_back, error);
	return result;
}

static int schema_version(struct sqlite_store *store, int *version)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(store->connection, "PRAGMA user_version", -1, &statement, NULL);

	if (!result) {
		result = sqlite3_step(statement);
		*version = sqlite3_column_int(statement, 0);
		result = result == SQLITE_ROW ? SQLITE_OK : result;
	}
	sqlite3_finalize(statement);
	return sqlite_store_error(result);
}

static int migrate_one(struct sqlite_store *store, const struct sqlite_store_migration *migration, int to_version)
{
	char sql[64];
	int result = run_sql(store, "BEGIN IMMEDIATE");

	if (!result)
		result = run_sql(store, migration->sql);
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", to_version);
	if (!result)
		result = run_sql(store, sql);
	if (!result)
		result = run_sql(store, "COMMIT");
	return result;
}

static int migrate(struct sqlite_store *store, const struct sqlite_store_options *options, char *error)
{
	int version = 0;
	int result = schema_version(store, &version);

	if (!result && (size_t)version > options->migration_count) {
		snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: schema version %d is newer than this program's %zu",
		         store->path, version, options->migration_count);
		return -EPROTO;
	}
	for (; !result && (size_t)version < options->migration_count; version++) {
		result = migrate_one(store, &options->migrations[version], version + 1);
		if (result) {
			snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: migration %d (%s): %s", store->path,
			         version + 1, options->migrations[version].name, sqlite3_errmsg(store->connection));
			if (!sqlite3_get_autocommit(store->connection))
				run_sql(store, "ROLLBACK");
		}
	}
	return result;
}

/* A lock file beside the database, held for the life of the process. */
static int take_instance_lock(struct sqlite_store *store, char *error)
{
	char path[4096];
	int length = snprintf(path, sizeof(path), "%s.lock", store->path);

	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	store->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_file < 0) {
		int result = -errno;

		snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%.200s: %s", path, strerror(errno));
		return result;
	}
	if (flock(store->lock_file, LOCK_EX | LOCK_NB) == 0)
		return 0;
	snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: another instance uses this store", store->path);
	return -EBUSY;
}

static int open_connection(struct sqlite_store *store, char *error)
{
	mode_t mask = umask(0077);
	int result = sqlite3_open_v2(store->path, &store->connection,
	                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	umask(mask);
	if (result) {
		snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: %s", store->path,
		         store->connection ? sqlite3_errmsg(store->connection) : sqlite3_errstr(result));
		return sqlite_store_error(result);
	}
	sqlite3_extended_result_codes(store->connection, 1);
	sqlite3_busy_timeout(store->connection, BUSY_TIMEOUT_MS);
	return 0;
}

int sqlite_store_open(const struct sqlite_store_options *options, struct sqlite_store **opened,
                      char error[SQLITE_STORE_ERROR_OCTETS])
{
	struct sqlite_store *store = calloc(1, sizeof(*store));
	int result = -ENOMEM;

	*opened = NULL;
	snprintf(error, SQLITE_STORE_ERROR_OCTETS, "%s: out of memory", options->path);
	if (!store)
		return result;
	store->lock_file = -1;
	store->ports = options->ports;
	store->port_count = options->port_count;
	submissions_start(&store->submitted);
	submissions_start(&store->finished);
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->arrived, NULL);
	store->path = strdup(options->path);
	if (!store->path)
		goto end;
	result = take_instance_lock(store, error);
	if (result)
		goto end;
	result = open_connection(store, error);
	if (result)
		goto end;
	result = set_pragmas(store, error);
	if (result)
		goto end;
	result = migrate(store, options, error);
end:
	if (result) {
		sqlite_store_close(store);
		return result;
	}
	error[0] = '\0';
	*opened = store;
	return 0;
}

static void free_submissions(struct submissions *list)
{
	while (list->first) {
		struct submission *next = list->first->next;

		free(list->first);
		list->first = next;
	}
}

void sqlite_store_close(struct sqlite_store *store)
{
	struct kept_statement *kept, *following;

	if (!store)
		return;
	sqlite_store_stop(store);
	HASH_ITER (hh, store->statements, kept, following) {
		HASH_DEL(store->statements, kept);
		sqlite3_finalize(kept->statement);
		free(kept);
	}
	if (store->connection)
		sqlite3_close(store->connection);
	if (store->lock_file >= 0)
		close(store->lock_file);
	free_submissions(&store->submitted);
	free_submissions(&store->finished);
	pthread_cond_destroy(&store->arrived);
	pthread_mutex_destroy(&store->mutex);
	free(store->path);
	free(store);
}
