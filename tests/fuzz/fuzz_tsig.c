// SPDX-License-Identifier: BSD-3-Clause
/* A DNS message as request, answer and part of a stream, under the key of the vectors. */
#include "tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct tsig_key key = {.name = "ha1.sonera.example", .algorithm = TSIG_HMAC_SHA256};
	struct tsig_mac request = {.octets = 32};
	struct wire_view message = {bytes, octets};
	struct tsig_signature signature;
	struct tsig_stream stream;
	uint8_t secret[32];

	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)i;
	secret_set(&key.secret, secret, sizeof(secret));
	(void)tsig_verify(message, &key, NULL, 1700000000, &signature);
	(void)tsig_verify(message, &key, &request, 1700000000, &signature);
	tsig_stream_start(&stream, &key, &request);
	(void)tsig_stream_verify(&stream, message, 1700000000, &signature);
	(void)tsig_stream_verify(&stream, message, 1700000000, &signature);
	tsig_stream_end(&stream);
	return 0;
}
