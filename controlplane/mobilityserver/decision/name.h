// SPDX-License-Identifier: BSD-3-Clause
/*
 * name - which names a subscriber may have (D-9, B-39) and how a text becomes the label of one. Pure; any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_NAME_H
#define KEDGE_MOBILITYSERVER_NAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	NAME_TEXT_OCTETS = 254, /* 253 octets (B-35, 261) and a NUL */
	NAME_LABEL_OCTETS = 64, /* 63 and a NUL */
};

/* The operator's zone and words. `zone` in lower-case A-labels without final dot. */
struct name_rules {
	char zone[NAME_TEXT_OCTETS];
	const char *const *reserved_words; /* beside the built-in ones; lower case */
	size_t reserved_count;
	uint8_t labels_below_zone_max; /* 0 counts as 1, the default of D-9 */
};

enum name_verdict {
	NAME_ALLOWED,
	NAME_BAD_SYNTAX,   /* no lower-case LDH labels of 1..63, or no valid A-label */
	NAME_TOO_LONG,     /* over 253 octets */
	NAME_OUTSIDE_ZONE, /* not below the operator's zone, or its apex */
	NAME_TOO_DEEP,     /* more labels below the zone than allowed */
	NAME_RESERVED,     /* a reserved word */
	NAME_CONFUSABLE,   /* looks like a reserved word, or mixes scripts */
	NAME_VERDICTS,
};

/* "allowed", "bad syntax", … for `policy test` and `explain`. */
const char *name_verdict_text(enum name_verdict verdict);

/*
 * Judges a wished name as it came off the wire (`octets` octets, no NUL); when allowed, `fqdn` holds it. The octets are
 * hostile; nothing but the verdict depends on them.
 */
enum name_verdict name_check(const struct name_rules *rules, const void *wish, size_t octets,
                             char fqdn[NAME_TEXT_OCTETS]);

/*
 * Makes one label of a UTF-8 text, as the IDNA A-label of its lower case: "Matti Virtanen" → "matti-virtanen". Blanks,
 * dots and underscores become hyphens, other ASCII punctuation goes.
 * Returns 0; -EINVAL when nothing usable remains; -ENAMETOOLONG.
 */
int name_label_from_text(const char *text, char label[NAME_LABEL_OCTETS]);

/* "label.zone". Returns 0 or -ENAMETOOLONG. */
int name_below_zone(const struct name_rules *rules, const char *label, char fqdn[NAME_TEXT_OCTETS]);

#endif
