// SPDX-License-Identifier: BSD-3-Clause
/*
 * naming_client SERVER KEY-FILE FORWARD-ZONE REVERSE-ZONE: the naming room on the real loop and real sockets, driven by
 * lines on stdin; for tests against other people's DNS servers.
 *
 *   create|change|delete TOKEN FQDN ADDRESS OWNER [PREVIOUS]   → "end TOKEN OUTCOME DETAIL", some time
 *   rsa on|off           HIP records with an RSA-3072 key (longer than a datagram), or P-256
 *   hip on|off           with HIP records at all
 *   wish FQDN ADDRESS OWNER   what the store wants, for reconcile
 *   start                SOA and transfers, reconciliation → "known NAMES" when the zones are known
 *   holding FQDN OWNER   → "holding FQDN unknown|free|ours|taken"
 *   counters             → "counter NAME VALUE" lines, then "counters end"
 *   quit
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels.h"
#include "key_file.h"
#include "naming.h"

enum { DATAGRAM_CHANNEL = 1, STREAM_CHANNEL, TRANSFER_CHANNEL };
enum { WISHES_MAX = 256, LINE_OCTETS = 1024, NAME_OCTETS = 256, WORDS_MAX = 7, RSA_OCTETS = 4 + 384 };

struct wish {
	char fqdn[NAME_OCTETS];
	char owner[32];
	struct in6_addr address;
};

struct client {
	struct loop *loop;
	struct naming *core;
	uv_pipe_t input;
	uv_timer_t known;
	char line[LINE_OCTETS];
	char read_buffer[4096];
	size_t line_octets;
	bool with_hip;
	bool with_rsa;
	struct wish wishes[WISHES_MAX];
	size_t wish_count;
	uint8_t rdata[NAMING_HIP_RDATA_MAX];
};

static struct wire_view view_of(const char *text)
{
	return (struct wire_view){(const uint8_t *)text, strlen(text)};
}

/* A HIP record: HIT and key are made up, of the right form. */
static struct wire_view hip_data(struct client *client)
{
	uint8_t key[RSA_OCTETS];
	struct wire_writer writer = wire_writer_of(client->rdata, sizeof(client->rdata));
	struct hip_rr rr = {
	        .hit = {0x20, 0x01, 0x00, 0x22, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	        .key_algorithm = client->with_rsa ? HIP_KEY_RSA : HIP_KEY_ECDSA,
	        .key = {key, client->with_rsa ? RSA_OCTETS : HIP_P256_OCTETS},
	        .rendezvous_servers = {(const uint8_t *)"\2ha\3mob\7example", 16},
	};

	if (!client->with_hip)
		return (struct wire_view){0};
	memset(key, 0x5b, sizeof(key));
	if (client->with_rsa)
		memcpy(key, "\3\1\0\1", 4);
	hip_rr_write(&writer, &rr);
	return (struct wire_view){client->rdata, wire_written(&writer)};
}

static void ended(void *context, uint64_t token, enum naming_outcome outcome, const char *detail,
                  const struct instant *now, struct effects *effects)
{
	(void)context;
	(void)now;
	(void)effects;
	printf("end %llu %s %s\n", (unsigned long long)token, naming_outcome_name(outcome), detail);
	fflush(stdout);
}

static void fill_wish(struct client *client, const struct wish *wish, struct naming_request *wanted)
{
	*wanted = (struct naming_request){
	        .fqdn = wish->fqdn,
	        .home_address = wish->address,
	        .hip_rdata = hip_data(client),
	        .owner_id = view_of(wish->owner),
	        .ttl_s = 300,
	};
}

static enum naming_wish wish_at(void *context, const char *fqdn, struct naming_request *wanted)
{
	struct client *client = context;

	for (size_t i = 0; i < client->wish_count; i++) {
		if (strcmp(client->wishes[i].fqdn, fqdn) == 0) {
			fill_wish(client, &client->wishes[i], wanted);
			return NAMING_WISH_HOLD;
		}
	}
	return NAMING_WISH_NONE;
}

static bool next_wish(void *context, uint64_t *cursor, struct naming_request *wanted)
{
	struct client *client = context;

	if (*cursor == client->wish_count)
		return false;
	fill_wish(client, &client->wishes[(*cursor)++], wanted);
	return true;
}

static void received(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                     size_t octets, const struct instant *now, struct effects *effects)
{
	struct client *client = context;

	if (channel == DATAGRAM_CHANNEL)
		naming_datagram(client->core, channel, from, message, octets, now, effects);
	else
		naming_stream_message(client->core, channel, from, message, octets, now, effects);
}

static void failed(void *context, uint16_t channel, const struct endpoint *peer, int error, const struct instant *now,
                   struct effects *effects)
{
	struct client *client = context;

	naming_stream_failed(client->core, channel, peer, error, now, effects);
}

/* Commands */

static void apply(struct client *client, char **words, enum naming_kind kind)
{
	struct naming_request request = {
	        .token = strtoull(words[1], NULL, 10),
	        .kind = kind,
	        .fqdn = words[2],
	        .previous_fqdn = words[5],
	        .hip_rdata = hip_data(client),
	        .owner_id = view_of(words[4]),
	        .ttl_s = 300,
	};
	struct instant now;
	struct effects *step;
	int result = address_parse(words[3], &request.home_address);

	step = loop_begin(client->loop, &now);
	if (!result)
		result = naming_apply(client->core, &request, &now, step);
	loop_end(client->loop, step, &now);
	if (result)
		printf("end %s invalid %s\n", words[1], strerror(-result));
}

static void add_wish(struct client *client, char **words)
{
	struct wish *wish = &client->wishes[client->wish_count++];

	snprintf(wish->fqdn, sizeof(wish->fqdn), "%s", words[1]);
	snprintf(wish->owner, sizeof(wish->owner), "%s", words[3]);
	if (client->wish_count == WISHES_MAX || address_parse(words[2], &wish->address))
		exit(2);
}

static void look_whether_known(uv_timer_t *timer)
{
	struct client *client = timer->data;

	if (naming_counters(client->core)->transfers < 2)
		return;
	uv_timer_stop(timer);
	printf("known %zu\n", naming_view(client->core).names);
	fflush(stdout);
}

static void start(struct client *client)
{
	struct instant now;
	struct effects *step = loop_begin(client->loop, &now);

	naming_start(client->core, &now, step);
	loop_end(client->loop, step, &now);
	uv_timer_start(&client->known, look_whether_known, 10, 10);
}

static void tell_holding(struct client *client, char **words)
{
	static const char *const names[] = {"unknown", "free", "ours", "taken"};

	printf("holding %s %s\n", words[1], names[naming_holding(client->core, words[1], view_of(words[2]))]);
}

static void tell_counters(const struct client *client)
{
	const struct naming_counters *counters = naming_counters(client->core);

#define X(name, help) printf("counter %s %llu\n", #name, (unsigned long long)counters->name);
	NAMING_COUNTERS(X)
#undef X
	printf("counters end\n");
}

static void command(struct client *client, char *line)
{
	char *words[WORDS_MAX + 1] = {NULL};
	size_t count = 0;

	for (char *word = strtok(line, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	if (count >= 5 && strcmp(words[0], "create") == 0)
		apply(client, words, NAMING_KIND_CREATE);
	else if (count >= 5 && strcmp(words[0], "change") == 0)
		apply(client, words, NAMING_KIND_CHANGE);
	else if (count >= 5 && strcmp(words[0], "delete") == 0)
		apply(client, words, NAMING_KIND_DELETE);
	else if (count == 4 && strcmp(words[0], "wish") == 0)
		add_wish(client, words);
	else if (count == 3 && strcmp(words[0], "holding") == 0)
		tell_holding(client, words);
	else if (count == 2 && strcmp(words[0], "rsa") == 0)
		client->with_rsa = strcmp(words[1], "on") == 0;
	else if (count == 2 && strcmp(words[0], "hip") == 0)
		client->with_hip = strcmp(words[1], "on") == 0;
	else if (count == 1 && strcmp(words[0], "start") == 0)
		start(client);
	else if (count == 1 && strcmp(words[0], "counters") == 0)
		tell_counters(client);
	else if (count == 1 && strcmp(words[0], "quit") == 0)
		loop_stop(client->loop);
	else
		printf("what?\n");
	fflush(stdout);
}

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(client->read_buffer, sizeof(client->read_buffer));
}

static void input_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	if (octets < 0) {
		loop_stop(client->loop);
		return;
	}
	for (ssize_t i = 0; i < octets; i++) {
		char c = buffer->base[i];

		if (c != '\n' && client->line_octets < sizeof(client->line) - 1) {
			client->line[client->line_octets++] = c;
			continue;
		}
		client->line[client->line_octets] = '\0';
		client->line_octets = 0;
		command(client, client->line);
	}
}

static int open_channels(struct client *client, const struct endpoint *server)
{
	struct endpoint any = {0};
	struct channels *channels = loop_channels(client->loop);
	int result;

	if (IN6_IS_ADDR_V4MAPPED(&server->address))
		address_parse("0.0.0.0", &any.address);
	result = channels_open_udp(channels, DATAGRAM_CHANNEL, &any, received, client);
	if (!result)
		result = channels_open_stream(channels, STREAM_CHANNEL, received, failed, client);
	if (!result)
		result = channels_open_stream(channels, TRANSFER_CHANNEL, received, failed, client);
	return result;
}

int main(int argc, char **argv)
{
	static struct client client = {.with_hip = true};
	struct tsig_key key;
	struct secret secret = {0};
	struct secret owner_key = {0};
	char name[KEY_FILE_NAME_OCTETS];
	char algorithm[KEY_FILE_NAME_OCTETS];
	char error[KEY_FILE_ERROR_OCTETS];
	struct naming_options options = {
	        .key = &key,
	        .owner_key = &owner_key,
	        .datagram_channel = DATAGRAM_CHANNEL,
	        .stream_channel = STREAM_CHANNEL,
	        .transfer_channel = TRANSFER_CHANNEL,
	        .patience_ms = 5000,
	        .outlet = {&client, ended, wish_at, next_wish},
	        .randomness = randomness_system(),
	};

	if (argc != 5 || endpoint_parse(argv[1], &options.server) ||
	    key_file_read_tsig(argv[2], name, algorithm, &secret, error) ||
	    tsig_key_make(name, algorithm, &secret, &key)) {
		fprintf(stderr, "usage: %s SERVER KEY-FILE FORWARD-ZONE REVERSE-ZONE\n", argv[0]);
		return 2;
	}
	secret_set(&owner_key, "owner-key-owner-key-owner-key-ow", 32);
	options.forward_zone = argv[3];
	options.reverse_zone = argv[4];
	client.loop = loop_new();
	options.timers = loop_timers(client.loop);
	client.core = naming_new(&options);
	if (!client.core || open_channels(&client, &options.server))
		return 2;
	uv_pipe_init(loop_uv(client.loop), &client.input, 0);
	uv_timer_init(loop_uv(client.loop), &client.known);
	client.input.data = client.known.data = &client;
	uv_pipe_open(&client.input, 0);
	uv_read_start((uv_stream_t *)&client.input, allocate_buffer, input_read);
	loop_run(client.loop);
	uv_close((uv_handle_t *)&client.input, NULL);
	uv_close((uv_handle_t *)&client.known, NULL);
	naming_free(client.core);
	loop_free(client.loop);
	secret_wipe(&secret);
	secret_wipe(&key.secret);
	return 0;
}
