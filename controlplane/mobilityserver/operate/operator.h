// SPDX-License-Identifier: BSD-3-Clause
/*
 * operator - what an operator can ask of the mobility server; one file a noun: session, lease, binding, policy,
 * explain, stats. Bodies are documented in docs/operation.md.
 */
#ifndef KEDGE_MOBILITYSERVER_OPERATOR_H
#define KEDGE_MOBILITYSERVER_OPERATOR_H

#include "bus.h"
#include "command.h"
#include "command_server.h"
#include "metrics_watcher.h"
#include "mobility_server.h"

struct operator
{
	struct command_server *commands;
	struct mobility_server *server;
	const struct settings *settings;
	struct loop *loop;
	struct sqlite_store *store;
	struct bus *bus;
	const char *configuration_file;
	/* Reads the file again without using it; 0, or negative errno with `error`. */
	int (*check_configuration)(const char *file, char *error, size_t octets);
};

enum { OPERATOR_COMMANDS = 10, OPERATOR_PAGE_DEFAULT = 100, OPERATOR_PAGE_MAX = COMMAND_ROWS_MAX };

/* Fills the table; `operator` and its members outlive it. */
void operator_commands(struct operator* operator, struct command commands[OPERATOR_COMMANDS]);

/* metrics.c: for metrics_watcher_open(); `context` is the operator. */
metrics_write operator_metrics;

/* The runs of the table, as command_function. */
#define OPERATOR_RUN(name)                                                                                             \
	void name(void *context, uint64_t ticket, json_t *arguments, const struct instant *now, struct effects *effects)
OPERATOR_RUN(operator_session_show);
OPERATOR_RUN(operator_session_end);
OPERATOR_RUN(operator_lease_show);
OPERATOR_RUN(operator_lease_release);
OPERATOR_RUN(operator_binding_show);
OPERATOR_RUN(operator_binding_delete);
OPERATOR_RUN(operator_policy_test);
OPERATOR_RUN(operator_explain);
OPERATOR_RUN(operator_stats_show);
OPERATOR_RUN(operator_config_check);

/*
 * The subscriber's key for an IMSI: of the first authentication server that may assert it (E-17) and knows him here,
 * else of the first that may. False and a failed ticket when none may.
 */
bool operator_subscriber(struct operator* operator, uint64_t ticket, const char *imsi,
                         struct subscriber_identity *identity, char key[SUBSCRIBER_KEY_OCTETS]);

/*
 * The number behind which a page goes on, from the "next" of the page before; 0 where `text` is NULL. False and a
 * failed ticket for another text.
 */
bool operator_after(struct operator* operator, uint64_t ticket, const char *text, uint64_t *number);

/* "home/001010000000001" as it is: operators see whom they serve. Addresses, HITs and times as texts; new references.
 */
json_t *operator_address(const struct in6_addr *address);
json_t *operator_hex(const void *octets, size_t count);
json_t *operator_time(uint64_t unix_ms); /* ISO 8601, UTC; null for 0 */
json_t *operator_prefix(const struct binding_key *key);

json_t *operator_lease_row(const struct bootstrap_lease_view *view);
json_t *operator_binding_row(const struct binding_view *view, uint64_t now_unix_ms);

#endif
