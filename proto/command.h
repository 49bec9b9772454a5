// SPDX-License-Identifier: BSD-3-Clause
/*
 * command - the envelope of the command channel (docs/operation.md shows ten lines of Python that drive it).
 *
 * ZeroMQ, ROUTER at the daemon; DEALER or REQ at the client. A message has two frames behind the routing frames that
 * ZeroMQ and REQ add (routing identity; REQ's empty frame, which the answer repeats):
 *
 *	frame 1: envelope, 8 octets
 *		version8   1
 *		kind8      1 request, 2 answer
 *		status16   request 0; answer: 0 done, 1 failed
 *		request32  chosen by the client, repeated in the answer
 *	frame 2: body, JSON in UTF-8
 *		request  {"command": "binding show", "arguments": {"limit": 100}}
 *		done     {"rows": […], "next": "…"} or another object that the command documents
 *		failed   {"error": {"code": "not-found", "message": "…", "expected": […]}}
 */
#ifndef KEDGE_PROTO_COMMAND_H
#define KEDGE_PROTO_COMMAND_H

#include "wire.h"

enum { COMMAND_VERSION = 1, COMMAND_ENVELOPE_OCTETS = 8, COMMAND_BODY_MAX = 16 << 20 };

/* Rows in one answer: more would make a turn of the daemon's loop too long. */
enum { COMMAND_ROWS_MAX = 100 };

enum command_kind { COMMAND_REQUEST = 1, COMMAND_ANSWER = 2 };
enum command_status { COMMAND_DONE = 0, COMMAND_FAILED = 1 };

struct command_envelope {
	uint8_t version;
	uint8_t kind;
	uint16_t status;
	uint32_t request;
};

/*
 * Returns 0; -EINVAL for anything but 8 octets of a known kind and status; -EPROTO for another version, with
 * envelope->version and envelope->request filled in, so that the answer can say so.
 */
int command_envelope_read(const void *bytes, size_t octets, struct command_envelope *envelope);

void command_envelope_write(const struct command_envelope *envelope, uint8_t bytes[COMMAND_ENVELOPE_OCTETS]);

#endif
