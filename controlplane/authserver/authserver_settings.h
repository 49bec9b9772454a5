// SPDX-License-Identifier: BSD-3-Clause
/* The authentication server's configuration file as plain structs. */
#ifndef KEDGE_AUTHSERVER_AUTHSERVER_SETTINGS_H
#define KEDGE_AUTHSERVER_AUTHSERVER_SETTINGS_H

#include "process.h"
#include "radius_server.h"

enum { LISTENS_MAX = 8 };

struct authserver_settings {
	struct endpoint listens[LISTENS_MAX];
	size_t listen_count;
	struct radius_client clients[RADIUS_CLIENTS_MAX];
	size_t client_count;
	struct secret wrap_key;
	uint32_t vendor_id;
	uint32_t session_timeout_s;
	unsigned ind;
	char store_path[4096];
	struct process_settings process;
};

extern const struct configuration_key authserver_schema[];

/* Fills zeroed `settings`; reads the key files. 0, or negative errno with `error`. authserver_settings_wipe() either
 * way. */
int authserver_settings_read(const struct configuration_node *root, struct authserver_settings *settings,
                             char error[CONFIGURATION_ERROR_OCTETS]);
void authserver_settings_wipe(struct authserver_settings *settings);

#endif
