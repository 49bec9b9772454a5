// SPDX-License-Identifier: BSD-3-Clause
/*
 * settings - the mobility server's configuration file as plain structs, checked as a whole before anything is touched.
 *
 * Thread: made once on the main thread, then constant.
 */
#ifndef KEDGE_MOBILITYSERVER_SETTINGS_H
#define KEDGE_MOBILITYSERVER_SETTINGS_H

#include "address.h"
#include "directory.h"
#include "policy.h"
#include "process.h"
#include "secret.h"
#include "tsig.h"

enum { SETTINGS_REALMS_MAX = 16, SETTINGS_PREFIXES_MAX = 64, SETTINGS_SERVERS_MAX = 16 };

struct settings_server {
	char name[SUBSCRIBER_SERVER_OCTETS];
	struct endpoint endpoint;
	struct secret secret;
	char realms[SETTINGS_REALMS_MAX][NAME_TEXT_OCTETS];
	size_t realm_count;
	char imsi_prefixes[SETTINGS_PREFIXES_MAX][POLICY_IMSI_PREFIX_OCTETS]; /* MCC and MNC (E-17) */
	size_t imsi_prefix_count;
	bool identity_from_eap;      /* E-16 */
	bool trust_accept_user_name; /* E-16 */
	struct directory_defaults defaults;
};

struct settings_dns {
	struct endpoint server;
	char forward_zone[NAME_TEXT_OCTETS];
	char reverse_zone[NAME_TEXT_OCTETS];
	struct tsig_key key;
	uint32_t ttl_s;
};

struct settings {
	char paa_id[NAME_TEXT_OCTETS]; /* K-3 */
	struct in6_addr service_address;
	struct in6_addr home_prefix;
	uint8_t home_prefix_length;
	uint32_t services; /* bits of B-7 that this server offers */
	uint32_t vendor_id;
	uint32_t session_lifetime_max_s;
	uint32_t lease_lifetime_s;
	uint32_t binding_lifetime_max_s;
	bool binding_timestamps;
	uint32_t quarantine_address_s;
	uint32_t quarantine_name_s;
	uint32_t half_open_limit;
	uint32_t sessions_per_subscriber; /* F-11 */
	bool address_wish_strict;
	bool nat_permitted; /* M-25 */

	char host_key_file[4096];
	struct secret owner_key; /* D-1; also what keeps security associations in the store unreadable */

	struct name_rules name_rules;
	struct name_policy name_policy;
	struct name_policy_rule *rules; /* behind name_policy */
	char **reserved_words;          /* behind name_rules */

	struct address_reservation *reservations; /* */
	size_t reservation_count;
	char **reserved_subscribers; /* behind reservations */

	struct settings_server servers[SETTINGS_SERVERS_MAX];
	size_t server_count;
	struct settings_dns dns;

	char store_path[4096];
	struct process_settings process;
};

extern const struct configuration_key settings_schema[];

/*
 * Fills `settings` (which the caller zeroed) from a loaded configuration; reads the key files. Returns 0 or a negative
 * errno with `error`. Either way settings_free() wipes and frees.
 */
int settings_read(const struct configuration_node *root, struct settings *settings,
                  char error[CONFIGURATION_ERROR_OCTETS]);
void settings_free(struct settings *settings);

#endif
