// SPDX-License-Identifier: BSD-3-Clause
/*
 * subscriber_file - the JSON form of a subscriber: one table of members serves `subscriber import`, `add` and `set`.
 *
 * An error names file, line, what is wrong and what would be right; nothing secret stands in it.
 */
#ifndef KEDGE_AUTHSERVER_SUBSCRIBER_FILE_H
#define KEDGE_AUTHSERVER_SUBSCRIBER_FILE_H

#include <jansson.h>

#include "subscriber_table.h"

enum { SUBSCRIBER_FILE_ERROR_OCTETS = 256, SUBSCRIBER_FILE_MAX = 1000000 };

/*
 * Reads a JSON array of subscribers into *records (malloc'ed; the caller wipes and frees them with
 * subscriber_file_free()), keys wrapped. Members that the file leaves out have their defaults. Returns 0 or -EINVAL
 * with `error`.
 */
int subscriber_file_read(const char *file, const char *text, const struct secret *wrap_key,
                         struct randomness *randomness, struct subscriber_record **records, size_t *count,
                         char error[SUBSCRIBER_FILE_ERROR_OCTETS]);
void subscriber_file_free(struct subscriber_record *records, size_t count);

/*
 * One subscriber from an object of the same members; `base` (NULL: a new one) gives what the object leaves out, so its
 * keys may stay. Lists may also be texts with commas. Returns 0 or -EINVAL with `error`.
 */
int subscriber_record_read(const json_t *object, const struct subscriber_record *base, const struct secret *wrap_key,
                           struct randomness *randomness, struct subscriber_record *record,
                           char error[SUBSCRIBER_FILE_ERROR_OCTETS]);

/* What may be shown of a subscriber: everything but keys. A new reference. */
json_t *subscriber_record_show(const struct subscriber_record *record);

#endif
