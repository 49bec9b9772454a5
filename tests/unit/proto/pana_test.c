// SPDX-License-Identifier: BSD-3-Clause
#include "pana.h"
#include "vectors.h"

enum { VENDOR = 32473, OTHER_VENDOR = 9 };

static uint8_t buffer[PANA_PAYLOAD_MAX + 100];

static struct wire_writer begin(enum pana_kind kind)
{
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, kind, kind == PANA_PCI ? 0 : 0x11223344, kind == PANA_PCI ? 0 : 7);
	return writer;
}

static enum pana_fault read_end(struct wire_writer *writer, struct pana_message *message)
{
	size_t octets = pana_message_end(writer);

	assert_true(octets > 0);
	return pana_message_read(buffer, octets, VENDOR, message);
}

static void write_filled(struct wire_writer *writer, uint32_t vendor, uint16_t code, size_t octets)
{
	uint8_t *value = pana_avp_write_space(writer, vendor, code, octets);

	assert_non_null(value);
	memset(value, 0x5a, octets);
}

/* B-14, B-16: the published first messages are read, and our builder makes the very same octets. */
static void published_start_messages(void **state)
{
	json_t *file = vectors_load("kedge_bootstrap.json");
	json_t *start = vectors_named(file, "cases", "example: I_PAR and I_PAN");
	static const struct {
		const char *path;
		enum pana_kind kind;
	} messages[] = {{"input/I_PAR", PANA_PAR_START}, {"input/I_PAN", PANA_PAN_START}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
		struct pana_message message;
		uint8_t expected[256];
		size_t octets = vectors_hex(start, messages[i].path, expected, sizeof(expected));

		assert_int_equal(pana_message_read(expected, octets, VENDOR, &message), PANA_FAULT_VALID);
		assert_int_equal(message.kind, messages[i].kind);
		assert_int_equal(message.session_id, 0xf0386938);
		assert_int_equal(message.sequence_number, 0x19507177);
		assert_int_equal(pana_message_u32(&message, PANA_MOB_CAPABILITY), 0x1f);
		assert_true(pana_message_offers(&message, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256));
		assert_false(pana_message_offers(&message, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA1));
		pana_message_begin(&writer, messages[i].kind, 0xf0386938, 0x19507177);
		pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
		pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
		pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
		pana_avp_write_u32(&writer, VENDOR, PANA_MOB_CAPABILITY, 0x1f);
		assert_int_equal(pana_message_end(&writer), octets);
		assert_octets(buffer, octets, expected, octets);
	}
	json_decref(file);
}

/* B-29: a request on a ping: Encap and AUTH, nothing else. */
static void published_request_and_answer(void **state)
{
	json_t *file = vectors_load("kedge_bootstrap.json");
	json_t *wire = vectors_named(file, "cases", "example: PNR and PNA on the wire");
	uint8_t octets[1024];
	struct pana_message message;
	size_t count = vectors_hex(wire, "output/pnr", octets, sizeof(octets));

	(void)state;
	assert_int_equal(pana_message_read(octets, count, VENDOR, &message), PANA_FAULT_VALID);
	assert_int_equal(message.kind, PANA_PNR_PING);
	assert_int_equal(message.sequence_number, 0x9b2c3d41);
	assert_int_equal(pana_message_value(&message, PANA_ENCRYPTION_ENCAP).octets, 0x128);
	assert_int_equal(pana_message_value(&message, PANA_AUTH).octets, 16);
	count = vectors_hex(wire, "output/pna", octets, sizeof(octets));
	assert_int_equal(pana_message_read(octets, count, VENDOR, &message), PANA_FAULT_VALID);
	assert_int_equal(message.kind, PANA_PNA_PING);
	json_decref(file);
}

/* B-3, B-30: the plaintext of an Encap is a row of AVPs; `encoded` is what K-10 hashes. */
static void avps_of_the_plaintext(void **state)
{
	json_t *file = vectors_load("kedge_bootstrap.json");
	json_t *request = vectors_named(file, "cases", "example: Boot AVPs of a full request");
	json_t *listed = vectors_at(request, "input/avps");
	uint8_t plaintext[1024], expected[256];
	size_t octets = vectors_hex(request, "output/plaintext", plaintext, sizeof(plaintext));
	struct wire_reader reader = wire_reader_of(plaintext, octets);
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	enum pana_fault fault;
	struct pana_avp avp;
	size_t index = 0;

	(void)state;
	for (; pana_avp_read(&reader, &avp, &fault); index++) {
		json_t *entry = json_array_get(listed, index);
		size_t count = vectors_hex(entry, "encoded", expected, sizeof(expected));

		assert_int_equal(avp.code, vectors_number(entry, "code"));
		assert_int_equal(avp.vendor, VENDOR);
		assert_octets(avp.encoded.bytes, avp.encoded.octets, expected, count);
		assert_int_equal(pana_avp_encoded_octets(avp.vendor, avp.value.octets), count);
		count = vectors_hex(entry, "value", expected, sizeof(expected));
		assert_octets(avp.value.bytes, avp.value.octets, expected, count);
		pana_avp_write(&writer, avp.vendor, avp.code, avp.value.bytes, avp.value.octets);
	}
	assert_int_equal(fault, PANA_FAULT_VALID);
	assert_int_equal(index, json_array_size(listed));
	assert_octets(buffer, wire_written(&writer), plaintext, octets);
	json_decref(file);
}

static void avp_faults(void **state)
{
	static const struct {
		const char *hex;
		enum pana_fault fault;
	} cases[] = {
	        {"", PANA_FAULT_VALID},
	        {"0002 0000 0001 0000 ff000000", PANA_FAULT_VALID},
	        {"0002 7fff 0001 ffff ff000000", PANA_FAULT_VALID}, /* reserved bits are ignored */
	        {"0002 0000 0001 0000 ff000001", PANA_FAULT_PADDING},
	        {"0002 0000 0001 0000 ff0000", PANA_FAULT_TRUNCATED},
	        {"0002 0000 0005 0000 ff000000", PANA_FAULT_TRUNCATED},
	        {"0002 0000 ffff 0000", PANA_FAULT_TRUNCATED},
	        {"0002 0000 0000", PANA_FAULT_TRUNCATED},
	        {"0101 8000 0000 0000 00007e", PANA_FAULT_TRUNCATED},
	        {"0101 8000 0000 0000 00000000", PANA_FAULT_UNKNOWN_AVP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t octets[64];
		struct wire_reader reader = wire_reader_of(octets, hex_decode(cases[i].hex, octets, sizeof(octets)));
		enum pana_fault fault;
		struct pana_avp avp;

		while (pana_avp_read(&reader, &avp, &fault))
			;
		assert_int_equal(fault, cases[i].fault);
	}
}

/* B-2, RFC 5191 6.2: every pair of type and flags is one of thirteen messages or none. */
static void types_and_flags(void **state)
{
	int valid = 0;

	(void)state;
	for (uint32_t type = 0; type < 8; type++)
		for (uint32_t flags = 0; flags < 0x10000; flags += 0x200) {
			uint8_t header[16] = {0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
			struct pana_message message;
			enum pana_fault fault;

			if (type == 1)
				memset(header + 8, 0, 8);
			wire_store_u16(header + 4, (uint16_t)flags);
			wire_store_u16(header + 6, (uint16_t)type);
			fault = pana_message_read(header, sizeof(header), VENDOR, &message);
			if (fault == PANA_FAULT_TYPE_OR_FLAGS)
				continue;
			assert_true(fault == PANA_FAULT_VALID || fault == PANA_FAULT_AVP_MISSING);
			valid += !(flags & 0x0200); /* a reserved bit is ignored */
			if (message.kind == PANA_PNR_PING || message.kind == PANA_PNR_REAUTHENTICATION)
				assert_true((flags & 0x1800) == 0x0800 || (flags & 0x1800) == 0x1000);
		}
	assert_int_equal(valid, PANA_KINDS + 3); /* the I flag doubles the three kinds of PAR */
}

/* B-2 */
static void header_faults(void **state)
{
	struct wire_writer writer = begin(PANA_PAN);
	size_t octets = pana_message_end(&writer);
	struct pana_message message;

	(void)state;
	assert_int_equal(pana_message_read(buffer, octets, VENDOR, &message), PANA_FAULT_VALID);
	assert_int_equal(pana_message_read(buffer, octets - 1, VENDOR, &message), PANA_FAULT_TRUNCATED);
	assert_int_equal(pana_message_read(buffer, octets + 4, VENDOR, &message), PANA_FAULT_LENGTH);
	buffer[1] = 1;
	assert_int_equal(pana_message_read(buffer, octets, VENDOR, &message), PANA_FAULT_VALID);
	writer = begin(PANA_PAR_START);
	buffer[1] = 1;
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_RESERVED);
	writer = begin(PANA_PAN);
	memset(buffer + 8, 0, 4);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_NUMBERS);
	writer = begin(PANA_PCI);
	buffer[15] = 1;
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_NUMBERS);
}

/* RFC 5191 Figure 4 with B-14, B-18, B-20, B-29, B-35: for each kind, which AVPs may stand once and which twice. */
static void occurrence(void **state)
{
	static const struct {
		uint32_t vendor;
		uint16_t code;
		uint16_t octets;
		uint16_t once;  /* bit per kind: may stand there (all else that is mandatory being present) */
		uint16_t twice; /* bit per kind */
	} cases[] = {
#define AT(kind) (1u << PANA_##kind)
	        {0, PANA_EAP_PAYLOAD, 5, AT(PAR) | AT(PAN) | AT(PAR_COMPLETE), 0},
	        {0, PANA_NONCE, 32, AT(PAR) | AT(PAN), 0},
	        {0, PANA_KEY_ID, 4, AT(PAR_COMPLETE) | AT(PAN_COMPLETE), 0},
	        {0, PANA_SESSION_LIFETIME, 4, AT(PAR_START) | AT(PAR) | AT(PAR_COMPLETE), 0},
	        {0, PANA_PRF_ALGORITHM, 4, AT(PAR_START), AT(PAR_START)},
	        {0, PANA_INTEGRITY_ALGORITHM, 4, AT(PAR_START), AT(PAR_START)},
	        {0, PANA_ENCRYPTION_ALGORITHM, 4, AT(PAR_START) | AT(PAN_START), AT(PAR_START)},
	        {0, PANA_ENCRYPTION_ENCAP, 40, AT(PNR_PING) | AT(PNA_PING), 0},
	        {VENDOR, PANA_MOB_CAPABILITY, 4, AT(PCI) | AT(PAR_START) | AT(PAN_START), 0},
#undef AT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int kind = 0; kind < PANA_KINDS; kind++)
			for (int times = 1; times <= 2; times++) {
				struct wire_writer writer = begin((enum pana_kind)kind);
				struct pana_message message;
				uint16_t allowed = times == 1 ? cases[i].once : cases[i].twice;
				bool valid;

				if (kind == PANA_PAN_START) {
					pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, 5);
					pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, 12);
				}
				if (kind == PANA_PAR_COMPLETE)
					pana_avp_write_u32(&writer, 0, PANA_RESULT_CODE, 0);
				if (kind == PANA_PTR)
					pana_avp_write_u32(&writer, 0, PANA_TERMINATION_CAUSE, 1);
				for (int n = 0; n < times; n++)
					write_filled(&writer, cases[i].vendor, cases[i].code, cases[i].octets);
				valid = read_end(&writer, &message) == PANA_FAULT_VALID;
				assert_int_equal(valid, (allowed >> kind) & 1);
			}
}

static void mandatory_avps(void **state)
{
	struct pana_message message;
	struct wire_writer writer = begin(PANA_PAN_START);

	(void)state;
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, 5);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AVP_MISSING);
	writer = begin(PANA_PTR);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AVP_MISSING);
	writer = begin(PANA_PAR_COMPLETE);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AVP_MISSING);
}

/* B-2: AUTH is last. B-18: nonces of 16 to 256 octets. */
static void auth_last_and_lengths(void **state)
{
	struct pana_message message;
	struct wire_writer writer = begin(PANA_PNR_PING);
	size_t octets;

	(void)state;
	write_filled(&writer, 0, PANA_AUTH, 16);
	write_filled(&writer, 0, PANA_ENCRYPTION_ENCAP, 8);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AUTH_NOT_LAST);
	writer = begin(PANA_PNR_PING);
	write_filled(&writer, 0, PANA_AUTH, 16);
	write_filled(&writer, 0, PANA_AUTH, 16);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AVP_REPEATED);
	writer = begin(PANA_PNR_PING);
	write_filled(&writer, 0, PANA_AUTH, 12);
	assert_int_equal(read_end(&writer, &message), PANA_FAULT_AVP_LENGTH);
	for (size_t nonce = 15; nonce <= 257; nonce++) {
		writer = begin(PANA_PAN);
		write_filled(&writer, 0, PANA_NONCE, nonce);
		assert_int_equal(read_end(&writer, &message),
		                 nonce >= 16 && nonce <= 256 ? PANA_FAULT_VALID : PANA_FAULT_AVP_LENGTH);
	}
	writer = begin(PANA_PAN_COMPLETE);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, 1);
	octets = pana_message_end_with_auth(&writer, 16);
	assert_int_equal(pana_message_read(buffer, octets, VENDOR, &message), PANA_FAULT_VALID);
	assert_ptr_equal(pana_message_value(&message, PANA_AUTH).bytes, buffer + octets - 16);
}

/* B-31: each of these is discarded; a Shared-Secret in the clear has its own name. */
static void what_is_visible_without_decryption(void **state)
{
	static const struct {
		uint32_t vendor;
		uint16_t code;
		enum pana_fault fault;
	} cases[] = {
	        {VENDOR, 258, PANA_FAULT_VENDOR_AVP_IN_CLEAR},
	        {VENDOR, 263, PANA_FAULT_SECRET_IN_CLEAR},
	        {OTHER_VENDOR, 263, PANA_FAULT_UNKNOWN_AVP},
	        {OTHER_VENDOR, PANA_MOB_CAPABILITY, PANA_FAULT_UNKNOWN_AVP},
	        {0, 10, PANA_FAULT_UNKNOWN_AVP},
	        {0, 11, PANA_FAULT_UNKNOWN_AVP},
	        {0, 14, PANA_FAULT_UNKNOWN_AVP},
	        {0, PANA_MOB_CAPABILITY, PANA_FAULT_UNKNOWN_AVP},
	        {0, 0, PANA_FAULT_UNKNOWN_AVP},
	        {VENDOR, PANA_MOB_CAPABILITY, PANA_FAULT_AVP_NOT_ALLOWED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct wire_writer writer = begin(PANA_PNR_PING);
		struct pana_message message;

		pana_avp_write_u32(&writer, cases[i].vendor, cases[i].code, 1);
		assert_int_equal(read_end(&writer, &message), cases[i].fault);
	}
}

/* B-4 */
static void too_long_is_not_built(void **state)
{
	struct wire_writer writer = begin(PANA_PNA_PING);

	(void)state;
	write_filled(&writer, 0, PANA_ENCRYPTION_ENCAP, PANA_PAYLOAD_MAX - PANA_HEADER_OCTETS - 8);
	assert_int_equal(pana_message_end(&writer), PANA_PAYLOAD_MAX);
	writer = begin(PANA_PNA_PING);
	write_filled(&writer, 0, PANA_ENCRYPTION_ENCAP, PANA_PAYLOAD_MAX - PANA_HEADER_OCTETS - 8 - 24);
	assert_int_equal(pana_message_end_with_auth(&writer, 16), PANA_PAYLOAD_MAX);
	writer = begin(PANA_PNA_PING);
	write_filled(&writer, 0, PANA_ENCRYPTION_ENCAP, PANA_PAYLOAD_MAX - PANA_HEADER_OCTETS - 8 - 20);
	assert_int_equal(pana_message_end_with_auth(&writer, 16), 0);
	writer = wire_writer_of(buffer, 20);
	pana_message_begin(&writer, PANA_PAN, 1, 1);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, 1);
	assert_int_equal(pana_message_end(&writer), 0);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(pana_kind_name(PANA_PAR_COMPLETE), "PAR(C)");
	assert_string_equal(pana_fault_name(PANA_FAULT_SECRET_IN_CLEAR), "secret_in_clear");
	assert_true(pana_kind_is_request(PANA_PTR));
	assert_false(pana_kind_is_request(PANA_PCI));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_start_messages),
	        cmocka_unit_test(published_request_and_answer),
	        cmocka_unit_test(avps_of_the_plaintext),
	        cmocka_unit_test(avp_faults),
	        cmocka_unit_test(types_and_flags),
	        cmocka_unit_test(header_faults),
	        cmocka_unit_test(occurrence),
	        cmocka_unit_test(mandatory_avps),
	        cmocka_unit_test(auth_last_and_lengths),
	        cmocka_unit_test(what_is_visible_without_decryption),
	        cmocka_unit_test(too_long_is_not_built),
	        cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
