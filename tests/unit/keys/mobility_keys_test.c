// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>

#include "mobility_keys.h"
#include "vectors.h"

static struct secret secret_at(json_t *vector, const char *path)
{
	struct secret secret;
	uint8_t octets[SECRET_MAX_OCTETS];

	secret_set(&secret, octets, vectors_hex(vector, path, octets, sizeof(octets)));
	return secret;
}

static struct in6_addr address_at(json_t *vector, const char *path)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, vectors_text(vector, path), &address), 1);
	return address;
}

static void check(json_t *vector, const struct secret *key)
{
	struct secret expected = secret_at(vector, "output/key");

	assert_octets(secret_bytes(key), secret_octets(key), secret_bytes(&expected), secret_octets(&expected));
}

/* B-16, K-6 */
static void root_key(void **state)
{
	json_t *start = vectors_named(*state, "cases", "example: I_PAR and I_PAN");
	json_t *vector = vectors_named(*state, "cases", "example: MOB-RK");
	uint8_t i_par[256], i_pan[256], digest[32], expected[32];
	size_t i_par_octets = vectors_hex(start, "input/I_PAR", i_par, sizeof(i_par));
	size_t i_pan_octets = vectors_hex(start, "input/I_PAN", i_pan, sizeof(i_pan));
	struct secret msk = secret_at(vector, "input/msk"), key;

	mobility_start_digest(hash_part(i_par, i_par_octets), hash_part(i_pan, i_pan_octets), digest);
	vectors_hex(start, "output/sha256_of_I_PAR_I_PAN", expected, sizeof(expected));
	assert_octets(digest, 32, expected, 32);
	mobility_root_key(&msk, 0xf0386938, 1, digest, vectors_text(vector, "input/paa_id"), &key);
	check(vector, &key);
}

/* K-7, K-8: BOOT-BIND from MOB-RK; the root of an answer to a request with a Shared-Secret. */
static void bind_and_shared_secret(void **state)
{
	json_t *bind = vectors_named(*state, "cases", "example: BOOT-BIND");
	json_t *with_secret = vectors_named(*state, "cases", "example: MOB-RK'");
	struct secret root = secret_at(bind, "input/mob_rk"), key;
	struct secret shared = secret_at(with_secret, "input/shared_secret");

	mobility_boot_bind(&root, &key);
	check(bind, &key);
	mobility_root_key_with_secret(&root, &shared, &key);
	check(with_secret, &key);
}

/* K-8 */
static void agent_keys(void **state)
{
	static const char *const names[] = {"example: MN-HA-K", "example: MN-HA-K with Shared-Secret"};
	json_t *identity = vectors_named(*state, "cases", "example: Host-Identity of the node");
	uint8_t digest[32];

	vectors_hex(identity, "output/sha256_of_avp_value", digest, sizeof(digest));
	for (size_t i = 0; i < 2; i++) {
		json_t *vector = vectors_named(*state, "cases", names[i]);
		struct in6_addr home_address = address_at(vector, "input/home_address");
		struct in6_addr home_agent = address_at(vector, "input/home_agent");
		struct secret root = secret_at(vector, "input/root"), key;

		mobility_agent_key(&root, 0x5eed1001, &home_address, &home_agent, digest, &key);
		check(vector, &key);
	}
}

/* K-8 */
static void registration_keys(void **state)
{
	static const char *const names[] = {"example: HIP-REG-K", "example: HIP-REG-K with Shared-Secret"};

	for (size_t i = 0; i < 2; i++) {
		json_t *vector = vectors_named(*state, "cases", names[i]);
		struct in6_addr node = address_at(vector, "input/hit_mn");
		struct in6_addr server = address_at(vector, "input/hit_rvs");
		struct secret root = secret_at(vector, "input/root"), key;

		mobility_registration_key(&root, &node, &server, &key);
		check(vector, &key);
	}
}

/* K-8 */
static void export_key(void **state)
{
	json_t *vector = vectors_named(*state, "cases", "example: CTL-K for the label \"test\"");
	struct secret root = secret_at(vector, "input/root"), key;

	mobility_export_key(&root, "test", &key);
	check(vector, &key);
}

static int setup(void **state)
{
	*state = vectors_load("kedge_bootstrap.json");
	return 0;
}

static int teardown(void **state)
{
	json_decref(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(root_key),   cmocka_unit_test(bind_and_shared_secret),
	        cmocka_unit_test(agent_keys), cmocka_unit_test(registration_keys),
	        cmocka_unit_test(export_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
