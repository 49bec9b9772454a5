// SPDX-License-Identifier: BSD-3-Clause
#include "subscriber_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <openssl/crypto.h>

/* A record under construction, with its keys in the clear. */
struct draft {
	struct subscriber_record record;
	struct secret k;
	struct secret op;
	struct secret opc;
	uint64_t sqn;
	bool has_imsi, has_sqn;
};

struct member {
	const char *name;
	const char *right; /* what it takes */
	bool (*set)(struct draft *draft, const json_t *value);
};

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(const json_t *value, uint8_t *octets, size_t count)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_key(const json_t *value, struct secret *key)
{
	uint8_t octets[AKA_K_OCTETS];
	bool right = read_hex(value, octets, sizeof(octets));

	if (right)
		secret_set(key, octets, sizeof(octets));
	OPENSSL_cleanse(octets, sizeof(octets));
	return right;
}

static bool read_text(const json_t *value, char *to, size_t octets)
{
	const char *text = json_string_value(value);

	if (!text || strlen(text) >= octets)
		return false;
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return false;
	snprintf(to, octets, "%s", text);
	return true;
}

static bool is_digits(const char *text, size_t minimum, size_t maximum)
{
	size_t length = text ? strlen(text) : 0;

	return text && length >= minimum && length <= maximum && strspn(text, "0123456789") == length;
}

static bool set_imsi(struct draft *draft, const json_t *value)
{
	if (!is_digits(json_string_value(value), 6, 15))
		return false;
	draft->has_imsi = true;
	return read_text(value, draft->record.imsi, sizeof(draft->record.imsi));
}

static bool set_k(struct draft *draft, const json_t *value)
{
	return read_key(value, &draft->k);
}

static bool set_op(struct draft *draft, const json_t *value)
{
	return read_key(value, &draft->op);
}

static bool set_opc(struct draft *draft, const json_t *value)
{
	return read_key(value, &draft->opc);
}

static bool set_amf(struct draft *draft, const json_t *value)
{
	return read_hex(value, draft->record.amf, sizeof(draft->record.amf));
}

static bool set_algorithm(struct draft *draft, const json_t *value)
{
	(void)draft;
	return json_is_string(value) && strcmp(json_string_value(value), "milenage") == 0;
}

static bool set_sqn(struct draft *draft, const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (unsigned long long)json_integer_value(value) > SQN_MAX)
		return false;
	draft->sqn = (uint64_t)json_integer_value(value);
	draft->has_sqn = true;
	return true;
}

struct word {
	const char *name;
	uint32_t bit;
};

static bool add_word(const struct word *words, const char *text, size_t length, uint32_t *bits)
{
	for (; words->name; words++)
		if (strlen(words->name) == length && strncmp(words->name, text, length) == 0) {
			*bits |= words->bit;
			return true;
		}
	return false;
}

/* ["a", "b"] or "a,b" */
static bool read_words(const json_t *value, const struct word *words, uint32_t *bits)
{
	const char *text = json_string_value(value);
	json_t *element;
	size_t index;

	*bits = 0;
	if (text) {
		for (; *text; text += strcspn(text, ","), text += *text == ',')
			if (!add_word(words, text, strcspn(text, ","), bits))
				return false;
		return true;
	}
	if (!json_is_array(value))
		return false;
	json_array_foreach(value, index, element) if (!json_is_string(element) ||
	                                              !add_word(words, json_string_value(element),
	                                                        json_string_length(element), bits)) return false;
	return true;
}

static const struct word method_words[] = {{"aka-prime", METHOD_AKA_PRIME}, {"aka", METHOD_AKA}, {0}};
static const struct word service_words[] = {
        {"mip6", SUBSCRIBED_MIP6}, {"dsmip6", SUBSCRIBED_DSMIP6}, {"hip", SUBSCRIBED_HIP}, {0}};

static bool set_methods(struct draft *draft, const json_t *value)
{
	uint32_t bits;

	if (!read_words(value, method_words, &bits) || !bits)
		return false;
	draft->record.methods = (uint8_t)bits;
	return true;
}

static bool set_services(struct draft *draft, const json_t *value)
{
	return read_words(value, service_words, &draft->record.services);
}

static bool set_barred(struct draft *draft, const json_t *value)
{
	draft->record.barred = json_is_true(value);
	return json_is_boolean(value);
}

static bool set_name_consent(struct draft *draft, const json_t *value)
{
	draft->record.name_consent = json_is_true(value);
	return json_is_boolean(value);
}

static bool set_name(struct draft *draft, const json_t *value)
{
	return read_text(value, draft->record.name, sizeof(draft->record.name));
}

static bool set_postal_address(struct draft *draft, const json_t *value)
{
	return read_text(value, draft->record.postal_address, sizeof(draft->record.postal_address));
}

static bool set_msisdn(struct draft *draft, const json_t *value)
{
	return is_digits(json_string_value(value), 0, 15) &&
	       read_text(value, draft->record.msisdn, sizeof(draft->record.msisdn));
}

static bool set_name_policy(struct draft *draft, const json_t *value)
{
	if (json_is_null(value)) {
		draft->record.name_policy[0] = '\0';
		return true;
	}
	return read_text(value, draft->record.name_policy, sizeof(draft->record.name_policy));
}

/* 0: not limited. Less than a packet in many seconds is no rate but a mistake of the unit. */
static bool read_rate(const json_t *value, uint64_t *bps)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (number && number < AMBR_BPS_MIN) ||
	    (uint64_t)number > AMBR_BPS_MAX)
		return false;
	*bps = (uint64_t)number;
	return true;
}

static bool set_ambr_down(struct draft *draft, const json_t *value)
{
	return read_rate(value, &draft->record.ambr_down_bps);
}

static bool set_ambr_up(struct draft *draft, const json_t *value)
{
	return read_rate(value, &draft->record.ambr_up_bps);
}

static const struct member members[] = {
        {"imsi", "6 to 15 digits", set_imsi},
        {"k", "32 hex digits", set_k},
        {"opc", "32 hex digits", set_opc},
        {"op", "32 hex digits", set_op},
        {"amf", "4 hex digits", set_amf},
        {"algorithm", "\"milenage\"", set_algorithm},
        {"methods", "a list of \"aka-prime\", \"aka\"", set_methods},
        {"sqn", "the first SEQ|IND as a number below 2^48", set_sqn},
        {"barred", "true or false", set_barred},
        {"name", "a text of at most 253 octets", set_name},
        {"postal_address", "a text of at most 253 octets", set_postal_address},
        {"msisdn", "at most 15 digits", set_msisdn},
        {"services", "a list of \"mip6\", \"dsmip6\", \"hip\"", set_services},
        {"name_policy", "a text of at most 63 octets, or null", set_name_policy},
        {"name_consent", "true or false", set_name_consent},
        {"ambr_down_bps", "0 or 1000 to 10^13 bits a second", set_ambr_down},
        {"ambr_up_bps", "0 or 1000 to 10^13 bits a second", set_ambr_up},
};

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static void list_members(char *text, size_t octets)
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && used < octets; i++)
		used += (size_t)snprintf(text + used, octets - used, "%s%s", i ? ", " : "", members[i].name);
}

static void draft_start(struct draft *draft, const struct subscriber_record *base)
{
	memset(draft, 0, sizeof(*draft));
	if (base) {
		draft->record = *base;
		draft->has_imsi = true;
		return;
	}
	draft->record.amf[0] = 0x80;
	draft->record.methods = METHOD_AKA_PRIME | METHOD_AKA;
	draft->record.services = SUBSCRIBED_MIP6;
}

static void draft_wipe(struct draft *draft)
{
	OPENSSL_cleanse(draft, sizeof(*draft));
}

/* What no single member can say. `fault` names the member that is missing or too many. */
static int draft_finish(struct draft *draft, bool is_new, const struct secret *wrap_key, struct randomness *randomness,
                        char *fault, size_t octets)
{
	bool has_k = !secret_is_empty(&draft->k), has_op = !secret_is_empty(&draft->op);
	bool has_opc = !secret_is_empty(&draft->opc);

	if (!draft->has_imsi) {
		snprintf(fault, octets, "'imsi' is missing");
		return -EINVAL;
	}
	if (has_op && has_opc) {
		snprintf(fault, octets, "'op' and 'opc' exclude each other: OPc = OP ^ E_K(OP)");
		return -EINVAL;
	}
	if ((is_new || has_k || has_op || has_opc) && !(has_k && (has_op || has_opc))) {
		snprintf(fault, octets, has_k ? "'opc' or 'op' is missing" : "'k' is missing");
		return -EINVAL;
	}
	if (has_op)
		milenage_opc(&draft->k, &draft->op, &draft->opc);
	if (has_k)
		key_wrap(wrap_key, draft->record.imsi, &draft->k, &draft->opc, randomness, draft->record.wrapped_keys);
	/* the number itself is the first to be handed out; SEQ 0 is never fresh to a USIM */
	if (draft->has_sqn && sqn_seq(draft->sqn) > 0 && sqn_seq(draft->sqn) - 1 > draft->record.seq_ceiling)
		draft->record.seq_ceiling = sqn_seq(draft->sqn) - 1;
	return 0;
}

int subscriber_record_read(const json_t *object, const struct subscriber_record *base, const struct secret *wrap_key,
                           struct randomness *randomness, struct subscriber_record *record,
                           char error[SUBSCRIBER_FILE_ERROR_OCTETS])
{
	struct draft draft;
	const char *name;
	json_t *value;
	int result;

	draft_start(&draft, base);
	json_object_foreach((json_t *)object, name, value)
	{
		const struct member *member = find_member(name);

		if (!member || !member->set(&draft, value)) {
			snprintf(error, SUBSCRIBER_FILE_ERROR_OCTETS, "'%.40s' %s%s", name,
			         member ? "is not right; it takes " : "is unknown", member ? member->right : "");
			draft_wipe(&draft);
			return -EINVAL;
		}
	}
	result = draft_finish(&draft, base == NULL, wrap_key, randomness, error, SUBSCRIBER_FILE_ERROR_OCTETS);
	if (!result)
		*record = draft.record;
	draft_wipe(&draft);
	return result;
}

/*
 * jansson does not keep lines: finds the line of member `name` (NULL: of the object itself) of the `index`-th object of
 * the array by walking the text, which jansson has already found to be JSON.
 */
static unsigned line_of(const char *text, size_t index, const char *name)
{
	size_t objects = 0, length = name ? strlen(name) : 0;
	unsigned line = 1, object_line = 1;
	int depth = 0;

	for (const char *at = text; *at; at++) {
		if (*at == '\n')
			line++;
		if (*at == '{' && depth == 1 && objects++ == index) {
			object_line = line;
			if (!name)
				break;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		if (*at != '"')
			continue;
		if (name && depth == 2 && objects == index + 1 && strncmp(at + 1, name, length) == 0 &&
		    at[1 + length] == '"' && at[2 + length + strspn(at + 2 + length, " \t\r\n")] == ':')
			return line;
		for (at++; *at && *at != '"'; at++)
			at += *at == '\\' && at[1];
	}
	return object_line;
}

static int blame(const char *file, unsigned line, const char *fault, char *error)
{
	snprintf(error, SUBSCRIBER_FILE_ERROR_OCTETS, "%.100s:%u: %.140s", file, line, fault);
	return -EINVAL;
}

static int read_one(const char *file, const char *text, const json_t *object, size_t index,
                    const struct secret *wrap_key, struct randomness *randomness, struct subscriber_record *record,
                    char *error)
{
	char fault[SUBSCRIBER_FILE_ERROR_OCTETS];
	struct draft draft;
	const char *name;
	json_t *value;
	int result = 0;

	if (!json_is_object(object))
		return blame(file, line_of(text, index, NULL), "each element is an object", error);
	draft_start(&draft, NULL);
	json_object_foreach((json_t *)object, name, value)
	{
		const struct member *member = find_member(name);

		if (member && member->set(&draft, value))
			continue;
		if (member) {
			snprintf(fault, sizeof(fault), "'%s' is not right; it takes %s", name, member->right);
		} else {
			char known[160];

			list_members(known, sizeof(known));
			snprintf(fault, sizeof(fault), "unknown '%.20s'; known: %s", name, known);
		}
		result = blame(file, line_of(text, index, name), fault, error);
		goto end;
	}
	result = draft_finish(&draft, true, wrap_key, randomness, fault, sizeof(fault));
	if (result)
		result = blame(file, line_of(text, index, NULL), fault, error);
	else
		*record = draft.record;
end:
	draft_wipe(&draft);
	return result;
}

struct seen {
	UT_hash_handle hh;
	char imsi[IMSI_TEXT_OCTETS];
};

/* The same IMSI twice in one file is a mistake, not an update. */
static int check_repetition(const char *file, const char *text, const struct subscriber_record *records, size_t count,
                            char *error)
{
	struct seen *all = calloc(count + 1, sizeof(*all));
	struct seen *table = NULL, *found;
	int result = all ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !result; i++) {
		snprintf(all[i].imsi, sizeof(all[i].imsi), "%s", records[i].imsi);
		HASH_FIND_STR(table, all[i].imsi, found);
		if (found)
			result = blame(file, line_of(text, i, "imsi"), "this IMSI stands twice in the file", error);
		else
			HASH_ADD_STR(table, imsi, &all[i]);
	}
	HASH_CLEAR(hh, table);
	free(all);
	return result;
}

void subscriber_file_free(struct subscriber_record *records, size_t count)
{
	if (records)
		OPENSSL_cleanse(records, count * sizeof(*records));
	free(records);
}

int subscriber_file_read(const char *file, const char *text, const struct secret *wrap_key,
                         struct randomness *randomness, struct subscriber_record **records, size_t *count,
                         char error[SUBSCRIBER_FILE_ERROR_OCTETS])
{
	json_error_t json_error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &json_error);
	size_t elements = json_array_size(root);
	int result = 0;

	*records = NULL;
	*count = 0;
	if (!root)
		return blame(file, (unsigned)json_error.line, json_error.text, error);
	if (!json_is_array(root) || elements > SUBSCRIBER_FILE_MAX) {
		json_decref(root);
		return blame(file, 1, "it takes an array of at most 1000000 subscribers", error);
	}
	*records = calloc(elements + 1, sizeof(**records));
	if (!*records)
		result = -ENOMEM;
	for (; *count < elements && !result; *count += !result)
		result = read_one(file, text, json_array_get(root, *count), *count, wrap_key, randomness,
		                  &(*records)[*count], error);
	if (!result)
		result = check_repetition(file, text, *records, *count, error);
	json_decref(root);
	if (result) {
		subscriber_file_free(*records, *count);
		*records = NULL;
		*count = 0;
	}
	return result;
}

static json_t *words_of(const struct word *words, uint32_t bits)
{
	json_t *array = json_array();

	for (; words->name; words++)
		if (bits & words->bit)
			json_array_append_new(array, json_string(words->name));
	return array;
}

json_t *subscriber_record_show(const struct subscriber_record *record)
{
	char amf[2 * AKA_AMF_OCTETS + 1];

	snprintf(amf, sizeof(amf), "%02x%02x", record->amf[0], record->amf[1]);
	return json_pack("{s:s, s:b, s:o, s:s, s:s, s:s, s:o, s:s, s:b, s:s, s:I, s:I, s:I}", "imsi", record->imsi,
	                 "barred", record->barred, "methods", words_of(method_words, record->methods), "name",
	                 record->name, "postal_address", record->postal_address, "msisdn", record->msisdn, "services",
	                 words_of(service_words, record->services), "name_policy", record->name_policy, "name_consent",
	                 record->name_consent, "amf", amf, "seq_ceiling", (json_int_t)record->seq_ceiling,
	                 "ambr_down_bps", (json_int_t)record->ambr_down_bps, "ambr_up_bps",
	                 (json_int_t)record->ambr_up_bps);
}
