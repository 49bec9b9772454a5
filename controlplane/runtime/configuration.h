// SPDX-License-Identifier: BSD-3-Clause
/*
 * configuration - YAML against one schema table a program, which gives parser, error text and manual.
 *
 * A schema is an array of keys ended by one without a name. The file is checked whole against it: unknown and repeated
 * keys, wrong types, values out of range and missing required keys are errors that name file, line, what is wrong and
 * what would be right. What the file leaves out has the schema's default. After loading, look-ups cannot fail: asking
 * for a key that the schema does not have aborts (a programming error).
 *
 * Thread: any; a loaded configuration does not change.
 */
#ifndef KEDGE_RUNTIME_CONFIGURATION_H
#define KEDGE_RUNTIME_CONFIGURATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "endpoint.h"

enum configuration_type {
	CONFIGURATION_BOOLEAN,   /* yes | no (also true | false) */
	CONFIGURATION_INTEGER,   /* minimum..maximum */
	CONFIGURATION_TEXT,      /* minimum..maximum octets; maximum 0: up to 4095 */
	CONFIGURATION_CHOICE,    /* one of the words in `choices`, blank-separated */
	CONFIGURATION_ADDRESS,   /* IPv6 or IPv4 address */
	CONFIGURATION_ENDPOINT,  /* address with optional port: "[::1]:1812" */
	CONFIGURATION_PREFIX,    /* "2001:db8:aa::/48", no bits beyond the length */
	CONFIGURATION_TEXT_LIST, /* a list of texts, or one text */
	CONFIGURATION_SECTION,   /* a map with `keys` */
	CONFIGURATION_LIST,      /* a list of maps, each with `keys` */
};

struct configuration_key {
	const char *name;
	enum configuration_type type;
	long long minimum;
	long long maximum;
	const char *default_text; /* as it would stand in the file; NULL: required; "": absent (lists: empty) */
	const char *choices;
	const struct configuration_key *keys;
	const char *help;
	bool is_live; /* a reload takes it over; else it takes a restart. Of a section: its keys say it themselves */
};

struct configuration;
struct configuration_node; /* a map: the whole file, a section, or one element of a list */

enum { CONFIGURATION_ERROR_OCTETS = 512 };

/* Returns the root map and owns all below it; NULL with `error` ("FILE:LINE: what is wrong; what would be right"). */
struct configuration *configuration_load(const char *path, const struct configuration_key *schema,
                                         char error[CONFIGURATION_ERROR_OCTETS]);
void configuration_free(struct configuration *configuration);
const struct configuration_node *configuration_root(const struct configuration *configuration);

/*
 * Tells which keys have another value in `newer`, a configuration of the same schema: "limits.half-open" with both
 * values as they stand in the files; lists as a whole, with NULL for the values.
 */
typedef void configuration_difference(void *context, const struct configuration_key *key, const char *path,
                                      const char *before, const char *after);
void configuration_compare(const struct configuration_node *older, const struct configuration_node *newer,
                           configuration_difference *differs, void *context);

bool configuration_boolean(const struct configuration_node *node, const char *key);
long long configuration_integer(const struct configuration_node *node, const char *key);

/* NULL when absent. TEXT and CHOICE; borrowed. */
const char *configuration_text(const struct configuration_node *node, const char *key);

/*
 * The text, or "" when absent, into `to` of `octets` octets. Returns 0, or -ENAMETOOLONG with `error` when there is no
 * room.
 */
int configuration_copy_text(const struct configuration_node *node, const char *key, char *to, size_t octets,
                            char error[CONFIGURATION_ERROR_OCTETS]);

/* False when absent. */
bool configuration_address(const struct configuration_node *node, const char *key, struct in6_addr *address);
bool configuration_endpoint(const struct configuration_node *node, const char *key, struct endpoint *endpoint);
bool configuration_prefix(const struct configuration_node *node, const char *key, struct in6_addr *prefix,
                          unsigned *length);

/* Elements of a TEXT_LIST or LIST. */
size_t configuration_count(const struct configuration_node *node, const char *key);
const char *configuration_text_at(const struct configuration_node *node, const char *key, size_t index);
const struct configuration_node *configuration_node_at(const struct configuration_node *node, const char *key,
                                                       size_t index);

/* A SECTION; never NULL: a section that is left out holds its defaults. */
const struct configuration_node *configuration_section(const struct configuration_node *node, const char *key);

/* Says in `error`, with file and line of `key` (or of the node, key NULL), what only the program could find wrong. */
__attribute__((format(printf, 4, 5))) void configuration_blame(const struct configuration_node *node, const char *key,
                                                               char error[CONFIGURATION_ERROR_OCTETS],
                                                               const char *format, ...);

/* Prints each key with type, range, default and help. */
void configuration_print_manual(const struct configuration_key *schema, FILE *to);

/* Whether `text` is one of the blank-separated words of `choices`. */
bool configuration_is_choice(const char *choices, const char *text);

/* Reads "ADDRESS/LENGTH"; IPv4 prefixes become mapped with length + 96. Returns 0 or -EINVAL. */
int configuration_parse_prefix(const char *text, struct in6_addr *prefix, unsigned *length);

#endif
