// SPDX-License-Identifier: BSD-3-Clause
#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { FILE_OCTETS = 4096 };

static int check_open_file(int file, const char *path, char *error)
{
	struct stat status;

	if (fstat(file, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode)) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.180s: not a regular file", path);
		return -EINVAL;
	}
	if (status.st_mode & 077) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.180s: others can read it (mode %03o); chmod 0600 it", path,
		         status.st_mode & 0777);
		return -EACCES;
	}
	return 0;
}

/* The whole file as text with a final NUL; the caller wipes it. */
static int read_file(const char *path, char text[FILE_OCTETS], char *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t octets;
	int result;

	if (file < 0) {
		result = -errno;
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.180s: %s", path, strerror(errno));
		return result;
	}
	result = check_open_file(file, path, error);
	if (result)
		goto end;
	octets = read(file, text, FILE_OCTETS - 1);
	if (octets < 0) {
		result = -errno;
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.180s: %s", path, strerror(errno));
		goto end;
	}
	text[octets] = '\0';
end:
	close(file);
	return result;
}

int key_file_check_mode(const char *path, char error[KEY_FILE_ERROR_OCTETS])
{
	char text[FILE_OCTETS];
	int result = read_file(path, text, error);

	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

int key_file_read_line(const char *path, size_t minimum, struct secret *secret, char error[KEY_FILE_ERROR_OCTETS])
{
	char text[FILE_OCTETS];
	size_t octets;
	int result = read_file(path, text, error);

	if (result)
		goto end;
	octets = strcspn(text, "\r\n");
	if (octets < minimum || octets > SECRET_MAX_OCTETS) {
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.160s: the first line has %zu octets; it takes %zu to %d",
		         path, octets, minimum, SECRET_MAX_OCTETS);
		result = -EINVAL;
		goto end;
	}
	secret_set(secret, text, octets);
end:
	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* `octets` octets of a line; moves *at behind its end. Blanks may end it. */
static int read_hex_line(const char **at, size_t octets, struct secret *secret)
{
	uint8_t *to = secret_fill(secret, octets);
	const char *text = *at;

	for (size_t i = 0; i < octets; i++, text += 2) {
		int high = nibble(text[0]);
		int low = high < 0 ? -1 : nibble(text[1]);

		if (low < 0)
			return -EINVAL;
		to[i] = (uint8_t)(high << 4 | low);
	}
	text += strspn(text, "\r ");
	if (*text && *text != '\n')
		return -EINVAL;
	*at = *text ? text + 1 : text;
	return 0;
}

int key_file_read_hex_lines(const char *path, size_t octets, struct secret *const *secrets, size_t count,
                            char error[KEY_FILE_ERROR_OCTETS])
{
	char text[FILE_OCTETS];
	const char *at = text;
	int result = read_file(path, text, error);

	if (result)
		goto end;
	for (size_t i = 0; !result && i < count; i++)
		result = read_hex_line(&at, octets, secrets[i]);
	if (!result && at[strspn(at, "\r\n ")])
		result = -EINVAL;
	if (!result)
		goto end;
	for (size_t i = 0; i < count; i++)
		secret_wipe(secrets[i]);
	if (count == 1)
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.180s: it takes exactly %zu hex digits", path, 2 * octets);
	else
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.150s: it takes exactly %zu lines of %zu hex digits", path,
		         count, 2 * octets);
end:
	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

int key_file_read_hex(const char *path, size_t octets, struct secret *secret, char error[KEY_FILE_ERROR_OCTETS])
{
	return key_file_read_hex_lines(path, octets, &secret, 1, error);
}

/* The word behind `keyword`, with or without quotes, up to a quote, blank, semicolon or brace. */
static int word_after(const char *text, const char *keyword, char *word, size_t capacity)
{
	const char *at = strstr(text, keyword);
	size_t length;

	if (!at)
		return -EINVAL;
	at += strlen(keyword);
	at += strspn(at, " \t\r\n\"");
	length = strcspn(at, " \t\r\n\";{}");
	if (!length || length >= capacity)
		return -EINVAL;
	memcpy(word, at, length);
	word[length] = '\0';
	return 0;
}

static int decode_base64(const char *text, struct secret *secret)
{
	uint8_t decoded[FILE_OCTETS];
	size_t length = strlen(text);
	int octets;

	if (length % 4 || length > 256)
		return -EINVAL;
	octets = EVP_DecodeBlock(decoded, (const unsigned char *)text, (int)length);
	if (octets > 0 && text[length - 1] == '=')
		octets -= text[length - 2] == '=' ? 2 : 1;
	if (octets >= 16 && octets <= SECRET_MAX_OCTETS)
		secret_set(secret, decoded, (size_t)octets);
	OPENSSL_cleanse(decoded, sizeof(decoded));
	return octets >= 16 && octets <= SECRET_MAX_OCTETS ? 0 : -EINVAL;
}

static void strip_final_dot(char *name)
{
	size_t length = strlen(name);

	if (length > 1 && name[length - 1] == '.')
		name[length - 1] = '\0';
}

int key_file_read_tsig(const char *path, char name[KEY_FILE_NAME_OCTETS], char algorithm[KEY_FILE_NAME_OCTETS],
                       struct secret *secret, char error[KEY_FILE_ERROR_OCTETS])
{
	char text[FILE_OCTETS], encoded[FILE_OCTETS];
	int result = read_file(path, text, error);

	if (result)
		goto end;
	result = word_after(text, "key", name, KEY_FILE_NAME_OCTETS);
	if (!result)
		result = word_after(text, "algorithm", algorithm, KEY_FILE_NAME_OCTETS);
	if (!result)
		result = word_after(text, "secret", encoded, sizeof(encoded));
	if (!result)
		result = decode_base64(encoded, secret);
	if (result) {
		snprintf(error, KEY_FILE_ERROR_OCTETS,
		         "%.120s: not a TSIG key; it takes what tsig-keygen prints, with a secret of 16 to 64 octets",
		         path);
		goto end;
	}
	strip_final_dot(name);
	strip_final_dot(algorithm);
end:
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(encoded, sizeof(encoded));
	return result;
}
