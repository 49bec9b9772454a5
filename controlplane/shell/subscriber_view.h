// SPDX-License-Identifier: BSD-3-Clause
/*
 * subscriber_view - what no daemon knows alone: the control plane knows subscribers and their leases, data planes know
 * what they forward and drop, the authentication server knows the card. The shell asks them all and puts it together.
 */
#ifndef KEDGE_SHELL_SUBSCRIBER_VIEW_H
#define KEDGE_SHELL_SUBSCRIBER_VIEW_H

#include "session.h"

/* `explain`: prints all that is known of arguments' "imsi". Returns an enum session_status. */
int subscriber_view_explain(struct session *session, json_t *arguments);

/*
 * Rows of `binding show` (members "key") get what the data planes count for them: age_s of the youngest change, packets
 * and octets up and down, drops remembered and the name of one, summed over the data planes; null where none has it.
 */
void subscriber_view_join(struct session *session, json_t *rows);

/* The home address of a subscriber's lease, from the control plane (a new reference); NULL after having said why. */
json_t *subscriber_view_address(struct session *session, const char *imsi);

#endif
