// SPDX-License-Identifier: BSD-3-Clause
/*
 * Stands in for libFuzzer's main in the ordinary build: gives each file of a seed directory to the target, then each
 * of its prefixes and each single-octet corruption, so that even a few seeds reach the error paths.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

enum { SEED_MAX = 65536, CORRUPTED_MAX = 512 };

static void try_copy(const uint8_t *bytes, size_t octets)
{
	uint8_t *copy = exact_copy((struct wire_view){bytes, octets});

	LLVMFuzzerTestOneInput(copy, octets);
	free(copy);
}

static int replay_file(const char *path)
{
	static uint8_t bytes[SEED_MAX];
	size_t octets;
	FILE *file = fopen(path, "rb");

	if (!file)
		return -1;
	octets = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t prefix = 0; prefix <= octets; prefix++)
		try_copy(bytes, prefix);
	for (size_t at = 0; at < octets && at < CORRUPTED_MAX; at++) {
		static const uint8_t patterns[] = {0x01, 0x80, 0xff};

		for (size_t i = 0; i < sizeof(patterns); i++) {
			bytes[at] ^= patterns[i];
			try_copy(bytes, octets);
			bytes[at] ^= patterns[i];
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int replayed = 0;
	struct dirent *entry;
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;

	if (!directory) {
		fprintf(stderr, "usage: %s SEED-DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(directory))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (replay_file(path)) {
			perror(path);
			return 1;
		}
		replayed++;
	}
	closedir(directory);
	printf("%d seeds replayed\n", replayed);
	return replayed ? 0 : 1;
}
