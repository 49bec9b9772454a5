// SPDX-License-Identifier: BSD-3-Clause
#include "grammar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "configuration.h"

enum { FILE_OCTETS_MAX = 15 << 20 };

struct candidates {
	const char *prefix;
	void (*candidate)(void *context, const char *word, const char *help);
	void *context;
	size_t count;
};

static void expect(struct grammar_error *error, const char *word)
{
	size_t used = strlen(error->expected);

	snprintf(error->expected + used, sizeof(error->expected) - used, "%s%s", used ? ", " : "", word);
}

static bool has_verb(const struct grammar_command *command)
{
	return command->verb[0] != '\0';
}

static size_t argument_count(const struct grammar_command *command)
{
	size_t count = 0;

	while (count < GRAMMAR_ARGUMENTS_MAX && command->arguments[count].name)
		count++;
	return count;
}

int grammar_split(const char *text, struct grammar_line *line, struct grammar_error *error)
{
	const char *at = text;

	memset(line, 0, sizeof(*line));
	memset(error, 0, sizeof(*error));
	line->octets = strlen(text);
	for (at += strspn(at, " \t"); *at; at += strspn(at, " \t")) {
		struct grammar_word *word = &line->words[line->count];
		char quote = '\0';
		size_t used = 0;

		error->column = (size_t)(at - text);
		if (line->count == GRAMMAR_WORDS_MAX) {
			snprintf(error->message, sizeof(error->message), "more than %d words", GRAMMAR_WORDS_MAX);
			return -EINVAL;
		}
		word->column = error->column;
		for (; *at && (quote || (*at != ' ' && *at != '\t')); at++) {
			if (*at == quote || (!quote && (*at == '"' || *at == '\''))) {
				quote = quote ? '\0' : *at;
				continue;
			}
			if (used == sizeof(word->text) - 1) {
				snprintf(error->message, sizeof(error->message), "a word of more than %zu octets",
				         sizeof(word->text) - 1);
				return -EINVAL;
			}
			word->text[used++] = *at;
		}
		line->open_quote = quote != '\0';
		line->count++;
	}
	line->ends_in_blank = line->octets && (text[line->octets - 1] == ' ' || text[line->octets - 1] == '\t');
	if (!line->open_quote)
		return 0;
	snprintf(error->message, sizeof(error->message), "a quote is not closed");
	return -EINVAL;
}

int grammar_from_words(char *const *words, size_t count, struct grammar_line *line, struct grammar_error *error)
{
	memset(line, 0, sizeof(*line));
	memset(error, 0, sizeof(*error));
	for (size_t i = 0; i < count; i++) {
		if (i == GRAMMAR_WORDS_MAX || strlen(words[i]) >= sizeof(line->words[0].text)) {
			snprintf(error->message, sizeof(error->message), "too many or too long words");
			return -EINVAL;
		}
		line->words[i].column = line->octets;
		strcpy(line->words[i].text, words[i]);
		line->octets += strlen(words[i]) + 1;
		line->count++;
	}
	return 0;
}

static const struct grammar_command *find_noun(const char *noun)
{
	for (size_t i = 0; i < grammar_command_count; i++)
		if (strcmp(grammar_commands[i].noun, noun) == 0)
			return &grammar_commands[i];
	return NULL;
}

static const struct grammar_command *find_verb(const char *noun, const char *verb)
{
	for (size_t i = 0; i < grammar_command_count; i++)
		if (strcmp(grammar_commands[i].noun, noun) == 0 && strcmp(grammar_commands[i].verb, verb) == 0)
			return &grammar_commands[i];
	return NULL;
}

static void each_noun(void (*visit)(void *context, const char *word, const char *help), void *context)
{
	for (size_t i = 0; i < grammar_command_count; i++)
		if (find_noun(grammar_commands[i].noun) == &grammar_commands[i])
			visit(context, grammar_commands[i].noun,
			      has_verb(&grammar_commands[i]) ? "" : grammar_commands[i].help);
}

static void each_verb(const char *noun, void (*visit)(void *context, const char *word, const char *help), void *context)
{
	for (size_t i = 0; i < grammar_command_count; i++)
		if (strcmp(grammar_commands[i].noun, noun) == 0 && has_verb(&grammar_commands[i]))
			visit(context, grammar_commands[i].verb, grammar_commands[i].help);
}

static void expect_word(void *context, const char *word, const char *help)
{
	(void)help;
	expect(context, word);
}

static const struct grammar_argument *find_option(const struct grammar_command *command, const char *name)
{
	for (size_t i = 0; i < argument_count(command); i++)
		if (command->arguments[i].is_option && strcmp(command->arguments[i].name, name) == 0)
			return &command->arguments[i];
	return NULL;
}

static const struct grammar_argument *find_positional(const struct grammar_command *command, size_t index)
{
	for (size_t i = 0; i < argument_count(command); i++)
		if (!command->arguments[i].is_option && index-- == 0)
			return &command->arguments[i];
	return NULL;
}

static char *read_file(const char *path, struct grammar_error *error)
{
	FILE *file = fopen(path, "re");
	char *content = NULL;
	size_t octets;

	if (!file) {
		snprintf(error->message, sizeof(error->message), "%.180s: %s", path, strerror(errno));
		return NULL;
	}
	content = malloc(FILE_OCTETS_MAX + 1);
	octets = content ? fread(content, 1, FILE_OCTETS_MAX + 1, file) : 0;
	fclose(file);
	if (!content || octets > FILE_OCTETS_MAX) {
		snprintf(error->message, sizeof(error->message), "%.180s: more than %d octets", path, FILE_OCTETS_MAX);
		free(content);
		return NULL;
	}
	content[octets] = '\0';
	return content;
}

/* The file's name goes along, so that the daemon can name file and line. */
static int set_file(json_t *arguments, const struct grammar_argument *argument, const char *path,
                    struct grammar_error *error)
{
	char *content = read_file(path, error);
	json_t *text;

	if (!content)
		return -EINVAL;
	if (argument->type == TYPE_SECRET_FILE)
		content[strcspn(content, "\r\n")] = '\0';
	text = json_string(content);
	explicit_bzero(content, strlen(content));
	free(content);
	if (!text) {
		snprintf(error->message, sizeof(error->message), "%.180s: not UTF-8", path);
		return -EINVAL;
	}
	if (argument->type == TYPE_SECRET_FILE) {
		json_object_set_new(arguments, argument->name, text);
	} else {
		json_object_set_new(arguments, argument->name, json_string(path));
		json_object_set_new(arguments, "content", text);
	}
	return 0;
}

static bool all_of(const char *text, const char *set, size_t minimum, size_t maximum)
{
	size_t length = strlen(text);

	return length >= minimum && length <= maximum && strspn(text, set) == length;
}

static void expect_choices(struct grammar_error *error, const char *choices)
{
	for (const char *at = choices; *at;) {
		char word[64];
		size_t length = strcspn(at, " ");

		snprintf(word, sizeof(word), "%.*s", (int)length, at);
		expect(error, word);
		at += length + strspn(at + length, " ");
	}
}

static int wrong(struct grammar_error *error, const struct grammar_argument *argument, const char *text,
                 const char *right)
{
	snprintf(error->message, sizeof(error->message), "'%.60s' is no %s", text, argument->name);
	expect(error, right);
	return -EINVAL;
}

static int set_argument(json_t *arguments, const struct grammar_argument *argument, const char *text,
                        struct grammar_error *error)
{
	json_t *value = NULL;

	switch (argument->type) {
	case TYPE_FILE:
	case TYPE_SECRET_FILE:
		return set_file(arguments, argument, text, error);
	case TYPE_INTEGER:
		if (!all_of(text, "0123456789", 1, 18))
			return wrong(error, argument, text, "a number");
		value = json_integer(strtoll(text, NULL, 10));
		break;
	case TYPE_IMSI:
		if (!all_of(text, "0123456789", 6, 15))
			return wrong(error, argument, text, "6 to 15 digits");
		break;
	case TYPE_HEX:
		if (!all_of(text, "0123456789abcdefABCDEF", 32, 32))
			return wrong(error, argument, text, "32 hex digits");
		break;
	case TYPE_FLAG:
		if (!configuration_is_choice("yes no", text))
			return wrong(error, argument, text, "yes, no");
		value = json_boolean(strcmp(text, "yes") == 0);
		break;
	case TYPE_CHOICE:
		if (!configuration_is_choice(argument->choices, text)) {
			snprintf(error->message, sizeof(error->message), "'%.60s' is no %s", text, argument->name);
			expect_choices(error, argument->choices);
			return -EINVAL;
		}
		break;
	case TYPE_TEXT:
		break;
	}
	if (!value)
		value = json_string(text);
	if (!value)
		return wrong(error, argument, text, "text in UTF-8");
	json_object_set_new(arguments, argument->name, value);
	return 0;
}

static int parse_option(const struct grammar_command *command, const struct grammar_line *line, size_t *at,
                        json_t *arguments, struct grammar_error *error)
{
	const struct grammar_word *word = &line->words[*at];
	const struct grammar_argument *option = find_option(command, word->text + 2);
	char name[80];

	error->column = word->column;
	if (!option) {
		snprintf(error->message, sizeof(error->message), "unknown option '%.60s'", word->text);
		for (size_t i = 0; i < argument_count(command); i++)
			if (command->arguments[i].is_option) {
				snprintf(name, sizeof(name), "--%s", command->arguments[i].name);
				expect(error, name);
			}
		return -EINVAL;
	}
	if (json_object_get(arguments, option->name)) {
		snprintf(error->message, sizeof(error->message), "'%.60s' stands twice", word->text);
		return -EINVAL;
	}
	if (*at + 1 == line->count) {
		error->column = line->octets;
		snprintf(error->message, sizeof(error->message), "'%.60s' wants a value", word->text);
		expect(error, option->help);
		return -EINVAL;
	}
	*at += 1;
	error->column = line->words[*at].column;
	return set_argument(arguments, option, line->words[*at].text, error);
}

static int check_required(const struct grammar_command *command, const struct grammar_line *line, json_t *arguments,
                          struct grammar_error *error)
{
	for (size_t i = 0; i < argument_count(command); i++) {
		const struct grammar_argument *argument = &command->arguments[i];
		char name[160];

		if (!argument->required || json_object_get(arguments, argument->name))
			continue;
		error->column = line->octets;
		snprintf(error->message, sizeof(error->message), "%s%s is missing", argument->is_option ? "--" : "",
		         argument->name);
		snprintf(name, sizeof(name), "%s", argument->help);
		expect(error, name);
		return -EINVAL;
	}
	return 0;
}

static int parse_arguments(const struct grammar_command *command, const struct grammar_line *line, size_t at,
                           json_t *arguments, struct grammar_error *error)
{
	size_t positionals = 0;
	int result = 0;

	for (; at < line->count && !result; at++) {
		const struct grammar_word *word = &line->words[at];
		const struct grammar_argument *positional;

		if (strncmp(word->text, "--", 2) == 0) {
			result = parse_option(command, line, &at, arguments, error);
			continue;
		}
		error->column = word->column;
		positional = find_positional(command, positionals++);
		if (!positional) {
			snprintf(error->message, sizeof(error->message), "'%.60s' is one word too many", word->text);
			return -EINVAL;
		}
		result = set_argument(arguments, positional, word->text, error);
	}
	return result ? result : check_required(command, line, arguments, error);
}

static const struct grammar_command *parse_command(const struct grammar_line *line, size_t *used,
                                                   struct grammar_error *error)
{
	const struct grammar_command *command;

	error->column = line->count ? line->words[0].column : 0;
	command = line->count ? find_noun(line->words[0].text) : NULL;
	*used = 1;
	if (!command) {
		if (line->count)
			snprintf(error->message, sizeof(error->message), "unknown noun '%.60s'", line->words[0].text);
		else
			snprintf(error->message, sizeof(error->message), "nothing is said");
		each_noun(expect_word, error);
		return NULL;
	}
	if (!has_verb(command))
		return command;
	*used = 2;
	error->column = line->count > 1 ? line->words[1].column : line->octets;
	command = line->count > 1 ? find_verb(line->words[0].text, line->words[1].text) : NULL;
	if (command)
		return command;
	if (line->count > 1)
		snprintf(error->message, sizeof(error->message), "unknown verb '%.60s'", line->words[1].text);
	else
		snprintf(error->message, sizeof(error->message), "'%.60s' wants a verb", line->words[0].text);
	each_verb(line->words[0].text, expect_word, error);
	return NULL;
}

const struct grammar_command *grammar_parse(const struct grammar_line *line, json_t **arguments,
                                            struct grammar_error *error)
{
	const struct grammar_command *command;
	size_t used;

	memset(error, 0, sizeof(*error));
	*arguments = NULL;
	command = parse_command(line, &used, error);
	if (!command)
		return NULL;
	*arguments = json_object();
	if (parse_arguments(command, line, used, *arguments, error)) {
		json_decref(*arguments);
		*arguments = NULL;
		return NULL;
	}
	return command;
}

static void offer(void *context, const char *word, const char *help)
{
	struct candidates *candidates = context;

	if (strncmp(word, candidates->prefix, strlen(candidates->prefix)) != 0)
		return;
	candidates->candidate(candidates->context, word, help);
	candidates->count++;
}

static void offer_values(struct candidates *candidates, const struct grammar_argument *argument)
{
	const char *words = argument->type == TYPE_CHOICE ? argument->choices
	                    : argument->type == TYPE_FLAG ? "yes no"
	                                                  : "";

	for (const char *at = words; *at;) {
		char word[64];
		size_t length = strcspn(at, " ");

		snprintf(word, sizeof(word), "%.*s", (int)length, at);
		offer(candidates, word, argument->help);
		at += length + strspn(at + length, " ");
	}
}

/* Behind the verb: the value of the option before, or the positional whose turn it is, or options not yet said. */
static void offer_arguments(struct candidates *candidates, const struct grammar_command *command,
                            const struct grammar_line *line, size_t first, size_t complete_words)
{
	const struct grammar_argument *positional;
	size_t positionals = 0;
	size_t at = first;

	for (; at < complete_words; at++) {
		const struct grammar_argument *option;

		if (strncmp(line->words[at].text, "--", 2) != 0) {
			positionals++;
			continue;
		}
		option = find_option(command, line->words[at].text + 2);
		if (option && at + 1 == complete_words) {
			offer_values(candidates, option);
			return;
		}
		at++;
	}
	positional = find_positional(command, positionals);
	if (positional)
		offer_values(candidates, positional);
	for (size_t i = 0; i < argument_count(command); i++) {
		char name[80];
		bool said = false;

		if (!command->arguments[i].is_option)
			continue;
		snprintf(name, sizeof(name), "--%s", command->arguments[i].name);
		for (size_t j = first; j < complete_words; j++)
			said = said || strcmp(line->words[j].text, name) == 0;
		if (!said)
			offer(candidates, name, command->arguments[i].help);
	}
}

size_t grammar_complete(const struct grammar_line *line,
                        void (*candidate)(void *context, const char *word, const char *help), void *context)
{
	bool new_word = line->ends_in_blank || line->count == 0;
	size_t complete_words = new_word ? line->count : line->count - 1;
	struct candidates candidates = {
	        .prefix = new_word ? "" : line->words[line->count - 1].text,
	        .candidate = candidate,
	        .context = context,
	};
	const struct grammar_command *command;

	if (complete_words == 0) {
		each_noun(offer, &candidates);
		return candidates.count;
	}
	command = find_noun(line->words[0].text);
	if (command && has_verb(command) && complete_words == 1) {
		each_verb(line->words[0].text, offer, &candidates);
		return candidates.count;
	}
	if (command && has_verb(command))
		command = find_verb(line->words[0].text, line->words[1].text);
	if (command)
		offer_arguments(&candidates, command, line, has_verb(command) ? 2 : 1, complete_words);
	return candidates.count;
}

void grammar_print_error(FILE *to, const char *line, const struct grammar_error *error)
{
	fprintf(to, "%s\n%*s^\n%s", line, (int)error->column, "", error->message);
	if (error->expected[0])
		fprintf(to, "; expected: %s", error->expected);
	fprintf(to, "\n");
}

static void print_usage(FILE *to, const struct grammar_command *command)
{
	fprintf(to, "%s%s%s", command->noun, has_verb(command) ? " " : "", command->verb);
	for (size_t i = 0; i < argument_count(command); i++) {
		const struct grammar_argument *argument = &command->arguments[i];

		fprintf(to, argument->required ? " %s%s%s" : " [%s%s%s]", argument->is_option ? "--" : "",
		        argument->name, argument->is_option ? " …" : "");
	}
	fprintf(to, "\n");
}

static void print_command(FILE *to, const struct grammar_command *command)
{
	print_usage(to, command);
	fprintf(to, "    %s\n", command->help);
	for (size_t i = 0; i < argument_count(command); i++) {
		const struct grammar_argument *argument = &command->arguments[i];

		fprintf(to, "    %s%-16s %s", argument->is_option ? "--" : "  ", argument->name, argument->help);
		if (argument->choices)
			fprintf(to, ": %s", argument->choices);
		fprintf(to, "\n");
	}
}

bool grammar_print_help(FILE *to, const char *noun, const char *verb)
{
	bool found = false;

	for (size_t i = 0; i < grammar_command_count; i++) {
		const struct grammar_command *command = &grammar_commands[i];

		if (noun && strcmp(command->noun, noun) != 0)
			continue;
		if (verb && strcmp(command->verb, verb) != 0)
			continue;
		found = true;
		if (noun)
			print_command(to, command);
		else
			fprintf(to, "  %s%s%-*s  %s\n", command->noun, has_verb(command) ? " " : "",
			        20 - (int)strlen(command->noun) - has_verb(command), command->verb, command->help);
	}
	return found;
}
