// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>

#include "metrics_scrape.h"
#include "vectors.h"

static void loopback(void **state)
{
	struct metrics_place place;

	(void)state;
	assert_int_equal(metrics_place_read("127.0.0.1:9464", &place), 0);
	assert_int_equal(place.octets, sizeof(struct sockaddr_in));
	assert_int_equal(place.address.ipv4.sin_family, AF_INET);
	assert_int_equal(ntohs(place.address.ipv4.sin_port), 9464);
	assert_int_equal(ntohl(place.address.ipv4.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(metrics_place_read("[::1]:65535", &place), 0);
	assert_int_equal(place.octets, sizeof(struct sockaddr_in6));
	assert_int_equal(place.address.ipv6.sin6_family, AF_INET6);
	assert_int_equal(ntohs(place.address.ipv6.sin6_port), 65535);
	assert_true(IN6_IS_ADDR_LOOPBACK(&place.address.ipv6.sin6_addr));
}

static void unix_socket(void **state)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	struct metrics_place place;

	(void)state;
	assert_int_equal(metrics_place_read("/run/kedge/view/x.metrics", &place), 0);
	assert_int_equal(place.address.local.sun_family, AF_UNIX);
	assert_string_equal(place.address.local.sun_path, "/run/kedge/view/x.metrics");
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(metrics_place_read(path, &place), -EINVAL);
	path[sizeof(path) - 2] = '\0'; /* the longest, with its zero */
	assert_int_equal(metrics_place_read(path, &place), 0);
	assert_string_equal(place.address.local.sun_path, path);
}

static void other_places(void **state)
{
	static const char *const wrong[] = {
	        "",
	        "127.0.0.1",
	        "127.0.0.1:",
	        "127.0.0.1:0",
	        "127.0.0.1:65536",
	        "127.0.0.1:4294967297",
	        "[::1]",
	        "127.0.0.1:80x",
	        "127.0.0.1: 80",
	        "127.0.0.1:-1",
	        "[::1]:",
	        "[::1]:99999999999999999999",
	        "[::]:80",
	        "0.0.0.0:80",
	        "192.0.2.1:80",
	        "localhost:80",
	        "::1:80",
	        "socket",
	        ":80",
	        "127.0.0.10:80",
	};
	struct metrics_place place;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(metrics_place_read(wrong[i], &place), -EINVAL);
}

static void write_one(void *context, struct metrics_text *text)
{
	metrics_counter(text, "kedge_asked", "how often", ++*(uint64_t *)context);
}

static void write_too_much(void *context, struct metrics_text *text)
{
	(void)context;
	while (text->octets <= text->room)
		metrics_counter(text, "kedge_asked", "how often", 1);
}

static uint64_t asked;
static struct metrics_source source;

static int setup(void **state)
{
	(void)state;
	asked = 0;
	source.write = write_one;
	source.context = &asked;
	return 0;
}

static void answers(void **state)
{
	static const char first[] = "# HELP kedge_asked_total how often\n# TYPE kedge_asked_total counter\n"
	                            "kedge_asked_total 1\n";
	static const char second[] = "# HELP kedge_asked how often\n# TYPE kedge_asked counter\n"
	                             "kedge_asked_total 2\n# EOF\n";
	struct metrics_answer answer = metrics_answer_to(&source, "GET", "/metrics", NULL);

	(void)state;
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.media_type, "text/plain; version=0.0.4; charset=utf-8");
	assert_octets(answer.body, answer.octets, first, strlen(first));
	answer = metrics_answer_to(&source, "HEAD", "/metrics",
	                           "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.media_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
	assert_octets(answer.body, answer.octets, second, strlen(second));
}

/* Nobody is asked for counters that nobody gets. */
static void refusals(void **state)
{
	static const struct {
		const char *method, *path, *accept;
		unsigned status;
	} cases[] = {
	        {"POST", "/metrics", NULL, 405}, {"get", "/metrics", NULL, 405}, {"", "", "", 405},
	        {"GET", "/", NULL, 404},         {"GET", "/metrics/", "*", 404}, {"GET", "/metric", NULL, 404},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metrics_answer answer =
		        metrics_answer_to(&source, cases[i].method, cases[i].path, cases[i].accept);

		assert_int_equal(answer.status, cases[i].status);
		assert_int_equal(answer.octets, strlen(answer.body));
	}
	assert_int_equal(asked, 0);
}

static void no_room(void **state)
{
	(void)state;
	source.write = write_too_much;
	assert_int_equal(metrics_answer_to(&source, "GET", "/metrics", NULL).status, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(loopback),
	        cmocka_unit_test(unix_socket),
	        cmocka_unit_test(other_places),
	        cmocka_unit_test_setup(answers, setup),
	        cmocka_unit_test_setup(refusals, setup),
	        cmocka_unit_test_setup(no_room, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
