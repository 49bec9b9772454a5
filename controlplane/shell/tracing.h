// SPDX-License-Identifier: BSD-3-Clause
/*
 * tracing - `trace`: asks all data planes to trace a subscriber, prints the steps as they come, and ends the traces
 * when enough packets have come, when time is up, or when the operator interrupts.
 */
#ifndef KEDGE_SHELL_TRACING_H
#define KEDGE_SHELL_TRACING_H

#include "session.h"

/* Arguments "who" (IMSI, address or key), "count", "seconds". Returns an enum session_status. */
int tracing_run(struct session *session, json_t *arguments);

#endif
