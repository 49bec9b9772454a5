// SPDX-License-Identifier: BSD-3-Clause
/*
 * The bootstrap client against a server of the test's own, which signs what it likes (K-6 to K-12, B-34, B-42, B-43,
 * B-50, B-51). The PANA client is replaced by the two functions of it that are called.
 */
#include "bootstrap_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "mobility_keys.h"
#include "proof_of_possession.h"
#include "vectors.h"

enum { VENDOR = 32473, MIP6 = 1, PENDING_MAX_MS = 60000 };

struct pana_client {
	struct pana_client_session session;
	bool is_closed;
	unsigned pings;
	uint8_t plaintext[BOOTSTRAP_PLAINTEXT_MAX];
	size_t octets;
};

const struct pana_client_session *pana_client_session(const struct pana_client *client)
{
	return client->is_closed ? NULL : &client->session;
}

int pana_client_ping(struct pana_client *client, struct wire_view plaintext, const struct instant *now,
                     struct effects *effects)
{
	(void)now;
	(void)effects;
	memcpy(client->plaintext, plaintext.bytes, plaintext.octets);
	client->octets = plaintext.octets;
	client->pings++;
	return 0;
}

struct bootstrap {
	struct pana_client pana;
	struct bootstrap_client *client;
	struct host_key *node_key;
	struct host_key *server_key;
	struct timer_wheel wheel;
	struct randomness_seeded seeded;
	struct instant now;
	struct effects *effects;
	uint8_t nonces[64];
	struct bootstrap_avps request; /* the last full one */
	uint8_t full[BOOTSTRAP_PLAINTEXT_MAX];
	size_t full_octets;
	/* what the client told */
	unsigned grants, refusals;
	struct bootstrap_client_grant grant;
	uint32_t status;
	uint32_t retry_after_ms;
	char text[256];
};

static void on_granted(void *context, const struct bootstrap_client_grant *grant, const struct instant *now,
                       struct effects *effects)
{
	struct bootstrap *at = context;

	(void)now;
	(void)effects;
	at->grant = *grant;
	at->grants++;
}

static void on_refused(void *context, uint32_t status, const char *text, uint32_t retry_after_ms,
                       const struct instant *now, struct effects *effects)
{
	struct bootstrap *at = context;

	(void)now;
	(void)effects;
	at->refusals++;
	at->status = status;
	at->retry_after_ms = retry_after_ms;
	snprintf(at->text, sizeof(at->text), "%s", text);
}

static void on_failed(void *context, const char *rule, const struct instant *now, struct effects *effects)
{
	struct bootstrap *at = context;

	(void)now;
	(void)effects;
	snprintf(at->text, sizeof(at->text), "%s", rule);
}

static int set_up(void **state)
{
	struct bootstrap *at = calloc(1, sizeof(*at));
	struct bootstrap_client_settings settings = {
	        .vendor = VENDOR,
	        .paa_id = "ha.mob.example",
	        .wish = {.fqdn = "matti.mob.example", .services = MIP6, .with_shared_secret = true},
	};
	const struct bootstrap_client_outlet outlet = {at, on_granted, on_refused, on_failed};

	timer_wheel_start(&at->wheel, 1000);
	at->now.monotonic_ms = 1000;
	at->effects = effects_new();
	memset(at->nonces, 0x4e, sizeof(at->nonces));
	at->pana.session = (struct pana_client_session){
	        .session_id = 0x1234,
	        .key_id = 1,
	        .paa_nonce = {at->nonces, 32},
	        .pac_nonce = {at->nonces + 32, 32},
	};
	memset(at->pana.session.start_digest, 0x5d, sizeof(at->pana.session.start_digest));
	memset(secret_fill(&at->pana.session.msk, 64), 0x6b, 64);
	assert_int_equal(host_key_generate(&at->node_key), 0);
	assert_int_equal(host_key_generate(&at->server_key), 0);
	at->client = bootstrap_client_new(&settings, at->node_key, &outlet, randomness_seeded_start(&at->seeded, 7),
	                                  &at->wheel);
	*state = at;
	return 0;
}

static int tear_down(void **state)
{
	struct bootstrap *at = *state;

	bootstrap_client_free(at->client);
	host_key_free(at->node_key);
	host_key_free(at->server_key);
	effects_free(at->effects);
	free(at);
	return 0;
}

/* --- the server --- */

static void describe(const struct bootstrap *at, struct secret *root, struct secret *bind,
                     struct proof_of_possession *proof)
{
	const struct pana_client_session *session = &at->pana.session;

	mobility_root_key(&session->msk, session->session_id, session->key_id, session->start_digest, "ha.mob.example",
	                  root);
	mobility_boot_bind(root, bind);
	*proof = (struct proof_of_possession){
	        .paa_nonce = session->paa_nonce,
	        .pac_nonce = session->pac_nonce,
	        .session_id = session->session_id,
	        .key_id = session->key_id,
	        .boot_bind = bind,
	        .paa_id = "ha.mob.example",
	};
	memcpy(proof->start_digest, session->start_digest, sizeof(proof->start_digest));
	memcpy(proof->request_id, at->request.request_id, sizeof(proof->request_id));
	hash_digest(HASH_SHA256, &at->request.host_identity, 1, proof->host_identity_digest);
	assert_int_equal(proof_request_digest((struct wire_view){at->full, at->full_octets}, proof->request_digest), 0);
}

/* Asks, and reads what was asked. */
static void ask(struct bootstrap *at)
{
	at->text[0] = 0;
	assert_int_equal(bootstrap_client_request(at->client, &at->pana, &at->now, at->effects), 0);
	memcpy(at->full, at->pana.plaintext, at->pana.octets);
	at->full_octets = at->pana.octets;
	assert_int_equal(bootstrap_request_read(at->full, at->full_octets, VENDOR, &at->request), BOOTSTRAP_OK);
	assert_int_equal(at->request.message, BOOTSTRAP_REQUEST_FULL);
}

/* What a grant may say otherwise than it should. */
struct lie {
	const char *fqdn;
	const char *address;
	uint32_t spi;
	uint16_t algorithm;
	bool no_service;
	bool wrong_signature;
	bool wrong_id;
	bool changed_after_signing;
	struct host_key *signs_with; /* while showing the server's own key */
};

static void answer(struct bootstrap *at, const uint8_t *octets, size_t count)
{
	bootstrap_client_answer(at->client, (struct wire_view){octets, count}, &at->now, at->effects);
}

static void grant(struct bootstrap *at, const struct lie *lie)
{
	uint8_t plaintext[BOOTSTRAP_PLAINTEXT_MAX], identity[HIP_IDENTITY_VALUE_MAX], digest[32], tbs[PROOF_TBS_MAX],
	        signature[HOST_SIGNATURE_MAX];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	const char *fqdn = lie->fqdn ? lie->fqdn : "matti.mob.example";
	struct secret root = {0}, bind = {0};
	struct proof_of_possession proof;
	size_t octets;
	struct bootstrap_avps avps = {
	        .message = BOOTSTRAP_ANSWER_GRANTED,
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_STATUS) |
	                   bootstrap_bit(BOOT_ASSIGNED_FQDN) | bootstrap_bit(BOOT_ASSIGNED_ADDRESS) |
	                   bootstrap_bit(BOOT_SERVER_HOST_IDENTITY) | bootstrap_bit(BOOT_MOBILITY_SERVER_ADDRESS) |
	                   bootstrap_bit(BOOT_LEASE_LIFETIME) | bootstrap_bit(BOOT_SERVICE_TYPE),
	        .host_identity = {identity, host_key_identity(at->server_key, identity)},
	        .fqdn = {(const uint8_t *)fqdn, strlen(fqdn)},
	        .addresses = {.count = 1, .at = {{.family = BOOTSTRAP_IPV6, .prefix_length = 64, .lifetime_s = 7200}}},
	        .server_addresses = {.count = 1, .at = {{.family = BOOTSTRAP_IPV6, .prefix_length = 128}}},
	        .association = {.spi = lie->spi ? lie->spi : 4096,
	                        .algorithm = lie->algorithm ? lie->algorithm : BOOTSTRAP_SA_HMAC_SHA1_96,
	                        .replay = BOOTSTRAP_REPLAY_SEQUENCE,
	                        .lifetime_s = 3600},
	        .lease_lifetime_s = 86400,
	        .services = lie->no_service ? 4 : MIP6,
	};

	if (!lie->no_service)
		avps.present |= bootstrap_bit(BOOT_MOBILITY_SA);
	memcpy(avps.request_id, at->request.request_id, sizeof(avps.request_id));
	avps.request_id[0] ^= lie->wrong_id;
	assert_int_equal(
	        inet_pton(AF_INET6, lie->address ? lie->address : "2001:db8:100::42", avps.addresses.at[0].address), 1);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:100::1", avps.server_addresses.at[0].address), 1);
	bootstrap_avps_write(&writer, VENDOR, &avps);
	describe(at, &root, &bind, &proof);
	assert_int_equal(proof_answer_digest((struct wire_view){plaintext, wire_written(&writer)}, digest), 0);
	octets = proof_of_server(&proof, digest, tbs);
	assert_int_equal(host_key_sign(lie->signs_with ? lie->signs_with : at->server_key,
	                               (struct wire_view){tbs, octets}, signature, &octets),
	                 0);
	signature[octets - 1] ^= lie->wrong_signature;
	if (lie->changed_after_signing) {
		uint8_t *name = memmem(plaintext, wire_written(&writer), "matti", 5);

		assert_non_null(name);
		*name = 'p';
	}
	bootstrap_signature_write(&writer, VENDOR, BOOT_SERVER_SIGNATURE, (uint16_t)(signature[0] << 8 | signature[1]),
	                          signature + 2, octets - 2);
	answer(at, plaintext, wire_written(&writer));
}

static void tell_status(struct bootstrap *at, enum bootstrap_message message, uint32_t status, uint32_t retry_after_ms,
                        const char *text)
{
	uint8_t plaintext[256];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct bootstrap_avps avps = {
	        .message = message,
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_STATUS),
	        .status = status,
	        .retry_after_ms = retry_after_ms,
	};

	memcpy(avps.request_id, at->request.request_id, sizeof(avps.request_id));
	if (retry_after_ms)
		avps.present |= bootstrap_bit(BOOT_RETRY_AFTER);
	if (text) {
		avps.present |= bootstrap_bit(BOOT_ERROR_TEXT);
		avps.error_text = (struct wire_view){(const uint8_t *)text, strlen(text)};
	}
	bootstrap_avps_write(&writer, VENDOR, &avps);
	answer(at, plaintext, wire_written(&writer));
}

static void pass(struct bootstrap *at, uint64_t ms)
{
	struct timer *timer;

	at->now.monotonic_ms += ms;
	while ((timer = timer_wheel_pop(&at->wheel, at->now.monotonic_ms)))
		timer->fire(timer, &at->now, at->effects);
}

/* --- tests --- */

static void the_request_proves_its_key(void **state) /* K-10, K-12 */
{
	struct bootstrap *at = *state;
	struct secret root = {0}, bind = {0};
	struct proof_of_possession proof;
	uint8_t tbs[PROOF_TBS_MAX];
	size_t octets;

	ask(at);
	assert_octets(at->request.fqdn.bytes, at->request.fqdn.octets, "matti.mob.example", 17);
	assert_int_equal(at->request.shared_secret.octets, 32);
	describe(at, &root, &bind, &proof);
	octets = proof_of_node(&proof, tbs);
	assert_int_equal(
	        host_identity_verify(at->request.host_identity, (struct wire_view){tbs, octets}, at->request.signature),
	        0);
}

static void a_grant_gives_both_ends_one_key(void **state) /* K-6 to K-8 */
{
	struct bootstrap *at = *state;
	struct secret root = {0}, with_secret = {0}, bind = {0}, shared = {0}, key = {0};
	struct proof_of_possession proof;

	ask(at);
	describe(at, &root, &bind, &proof);
	secret_set(&shared, at->request.shared_secret.bytes, at->request.shared_secret.octets);
	grant(at, &(struct lie){0});
	assert_string_equal(at->text, "");
	assert_int_equal(at->grants, 1);
	assert_string_equal(at->grant.fqdn, "matti.mob.example");
	assert_int_equal(at->grant.spi, 4096);
	assert_int_equal(at->grant.lease_lifetime_s, 86400);
	assert_int_equal(at->grant.association_lifetime_s, 3600);
	mobility_root_key_with_secret(&root, &shared, &with_secret);
	mobility_agent_key(&with_secret, 4096, &at->grant.home_address, &at->grant.home_agent,
	                   proof.host_identity_digest, &key);
	assert_memory_equal(at->grant.home_address.s6_addr + 15, "\x42", 1);
	assert_true(secret_equal(&at->grant.agent_key, &key));
	/* a second answer to the same request is nobody's */
	grant(at, &(struct lie){.spi = 5000});
	assert_int_equal(at->grants, 1);
}

static void assert_failed(struct bootstrap *at, const struct lie *lie, const char *rule)
{
	ask(at);
	grant(at, lie);
	assert_int_equal(at->grants, 0);
	assert_int_equal(at->refusals, 0);
	assert_memory_equal(at->text, rule, strlen(rule));
	assert_int_equal(bootstrap_client_pinned(at->client).octets, 0);
}

static void wrong_signature(void **state)
{
	assert_failed(*state, &(struct lie){.wrong_signature = true}, "B-50: Server-Signature");
}

static void signature_of_somebody_else(void **state)
{
	struct bootstrap *at = *state;

	assert_failed(at, &(struct lie){.signs_with = at->node_key}, "B-50: Server-Signature");
}

static void content_changed_after_signing(void **state) /* K-11 */
{
	assert_failed(*state, &(struct lie){.changed_after_signing = true}, "B-50: Server-Signature");
}

static void answer_to_another_request(void **state)
{
	assert_failed(*state, &(struct lie){.wrong_id = true}, "B-50: another Boot-Request-Id");
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = {"Matti.mob.example",  "matti",
	                                    "-matti.mob.example", "matti..mob.example",
	                                    "matti.mob.example.", "matti mob.example"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_failed(*state, &(struct lie){.fqdn = names[i]}, "B-");
}

static void addresses_that_route_nowhere(void **state)
{
	static const char *const addresses[] = {"::1", "fe80::1", "ff02::1", "::ffff:192.0.2.1", "2001:db8:77::9"};
	struct bootstrap *at = *state;
	struct in6_addr care_of = {0};

	assert_int_equal(inet_pton(AF_INET6, "2001:db8:77::", &care_of), 1);
	bootstrap_client_care_of_prefix(at->client, &care_of, 64);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		assert_failed(at, &(struct lie){.address = addresses[i]}, "B-50: an address");
}

static void associations_that_are_none(void **state)
{
	assert_failed(*state, &(struct lie){.spi = 255}, "B-");
	assert_failed(*state, &(struct lie){.algorithm = 9}, "B-");
	assert_failed(*state, &(struct lie){.no_service = true}, "B-");
}

static void another_servers_key_after_pinning(void **state) /* L-11 */
{
	struct bootstrap *at = *state;

	ask(at);
	grant(at, &(struct lie){0});
	assert_int_equal(at->grants, 1);
	assert_true(bootstrap_client_pinned(at->client).octets > 0);
	host_key_free(at->server_key);
	assert_int_equal(host_key_generate(&at->server_key), 0);
	ask(at);
	grant(at, &(struct lie){0});
	assert_int_equal(at->grants, 1);
	assert_string_equal(at->text, "B-50: the server's key is not the pinned one");
}

static void no_service_and_no_answer(void **state) /* B-51, B-34 */
{
	struct bootstrap *at = *state;

	ask(at);
	answer(at, NULL, 0);
	assert_memory_equal(at->text, "B-51", 4);
	ask(at);
	answer(at, (const uint8_t *)"nonsense", 8);
	assert_memory_equal(at->text, "B-34", 4);
	at->pana.is_closed = true;
	assert_int_equal(bootstrap_client_request(at->client, &at->pana, &at->now, at->effects), -ENOTCONN);
}

static void a_wish_keeps_its_id_until_it_is_granted(void **state) /* B-42 */
{
	struct bootstrap *at = *state;
	uint8_t id[BOOTSTRAP_REQUEST_ID_OCTETS], secret[32];

	ask(at);
	memcpy(id, at->request.request_id, sizeof(id));
	memcpy(secret, at->request.shared_secret.bytes, sizeof(secret));
	bootstrap_client_session_ended(at->client);
	grant(at, &(struct lie){0}); /* nobody waits for it any more */
	assert_int_equal(at->grants, 0);
	at->pana.session.session_id++;
	ask(at);
	assert_memory_equal(at->request.request_id, id, sizeof(id));
	assert_memory_equal(at->request.shared_secret.bytes, secret, sizeof(secret));
	grant(at, &(struct lie){0});
	assert_int_equal(at->grants, 1);
	ask(at);
	assert_memory_not_equal(at->request.request_id, id, sizeof(id));
}

static void pending_is_polled(void **state) /* B-43, K-11: what is signed is the full request */
{
	struct bootstrap *at = *state;
	struct bootstrap_avps poll;

	ask(at);
	tell_status(at, BOOTSTRAP_ANSWER_PENDING, BOOTSTRAP_PENDING, 500, NULL);
	pass(at, 499);
	assert_int_equal(at->pana.pings, 1);
	pass(at, 2);
	assert_int_equal(at->pana.pings, 2);
	assert_int_equal(bootstrap_request_read(at->pana.plaintext, at->pana.octets, VENDOR, &poll), BOOTSTRAP_OK);
	assert_int_equal(poll.message, BOOTSTRAP_REQUEST_POLL);
	assert_memory_equal(poll.request_id, at->request.request_id, sizeof(poll.request_id));
	grant(at, &(struct lie){0});
	assert_int_equal(at->grants, 1);
}

static void pending_for_a_minute_fails(void **state) /* B-43 */
{
	struct bootstrap *at = *state;

	ask(at);
	pass(at, PENDING_MAX_MS - 100);
	tell_status(at, BOOTSTRAP_ANSWER_PENDING, BOOTSTRAP_PENDING, 500, NULL);
	assert_memory_equal(at->text, "B-43", 4);
	pass(at, 1000);
	assert_int_equal(at->pana.pings, 1);
}

static void a_server_that_forgot_is_asked_again(void **state) /* 213 */
{
	struct bootstrap *at = *state;
	struct bootstrap_avps again;

	ask(at);
	tell_status(at, BOOTSTRAP_ANSWER_REFUSED, BOOTSTRAP_UNKNOWN_REQUEST, 0, NULL);
	assert_int_equal(at->refusals, 0);
	assert_int_equal(at->pana.pings, 2);
	assert_int_equal(bootstrap_request_read(at->pana.plaintext, at->pana.octets, VENDOR, &again), BOOTSTRAP_OK);
	assert_int_equal(again.message, BOOTSTRAP_REQUEST_FULL);
	assert_memory_equal(again.request_id, at->request.request_id, sizeof(again.request_id));
}

static void a_refusal_is_told_without_control_characters(void **state)
{
	struct bootstrap *at = *state;

	ask(at);
	tell_status(at, BOOTSTRAP_ANSWER_REFUSED, BOOTSTRAP_NAME_IN_USE, 0, "in use\033[2J");
	assert_int_equal(at->refusals, 1);
	assert_int_equal(at->status, BOOTSTRAP_NAME_IN_USE);
	assert_string_equal(at->text, "in use [2J");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(the_request_proves_its_key),
	        TEST(a_grant_gives_both_ends_one_key),
	        TEST(wrong_signature),
	        TEST(signature_of_somebody_else),
	        TEST(content_changed_after_signing),
	        TEST(answer_to_another_request),
	        TEST(names_that_are_none),
	        TEST(addresses_that_route_nowhere),
	        TEST(associations_that_are_none),
	        TEST(another_servers_key_after_pinning),
	        TEST(no_service_and_no_answer),
	        TEST(a_wish_keeps_its_id_until_it_is_granted),
	        TEST(pending_is_polled),
	        TEST(pending_for_a_minute_fails),
	        TEST(a_server_that_forgot_is_asked_again),
	        TEST(a_refusal_is_told_without_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
