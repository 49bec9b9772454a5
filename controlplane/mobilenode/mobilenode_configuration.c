// SPDX-License-Identifier: BSD-3-Clause
#include "dns_name.h"
#include "mobilenode_configuration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bootstrap_avp.h"
#include "pana.h"
#include "process.h"

enum { PANA_CHANNEL = 1, IMSI_DIGITS_MIN = 6 };

static const struct configuration_key usim_keys[] = {
        {.name = "imsi", .type = CONFIGURATION_TEXT, .minimum = 6, .maximum = 15, .help = "6 to 15 digits."},
        {.name = "mnc-digits",
         .type = CONFIGURATION_INTEGER,
         .minimum = 2,
         .maximum = 3,
         .default_text = "2",
         .help = "Digits of the MNC, as EF.AD of the card says (E-4)."},
        {.name = "iccid",
         .type = CONFIGURATION_TEXT,
         .minimum = 10,
         .maximum = 20,
         .help = "The card's serial number, 10 to 20 digits."},
        {.name = "key-file",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .help = "K and OPc, a line each, 32 hex digits; mode 0600."},
        {.name = "state-file",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .default_text = "/var/lib/kedge/mobilenode/usim",
         .help = "Where the card keeps its sequence numbers."},
        {0},
};

static const struct configuration_key wish_keys[] = {
        {.name = "fqdn",
         .type = CONFIGURATION_TEXT,
         .maximum = 253,
         .default_text = "",
         .help = "The wished name; the operator decides.",
         .is_live = true},
        {.name = "home-address",
         .type = CONFIGURATION_ADDRESS,
         .default_text = "",
         .help = "The wished home address; counts only if it is leased to this subscriber (B-38).",
         .is_live = true},
        {0},
};

static const struct configuration_key movement_keys[] = {
        {.name = "interfaces",
         .type = CONFIGURATION_TEXT_LIST,
         .default_text = "",
         .help = "Interfaces to use, the most preferred first; empty: by the metric of their default routes."},
        {.name = "hysteresis-ms",
         .type = CONFIGURATION_INTEGER,
         .minimum = 0,
         .maximum = 60000,
         .default_text = "100",
         .help = "How long a better interface must stand before a working one is left (N-3)."},
        {0},
};

static const struct configuration_key tunnel_keys[] = {
        {.name = "interface",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .maximum = IFNAMSIZ - 1,
         .default_text = "kedge0",
         .help = "Name of the TUN interface with the home address."},
        {.name = "mtu-bytes",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1280,
         .maximum = 65000,
         .default_text = "1460",
         .help = "Of inner packets: that of the access networks less 40."},
        {.name = "routing-table",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1,
         .maximum = 2147483647,
         .default_text = "716",
         .help = "Routing table of the tunnel."},
        {.name = "rule-priority",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1,
         .maximum = 32763,
         .default_text = "716",
         .help = "Priority of the first of the three rules that lead there."},
        {.name = "all-traffic",
         .type = CONFIGURATION_BOOLEAN,
         .default_text = "yes",
         .help = "While a binding stands, all traffic takes the tunnel; no: of programs that bind the home address."},
        {0},
};

const struct configuration_key mobilenode_schema[] = {
        {.name = "paa-id",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .maximum = 253,
         .help = "Name of the mobility service, lower case, no final dot (K-3)."},
        {.name = "mobility-server", .type = CONFIGURATION_ENDPOINT, .help = "Its address; port 716 if none is named."},
        {.name = "usim", .type = CONFIGURATION_SECTION, .keys = usim_keys, .help = "The card, in software."},
        {.name = "realm",
         .type = CONFIGURATION_TEXT,
         .maximum = 253,
         .default_text = "",
         .help = "Realm of the operator; empty: wlan.mncNNN.mccNNN.3gppnetwork.org (E-4)."},
        {.name = "network-name",
         .type = CONFIGURATION_CHOICE,
         .choices = "kedge WLAN",
         .default_text = "kedge",
         .help = "What AT_KDF_INPUT must be: kedge:PAA-Id, or a name that begins with WLAN, for stock servers (E-8)."},
        {.name = "allow-aka",
         .type = CONFIGURATION_BOOLEAN,
         .default_text = "no",
         .help = "Whether EAP-AKA will do, which binds no network name (E-7)."},
        {.name = "vendor-id",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1,
         .maximum = 4294967295,
         .default_text = "32473",
         .help = "SMI enterprise number of the bootstrap's AVPs (B-35)."},
        {.name = "shared-secret",
         .type = CONFIGURATION_BOOLEAN,
         .default_text = "yes",
         .help = "Send a Shared-Secret with each request (K-7)."},
        {.name = "wish", .type = CONFIGURATION_SECTION, .keys = wish_keys, .help = "What the node would like to have."},
        {.name = "binding-lifetime-s",
         .type = CONFIGURATION_INTEGER,
         .minimum = 4,
         .maximum = 262140,
         .default_text = "600",
         .help = "Lifetime asked for in Binding Updates."},
        {.name = "movement", .type = CONFIGURATION_SECTION, .keys = movement_keys, .help = "Which access to use."},
        {.name = "tunnel",
         .type = CONFIGURATION_SECTION,
         .keys = tunnel_keys,
         .help = "Where inner packets come from."},
        {.name = "state-file",
         .type = CONFIGURATION_TEXT,
         .minimum = 1,
         .default_text = "/var/lib/kedge/mobilenode/state",
         .help = "The sealed state: only this card opens it (N-1)."},
        PROCESS_SOCKET_KEYS("mobilenode", "Folder with view/ and operate/."),
        PROCESS_LOG_KEY,
        {0},
};

typedef char error_text[CONFIGURATION_ERROR_OCTETS];

static int copy_digits(const struct configuration_node *node, const char *key, char *to, size_t octets,
                       error_text error)
{
	int result = configuration_copy_text(node, key, to, octets, error);

	if (result || strspn(to, "0123456789") == strlen(to))
		return result;
	configuration_blame(node, key, error, "'%s' holds more than digits", to);
	return -EINVAL;
}

static int read_usim(const struct configuration_node *usim, struct mobilenode_configuration *settings, error_text error)
{
	int result = copy_digits(usim, "imsi", settings->imsi, sizeof(settings->imsi), error);

	if (!result)
		result = copy_digits(usim, "iccid", settings->iccid, sizeof(settings->iccid), error);
	settings->mnc_digits = (unsigned)configuration_integer(usim, "mnc-digits");
	return result;
}

static int read_movement(const struct configuration_node *node, struct movement_settings *movement, error_text error)
{
	movement->interface_count = configuration_count(node, "interfaces");
	movement->hysteresis_ms = (uint32_t)configuration_integer(node, "hysteresis-ms");
	if (movement->interface_count > MOVEMENT_INTERFACES_MAX) {
		configuration_blame(node, "interfaces", error, "it takes at most %d of them", MOVEMENT_INTERFACES_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < movement->interface_count; i++) {
		const char *name = configuration_text_at(node, "interfaces", i);

		if (strlen(name) >= IFNAMSIZ) {
			configuration_blame(node, "interfaces", error,
			                    "'%.40s' is longer than an interface's name can be", name);
			return -EINVAL;
		}
		snprintf(movement->interfaces[i], IFNAMSIZ, "%s", name);
	}
	return 0;
}

static void read_tunnel(const struct configuration_node *node, const struct in6_addr *mobility_server,
                        struct tunnel_settings *tunnel)
{
	tunnel->mtu_bytes = (uint32_t)configuration_integer(node, "mtu-bytes");
	tunnel->routing.table = (uint32_t)configuration_integer(node, "routing-table");
	tunnel->routing.priority = (uint32_t)configuration_integer(node, "rule-priority");
	tunnel->routing.all_traffic = configuration_boolean(node, "all-traffic");
	tunnel->routing.mobility_server = *mobility_server;
}

/* K-3: the octets enter keys at both ends, so they must be written in one way. */
static int read_paa_id(const struct configuration_node *root, struct mobilenode_configuration *settings,
                       error_text error)
{
	char *paa_id = settings->node.bootstrap.paa_id;
	int result = configuration_copy_text(root, "paa-id", paa_id, sizeof(settings->node.bootstrap.paa_id), error);

	if (result || dns_name_labels(paa_id))
		return result;
	configuration_blame(root, "paa-id", error,
	                    "'%s' is no domain name in lower case, as A-labels, without a final dot", paa_id);
	return -EINVAL;
}

static void read_eap(const struct configuration_node *root, struct mobilenode_configuration *settings)
{
	struct eap_aka_peer_settings *eap = &settings->node.eap;

	eap->allow_aka = configuration_boolean(root, "allow-aka");
	eap->is_prefix_match = strcmp(configuration_text(root, "network-name"), "WLAN") == 0;
	if (eap->is_prefix_match)
		snprintf(eap->network_name, sizeof(eap->network_name), "WLAN");
	else
		snprintf(eap->network_name, sizeof(eap->network_name), "kedge:%s", settings->node.bootstrap.paa_id);
}

static void read_wish(const struct configuration_node *root, struct bootstrap_client_settings *bootstrap)
{
	const struct configuration_node *wish = configuration_section(root, "wish");

	configuration_address(wish, "home-address", &bootstrap->wish.home_address);
	bootstrap->wish.services = PANA_CAPABILITY_MIP6;
	bootstrap->wish.with_shared_secret = configuration_boolean(root, "shared-secret");
	bootstrap->vendor = (uint32_t)configuration_integer(root, "vendor-id");
}

/* What is taken as it stands. */
static int read_texts(const struct configuration_node *root, struct mobilenode_configuration *settings,
                      error_text error)
{
	const struct configuration_node *usim = configuration_section(root, "usim");
	const struct configuration_node *wish = configuration_section(root, "wish");
	const struct configuration_node *tunnel = configuration_section(root, "tunnel");
	const struct {
		const struct configuration_node *node;
		const char *key;
		char *to;
		size_t octets;
	} texts[] = {
	        {usim, "key-file", settings->usim_key_file, sizeof(settings->usim_key_file)},
	        {usim, "state-file", settings->usim_state_file, sizeof(settings->usim_state_file)},
	        {root, "realm", settings->node.eap.realm, sizeof(settings->node.eap.realm)},
	        {wish, "fqdn", settings->node.bootstrap.wish.fqdn, sizeof(settings->node.bootstrap.wish.fqdn)},
	        {tunnel, "interface", settings->tunnel.interface, sizeof(settings->tunnel.interface)},
	        {root, "state-file", settings->state_file, sizeof(settings->state_file)},
	        {root, "sockets", settings->socket_folder, sizeof(settings->socket_folder)},
	        {root, "name", settings->name, sizeof(settings->name)},
	};
	int result = 0;

	for (size_t i = 0; !result && i < sizeof(texts) / sizeof(texts[0]); i++)
		result = configuration_copy_text(texts[i].node, texts[i].key, texts[i].to, texts[i].octets, error);
	return result;
}

int mobilenode_configuration_read(const struct configuration_node *root, struct mobilenode_configuration *settings,
                                  char error[CONFIGURATION_ERROR_OCTETS])
{
	struct pana_client_settings *pana = &settings->node.pana;
	int result = read_paa_id(root, settings, error);

	if (!result)
		result = read_usim(configuration_section(root, "usim"), settings, error);
	if (!result)
		result = read_movement(configuration_section(root, "movement"), &settings->node.movement, error);
	read_eap(root, settings);
	read_wish(root, &settings->node.bootstrap);
	configuration_endpoint(root, "mobility-server", &pana->paa);
	read_tunnel(configuration_section(root, "tunnel"), &pana->paa.address, &settings->tunnel);
	if (!pana->paa.port)
		pana->paa.port = PANA_UDP_PORT;
	pana->channel = PANA_CHANNEL;
	pana->vendor = settings->node.bootstrap.vendor;
	pana->capabilities = PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_RFC4285 | PANA_CAPABILITY_POP;
	settings->node.binding_lifetime_s = (uint32_t)configuration_integer(root, "binding-lifetime-s");
	if (!result)
		result = read_texts(root, settings, error);
	if (!result)
		result = log_level_parse(configuration_text(root, "log-level"), &settings->log_level);
	return result;
}
