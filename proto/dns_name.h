// SPDX-License-Identifier: BSD-3-Clause
/*
 * dns_name - domain names between text and wire (RFC 1035 sections 3.1, 4.1.4).
 *
 * Text is lower case without a final dot; the root is the empty text. kedge's own names are LDH labels of A-labels
 * (D-9) and `_kedge` (D-1), so there are no escapes: a label with a dot, a backslash, a blank or an octet outside
 * 0x21..0x7e has no text form and fails the cursor.
 */
#ifndef KEDGE_PROTO_DNS_NAME_H
#define KEDGE_PROTO_DNS_NAME_H

#include "wire.h"

enum {
	DNS_LABEL_MAX = 63,
	DNS_NAME_WIRE_MAX = 255,
	DNS_NAME_TEXT_MAX = 253,
	DNS_NAME_TEXT_OCTETS = DNS_NAME_TEXT_MAX + 1,
};

/*
 * How many labels `name` has, if it is a name as kedge's own are written: lower-case LDH labels of 1..63 octets, no
 * hyphen at either end, "--" in the third place only as part of an A-label (RFC 5891 4.2.3.1), 1..253 octets, no final
 * dot. 0: it is none.
 */
size_t dns_name_labels(const char *name);

/*
 * Writes `name` uncompressed and in lower case; one final dot is allowed. Fails the writer when a label is empty,
 * longer than 63 octets or has no text form, or when the name is longer than 255 octets on the wire.
 */
void dns_name_write(struct wire_writer *writer, const char *name);

/* Reads an uncompressed name; a compression pointer fails the reader (HIP RRs: RFC 8005 section 5.6). */
void dns_name_read(struct wire_reader *reader, char name[DNS_NAME_TEXT_OCTETS]);

/*
 * Reads a name inside `message`, where `reader` stands in the same message; follows compression pointers, which must
 * point ever further back (so that the walk ends). The reader goes on behind the name.
 */
void dns_name_read_in(struct wire_reader *reader, struct wire_view message, char name[DNS_NAME_TEXT_OCTETS]);

/* Steps over a name of any octets, compressed or not, without following pointers. */
void dns_name_skip(struct wire_reader *reader);

#endif
