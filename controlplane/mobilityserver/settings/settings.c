// SPDX-License-Identifier: BSD-3-Clause
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "allocation.h"
#include "dns_name.h"
#include "key_file.h"
#include "log.h"
#include "services.h"

enum { RADIUS_PORT = 1812, DNS_PORT = 53 };

typedef char error_text[CONFIGURATION_ERROR_OCTETS];

/* A name of at least `labels` labels. */
static int copy_name(const struct configuration_node *node, const char *key, size_t labels, char *to, error_text error)
{
	int result = configuration_copy_text(node, key, to, NAME_TEXT_OCTETS, error);

	if (result || dns_name_labels(to) >= labels)
		return result;
	configuration_blame(node, key, error,
	                    "'%s' is no domain name; it takes %zu or more lower-case labels without a final dot", to,
	                    labels);
	return -EINVAL;
}

static int read_services(const struct configuration_node *node, const char *key, uint32_t *services, error_text error)
{
	*services = 0;
	for (size_t i = 0; i < configuration_count(node, key); i++) {
		const char *word = configuration_text_at(node, key, i);

		if (strcmp(word, "mip6") == 0) {
			*services |= SERVICE_MIP6;
		} else if (strcmp(word, "dsmip6") == 0) {
			*services |= SERVICE_DSMIP6;
		} else if (strcmp(word, "hip") == 0) {
			*services |= SERVICE_HIP;
		} else {
			configuration_blame(node, key, error, "'%s' is no service; it takes mip6, dsmip6, hip", word);
			return -EINVAL;
		}
	}
	return 0;
}

static int blame_file(const struct configuration_node *node, const char *key, const char *fault, int result,
                      error_text error)
{
	configuration_blame(node, key, error, "%s", fault);
	return result;
}

static bool is_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static int read_server_lists(const struct configuration_node *node, struct settings_server *server, error_text error)
{
	server->realm_count = configuration_count(node, "realms");
	server->imsi_prefix_count = configuration_count(node, "imsi-prefixes");
	if (server->realm_count > SETTINGS_REALMS_MAX || server->imsi_prefix_count > SETTINGS_PREFIXES_MAX) {
		configuration_blame(node, "realms", error, "at most %d realms and %d prefixes", SETTINGS_REALMS_MAX,
		                    SETTINGS_PREFIXES_MAX);
		return -E2BIG;
	}
	for (size_t i = 0; i < server->realm_count; i++) {
		const char *realm = configuration_text_at(node, "realms", i);

		snprintf(server->realms[i], sizeof(server->realms[i]), "%s", realm);
		if (dns_name_labels(realm) < 2 || strlen(realm) >= sizeof(server->realms[i])) {
			configuration_blame(node, "realms", error, "'%.60s' is no realm", realm);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < server->imsi_prefix_count; i++) {
		const char *prefix = configuration_text_at(node, "imsi-prefixes", i);
		size_t digits = strspn(prefix, "0123456789");

		snprintf(server->imsi_prefixes[i], sizeof(server->imsi_prefixes[i]), "%s", prefix);
		if (prefix[digits] || digits < 5 || digits > 15) {
			configuration_blame(node, "imsi-prefixes", error,
			                    "'%.30s' is no prefix; it takes 5 or more digits", prefix);
			return -EINVAL;
		}
	}
	return 0;
}

static int read_server(const struct configuration_node *node, struct settings_server *server, error_text error)
{
	char fault[KEY_FILE_ERROR_OCTETS];
	int result = configuration_copy_text(node, "name", server->name, sizeof(server->name), error);

	if (!result && strchr(server->name, '/')) {
		configuration_blame(node, "name", error, "a name has no '/'");
		result = -EINVAL;
	}
	if (result)
		return result;
	configuration_endpoint(node, "endpoint", &server->endpoint);
	if (!server->endpoint.port)
		server->endpoint.port = RADIUS_PORT;
	if (!is_loopback(&server->endpoint.address) && !configuration_boolean(node, "radius-clear")) {
		configuration_blame(node, "endpoint", error,
		                    "RADIUS in clear to a server that is not on loopback carries IMSI and MSK (P-4); "
		                    "radius-clear: yes allows it");
		return -EPERM;
	}
	result = key_file_read_line(configuration_text(node, "secret-file"), 16, &server->secret, fault);
	if (result)
		return blame_file(node, "secret-file", fault, result, error);
	server->identity_from_eap = configuration_boolean(node, "identity-from-eap");
	server->trust_accept_user_name = configuration_boolean(node, "trust-accept-user-name");
	result = read_services(node, "services", &server->defaults.services, error);
	if (!result)
		result = configuration_copy_text(node, "name-policy", server->defaults.name_policy,
		                                 sizeof(server->defaults.name_policy), error);
	return result ? result : read_server_lists(node, server, error);
}

static int read_servers(const struct configuration_node *root, struct settings *settings, error_text error)
{
	size_t count = configuration_count(root, "authentication-servers");
	int result = 0;

	if (!count || count > SETTINGS_SERVERS_MAX) {
		configuration_blame(root, "authentication-servers", error, "it takes 1 to %d of them",
		                    SETTINGS_SERVERS_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < count && !result; i++) {
		const struct configuration_node *node = configuration_node_at(root, "authentication-servers", i);

		result = read_server(node, &settings->servers[i], error);
		settings->server_count = i + 1;
		for (size_t j = 0; j < i && !result; j++)
			if (strcmp(settings->servers[i].name, settings->servers[j].name) == 0) {
				configuration_blame(node, "name", error, "'%s' stands twice",
				                    settings->servers[i].name);
				result = -EINVAL;
			}
	}
	return result;
}

static int read_dns(const struct configuration_node *root, struct settings_dns *dns, error_text error)
{
	const struct configuration_node *node = configuration_section(root, "dns");
	char name[KEY_FILE_NAME_OCTETS], algorithm[KEY_FILE_NAME_OCTETS];
	struct secret secret = {0};
	char fault[KEY_FILE_ERROR_OCTETS];
	int result;

	configuration_endpoint(node, "server", &dns->server);
	if (!dns->server.port)
		dns->server.port = DNS_PORT;
	result = copy_name(node, "forward-zone", 2, dns->forward_zone, error);
	if (!result)
		result = copy_name(node, "reverse-zone", 3, dns->reverse_zone, error);
	if (result)
		return result;
	dns->ttl_s = (uint32_t)configuration_integer(node, "ttl-s");
	result = key_file_read_tsig(configuration_text(node, "tsig-key-file"), name, algorithm, &secret, fault);
	if (result)
		return blame_file(node, "tsig-key-file", fault, result, error);
	result = tsig_key_make(name, algorithm, &secret, &dns->key);
	secret_wipe(&secret);
	if (result)
		configuration_blame(node, "tsig-key-file", error,
		                    "'%.60s' by '%.40s' is not taken; it takes hmac-sha256, hmac-sha384 or hmac-sha512",
		                    name, algorithm);
	return result;
}

static int read_rule(const struct configuration_node *node, struct name_policy_rule *rule, error_text error)
{
	const struct configuration_node *match = configuration_section(node, "match");
	const char *wish = configuration_text(node, "wish");
	int result = configuration_copy_text(node, "name", rule->name, sizeof(rule->name), error);

	if (!result)
		result = configuration_copy_text(match, "imsi-prefix", rule->imsi_prefix, sizeof(rule->imsi_prefix),
		                                 error);
	if (!result)
		result = read_services(match, "services", &rule->services, error);
	if (result)
		return result;
	rule->wish = strcmp(wish, "strict") == 0 ? NAME_WISH_STRICT
	             : strcmp(wish, "no") == 0   ? NAME_WISH_NO
	                                         : NAME_WISH_PREFER;
	rule->template_count = configuration_count(node, "names");
	if (rule->template_count > POLICY_TEMPLATES_MAX) {
		configuration_blame(node, "names", error, "at most %d templates", POLICY_TEMPLATES_MAX);
		return -E2BIG;
	}
	for (size_t i = 0; i < rule->template_count; i++) {
		const char *text = configuration_text_at(node, "names", i);
		const char *fault = "too long";

		if (strlen(text) >= POLICY_TEMPLATE_OCTETS || name_template_check(text, &fault)) {
			configuration_blame(node, "names", error, "'%.80s' is no template: %s", text, fault);
			return -EINVAL;
		}
		snprintf(rule->templates[i], sizeof(rule->templates[i]), "%s", text);
	}
	return 0;
}

static char **copy_words(const struct configuration_node *node, const char *key)
{
	size_t count = configuration_count(node, key);
	char **words = calloc(count + 1, sizeof(*words));

	for (size_t i = 0; words && i < count; i++)
		words[i] = allocate_text(configuration_text_at(node, key, i));
	return words;
}

static int read_names(const struct configuration_node *root, struct settings *settings, error_text error)
{
	size_t count = configuration_count(root, "name-policy");
	int result = 0;

	snprintf(settings->name_rules.zone, sizeof(settings->name_rules.zone), "%s", settings->dns.forward_zone);
	settings->reserved_words = copy_words(root, "reserved-names");
	settings->rules = calloc(count + 1, sizeof(*settings->rules));
	if (!settings->reserved_words || !settings->rules)
		return -ENOMEM;
	settings->name_rules.reserved_words = (const char *const *)settings->reserved_words;
	settings->name_rules.reserved_count = configuration_count(root, "reserved-names");
	for (size_t i = 0; i < count && !result; i++)
		result = read_rule(configuration_node_at(root, "name-policy", i), &settings->rules[i], error);
	settings->name_policy.rules = settings->rules;
	settings->name_policy.rule_count = count;
	return result;
}

static bool in_prefix(const struct in6_addr *address, const struct in6_addr *prefix, unsigned length)
{
	unsigned octets = length / 8;
	uint8_t mask = (uint8_t)(0xff00 >> length % 8);

	return memcmp(address, prefix, octets) == 0 &&
	       (length % 8 == 0 || ((address->s6_addr[octets] ^ prefix->s6_addr[octets]) & mask) == 0);
}

static int read_reservation(const struct configuration_node *node, struct settings *settings, size_t index,
                            error_text error)
{
	struct address_reservation *reservation = &settings->reservations[index];
	struct subscriber_identity identity;
	struct in6_addr prefix;
	unsigned length;

	configuration_prefix(node, "prefix", &prefix, &length);
	if (length != 64 || !in_prefix(&prefix, &settings->home_prefix, settings->home_prefix_length)) {
		configuration_blame(node, "prefix", error, "it takes a /64 of the home prefix");
		return -EINVAL;
	}
	settings->reserved_subscribers[index] = allocate_text(configuration_text(node, "subscriber"));
	if (subscriber_identity_from_key(settings->reserved_subscribers[index], &identity)) {
		configuration_blame(node, "subscriber", error, "it takes SERVER/IMSI");
		return -EINVAL;
	}
	reservation->subscriber = settings->reserved_subscribers[index];
	for (unsigned bit = settings->home_prefix_length; bit < 64; bit++)
		reservation->subnet = reservation->subnet << 1 | ((prefix.s6_addr[bit / 8] >> (7 - bit % 8)) & 1);
	return 0;
}

static int read_addresses(const struct configuration_node *root, struct settings *settings, error_text error)
{
	unsigned length = 0;
	int result = 0;

	configuration_address(root, "service-address", &settings->service_address);
	configuration_prefix(root, "home-prefix", &settings->home_prefix, &length);
	settings->home_prefix_length = (uint8_t)length;
	if (length < 64 - ADDRESS_SUBNET_BITS_MAX || length > 63 || IN6_IS_ADDR_V4MAPPED(&settings->home_prefix)) {
		configuration_blame(root, "home-prefix", error, "it takes an IPv6 prefix, a /%d to a /63",
		                    64 - ADDRESS_SUBNET_BITS_MAX);
		return -EINVAL;
	}
	if (IN6_IS_ADDR_V4MAPPED(&settings->service_address) || IN6_IS_ADDR_LINKLOCAL(&settings->service_address) ||
	    IN6_IS_ADDR_MULTICAST(&settings->service_address)) {
		configuration_blame(root, "service-address", error, "it takes a global IPv6 address");
		return -EINVAL;
	}
	settings->nat_permitted = configuration_boolean(root, "nat-traversal");
	settings->address_wish_strict = strcmp(configuration_text(root, "address-wish"), "strict") == 0;
	settings->reservation_count = configuration_count(root, "address-reservations");
	settings->reservations = calloc(settings->reservation_count + 1, sizeof(*settings->reservations));
	settings->reserved_subscribers = calloc(settings->reservation_count + 1, sizeof(char *));
	if (!settings->reservations || !settings->reserved_subscribers)
		return -ENOMEM;
	for (size_t i = 0; i < settings->reservation_count && !result; i++)
		result = read_reservation(configuration_node_at(root, "address-reservations", i), settings, i, error);
	return result;
}

static void read_numbers(const struct configuration_node *root, struct settings *settings)
{
	const struct configuration_node *lifetimes = configuration_section(root, "lifetimes");
	const struct configuration_node *limits = configuration_section(root, "limits");

	settings->vendor_id = (uint32_t)configuration_integer(root, "vendor-id");
	settings->session_lifetime_max_s = (uint32_t)configuration_integer(lifetimes, "session-max-s");
	settings->lease_lifetime_s = (uint32_t)configuration_integer(lifetimes, "lease-s");
	settings->binding_lifetime_max_s = (uint32_t)configuration_integer(lifetimes, "binding-max-s");
	settings->binding_timestamps = configuration_boolean(lifetimes, "binding-timestamps");
	settings->quarantine_address_s = (uint32_t)configuration_integer(lifetimes, "quarantine-address-s");
	settings->quarantine_name_s = (uint32_t)configuration_integer(lifetimes, "quarantine-name-s");
	settings->half_open_limit = (uint32_t)configuration_integer(limits, "half-open");
	settings->sessions_per_subscriber = (uint32_t)configuration_integer(limits, "sessions-per-subscriber");
}

static int read_keys(const struct configuration_node *root, struct settings *settings, error_text error)
{
	char fault[KEY_FILE_ERROR_OCTETS];
	int result = configuration_copy_text(root, "host-key-file", settings->host_key_file,
	                                     sizeof(settings->host_key_file), error);

	if (result)
		return result;
	result = key_file_check_mode(settings->host_key_file, fault);
	if (result)
		return blame_file(root, "host-key-file", fault, result, error);
	result = key_file_read_hex(configuration_text(root, "owner-key-file"), 32, &settings->owner_key, fault);
	return result ? blame_file(root, "owner-key-file", fault, result, error) : 0;
}

int settings_read(const struct configuration_node *root, struct settings *settings,
                  char error[CONFIGURATION_ERROR_OCTETS])
{
	int result = copy_name(root, "paa-id", 2, settings->paa_id, error);

	if (!result)
		result = read_services(root, "services", &settings->services, error);
	if (!result && settings->services != SERVICE_MIP6 && settings->services != (SERVICE_MIP6 | SERVICE_DSMIP6)) {
		configuration_blame(root, "services", error, "this version offers mip6, with or without dsmip6");
		result = -ENOTSUP;
	}
	if (!result)
		result = read_addresses(root, settings, error);
	if (!result)
		result = read_keys(root, settings, error);
	if (!result)
		result = read_servers(root, settings, error);
	if (!result)
		result = read_dns(root, &settings->dns, error);
	if (!result)
		result = read_names(root, settings, error);
	if (!result)
		result = configuration_copy_text(root, "store", settings->store_path, sizeof(settings->store_path),
		                                 error);
	if (!result)
		result = process_settings_read(root, &settings->process, error);
	read_numbers(root, settings);
	return result;
}

static void free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

void settings_free(struct settings *settings)
{
	for (size_t i = 0; i < SETTINGS_SERVERS_MAX; i++)
		secret_wipe(&settings->servers[i].secret);
	secret_wipe(&settings->owner_key);
	secret_wipe(&settings->dns.key.secret);
	free_words(settings->reserved_words);
	free_words(settings->reserved_subscribers);
	free(settings->reservations);
	free(settings->rules);
	memset(settings, 0, sizeof(*settings));
}
