// SPDX-License-Identifier: BSD-3-Clause
/* drop - the reasons of drop.def as an enumeration, with their names and one line of help each. */
#ifndef KEDGE_PROTO_DROP_H
#define KEDGE_PROTO_DROP_H

enum drop_reason {
#define DROP(identifier, help) DROP_##identifier,
#include "drop.def"
#undef DROP
	DROP_REASONS
};

/* "frame_truncated"; NULL past the end. */
const char *drop_name(enum drop_reason reason);

/* One line for people; NULL past the end. */
const char *drop_help(enum drop_reason reason);

#endif
