// SPDX-License-Identifier: BSD-3-Clause
/*
 * key_file - secrets that the operator keeps in files. A file that others can read is refused; nothing of the content
 * ever stands in an error text.
 */
#ifndef KEDGE_RUNTIME_KEY_FILE_H
#define KEDGE_RUNTIME_KEY_FILE_H

#include "secret.h"

enum { KEY_FILE_ERROR_OCTETS = 256, KEY_FILE_NAME_OCTETS = 256 };

/* The first line, without its end; `minimum` to 64 octets (R-12: RADIUS secrets, minimum 16). Returns 0 or negative
 * errno. */
int key_file_read_line(const char *path, size_t minimum, struct secret *secret, char error[KEY_FILE_ERROR_OCTETS]);

/* Exactly 2 * `octets` hex digits. */
int key_file_read_hex(const char *path, size_t octets, struct secret *secret, char error[KEY_FILE_ERROR_OCTETS]);

/* The same for `count` keys of `octets` octets, each in a line of its own; all of them or none. */
int key_file_read_hex_lines(const char *path, size_t octets, struct secret *const *secrets, size_t count,
                            char error[KEY_FILE_ERROR_OCTETS]);

/*
 * What tsig-keygen prints: key "NAME" { algorithm ALGORITHM; secret "BASE64"; };
 * Writes name and algorithm as they stand there, without a final dot.
 */
int key_file_read_tsig(const char *path, char name[KEY_FILE_NAME_OCTETS], char algorithm[KEY_FILE_NAME_OCTETS],
                       struct secret *secret, char error[KEY_FILE_ERROR_OCTETS]);

/* 0 when only the owner can read the file, -EACCES (with `error`) when others can, or another negative errno. */
int key_file_check_mode(const char *path, char error[KEY_FILE_ERROR_OCTETS]);

#endif
