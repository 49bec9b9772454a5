// SPDX-License-Identifier: BSD-3-Clause
/*
 * privileges - root until ports and sockets are open, then the daemon's user without any right; where routes are to be
 * kept on a host port, or an XDP program taken off an interface, the calling thread alone keeps CAP_NET_ADMIN, and only
 * that.
 *
 * Thread: the main one, after the workers' threads exist and before they poll.
 */
#ifndef KEDGE_DATAPLANE_PRIVILEGES_H
#define KEDGE_DATAPLANE_PRIVILEGES_H

#include <stdbool.h>

#include "dataplane_configuration.h"

/* Does nothing but forbid core dumps and new privileges when not started as root. 0, or negative errno with `error`. */
int privileges_drop(const char *user, bool keep_network_administration, char error[ERROR_OCTETS]);

#endif
