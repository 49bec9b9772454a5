// SPDX-License-Identifier: BSD-3-Clause
/*
 * secret - key material as a type of its own: it has no printer, is compared in constant time and is wiped when it
 * ends.
 */
#ifndef KEDGE_RUNTIME_SECRET_H
#define KEDGE_RUNTIME_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECRET_MAX_OCTETS = 64 };

/* By value in its owner's struct; zero-initialised means empty. Copies are wiped by whoever made them. */
struct secret {
	uint8_t hidden[SECRET_MAX_OCTETS];
	uint8_t octets;
};

/* Copies `octets` (at most SECRET_MAX_OCTETS, else the process aborts: a programming error) into the secret. */
void secret_set(struct secret *secret, const void *bytes, size_t octets);

/* For cryptographic functions only: where the octets are, and room for `octets` octets that the caller fills. */
const uint8_t *secret_bytes(const struct secret *secret);
uint8_t *secret_fill(struct secret *secret, size_t octets);
size_t secret_octets(const struct secret *secret);

bool secret_is_empty(const struct secret *secret);

/* Constant time in the content; lengths may show. */
bool secret_equal(const struct secret *a, const struct secret *b);

void secret_wipe(struct secret *secret);

#endif
