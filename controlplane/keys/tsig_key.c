// SPDX-License-Identifier: BSD-3-Clause
/* Reads a TSIG key as `tsig-keygen` prints it. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "tsig.h"

enum { WORD_OCTETS = 256, SECRET_MIN_OCTETS = 16 };

/* The next word, quoted or not, or a single brace or semicolon, into `word`; empty at the end or when too long. */
static const char *next_word(const char *at, char word[WORD_OCTETS])
{
	size_t octets;

	word[0] = '\0';
	at += strspn(at, " \t\r\n");
	if (*at == '"') {
		octets = strcspn(++at, "\"\n");
		if (at[octets] != '"' || octets >= WORD_OCTETS)
			return at;
		memcpy(word, at, octets);
		word[octets] = '\0';
		return at + octets + 1;
	}
	octets = strchr("{};", *at) && *at ? 1 : strcspn(at, " \t\r\n{};\"");
	if (octets >= WORD_OCTETS)
		return at;
	memcpy(word, at, octets);
	word[octets] = '\0';
	return at + octets;
}

static const char *expect(const char *at, const char *expected, bool *good)
{
	char word[WORD_OCTETS];

	at = next_word(at, word);
	*good = *good && strcasecmp(word, expected) == 0;
	return at;
}

static int decode_secret(const char *text, struct secret *secret)
{
	uint8_t bytes[WORD_OCTETS];
	size_t octets = strlen(text);
	size_t padding = 0;
	int decoded;
	int result = -EINVAL;

	while (padding < 2 && padding < octets && text[octets - 1 - padding] == '=')
		padding++;
	decoded = octets && octets % 4 == 0 ? EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)octets) : -1;
	if (decoded < (int)padding)
		goto end;
	decoded -= (int)padding;
	result = -EKEYREJECTED;
	if (decoded < SECRET_MIN_OCTETS || decoded > SECRET_MAX_OCTETS)
		goto end;
	secret_set(secret, bytes, (size_t)decoded);
	result = 0;
end:
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return result;
}

static int algorithm_of(const char *name, enum tsig_algorithm *algorithm)
{
	static const char *const names[] = {
	        [TSIG_HMAC_SHA256] = "hmac-sha256",
	        [TSIG_HMAC_SHA384] = "hmac-sha384",
	        [TSIG_HMAC_SHA512] = "hmac-sha512",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i]) == 0) {
			*algorithm = (enum tsig_algorithm)i;
			return 0;
		}
	}
	return -ENOTSUP;
}

static bool read_name(const char *word, char name[DNS_NAME_TEXT_OCTETS])
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));
	struct wire_reader reader;

	dns_name_write(&writer, word);
	reader = wire_reader_of(wire, wire_written(&writer));
	dns_name_read(&reader, name);
	return wire_complete(&reader) && name[0] != '\0';
}

int tsig_key_parse(const char *text, struct tsig_key *key)
{
	char name[WORD_OCTETS];
	char algorithm[WORD_OCTETS];
	char secret[WORD_OCTETS];
	char rest[WORD_OCTETS];
	bool good = true;
	int result = -EINVAL;

	memset(key, 0, sizeof(*key));
	text = expect(text, "key", &good);
	text = next_word(text, name);
	text = expect(text, "{", &good);
	text = expect(text, "algorithm", &good);
	text = next_word(text, algorithm);
	text = expect(text, ";", &good);
	text = expect(text, "secret", &good);
	text = next_word(text, secret);
	text = expect(text, ";", &good);
	text = expect(text, "}", &good);
	text = expect(text, ";", &good);
	(void)next_word(text, rest);
	if (!good || rest[0] || !read_name(name, key->name))
		goto end;
	result = algorithm_of(algorithm, &key->algorithm);
	if (!result)
		result = decode_secret(secret, &key->secret);
end:
	OPENSSL_cleanse(secret, sizeof(secret));
	return result;
}
