// SPDX-License-Identifier: BSD-3-Clause
/* Loss, silence, failure, clocks, forged answers. */
#include "zone_world.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
	*state = zone_world_new();
	return 0;
}

static int teardown(void **state)
{
	zone_world_free(*state);
	return 0;
}

static struct naming_request create(uint64_t token)
{
	return zone_world_request(token, NAMING_KIND_CREATE, "matti.mob.example", 1, "001010000000001");
}

static void lost_requests_are_repeated(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	world->requests_lost = 2;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
	assert_int_equal(naming_counters(world->core)->retransmissions, 2);
}

/* D-4: the answer is lost, the repetition finds the name in use: by us. Nothing fails, nothing doubles. */
static void lost_answers_are_found_done(void **state)
{
	struct zone_world *world = *state;

	for (unsigned int lost = 1; lost <= 6; lost++) {
		struct naming_request request = create(2 * lost);

		dns_model_lose_answers(world->server, lost);
		assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
		zone_world_assert_stands(world, &request);
		assert_int_equal(dns_model_records(world->server), 4);
		request.kind = NAMING_KIND_DELETE;
		request.token++;
		dns_model_lose_answers(world->server, lost);
		assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
		assert_int_equal(dns_model_records(world->server), 0);
	}
}

static void duplicated_datagrams_do_no_harm(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	world->duplicates = true;
	request.hip_rdata.octets = 0; /* so that it stays a datagram */
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
	zone_world_run(world, 100);
	assert_true(naming_counters(world->core)->answers_unexpected + naming_counters(world->core)->answers_wrong_id >
	            0);
}

/* D-4: SERVFAIL is unknown, applied or not. */
static void servfail_is_looked_into(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	dns_model_set_mode(world->server, DNS_MODEL_SERVFAIL);
	zone_world_apply(world, &request);
	zone_world_run(world, 3000);
	assert_int_equal(world->end_count, 0);
	dns_model_set_mode(world->server, DNS_MODEL_GOOD);
	assert_int_equal(zone_world_outcome(world, 1), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);

	request.token = 2;
	request.kind = NAMING_KIND_DELETE;
	dns_model_set_mode(world->server, DNS_MODEL_SERVFAIL_APPLIED);
	zone_world_apply(world, &request);
	zone_world_run(world, 3000);
	dns_model_set_mode(world->server, DNS_MODEL_GOOD);
	assert_int_equal(zone_world_outcome(world, 2), NAMING_OUTCOME_DONE);
	zone_world_assert_absent(world, &request);
}

/* B-49, D-4: a silent server is told as unknown, the work is taken up when it is back, and nothing is left over. */
static void silence_and_return(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	dns_model_set_mode(world->server, DNS_MODEL_SILENT);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_UNKNOWN);
	assert_string_equal(zone_world_detail(world, 1), "the server is silent");
	assert_true(naming_view(world->core).server_silent);
	assert_non_null(strstr(world->logs, "is silent; new names wait"));
	request.token = 2;
	zone_world_apply(world, &request);
	zone_world_run(world, 9000);
	assert_int_equal(world->end_count, 1);
	dns_model_set_mode(world->server, DNS_MODEL_GOOD);
	assert_int_equal(zone_world_outcome(world, 2), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
	assert_false(naming_view(world->core).server_silent);
	assert_non_null(strstr(world->logs, "answers again"));
}

/* Each waits for its own patience only, also behind others. */
static void patience_is_each_request_s_own(void **state)
{
	struct zone_world *world = *state;
	char names[80][32];

	dns_model_set_mode(world->server, DNS_MODEL_SILENT);
	for (unsigned int i = 0; i < 80; i++) {
		struct naming_request request;

		snprintf(names[i], sizeof(names[i]), "n%u.mob.example", i);
		request = zone_world_request(i + 1, NAMING_KIND_CREATE, names[i], i, "001010000000001");
		zone_world_apply(world, &request);
	}
	zone_world_run(world, 19000);
	assert_int_equal(world->end_count, 0);
	zone_world_run(world, 20000);
	assert_int_equal(world->end_count, 80);
	assert_int_equal(naming_view(world->core).requests, 0);
	assert_int_equal(naming_counters(world->core)->requests_unknown, 80);
}

/* D-7: what is longer than 512 octets goes over TCP, and a broken connection is tried again. */
static void long_updates_go_over_streams(void **state)
{
	struct zone_world *world = *state;
	static uint8_t rdata[4 + HIT_OCTETS + HIP_KEY_MAX];
	struct naming_request request = create(1);
	struct hip_rr rr = {.key_algorithm = HIP_KEY_RSA, .key = {rdata, HIP_KEY_MAX}};
	uint8_t built[sizeof(rdata)];
	struct wire_writer writer = wire_writer_of(built, sizeof(built));

	hip_rr_write(&writer, &rr);
	request.hip_rdata = (struct wire_view){built, wire_written(&writer)};
	world->stream_broken = true;
	zone_world_apply(world, &request);
	zone_world_run(world, 1500);
	assert_int_equal(world->end_count, 0);
	world->stream_broken = false;
	assert_int_equal(zone_world_outcome(world, 1), NAMING_OUTCOME_DONE);
	zone_world_assert_stands(world, &request);
	assert_true(naming_counters(world->core)->stream_messages >= 1);
	assert_true(dns_model_counters(world->server)->over_stream >= 1);
}

/* D-6: leave the clock alone, say the server's time, stop. */
static void badtime_stops(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	dns_model_set_clock(world->server, 4000);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_REFUSED);
	assert_non_null(strstr(world->logs, "its time is 1700004000"));
	assert_int_equal(naming_counters(world->core)->answers_badtime, 1);
	assert_int_equal(naming_counters(world->core)->updates_sent, 1);
	dns_model_set_clock(world->server, 200); /* within the fudge */
	request.token = 2;
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_DONE);
}

/* D-6: an unsigned error proves nothing. */
static void unsigned_errors_prove_nothing(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	dns_model_set_mode(world->server, DNS_MODEL_UNSIGNED_REFUSED);
	zone_world_apply(world, &request);
	zone_world_run(world, 5000);
	assert_int_equal(world->end_count, 0);
	assert_true(naming_counters(world->core)->answers_unsigned > 0);
	assert_non_null(strstr(world->logs, "without a signature"));
	dns_model_set_mode(world->server, DNS_MODEL_GOOD);
	assert_int_equal(zone_world_outcome(world, 1), NAMING_OUTCOME_DONE);
}

/* Our key is unknown there, or another: the server's answer is unsigned, the outcome unknown. */
static void wrong_key_is_unknown(void **state)
{
	struct zone_world *world = *state;
	struct naming_request request = create(1);

	secret_set(&world->key.secret, "another secret, another secret!!", 32);
	assert_int_equal(zone_world_do(world, &request), NAMING_OUTCOME_UNKNOWN);
	assert_true(dns_model_counters(world->server)->bad_signatures > 0);
	assert_int_equal(dns_model_records(world->server), 0);
}

static void flip_mac(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	(void)world;
	bytes[octets - 8] ^= 1;
}

static void flip_id(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	(void)world;
	(void)octets;
	bytes[1] ^= 1;
}

static void flip_question(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	(void)world;
	(void)octets;
	bytes[13] ^= 1;
}

static void flip_opcode(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	(void)world;
	(void)octets;
	bytes[2] &= 0x7f;
}

static void make_rcode_good(struct zone_world *world, uint8_t *bytes, size_t octets)
{
	(void)world;
	(void)octets;
	bytes[3] &= 0xf0;
}

/* Whatever is wrong with an answer, it is counted by its reason and changes nothing (D-6). */
static void forged_answers_are_counted(void **state)
{
	struct zone_world *world = *state;
	const struct naming_counters *counters = naming_counters(world->core);
	struct {
		void (*tamper)(struct zone_world *world, uint8_t *bytes, size_t octets);
		const uint64_t *counter;
	} cases[] = {
	        {flip_mac, &counters->answers_wrong_signature},        {flip_id, &counters->answers_wrong_id},
	        {flip_question, &counters->answers_wrong_question},    {flip_opcode, &counters->answers_wrong_question},
	        {make_rcode_good, &counters->answers_wrong_signature},
	};

	dns_model_put(world->server, "matti.mob.example. 300 IN A 192.0.2.1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct naming_request request = create(i + 1);
		uint64_t before = *cases[i].counter;

		world->tamper = cases[i].tamper;
		zone_world_apply(world, &request);
		zone_world_run(world, 500);
		assert_int_equal(world->end_count, i);
		assert_true(*cases[i].counter > before);
		world->tamper = NULL;
		assert_int_equal(zone_world_outcome(world, i + 1), NAMING_OUTCOME_TAKEN);
	}
}

/* Source, length, and answers that nobody waits for. */
static void answers_from_nowhere(void **state)
{
	struct zone_world *world = *state;
	struct endpoint elsewhere = world->server_endpoint;
	static const uint8_t bytes[40];
	struct naming_request request = create(1);

	elsewhere.port++;
	naming_datagram(world->core, DATAGRAM_CHANNEL, &world->server_endpoint, bytes, 40, &world->now, world->effects);
	naming_stream_message(world->core, TRANSFER_CHANNEL, &world->server_endpoint, bytes, 40, &world->now,
	                      world->effects);
	assert_int_equal(naming_counters(world->core)->answers_unexpected, 2);
	zone_world_apply(world, &request);
	zone_world_run(world, 5);
	naming_datagram(world->core, DATAGRAM_CHANNEL, &elsewhere, bytes, 40, &world->now, world->effects);
	naming_stream_message(world->core, TRANSFER_CHANNEL, &elsewhere, bytes, 40, &world->now, world->effects);
	assert_int_equal(naming_counters(world->core)->answers_foreign, 2);
	for (size_t octets = 0; octets < 12; octets++)
		naming_datagram(world->core, DATAGRAM_CHANNEL, &world->server_endpoint, bytes, octets, &world->now,
		                world->effects);
	assert_int_equal(naming_counters(world->core)->answers_malformed, 12);
	assert_int_equal(zone_world_outcome(world, 1), NAMING_OUTCOME_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(lost_requests_are_repeated),
	        TEST(lost_answers_are_found_done),
	        TEST(duplicated_datagrams_do_no_harm),
	        TEST(servfail_is_looked_into),
	        TEST(silence_and_return),
	        TEST(patience_is_each_request_s_own),
	        TEST(long_updates_go_over_streams),
	        TEST(badtime_stops),
	        TEST(unsigned_errors_prove_nothing),
	        TEST(wrong_key_is_unknown),
	        TEST(forged_answers_are_counted),
	        TEST(answers_from_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
