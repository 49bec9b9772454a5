// SPDX-License-Identifier: BSD-3-Clause
/* The node's EAP-AKA' (RFC 9048) with its SIM; E-1 to E-12. */
#include <stdio.h>
#include <string.h>

#include "simulated_node.h"

enum { TYPE_DATA_OFFSET = 5, AMF_SEPARATION = 0x80 };

static size_t realm(const struct simulated_node *node, char *out, size_t capacity)
{
	/* E-4: MCC and a MNC of two digits, in three */
	return (size_t)snprintf(out, capacity, "@wlan.mnc0%.2s.mcc%.3s.3gppnetwork.org", node->card->imsi + 3,
	                        node->card->imsi);
}

static void set_identity(struct simulated_node *node, const char *user)
{
	char text[EAP_IDENTITY_MAX];
	size_t octets = (size_t)snprintf(text, sizeof(text), "6%s", user);

	octets += realm(node, text + octets, sizeof(text) - octets);
	memcpy(node->eap_identity, text, octets);
	node->eap_identity_octets = octets;
}

/* Wraps type-data into a response; where AT_MAC lies moves along. */
static void respond(struct simulated_node *node, struct wire_writer *writer, uint8_t identifier,
                    const struct wire_writer *data, size_t mac_offset)
{
	eap_write(writer, EAP_RESPONSE, identifier, EAP_TYPE_AKA_PRIME, data->begin, wire_written(data));
	if (mac_offset)
		eap_aka_mac_set(&node->aka, writer->begin, wire_written(writer), TYPE_DATA_OFFSET + mac_offset);
}

static void identity_round(struct simulated_node *node, const struct eap_packet *request, struct wire_writer *writer)
{
	uint8_t buffer[512];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	set_identity(node, node->card->imsi); /* E-3: without a pseudonym, the permanent identity */
	eap_aka_begin(&data, EAP_AKA_IDENTITY);
	eap_aka_write_identity(&data, node->eap_identity, node->eap_identity_octets);
	respond(node, writer, request->identifier, &data, 0);
	eap_aka_checkcode_add(&node->checkcode, request->octets.bytes, request->octets.octets);
	eap_aka_checkcode_add(&node->checkcode, writer->begin, wire_written(writer));
}

static void resynchronise(struct simulated_node *node, const struct eap_packet *request,
                          const struct aka_answer *answer, struct wire_writer *writer)
{
	uint8_t buffer[128];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	eap_aka_begin(&data, EAP_AKA_SYNCHRONIZATION_FAILURE);
	eap_aka_write_auts(&data, answer->auts);
	eap_aka_write_kdf(&data, EAP_AKA_KDF_DEFAULT); /* E-10 */
	respond(node, writer, request->identifier, &data, 0);
}

static void reject(struct simulated_node *node, const struct eap_packet *request, struct wire_writer *writer)
{
	uint8_t buffer[16];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	eap_aka_begin(&data, EAP_AKA_AUTHENTICATION_REJECT);
	respond(node, writer, request->identifier, &data, 0);
}

static void derive(struct simulated_node *node, const struct aka_answer *answer, struct wire_view network_name)
{
	struct secret ck = {0};
	struct secret ik = {0};

	eap_aka_prime_cipher_keys(&answer->ck, &answer->ik, network_name.bytes, network_name.octets, answer->sqn_xor_ak,
	                          &ck, &ik);
	eap_aka_prime_keys(&ck, &ik, node->eap_identity, node->eap_identity_octets, &node->aka);
	node->aka.method = EAP_TYPE_AKA_PRIME;
	secret_wipe(&ck);
	secret_wipe(&ik);
}

/* E-8: the network name is that of our service, octet for octet. */
static bool is_our_network(const struct simulated_node *node, struct wire_view name)
{
	char ours[300];
	size_t octets = (size_t)snprintf(ours, sizeof(ours), "kedge:%s", node->paa_id);

	return name.octets == octets && memcmp(name.bytes, ours, octets) == 0;
}

static bool challenge(struct simulated_node *node, const struct eap_packet *request,
                      const struct eap_aka_message *message, struct wire_writer *writer)
{
	uint8_t buffer[256];
	uint8_t digest[CHECKCODE_OCTETS_MAX];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));
	struct aka_answer answer;
	size_t mac_offset;
	enum aka_outcome outcome;

	if (!message->rand.bytes || !message->autn.bytes || !message->mac.bytes || message->kdf_count != 1 ||
	    message->kdfs[0] != EAP_AKA_KDF_DEFAULT)
		return false;
	outcome = aka_answer_make(&node->card->k, &node->card->opc, &node->card->window, message->rand.bytes,
	                          message->autn.bytes, &answer);
	if (outcome == AKA_SYNCHRONISATION_FAILURE) {
		resynchronise(node, request, &answer, writer);
		return true;
	}
	if (outcome != AKA_SUCCESS || !(answer.amf[0] & AMF_SEPARATION) || !is_our_network(node, message->kdf_input)) {
		reject(node, request, writer); /* E-9 */
		return true;
	}
	derive(node, &answer, message->kdf_input);
	if (!eap_aka_mac_right(&node->aka, request->octets, message->mac) ||
	    !eap_aka_checkcode_right(&node->checkcode, EAP_TYPE_AKA_PRIME, message->checkcode))
		return false;
	sqn_window_accept(&node->card->window, answer.sqn);
	eap_aka_begin(&data, EAP_AKA_CHALLENGE);
	eap_aka_write_res(&data, answer.res, sizeof(answer.res));
	eap_aka_write_checkcode(&data, digest, eap_aka_checkcode_digest(&node->checkcode, EAP_TYPE_AKA_PRIME, digest));
	if (message->result_ind)
		eap_aka_write_flag(&data, AT_RESULT_IND);
	mac_offset = eap_aka_write_mac(&data);
	respond(node, writer, request->identifier, &data, mac_offset);
	node->aka_is_done = !message->result_ind;
	aka_answer_wipe(&answer);
	return true;
}

static bool notification(struct simulated_node *node, const struct eap_packet *request,
                         const struct eap_aka_message *message, struct wire_writer *writer)
{
	uint8_t buffer[64];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));
	size_t mac_offset = 0;
	bool is_protected = !(message->notification & EAP_AKA_NOTIFICATION_GENERAL_FAILURE);

	if (is_protected && (!message->mac.bytes || !eap_aka_mac_right(&node->aka, request->octets, message->mac)))
		return false;
	if (message->notification == EAP_AKA_NOTIFICATION_SUCCESS)
		node->aka_is_done = true; /* B-24 */
	eap_aka_begin(&data, EAP_AKA_NOTIFICATION);
	if (is_protected)
		mac_offset = eap_aka_write_mac(&data);
	respond(node, writer, request->identifier, &data, mac_offset);
	return true;
}

bool node_eap(struct simulated_node *node, struct wire_view octets, struct wire_writer *writer)
{
	struct eap_packet request;
	struct eap_aka_message message;

	if (eap_read(octets.bytes, octets.octets, &request) || request.code != EAP_REQUEST)
		return false;
	if (request.type == EAP_TYPE_IDENTITY) {
		set_identity(node, "anonymous"); /* E-1 */
		memset(&node->checkcode, 0, sizeof(node->checkcode));
		node->aka_is_done = false;
		eap_write(writer, EAP_RESPONSE, request.identifier, EAP_TYPE_IDENTITY, node->eap_identity,
		          node->eap_identity_octets);
		return true;
	}
	if (request.type != EAP_TYPE_AKA_PRIME || eap_aka_read(request.data.bytes, request.data.octets, &message))
		return false;
	switch (message.subtype) {
	case EAP_AKA_IDENTITY:
		identity_round(node, &request, writer);
		return true;
	case EAP_AKA_CHALLENGE:
		return challenge(node, &request, &message, writer);
	case EAP_AKA_NOTIFICATION:
		return notification(node, &request, &message, writer);
	default:
		return false;
	}
}
