// SPDX-License-Identifier: BSD-3-Clause
/* B-38. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "vectors.h"

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static void start_pool(struct address_pool *pool, const char *prefix, uint8_t length)
{
	struct in6_addr home = address_of(prefix);
	struct secret key = {.octets = 0};

	secret_set(&key, "0123456789abcdef0123456789abcdef", 32);
	assert_int_equal(address_pool_start(pool, &home, length, &key), 0);
}

static struct address_decision decide(const struct address_pool *pool, const char *subscriber)
{
	const struct address_question question = {.pool = pool, .subscriber = subscriber};
	struct address_decision decision;

	address_decide(&question, &decision);
	return decision;
}

/* */
static void each_subscriber_gets_a_prefix_of_his_own(void **state)
{
	struct address_pool pool;
	struct address_decision first, second;
	uint32_t subnet;

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 48);
	first = decide(&pool, "home/001010000000001");
	assert_int_equal(first.status, BOOTSTRAP_OK);
	assert_int_equal(first.reason, ADDRESS_FROM_POOL);
	assert_true(address_pool_contains(&pool, &first.address, &subnet));
	assert_int_equal(subnet, first.subnet);
	assert_int_not_equal(subnet, 0);
	address_pool_take(&pool, first.subnet);
	second = decide(&pool, "home/001010000000002");
	assert_int_not_equal(first.subnet, second.subnet);
	/* the same question has the same answer, and the next /64 follows once the first choice is taken */
	address_pool_give_back(&pool, first.subnet);
	second = decide(&pool, "home/001010000000001");
	assert_memory_equal(&second.address, &first.address, sizeof(first.address));
	address_pool_end(&pool);
}

/* */
static void the_same_subscriber_gets_the_same_address_again(void **state)
{
	struct address_pool pool;
	const struct in6_addr current = address_of("2001:db8:aa:7::1234");
	const struct address_question question = {.pool = &pool, .subscriber = "home/1", .current = &current};
	struct address_decision decision;

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 48);
	address_pool_take(&pool, 7);
	address_decide(&question, &decision);
	assert_int_equal(decision.reason, ADDRESS_SAME_AGAIN);
	assert_int_equal(decision.subnet, 7);
	assert_memory_equal(&decision.address, &current, sizeof(current));
	address_pool_end(&pool);
}

/* An address of an earlier home prefix cannot be kept. */
static void an_address_outside_the_home_prefix_is_replaced(void **state)
{
	struct address_pool pool;
	const struct in6_addr current = address_of("2001:db8:bb:7::1234");
	const struct address_question question = {.pool = &pool, .subscriber = "home/1", .current = &current};
	struct address_decision decision;

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 48);
	address_decide(&question, &decision);
	assert_int_equal(decision.reason, ADDRESS_FROM_POOL);
	assert_memory_equal(&decision.address, &pool.prefix, 6);
	address_pool_end(&pool);
}

/* carved out before the dynamic pool. */
static void a_reservation_is_its_owners_alone(void **state)
{
	struct address_pool pool;
	const struct in6_addr reserved = address_of("2001:db8:aa:2::");
	const struct address_reservation reservations[] = {{.subscriber = "home/1", .subnet = 2}};
	struct address_question question = {
	        .pool = &pool, .subscriber = "home/1", .reservations = reservations, .reservation_count = 1};
	struct address_decision decision;

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 62); /* subnets 0..3 */
	address_pool_exclude(&pool, &reserved);
	address_decide(&question, &decision);
	assert_int_equal(decision.reason, ADDRESS_RESERVED);
	assert_int_equal(decision.subnet, 2);
	for (int i = 0; i < 2; i++) {
		char other[16];

		snprintf(other, sizeof(other), "home/9%d", i);
		question.subscriber = other;
		address_decide(&question, &decision);
		assert_int_equal(decision.status, BOOTSTRAP_OK);
		assert_int_not_equal(decision.subnet, 2);
		address_pool_take(&pool, decision.subnet);
	}
	question.subscriber = "home/99";
	address_decide(&question, &decision);
	assert_int_equal(decision.status, BOOTSTRAP_POOL_EMPTY);
	/* A-5 comes first: what he has or had lately he keeps, the reservation waits for the end of its rest */
	question.subscriber = "home/1";
	question.current = &(struct in6_addr){{{0x20, 1, 0x0d, 0xb8, 0, 0xaa, 0, 1, 1}}};
	address_decide(&question, &decision);
	assert_int_equal(decision.subnet, 1);
	address_pool_end(&pool);
}

/* never one of our own. */
static void our_own_prefix_is_never_given_away(void **state)
{
	struct address_pool pool;
	const struct in6_addr own = address_of("2001:db8:aa:1::1"), foreign = address_of("2001:db8:1::1");

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 63); /* subnets 0 and 1 */
	address_pool_exclude(&pool, &foreign);
	assert_int_equal(decide(&pool, "home/1").subnet, 1);
	address_pool_exclude(&pool, &own);
	assert_int_equal(decide(&pool, "home/1").status, BOOTSTRAP_POOL_EMPTY);
	address_pool_give_back(&pool, 1);
	assert_int_equal(decide(&pool, "home/1").status, BOOTSTRAP_POOL_EMPTY);
	address_pool_end(&pool);
}

/* */
static void the_pool_warns_before_it_is_empty(void **state)
{
	struct address_pool pool;
	enum address_alarm seen[256];

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 57); /* 128 subnets, 127 of them to give away */
	for (int i = 0; i < 127; i++) {
		char subscriber[32];
		struct address_decision decision;

		snprintf(subscriber, sizeof(subscriber), "home/%d", 100000 + i);
		decision = decide(&pool, subscriber);
		assert_int_equal(decision.status, BOOTSTRAP_OK);
		address_pool_take(&pool, decision.subnet);
		seen[i] = address_pool_alarm(&pool);
	}
	assert_int_equal(seen[100], ADDRESS_ALARM_NONE);        /* 101 of 127: 79.5 % */
	assert_int_equal(seen[101], ADDRESS_ALARM_FILLING);     /* 102: 80.3 % */
	assert_int_equal(seen[119], ADDRESS_ALARM_FILLING);     /* 120: 94.5 % */
	assert_int_equal(seen[120], ADDRESS_ALARM_NEARLY_FULL); /* 121: 95.3 % */
	assert_int_equal(seen[126], ADDRESS_ALARM_FULL);
	assert_int_equal(decide(&pool, "home/1").status, BOOTSTRAP_POOL_EMPTY);
	assert_int_equal(decide(&pool, "home/1").reason, ADDRESS_POOL_EMPTY);
	address_pool_end(&pool);
}

/* A-2, RFC 7217 5, RFC 5453 */
static void identifiers_are_stable_and_never_reserved(void **state)
{
	struct secret key = {.octets = 0};
	struct in6_addr one = address_of("2001:db8:aa:1::"), again = one, other = one,
	                elsewhere = address_of("2001:db8:aa:2::");

	(void)state;
	secret_set(&key, "0123456789abcdef", 16);
	address_stable_identifier(&key, "home/1", &one);
	address_stable_identifier(&key, "home/1", &again);
	address_stable_identifier(&key, "home/2", &other);
	address_stable_identifier(&key, "home/1", &elsewhere);
	assert_memory_equal(&one, &again, sizeof(one));
	assert_memory_not_equal(&one, &other, sizeof(one));
	assert_memory_not_equal(one.s6_addr + 8, elsewhere.s6_addr + 8, 8);
	assert_true(address_identifier_is_reserved(&(struct in6_addr){{{0x20, 1, 0x0d, 0xb8}}}));
	one = address_of("2001:db8:aa:1:fdff:ffff:ffff:ff80");
	assert_true(address_identifier_is_reserved(&one));
	one = address_of("2001:db8:aa:1:fdff:ffff:ffff:ff7f");
	assert_false(address_identifier_is_reserved(&one));
	one = address_of("2001:db8:aa:1:200:5eff:fe00:5213");
	assert_true(address_identifier_is_reserved(&one));
}

/* A-8, B-38 */
static void a_wish_counts_only_for_his_own_address(void **state)
{
	struct address_pool pool;
	const struct in6_addr current = address_of("2001:db8:aa:7::1234"), foreign = address_of("2001:db8:aa:8::1");
	struct address_question question = {.pool = &pool, .subscriber = "home/1", .wishes = &foreign, .wish_count = 1};
	struct address_decision decision;

	(void)state;
	start_pool(&pool, "2001:db8:aa::", 48);
	address_decide(&question, &decision);
	assert_int_equal(decision.status, BOOTSTRAP_OK);
	assert_true(decision.wish_ignored);
	assert_memory_not_equal(&decision.address, &foreign, sizeof(foreign));
	question.wish_strict = true;
	address_decide(&question, &decision);
	assert_int_equal(decision.status, BOOTSTRAP_ADDRESS_NOT_AUTHORISED);
	assert_int_equal(decision.reason, ADDRESS_WISH_NOT_LEASED);
	question.current = &current;
	question.wishes = &current;
	address_decide(&question, &decision);
	assert_int_equal(decision.status, BOOTSTRAP_OK);
	assert_false(decision.wish_ignored);
	assert_memory_equal(&decision.address, &current, sizeof(current));
	address_pool_end(&pool);
}

static void a_pool_of_impossible_size_is_refused(void **state)
{
	struct address_pool pool;
	struct in6_addr prefix = address_of("2001:db8::");
	struct secret key = {.octets = 0};

	(void)state;
	assert_int_equal(address_pool_start(&pool, &prefix, 64, &key), -EINVAL);
	assert_int_equal(address_pool_start(&pool, &prefix, 32, &key), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_subscriber_gets_a_prefix_of_his_own),
	        cmocka_unit_test(the_same_subscriber_gets_the_same_address_again),
	        cmocka_unit_test(an_address_outside_the_home_prefix_is_replaced),
	        cmocka_unit_test(a_reservation_is_its_owners_alone),
	        cmocka_unit_test(our_own_prefix_is_never_given_away),
	        cmocka_unit_test(the_pool_warns_before_it_is_empty),
	        cmocka_unit_test(identifiers_are_stable_and_never_reserved),
	        cmocka_unit_test(a_wish_counts_only_for_his_own_address),
	        cmocka_unit_test(a_pool_of_impossible_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
