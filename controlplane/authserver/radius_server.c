// SPDX-License-Identifier: BSD-3-Clause
#include "radius_server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "ip.h"
#include "radius_security.h"

enum { STATE_OCTETS = 16, STATE_NUMBER_OCTETS = 8, CLASS_OCTETS = 8, USER_NAME_OCTETS = RADIUS_VALUE_MAX };

/* The profile's attributes under our Vendor-Id (operation.md 2). */
enum {
	PROFILE_NAME = 1,
	PROFILE_POSTAL_ADDRESS = 2,
	PROFILE_MSISDN = 3,
	PROFILE_SERVICES = 4,
	PROFILE_NAME_POLICY = 5,
	PROFILE_BARRED = 6,
	PROFILE_NAME_CONSENT = 7,
	PROFILE_AMBR_DOWN = 8,
	PROFILE_AMBR_UP = 9,
};

/* Who asked, and with what, so that the answer fits: and so that a repetition is known. */
struct request_key {
	struct in6_addr address;
	uint16_t port;
	uint8_t identifier;
	uint8_t channel;
};

struct radius_answer {
	UT_hash_handle hh;
	struct request_key key;
	struct radius_server *server;
	struct timer life;
	uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS];
	size_t octets; /* 0: not answered yet */
	uint8_t *packet;
};

struct radius_conversation {
	UT_hash_handle hh;
	uint64_t number;
	uint8_t secret_state[STATE_OCTETS - STATE_NUMBER_OCTETS];
	const struct radius_client *client;
	/* the request that waits for an answer */
	struct endpoint from;
	uint16_t channel;
	uint8_t identifier;
	uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS];
	uint8_t user_name[USER_NAME_OCTETS];
	size_t user_name_octets;
	uint8_t proxy_states[RADIUS_PROXY_STATES_MAX * 255]; /* whole attributes, in their order */
	size_t proxy_state_octets;
};

void radius_server_start(struct radius_server *server, const struct radius_client *clients, size_t client_count,
                         struct eap_server *eap, struct timer_wheel *timers, struct randomness *randomness,
                         uint32_t vendor_id, uint32_t session_timeout_s)
{
	*server = (struct radius_server){
	        .clients = clients,
	        .client_count = client_count,
	        .eap = eap,
	        .timers = timers,
	        .randomness = randomness,
	        .vendor_id = vendor_id,
	        .session_timeout_s = session_timeout_s,
	};
}

static void forget_answer(struct radius_server *server, struct radius_answer *answer)
{
	timer_disarm(&answer->life);
	HASH_DEL(server->answers, answer);
	if (answer->packet)
		OPENSSL_cleanse(answer->packet, answer->octets);
	free(answer->packet);
	free(answer);
}

static void forget_conversation(struct radius_server *server, struct radius_conversation *conversation)
{
	HASH_DEL(server->conversations, conversation);
	free(conversation);
}

void radius_server_end(struct radius_server *server)
{
	struct radius_conversation *conversation, *next_conversation;
	struct radius_answer *answer, *next_answer;

	HASH_ITER (hh, server->conversations, conversation, next_conversation)
		forget_conversation(server, conversation);
	HASH_ITER (hh, server->answers, answer, next_answer)
		forget_answer(server, answer);
}

static const struct radius_client *same_client(const struct radius_client *clients, size_t count,
                                               const struct radius_client *wanted)
{
	for (size_t i = 0; i < count; i++) {
		const struct radius_client *client = &clients[i];

		if (in6_is_equal(&client->prefix, &wanted->prefix) && client->prefix_length == wanted->prefix_length &&
		    strcmp(client->paa_id, wanted->paa_id) == 0 &&
		    strcmp(client->network_name, wanted->network_name) == 0)
			return client;
	}
	return NULL;
}

void radius_server_set_clients(struct radius_server *server, const struct radius_client *clients, size_t count,
                               uint32_t session_timeout_s)
{
	struct radius_conversation *conversation, *next;

	HASH_ITER (hh, server->conversations, conversation, next) {
		conversation->client = same_client(clients, count, conversation->client);
		if (!conversation->client)
			forget_conversation(server, conversation);
	}
	server->clients = clients;
	server->client_count = count;
	server->session_timeout_s = session_timeout_s;
}

static bool in_prefix(const struct in6_addr *address, const struct in6_addr *prefix, unsigned length)
{
	unsigned octets = length / 8;
	uint8_t mask = (uint8_t)(0xff00 >> length % 8);

	return memcmp(address, prefix, octets) == 0 &&
	       (length % 8 == 0 || ((address->s6_addr[octets] ^ prefix->s6_addr[octets]) & mask) == 0);
}

/* The client with the longest prefix. */
static const struct radius_client *find_client(const struct radius_server *server, const struct in6_addr *address)
{
	const struct radius_client *best = NULL;

	for (size_t i = 0; i < server->client_count; i++) {
		const struct radius_client *client = &server->clients[i];

		if (in_prefix(address, &client->prefix, client->prefix_length) &&
		    (!best || client->prefix_length > best->prefix_length))
			best = client;
	}
	return best;
}

static struct request_key key_of(const struct endpoint *from, uint16_t channel, uint8_t identifier)
{
	struct request_key key = {0};

	key.address = from->address;
	key.port = from->port;
	key.identifier = identifier;
	key.channel = (uint8_t)channel;
	return key;
}

static struct radius_answer *find_answer(struct radius_server *server, const struct request_key *key)
{
	struct radius_answer *answer;

	HASH_FIND(hh, server->answers, key, sizeof(*key), answer);
	return answer;
}

static void answer_too_old(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct radius_answer *answer = timer_owner(timer, struct radius_answer, life);

	(void)now, (void)effects;
	forget_answer(answer->server, answer);
}

/* A place for the answer to this request; an older request under the same key is over. */
static void expect_answer(struct radius_server *server, const struct request_key *key, const uint8_t *authenticator,
                          const struct instant *now)
{
	struct radius_answer *answer = find_answer(server, key);

	if (answer)
		forget_answer(server, answer);
	if (HASH_COUNT(server->answers) >= RADIUS_ANSWERS_MAX)
		forget_answer(server, server->answers);
	answer = allocate(sizeof(*answer));
	answer->key = *key;
	answer->server = server;
	memcpy(answer->authenticator, authenticator, sizeof(answer->authenticator));
	HASH_ADD(hh, server->answers, key, sizeof(answer->key), answer);
	timer_arm(server->timers, &answer->life, now->monotonic_ms + RADIUS_ANSWER_LIFE_MS, answer_too_old);
}

/* RFC 5080 2.2.2: true when this very request was seen; answered ones are answered again. */
static bool repeated(struct radius_server *server, const struct request_key *key, const struct radius_packet *request,
                     const struct endpoint *from, uint16_t channel, struct effects *effects)
{
	struct radius_answer *answer = find_answer(server, key);

	if (!answer || memcmp(answer->authenticator, request->authenticator, sizeof(answer->authenticator)) != 0)
		return false;
	server->counters.duplicates++;
	if (answer->octets)
		effects_send(effects, channel, from, answer->packet, answer->octets);
	return true;
}

static void keep_request(struct radius_conversation *conversation, const struct radius_packet *request,
                         const struct endpoint *from, uint16_t channel)
{
	struct wire_view user_name = radius_find(request, 0, RADIUS_USER_NAME);
	struct wire_writer writer = wire_writer_of(conversation->proxy_states, sizeof(conversation->proxy_states));
	struct wire_reader reader = wire_reader_of_view(request->attributes);
	struct radius_attribute attribute;

	conversation->from = *from;
	conversation->channel = channel;
	conversation->identifier = request->identifier;
	memcpy(conversation->authenticator, request->authenticator, sizeof(conversation->authenticator));
	conversation->user_name_octets = user_name.octets;
	if (user_name.octets)
		memcpy(conversation->user_name, user_name.bytes, user_name.octets);
	while (radius_attribute_read(&reader, &attribute))
		if (attribute.vendor == 0 && attribute.type == RADIUS_PROXY_STATE)
			radius_attribute_write(&writer, attribute.type, attribute.value.bytes, attribute.value.octets);
	conversation->proxy_state_octets = wire_written(&writer);
}

static void write_state(struct wire_writer *writer, const struct radius_conversation *conversation)
{
	uint8_t state[STATE_OCTETS];
	struct wire_writer inner = wire_writer_of(state, sizeof(state));

	wire_write_u64(&inner, conversation->number);
	wire_write_bytes(&inner, conversation->secret_state, sizeof(conversation->secret_state));
	radius_attribute_write(writer, RADIUS_STATE, state, sizeof(state));
}

static void write_mppe_keys(struct radius_server *server, struct wire_writer *writer,
                            const struct radius_conversation *conversation, const struct secret *msk)
{
	uint8_t value[RADIUS_MPPE_OCTETS_MAX];
	uint16_t salt = (uint16_t)randomness_u32(server->randomness);
	size_t octets;

	/* two salts of one packet must differ (RFC 2548 2.4.2) */
	octets = radius_mppe_encrypt(secret_bytes(msk), 32, salt, conversation->authenticator,
	                             &conversation->client->secret, value);
	radius_vendor_write(writer, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY, value, octets);
	octets = radius_mppe_encrypt(secret_bytes(msk) + 32, 32, salt ^ 1, conversation->authenticator,
	                             &conversation->client->secret, value);
	radius_vendor_write(writer, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY, value, octets);
}

static void write_profile_text(const struct radius_server *server, struct wire_writer *writer, uint8_t type,
                               const char *text)
{
	enum { PROFILE_TEXT_MAX = RADIUS_VALUE_MAX - 6 };
	size_t octets = strlen(text);

	if (octets > PROFILE_TEXT_MAX)
		octets = PROFILE_TEXT_MAX;
	/* never half a character */
	while (octets && ((unsigned char)text[octets] & 0xc0) == 0x80)
		octets--;
	if (octets)
		radius_vendor_write(writer, server->vendor_id, type, text, octets);
}

static void write_profile_number(const struct radius_server *server, struct wire_writer *writer, uint8_t type,
                                 uint32_t number)
{
	uint8_t octets[4];

	wire_store_u32(octets, number);
	radius_vendor_write(writer, server->vendor_id, type, octets, sizeof(octets));
}

/* A direction that is not limited stays away. */
static void write_profile_rate(const struct radius_server *server, struct wire_writer *writer, uint8_t type,
                               uint64_t bps)
{
	uint8_t octets[8];
	struct wire_writer value = wire_writer_of(octets, sizeof(octets));

	wire_write_u64(&value, bps);
	if (bps)
		radius_vendor_write(writer, server->vendor_id, type, octets, sizeof(octets));
}

/* Who the subscriber is (E-16) and what is known of him. */
static void write_accept(struct radius_server *server, struct wire_writer *writer,
                         const struct radius_conversation *conversation, const struct eap_reply *reply)
{
	const struct subscriber_record *record = &reply->subscriber->record;
	uint8_t class[CLASS_OCTETS];

	write_mppe_keys(server, writer, conversation, reply->msk);
	if (conversation->user_name_octets)
		radius_attribute_write(writer, RADIUS_USER_NAME, conversation->user_name,
		                       conversation->user_name_octets);
	radius_vendor_write(writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, record->imsi, strlen(record->imsi));
	radius_attribute_write_u32(writer, RADIUS_SESSION_TIMEOUT, server->session_timeout_s);
	randomness_fill(server->randomness, class, sizeof(class));
	radius_attribute_write(writer, RADIUS_CLASS, class, sizeof(class));
	write_profile_text(server, writer, PROFILE_NAME, record->name);
	write_profile_text(server, writer, PROFILE_POSTAL_ADDRESS, record->postal_address);
	write_profile_text(server, writer, PROFILE_MSISDN, record->msisdn);
	write_profile_number(server, writer, PROFILE_SERVICES, record->services);
	write_profile_text(server, writer, PROFILE_NAME_POLICY, record->name_policy);
	write_profile_number(server, writer, PROFILE_BARRED, record->barred);
	write_profile_number(server, writer, PROFILE_NAME_CONSENT, record->name_consent);
	write_profile_rate(server, writer, PROFILE_AMBR_DOWN, record->ambr_down_bps);
	write_profile_rate(server, writer, PROFILE_AMBR_UP, record->ambr_up_bps);
}

static void send_answer(struct radius_server *server, const struct radius_conversation *conversation,
                        enum radius_code code, const struct eap_reply *reply, struct effects *effects)
{
	static const uint8_t zeros[RADIUS_AUTHENTICATOR_OCTETS];
	struct request_key key = key_of(&conversation->from, conversation->channel, conversation->identifier);
	struct radius_answer *answer = find_answer(server, &key);
	uint8_t packet[RADIUS_PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	size_t message_authenticator, octets;

	radius_begin(&writer, code, conversation->identifier, zeros);
	message_authenticator = radius_message_authenticator_write(&writer);
	radius_eap_message_write(&writer, reply->packet, reply->octets);
	if (code == RADIUS_ACCESS_CHALLENGE)
		write_state(&writer, conversation);
	if (code == RADIUS_ACCESS_ACCEPT)
		write_accept(server, &writer, conversation, reply);
	wire_write_bytes(&writer, conversation->proxy_states, conversation->proxy_state_octets);
	octets = radius_end(&writer);
	if (!octets)
		return;
	radius_protect(packet, octets, message_authenticator, conversation->authenticator,
	               &conversation->client->secret);
	effects_send(effects, conversation->channel, &conversation->from, packet, octets);
	server->counters.answers++;
	if (answer && !answer->packet) {
		answer->packet = allocate(octets);
		answer->octets = octets;
		memcpy(answer->packet, packet, octets);
	}
	OPENSSL_cleanse(packet, sizeof(packet));
}

static struct radius_conversation *find_conversation(struct radius_server *server, uint64_t number)
{
	struct radius_conversation *conversation;

	HASH_FIND(hh, server->conversations, &number, sizeof(number), conversation);
	return conversation;
}

static void eap_replied(void *context, uint64_t number, const struct eap_reply *reply, const struct instant *now,
                        struct effects *effects)
{
	static const enum radius_code codes[] = {
	        [EAP_REPLY_CHALLENGE] = RADIUS_ACCESS_CHALLENGE,
	        [EAP_REPLY_ACCEPT] = RADIUS_ACCESS_ACCEPT,
	        [EAP_REPLY_REJECT] = RADIUS_ACCESS_REJECT,
	};
	struct radius_server *server = context;
	struct radius_conversation *conversation = find_conversation(server, number);

	(void)now;
	if (!conversation)
		return;
	send_answer(server, conversation, codes[reply->kind], reply, effects);
	if (reply->kind != EAP_REPLY_CHALLENGE)
		forget_conversation(server, conversation);
}

static void eap_gone(void *context, uint64_t number)
{
	struct radius_conversation *conversation = find_conversation(context, number);

	if (conversation)
		forget_conversation(context, conversation);
}

struct eap_server_outlet radius_server_outlet(struct radius_server *server)
{
	return (struct eap_server_outlet){.context = server, .reply = eap_replied, .gone = eap_gone};
}

/* Access-Reject with EAP-Failure to a request that belongs to no conversation. */
static void refuse(struct radius_server *server, const struct radius_client *client,
                   const struct radius_packet *request, const struct endpoint *from, uint16_t channel,
                   struct effects *effects)
{
	struct radius_conversation *nobody = allocate(sizeof(*nobody));
	uint8_t eap[64], failure[EAP_HEADER_OCTETS];
	struct wire_writer writer = wire_writer_of(failure, sizeof(failure));
	struct eap_reply reply = {.kind = EAP_REPLY_REJECT, .packet = failure, .octets = sizeof(failure)};
	uint8_t identifier = 0;

	if (radius_count(request, 0, RADIUS_EAP_MESSAGE) == 1 && radius_eap_message(request, eap, sizeof(eap)) > 1)
		identifier = eap[1];
	eap_write(&writer, EAP_FAILURE, identifier, 0, NULL, 0);
	nobody->client = client;
	keep_request(nobody, request, from, channel);
	send_answer(server, nobody, RADIUS_ACCESS_REJECT, &reply, effects);
	free(nobody);
}

/* E-8: the client's secret names the service; a Called-Station-Id, if there is one, must agree. */
static bool right_service(const struct radius_client *client, const struct radius_packet *request)
{
	struct wire_view called = radius_find(request, 0, RADIUS_CALLED_STATION_ID);

	return !client->paa_id[0] || !called.bytes ||
	       (called.octets == strlen(client->paa_id) && memcmp(called.bytes, client->paa_id, called.octets) == 0);
}

/* the node's address as text, for F-5 alone. */
static bool calling_address(const struct radius_packet *request, struct in6_addr *address)
{
	struct wire_view calling = radius_find(request, 0, RADIUS_CALLING_STATION_ID);
	char text[ENDPOINT_TEXT_OCTETS];

	if (!calling.octets || calling.octets >= sizeof(text))
		return false;
	memcpy(text, calling.bytes, calling.octets);
	text[calling.octets] = '\0';
	return address_parse(text, address) == 0;
}

static struct radius_conversation *begin_conversation(struct radius_server *server, const struct radius_client *client,
                                                      const struct radius_packet *request, const struct instant *now)
{
	struct radius_conversation *conversation;
	struct in6_addr source;
	bool has_source = calling_address(request, &source);
	uint64_t number = eap_server_begin(server->eap, client->network_name, has_source ? &source : NULL, now);

	if (!number)
		return NULL;
	conversation = allocate(sizeof(*conversation));
	conversation->number = number;
	conversation->client = client;
	randomness_fill(server->randomness, conversation->secret_state, sizeof(conversation->secret_state));
	HASH_ADD(hh, server->conversations, number, sizeof(conversation->number), conversation);
	return conversation;
}

static struct radius_conversation *conversation_of_state(struct radius_server *server,
                                                         const struct radius_client *client, struct wire_view state)
{
	struct wire_reader reader = wire_reader_of_view(state);
	struct radius_conversation *conversation = find_conversation(server, wire_read_u64(&reader));
	const uint8_t *secret = wire_read_bytes(&reader, STATE_OCTETS - STATE_NUMBER_OCTETS);

	if (!conversation || conversation->client != client || !secret || !wire_complete(&reader) ||
	    CRYPTO_memcmp(secret, conversation->secret_state, sizeof(conversation->secret_state)) != 0)
		return NULL;
	return conversation;
}

static void serve(struct radius_server *server, const struct radius_client *client, const struct radius_packet *request,
                  const struct endpoint *from, uint16_t channel, const struct instant *now, struct effects *effects)
{
	struct wire_view state = radius_find(request, 0, RADIUS_STATE);
	struct radius_conversation *conversation;
	uint8_t eap[EAP_PACKET_MAX];
	size_t octets = radius_eap_message(request, eap, sizeof(eap));

	if (!octets) {
		server->counters.no_eap++;
		refuse(server, client, request, from, channel, effects);
		return;
	}
	if (!right_service(client, request)) {
		server->counters.wrong_called_station++;
		refuse(server, client, request, from, channel, effects);
		return;
	}
	conversation = state.bytes ? conversation_of_state(server, client, state)
	                           : begin_conversation(server, client, request, now);
	if (!conversation) {
		server->counters.unknown_state += state.bytes != NULL;
		refuse(server, client, request, from, channel, effects);
		return;
	}
	keep_request(conversation, request, from, channel);
	eap_server_packet(server->eap, conversation->number, eap, octets, now, effects);
}

static void complain(struct log_limit *limit, const char *what, const struct endpoint *from, const struct instant *now,
                     struct effects *effects)
{
	char text[ENDPOINT_TEXT_OCTETS];
	uint32_t held_back;

	if (log_limit_pass(limit, now->monotonic_ms, &held_back))
		effects_log(effects, LOG_LEVEL_WARNING, "radius", "%s from %s (%u such lines held back)", what,
		            endpoint_format(from, text), held_back);
}

void radius_server_datagram(void *context, uint16_t channel, const struct endpoint *from, const uint8_t *datagram,
                            size_t octets, const struct instant *now, struct effects *effects)
{
	struct radius_server *server = context;
	const struct radius_client *client = find_client(server, &from->address);
	struct radius_packet request;
	struct request_key key;

	if (!client) {
		server->counters.unknown_client++;
		complain(&server->unknown_client_log, "a datagram of no client", from, now, effects);
		return;
	}
	if (radius_read(datagram, octets, &request)) {
		server->counters.malformed++;
		return;
	}
	if (request.code != RADIUS_ACCESS_REQUEST) {
		server->counters.wrong_code++;
		return;
	}
	if (!radius_message_authenticator_right(&request, NULL, &client->secret)) {
		server->counters.wrong_authenticator++;
		complain(&server->wrong_authenticator_log, "a missing or wrong Message-Authenticator (another secret?)",
		         from, now, effects);
		return;
	}
	if (radius_count(&request, 0, RADIUS_PROXY_STATE) > RADIUS_PROXY_STATES_MAX) {
		server->counters.too_many_proxy_states++;
		return;
	}
	server->counters.requests++;
	key = key_of(from, channel, request.identifier);
	if (repeated(server, &key, &request, from, channel, effects))
		return;
	expect_answer(server, &key, request.authenticator, now);
	serve(server, client, &request, from, channel, now, effects);
}
