// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_key.h"
#include "proof_of_possession.h"
#include "vectors.h"

static struct fixture {
	json_t *file;
	uint8_t pac_nonce[32], paa_nonce[32], plaintext[1024], answer[1024];
	size_t plaintext_octets, answer_octets;
	struct secret boot_bind;
	struct proof_of_possession proof;
} fixture;

static int setup(void **state)
{
	json_t *key, *bind, *node;
	uint8_t octets[64];

	(void)state;
	fixture.file = vectors_load("kedge_bootstrap.json");
	key = vectors_named(fixture.file, "cases", "example: PANA_AUTH_KEY");
	bind = vectors_named(fixture.file, "cases", "example: TBS of the node");
	node = vectors_named(fixture.file, "cases", "example: Host-Identity of the node");
	secret_set(&fixture.boot_bind, octets, vectors_hex(bind, "input/boot_bind", octets, sizeof(octets)));
	fixture.proof = (struct proof_of_possession){
	        .pac_nonce = {fixture.pac_nonce, vectors_hex(key, "input/pac_nonce", fixture.pac_nonce, 32)},
	        .paa_nonce = {fixture.paa_nonce, vectors_hex(key, "input/paa_nonce", fixture.paa_nonce, 32)},
	        .session_id = 0xf0386938,
	        .key_id = 1,
	        .boot_bind = &fixture.boot_bind,
	        .paa_id = "anchor1.mob.example",
	};
	vectors_hex(bind, "input/boot_request_id", fixture.proof.request_id, 16);
	vectors_hex(node, "output/sha256_of_avp_value", fixture.proof.host_identity_digest, 32);
	vectors_hex(vectors_named(fixture.file, "cases", "example: I_PAR and I_PAN"), "output/sha256_of_I_PAR_I_PAN",
	            fixture.proof.start_digest, 32);
	fixture.plaintext_octets =
	        vectors_hex(vectors_named(fixture.file, "cases", "example: Boot AVPs of a full request"),
	                    "output/plaintext", fixture.plaintext, sizeof(fixture.plaintext));
	fixture.answer_octets =
	        vectors_hex(vectors_named(fixture.file, "cases", "example: Boot AVPs of a final answer"),
	                    "output/plaintext", fixture.answer, sizeof(fixture.answer));
	return proof_request_digest(hash_part(fixture.plaintext, fixture.plaintext_octets),
	                            fixture.proof.request_digest);
}

static int teardown(void **state)
{
	(void)state;
	json_decref(fixture.file);
	return 0;
}

static void check_published(const char *name, const char *identity, const char *signature, const uint8_t *tbs,
                            size_t octets)
{
	json_t *vector = vectors_named(fixture.file, "cases", name);
	uint8_t expected[PROOF_TBS_MAX], value[HIP_IDENTITY_VALUE_MAX], signed_value[HOST_SIGNATURE_MAX];
	size_t expected_octets = vectors_hex(vector, "output/tbs", expected, sizeof(expected));
	size_t value_octets =
	        vectors_hex(vectors_named(fixture.file, "cases", identity), "output/avp_value", value, sizeof(value));
	size_t signed_octets = vectors_hex(vector, signature, signed_value, sizeof(signed_value));

	assert_octets(tbs, octets, expected, expected_octets);
	assert_int_equal(host_identity_verify(hash_part(value, value_octets), hash_part(tbs, octets),
	                                      hash_part(signed_value, signed_octets)),
	                 0);
	for (size_t at = 0; at < signed_octets; at++) {
		signed_value[at] ^= 1;
		assert_int_equal(host_identity_verify(hash_part(value, value_octets), hash_part(tbs, octets),
		                                      hash_part(signed_value, signed_octets)),
		                 -EBADMSG);
		signed_value[at] ^= 1;
	}
	for (size_t shorter = 0; shorter < signed_octets; shorter += 5)
		assert_int_equal(host_identity_verify(hash_part(value, value_octets), hash_part(tbs, octets),
		                                      hash_part(signed_value, shorter)),
		                 -EBADMSG);
	memcpy(expected, tbs, octets);
	expected[octets - 1] ^= 1;
	assert_int_equal(host_identity_verify(hash_part(value, value_octets), hash_part(expected, octets),
	                                      hash_part(signed_value, signed_octets)),
	                 -EBADMSG);
}

/* K-10, K-12 */
static void published_proof_of_node(void **state)
{
	uint8_t tbs[PROOF_TBS_MAX], expected[32];

	(void)state;
	vectors_hex(vectors_named(fixture.file, "cases", "example: TBS of the node"), "input/sha256_of_R", expected,
	            32);
	assert_octets(fixture.proof.request_digest, 32, expected, 32);
	check_published("example: TBS of the node", "example: Host-Identity of the node", "output/pop_signature_value",
	                tbs, proof_of_node(&fixture.proof, tbs));
}

/* K-11 */
static void published_proof_of_server(void **state)
{
	uint8_t tbs[PROOF_TBS_MAX], digest[32];

	(void)state;
	assert_int_equal(proof_answer_digest(hash_part(fixture.answer, fixture.answer_octets), digest), 0);
	check_published("example: TBS of the server", "example: Server-Host-Identity", "output/server_signature_value",
	                tbs, proof_of_server(&fixture.proof, digest, tbs));
}

static void hostile_sizes(void **state)
{
	static uint8_t long_nonce[PROOF_NONCE_MAX + 1];
	struct proof_of_possession proof = fixture.proof;
	uint8_t tbs[PROOF_TBS_MAX], digest[32];
	char name[PROOF_PAA_ID_MAX + 2];

	(void)state;
	proof.paa_nonce = proof.pac_nonce = hash_part(long_nonce, PROOF_NONCE_MAX);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	proof.paa_id = name + 1;
	assert_int_equal(proof_of_server(&proof, fixture.proof.start_digest, tbs), PROOF_TBS_MAX);
	proof.paa_id = name;
	assert_int_equal(proof_of_server(&proof, fixture.proof.start_digest, tbs), 0);
	assert_int_equal(proof_request_digest(hash_part(fixture.plaintext, fixture.plaintext_octets - 1), digest),
	                 -EBADMSG);
	assert_int_equal(proof_request_digest(hash_part(NULL, 0), digest), 0);
}

static void check_round(const struct host_key *key)
{
	uint8_t value[HIP_IDENTITY_VALUE_MAX], signature[HOST_SIGNATURE_MAX];
	size_t value_octets = host_key_identity(key, value), octets;
	const struct wire_view input = hash_text("what is signed");

	assert_int_equal(host_identity_check(hash_part(value, value_octets)), 0);
	/* r and s lose leading zeros in DER; a few dozen signatures meet that */
	for (int i = 0; i < 64; i++) {
		assert_int_equal(host_key_sign(key, input, signature, &octets), 0);
		assert_int_equal(
		        host_identity_verify(hash_part(value, value_octets), input, hash_part(signature, octets)), 0);
		if (octets > 2 + 96)
			break; /* RSA: one is enough */
	}
	assert_int_equal(
	        host_identity_verify(hash_part(value, value_octets), hash_text("other"), hash_part(signature, octets)),
	        -EBADMSG);
	signature[1] ^= 2; /* 5 and 7: the other algorithm */
	assert_int_equal(host_identity_verify(hash_part(value, value_octets), input, hash_part(signature, octets)),
	                 -EBADMSG);
}

/* N-1: PKCS#8 in memory */
static void generated_key(void **state)
{
	uint8_t der[HOST_KEY_DER_MAX], first[HIP_IDENTITY_VALUE_MAX], second[HIP_IDENTITY_VALUE_MAX];
	struct host_key *key, *again;
	size_t octets;

	(void)state;
	assert_int_equal(host_key_generate(&key), 0);
	check_round(key);
	assert_int_equal(host_key_to_der(key, der, &octets), 0);
	assert_int_equal(host_key_from_der(hash_part(der, octets), &again), 0);
	assert_octets(first, host_key_identity(key, first), second, host_key_identity(again, second));
	host_key_free(again);
	for (size_t length = 0; length < octets; length++)
		assert_int_equal(host_key_from_der(hash_part(der, length), &again), -EINVAL);
	host_key_free(key);
	host_key_free(NULL);
}

/* Keys that OpenSSL's command made, written to a file of mode 0600. */
static void write_key(char *path, const char *arguments)
{
	char command[512];
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	close(descriptor);
	snprintf(command, sizeof(command), "openssl genpkey %s -out %s 2>/dev/null && chmod 600 %s", arguments, path,
	         path);
	assert_int_equal(system(command), 0);
}

/* K-12, B-37: kinds of keys that are taken, and others. */
static void keys_from_files(void **state)
{
	static const struct {
		const char *arguments;
		int result;
	} cases[] = {
	        {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256", 0},
	        {"-algorithm EC -pkeyopt ec_paramgen_curve:P-384", 0},
	        {"-algorithm RSA -pkeyopt rsa_keygen_bits:2048", 0},
	        {"-algorithm RSA -pkeyopt rsa_keygen_bits:1024", -EKEYREJECTED},
	        {"-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", -EKEYREJECTED},
	        {"-algorithm EC -pkeyopt ec_paramgen_curve:P-521", -EKEYREJECTED},
	        {"-algorithm ED25519", -EKEYREJECTED},
	        {"-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes128 -pass pass:secret", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char path[] = "/tmp/kedge-host-key-XXXXXX", error[KEY_FILE_ERROR_OCTETS] = "";
		struct host_key *key;

		write_key(path, cases[i].arguments);
		assert_int_equal(host_key_load(path, &key, error), cases[i].result);
		if (cases[i].result == 0) {
			check_round(key);
			host_key_free(key);
		} else {
			assert_non_null(strstr(error, path));
		}
		unlink(path);
	}
}

/* operation.md 1, key files: mode 0600, refused if others can read them; never over an existing file. */
static void saved_key(void **state)
{
	char path[] = "/tmp/kedge-host-key-XXXXXX", error[KEY_FILE_ERROR_OCTETS] = "";
	struct host_key *key, *again;
	struct stat status;
	int descriptor = mkstemp(path);

	(void)state;
	close(descriptor);
	assert_int_equal(host_key_generate(&key), 0);
	assert_int_equal(host_key_save(key, path), -EEXIST);
	unlink(path);
	assert_int_equal(host_key_save(key, path), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(host_key_load(path, &again, error), 0);
	host_key_free(again);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(host_key_load(path, &again, error), -EACCES);
	unlink(path);
	assert_int_equal(host_key_load(path, &again, error), -ENOENT);
	host_key_free(key);
}

/* B-37: a point that is not on the curve, a wrong suite, a wrong length. */
static void refused_identities(void **state)
{
	uint8_t value[HIP_IDENTITY_VALUE_MAX];
	size_t octets = vectors_hex(vectors_named(fixture.file, "cases", "example: Host-Identity of the node"),
	                            "output/avp_value", value, sizeof(value));

	(void)state;
	assert_int_equal(host_identity_check(hash_part(value, octets)), 0);
	assert_int_equal(host_identity_check(hash_part(value, octets - 1)), -EKEYREJECTED);
	assert_int_equal(host_identity_check(hash_part(value, 0)), -EKEYREJECTED);
	value[octets - 1] ^= 1;
	assert_int_equal(host_identity_check(hash_part(value, octets)), -EKEYREJECTED);
	assert_int_equal(host_identity_verify(hash_part(value, octets), hash_text("x"), hash_text("y")), -EKEYREJECTED);
	value[octets - 1] ^= 1;
	value[1] = 1;
	assert_int_equal(host_identity_check(hash_part(value, octets)), -EKEYREJECTED);
	value[1] = 2;
	memset(value + 4, 0, octets - 4);
	assert_int_equal(host_identity_check(hash_part(value, octets)), -EKEYREJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_proof_of_node), cmocka_unit_test(published_proof_of_server),
	        cmocka_unit_test(hostile_sizes),           cmocka_unit_test(generated_key),
	        cmocka_unit_test(keys_from_files),         cmocka_unit_test(saved_key),
	        cmocka_unit_test(refused_identities),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
