// SPDX-License-Identifier: BSD-3-Clause
/* Wrong configuration: file, line, what is wrong, what would be right. The sample is read, with its files in place. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "services.h"
#include "vectors.h"

static char folder[] = "/tmp/kedge-settings-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

static int folder_start(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/kedge-settings-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	write_file("host-key.pem", "a key", 0600);
	write_file("owner.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0600);
	write_file("radius.secret", "testing123-testing123\n", 0600);
	write_file(
	        "tsig.key",
	        "key \"kedge\" { algorithm hmac-sha256; secret \"a2VkZ2UtcmlnLWtleS1rZWRnZS1yaWcta2V5ISEhISE=\"; };\n",
	        0600);
	return 0;
}

static int folder_end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* The sample with its folder put in place of /etc/kedge, and `from` replaced by `to`. */
static char *sample_with(const char *from, const char *to)
{
	char path[512], *text = calloc(1, 65536), *at;
	char line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/controlplane/mobilityserver/controlplane.yaml", getenv("KEDGE_SOURCE"));
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, "/etc/kedge");
		if (at)
			sprintf(text + strlen(text), "%.*s%s%s", (int)(at - line), line, folder, at + 10);
		else
			strcat(text, line);
	}
	fclose(file);
	if (from) {
		char *rest = strstr(text, from), *tail;

		assert_non_null(rest);
		tail = strdup(rest + strlen(from));
		strcpy(rest, to);
		strcat(rest, tail);
		free(tail);
	}
	return text;
}

static int read_sample(const char *from, const char *to, struct settings *settings,
                       char error[CONFIGURATION_ERROR_OCTETS])
{
	char *text = sample_with(from, to), path[256];
	struct configuration *configuration;
	int result = -1;

	write_file("controlplane.yaml", text, 0644);
	free(text);
	memset(settings, 0, sizeof(*settings));
	snprintf(path, sizeof(path), "%s/controlplane.yaml", folder);
	configuration = configuration_load(path, settings_schema, error);
	if (configuration)
		result = settings_read(configuration_root(configuration), settings, error);
	configuration_free(configuration);
	return result;
}

static void the_sample_is_right(void **state)
{
	static struct settings settings;
	char error[CONFIGURATION_ERROR_OCTETS] = "";

	(void)state;
	if (read_sample(NULL, NULL, &settings, error))
		fail_msg("%s", error);
	assert_string_equal(settings.paa_id, "ha.mob.example");
	assert_int_equal(settings.home_prefix_length, 48);
	assert_int_equal(settings.services, SERVICE_MIP6);
	assert_true(settings.nat_permitted);
	assert_int_equal(settings.server_count, 1);
	assert_int_equal(settings.servers[0].endpoint.port, 1812);
	assert_string_equal(settings.servers[0].imsi_prefixes[0], "00101");
	assert_string_equal(settings.dns.key.name, "kedge");
	assert_int_equal(settings.name_policy.rule_count, 1);
	assert_int_equal(settings.rules[0].template_count, 2);
	assert_int_equal(settings.reservation_count, 1);
	assert_int_equal(settings.reservations[0].subnet, 0xff);
	assert_int_equal(settings.lease_lifetime_s, 604800);
	settings_free(&settings);
}

static void wrong_settings_name_line_and_remedy(void **state)
{
	static const struct {
		const char *from, *to, *error;
	} wrong[] = {
	        {"paa-id: ha.mob.example", "paa-id: HA.mob.example", ":5: paa-id: 'HA.mob.example' is no domain name"},
	        {"service-address: 2001:db8:1::1", "service-address: 192.0.2.1", "it takes a global IPv6 address"},
	        {"home-prefix: 2001:db8:aa::/48", "home-prefix: 2001:db8::/32", "a /38 to a /63"},
	        {"services: [mip6]", "services: [mip6, hip]", "offers mip6, with or without dsmip6"},
	        {"services: [mip6]", "services: [mip7]", "'mip7' is no service; it takes mip6, dsmip6, hip"},
	        {"\"[::1]:1812\"", "\"[2001:db8::1]:1812\"", "radius-clear: yes allows it"},
	        {"imsi-prefixes: [\"00101\"]", "imsi-prefixes: [\"001\"]", "'001' is no prefix"},
	        {"\"{given}-{family}\"", "\"{givn}\"", "'{givn}' is no template"},
	        {"prefix: 2001:db8:aa:ff::/64", "prefix: 2001:db8:bb:ff::/64", "a /64 of the home prefix"},
	        {"subscriber: home/001010000000099", "subscriber: 001010000000099", "it takes SERVER/IMSI"},
	        {"forward-zone: mob.example", "forward-zone: mob.example.", "is no domain name"},
	        {"/radius.secret", "/nothing", "secret-file: "},
	};
	static struct settings settings;
	char error[CONFIGURATION_ERROR_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error[0] = '\0';
		if (read_sample(wrong[i].from, wrong[i].to, &settings, error) == 0)
			fail_msg("'%s' was taken", wrong[i].to);
		if (!strstr(error, wrong[i].error) || !strstr(error, "controlplane.yaml:"))
			fail_msg("expected '%s' in '%s'", wrong[i].error, error);
		settings_free(&settings);
	}
}

/* P-4's refusal, the key files of operation.md 1. */
static void a_secret_that_others_can_read_is_refused(void **state)
{
	static struct settings settings;
	char error[CONFIGURATION_ERROR_OCTETS];

	(void)state;
	write_file("owner.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0644);
	assert_true(read_sample(NULL, NULL, &settings, error) < 0);
	assert_non_null(strstr(error, "owner-key-file"));
	assert_non_null(strstr(error, "chmod 0600"));
	settings_free(&settings);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, folder_start, folder_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        with_folder(the_sample_is_right),
	        with_folder(wrong_settings_name_line_and_remedy),
	        with_folder(a_secret_that_others_can_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
