// SPDX-License-Identifier: BSD-3-Clause
/*
 * The EAP peer under arbitrary conversations. Input: settings8, then packets: length16 | packet. The top bit of a
 * length asks for a right AT_MAC, which no fuzzer finds by itself; the card's keys are zeros, and the second bits of
 * RAND say what the card answers. Each response must be one, and keys may show only after the card has answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "eap_aka_peer.h"
#include "exact_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

enum { STAMP_BIT = 0x8000, AKA_ALLOWED_BIT = 1, PREFIX_BIT = 2, IDENTITY_OCTETS_MAX = 512 };

struct conversation {
	struct eap_aka_peer *peer;
	bool has_card_answered;
	uint8_t identity[IDENTITY_OCTETS_MAX]; /* the last one told (E-5) */
	size_t identity_octets;
	struct eap_aka_keys keys;
};

static int authenticate(void *context, const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
                        enum aka_outcome *outcome, struct aka_answer *answer)
{
	struct conversation *conversation = context;

	if ((rand[0] & 3) == 3)
		return -ENODEV;
	*outcome = (enum aka_outcome)(rand[0] & 3);
	memset(answer, 0, sizeof(*answer));
	memcpy(answer->sqn_xor_ak, autn, sizeof(answer->sqn_xor_ak));
	memcpy(answer->amf, autn + AKA_SQN_OCTETS, sizeof(answer->amf));
	memset(secret_fill(&answer->ck, 16), 0, 16);
	memset(secret_fill(&answer->ik, 16), 0, 16);
	conversation->has_card_answered |= *outcome == AKA_SUCCESS;
	return 0;
}

/* What the server would derive: new keys with each challenge, the same for what follows it. */
static void stamp(struct conversation *conversation, uint8_t *packet, size_t octets)
{
	struct secret zeros = {.octets = 16}, ck_prime = {0}, ik_prime = {0};
	struct eap_aka_message message;
	struct eap_packet eap;

	if (eap_read(packet, octets, &eap) || eap_aka_read(eap.data.bytes, eap.data.octets, &message) ||
	    !message.mac.bytes)
		return;
	if (message.subtype == EAP_AKA_CHALLENGE && message.autn.bytes && eap.type == EAP_TYPE_AKA) {
		eap_aka_keys(&zeros, &zeros, conversation->identity, conversation->identity_octets,
		             &conversation->keys);
	} else if (message.subtype == EAP_AKA_CHALLENGE && message.autn.bytes) {
		eap_aka_prime_cipher_keys(&zeros, &zeros, message.kdf_input.bytes, message.kdf_input.octets,
		                          message.autn.bytes, &ck_prime, &ik_prime);
		eap_aka_prime_keys(&ck_prime, &ik_prime, conversation->identity, conversation->identity_octets,
		                   &conversation->keys);
	}
	if (!secret_is_empty(&conversation->keys.k_aut))
		eap_aka_mac_set(&conversation->keys, packet, eap.octets.octets, (size_t)(message.mac.bytes - packet));
}

static void check_response(struct conversation *conversation, const uint8_t *packet, const uint8_t *response,
                           size_t octets)
{
	struct eap_aka_message message = {0};
	struct wire_view identity = {0};
	struct eap_packet eap;

	if (eap_read(response, octets, &eap) || eap.code != EAP_RESPONSE || eap.octets.octets != octets ||
	    eap.identifier != packet[1])
		abort();
	if (eap.type == EAP_TYPE_IDENTITY)
		identity = eap.data;
	if (eap.type == EAP_TYPE_AKA || eap.type == EAP_TYPE_AKA_PRIME) {
		if (eap_aka_read(eap.data.bytes, eap.data.octets, &message))
			abort();
		identity = message.identity;
		if (message.res.bytes && !conversation->has_card_answered)
			abort();
	}
	if (identity.octets > sizeof(conversation->identity))
		abort();
	if (identity.octets) {
		memcpy(conversation->identity, identity.bytes, identity.octets);
		conversation->identity_octets = identity.octets;
	}
}

static void receive(struct conversation *conversation, const uint8_t *packet, size_t octets)
{
	uint8_t response[EAP_AKA_PEER_PACKET_MAX];
	size_t count = eap_aka_peer_receive(conversation->peer, packet, octets, response);
	enum eap_aka_peer_state state = eap_aka_peer_state(conversation->peer);
	bool is_done = state == EAP_AKA_PEER_METHOD_DONE || state == EAP_AKA_PEER_SUCCEEDED;

	if (count)
		check_response(conversation, packet, response, count);
	if (is_done != (eap_aka_peer_msk(conversation->peer) != NULL) || (is_done && !conversation->has_card_answered))
		abort();
	if (state == EAP_AKA_PEER_FAILED && !eap_aka_peer_failure(conversation->peer)[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);
	struct eap_aka_peer_settings settings = {.network_name = "kedge:a"};
	struct conversation conversation = {0};
	struct usim usim = {.context = &conversation, .imsi = "001010000000001", .mnc_digits = 2};
	uint8_t flags = wire_read_u8(&reader);

	usim.authenticate = authenticate;
	settings.allow_aka = flags & AKA_ALLOWED_BIT;
	settings.is_prefix_match = flags & PREFIX_BIT;
	conversation.peer = eap_aka_peer_new(&settings, &usim);
	while (!reader.failed && wire_remaining(&reader)) {
		uint16_t length = wire_read_u16(&reader);
		struct wire_view view = wire_read_view(&reader, length & (STAMP_BIT - 1));
		uint8_t *packet;

		if (reader.failed)
			break;
		packet = exact_copy(view);
		if (length & STAMP_BIT)
			stamp(&conversation, packet, view.octets);
		receive(&conversation, packet, view.octets);
		free(packet);
	}
	eap_aka_peer_free(conversation.peer);
	return 0;
}
