// SPDX-License-Identifier: BSD-3-Clause
#include "interactive.h"

#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HISTORY_LINES = 500 };

struct completion {
	char common[1024];
	size_t count;
	bool list;
};

static char *prompt(EditLine *edit)
{
	static char text[] = "kedge> ";

	(void)edit;
	return text;
}

static void candidate(void *context, const char *word, const char *help)
{
	struct completion *completion = context;
	size_t same = 0;

	if (completion->list)
		printf("\n  %-20s %s", word, help);
	if (completion->count++ == 0) {
		snprintf(completion->common, sizeof(completion->common), "%s", word);
		return;
	}
	while (completion->common[same] && completion->common[same] == word[same])
		same++;
	completion->common[same] = '\0';
}

/* Tab: adds what all candidates have in common; if that adds nothing, lists them with their help. */
static unsigned char complete(EditLine *edit, int character)
{
	const LineInfo *info = el_line(edit);
	struct completion completion = {.list = false};
	struct grammar_line line;
	struct grammar_error error;
	char text[4096];
	const char *prefix;

	(void)character;
	snprintf(text, sizeof(text), "%.*s", (int)(info->cursor - info->buffer), info->buffer);
	if (grammar_split(text, &line, &error) && !line.open_quote)
		return CC_ERROR;
	prefix = line.ends_in_blank || !line.count ? "" : line.words[line.count - 1].text;
	if (!grammar_complete(&line, candidate, &completion))
		return CC_ERROR;
	if (strlen(completion.common) > strlen(prefix))
		el_insertstr(edit, completion.common + strlen(prefix));
	if (completion.count == 1) {
		el_insertstr(edit, " ");
		return CC_REFRESH;
	}
	if (strlen(completion.common) > strlen(prefix))
		return CC_REFRESH;
	completion = (struct completion){.list = true};
	grammar_complete(&line, candidate, &completion);
	printf("\n");
	return CC_REDISPLAY;
}

static bool run_help(const struct grammar_line *line)
{
	if (strcmp(line->words[0].text, "help") != 0 && strcmp(line->words[0].text, "?") != 0)
		return false;
	if (!grammar_print_help(stdout, line->count > 1 ? line->words[1].text : NULL,
	                        line->count > 2 ? line->words[2].text : NULL))
		printf("no such command; 'help' lists all\n");
	return true;
}

static bool run_line(struct session *session, const char *text, int *status)
{
	struct grammar_line line;
	struct grammar_error error;

	if (grammar_split(text, &line, &error)) {
		grammar_print_error(stderr, text, &error);
		*status = 2;
		return true;
	}
	if (!line.count || run_help(&line))
		return true;
	if (strcmp(line.words[0].text, "exit") == 0 || strcmp(line.words[0].text, "quit") == 0)
		return false;
	*status = session_run(session, &line, text);
	return true;
}

static int run_terminal(struct session *session)
{
	EditLine *edit = el_init("kedge", stdin, stdout, stderr);
	History *past = history_init();
	HistEvent event;
	const char *text;
	int octets, status = 0;

	history(past, &event, H_SETSIZE, HISTORY_LINES);
	history(past, &event, H_SETUNIQUE, 1);
	el_set(edit, EL_PROMPT, prompt);
	el_set(edit, EL_EDITOR, "emacs");
	el_set(edit, EL_HIST, history, past);
	el_set(edit, EL_SIGNAL, 1);
	el_set(edit, EL_ADDFN, "kedge-complete", "completes a word", complete);
	el_set(edit, EL_BIND, "^I", "kedge-complete", NULL);
	printf("kedge %s; 'help' lists the commands, Tab completes, 'exit' ends\n", KEDGE_VERSION);
	while ((text = el_gets(edit, &octets)) && octets > 0) {
		char line[4096];

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\r\n"), text);
		if (line[0])
			history(past, &event, H_ENTER, line);
		if (!run_line(session, line, &status))
			break;
	}
	history_end(past);
	el_end(edit);
	return status;
}

/* From a pipe: one command a line, the first that fails ends it. */
static int run_pipe(struct session *session)
{
	char text[4096];
	int status = 0;

	while (status == 0 && fgets(text, sizeof(text), stdin)) {
		text[strcspn(text, "\r\n")] = '\0';
		if (!run_line(session, text, &status))
			break;
	}
	return status;
}

int interactive_run(struct session *session)
{
	session->interactive = isatty(STDIN_FILENO);
	return session->interactive ? run_terminal(session) : run_pipe(session);
}
