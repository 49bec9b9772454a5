// SPDX-License-Identifier: BSD-3-Clause
#include "pana.h"

enum { FLAG_R = 0x8000, FLAG_S = 0x4000, FLAG_C = 0x2000, FLAG_A = 0x1000, FLAG_P = 0x0800, FLAG_I = 0x0400 };
enum { FLAGS_OF_KIND = FLAG_R | FLAG_S | FLAG_C | FLAG_A | FLAG_P };
enum { TYPE_INITIATION = 1, TYPE_AUTHENTICATION = 2, TYPE_TERMINATION = 3, TYPE_NOTIFICATION = 4 };
enum { AVP_FLAG_VENDOR = 0x8000 };
enum { SHARED_SECRET = 263 }; /* B-35; only to count it when it stands in the clear */

static const struct {
	const char *name;
	uint16_t type;
	uint16_t flags;
} kinds[PANA_KINDS] = {
        [PANA_PCI] = {"PCI", TYPE_INITIATION, 0},
        [PANA_PAR_START] = {"PAR(S)", TYPE_AUTHENTICATION, FLAG_R | FLAG_S},
        [PANA_PAN_START] = {"PAN(S)", TYPE_AUTHENTICATION, FLAG_S},
        [PANA_PAR] = {"PAR", TYPE_AUTHENTICATION, FLAG_R},
        [PANA_PAN] = {"PAN", TYPE_AUTHENTICATION, 0},
        [PANA_PAR_COMPLETE] = {"PAR(C)", TYPE_AUTHENTICATION, FLAG_R | FLAG_C},
        [PANA_PAN_COMPLETE] = {"PAN(C)", TYPE_AUTHENTICATION, FLAG_C},
        [PANA_PTR] = {"PTR", TYPE_TERMINATION, FLAG_R},
        [PANA_PTA] = {"PTA", TYPE_TERMINATION, 0},
        [PANA_PNR_REAUTHENTICATION] = {"PNR(A)", TYPE_NOTIFICATION, FLAG_R | FLAG_A},
        [PANA_PNA_REAUTHENTICATION] = {"PNA(A)", TYPE_NOTIFICATION, FLAG_A},
        [PANA_PNR_PING] = {"PNR(P)", TYPE_NOTIFICATION, FLAG_R | FLAG_P},
        [PANA_PNA_PING] = {"PNA(P)", TYPE_NOTIFICATION, FLAG_P},
};

static const char *const fault_names[PANA_FAULT_COUNT] = {
#define FAULT_NAME(NAME, name) [PANA_FAULT_##NAME] = #name,
        PANA_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

/* Occurrence in the manner of RFC 5191 Figure 4. */
enum occurrence { NO, MAY, ONE, ANY }; /* 0, 0-1, 1, 0+ */

/* A slot is where a known AVP is kept; the IETF's use their codes. */
enum { SLOT_MOB_CAPABILITY = PANA_SLOTS - 1 };

/*
 * RFC 5191 Figure 4, by kind instead of by type, narrowed by B-14 (algorithms), B-18 (Nonce), B-20 (Key-Id), B-24 to
 * B-26 (end of an authentication), B-29 (Encap) and B-35 (Mob-Capability). Session-Lifetime is ignored, not refused,
 * in a PAR without C (RFC 5191 5.7). What only the state decides (AUTH above all) is the receiver's to check.
 */
static const struct avp_rule {
	uint16_t octets_min;
	uint16_t octets_max;
	uint8_t occurrence[PANA_KINDS];
} rules[PANA_SLOTS] = {
        /* clang-format off */
        /*                                           PCI  PARs PANs PAR  PAN  PARc PANc PTR  PTA  PNRa PNAa PNRp PNAp */
        [PANA_AUTH]                 = {16, 20,    {NO,  NO,  NO,  MAY, MAY, MAY, MAY, MAY, MAY, MAY, MAY, MAY, MAY}},
        [PANA_EAP_PAYLOAD]          = {4, 65535,  {NO,  NO,  NO,  MAY, MAY, MAY, NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_INTEGRITY_ALGORITHM]  = {4, 4,      {NO,  ANY, ONE, NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_KEY_ID]               = {4, 4,      {NO,  NO,  NO,  NO,  NO,  MAY, MAY, NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_NONCE]                = {16, 256,   {NO,  NO,  NO,  MAY, MAY, NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_PRF_ALGORITHM]        = {4, 4,      {NO,  ANY, ONE, NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_RESULT_CODE]          = {4, 4,      {NO,  NO,  NO,  NO,  NO,  ONE, NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_SESSION_LIFETIME]     = {4, 4,      {NO,  MAY, NO,  MAY, NO,  MAY, NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [PANA_TERMINATION_CAUSE]    = {4, 4,      {NO,  NO,  NO,  NO,  NO,  NO,  NO,  ONE, NO,  NO,  NO,  NO,  NO}},
        [PANA_ENCRYPTION_ENCAP]     = {0, 65535,  {NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  MAY, MAY}},
        [PANA_ENCRYPTION_ALGORITHM] = {4, 4,      {NO,  ANY, MAY, NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        [SLOT_MOB_CAPABILITY]       = {4, 4,      {MAY, MAY, MAY, NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO,  NO}},
        /* clang-format on */
};

const char *pana_fault_name(enum pana_fault fault)
{
	return fault_names[fault];
}

const char *pana_kind_name(enum pana_kind kind)
{
	return kinds[kind].name;
}

bool pana_kind_is_request(enum pana_kind kind)
{
	return kinds[kind].flags & FLAG_R;
}

static size_t padding_of(size_t octets)
{
	return (4 - octets % 4) % 4;
}

bool pana_avp_read(struct wire_reader *reader, struct pana_avp *avp, enum pana_fault *fault)
{
	const uint8_t *begin = reader->at;
	uint16_t flags, octets;

	*fault = PANA_FAULT_VALID;
	if (wire_complete(reader))
		return false;
	avp->code = wire_read_u16(reader);
	flags = wire_read_u16(reader);
	octets = wire_read_u16(reader);
	wire_skip(reader, 2);
	avp->vendor = flags & AVP_FLAG_VENDOR ? wire_read_u32(reader) : 0;
	avp->value = wire_read_view(reader, octets);
	for (size_t i = padding_of(octets); i > 0; i--)
		if (wire_read_u8(reader))
			*fault = PANA_FAULT_PADDING;
	if (reader->failed)
		*fault = PANA_FAULT_TRUNCATED;
	else if (flags & AVP_FLAG_VENDOR && avp->vendor == 0)
		*fault = PANA_FAULT_UNKNOWN_AVP;
	if (*fault != PANA_FAULT_VALID)
		return false;
	avp->encoded = (struct wire_view){.bytes = begin, .octets = (size_t)(reader->at - begin)};
	return true;
}

size_t pana_avp_encoded_octets(uint32_t vendor, size_t octets)
{
	return PANA_AVP_HEADER_OCTETS + (vendor ? 4 : 0) + octets + padding_of(octets);
}

uint8_t *pana_avp_write_space(struct wire_writer *writer, uint32_t vendor, uint16_t code, size_t octets)
{
	uint8_t *value;

	if (octets > UINT16_MAX) {
		wire_writer_fail(writer);
		return NULL;
	}
	wire_write_u16(writer, code);
	wire_write_u16(writer, vendor ? AVP_FLAG_VENDOR : 0);
	wire_write_u16(writer, (uint16_t)octets);
	wire_write_u16(writer, 0);
	if (vendor)
		wire_write_u32(writer, vendor);
	value = wire_write_space(writer, octets);
	wire_write_zeros(writer, padding_of(octets));
	return writer->failed ? NULL : value;
}

void pana_avp_write(struct wire_writer *writer, uint32_t vendor, uint16_t code, const void *value, size_t octets)
{
	uint8_t *to = pana_avp_write_space(writer, vendor, code, octets);

	if (to && octets)
		memcpy(to, value, octets);
}

void pana_avp_write_u32(struct wire_writer *writer, uint32_t vendor, uint16_t code, uint32_t value)
{
	uint8_t *to = pana_avp_write_space(writer, vendor, code, 4);

	if (to)
		wire_store_u32(to, value);
}

/* The slot of a known AVP, or -1. */
static int slot_of(uint16_t code, uint32_t vendor, uint32_t our_vendor)
{
	if (vendor)
		return vendor == our_vendor && code == PANA_MOB_CAPABILITY ? SLOT_MOB_CAPABILITY : -1;
	return code < SLOT_MOB_CAPABILITY && rules[code].octets_max ? (int)code : -1;
}

static int slot_of_code(enum pana_avp_code code)
{
	return code == PANA_MOB_CAPABILITY ? SLOT_MOB_CAPABILITY : (int)code;
}

static enum pana_fault fault_of_unknown(const struct pana_avp *avp, uint32_t our_vendor)
{
	if (avp->vendor == 0 || avp->vendor != our_vendor)
		return PANA_FAULT_UNKNOWN_AVP;
	return avp->code == SHARED_SECRET ? PANA_FAULT_SECRET_IN_CLEAR : PANA_FAULT_VENDOR_AVP_IN_CLEAR;
}

static enum pana_fault note_avp(struct pana_message *message, const struct pana_avp *avp, uint32_t our_vendor)
{
	int slot = slot_of(avp->code, avp->vendor, our_vendor);
	uint8_t allowed;

	if (slot < 0)
		return fault_of_unknown(avp, our_vendor);
	if (message->occurrences[PANA_AUTH])
		return slot == PANA_AUTH ? PANA_FAULT_AVP_REPEATED : PANA_FAULT_AUTH_NOT_LAST;
	allowed = rules[slot].occurrence[message->kind];
	if (allowed == NO)
		return PANA_FAULT_AVP_NOT_ALLOWED;
	if (avp->value.octets < rules[slot].octets_min || avp->value.octets > rules[slot].octets_max)
		return PANA_FAULT_AVP_LENGTH;
	if (message->occurrences[slot] && allowed != ANY)
		return PANA_FAULT_AVP_REPEATED;
	if (!message->occurrences[slot]) {
		message->first[slot] = avp->value;
		message->occurrences[slot] = 1;
	}
	return PANA_FAULT_VALID;
}

static enum pana_fault read_avps(struct pana_message *message, uint32_t our_vendor)
{
	struct wire_reader reader = wire_reader_of_view(message->avps);
	enum pana_fault fault;
	struct pana_avp avp;

	while (pana_avp_read(&reader, &avp, &fault)) {
		fault = note_avp(message, &avp, our_vendor);
		if (fault != PANA_FAULT_VALID)
			return fault;
	}
	if (fault != PANA_FAULT_VALID)
		return fault;
	for (int slot = 0; slot < PANA_SLOTS; slot++)
		if (rules[slot].occurrence[message->kind] == ONE && !message->occurrences[slot])
			return PANA_FAULT_AVP_MISSING;
	return PANA_FAULT_VALID;
}

static bool find_kind(uint16_t type, uint16_t flags, enum pana_kind *kind)
{
	for (int i = 0; i < PANA_KINDS; i++)
		if (kinds[i].type == type && kinds[i].flags == (flags & FLAGS_OF_KIND)) {
			*kind = (enum pana_kind)i;
			/* I is the PAA's, in its PANA-Auth-Requests (RFC 5191 6.2) */
			return !(flags & FLAG_I) || (type == TYPE_AUTHENTICATION && flags & FLAG_R);
		}
	return false;
}

enum pana_fault pana_message_read(const void *payload, size_t octets, uint32_t vendor, struct pana_message *message)
{
	struct wire_reader reader = wire_reader_of(payload, octets);
	uint16_t reserved = wire_read_u16(&reader);
	uint16_t length = wire_read_u16(&reader);
	uint16_t flags = wire_read_u16(&reader);
	uint16_t type = wire_read_u16(&reader);

	memset(message, 0, sizeof(*message));
	message->session_id = wire_read_u32(&reader);
	message->sequence_number = wire_read_u32(&reader);
	if (reader.failed)
		return PANA_FAULT_TRUNCATED;
	if (length != octets)
		return PANA_FAULT_LENGTH;
	if (!find_kind(type, flags, &message->kind))
		return PANA_FAULT_TYPE_OR_FLAGS;
	if (reserved && (message->kind == PANA_PAR_START || message->kind == PANA_PAN_START))
		return PANA_FAULT_RESERVED;
	if (message->kind == PANA_PCI ? message->session_id || message->sequence_number : !message->session_id)
		return PANA_FAULT_NUMBERS;
	message->ip_reconfiguration = flags & FLAG_I;
	message->octets = (struct wire_view){.bytes = payload, .octets = octets};
	message->avps = wire_read_view(&reader, octets - PANA_HEADER_OCTETS);
	return read_avps(message, vendor);
}

bool pana_message_has(const struct pana_message *message, enum pana_avp_code code)
{
	return message->occurrences[slot_of_code(code)];
}

struct wire_view pana_message_value(const struct pana_message *message, enum pana_avp_code code)
{
	return message->first[slot_of_code(code)];
}

uint32_t pana_message_u32(const struct pana_message *message, enum pana_avp_code code)
{
	struct wire_reader reader = wire_reader_of_view(pana_message_value(message, code));

	return wire_read_u32(&reader);
}

bool pana_message_offers(const struct pana_message *message, enum pana_avp_code code, uint32_t value)
{
	struct wire_reader reader = wire_reader_of_view(message->avps);
	enum pana_fault fault;
	struct pana_avp avp;

	while (pana_avp_read(&reader, &avp, &fault)) {
		struct wire_reader number = wire_reader_of_view(avp.value);

		if (avp.vendor == 0 && avp.code == code && wire_read_u32(&number) == value && wire_complete(&number))
			return true;
	}
	return false;
}

void pana_message_begin(struct wire_writer *writer, enum pana_kind kind, uint32_t session_id, uint32_t sequence_number)
{
	wire_write_u16(writer, 0);
	wire_write_u16(writer, 0); /* Message Length: pana_message_end() */
	wire_write_u16(writer, kinds[kind].flags);
	wire_write_u16(writer, kinds[kind].type);
	wire_write_u32(writer, session_id);
	wire_write_u32(writer, sequence_number);
}

size_t pana_message_end(struct wire_writer *writer)
{
	size_t octets = wire_written(writer);

	if (octets > PANA_PAYLOAD_MAX)
		wire_writer_fail(writer);
	wire_patch_u16(writer, 2, (uint16_t)octets);
	return wire_written(writer);
}

size_t pana_message_end_with_auth(struct wire_writer *writer, size_t mac_octets)
{
	uint8_t *value = pana_avp_write_space(writer, 0, PANA_AUTH, mac_octets);

	if (value)
		memset(value, 0, mac_octets);
	return pana_message_end(writer);
}
