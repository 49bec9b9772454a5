// SPDX-License-Identifier: BSD-3-Clause
/* What a request is answered: order of checks (B-42), statuses (1.5), idempotency (B-44, B-45), PENDING (B-43). */
#include <arpa/inet.h>
#include <string.h>

#include "mobility_keys.h"
#include "pana.h"
#include "world.h"

static const char subscriber[] = "home/001010000000001", other[] = "home/001010000000002";

static void everything_is_given(void **state)
{
	struct world *world = *state;
	struct node node;
	const struct lease_row *lease;
	const struct zone_name *zone;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), "matti.mob.example");
	assert_int_equal(node.answer.services, SERVICE_MIP6);
	assert_int_equal(node.answer.addresses.at[0].prefix_length, 64);
	assert_int_equal(node.answer.addresses.at[0].lifetime_s, LEASE_S);
	assert_int_equal(node.answer.lease_lifetime_s, LEASE_S);
	assert_int_equal(node.answer.server_addresses.at[0].prefix_length, 128);
	assert_memory_equal(node.answer.server_addresses.at[0].address, &world->options.home_agent, 16);
	assert_int_equal(node.answer.association.algorithm, BOOTSTRAP_SA_HMAC_SHA1_96);
	assert_int_equal(node.answer.association.replay, BOOTSTRAP_REPLAY_SEQUENCE);
	lease = world_lease(world, subscriber);
	assert_non_null(lease);
	assert_memory_equal(&lease->address, node.answer.addresses.at[0].address, 16);
	assert_memory_equal(lease->identity.value, node.identity, node.identity_octets);
	zone = world_zone_find(world, "matti.mob.example");
	assert_string_equal(zone->owner, subscriber);
	assert_false(zone->short_lived);
	assert_int_equal(world_billing(world)->count, 1);
	world_check(world);
	node_end(&node);
}

/* K-7, K-8, M-6: the association that the server has is the one that the node derives. */
static void both_ends_derive_the_same_association(void **state)
{
	static const char *const secrets[] = {NULL, "0123456789abcdef0123"};
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	for (size_t i = 0; i < 2; i++) {
		const struct granted_association *association;
		struct secret root, key = {.octets = 0}, shared = {.octets = 0};
		struct wire_view identity = hash_part(node.identity, node.identity_octets);
		struct in6_addr home_address;
		uint8_t digest[32];

		node_new_id(&node);
		node.secret = secrets[i];
		node_gets(&node, BOOTSTRAP_OK);
		association = &world->associations[world->association_count - 1];
		root = node.session.mobility_root;
		if (secrets[i]) {
			secret_set(&shared, secrets[i], strlen(secrets[i]));
			mobility_root_key_with_secret(&node.session.mobility_root, &shared, &root);
		}
		hash_digest(HASH_SHA256, &identity, 1, digest);
		memcpy(&home_address, node.answer.addresses.at[0].address, 16);
		mobility_agent_key(&root, node.answer.association.spi, &home_address, &world->options.home_agent,
		                   digest, &key);
		assert_int_equal(association->spi, node.answer.association.spi);
		assert_true(secret_equal(&association->key, &key));
		assert_memory_equal(&association->home_address, &home_address, 16);
		assert_string_equal(association->nai, "matti@mob.example");
	}
	node_end(&node);
}

/* L-2 */
static void the_association_ends_with_the_session_or_the_lease(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(node.answer.association.lifetime_s, 3600);
	assert_int_equal(world->associations[0].lifetime_s, 3600);
	node.session.expires_ms = world->now.monotonic_ms + 10ull * LEASE_S * 1000;
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(node.answer.association.lifetime_s, LEASE_S);
	node_end(&node);
}

/* B-34: HIP alone needs no association, and brings RVS-Name. */
static void hip_brings_the_rendezvous_servers_name(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.services = SERVICE_HIP;
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(node.answer.services, SERVICE_HIP);
	assert_octets(node.answer.rvs_name.bytes, node.answer.rvs_name.octets, "ha.mob.example", 14);
	assert_int_equal(world->association_count, 0);
	/* B-40: the granted subset */
	node_new_id(&node);
	node.services = SERVICE_MIP6 | SERVICE_DSMIP6 | SERVICE_HIP;
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(node.answer.services, SERVICE_MIP6 | SERVICE_HIP);
	assert_int_equal(world->association_count, 1);
	/* L-7: the newest wins; without Mobile IPv6 its association ends */
	node_new_id(&node);
	node.services = SERVICE_HIP;
	node_gets(&node, BOOTSTRAP_OK);
	assert_true(world->associations[0].revoked);
	world_check(world);
	node_end(&node);
}

static void nothing_was_written(struct world *world)
{
	assert_int_equal(world->commits, 0);
	assert_int_equal(world->naming_asked, 0);
	assert_int_equal(world->association_count, 0);
}

static void sends(struct node *node, const void *plaintext, size_t octets, uint32_t status, bool has_id)
{
	static const uint8_t none[16];
	struct world *world = node->world;
	struct effects *step = executor_begin(world->executor);

	bootstrap_request(world->core, &node->session, ++node->number, plaintext, octets, &world->now, step);
	executor_run(world->executor, step, &world->now);
	world_settle(world);
	assert_true(node_answered(node));
	assert_int_equal(node->answer.status, status);
	assert_memory_equal(node->answer.request_id, has_id ? node->id : none, 16);
}

/* B-32, B-34 */
static void malformed_is_200_and_unknown_212(void **state)
{
	struct world *world = *state;
	uint8_t plaintext[512];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct node node;

	node_start(world, &node, "001010000000001");
	sends(&node, "garbage", 7, BOOTSTRAP_MALFORMED, false);
	sends(&node, "", 0, BOOTSTRAP_MALFORMED, false);
	pana_avp_write(&writer, VENDOR, BOOT_REQUEST_ID, node.id, 16);
	pana_avp_write_u32(&writer, VENDOR, BOOT_SERVICE_TYPE, 1);
	sends(&node, plaintext, wire_written(&writer), BOOTSTRAP_MALFORMED, true);
	pana_avp_write(&writer, VENDOR, 276, plaintext, 32);
	sends(&node, plaintext, wire_written(&writer), BOOTSTRAP_UNSUPPORTED, true);
	nothing_was_written(world);
	node_end(&node);
}

/* B-40, 1.5 */
static void no_service_is_212(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.services = SERVICE_DSMIP6;
	node_gets(&node, BOOTSTRAP_UNSUPPORTED);
	nothing_was_written(world);
	node_end(&node);
}

/* K-12, K-14: nothing is written before the signature is right (B-42). */
static void a_wrong_or_missing_signature_is_201(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.spoil_signature = true;
	node_gets(&node, BOOTSTRAP_BAD_PROOF);
	node.spoil_signature = false;
	node.omit_signature = true;
	node_gets(&node, BOOTSTRAP_BAD_PROOF);
	nothing_was_written(world);
	/* nor is the id used up: the same id with another content is decided anew */
	node.omit_signature = false;
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_OK);
	node_end(&node);
}

/* K-10: what was signed for one session proves nothing in another. */
static void a_signature_belongs_to_its_session(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.signs_as_key_id = node.session.key_id + 1;
	node_gets(&node, BOOTSTRAP_BAD_PROOF);
	node.signs_as_key_id = 0;
	node_gets(&node, BOOTSTRAP_OK);
	node_end(&node);
}

/* B-37, L-10: one code for all reasons. */
static void a_bad_key_or_anothers_is_202(void **state)
{
	struct world *world = *state;
	struct node node, thief;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	node_start(world, &thief, "001010000000002");
	host_key_free(thief.key);
	thief.key = node.key; /* he has the very key */
	memcpy(thief.identity, node.identity, node.identity_octets);
	node_gets(&thief, BOOTSTRAP_KEY_REFUSED);
	thief.key = NULL;
	node_new_key(&thief);
	thief.identity[20] ^= 1; /* not on the curve */
	node_gets(&thief, BOOTSTRAP_KEY_REFUSED);
	thief.identity[20] ^= 1;
	thief.identity[1] = 1; /* another pair of algorithm and suite */
	node_gets(&thief, BOOTSTRAP_KEY_REFUSED);
	assert_null(world_lease(world, other));
	world_check(world);
	node_end(&node);
	node_end(&thief);
}

/* 209, F-10: after the proof. */
static void a_barred_subscriber_is_209(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.session.profile.barred = true;
	node.spoil_signature = true;
	node_gets(&node, BOOTSTRAP_BAD_PROOF);
	node.spoil_signature = false;
	node_gets(&node, BOOTSTRAP_BARRED);
	nothing_was_written(world);
	node_end(&node);
}

/* B-44: octet for octet within one (SID, Key-Id). */
static void a_repetition_gets_the_same_octets(void **state)
{
	struct world *world = *state;
	uint8_t first[BOOTSTRAP_PLAINTEXT_MAX];
	size_t octets;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	octets = node.plaintext_octets;
	memcpy(first, node.plaintext, octets);
	world_advance(world, 5000);
	node_gets(&node, BOOTSTRAP_OK);
	assert_octets(node.plaintext, node.plaintext_octets, first, octets);
	node_polls(&node, BOOTSTRAP_OK);
	assert_octets(node.plaintext, node.plaintext_octets, first, octets);
	assert_int_equal(world->association_count, 1);
	assert_int_equal(world_billing(world)->count, 1);
	assert_int_equal(bootstrap_counters(world->core)->answers_repeated, 2);
	node_end(&node);
}

/* B-45 */
static void an_id_with_other_content_is_200(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_MALFORMED);
	node.fqdn = NULL;
	node_gets(&node, BOOTSTRAP_OK);
	/* after a refusal, too */
	node_new_id(&node);
	node.services = SERVICE_DSMIP6;
	node_gets(&node, BOOTSTRAP_UNSUPPORTED);
	node.services = SERVICE_MIP6;
	node_gets(&node, BOOTSTRAP_MALFORMED);
	node_end(&node);
}

/* B-40: after ≥ 200 the same id is decided anew. */
static void a_refused_id_is_decided_anew(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.session.profile.barred = true;
	node_gets(&node, BOOTSTRAP_BARRED);
	node.session.profile.barred = false;
	node_gets(&node, BOOTSTRAP_OK);
	node_end(&node);
}

/* B-44: another session, the same id: the decision stands, 269 and 272 are new. */
static void another_session_gets_the_same_decision(void **state)
{
	struct world *world = *state;
	uint8_t address[16];
	uint64_t version;
	uint32_t spi;
	unsigned asked;
	struct node node;

	node_start(world, &node, "001010000000001");
	node.fqdn = "pappa.mob.example";
	node_gets(&node, BOOTSTRAP_OK);
	memcpy(address, node.answer.addresses.at[0].address, 16);
	spi = node.answer.association.spi;
	version = world_lease(world, subscriber)->version;
	asked = world->naming_asked;
	world_advance(world, 60000);
	world->mood = ZONE_MUTE;
	node_new_session(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_string_equal(node_fqdn(&node), "pappa.mob.example");
	assert_memory_equal(node.answer.addresses.at[0].address, address, 16);
	assert_int_not_equal(node.answer.association.spi, spi);
	assert_int_equal(node.answer.lease_lifetime_s, LEASE_S - 60); /* the lease is the same, so less of it remains */
	assert_int_equal(world_lease(world, subscriber)->version, version);
	assert_int_equal(world->naming_asked, asked);
	assert_int_equal(world_billing(world)->count, 1);
	assert_int_equal(bootstrap_counters(world->core)->decisions_reused, 1);
	node_end(&node);
}

/* B-45: a poll is valid in the (SID, Key-Id) of its full request. */
static void a_poll_elsewhere_is_213(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_polls(&node, BOOTSTRAP_UNKNOWN_REQUEST);
	node_gets(&node, BOOTSTRAP_OK);
	node.session.key_id++; /* a re-authentication */
	node_polls(&node, BOOTSTRAP_UNKNOWN_REQUEST);
	node.session.key_id--;
	node_polls(&node, BOOTSTRAP_OK);
	node_new_session(&node);
	node_polls(&node, BOOTSTRAP_UNKNOWN_REQUEST);
	node_end(&node);
}

/* B-43 */
static void a_slow_request_is_pending_and_polled(void **state)
{
	struct world *world = *state;
	uint32_t first_number;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_MUTE;
	node_request(&node);
	first_number = node.number;
	world_advance(world, 499);
	assert_false(node_answered(&node));
	world_advance(world, 1);
	assert_true(node_answered(&node));
	assert_int_equal(node.answer.status, BOOTSTRAP_PENDING);
	assert_in_range(node.answer.retry_after_ms, 50, 30000);
	node_poll(&node);
	world_advance(world, 500);
	assert_true(node_answered(&node));
	assert_int_equal(node.answer.status, BOOTSTRAP_PENDING);
	node_poll(&node);
	world_settle(world);
	assert_false(node_answered(&node));
	world->mood = ZONE_WELL;
	world_settle(world);
	assert_true(node_answered(&node)); /* the poll that waits is answered as soon as it is done */
	assert_int_equal(node.answer.status, BOOTSTRAP_OK);
	node.number = first_number;
	assert_true(node_answered(&node));
	assert_int_equal(node.answer.status, BOOTSTRAP_PENDING); /* what a number was told stays */
	world_check(world);
	node_end(&node);
}

/* A full request again, under a new number, while the saga runs: it waits with it, and no second saga begins. */
static void a_repetition_while_pending_waits(void **state)
{
	struct world *world = *state;
	struct node node;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_MUTE;
	node_request(&node);
	world_advance(world, 600);
	node_request(&node);
	world->mood = ZONE_WELL;
	world_settle(world);
	assert_true(node_answered(&node));
	assert_int_equal(node.answer.status, BOOTSTRAP_OK);
	assert_int_equal(world->naming_asked, 1);
	assert_int_equal(world->association_count, 1);
	node_end(&node);
}

/* B-49: unchanged name and key wait for no DNS server. */
static void a_renewal_needs_no_zone(void **state)
{
	struct world *world = *state;
	unsigned commits;
	struct node node;

	node_start(world, &node, "001010000000001");
	node_gets(&node, BOOTSTRAP_OK);
	world_advance(world, 1000000);
	world->mood = ZONE_MUTE;
	commits = world->commits;
	node_new_id(&node);
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(world->commits, commits + 1);
	assert_int_equal(node.answer.lease_lifetime_s, LEASE_S);
	assert_int_equal(bootstrap_counters(world->core)->renewals, 1);
	assert_int_equal(world_billing(world)->count, 2);
	assert_false(world->associations[1].revoked);
	world_check(world);
	node_end(&node);
}

/* The session is over while its saga runs: the saga goes on, nobody is told, the next session finds the decision. */
static void a_lost_session_does_not_stop_its_saga(void **state)
{
	struct world *world = *state;
	struct node node;
	size_t told;

	node_start(world, &node, "001010000000001");
	world->mood = ZONE_MUTE;
	node_request(&node);
	world_settle(world);
	node_new_session(&node);
	told = world->answer_count;
	world->mood = ZONE_WELL;
	world_settle(world);
	assert_int_equal(world->answer_count, told);
	assert_non_null(world_lease(world, subscriber));
	assert_int_equal(world->association_count, 0); /* nobody knows its SPI: an old one must not end for it */
	node_gets(&node, BOOTSTRAP_OK);
	assert_int_equal(bootstrap_counters(world->core)->decisions_reused, 1);
	world_check(world);
	node_end(&node);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_start, world_end)
	const struct CMUnitTest tests[] = {
	        TEST(everything_is_given),
	        TEST(both_ends_derive_the_same_association),
	        TEST(the_association_ends_with_the_session_or_the_lease),
	        TEST(hip_brings_the_rendezvous_servers_name),
	        TEST(malformed_is_200_and_unknown_212),
	        TEST(no_service_is_212),
	        TEST(a_wrong_or_missing_signature_is_201),
	        TEST(a_signature_belongs_to_its_session),
	        TEST(a_bad_key_or_anothers_is_202),
	        TEST(a_barred_subscriber_is_209),
	        TEST(a_repetition_gets_the_same_octets),
	        TEST(an_id_with_other_content_is_200),
	        TEST(a_refused_id_is_decided_anew),
	        TEST(another_session_gets_the_same_decision),
	        TEST(a_poll_elsewhere_is_213),
	        TEST(a_slow_request_is_pending_and_polled),
	        TEST(a_repetition_while_pending_waits),
	        TEST(a_renewal_needs_no_zone),
	        TEST(a_lost_session_does_not_stop_its_saga),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
