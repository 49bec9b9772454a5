// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka.h"

#include <errno.h>
#include <stddef.h>

enum { UNIT_OCTETS = 4, HEAD_OCTETS = 2, FIRST_SKIPPABLE = 128, VALUE_MAX = 255 * UNIT_OCTETS - HEAD_OCTETS };

/* How the octets behind type and length are laid out. */
enum layout {
	LAYOUT_RESERVED_VIEW, /* reserved16, then the value */
	LAYOUT_VIEW,          /* the value alone */
	LAYOUT_COUNTED,       /* length16 in octets, value, zero padding */
	LAYOUT_RES,           /* length16 in bits, value, zero padding */
	LAYOUT_U16,
	LAYOUT_FLAG, /* reserved16 */
	LAYOUT_KDF,  /* u16, may be repeated */
	LAYOUT_PADDING,
};

struct rule {
	uint8_t type;
	uint8_t layout;
	uint16_t minimum; /* octets of the value: behind reserved or length field */
	uint16_t maximum;
	uint16_t field;    /* offset in struct eap_aka_message */
	uint16_t presence; /* offset of its flag, for LAYOUT_U16 */
	bool encrypted;    /* stands inside AT_ENCR_DATA */
};

#define FIELD(name) offsetof(struct eap_aka_message, name)

static const struct rule rules[] = {
        {AT_RAND, LAYOUT_RESERVED_VIEW, 16, 16, FIELD(rand), 0, false},
        {AT_AUTN, LAYOUT_RESERVED_VIEW, 16, 16, FIELD(autn), 0, false},
        {AT_RES, LAYOUT_RES, EAP_AKA_RES_MIN_OCTETS, EAP_AKA_RES_MAX_OCTETS, FIELD(res), 0, false},
        {AT_AUTS, LAYOUT_VIEW, 14, 14, FIELD(auts), 0, false},
        {AT_PADDING, LAYOUT_PADDING, 2, 10, 0, 0, true},
        {AT_PERMANENT_ID_REQ, LAYOUT_FLAG, 0, 0, FIELD(permanent_id_req), 0, false},
        {AT_MAC, LAYOUT_RESERVED_VIEW, 16, 16, FIELD(mac), 0, false},
        {AT_NOTIFICATION, LAYOUT_U16, 0, 0, FIELD(notification), FIELD(has_notification), false},
        {AT_ANY_ID_REQ, LAYOUT_FLAG, 0, 0, FIELD(any_id_req), 0, false},
        {AT_IDENTITY, LAYOUT_COUNTED, 1, VALUE_MAX, FIELD(identity), 0, false},
        {AT_FULLAUTH_ID_REQ, LAYOUT_FLAG, 0, 0, FIELD(fullauth_id_req), 0, false},
        {AT_COUNTER, LAYOUT_U16, 0, 0, FIELD(counter), FIELD(has_counter), true},
        {AT_COUNTER_TOO_SMALL, LAYOUT_FLAG, 0, 0, FIELD(counter_too_small), 0, true},
        {AT_NONCE_S, LAYOUT_RESERVED_VIEW, 16, 16, FIELD(nonce_s), 0, true},
        {AT_CLIENT_ERROR_CODE, LAYOUT_U16, 0, 0, FIELD(client_error_code), FIELD(has_client_error_code), false},
        {AT_KDF_INPUT, LAYOUT_COUNTED, 0, VALUE_MAX, FIELD(kdf_input), 0, false},
        {AT_KDF, LAYOUT_KDF, 0, 0, FIELD(kdfs), 0, false},
        {AT_IV, LAYOUT_RESERVED_VIEW, 16, 16, FIELD(iv), 0, false},
        {AT_ENCR_DATA, LAYOUT_RESERVED_VIEW, 16, VALUE_MAX, FIELD(encr_data), 0, false},
        {AT_NEXT_PSEUDONYM, LAYOUT_COUNTED, 1, VALUE_MAX, FIELD(next_pseudonym), 0, true},
        {AT_NEXT_REAUTH_ID, LAYOUT_COUNTED, 1, VALUE_MAX, FIELD(next_reauth_id), 0, true},
        {AT_CHECKCODE, LAYOUT_RESERVED_VIEW, 0, 32, FIELD(checkcode), 0, false},
        {AT_RESULT_IND, LAYOUT_FLAG, 0, 0, FIELD(result_ind), 0, false},
        {AT_BIDDING, LAYOUT_U16, 0, 0, FIELD(bidding), FIELD(has_bidding), false},
};

static const struct rule *find_rule(uint8_t type, bool encrypted)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type && rules[i].encrypted == encrypted)
			return &rules[i];
	return NULL;
}

static bool all_zero(struct wire_view view)
{
	uint8_t all = 0;

	for (size_t i = 0; i < view.octets; i++)
		all |= view.bytes[i];
	return all == 0;
}

static int set_view(struct eap_aka_message *message, const struct rule *rule, struct wire_view value)
{
	struct wire_view *field = (struct wire_view *)((uint8_t *)message + rule->field);

	if (field->bytes || value.octets < rule->minimum || value.octets > rule->maximum)
		return -EBADMSG;
	*field = value;
	return 0;
}

/* length16, value, zero padding up to the attribute's end, less than one unit of it. */
static int read_counted(struct eap_aka_message *message, const struct rule *rule, struct wire_reader *value)
{
	uint16_t length = wire_read_u16(value);
	size_t octets = rule->layout == LAYOUT_RES ? (length + 7u) / 8u : length;
	struct wire_view view = wire_read_view(value, octets);
	struct wire_view padding = wire_read_view(value, wire_remaining(value));

	if (!wire_complete(value) || padding.octets >= UNIT_OCTETS || !all_zero(padding))
		return -EBADMSG;
	if (rule->layout == LAYOUT_RES) {
		if (length < EAP_AKA_RES_MIN_OCTETS * 8)
			return -EBADMSG;
		message->res_bits = length;
	}
	return set_view(message, rule, view);
}

static int read_u16(struct eap_aka_message *message, const struct rule *rule, struct wire_reader *value)
{
	bool *present = (bool *)((uint8_t *)message + rule->presence);
	uint16_t read = wire_read_u16(value);

	if (!wire_complete(value) || *present)
		return -EBADMSG;
	memcpy((uint8_t *)message + rule->field, &read, sizeof(read));
	*present = true;
	return 0;
}

static int read_flag(struct eap_aka_message *message, const struct rule *rule, struct wire_reader *value)
{
	bool *flag = (bool *)((uint8_t *)message + rule->field);

	wire_skip(value, 2);
	if (!wire_complete(value) || *flag)
		return -EBADMSG;
	*flag = true;
	return 0;
}

static int read_kdf(struct eap_aka_message *message, struct wire_reader *value)
{
	uint16_t kdf = wire_read_u16(value);

	if (!wire_complete(value) || message->kdf_count == EAP_AKA_KDFS_MAX)
		return -EBADMSG;
	message->kdfs[message->kdf_count++] = kdf;
	return 0;
}

static int read_value(struct eap_aka_message *message, const struct rule *rule, struct wire_reader *value)
{
	struct wire_view view;

	switch (rule->layout) {
	case LAYOUT_COUNTED:
	case LAYOUT_RES:
		return read_counted(message, rule, value);
	case LAYOUT_U16:
		return read_u16(message, rule, value);
	case LAYOUT_FLAG:
		return read_flag(message, rule, value);
	case LAYOUT_KDF:
		return read_kdf(message, value);
	case LAYOUT_PADDING:
		view = wire_read_view(value, wire_remaining(value));
		return view.octets >= rule->minimum && view.octets <= rule->maximum && all_zero(view) ? 0 : -EBADMSG;
	case LAYOUT_RESERVED_VIEW:
		wire_skip(value, 2);
		break;
	default:
		break;
	}
	view = wire_read_view(value, wire_remaining(value));
	return value->failed ? -EBADMSG : set_view(message, rule, view);
}

static int read_attributes(struct wire_reader *reader, bool encrypted, struct eap_aka_message *message)
{
	int result = 0;

	while (!result && wire_remaining(reader)) {
		uint8_t type = wire_read_u8(reader);
		uint8_t units = wire_read_u8(reader);
		struct wire_reader value;
		const struct rule *rule = find_rule(type, encrypted);

		if (!units)
			return -EBADMSG;
		value = wire_read_part(reader, (size_t)units * UNIT_OCTETS - HEAD_OCTETS);
		if (value.failed)
			return -EBADMSG;
		if (rule)
			result = read_value(message, rule, &value);
		else if (type < FIRST_SKIPPABLE)
			result = -ENOTSUP;
		else
			message->skipped++;
	}
	return result || wire_complete(reader) ? result : -EBADMSG;
}

int eap_aka_read(const void *data, size_t octets, struct eap_aka_message *message)
{
	struct wire_reader reader = wire_reader_of(data, octets);

	memset(message, 0, sizeof(*message));
	message->subtype = wire_read_u8(&reader);
	wire_skip(&reader, 2);
	if (reader.failed)
		return -EBADMSG;
	return read_attributes(&reader, false, message);
}

int eap_aka_read_encrypted(const void *plaintext, size_t octets, struct eap_aka_message *message)
{
	struct wire_reader reader = wire_reader_of(plaintext, octets);

	memset(message, 0, sizeof(*message));
	return read_attributes(&reader, true, message);
}

void eap_aka_begin(struct wire_writer *writer, enum eap_aka_subtype subtype)
{
	wire_write_u8(writer, (uint8_t)subtype);
	wire_write_u16(writer, 0);
}

/* Type, length and two octets of `second` (reserved, or a length), then the value, padded with zeros. */
static void write_attribute(struct wire_writer *writer, enum eap_aka_attribute_type type, uint16_t second,
                            const void *value, size_t octets)
{
	size_t units = (HEAD_OCTETS + 2 + octets + UNIT_OCTETS - 1) / UNIT_OCTETS;

	if (units > 255) {
		wire_writer_fail(writer);
		return;
	}
	wire_write_u8(writer, (uint8_t)type);
	wire_write_u8(writer, (uint8_t)units);
	wire_write_u16(writer, second);
	wire_write_bytes(writer, value, octets);
	wire_write_zeros(writer, units * UNIT_OCTETS - HEAD_OCTETS - 2 - octets);
}

void eap_aka_write_rand(struct wire_writer *writer, const uint8_t rand[EAP_AKA_RAND_OCTETS])
{
	write_attribute(writer, AT_RAND, 0, rand, EAP_AKA_RAND_OCTETS);
}

void eap_aka_write_autn(struct wire_writer *writer, const uint8_t autn[EAP_AKA_AUTN_OCTETS])
{
	write_attribute(writer, AT_AUTN, 0, autn, EAP_AKA_AUTN_OCTETS);
}

void eap_aka_write_res(struct wire_writer *writer, const void *res, size_t octets)
{
	if (octets < EAP_AKA_RES_MIN_OCTETS || octets > EAP_AKA_RES_MAX_OCTETS)
		wire_writer_fail(writer);
	else
		write_attribute(writer, AT_RES, (uint16_t)(octets * 8), res, octets);
}

void eap_aka_write_auts(struct wire_writer *writer, const uint8_t auts[EAP_AKA_AUTS_OCTETS])
{
	wire_write_u8(writer, AT_AUTS);
	wire_write_u8(writer, (HEAD_OCTETS + EAP_AKA_AUTS_OCTETS) / UNIT_OCTETS);
	wire_write_bytes(writer, auts, EAP_AKA_AUTS_OCTETS);
}

void eap_aka_write_identity(struct wire_writer *writer, const void *identity, size_t octets)
{
	write_attribute(writer, AT_IDENTITY, (uint16_t)octets, identity, octets);
}

void eap_aka_write_kdf_input(struct wire_writer *writer, const void *name, size_t octets)
{
	write_attribute(writer, AT_KDF_INPUT, (uint16_t)octets, name, octets);
}

void eap_aka_write_kdf(struct wire_writer *writer, uint16_t kdf)
{
	write_attribute(writer, AT_KDF, kdf, NULL, 0);
}

void eap_aka_write_checkcode(struct wire_writer *writer, const void *digest, size_t octets)
{
	write_attribute(writer, AT_CHECKCODE, 0, digest, octets);
}

void eap_aka_write_flag(struct wire_writer *writer, enum eap_aka_attribute_type type)
{
	write_attribute(writer, type, 0, NULL, 0);
}

void eap_aka_write_u16(struct wire_writer *writer, enum eap_aka_attribute_type type, uint16_t value)
{
	write_attribute(writer, type, value, NULL, 0);
}

size_t eap_aka_write_mac(struct wire_writer *writer)
{
	static const uint8_t zeros[EAP_AKA_MAC_OCTETS];

	write_attribute(writer, AT_MAC, 0, zeros, sizeof(zeros));
	return writer->failed ? 0 : (size_t)(writer->at - writer->begin) - sizeof(zeros);
}
