// SPDX-License-Identifier: BSD-3-Clause
/* K-2, against published packets and hostapd's own. */
#include "radius_security.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static void secret_of(struct secret *secret, const char *text)
{
	secret_set(secret, text, strlen(text));
}

/* RFC 5997 section 6: a request and its answer. */
static void published_packets_verify(void **state)
{
	json_t *root = vectors_load("radius.json");
	json_t *example = vectors_at(root, "examples/0");
	struct radius_packet request, response;
	uint8_t request_octets[256], response_octets[256];
	struct secret secret = {0};

	(void)state;
	secret_of(&secret, vectors_text(example, "secret_ascii"));
	assert_int_equal(radius_read(request_octets, vectors_hex(example, "request", request_octets, 256), &request),
	                 0);
	assert_true(radius_message_authenticator_right(&request, NULL, &secret));
	assert_int_equal(
	        radius_read(response_octets, vectors_hex(example, "response", response_octets, 256), &response), 0);
	assert_true(radius_response_authenticator_right(&response, request.authenticator, &secret));
	assert_false(radius_message_authenticator_right(&response, request.authenticator, &secret)); /* it has none */
	request_octets[request.message_authenticator] ^= 1;
	assert_false(radius_message_authenticator_right(&request, NULL, &secret));
	request_octets[request.message_authenticator] ^= 1;
	secret_of(&secret, "xyzzy5462");
	assert_false(radius_message_authenticator_right(&request, NULL, &secret));
	assert_false(radius_response_authenticator_right(&response, request.authenticator, &secret));
	json_decref(root);
}

/* Each answer of hostapd verifies against its request, and its Accept holds the MSK that hostapd logged. */
static void transcripts_of_hostapd_verify(void **state)
{
	json_t *root = vectors_load("eap_radius_transcripts_hostapd.json");
	const char *name;
	json_t *run;

	(void)state;
	json_object_foreach(vectors_at(root, "runs"), name, run)
	{
		uint8_t request_octets[RADIUS_PACKET_MAX] = {0}, octets[RADIUS_PACKET_MAX], expected[64];
		struct radius_packet request = {0}, packet;
		struct secret secret = {0}, msk = {0};
		size_t index, accepts = 0;
		json_t *message;

		secret_of(&secret, vectors_text(run, "radius_secret_ascii"));
		json_array_foreach(vectors_at(run, "transcript"), index, message)
		{
			size_t length = vectors_hex(message, "radius", octets, sizeof(octets));

			assert_int_equal(radius_read(octets, length, &packet), 0);
			if (packet.code == RADIUS_ACCESS_REQUEST) {
				assert_true(radius_message_authenticator_right(&packet, NULL, &secret));
				memcpy(request_octets, octets, length);
				radius_read(request_octets, length, &request);
				continue;
			}
			assert_true(radius_message_authenticator_right(&packet, request.authenticator, &secret));
			assert_true(radius_response_authenticator_right(&packet, request.authenticator, &secret));
			if (packet.code != RADIUS_ACCESS_ACCEPT)
				continue;
			assert_int_equal(radius_msk(&packet, request.authenticator, &secret, &msk), 0);
			hex_decode(json_string_value(json_array_get(vectors_at(run, "msk_full_and_reauth"), accepts++)),
			           expected, sizeof(expected));
			assert_octets(secret_bytes(&msk), secret_octets(&msk), expected, 64);
		}
		assert_int_equal(accepts, 2);
	}
	json_decref(root);
}

static void generated_accept_decrypts_and_is_built_again(void **state)
{
	json_t *root = vectors_load("radius.json");
	json_t *generated = vectors_at(root, "mppe_generated");
	uint8_t octets[512], authenticator[16], msk_octets[64], value[RADIUS_MPPE_OCTETS_MAX];
	struct secret secret = {0}, msk = {0};
	struct radius_packet packet;
	struct wire_view receive;

	(void)state;
	secret_of(&secret, vectors_text(generated, "secret_ascii"));
	vectors_hex(generated, "request_authenticator", authenticator, sizeof(authenticator));
	vectors_hex(generated, "msk", msk_octets, sizeof(msk_octets));
	assert_int_equal(radius_read(octets, vectors_hex(generated, "access_accept", octets, 512), &packet), 0);
	assert_true(radius_message_authenticator_right(&packet, authenticator, &secret));
	assert_int_equal(radius_msk(&packet, authenticator, &secret, &msk), 0);
	assert_octets(secret_bytes(&msk), secret_octets(&msk), msk_octets, 64);
	receive = radius_find(&packet, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY);
	assert_octets(value, radius_mppe_encrypt(msk_octets, 32, 1, authenticator, &secret, value), receive.bytes,
	              receive.octets);
	json_decref(root);
}

static void wrong_keys_are_no_msk(void **state)
{
	static const uint8_t authenticator[16] = {9};
	uint8_t value[RADIUS_MPPE_OCTETS_MAX], key[48] = {1};
	struct secret secret = {0}, out = {0};
	size_t octets;

	(void)state;
	secret_of(&secret, "sixteen octets !");
	octets = radius_mppe_encrypt(key, sizeof(key), 7, authenticator, &secret, value);
	assert_int_equal(radius_mppe_decrypt((struct wire_view){value, octets}, authenticator, &secret, &out), 0);
	assert_int_equal(secret_octets(&out), 48);
	assert_int_equal(radius_mppe_decrypt((struct wire_view){value, octets - 1}, authenticator, &secret, &out),
	                 -EBADMSG);
	assert_int_equal(radius_mppe_decrypt((struct wire_view){value, 2}, authenticator, &secret, &out), -EBADMSG);
	assert_int_equal(radius_mppe_decrypt((struct wire_view){NULL, 0}, authenticator, &secret, &out), -EBADMSG);
	value[0] &= 0x7f;
	assert_int_equal(radius_mppe_decrypt((struct wire_view){value, octets}, authenticator, &secret, &out),
	                 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_packets_verify),
	        cmocka_unit_test(transcripts_of_hostapd_verify),
	        cmocka_unit_test(generated_accept_decrypts_and_is_built_again),
	        cmocka_unit_test(wrong_keys_are_no_msk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
