// SPDX-License-Identifier: BSD-3-Clause
/* R-12 and the key files of operation.md 1: mode 0600, refused if others can read them, nothing secret in an error. */
#include "key_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vectors.h"

static char path[] = "/tmp/kedge-key-XXXXXX";

static int file_start(void **state)
{
	int file;

	(void)state;
	strcpy(path, "/tmp/kedge-key-XXXXXX");
	file = mkstemp(path);
	return file < 0 ? -1 : close(file);
}

static int file_end(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void reads_a_line(void **state)
{
	struct secret secret = {0};
	char error[KEY_FILE_ERROR_OCTETS];

	(void)state;
	write_file("testing123-testing123\nsecond line\n");
	assert_int_equal(key_file_read_line(path, 16, &secret, error), 0);
	assert_octets(secret_bytes(&secret), secret_octets(&secret), "testing123-testing123", 21);
	write_file("tooshort\n");
	assert_int_equal(key_file_read_line(path, 16, &secret, error), -EINVAL);
	assert_null(strstr(error, "tooshort"));
}

static void reads_hex(void **state)
{
	struct secret secret = {0};
	char error[KEY_FILE_ERROR_OCTETS];

	(void)state;
	write_file("00ff10AB\n");
	assert_int_equal(key_file_read_hex(path, 4, &secret, error), 0);
	assert_octets(secret_bytes(&secret), secret_octets(&secret), "\x00\xff\x10\xab", 4);
	write_file("00ff10A\n");
	assert_int_equal(key_file_read_hex(path, 4, &secret, error), -EINVAL);
	write_file("00ff10ABcd\n");
	assert_int_equal(key_file_read_hex(path, 4, &secret, error), -EINVAL);
	assert_true(secret_is_empty(&secret));
	assert_null(strstr(error, "00ff"));
}

static void reads_what_tsig_keygen_prints(void **state)
{
	struct secret secret = {0};
	char name[KEY_FILE_NAME_OCTETS], algorithm[KEY_FILE_NAME_OCTETS], error[KEY_FILE_ERROR_OCTETS];

	(void)state;
	write_file("key \"kedge\" {\n\talgorithm hmac-sha256;\n"
	           "\tsecret \"a2VkZ2UtcmlnLWtleS1rZWRnZS1yaWcta2V5ISEhISE=\";\n};\n");
	assert_int_equal(key_file_read_tsig(path, name, algorithm, &secret, error), 0);
	assert_string_equal(name, "kedge");
	assert_string_equal(algorithm, "hmac-sha256");
	assert_octets(secret_bytes(&secret), secret_octets(&secret), "kedge-rig-key-kedge-rig-key!!!!!", 32);
	write_file("key \"kedge\" { algorithm hmac-sha256; };\n");
	assert_int_equal(key_file_read_tsig(path, name, algorithm, &secret, error), -EINVAL);
}

static void refuses_a_file_that_others_can_read(void **state)
{
	struct secret secret = {0};
	char error[KEY_FILE_ERROR_OCTETS];

	(void)state;
	write_file("testing123-testing123\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(key_file_read_line(path, 16, &secret, error), -EACCES);
	assert_non_null(strstr(error, "chmod 0600"));
	assert_int_equal(key_file_check_mode(path, error), -EACCES);
	assert_int_equal(key_file_read_line("/tmp", 1, &secret, error), -EINVAL);
	assert_int_equal(key_file_read_line("/nonexistent", 1, &secret, error), -ENOENT);
}

#define with_file(test) cmocka_unit_test_setup_teardown(test, file_start, file_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        with_file(reads_a_line),
	        with_file(reads_hex),
	        with_file(reads_what_tsig_keygen_prints),
	        with_file(refuses_a_file_that_others_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
