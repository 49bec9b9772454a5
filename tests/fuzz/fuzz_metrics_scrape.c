// SPDX-License-Identifier: BSD-3-Clause
/* Three lines as method, path and Accept of a request, and the first as a place to listen at. */
#include <stdlib.h>
#include <string.h>

#include "metrics_scrape.h"

enum { WORDS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

/* Takes a line off the input, as a string of its own. */
static void take_line(const uint8_t **bytes, size_t *octets, char line[WORDS_MAX])
{
	const uint8_t *end = *octets ? memchr(*bytes, '\n', *octets) : NULL;
	size_t length = end ? (size_t)(end - *bytes) : *octets;
	size_t copied = length < WORDS_MAX - 1 ? length : WORDS_MAX - 1;

	memset(line, 0, WORDS_MAX);
	if (copied)
		memcpy(line, *bytes, copied);
	*bytes += length + (end != NULL);
	*octets -= length + (end != NULL);
}

static void write_one(void *context, struct metrics_text *text)
{
	(void)context;
	metrics_counter(text, "kedge_asked", "how often", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static struct metrics_source source = {.write = write_one};

	char method[WORDS_MAX], path[WORDS_MAX], accept[WORDS_MAX];
	struct metrics_answer answer;
	struct metrics_place place;

	take_line(&bytes, &octets, method);
	take_line(&bytes, &octets, path);
	take_line(&bytes, &octets, accept);
	answer = metrics_answer_to(&source, method, path, accept);
	if (!answer.media_type || (answer.status == 200) != (answer.body == source.bytes))
		abort();
	if (metrics_place_read(method, &place) == 0 &&
	    (place.address.any.sa_family == AF_UNIX ? method[0] != '/' : !strchr(method, ':')))
		abort();
	return 0;
}
