// SPDX-License-Identifier: BSD-3-Clause
#include "bootstrap_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "dns_name.h"
#include "ip.h"
#include "mobility_keys.h"
#include "pana.h"
#include "proof_of_possession.h"

enum {
	SHARED_SECRET_OCTETS = 32,
	PENDING_MAX_MS = 60000, /* table 1.5 */
	POLL_RETRY_MS = 200,    /* another request is out */
	SPI_MIN = 256,          /* L-1 */
	ALGORITHM_OCTETS = 2,
	RULE_OCTETS = 128,
};

/* What an answer is judged by, and its keys are made of; of the full request, also after polls (K-11). */
struct asked {
	struct proof_of_possession proof; /* its pointers lead into this struct and the settings */
	uint8_t paa_nonce[PROOF_NONCE_MAX];
	uint8_t pac_nonce[PROOF_NONCE_MAX];
	struct secret root;
	struct secret boot_bind;
};

struct bootstrap_client {
	struct bootstrap_client_settings settings;
	const struct host_key *host_key;
	struct bootstrap_client_outlet outlet;
	struct randomness *randomness;
	struct timer_wheel *timers;
	struct timer poll;
	struct pana_client *pana;
	uint8_t identity[HIP_IDENTITY_VALUE_MAX]; /* HI-value of the node */
	size_t identity_octets;
	uint8_t pinned[HIP_IDENTITY_VALUE_MAX];
	size_t pinned_octets;
	bool has_care_of_prefix;
	struct in6_addr care_of_prefix;
	unsigned care_of_prefix_length;
	bool has_wish; /* request_id and secret stand until a final answer: the same wish (B-42) */
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	struct secret shared_secret;
	bool is_waiting;
	uint64_t waiting_since_ms;
	struct asked asked;
};

static void poll_fired(struct timer *timer, const struct instant *now, struct effects *effects);

struct bootstrap_client *bootstrap_client_new(const struct bootstrap_client_settings *settings,
                                              const struct host_key *host_key,
                                              const struct bootstrap_client_outlet *outlet,
                                              struct randomness *randomness, struct timer_wheel *timers)
{
	struct bootstrap_client *client = allocate(sizeof(*client));

	client->settings = *settings;
	client->host_key = host_key;
	client->outlet = *outlet;
	client->randomness = randomness;
	client->timers = timers;
	client->identity_octets = host_key_identity(host_key, client->identity);
	return client;
}

void bootstrap_client_free(struct bootstrap_client *client)
{
	if (!client)
		return;
	timer_disarm(&client->poll);
	OPENSSL_cleanse(client, sizeof(*client));
	free(client);
}

void bootstrap_client_pin(struct bootstrap_client *client, struct wire_view identity_value)
{
	if (identity_value.octets > sizeof(client->pinned))
		return;
	memcpy(client->pinned, identity_value.bytes, identity_value.octets);
	client->pinned_octets = identity_value.octets;
}

struct wire_view bootstrap_client_pinned(const struct bootstrap_client *client)
{
	return (struct wire_view){client->pinned, client->pinned_octets};
}

void bootstrap_client_care_of_prefix(struct bootstrap_client *client, const struct in6_addr *prefix,
                                     unsigned prefix_length)
{
	client->has_care_of_prefix = true;
	client->care_of_prefix = *prefix;
	client->care_of_prefix_length = prefix_length;
}

/* --- the request --- */

static void new_wish(struct bootstrap_client *client)
{
	client->has_wish = true;
	randomness_fill(client->randomness, client->request_id, sizeof(client->request_id));
	secret_wipe(&client->shared_secret);
	if (client->settings.wish.with_shared_secret)
		randomness_fill(client->randomness, secret_fill(&client->shared_secret, SHARED_SECRET_OCTETS),
		                SHARED_SECRET_OCTETS);
}

static void wish_done(struct bootstrap_client *client)
{
	client->has_wish = false;
	client->is_waiting = false;
	timer_disarm(&client->poll);
	secret_wipe(&client->shared_secret);
	secret_wipe(&client->asked.root);
	secret_wipe(&client->asked.boot_bind);
}

static void write_wish(const struct bootstrap_client *client, struct wire_writer *writer)
{
	const struct bootstrap_wish *wish = &client->settings.wish;
	struct bootstrap_avps avps = {
	        .message = BOOTSTRAP_REQUEST_FULL,
	        .present = bootstrap_bit(BOOT_REQUEST_ID) | bootstrap_bit(BOOT_HOST_IDENTITY) |
	                   bootstrap_bit(BOOT_SERVICE_TYPE),
	        .host_identity = {client->identity, client->identity_octets},
	        .services = wish->services,
	};

	memcpy(avps.request_id, client->request_id, sizeof(avps.request_id));
	if (wish->fqdn[0]) {
		avps.present |= bootstrap_bit(BOOT_DESIRED_FQDN);
		avps.fqdn = (struct wire_view){(const uint8_t *)wish->fqdn, strlen(wish->fqdn)};
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&wish->home_address)) {
		avps.present |= bootstrap_bit(BOOT_DESIRED_ADDRESS);
		avps.addresses.count = 1;
		avps.addresses.at[0] = (struct bootstrap_address){.family = BOOTSTRAP_IPV6, .prefix_length = 128};
		memcpy(avps.addresses.at[0].address, &wish->home_address, sizeof(wish->home_address));
	}
	if (!secret_is_empty(&client->shared_secret)) {
		avps.present |= bootstrap_bit(BOOT_SHARED_SECRET);
		avps.shared_secret =
		        (struct wire_view){secret_bytes(&client->shared_secret), secret_octets(&client->shared_secret)};
	}
	bootstrap_avps_write(writer, client->settings.vendor, &avps);
}

/* K-6, K-8, K-10: what this session adds to the request. */
static int take_session(struct bootstrap_client *client, const struct pana_client_session *session)
{
	struct asked *asked = &client->asked;
	const struct wire_view identity = {client->identity, client->identity_octets};

	if (session->paa_nonce.octets > PROOF_NONCE_MAX || session->pac_nonce.octets > PROOF_NONCE_MAX)
		return -EMSGSIZE;
	memcpy(asked->paa_nonce, session->paa_nonce.bytes, session->paa_nonce.octets);
	memcpy(asked->pac_nonce, session->pac_nonce.bytes, session->pac_nonce.octets);
	mobility_root_key(&session->msk, session->session_id, session->key_id, session->start_digest,
	                  client->settings.paa_id, &asked->root);
	mobility_boot_bind(&asked->root, &asked->boot_bind);
	asked->proof = (struct proof_of_possession){
	        .paa_nonce = {asked->paa_nonce, session->paa_nonce.octets},
	        .pac_nonce = {asked->pac_nonce, session->pac_nonce.octets},
	        .session_id = session->session_id,
	        .key_id = session->key_id,
	        .boot_bind = &asked->boot_bind,
	        .paa_id = client->settings.paa_id,
	};
	memcpy(asked->proof.start_digest, session->start_digest, sizeof(asked->proof.start_digest));
	memcpy(asked->proof.request_id, client->request_id, sizeof(asked->proof.request_id));
	hash_digest(HASH_SHA256, &identity, 1, asked->proof.host_identity_digest);
	return 0;
}

static int sign(struct bootstrap_client *client, struct wire_writer *writer)
{
	struct proof_of_possession *proof = &client->asked.proof;
	uint8_t tbs[PROOF_TBS_MAX], signature[HOST_SIGNATURE_MAX];
	size_t tbs_octets, octets;
	int result =
	        proof_request_digest((struct wire_view){writer->begin, wire_written(writer)}, proof->request_digest);

	if (result)
		return result;
	tbs_octets = proof_of_node(proof, tbs);
	result = tbs_octets ? host_key_sign(client->host_key, (struct wire_view){tbs, tbs_octets}, signature, &octets)
	                    : -EMSGSIZE;
	if (!result)
		bootstrap_signature_write(writer, client->settings.vendor, BOOT_POP_SIGNATURE,
		                          (uint16_t)(signature[0] << 8 | signature[1]), signature + ALGORITHM_OCTETS,
		                          octets - ALGORITHM_OCTETS);
	OPENSSL_cleanse(tbs, sizeof(tbs));
	return result;
}

static int send_full(struct bootstrap_client *client, const struct instant *now, struct effects *effects)
{
	const struct pana_client_session *session = pana_client_session(client->pana);
	uint8_t plaintext[BOOTSTRAP_PLAINTEXT_MAX];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	int result = session ? take_session(client, session) : -ENOTCONN;

	if (!result) {
		write_wish(client, &writer);
		result = writer.failed ? -EMSGSIZE : sign(client, &writer);
	}
	if (!result)
		result = writer.failed
		                 ? -EMSGSIZE
		                 : pana_client_ping(client->pana, (struct wire_view){plaintext, wire_written(&writer)},
		                                    now, effects);
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
	return result;
}

void bootstrap_client_wish(struct bootstrap_client *client, const struct bootstrap_wish *wish)
{
	client->settings.wish = *wish;
	wish_done(client);
}

int bootstrap_client_request(struct bootstrap_client *client, struct pana_client *pana, const struct instant *now,
                             struct effects *effects)
{
	int result;

	client->pana = pana;
	timer_disarm(&client->poll);
	if (!client->has_wish)
		new_wish(client);
	result = send_full(client, now, effects);
	client->is_waiting = result == 0;
	client->waiting_since_ms = now->monotonic_ms;
	return result;
}

void bootstrap_client_session_ended(struct bootstrap_client *client)
{
	client->is_waiting = false;
	timer_disarm(&client->poll);
	secret_wipe(&client->asked.root);
	secret_wipe(&client->asked.boot_bind);
}

/* --- polls --- */

/* B-43: a new PNR with the id alone. */
static int send_poll(struct bootstrap_client *client, const struct instant *now, struct effects *effects)
{
	uint8_t plaintext[64];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct bootstrap_avps avps = {.message = BOOTSTRAP_REQUEST_POLL, .present = bootstrap_bit(BOOT_REQUEST_ID)};

	memcpy(avps.request_id, client->request_id, sizeof(avps.request_id));
	bootstrap_avps_write(&writer, client->settings.vendor, &avps);
	return pana_client_ping(client->pana, (struct wire_view){plaintext, wire_written(&writer)}, now, effects);
}

static void poll_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct bootstrap_client *client = timer_owner(timer, struct bootstrap_client, poll);

	if (client->is_waiting && send_poll(client, now, effects) == -EBUSY)
		timer_arm(client->timers, &client->poll, now->monotonic_ms + POLL_RETRY_MS, poll_fired);
}

static bool is_overdue(const struct bootstrap_client *client, uint64_t wait_ms, const struct instant *now)
{
	return now->monotonic_ms + wait_ms - client->waiting_since_ms > PENDING_MAX_MS;
}

/* --- the answer (B-50) --- */

static const struct bootstrap_address *ipv6_of(const struct bootstrap_addresses *addresses)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (addresses->at[i].family == BOOTSTRAP_IPV6)
			return &addresses->at[i];
	}
	return NULL;
}

static const char *judge_address(const struct bootstrap_client *client, const struct bootstrap_address *address,
                                 struct in6_addr *value)
{
	if (!address)
		return "B-34: no IPv6 address";
	memcpy(value, address->address, sizeof(*value));
	if (in6_is_confined(value) || IN6_IS_ADDR_V4MAPPED(value))
		return "B-50: an address that is not global unicast";
	if (client->has_care_of_prefix && in6_has_prefix(value, &client->care_of_prefix, client->care_of_prefix_length))
		return "B-50: an address in the care-of prefix";
	return NULL;
}

/* AVP 261 */
static const char *judge_name(struct wire_view fqdn, char name[254])
{
	if (!fqdn.octets || fqdn.octets > BOOTSTRAP_NAME_MAX || memchr(fqdn.bytes, '\0', fqdn.octets))
		return "B-50: no well-formed name";
	memcpy(name, fqdn.bytes, fqdn.octets);
	name[fqdn.octets] = '\0';
	return dns_name_labels(name) >= 2 ? NULL : "B-50: no well-formed name";
}

static const char *judge_association(const struct bootstrap_avps *avps)
{
	const struct bootstrap_association *association = &avps->association;

	if (!(avps->services & PANA_CAPABILITY_MIP6) || !bootstrap_has(avps, BOOT_MOBILITY_SA))
		return "B-40: Mobile IPv6 was wished and is not granted";
	if (association->spi < SPI_MIN)
		return "B-50: an SPI below 256";
	if (association->algorithm != BOOTSTRAP_SA_HMAC_SHA1_96 ||
	    (association->replay != BOOTSTRAP_REPLAY_SEQUENCE && association->replay != BOOTSTRAP_REPLAY_TIMESTAMP))
		return "B-50: an algorithm or replay protection that this node does not have";
	return NULL;
}

/* K-11, L-11 */
static const char *judge_server(const struct bootstrap_client *client, const struct bootstrap_avps *avps,
                                struct wire_view plaintext)
{
	uint8_t digest[HASH_SHA256_OCTETS], tbs[PROOF_TBS_MAX];
	const char *fault = NULL;
	size_t octets;

	if (host_identity_check(avps->host_identity))
		return "B-50: Server-Host-Identity is no key that is taken";
	if (proof_answer_digest(plaintext, digest))
		return "B-30: no row of AVPs";
	octets = proof_of_server(&client->asked.proof, digest, tbs);
	if (!octets || host_identity_verify(avps->host_identity, (struct wire_view){tbs, octets}, avps->signature))
		fault = "B-50: Server-Signature is wrong";
	else if (client->pinned_octets &&
	         (client->pinned_octets != avps->host_identity.octets ||
	          memcmp(client->pinned, avps->host_identity.bytes, client->pinned_octets) != 0))
		fault = "B-50: the server's key is not the pinned one";
	OPENSSL_cleanse(tbs, sizeof(tbs));
	return fault;
}

static const char *judge(const struct bootstrap_client *client, const struct bootstrap_avps *avps,
                         struct wire_view plaintext, struct bootstrap_client_grant *grant)
{
	const struct bootstrap_address *home = ipv6_of(&avps->addresses);
	const char *fault = judge_server(client, avps, plaintext);

	if (!fault)
		fault = judge_name(avps->fqdn, grant->fqdn);
	if (!fault)
		fault = judge_address(client, home, &grant->home_address);
	if (!fault)
		fault = judge_address(client, ipv6_of(&avps->server_addresses), &grant->home_agent);
	if (!fault)
		fault = judge_association(avps);
	if (fault)
		return fault;
	grant->status = avps->status;
	grant->home_prefix_length = home->prefix_length;
	grant->address_lifetime_s = home->lifetime_s;
	grant->spi = avps->association.spi;
	grant->timestamps = avps->association.replay == BOOTSTRAP_REPLAY_TIMESTAMP;
	grant->association_lifetime_s = avps->association.lifetime_s;
	grant->lease_lifetime_s = avps->lease_lifetime_s;
	memcpy(grant->server_identity, avps->host_identity.bytes, avps->host_identity.octets);
	grant->server_identity_octets = avps->host_identity.octets;
	return NULL;
}

/* K-7, K-8 */
static void derive_key(const struct bootstrap_client *client, struct bootstrap_client_grant *grant)
{
	struct secret root = client->asked.root;

	if (!secret_is_empty(&client->shared_secret))
		mobility_root_key_with_secret(&client->asked.root, &client->shared_secret, &root);
	mobility_agent_key(&root, grant->spi, &grant->home_address, &grant->home_agent,
	                   client->asked.proof.host_identity_digest, &grant->agent_key);
	secret_wipe(&root);
}

static void fail(struct bootstrap_client *client, const char *rule, const struct instant *now, struct effects *effects)
{
	client->is_waiting = false;
	timer_disarm(&client->poll);
	client->outlet.failed(client->outlet.context, rule, now, effects);
}

static void granted(struct bootstrap_client *client, const struct bootstrap_avps *avps, struct wire_view plaintext,
                    const struct instant *now, struct effects *effects)
{
	struct bootstrap_client_grant grant = {0};
	const char *fault = judge(client, avps, plaintext, &grant);

	if (fault) {
		fail(client, fault, now, effects);
		return;
	}
	bootstrap_client_pin(client, avps->host_identity);
	derive_key(client, &grant);
	wish_done(client);
	client->outlet.granted(client->outlet.context, &grant, now, effects);
	secret_wipe(&grant.agent_key);
}

static void refused(struct bootstrap_client *client, const struct bootstrap_avps *avps, const struct instant *now,
                    struct effects *effects)
{
	char text[BOOTSTRAP_ERROR_TEXT_MAX + 1] = "";

	if (avps->status == BOOTSTRAP_UNKNOWN_REQUEST && !is_overdue(client, 0, now)) {
		if (send_full(client, now, effects)) /* the same id (table 1.5) */
			fail(client, "213: the request could not be sent again", now, effects);
		return;
	}
	/* it is shown, never interpreted, and shows no control characters */
	for (size_t i = 0; i < avps->error_text.octets && i < BOOTSTRAP_ERROR_TEXT_MAX; i++)
		text[i] = avps->error_text.bytes[i] < ' ' || avps->error_text.bytes[i] == 0x7f
		                  ? ' '
		                  : (char)avps->error_text.bytes[i];
	client->is_waiting = false;
	client->outlet.refused(client->outlet.context, avps->status, text,
	                       bootstrap_has(avps, BOOT_RETRY_AFTER) ? avps->retry_after_ms : 0, now, effects);
}

void bootstrap_client_answer(struct bootstrap_client *client, struct wire_view plaintext, const struct instant *now,
                             struct effects *effects)
{
	struct bootstrap_avps avps;
	enum bootstrap_status status;
	char rule[RULE_OCTETS];

	if (!client->is_waiting)
		return;
	if (!plaintext.octets) {
		fail(client, "B-51: the server knows no such service", now, effects);
		return;
	}
	status = bootstrap_answer_read(plaintext.bytes, plaintext.octets, client->settings.vendor, &avps);
	if (status != BOOTSTRAP_OK) {
		snprintf(rule, sizeof(rule), "B-34: the answer is %s", bootstrap_status_name(status));
		fail(client, rule, now, effects);
	} else if (bootstrap_has(&avps, BOOT_REQUEST_ID) &&
	           memcmp(avps.request_id, client->request_id, sizeof(avps.request_id)) != 0) {
		fail(client, "B-50: another Boot-Request-Id", now, effects);
	} else if (avps.message == BOOTSTRAP_ANSWER_GRANTED) {
		granted(client, &avps, plaintext, now, effects);
	} else if (avps.message == BOOTSTRAP_ANSWER_REFUSED) {
		refused(client, &avps, now, effects);
	} else if (is_overdue(client, avps.retry_after_ms, now)) {
		fail(client, "B-43: not done after 60 s", now, effects);
	} else {
		timer_arm(client->timers, &client->poll, now->monotonic_ms + avps.retry_after_ms, poll_fired);
	}
}
