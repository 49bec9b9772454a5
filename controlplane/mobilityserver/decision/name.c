// SPDX-License-Identifier: BSD-3-Clause
#include "name.h"

#include <errno.h>
#include <idn2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns_name.h"

/* Names that software looks up by itself, or that people take for the operator (D-9). */
static const char *const built_in_words[] = {
        "abuse",      "admin",    "administrator", "anchor",   "autoconfig", "autodiscover", "billing", "broadcasthost",
        "bank",       "dns",      "dns1",          "dns2",     "emergency",  "ftp",          "gateway", "helpdesk",
        "hostmaster", "imap",     "info",          "isatap",   "kedge",      "ldap",         "local",   "localdomain",
        "localhost",  "login",    "mail",          "mobility", "mx",         "ns",           "ns0",     "ns1",
        "ns2",        "ntp",      "operator",      "police",   "pop",        "postmaster",   "proxy",   "radius",
        "root",       "router",   "security",      "server",   "sip",        "smtp",         "sos",     "ssl",
        "support",    "sysadmin", "time",          "tls",      "webmail",    "webmaster",    "whois",   "wpad",
        "www",        "ha",
};

const char *name_verdict_text(enum name_verdict verdict)
{
	static const char *const texts[NAME_VERDICTS] = {
	        [NAME_ALLOWED] = "allowed",
	        [NAME_BAD_SYNTAX] = "bad syntax",
	        [NAME_TOO_LONG] = "too long",
	        [NAME_OUTSIDE_ZONE] = "outside the zone",
	        [NAME_TOO_DEEP] = "too many labels below the zone",
	        [NAME_RESERVED] = "reserved word",
	        [NAME_CONFUSABLE] = "confusable with a reserved word",
	};

	return verdict < NAME_VERDICTS ? texts[verdict] : "unknown";
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code points of a label; an A-label is decoded and must come out of its own U-label again. NULL: it does not. */
static uint32_t *label_code_points(const char *label)
{
	uint8_t *again = NULL;
	char *unicode = NULL;
	uint32_t *points = NULL;

	if (idn2_to_unicode_8z4z(label, &points, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	if (strncmp(label, "xn--", 4) != 0)
		return points;
	if (idn2_to_unicode_8z8z(label, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK ||
	    idn2_lookup_u8((const uint8_t *)unicode, &again, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK ||
	    strcmp((const char *)again, label) != 0) {
		idn2_free(points);
		points = NULL;
	}
	idn2_free(unicode);
	idn2_free(again);
	return points;
}

/* Greek and Cyrillic letters that pass for Latin ones in common fonts. */
static uint32_t look_of(uint32_t point)
{
	static const struct {
		uint32_t point;
		char look;
	} alike[] = {
	        {0x03b1, 'a'}, {0x0430, 'a'}, {0x0441, 'c'}, {0x0501, 'd'}, {0x0435, 'e'}, {0x0451, 'e'}, {0x04bb, 'h'},
	        {0x0456, 'i'}, {0x0457, 'i'}, {0x03b9, 'i'}, {0x0458, 'j'}, {0x03ba, 'k'}, {0x043a, 'k'}, {0x04cf, 'l'},
	        {0x043c, 'm'}, {0x03bd, 'v'}, {0x043e, 'o'}, {0x03bf, 'o'}, {0x03c1, 'p'}, {0x0440, 'p'}, {0x051b, 'q'},
	        {0x0455, 's'}, {0x03c4, 't'}, {0x0442, 't'}, {0x03c5, 'u'}, {0x0446, 'u'}, {0x0475, 'v'}, {0x051d, 'w'},
	        {0x0445, 'x'}, {0x03c7, 'x'}, {0x0443, 'y'}, {0x03b3, 'y'}, {0x0131, 'i'}, {0x00ef, 'i'}, {0x00ed, 'i'},
	        {0x00f6, 'o'}, {0x00f3, 'o'}, {0x00e4, 'a'}, {0x00e1, 'a'}, {0x00e5, 'a'}, {0x00e9, 'e'}, {0x00eb, 'e'},
	        {0x00fc, 'u'}, {0x00fa, 'u'}, {0x0142, 'l'}, {0x00f8, 'o'},
	};

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		if (alike[i].point == point)
			return (uint32_t)alike[i].look;
	return point;
}

/* Digits and pairs of letters that are read as others: "paypa1", "rnail", "vvebmail". Hyphens do not count. */
static void fold_ascii(const char *from, char *folded, size_t capacity)
{
	size_t at = 0;

	for (; *from && at + 1 < capacity; from++) {
		char c = *from;

		if (c == '-')
			continue;
		if (c == 'r' && from[1] == 'n') {
			c = 'm';
			from++;
		} else if (c == 'v' && from[1] == 'v') {
			c = 'w';
			from++;
		} else if (c == '0') {
			c = 'o';
		} else if (c == '1' || c == 'i' || c == 'j') {
			c = 'l';
		} else if (c == '5') {
			c = 's';
		}
		folded[at++] = c;
	}
	folded[at] = '\0';
}

static void skeleton_of(const uint32_t *points, char *skeleton, size_t capacity)
{
	char plain[4 * NAME_LABEL_OCTETS];
	size_t at = 0;

	for (; *points && at + 1 < sizeof(plain); points++) {
		uint32_t look = look_of(*points);

		plain[at++] = look < 0x80 ? (char)look : '?';
	}
	plain[at] = '\0';
	fold_ascii(plain, skeleton, capacity);
}

enum script { SCRIPT_OTHER, SCRIPT_LATIN, SCRIPT_GREEK, SCRIPT_CYRILLIC };

static enum script script_of(uint32_t point)
{
	if ((point >= 'a' && point <= 'z') || (point >= 0xdf && point <= 0x24f) || (point >= 0x1e00 && point <= 0x1eff))
		return SCRIPT_LATIN;
	if ((point >= 0x370 && point <= 0x3ff) || (point >= 0x1f00 && point <= 0x1fff))
		return SCRIPT_GREEK;
	return point >= 0x400 && point <= 0x52f ? SCRIPT_CYRILLIC : SCRIPT_OTHER;
}

static bool mixes_scripts(const uint32_t *points)
{
	enum script seen = SCRIPT_OTHER;

	for (; *points; points++) {
		enum script script = script_of(*points);

		if (script != SCRIPT_OTHER && seen != SCRIPT_OTHER && script != seen)
			return true;
		seen = script != SCRIPT_OTHER ? script : seen;
	}
	return false;
}

static enum name_verdict against_words(const char *label, const char *skeleton, const char *const *words, size_t count)
{
	enum name_verdict verdict = NAME_ALLOWED;

	for (size_t i = 0; i < count; i++) {
		char folded[NAME_LABEL_OCTETS];

		if (strcmp(label, words[i]) == 0)
			return NAME_RESERVED;
		fold_ascii(words[i], folded, sizeof(folded));
		if (strcmp(skeleton, folded) == 0)
			verdict = NAME_CONFUSABLE;
	}
	return verdict;
}

static enum name_verdict judge_label(const struct name_rules *rules, const char *label)
{
	char skeleton[4 * NAME_LABEL_OCTETS];
	uint32_t *points = label_code_points(label);
	enum name_verdict verdict, own;

	if (!points)
		return NAME_BAD_SYNTAX;
	if (mixes_scripts(points)) {
		idn2_free(points);
		return NAME_CONFUSABLE;
	}
	skeleton_of(points, skeleton, sizeof(skeleton));
	idn2_free(points);
	verdict = against_words(label, skeleton, built_in_words, sizeof(built_in_words) / sizeof(built_in_words[0]));
	own = against_words(label, skeleton, rules->reserved_words, rules->reserved_count);
	if (verdict == NAME_RESERVED || own == NAME_RESERVED)
		return NAME_RESERVED;
	return verdict != NAME_ALLOWED ? verdict : own;
}

/* Octets of `name` that stand in front of ".zone"; 0 when it is not below the zone. */
static size_t octets_below_zone(const struct name_rules *rules, const char *name, size_t octets)
{
	size_t zone_octets = strlen(rules->zone);

	if (octets < zone_octets + 2 || name[octets - zone_octets - 1] != '.' ||
	    memcmp(name + octets - zone_octets, rules->zone, zone_octets) != 0)
		return 0;
	return octets - zone_octets - 1;
}

enum name_verdict name_check(const struct name_rules *rules, const void *wish, size_t octets,
                             char fqdn[NAME_TEXT_OCTETS])
{
	size_t labels_max = rules->labels_below_zone_max ? rules->labels_below_zone_max : 1;
	size_t below, labels = 0;

	fqdn[0] = '\0';
	if (octets >= NAME_TEXT_OCTETS)
		return NAME_TOO_LONG;
	if (!octets || memchr(wish, '\0', octets))
		return NAME_BAD_SYNTAX;
	memcpy(fqdn, wish, octets);
	fqdn[octets] = '\0';
	if (!dns_name_labels(fqdn))
		return NAME_BAD_SYNTAX;
	below = octets_below_zone(rules, fqdn, octets);
	if (!below)
		return NAME_OUTSIDE_ZONE;
	for (size_t at = 0; at < below; labels++) {
		char label[NAME_LABEL_OCTETS];
		size_t label_octets = strcspn(fqdn + at, ".");
		enum name_verdict verdict;

		if (labels == labels_max)
			return NAME_TOO_DEEP;
		memcpy(label, fqdn + at, label_octets);
		label[label_octets] = '\0';
		verdict = judge_label(rules, label);
		if (verdict != NAME_ALLOWED)
			return verdict;
		at += label_octets + 1;
	}
	return NAME_ALLOWED;
}

/* Blanks and their like become single hyphens, none at either end; other ASCII punctuation goes. */
static size_t hyphenate(const char *text, char *out, size_t capacity)
{
	size_t at = 0;

	for (; *text && at + 1 < capacity; text++) {
		uint8_t octet = (uint8_t)*text;
		bool blank = octet == ' ' || octet == '-' || octet == '_' || octet == '.';
		bool letter = octet >= 0x80 || is_digit(*text) || is_lower((char)(octet | 0x20));

		if (letter)
			out[at++] = *text;
		else if (blank && at && out[at - 1] != '-')
			out[at++] = '-';
	}
	while (at && out[at - 1] == '-')
		at--;
	out[at] = '\0';
	return at;
}

int name_label_from_text(const char *text, char label[NAME_LABEL_OCTETS])
{
	char hyphenated[512];
	uint8_t *ascii = NULL;
	int result;

	label[0] = '\0';
	if (!hyphenate(text, hyphenated, sizeof(hyphenated)))
		return -EINVAL;
	result = idn2_lookup_u8((const uint8_t *)hyphenated, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (result != IDN2_OK)
		return result == IDN2_TOO_BIG_LABEL || result == IDN2_TOO_BIG_DOMAIN ? -ENAMETOOLONG : -EINVAL;
	result = dns_name_labels((const char *)ascii) == 1 ? 0 : -EINVAL;
	if (!result)
		strcpy(label, (const char *)ascii);
	idn2_free(ascii);
	return result;
}

int name_below_zone(const struct name_rules *rules, const char *label, char fqdn[NAME_TEXT_OCTETS])
{
	int octets = snprintf(fqdn, NAME_TEXT_OCTETS, "%s.%s", label, rules->zone);

	return octets > 0 && octets < NAME_TEXT_OCTETS ? 0 : -ENAMETOOLONG;
}
