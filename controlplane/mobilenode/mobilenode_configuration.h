// SPDX-License-Identifier: BSD-3-Clause
/* The mobile node's configuration file as plain structs. */
#ifndef KEDGE_MOBILENODE_MOBILENODE_CONFIGURATION_H
#define KEDGE_MOBILENODE_MOBILENODE_CONFIGURATION_H

#include "configuration.h"
#include "mobilenode.h"
#include "software_usim.h"
#include "tunnel.h"

enum { MOBILENODE_PATH_MAX = 1024 };

struct mobilenode_configuration {
	struct mobilenode_settings node;
	struct tunnel_settings tunnel;
	char imsi[USIM_IMSI_DIGITS + 1];
	char iccid[USIM_ICCID_DIGITS + 1];
	unsigned mnc_digits;
	char usim_key_file[MOBILENODE_PATH_MAX];
	char usim_state_file[MOBILENODE_PATH_MAX];
	char state_file[MOBILENODE_PATH_MAX];
	char socket_folder[128];
	char name[64];
	enum log_level log_level;
};

extern const struct configuration_key mobilenode_schema[];

/* Fills zeroed `settings`; opens no other file. 0, or -EINVAL with `error`. */
int mobilenode_configuration_read(const struct configuration_node *root, struct mobilenode_configuration *settings,
                                  char error[CONFIGURATION_ERROR_OCTETS]);

#endif
