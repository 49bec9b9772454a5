// SPDX-License-Identifier: BSD-3-Clause
#include "authserver_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <openssl/crypto.h>

#include "key_file.h"

enum { RADIUS_PORT = 1812 };

static const struct configuration_key client_keys[] = {
        {.name = "prefix", .type = CONFIGURATION_PREFIX, .help = "Whose datagrams these are, such as ::1/128."},
        {.name = "secret-file",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .help = "File with the RADIUS secret in its first line, 16 to 64 octets, mode 0600 (R-12)."},
        {.name = "paa-id",
         .type = CONFIGURATION_TEXT,
         .maximum = 253,
         .default_text = "",
         .help = "The mobility service that this client is; needed for network-name kedge."},
        {.name = "network-name",
         .type = CONFIGURATION_CHOICE,
         .choices = "kedge WLAN",
         .default_text = "kedge",
         .help = "AT_KDF_INPUT: kedge:PAA-Id, or WLAN for access networks (E-8)."},
        {0},
};

const struct configuration_key authserver_schema[] = {
        {.name = "listen",
         .type = CONFIGURATION_TEXT_LIST,
         .default_text = "[::1]:1812",
         .help = "Addresses and ports; port 1812 if none is named."},
        {.name = "clients", .type = CONFIGURATION_LIST, .keys = client_keys, .help = "Who may ask.", .is_live = true},
        {.name = "key-file",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .help = "64 hex digits, mode 0600: encrypts K and OPc in the store."},
        {.name = "store",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .default_text = "/var/lib/kedge/authserver/subscribers.sqlite",
         .help = "The SQLite file; one instance at a time."},
        {.name = "ind",
         .type = CONFIGURATION_INTEGER,
         .minimum = 0,
         .maximum = SQN_INDS - 1,
         .default_text = "4",
         .help = "IND of this server's sequence numbers; no MSC, MME or other server may have the same (E-13)."},
        {.name = "session-timeout-s",
         .type = CONFIGURATION_INTEGER,
         .minimum = 60,
         .maximum = 604800,
         .default_text = "86400",
         .help = "Session-Timeout of each Access-Accept.",
         .is_live = true},
        {.name = "vendor-id",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1,
         .maximum = 16777215,
         .default_text = "32473",
         .help = "SMI enterprise number of the profile's attributes (B-35)."},
        PROCESS_SOCKET_KEYS("authserver", "Folder with view/ and operate/."),
        PROCESS_USER_KEY("kedge-authserver"),
        PROCESS_METRICS_KEY,
        PROCESS_LOG_KEY,
        {0},
};

typedef char error_text[CONFIGURATION_ERROR_OCTETS];

static int read_listens(const struct configuration_node *root, struct authserver_settings *settings, error_text error)
{
	settings->listen_count = configuration_count(root, "listen");
	if (!settings->listen_count || settings->listen_count > LISTENS_MAX) {
		configuration_blame(root, "listen", error, "it takes 1 to %d of them", LISTENS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < settings->listen_count; i++) {
		const char *text = configuration_text_at(root, "listen", i);

		if (endpoint_parse(text, &settings->listens[i])) {
			configuration_blame(root, "listen", error,
			                    "'%.60s' is no address; it takes one like [::1]:1812", text);
			return -EINVAL;
		}
		if (!settings->listens[i].port)
			settings->listens[i].port = RADIUS_PORT;
	}
	return 0;
}

static int read_client(const struct configuration_node *node, struct radius_client *client, error_text error)
{
	const char *paa_id = configuration_text(node, "paa-id");
	char fault[KEY_FILE_ERROR_OCTETS];
	int result;

	configuration_prefix(node, "prefix", &client->prefix, &client->prefix_length);
	snprintf(client->paa_id, sizeof(client->paa_id), "%s", paa_id ? paa_id : "");
	if (strcmp(configuration_text(node, "network-name"), "kedge") == 0) {
		if (!client->paa_id[0]) {
			configuration_blame(node, "paa-id", error, "network-name kedge needs the service's name");
			return -EINVAL;
		}
		snprintf(client->network_name, sizeof(client->network_name), "kedge:%s", client->paa_id);
	} else {
		snprintf(client->network_name, sizeof(client->network_name), "WLAN");
	}
	result = key_file_read_line(configuration_text(node, "secret-file"), 16, &client->secret, fault);
	if (result)
		configuration_blame(node, "secret-file", error, "%s", fault);
	return result;
}

static int read_clients(const struct configuration_node *root, struct authserver_settings *settings, error_text error)
{
	size_t count = configuration_count(root, "clients");
	int result = 0;

	if (!count || count > RADIUS_CLIENTS_MAX) {
		configuration_blame(root, "clients", error, "it takes 1 to %d of them", RADIUS_CLIENTS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < count && !result; i++) {
		result = read_client(configuration_node_at(root, "clients", i), &settings->clients[i], error);
		settings->client_count = i + 1;
	}
	return result;
}

int authserver_settings_read(const struct configuration_node *root, struct authserver_settings *settings,
                             char error[CONFIGURATION_ERROR_OCTETS])
{
	char fault[KEY_FILE_ERROR_OCTETS];
	int result = read_listens(root, settings, error);

	if (!result)
		result = read_clients(root, settings, error);
	if (!result) {
		result = key_file_read_hex(configuration_text(root, "key-file"), KEY_WRAP_KEY_OCTETS,
		                           &settings->wrap_key, fault);
		if (result)
			configuration_blame(root, "key-file", error, "%s", fault);
	}
	settings->ind = (unsigned)configuration_integer(root, "ind");
	settings->vendor_id = (uint32_t)configuration_integer(root, "vendor-id");
	settings->session_timeout_s = (uint32_t)configuration_integer(root, "session-timeout-s");
	if (!result)
		result = configuration_copy_text(root, "store", settings->store_path, sizeof(settings->store_path),
		                                 error);
	return result ? result : process_settings_read(root, &settings->process, error);
}

void authserver_settings_wipe(struct authserver_settings *settings)
{
	OPENSSL_cleanse(settings, sizeof(*settings));
}
