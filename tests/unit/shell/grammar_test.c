// SPDX-License-Identifier: BSD-3-Clause
/* A mistake gets a caret and what was expected; completion and help come from the same table. */
#include "grammar.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vectors.h"

static const struct grammar_command *parse(const char *text, json_t **arguments, struct grammar_error *error)
{
	static struct grammar_line line;

	*arguments = NULL;
	return grammar_split(text, &line, error) ? NULL : grammar_parse(&line, arguments, error);
}

static void reads_commands_with_arguments_and_options(void **state)
{
	struct grammar_error error;
	json_t *arguments;
	const struct grammar_command *command = parse(
	        "  subscriber set 001010000000001 --name \"Matti Virtanen\" --name_consent yes", &arguments, &error);

	(void)state;
	assert_non_null(command);
	assert_string_equal(command->verb, "set");
	assert_true(command->operates);
	assert_string_equal(vectors_text(arguments, "imsi"), "001010000000001");
	assert_string_equal(vectors_text(arguments, "name"), "Matti Virtanen");
	assert_true(json_is_true(vectors_at(arguments, "name_consent")));
	json_decref(arguments);
	command = parse("binding show --limit 50", &arguments, &error);
	assert_false(command->operates);
	assert_int_equal(vectors_number(arguments, "limit"), 50);
	json_decref(arguments);
	command = parse("explain 001010000000001", &arguments, &error);
	assert_string_equal(command->noun, "explain");
	json_decref(arguments);
}

static void mistakes_get_a_column_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		size_t column;
		const char *message, *expected;
	} wrong[] = {
	        {"", 0, "nothing is said", "subscriber, session, lease, binding"},
	        {"bindings show", 0, "unknown noun 'bindings'", "binding"},
	        {"binding", 7, "'binding' wants a verb", "show, delete"},
	        {"binding shwo", 8, "unknown verb 'shwo'", "show, delete"},
	        {"binding delete", 14, "address is missing", "the home address"},
	        {"binding show 2001:db8::1", 13, "'2001:db8::1' is one word too many", ""},
	        {"binding show --limt 5", 13, "unknown option '--limt'", "--imsi, --address, --limit, --after"},
	        {"binding show --limit", 20, "'--limit' wants a value", "so many rows"},
	        {"binding show --limit many", 21, "'many' is no limit", "a number"},
	        {"binding show --limit 1 --limit 2", 23, "'--limit' stands twice", ""},
	        {"subscriber bar 12345", 15, "'12345' is no imsi", "6 to 15 digits"},
	        {"log level loud", 10, "'loud' is no level", "error, warning, notice, info, debug"},
	        {"trace", 5, "who is missing", "IMSI"},
	        {"trace 001010000000001 many", 22, "'many' is no count", "a number"},
	        {"capture start f --direction up", 28, "'up' is no direction", "in, out, drop"},
	        {"policy test 001010000000001 x --name_consent maybe", 45, "'maybe' is no name_consent", "yes, no"},
	        {"subscriber set 001010000000001 --name \"Matti", 38, "a quote is not closed", ""},
	        {"subscriber import /nonexistent", 18, "/nonexistent: No such file", ""},
	        {"subscriber add 001010000000001", 30, "--k is missing", "file with K"},
	};
	struct grammar_error error;
	json_t *arguments;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (parse(wrong[i].text, &arguments, &error))
			fail_msg("'%s' was taken", wrong[i].text);
		if (error.column != wrong[i].column || !strstr(error.message, wrong[i].message) ||
		    !strstr(error.expected, wrong[i].expected))
			fail_msg("'%s': column %zu, %s; expected: %s", wrong[i].text, error.column, error.message,
			         error.expected);
	}
}

static void a_file_goes_along_with_its_name(void **state)
{
	char path[] = "/tmp/kedge-import-XXXXXX", text[128];
	int file = mkstemp(path);
	struct grammar_error error;
	json_t *arguments;

	(void)state;
	assert_int_equal(write(file, "[]\n", 3), 3);
	close(file);
	snprintf(text, sizeof(text), "subscriber import %s", path);
	assert_non_null(parse(text, &arguments, &error));
	assert_string_equal(vectors_text(arguments, "file"), path);
	assert_string_equal(vectors_text(arguments, "content"), "[]\n");
	json_decref(arguments);
	unlink(path);
}

static void a_key_comes_from_a_file_alone(void **state)
{
	char path[] = "/tmp/kedge-k-XXXXXX", text[256];
	int file = mkstemp(path);
	struct grammar_error error;
	json_t *arguments;

	(void)state;
	assert_int_equal(write(file, "00112233445566778899aabbccddeeff\n", 33), 33);
	close(file);
	snprintf(text, sizeof(text), "subscriber add 001010000000001 --k %s --opc %s", path, path);
	assert_non_null(parse(text, &arguments, &error));
	assert_string_equal(vectors_text(arguments, "k"), "00112233445566778899aabbccddeeff");
	json_decref(arguments);
	unlink(path);
}

static void gather(void *context, const char *word, const char *help)
{
	char *words = context;

	(void)help;
	strcat(words, word);
	strcat(words, " ");
}

static void completes_from_the_same_table(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	        {"s", "subscriber session stats "},
	        {"subscriber b", "bar "},
	        {"log level ", "error warning notice info debug "},
	        {"log level d", "debug "},
	        {"binding show --l", "--limit "},
	        {"binding show --limit 5 --", "--imsi --address --after "},
	        {"subscriber set 001010000000001 --name_consent ", "yes no "},
	        {"explain 001010000000001 ", ""},
	        {"capture start f --direction ", "in out drop "},
	        {"trace 001010000000001 5 ", "--seconds "},
	        {"nonsense ", ""},
	};
	struct grammar_line line;
	struct grammar_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[1024] = "";

		assert_int_equal(grammar_split(cases[i].text, &line, &error), 0);
		grammar_complete(&line, gather, words);
		assert_string_equal(words, cases[i].words);
	}
}

static void every_command_has_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < grammar_command_count; i++) {
		char *text = NULL;
		size_t octets = 0;
		FILE *to = open_memstream(&text, &octets);

		assert_true(strlen(grammar_commands[i].help) > 10);
		assert_true(grammar_print_help(to, grammar_commands[i].noun, grammar_commands[i].verb));
		fclose(to);
		assert_non_null(strstr(text, grammar_commands[i].help));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_commands_with_arguments_and_options),
	        cmocka_unit_test(mistakes_get_a_column_and_what_was_expected),
	        cmocka_unit_test(a_file_goes_along_with_its_name),
	        cmocka_unit_test(a_key_comes_from_a_file_alone),
	        cmocka_unit_test(completes_from_the_same_table),
	        cmocka_unit_test(every_command_has_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
