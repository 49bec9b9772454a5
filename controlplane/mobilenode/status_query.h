// SPDX-License-Identifier: BSD-3-Clause
/* `kedge-mobilenode status [--json]`: asks the running node over its view socket. */
#ifndef KEDGE_MOBILENODE_STATUS_QUERY_H
#define KEDGE_MOBILENODE_STATUS_QUERY_H

#include <stdbool.h>

#include <jansson.h>

/* Prints, and returns the process's exit status: 0, 1 (it answered with an error) or 3 (no node runs there). */
int status_query(const char *socket_folder, const char *name, bool is_json);

/* Prints a status as a table or as JSON. */
void status_print(const json_t *status, bool is_json);

#endif
