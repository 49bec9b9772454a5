// SPDX-License-Identifier: BSD-3-Clause
/* interactive - a prompt with line editing, history and completion (libedit). */
#ifndef KEDGE_SHELL_INTERACTIVE_H
#define KEDGE_SHELL_INTERACTIVE_H

#include "session.h"

/* Reads lines until the end of input, `exit` or `quit`. Returns the last line's status. */
int interactive_run(struct session *session);

#endif
