// SPDX-License-Identifier: BSD-3-Clause
/* Wrong configuration: file, line, what is wrong, what would be right. */
#include "configuration.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vectors.h"

static const struct configuration_key server_keys[] = {
        {.name = "endpoint", .type = CONFIGURATION_ENDPOINT, .help = "Where it is."},
        {.name = "realms", .type = CONFIGURATION_TEXT_LIST, .default_text = "", .help = "What it serves."},
        {0},
};

static const struct configuration_key limit_keys[] = {
        {.name = "half-open",
         .type = CONFIGURATION_INTEGER,
         .minimum = 1,
         .maximum = 1000,
         .default_text = "64",
         .help = "How many.",
         .is_live = true},
        {0},
};

static const struct configuration_key schema[] = {
        {.name = "name", .type = CONFIGURATION_TEXT, .minimum = 1, .maximum = 8, .help = "Its name."},
        {.name = "strict", .type = CONFIGURATION_BOOLEAN, .default_text = "no", .help = "Whether."},
        {.name = "wish",
         .type = CONFIGURATION_CHOICE,
         .choices = "prefer strict no",
         .default_text = "prefer",
         .help = "How."},
        {.name = "prefix", .type = CONFIGURATION_PREFIX, .default_text = "", .help = "Which."},
        {.name = "address", .type = CONFIGURATION_ADDRESS, .default_text = "::1", .help = "Where."},
        {.name = "limits", .type = CONFIGURATION_SECTION, .keys = limit_keys, .help = "How much."},
        {.name = "servers", .type = CONFIGURATION_LIST, .keys = server_keys, .default_text = "", .help = "Who."},
        {0},
};

static struct configuration *load(const char *text, char error[CONFIGURATION_ERROR_OCTETS])
{
	char path[] = "/tmp/kedge-configuration-XXXXXX";
	int file = mkstemp(path);
	struct configuration *configuration;

	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	close(file);
	configuration = configuration_load(path, schema, error);
	unlink(path);
	return configuration;
}

static void reads_what_the_schema_describes(void **state)
{
	char error[CONFIGURATION_ERROR_OCTETS];
	struct configuration *configuration = load("name: kedge\n"
	                                           "strict: yes\n"
	                                           "wish: strict\n"
	                                           "prefix: 2001:db8:aa::/48\n"
	                                           "limits:\n"
	                                           "  half-open: 7\n"
	                                           "servers:\n"
	                                           "  - endpoint: \"[::1]:1812\"\n"
	                                           "    realms: [a.example, b.example]\n"
	                                           "  - endpoint: 192.0.2.1\n"
	                                           "    realms: c.example\n",
	                                           error);
	const struct configuration_node *root, *server;
	struct endpoint endpoint;
	struct in6_addr prefix;
	unsigned length;

	(void)state;
	assert_non_null(configuration);
	root = configuration_root(configuration);
	assert_string_equal(configuration_text(root, "name"), "kedge");
	assert_true(configuration_boolean(root, "strict"));
	assert_string_equal(configuration_text(root, "wish"), "strict");
	assert_true(configuration_prefix(root, "prefix", &prefix, &length));
	assert_int_equal(length, 48);
	assert_int_equal(configuration_integer(configuration_section(root, "limits"), "half-open"), 7);
	assert_int_equal(configuration_count(root, "servers"), 2);
	server = configuration_node_at(root, "servers", 0);
	assert_true(configuration_endpoint(server, "endpoint", &endpoint));
	assert_int_equal(endpoint.port, 1812);
	assert_int_equal(configuration_count(server, "realms"), 2);
	assert_string_equal(configuration_text_at(server, "realms", 1), "b.example");
	assert_string_equal(configuration_text_at(configuration_node_at(root, "servers", 1), "realms", 0), "c.example");
	configuration_free(configuration);
}

static void what_is_left_out_has_its_default(void **state)
{
	char error[CONFIGURATION_ERROR_OCTETS];
	struct configuration *configuration = load("name: x\n", error);
	const struct configuration_node *root;
	struct in6_addr address;
	unsigned length;

	(void)state;
	assert_non_null(configuration);
	root = configuration_root(configuration);
	assert_false(configuration_boolean(root, "strict"));
	assert_string_equal(configuration_text(root, "wish"), "prefer");
	assert_false(configuration_prefix(root, "prefix", &address, &length));
	assert_true(configuration_address(root, "address", &address));
	assert_true(IN6_IS_ADDR_LOOPBACK(&address));
	assert_int_equal(configuration_integer(configuration_section(root, "limits"), "half-open"), 64);
	assert_int_equal(configuration_count(root, "servers"), 0);
	configuration_free(configuration);
}

static void errors_name_line_fault_and_remedy(void **state)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
	        {"strict: no\n", ":1: 'name' is missing; it takes a text of 1 to 8 octets"},
	        {"name: x\nnmae: y\n", ":2: unknown key 'nmae'; known here: name, strict, wish"},
	        {"name: x\nstrict: no\n\nname: y\n", ":4: 'name' stands twice; it stood already in line 1"},
	        {"name: x\nstrict: flase\n", ":2: strict: 'flase' is not right; it takes yes or no"},
	        {"name: 123456789\n", ":1: name: '123456789' is not right; it takes a text of 1 to 8 octets"},
	        {"name: x\nwish: stric\n", ":2: wish: 'stric' is not right; it takes one of: prefer strict no"},
	        {"name: x\nprefix: 2001:db8::1/48\n", ":2: prefix: '2001:db8::1/48' is not right; it takes a prefix"},
	        {"name: x\nprefix: ::/129\n", ":2: prefix: '::/129' is not right; it takes a prefix"},
	        {"name: x\nprefix: 0.0.0.0/18446744073709551615\n", ":2: prefix: '0.0.0.0/18446744073709551615' is"},
	        {"name: x\nlimits:\n  half-open: 1001\n",
	         ":3: half-open: '1001' is not right; it takes an integer from 1 to 1000"},
	        {"name: x\nlimits:\n  half-open: 7x\n", ":3: half-open: '7x'"},
	        {"name: x\nservers:\n  - realms: a\n", ":3: 'endpoint' is missing; it takes an address"},
	        {"name: x\nservers: 5\n", ":2: servers: 'a text' is not right; it takes a list of maps"},
	        {"name: [x]\n", ":1: name: 'a list' is not right"},
	        {"name: x\n- y\n", ":2: this is not YAML: "},
	        {"- name\n", ":1: this must be a map of keys and values"},
	};
	char error[CONFIGURATION_ERROR_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(load(wrong[i].text, error));
		if (!strstr(error, wrong[i].error))
			fail_msg("expected '%s' in '%s'", wrong[i].error, error);
	}
	assert_null(configuration_load("/nonexistent/kedge.yaml", schema, error));
	assert_non_null(strstr(error, "/nonexistent/kedge.yaml: No such file"));
}

static void a_program_blames_a_line(void **state)
{
	char error[CONFIGURATION_ERROR_OCTETS];
	struct configuration *configuration = load("name: x\n\nwish: no\n", error);

	(void)state;
	configuration_blame(configuration_root(configuration), "wish", error, "does not fit to %s", "name");
	assert_non_null(strstr(error, ":3: wish: does not fit to name"));
	configuration_free(configuration);
}

struct difference_log {
	char text[512];
};

static void log_difference(void *context, const struct configuration_key *key, const char *path, const char *before,
                           const char *after)
{
	struct difference_log *log = context;
	size_t used = strlen(log->text);

	snprintf(log->text + used, sizeof(log->text) - used, "%s%s %s>%s;", key->is_live ? "live " : "", path,
	         before ? before : "", after ? after : "");
}

static void differences(const char *before, const char *after, const char *expected)
{
	char error[CONFIGURATION_ERROR_OCTETS];
	struct configuration *older = load(before, error), *newer = load(after, error);
	struct difference_log log = {0};

	assert_non_null(older);
	assert_non_null(newer);
	configuration_compare(configuration_root(older), configuration_root(newer), log_difference, &log);
	assert_string_equal(log.text, expected);
	configuration_free(older);
	configuration_free(newer);
}

/* A value is another one when it reads so: a default that is written out is none, the order of a list is. */
static void differences_are_told_by_key(void **state)
{
	(void)state;
	differences("name: x\n", "name: x\nlimits: {half-open: 64}\nstrict: no\n", "");
	differences("name: x\n", "name: y\nlimits: {half-open: 65}\n", "name x>y;live limits.half-open 64>65;");
	differences("name: x\nprefix: 2001:db8::/32\n", "name: x\n", "prefix 2001:db8::/32>;");
	differences("name: x\nservers: [{endpoint: \"::1\", realms: [a, b]}]\n",
	            "name: x\nservers: [{endpoint: \"::1\", realms: [b, a]}]\n", "servers >;");
	differences("name: x\nservers: [{endpoint: \"::1\"}]\n",
	            "name: x\nservers: [{endpoint: \"::1\"}, {endpoint: \"::2\"}]\n", "servers >;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_what_the_schema_describes),   cmocka_unit_test(what_is_left_out_has_its_default),
	        cmocka_unit_test(errors_name_line_fault_and_remedy), cmocka_unit_test(a_program_blames_a_line),
	        cmocka_unit_test(differences_are_told_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
