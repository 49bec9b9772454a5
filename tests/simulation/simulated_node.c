// SPDX-License-Identifier: BSD-3-Clause
/* The node's life and its PANA session (RFC 5191); B-1, B-5, B-6, B-9, B-15, B-17, B-24 to B-27. */
#include "simulated_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "hash.h"
#include "ip.h"
#include "mobility_keys.h"

enum {
	CAPABILITY = PANA_CAPABILITY_MIP6 | PANA_CAPABILITY_HIP | PANA_CAPABILITY_RFC4285 | PANA_CAPABILITY_POP,
	CONTACT_MS = 1000,
	CONTACT_MS_MAX = 30000,
	AUTHENTICATION_MS = 60000, /* without progress: from the beginning */
	REQUEST_MS = 1000,
	REQUEST_MS_MAX = 30000,
	REQUEST_TRIES = 10,
	REST_MS = 10000, /* B-41 */
	REST_MS_MAX = 600000,
	RENEW_MS = 5000000, /* within the session's and the lease's lifetime */
};

static void wake(void *context, uint64_t life, const uint8_t *bytes, size_t octets);

void node_wakes_at(struct simulated_node *node, uint64_t due_ms)
{
	uint64_t now_ms = node->time->now_ms;

	if (due_ms == UINT64_MAX || (node->wake_ms > now_ms && node->wake_ms <= due_ms))
		return;
	node->wake_ms = due_ms > now_ms ? due_ms : now_ms + 1;
	virtual_time_schedule(node->time, node->wake_ms - now_ms, wake, node, node->life, NULL, 0);
}

static void act_at(struct simulated_node *node, uint64_t delay_ms)
{
	node->due_ms = node->time->now_ms + delay_ms;
	node_wakes_at(node, node->due_ms);
}

/* A PANA message to the agent. */
static void transmit(struct simulated_node *node, const uint8_t *message, size_t octets)
{
	uint8_t packet[NODE_PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	const struct udp_datagram datagram = {
	        .source = node->care_of_address,
	        .source_port = node->port,
	        .destination = node->server,
	        .destination_port = PANA_UDP_PORT,
	        .payload = {message, octets},
	};
	size_t packet_octets = udp_packet_write(&writer, &datagram, 64);

	node->outlet.transmit(node->outlet.context, packet, packet_octets);
}

static uint64_t doubled(uint64_t first_ms, uint32_t tries, uint64_t limit_ms)
{
	uint64_t wait_ms = first_ms << (tries < 16 ? tries : 16);

	return wait_ms < limit_ms ? wait_ms : limit_ms;
}

static void contact(struct simulated_node *node)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (node->state != NODE_CONTACTING)
		node->tries = 0;
	node->state = NODE_CONTACTING;
	pana_message_begin(&writer, PANA_PCI, 0, 0);
	pana_avp_write_u32(&writer, NODE_VENDOR, PANA_MOB_CAPABILITY, CAPABILITY);
	transmit(node, buffer, pana_message_end(&writer));
	act_at(node, doubled(CONTACT_MS, node->tries++, CONTACT_MS_MAX));
}

void node_rests(struct simulated_node *node, const char *why)
{
	(void)why;
	node->state = NODE_RESTING;
	act_at(node, doubled(REST_MS, node->failures++, REST_MS_MAX));
}

void node_was_granted(struct simulated_node *node)
{
	node->state = NODE_GRANTED;
	node->failures = 0;
	act_at(node, RENEW_MS);
	node_wakes_at(node, node->binding.due_ms);
}

static void repeat_request(struct simulated_node *node)
{
	if (node->request_octets == 0) {
		node_polls(node);
	} else if (node->tries == REQUEST_TRIES) {
		contact(node); /* the session is lost */
	} else {
		transmit(node, node->request, node->request_octets); /* B-6: the same octets */
		act_at(node, doubled(REQUEST_MS, node->tries++, REQUEST_MS_MAX));
	}
}

static void wake(void *context, uint64_t life, const uint8_t *bytes, size_t octets)
{
	struct simulated_node *node = context;
	bool is_due = node->due_ms <= node->time->now_ms;

	(void)bytes;
	(void)octets;
	if (life != node->life || node->wake_ms != node->time->now_ms)
		return; /* an earlier time was found for it */
	node->wake_ms = 0;
	if (is_due) {
		switch (node->state) {
		case NODE_OFF:
			return;
		case NODE_REQUESTING:
			repeat_request(node);
			break;
		default: /* time to begin, to begin again, or to renew */
			contact(node);
			break;
		}
	}
	if (node->grant.is_there && node->time->now_ms < node->grant.expires_ms) {
		node_binding_turn(node);
		node_wakes_at(node, node->binding.due_ms);
	}
	node_wakes_at(node, node->due_ms);
}

/* PAR(S): B-9, B-14. PAN(S) is kept; the session is the one whose PAR x+1 comes. */
static void start_offered(struct simulated_node *node, const struct pana_message *message)
{
	struct wire_writer writer = wire_writer_of(node->i_pan, sizeof(node->i_pan));

	if (node->state != NODE_CONTACTING || message->octets.octets > sizeof(node->i_par) ||
	    !(pana_message_u32(message, PANA_MOB_CAPABILITY) & PANA_CAPABILITY_POP) ||
	    !pana_message_offers(message, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR) ||
	    !pana_message_offers(message, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256) ||
	    !pana_message_offers(message, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128))
		return;
	node->session_id = message->session_id;
	node->first_number = message->sequence_number;
	node->paa_number = 0;
	node->i_par_octets = message->octets.octets;
	memcpy(node->i_par, message->octets.bytes, message->octets.octets);
	pana_message_begin(&writer, PANA_PAN_START, node->session_id, node->first_number);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
	pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	pana_avp_write_u32(&writer, NODE_VENDOR, PANA_MOB_CAPABILITY, CAPABILITY);
	node->i_pan_octets = pana_message_end(&writer);
	transmit(node, node->i_pan, node->i_pan_octets);
}

static void answer(struct simulated_node *node, struct wire_writer *writer, uint32_t number,
                   const struct pana_keys *keys)
{
	size_t octets =
	        keys ? pana_message_end_with_auth(writer, pana_auth_octets(keys->integrity)) : pana_message_end(writer);

	if (keys)
		pana_auth_set(keys, writer->begin, octets);
	node->answer_octets = octets;
	memcpy(node->answer, writer->begin, octets);
	node->paa_number = number;
	transmit(node, node->answer, octets);
}

static void new_nonce(struct simulated_node *node, struct wire_view nonce)
{
	node->paa_nonce_octets = nonce.octets;
	memcpy(node->paa_nonce, nonce.bytes, nonce.octets);
	randomness_fill(&node->time->dice.randomness, node->pac_nonce, sizeof(node->pac_nonce));
}

static void eap_round(struct simulated_node *node, const struct pana_message *message)
{
	struct wire_view nonce = pana_message_value(message, PANA_NONCE);
	struct wire_view eap = pana_message_value(message, PANA_EAP_PAYLOAD);
	uint8_t buffer[1300], packet[1024];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct wire_writer eap_writer = wire_writer_of(packet, sizeof(packet));
	bool is_first = message->sequence_number == node->first_number + 1;

	if (is_first != (nonce.octets != 0) || nonce.octets > sizeof(node->paa_nonce) || !eap.octets) /* B-18 */
		return;
	if (!node_eap(node, eap, &eap_writer)) {
		node->refused++;
		return;
	}
	node->state = NODE_AUTHENTICATING;
	pana_message_begin(&writer, PANA_PAN, node->session_id, message->sequence_number);
	if (is_first) {
		new_nonce(node, nonce);
		pana_avp_write(&writer, 0, PANA_NONCE, node->pac_nonce, sizeof(node->pac_nonce));
	}
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, packet, wire_written(&eap_writer));
	answer(node, &writer, message->sequence_number, NULL);
	act_at(node, AUTHENTICATION_MS);
}

static void derive(struct simulated_node *node, uint32_t key_id, struct pana_keys *keys)
{
	const struct pana_key_input input = {
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {node->i_par, node->i_par_octets},
	        .i_pan = {node->i_pan, node->i_pan_octets},
	        .pac_nonce = {node->pac_nonce, sizeof(node->pac_nonce)},
	        .paa_nonce = {node->paa_nonce, node->paa_nonce_octets},
	        .key_id = key_id,
	};

	pana_keys_derive(keys, &node->aka.msk, &input);
}

static bool is_success(const struct pana_message *message)
{
	struct wire_view eap = pana_message_value(message, PANA_EAP_PAYLOAD);

	return pana_message_u32(message, PANA_RESULT_CODE) == PANA_RESULT_SUCCESS && eap.octets == EAP_HEADER_OCTETS &&
	       eap.bytes[0] == EAP_SUCCESS && pana_message_has(message, PANA_KEY_ID) &&
	       pana_message_has(message, PANA_SESSION_LIFETIME);
}

/* PAR(C): B-24; B-27 for the failure without AUTH. */
static void completed(struct simulated_node *node, const struct pana_message *message)
{
	uint8_t buffer[128], digest[HASH_SHA256_OCTETS];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_keys keys;

	if (!is_success(message)) {
		if (pana_message_u32(message, PANA_RESULT_CODE) == PANA_RESULT_SUCCESS)
			return;
		pana_message_begin(&writer, PANA_PAN_COMPLETE, node->session_id, message->sequence_number);
		answer(node, &writer, message->sequence_number, NULL);
		node_rests(node, "authentication failed");
		return;
	}
	if (!node->aka_is_done) {
		node->refused++;
		return;
	}
	derive(node, pana_message_u32(message, PANA_KEY_ID), &keys);
	if (!pana_auth_verify(&keys, message)) {
		node->refused++;
		return;
	}
	node->keys = keys;
	mobility_start_digest((struct wire_view){node->i_par, node->i_par_octets},
	                      (struct wire_view){node->i_pan, node->i_pan_octets}, digest);
	mobility_root_key(&node->aka.msk, node->session_id, keys.key_id, digest, node->paa_id, &node->mobility_root);
	pana_message_begin(&writer, PANA_PAN_COMPLETE, node->session_id, message->sequence_number);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, keys.key_id);
	answer(node, &writer, message->sequence_number, &keys);
	node->number = 0x80000000u | (randomness_u32(&node->time->dice.randomness) >> 2); /* B-17 */
	node_asks(node);
}

void node_sends_request(struct simulated_node *node, const uint8_t *plaintext, size_t octets)
{
	struct wire_writer writer = wire_writer_of(node->request, sizeof(node->request));

	node->state = NODE_REQUESTING;
	node->tries = 0;
	pana_message_begin(&writer, PANA_PNR_PING, node->session_id, ++node->number);
	pana_encap_crypt(&node->keys, PANA_FROM_PAC, node->session_id, node->number, plaintext,
	                 pana_avp_write_space(&writer, 0, PANA_ENCRYPTION_ENCAP, octets), octets);
	node->request_octets = pana_message_end_with_auth(&writer, pana_auth_octets(node->keys.integrity));
	pana_auth_set(&node->keys, node->request, node->request_octets);
	repeat_request(node);
}

static void ping_answered(struct simulated_node *node, const struct pana_message *message)
{
	struct wire_view encap = pana_message_value(message, PANA_ENCRYPTION_ENCAP);
	uint8_t plaintext[1300];

	/* B-51, B-52 */
	if (node->state != NODE_REQUESTING || message->sequence_number != node->number || !node->request_octets ||
	    !pana_auth_verify(&node->keys, message) || !encap.octets || encap.octets > sizeof(plaintext)) {
		node->refused++;
		return;
	}
	pana_encap_crypt(&node->keys, PANA_FROM_PAA, node->session_id, node->number, encap.bytes, plaintext,
	                 encap.octets);
	node->request_octets = 0;
	node_answered(node, plaintext, encap.octets);
}

/* The agent ends the session: a new one is made. */
static void terminated(struct simulated_node *node, const struct pana_message *message)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (!pana_keys_are_set(&node->keys) || !pana_auth_verify(&node->keys, message))
		return;
	pana_message_begin(&writer, PANA_PTA, node->session_id, message->sequence_number);
	answer(node, &writer, message->sequence_number, &node->keys);
	node_rests(node, "the agent ended the session");
}

static void pana_receive(struct simulated_node *node, struct wire_view payload)
{
	struct pana_message message;

	if (pana_message_read(payload.bytes, payload.octets, NODE_VENDOR, &message) != PANA_FAULT_VALID) {
		node->refused++;
		return;
	}
	if (message.kind == PANA_PAR_START) {
		start_offered(node, &message);
		return;
	}
	if (message.session_id != node->session_id)
		return;
	if (message.kind == PANA_PNA_PING) {
		ping_answered(node, &message);
	} else if (message.sequence_number == node->paa_number && node->answer_octets) {
		transmit(node, node->answer, node->answer_octets); /* B-6 */
	} else if (message.sequence_number != (node->paa_number ? node->paa_number : node->first_number) + 1) {
		node->refused++;
	} else if (message.kind == PANA_PAR && (node->state == NODE_CONTACTING || node->state == NODE_AUTHENTICATING)) {
		eap_round(node, &message);
	} else if (message.kind == PANA_PAR_COMPLETE && node->state == NODE_AUTHENTICATING) {
		completed(node, &message);
	} else if (message.kind == PANA_PTR) {
		terminated(node, &message);
	}
}

void simulated_node_receive(struct simulated_node *node, const uint8_t *bytes, size_t octets)
{
	struct ip_packet packet;
	struct udp_datagram datagram;

	if (node->state == NODE_OFF || ip_packet_read(bytes, octets, &packet) ||
	    !in6_is_equal(&packet.destination, &node->care_of_address))
		return;
	if (packet.protocol != NEXT_HEADER_UDP)
		node_binding_receive(node, bytes, octets);
	else if (udp_datagram_read(&packet, &datagram) == 0 && in6_is_equal(&datagram.source, &node->server) &&
	         datagram.source_port == PANA_UDP_PORT && datagram.destination_port == node->port) /* B-1 */
		pana_receive(node, datagram.payload);
}

/* Life */

/* A P-256 pair from the dice, as PKCS#8 without the public part. */
void simulated_node_new_key(struct simulated_node *node)
{
	static const uint8_t head[] = {0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
	                               0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
	                               0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20};
	uint8_t der[sizeof(head) + 32];

	host_key_free(node->host_key);
	memcpy(der, head, sizeof(head));
	randomness_fill(&node->time->dice.randomness, der + sizeof(head), 32);
	der[sizeof(head)] &= 0x7f; /* below the order of the group */
	if (host_key_from_der((struct wire_view){der, sizeof(der)}, &node->host_key))
		abort();
	node->identity_octets = host_key_identity(node->host_key, node->identity);
	node->request_is_new = false;
}

void simulated_node_move(struct simulated_node *node, uint32_t network)
{
	char text[64];

	snprintf(text, sizeof(text), "2001:db8:c%u::%x", network, node->port);
	if (address_parse(text, &node->care_of_address))
		abort();
	if (node->grant.is_there && node->state != NODE_OFF) {
		node->binding.is_outstanding = false;
		node->binding.leaves = false;
		node->binding.due_ms = node->time->now_ms;
		node_wakes_at(node, node->binding.due_ms);
	}
}

void simulated_node_start(struct simulated_node *node, uint32_t number)
{
	node->port = (uint16_t)(50000 + number);
	simulated_node_move(node, 1);
	simulated_node_new_key(node);
}

void simulated_node_on(struct simulated_node *node)
{
	if (node->state != NODE_OFF)
		return;
	node->life++;
	node->wake_ms = 0;
	node->failures = 0;
	contact(node);
}

void simulated_node_off(struct simulated_node *node)
{
	node->state = NODE_OFF;
	node->life++;
	node->grant.is_there = false;
	node->request_is_new = false;
	node->binding = (struct node_binding){.due_ms = UINT64_MAX};
	pana_keys_wipe(&node->keys);
	node->answer_octets = 0;
	node->session_id = 0;
}

void simulated_node_end(struct simulated_node *node)
{
	host_key_free(node->host_key);
	node->host_key = NULL;
}

void simulated_node_ask_again(struct simulated_node *node)
{
	if (node->state == NODE_GRANTED && pana_keys_are_set(&node->keys))
		node_asks(node);
}

void simulated_node_wish(struct simulated_node *node, const char *name)
{
	snprintf(node->wish, sizeof(node->wish), "%s", name);
	node->request_is_new = false;
	simulated_node_ask_again(node);
}

void simulated_node_leave(struct simulated_node *node)
{
	if (!node->grant.is_there)
		return;
	node->binding.leaves = true;
	node->binding.is_outstanding = false;
	node->binding.due_ms = node->time->now_ms;
	node_wakes_at(node, node->binding.due_ms);
}

bool simulated_node_is_at_rest(const struct simulated_node *node)
{
	return node->state == NODE_GRANTED && node->binding.is_bound && !node->binding.is_outstanding;
}
