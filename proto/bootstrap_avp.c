// SPDX-License-Identifier: BSD-3-Clause
#include "bootstrap_avp.h"

#include "pana.h"

enum { SIGNATURE_HEAD_OCTETS = 2, VALUE_ANY = 65535 };

enum avp_form {
	FORM_REQUEST_ID,
	FORM_HOST_IDENTITY,
	FORM_SIGNATURE,
	FORM_FQDN,
	FORM_RVS_NAME,
	FORM_SECRET,
	FORM_ERROR_TEXT,
	FORM_ADDRESS,
	FORM_ASSIGNED_ADDRESS,
	FORM_SERVER_ADDRESS,
	FORM_ASSOCIATION,
	FORM_STATUS,
	FORM_LEASE_LIFETIME,
	FORM_SERVICES,
	FORM_RETRY_AFTER,
};

struct occurrence {
	uint8_t least, most;
};

#define NEVER                                                                                                          \
	{                                                                                                              \
		0, 0                                                                                                   \
	}
#define ONCE                                                                                                           \
	{                                                                                                              \
		1, 1                                                                                                   \
	}
#define MAY                                                                                                            \
	{                                                                                                              \
		0, 1                                                                                                   \
	}
#define TWICE                                                                                                          \
	{                                                                                                              \
		0, 2                                                                                                   \
	}
#define ONE_UP                                                                                                         \
	{                                                                                                              \
		1, 2                                                                                                   \
	}

/*
 * Table 1.4 and B-34, in the order in which AVPs are written: code, form, octets of the value, and how often it stands
 * in a full request, a poll, and an answer that grants, is pending, or refuses. What depends on other AVPs (a family
 * each once, 269 and 275 by the granted services, 274 with 210) is checked by rules_hold().
 * 260 may be missing here, since that is answered 201 (K-12).
 */
static const struct avp_rule {
	uint16_t code;
	enum avp_form form;
	uint16_t octets_min, octets_max;
	struct occurrence in[BOOTSTRAP_MESSAGES];
} rules[] = {
        {BOOT_REQUEST_ID, FORM_REQUEST_ID, 16, 16, {ONCE, ONCE, ONCE, ONCE, ONCE}},
        {BOOT_STATUS, FORM_STATUS, 4, 4, {NEVER, NEVER, ONCE, ONCE, ONCE}},
        {BOOT_HOST_IDENTITY, FORM_HOST_IDENTITY, 4, VALUE_ANY, {ONCE, NEVER, NEVER, NEVER, NEVER}},
        {BOOT_DESIRED_FQDN, FORM_FQDN, 0, VALUE_ANY, {MAY, NEVER, NEVER, NEVER, NEVER}},
        {BOOT_DESIRED_ADDRESS, FORM_ADDRESS, 8, 20, {TWICE, NEVER, NEVER, NEVER, NEVER}},
        {BOOT_SHARED_SECRET,
         FORM_SECRET,
         BOOTSTRAP_SECRET_MIN,
         BOOTSTRAP_SECRET_MAX,
         {MAY, NEVER, NEVER, NEVER, NEVER}},
        {BOOT_ASSIGNED_FQDN, FORM_FQDN, 1, BOOTSTRAP_NAME_MAX, {NEVER, NEVER, ONCE, NEVER, NEVER}},
        {BOOT_ASSIGNED_ADDRESS, FORM_ASSIGNED_ADDRESS, 12, 24, {NEVER, NEVER, ONE_UP, NEVER, NEVER}},
        {BOOT_SERVER_HOST_IDENTITY, FORM_HOST_IDENTITY, 4, VALUE_ANY, {NEVER, NEVER, ONCE, NEVER, NEVER}},
        {BOOT_MOBILITY_SERVER_ADDRESS, FORM_SERVER_ADDRESS, 8, 20, {NEVER, NEVER, ONE_UP, NEVER, NEVER}},
        {BOOT_MOBILITY_SA, FORM_ASSOCIATION, 12, 12, {NEVER, NEVER, MAY, NEVER, NEVER}},
        {BOOT_RVS_NAME, FORM_RVS_NAME, 1, BOOTSTRAP_NAME_MAX, {NEVER, NEVER, MAY, NEVER, NEVER}},
        {BOOT_LEASE_LIFETIME, FORM_LEASE_LIFETIME, 4, 4, {NEVER, NEVER, ONCE, NEVER, NEVER}},
        {BOOT_SERVICE_TYPE, FORM_SERVICES, 4, 4, {ONCE, NEVER, ONCE, NEVER, NEVER}},
        {BOOT_RETRY_AFTER, FORM_RETRY_AFTER, 4, 4, {NEVER, NEVER, NEVER, ONCE, MAY}},
        {BOOT_ERROR_TEXT, FORM_ERROR_TEXT, 0, BOOTSTRAP_ERROR_TEXT_MAX, {NEVER, NEVER, NEVER, NEVER, MAY}},
        {BOOT_POP_SIGNATURE, FORM_SIGNATURE, 2, VALUE_ANY, {MAY, NEVER, NEVER, NEVER, NEVER}},
        {BOOT_SERVER_SIGNATURE, FORM_SIGNATURE, 2, VALUE_ANY, {NEVER, NEVER, ONCE, NEVER, NEVER}},
};

enum { RULES = sizeof(rules) / sizeof(rules[0]), SERVICE_MIP6_OR_DSMIP6 = 0x03, SERVICE_HIP = 0x04 };

const char *bootstrap_status_name(uint32_t status)
{
	static const struct {
		uint32_t status;
		const char *name;
	} names[] = {
	        {BOOTSTRAP_OK, "ok"},
	        {BOOTSTRAP_NAME_CHANGED, "ok-name-changed"},
	        {BOOTSTRAP_PENDING, "pending"},
	        {BOOTSTRAP_MALFORMED, "malformed"},
	        {BOOTSTRAP_BAD_PROOF, "bad-pop"},
	        {BOOTSTRAP_KEY_REFUSED, "key-refused"},
	        {BOOTSTRAP_NAME_NOT_AUTHORISED, "name-not-authorised"},
	        {BOOTSTRAP_NAME_IN_USE, "name-in-use"},
	        {BOOTSTRAP_ADDRESS_NOT_AUTHORISED, "address-not-authorised"},
	        {BOOTSTRAP_POOL_EMPTY, "pool-empty"},
	        {BOOTSTRAP_DNS_FAILED, "dns-failed"},
	        {BOOTSTRAP_STORE_FAILED, "db-failed"},
	        {BOOTSTRAP_BARRED, "barred"},
	        {BOOTSTRAP_RATE_LIMITED, "rate-limited"},
	        {BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL, "key-change-needs-approval"},
	        {BOOTSTRAP_UNSUPPORTED, "unsupported"},
	        {BOOTSTRAP_UNKNOWN_REQUEST, "unknown-request"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	return "unknown";
}

static const struct avp_rule *find_rule(uint16_t code)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].code == code)
			return &rules[i];
	return NULL;
}

/* family8 prefix-length8 flags16 [lifetime32] address (B-36). */
static bool read_address(struct wire_view value, bool has_lifetime, struct bootstrap_addresses *addresses)
{
	struct wire_reader reader = wire_reader_of_view(value);
	struct bootstrap_address *address = &addresses->at[addresses->count];
	uint8_t address_octets, bits;

	if (addresses->count == BOOTSTRAP_ADDRESSES_MAX)
		return false;
	memset(address, 0, sizeof(*address));
	address->family = wire_read_u8(&reader);
	address->prefix_length = wire_read_u8(&reader);
	wire_skip(&reader, 2);
	address->lifetime_s = has_lifetime ? wire_read_u32(&reader) : 0;
	if (address->family != BOOTSTRAP_IPV4 && address->family != BOOTSTRAP_IPV6)
		return false;
	address_octets = address->family == BOOTSTRAP_IPV4 ? 4 : 16;
	bits = (uint8_t)(address_octets * 8);
	wire_read_copy(&reader, address->address, address_octets);
	if (!wire_complete(&reader) || address->prefix_length > bits ||
	    (!has_lifetime && address->prefix_length != bits))
		return false;
	for (uint8_t i = 0; i < addresses->count; i++)
		if (addresses->at[i].family == address->family)
			return false;
	addresses->count++;
	return true;
}

static bool read_association(struct wire_view value, struct bootstrap_association *association)
{
	struct wire_reader reader = wire_reader_of_view(value);

	association->spi = wire_read_u32(&reader);
	association->algorithm = wire_read_u16(&reader);
	association->replay = wire_read_u8(&reader);
	association->flags = wire_read_u8(&reader);
	association->lifetime_s = wire_read_u32(&reader);
	return wire_complete(&reader);
}

static bool read_value(const struct avp_rule *rule, struct wire_view value, struct bootstrap_avps *avps)
{
	struct wire_reader reader = wire_reader_of_view(value);

	switch (rule->form) {
	case FORM_REQUEST_ID:
		wire_read_copy(&reader, avps->request_id, sizeof(avps->request_id));
		return true;
	case FORM_HOST_IDENTITY:
		avps->host_identity = value;
		wire_skip(&reader, 2);
		return wire_read_u16(&reader) == 0;
	case FORM_SIGNATURE:
		avps->signature = value;
		return true;
	case FORM_FQDN:
		avps->fqdn = value;
		return true;
	case FORM_RVS_NAME:
		avps->rvs_name = value;
		return true;
	case FORM_SECRET:
		avps->shared_secret = value;
		return true;
	case FORM_ERROR_TEXT:
		avps->error_text = value;
		return true;
	case FORM_ADDRESS:
	case FORM_ASSIGNED_ADDRESS:
		return read_address(value, rule->form == FORM_ASSIGNED_ADDRESS, &avps->addresses);
	case FORM_SERVER_ADDRESS:
		return read_address(value, false, &avps->server_addresses);
	case FORM_ASSOCIATION:
		return read_association(value, &avps->association);
	case FORM_STATUS:
		avps->status = wire_read_u32(&reader);
		return true;
	case FORM_LEASE_LIFETIME:
		avps->lease_lifetime_s = wire_read_u32(&reader);
		return true;
	case FORM_SERVICES:
		avps->services = wire_read_u32(&reader);
		return true;
	case FORM_RETRY_AFTER:
		avps->retry_after_ms = wire_read_u32(&reader);
		return avps->retry_after_ms >= BOOTSTRAP_RETRY_AFTER_MIN_MS &&
		       avps->retry_after_ms <= BOOTSTRAP_RETRY_AFTER_MAX_MS;
	}
	return false;
}

/* What was seen while the AVPs were walked. */
struct walk {
	uint8_t counts[RULES];
	bool unknown;
	bool wrong; /* a length or value */
};

static void walk_one(const struct pana_avp *avp, uint32_t vendor, struct walk *walk, struct bootstrap_avps *avps)
{
	const struct avp_rule *rule = avp->vendor == vendor ? find_rule(avp->code) : NULL;
	bool known_elsewhere = (!avp->vendor && avp->code >= PANA_AUTH && avp->code <= PANA_ENCRYPTION_ALGORITHM) ||
	                       (avp->vendor == vendor && avp->code == PANA_MOB_CAPABILITY);

	if (!rule) {
		walk->unknown |= !known_elsewhere;
		walk->wrong |= known_elsewhere;
		return;
	}
	if (walk->counts[rule - rules]++ && rule->form != FORM_ADDRESS && rule->form != FORM_ASSIGNED_ADDRESS &&
	    rule->form != FORM_SERVER_ADDRESS) {
		walk->wrong = true;
		return;
	}
	if (avp->value.octets < rule->octets_min || avp->value.octets > rule->octets_max ||
	    !read_value(rule, avp->value, avps))
		walk->wrong = true;
	else
		avps->present |= bootstrap_bit((enum bootstrap_avp_code)rule->code);
}

static void walk_all(const void *plaintext, size_t octets, uint32_t vendor, struct walk *walk,
                     struct bootstrap_avps *avps)
{
	struct wire_reader reader = wire_reader_of(plaintext, octets);
	enum pana_fault fault = PANA_FAULT_VALID;
	struct pana_avp avp;

	memset(walk, 0, sizeof(*walk));
	memset(avps, 0, sizeof(*avps));
	if (octets > BOOTSTRAP_PLAINTEXT_MAX) {
		walk->wrong = true;
		return;
	}
	while (pana_avp_read(&reader, &avp, &fault))
		walk_one(&avp, vendor, walk, avps);
	walk->wrong |= fault != PANA_FAULT_VALID;
	if (walk->counts[0] != 1)
		avps->present &= ~bootstrap_bit(BOOT_REQUEST_ID); /* two ids are no valid one */
}

static bool has_ipv6(const struct bootstrap_addresses *addresses)
{
	for (uint8_t i = 0; i < addresses->count; i++)
		if (addresses->at[i].family == BOOTSTRAP_IPV6)
			return true;
	return false;
}

/* The column of B-34 that `avps->message` names. */
static bool rules_hold(const struct walk *walk, const struct bootstrap_avps *avps)
{
	for (size_t i = 0; i < RULES; i++)
		if (walk->counts[i] < rules[i].in[avps->message].least ||
		    walk->counts[i] > rules[i].in[avps->message].most)
			return false;
	if (avps->message == BOOTSTRAP_ANSWER_REFUSED)
		return avps->status == BOOTSTRAP_RATE_LIMITED || !bootstrap_has(avps, BOOT_RETRY_AFTER);
	if (avps->message != BOOTSTRAP_ANSWER_GRANTED)
		return true;
	return has_ipv6(&avps->addresses) && has_ipv6(&avps->server_addresses) &&
	       bootstrap_has(avps, BOOT_MOBILITY_SA) == ((avps->services & SERVICE_MIP6_OR_DSMIP6) != 0) &&
	       bootstrap_has(avps, BOOT_RVS_NAME) == ((avps->services & SERVICE_HIP) != 0);
}

enum bootstrap_status bootstrap_request_read(const void *plaintext, size_t octets, uint32_t vendor,
                                             struct bootstrap_avps *avps)
{
	struct walk walk;

	walk_all(plaintext, octets, vendor, &walk, avps);
	avps->message = BOOTSTRAP_REQUEST_POLL;
	for (size_t i = 1; i < RULES; i++)
		if (walk.counts[i])
			avps->message = BOOTSTRAP_REQUEST_FULL;
	if (walk.unknown)
		return BOOTSTRAP_UNSUPPORTED;
	return walk.wrong || !rules_hold(&walk, avps) ? BOOTSTRAP_MALFORMED : BOOTSTRAP_OK;
}

enum bootstrap_status bootstrap_answer_read(const void *plaintext, size_t octets, uint32_t vendor,
                                            struct bootstrap_avps *avps)
{
	struct walk walk;

	walk_all(plaintext, octets, vendor, &walk, avps);
	if (avps->status <= BOOTSTRAP_NAME_CHANGED)
		avps->message = BOOTSTRAP_ANSWER_GRANTED;
	else if (avps->status == BOOTSTRAP_PENDING)
		avps->message = BOOTSTRAP_ANSWER_PENDING;
	else if (avps->status >= BOOTSTRAP_MALFORMED)
		avps->message = BOOTSTRAP_ANSWER_REFUSED;
	else
		walk.wrong = true;
	if (walk.unknown)
		return BOOTSTRAP_UNSUPPORTED;
	return walk.wrong || !rules_hold(&walk, avps) ? BOOTSTRAP_MALFORMED : BOOTSTRAP_OK;
}

static void write_addresses(struct wire_writer *writer, uint32_t vendor, uint16_t code, bool has_lifetime,
                            const struct bootstrap_addresses *addresses)
{
	for (uint8_t i = 0; i < addresses->count; i++) {
		const struct bootstrap_address *address = &addresses->at[i];
		uint8_t value[24];
		struct wire_writer inner = wire_writer_of(value, sizeof(value));

		wire_write_u8(&inner, address->family);
		wire_write_u8(&inner, address->prefix_length);
		wire_write_u16(&inner, 0);
		if (has_lifetime)
			wire_write_u32(&inner, address->lifetime_s);
		wire_write_bytes(&inner, address->address, address->family == BOOTSTRAP_IPV4 ? 4 : 16);
		pana_avp_write(writer, vendor, code, value, wire_written(&inner));
	}
}

static void write_association(struct wire_writer *writer, uint32_t vendor, uint16_t code,
                              const struct bootstrap_association *association)
{
	uint8_t value[12];
	struct wire_writer inner = wire_writer_of(value, sizeof(value));

	wire_write_u32(&inner, association->spi);
	wire_write_u16(&inner, association->algorithm);
	wire_write_u8(&inner, association->replay);
	wire_write_u8(&inner, association->flags);
	wire_write_u32(&inner, association->lifetime_s);
	pana_avp_write(writer, vendor, code, value, sizeof(value));
}

static void write_view(struct wire_writer *writer, uint32_t vendor, uint16_t code, struct wire_view value)
{
	pana_avp_write(writer, vendor, code, value.bytes, value.octets);
}

static void write_one(struct wire_writer *writer, uint32_t vendor, const struct avp_rule *rule,
                      const struct bootstrap_avps *avps)
{
	switch (rule->form) {
	case FORM_REQUEST_ID:
		pana_avp_write(writer, vendor, rule->code, avps->request_id, sizeof(avps->request_id));
		break;
	case FORM_HOST_IDENTITY:
		write_view(writer, vendor, rule->code, avps->host_identity);
		break;
	case FORM_FQDN:
		write_view(writer, vendor, rule->code, avps->fqdn);
		break;
	case FORM_RVS_NAME:
		write_view(writer, vendor, rule->code, avps->rvs_name);
		break;
	case FORM_SECRET:
		write_view(writer, vendor, rule->code, avps->shared_secret);
		break;
	case FORM_ERROR_TEXT:
		write_view(writer, vendor, rule->code, avps->error_text);
		break;
	case FORM_ADDRESS:
	case FORM_ASSIGNED_ADDRESS:
		write_addresses(writer, vendor, rule->code, rule->form == FORM_ASSIGNED_ADDRESS, &avps->addresses);
		break;
	case FORM_SERVER_ADDRESS:
		write_addresses(writer, vendor, rule->code, false, &avps->server_addresses);
		break;
	case FORM_ASSOCIATION:
		write_association(writer, vendor, rule->code, &avps->association);
		break;
	case FORM_STATUS:
		pana_avp_write_u32(writer, vendor, rule->code, avps->status);
		break;
	case FORM_LEASE_LIFETIME:
		pana_avp_write_u32(writer, vendor, rule->code, avps->lease_lifetime_s);
		break;
	case FORM_SERVICES:
		pana_avp_write_u32(writer, vendor, rule->code, avps->services);
		break;
	case FORM_RETRY_AFTER:
		pana_avp_write_u32(writer, vendor, rule->code, avps->retry_after_ms);
		break;
	case FORM_SIGNATURE:
		break; /* it is made over what the others become */
	}
}

void bootstrap_avps_write(struct wire_writer *writer, uint32_t vendor, const struct bootstrap_avps *avps)
{
	for (size_t i = 0; i < RULES; i++)
		if (bootstrap_has(avps, (enum bootstrap_avp_code)rules[i].code))
			write_one(writer, vendor, &rules[i], avps);
}

void bootstrap_signature_write(struct wire_writer *writer, uint32_t vendor, enum bootstrap_avp_code code,
                               uint16_t algorithm, const void *signature, size_t octets)
{
	uint8_t *value = pana_avp_write_space(writer, vendor, (uint16_t)code, SIGNATURE_HEAD_OCTETS + octets);

	if (!value)
		return;
	wire_store_u16(value, algorithm);
	memcpy(value + SIGNATURE_HEAD_OCTETS, signature, octets);
}
