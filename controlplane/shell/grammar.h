// SPDX-License-Identifier: BSD-3-Clause
/*
 * grammar - what can be said to kedge: one table gives parser, completion, error text and help.
 *
 * A line is NOUN VERB, then positional arguments in order, and options (--name value) anywhere behind the verb. What is
 * wrong is told with the column where it stands and with what would be right there.
 */
#ifndef KEDGE_SHELL_GRAMMAR_H
#define KEDGE_SHELL_GRAMMAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum grammar_target { TO_AUTHSERVER, TO_CONTROLPLANE, TO_DATAPLANES, TO_EVERY };

enum grammar_type {
	TYPE_TEXT,
	TYPE_INTEGER,
	TYPE_IMSI,        /* 6 to 15 digits */
	TYPE_HEX,         /* 32 hex digits: K, OP, OPc */
	TYPE_FLAG,        /* yes | no */
	TYPE_CHOICE,      /* one of `choices`, blank-separated */
	TYPE_FILE,        /* a file of this machine; its content is sent along */
	TYPE_SECRET_FILE, /* a file whose first line is the value, so that no key stands on a command line */
};

struct grammar_argument {
	const char *name; /* the request's member; an option is --name */
	enum grammar_type type;
	bool is_option;
	bool required;
	const char *choices;
	const char *help;
};

enum { GRAMMAR_ARGUMENTS_MAX = 16 };

struct grammar_command {
	const char *noun;
	const char *verb;
	enum grammar_target target;
	bool operates; /* goes to the operate socket */
	bool pages;    /* answers rows and "next" */
	const char *help;
	struct grammar_argument arguments[GRAMMAR_ARGUMENTS_MAX];
	bool one_at_a_time; /* never all of several servers: --server says which */
};

extern const struct grammar_command grammar_commands[];
extern const size_t grammar_command_count;

/* One word of a line and where it stood. */
struct grammar_word {
	char text[1024];
	size_t column;
};

enum { GRAMMAR_WORDS_MAX = 40 };

struct grammar_line {
	struct grammar_word words[GRAMMAR_WORDS_MAX];
	size_t count;
	bool open_quote;
	bool ends_in_blank; /* completion: a new word begins at the end */
	size_t octets;      /* the line's */
};

struct grammar_error {
	size_t column;
	char message[256];
	char expected[1024]; /* comma-separated; may be empty */
};

/* Splits at blanks; '…' and "…" keep blanks. Returns 0 or -EINVAL with `error`. */
int grammar_split(const char *text, struct grammar_line *line, struct grammar_error *error);

/* The words of a command line, as the system's shell has split them; columns as if joined by single blanks. */
int grammar_from_words(char *const *words, size_t count, struct grammar_line *line, struct grammar_error *error);

/*
 * Finds the command and makes its "arguments" object (a new reference). Files are read here. Returns the command, or
 * NULL with `error`.
 */
const struct grammar_command *grammar_parse(const struct grammar_line *line, json_t **arguments,
                                            struct grammar_error *error);

/*
 * What could stand where the line's last word is (or a new one begins): calls `candidate` for each word that begins so.
 * Returns how many.
 */
size_t grammar_complete(const struct grammar_line *line,
                        void (*candidate)(void *context, const char *word, const char *help), void *context);

/* Prints the line, a caret below the column, the message and what was expected. */
void grammar_print_error(FILE *to, const char *line, const struct grammar_error *error);

/* Help: all nouns, one noun, or one command with its arguments. False when there is no such noun or verb. */
bool grammar_print_help(FILE *to, const char *noun, const char *verb);

#endif
