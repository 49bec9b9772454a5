// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"

#include <errno.h>
#include <stdlib.h>

#include "tsig.h"

enum { NOW_S = 1700000000 };

static struct tsig_key key_of(json_t *root)
{
	struct tsig_key key = {.algorithm = TSIG_HMAC_SHA256};
	uint8_t bytes[64];

	secret_set(&key.secret, bytes, vectors_hex(root, "secret_hex", bytes, sizeof(bytes)));
	snprintf(key.name, sizeof(key.name), "%s", vectors_text(root, "key_name"));
	key.name[strlen(key.name) - 1] = '\0';
	return key;
}

static struct tsig_mac mac_at(json_t *root, const char *path)
{
	struct tsig_mac mac;

	mac.octets = (uint8_t)vectors_hex(root, path, mac.bytes, sizeof(mac.bytes));
	return mac;
}

/* The vectors' signed messages have compressed owner names, ours are written whole; the MAC is the same. */
static void request_of_dnspython(void **state)
{
	json_t *root = vectors_load("dns_update_tsig.json");
	struct tsig_key key = key_of(root);
	struct tsig_mac expected = mac_at(root, "request_mac");
	struct tsig_mac mac;
	struct tsig_signature signature;
	uint8_t message[1024];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));
	size_t octets = vectors_hex(root, "unsigned_request", message, sizeof(message));

	(void)state;
	wire_write_space(&writer, octets);
	assert_int_equal(tsig_sign_request(&writer, &key, NOW_S, &mac), 0);
	assert_octets(mac.bytes, mac.octets, expected.bytes, expected.octets);
	assert_int_equal(message[11], 1);
	assert_int_equal(tsig_verify((struct wire_view){message, wire_written(&writer)}, &key, NULL, NOW_S, &signature),
	                 TSIG_GOOD);
	assert_int_equal(signature.message_octets, octets);

	octets = vectors_hex(root, "signed_request", message, sizeof(message));
	assert_int_equal(tsig_verify((struct wire_view){message, octets}, &key, NULL, NOW_S, &signature), TSIG_GOOD);
	assert_int_equal(signature.original_id, 0x4242);
	assert_true(signature.time_signed_s == NOW_S);
	assert_octets(signature.mac.bytes, signature.mac.octets, expected.bytes, expected.octets);
	json_decref(root);
}

static enum tsig_verdict verify_answer(json_t *root, const uint8_t *message, size_t octets, uint64_t now_s)
{
	struct tsig_key key = key_of(root);
	struct tsig_mac request = mac_at(root, "request_mac");
	struct tsig_signature signature;

	return tsig_verify((struct wire_view){message, octets}, &key, &request, now_s, &signature);
}

/* D-6: MAC with the request's MAC, and time. */
static void answer_of_dnspython(void **state)
{
	json_t *root = vectors_load("dns_update_tsig.json");
	uint8_t message[512];
	size_t octets = vectors_hex(root, "signed_response", message, sizeof(message));
	struct tsig_key key = key_of(root);
	struct tsig_mac other_request = {.octets = 32};
	struct tsig_signature signature;

	(void)state;
	assert_int_equal(verify_answer(root, message, octets, NOW_S), TSIG_GOOD);
	assert_int_equal(verify_answer(root, message, octets, NOW_S + TSIG_FUDGE_S), TSIG_GOOD);
	assert_int_equal(verify_answer(root, message, octets, NOW_S - TSIG_FUDGE_S), TSIG_GOOD);
	assert_int_equal(verify_answer(root, message, octets, NOW_S + TSIG_FUDGE_S + 1), TSIG_BAD_TIME);
	assert_int_equal(verify_answer(root, message, octets, NOW_S - TSIG_FUDGE_S - 1), TSIG_BAD_TIME);
	/* an answer to another request */
	assert_int_equal(tsig_verify((struct wire_view){message, octets}, &key, &other_request, NOW_S, &signature),
	                 TSIG_BAD_MAC);
	json_decref(root);
}

/* Whatever octet is changed or cut off, nothing is good any more. */
static void changed_answer_is_not_good(void **state)
{
	json_t *root = vectors_load("dns_update_tsig.json");
	uint8_t message[512];
	size_t octets = vectors_hex(root, "signed_response", message, sizeof(message));

	(void)state;
	for (size_t at = 0; at < octets; at++) {
		/* the id on the way may differ (RFC 8945 4.3.2): who asked compares it */
		bool counts = at >= 2;

		message[at] ^= 0x01;
		if (counts)
			assert_int_not_equal(verify_answer(root, message, octets, NOW_S), TSIG_GOOD);
		message[at] ^= 0x01;
	}
	for (size_t prefix = 0; prefix < octets; prefix++)
		assert_int_not_equal(verify_answer(root, message, prefix, NOW_S), TSIG_GOOD);
	assert_int_equal(verify_answer(root, message, octets, NOW_S), TSIG_GOOD);
	json_decref(root);
}

/* D-6: a BADTIME answer is signed, and tells the server's time. */
static void badtime_answer(void **state)
{
	json_t *root = vectors_load("dns_update_tsig.json");
	struct tsig_key key = key_of(root);
	struct tsig_mac request = mac_at(root, "badtime/request_mac");
	struct tsig_mac expected = mac_at(root, "badtime/mac");
	struct tsig_mac mac;
	struct tsig_signature signature;
	uint8_t message[256];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	(void)state;
	wire_write_space(&writer, vectors_hex(root, "badtime/response_header", message, sizeof(message)));
	assert_int_equal(tsig_sign_answer(&writer, &key, &request, TSIG_ERROR_BADTIME, NOW_S - 900, NOW_S, &mac), 0);
	assert_octets(mac.bytes, mac.octets, expected.bytes, expected.octets);
	assert_int_equal(tsig_verify((struct wire_view){message, wire_written(&writer)}, &key, &request, NOW_S - 900,
	                             &signature),
	                 TSIG_SERVER_BADTIME);
	assert_true(signature.server_time_s == NOW_S);
	json_decref(root);
}

/* Builds a header-only answer with a TSIG record whose fields are given in hex behind the algorithm's name. */
static enum tsig_verdict verdict_of(const char *owner, const char *algorithm, const char *rest_hex, bool twice)
{
	struct tsig_key key = {.name = "k", .algorithm = TSIG_HMAC_SHA256};
	struct tsig_mac request = {.octets = 32};
	struct tsig_signature signature;
	uint8_t message[512];
	uint8_t rest[128];
	size_t rest_octets = hex_decode(rest_hex, rest, sizeof(rest));
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	secret_set(&key.secret, "0123456789abcdef", 16);
	hex_decode("4242a8090000000000000000", message, 12);
	wire_write_space(&writer, 12);
	message[11] = twice ? 2 : 1;
	for (int i = 0; i < (twice ? 2 : 1); i++) {
		uint8_t name[DNS_NAME_WIRE_MAX];
		struct wire_writer name_writer = wire_writer_of(name, sizeof(name));

		dns_name_write(&name_writer, algorithm);
		dns_name_write(&writer, owner);
		wire_write_u16(&writer, DNS_TYPE_TSIG);
		wire_write_u16(&writer, 255);
		wire_write_u32(&writer, 0);
		wire_write_u16(&writer, (uint16_t)(wire_written(&name_writer) + rest_octets));
		wire_write_bytes(&writer, name, wire_written(&name_writer));
		wire_write_bytes(&writer, rest, rest_octets);
	}
	return tsig_verify((struct wire_view){message, wire_written(&writer)}, &key, &request, NOW_S, &signature);
}

#define TIMERS                                                                                                         \
	"00006553f100"                                                                                                 \
	"012c"
#define NO_MAC "0000"
#define BADSIG                                                                                                         \
	"4242"                                                                                                         \
	"0010"                                                                                                         \
	"0000"
#define NO_ERROR                                                                                                       \
	"4242"                                                                                                         \
	"0000"                                                                                                         \
	"0000"

/* D-6: unsigned errors prove nothing, and have a name of their own. */
static void unsigned_errors_and_strange_records(void **state)
{
	(void)state;
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS NO_MAC BADSIG, false), TSIG_UNSIGNED_ERROR);
	assert_int_equal(verdict_of("other", "hmac-sha256", TIMERS NO_MAC BADSIG, false), TSIG_UNSIGNED_ERROR);
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS NO_MAC NO_ERROR, false), TSIG_BAD_MAC);
	assert_int_equal(verdict_of("other", "hmac-sha256", TIMERS NO_MAC NO_ERROR, false), TSIG_OTHER_KEY);
	assert_int_equal(verdict_of("k", "hmac-sha1", TIMERS NO_MAC NO_ERROR, false), TSIG_OTHER_KEY);
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS "0001aa" NO_ERROR, false), TSIG_BAD_MAC);
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS "0002aa" NO_ERROR, false), TSIG_MALFORMED);
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS, false), TSIG_MALFORMED);
	assert_int_equal(verdict_of("k", "hmac-sha256", TIMERS NO_MAC BADSIG, true), TSIG_MALFORMED);
}

static void unsigned_message_is_missing(void **state)
{
	struct tsig_key key = {.name = "k"};
	struct tsig_signature signature;

	(void)state;
	assert_int_equal(tsig_verify((struct wire_view){(const uint8_t *)"BB\xa8\0\0\0\0\0\0\0\0\0", 12}, &key, NULL,
	                             NOW_S, &signature),
	                 TSIG_MISSING);
}

/* RFC 8945 5.3.1: four messages of an AXFR as dnspython signs them, the third without a signature. */
static void stream_of_dnspython(void **state)
{
	static const enum tsig_verdict verdicts[] = {TSIG_GOOD, TSIG_GOOD, TSIG_MISSING, TSIG_GOOD};
	json_t *root = vectors_load("dns_tsig_stream.json");
	struct tsig_key key = key_of(root);
	struct tsig_mac request = mac_at(root, "request_mac");
	struct tsig_stream stream;
	struct tsig_signature signature;
	uint8_t message[512];
	size_t octets;

	(void)state;
	tsig_stream_start(&stream, &key, &request);
	for (size_t i = 0; i < 4; i++) {
		char path[32];

		snprintf(path, sizeof(path), "messages/%zu", i);
		octets = vectors_hex(root, path, message, sizeof(message));
		assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
		                 verdicts[i]);
	}
	tsig_stream_end(&stream);

	/* a changed unsigned message shows at the next signature */
	tsig_stream_start(&stream, &key, &request);
	octets = vectors_hex(root, "messages/0", message, sizeof(message));
	assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
	                 TSIG_GOOD);
	octets = vectors_hex(root, "messages/1", message, sizeof(message));
	assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
	                 TSIG_GOOD);
	octets = vectors_hex(root, "messages/2", message, sizeof(message));
	message[octets - 1] ^= 1;
	assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
	                 TSIG_MISSING);
	octets = vectors_hex(root, "messages/3", message, sizeof(message));
	assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
	                 TSIG_BAD_MAC);
	tsig_stream_end(&stream);

	/* messages in another order */
	tsig_stream_start(&stream, &key, &request);
	octets = vectors_hex(root, "messages/1", message, sizeof(message));
	assert_int_equal(tsig_stream_verify(&stream, (struct wire_view){message, octets}, NOW_S, &signature),
	                 TSIG_BAD_MAC);
	tsig_stream_end(&stream);
	json_decref(root);
}

/* RFC 8945 5.3.1: the first message is signed, and at most 99 between two signatures are not. */
static void stream_bounds_unsigned_messages(void **state)
{
	static const uint8_t plain[] = "BB\x84\0\0\0\0\0\0\0\0";
	struct tsig_key key = {.name = "k"};
	struct tsig_mac request = {.octets = 32};
	struct tsig_stream server;
	struct tsig_stream client;
	struct tsig_signature signature;
	uint8_t message[256];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	(void)state;
	secret_set(&key.secret, "0123456789abcdef", 16);
	tsig_stream_start(&client, &key, &request);
	assert_int_equal(tsig_stream_verify(&client, (struct wire_view){plain, 12}, NOW_S, &signature), TSIG_BAD_MAC);
	tsig_stream_end(&client);

	tsig_stream_start(&server, &key, &request);
	tsig_stream_start(&client, &key, &request);
	wire_write_bytes(&writer, plain, 12);
	assert_int_equal(tsig_stream_sign(&server, &writer, NOW_S), 0);
	assert_int_equal(
	        tsig_stream_verify(&client, (struct wire_view){message, wire_written(&writer)}, NOW_S, &signature),
	        TSIG_GOOD);
	for (int i = 0; i < TSIG_UNSIGNED_MAX; i++)
		assert_int_equal(tsig_stream_verify(&client, (struct wire_view){plain, 12}, NOW_S, &signature),
		                 TSIG_MISSING);
	assert_int_equal(tsig_stream_verify(&client, (struct wire_view){plain, 12}, NOW_S, &signature), TSIG_BAD_MAC);
	tsig_stream_end(&server);
	tsig_stream_end(&client);
}

static void full_buffer_is_told(void **state)
{
	struct tsig_key key = {.name = "k"};
	struct tsig_mac mac;
	uint8_t message[60] = {0};
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	(void)state;
	secret_set(&key.secret, "0123456789abcdef", 16);
	wire_write_zeros(&writer, 12);
	assert_int_equal(tsig_sign_request(&writer, &key, NOW_S, &mac), -ENOSPC);
	assert_int_equal(wire_written(&writer), 0);
}

static void key_of_its_parts(void **state)
{
	struct secret secret = {0};
	struct tsig_key key;

	(void)state;
	secret_set(&secret, "kedge-rig-key-kedge-rig-key!!!!!", 32);
	assert_int_equal(tsig_key_make("Kedge.Example.", "HMAC-SHA512", &secret, &key), 0);
	assert_string_equal(key.name, "kedge.example");
	assert_int_equal(key.algorithm, TSIG_HMAC_SHA512);
	assert_true(secret_equal(&key.secret, &secret));
	assert_int_equal(tsig_key_make("k", "hmac-md5", &secret, &key), -ENOTSUP);
	assert_int_equal(tsig_key_make("a..b", "hmac-sha256", &secret, &key), -EINVAL);
	assert_int_equal(tsig_key_make("", "hmac-sha256", &secret, &key), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(request_of_dnspython),
	        cmocka_unit_test(answer_of_dnspython),
	        cmocka_unit_test(changed_answer_is_not_good),
	        cmocka_unit_test(badtime_answer),
	        cmocka_unit_test(unsigned_errors_and_strange_records),
	        cmocka_unit_test(unsigned_message_is_missing),
	        cmocka_unit_test(stream_of_dnspython),
	        cmocka_unit_test(stream_bounds_unsigned_messages),
	        cmocka_unit_test(full_buffer_is_told),
	        cmocka_unit_test(key_of_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
