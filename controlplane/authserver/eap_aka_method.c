// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka_method.h"

#include <string.h>
#include <openssl/crypto.h>

#include "hash.h"

enum { NOTIFICATION_P_BIT = 0x4000, TYPE_DATA_OFFSET = 5 };

/* Wraps type-data into an EAP request of the exchange's next identifier; where AT_MAC lies moves along. */
static size_t finish(struct eap_aka_exchange *exchange, const uint8_t *data, size_t octets, size_t mac_offset,
                     uint8_t *packet, size_t capacity)
{
	struct wire_writer writer = wire_writer_of(packet, capacity);
	size_t written;

	if (!octets)
		return 0;
	eap_write(&writer, EAP_REQUEST, ++exchange->identifier, (uint8_t)exchange->method, data, octets);
	written = wire_written(&writer);
	if (written && mac_offset)
		eap_aka_mac_set(&exchange->keys, packet, written, TYPE_DATA_OFFSET + mac_offset);
	return written;
}

size_t eap_aka_identity_request(struct eap_aka_exchange *exchange, enum eap_aka_attribute_type request, uint8_t *packet,
                                size_t capacity)
{
	uint8_t data[64];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	size_t octets;

	eap_aka_begin(&writer, EAP_AKA_IDENTITY);
	eap_aka_write_flag(&writer, request);
	octets = finish(exchange, data, wire_written(&writer), 0, packet, capacity);
	eap_aka_checkcode_add(&exchange->checkcode, packet, octets);
	return octets;
}

static void derive_keys(struct eap_aka_exchange *exchange)
{
	const struct aka_vector *vector = &exchange->vector;

	eap_aka_full_keys(exchange->method, &vector->ck, &vector->ik, hash_text(exchange->network_name),
	                  vector->sqn_xor_ak, hash_part(exchange->identity, exchange->identity_octets),
	                  &exchange->keys);
}

size_t eap_aka_challenge_request(struct eap_aka_exchange *exchange, uint8_t *packet, size_t capacity)
{
	uint8_t data[1024], digest[CHECKCODE_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	size_t mac_offset;

	derive_keys(exchange);
	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	eap_aka_write_rand(&writer, exchange->vector.rand);
	eap_aka_write_autn(&writer, exchange->vector.autn);
	if (exchange->method == EAP_TYPE_AKA_PRIME) {
		eap_aka_write_kdf(&writer, EAP_AKA_KDF_DEFAULT);
		eap_aka_write_kdf_input(&writer, exchange->network_name, strlen(exchange->network_name));
	} else {
		eap_aka_write_u16(&writer, AT_BIDDING, exchange->would_serve_aka_prime ? EAP_AKA_BIDDING_D : 0);
	}
	eap_aka_write_flag(&writer, AT_RESULT_IND);
	eap_aka_write_checkcode(&writer, digest,
	                        eap_aka_checkcode_digest(&exchange->checkcode, exchange->method, digest));
	mac_offset = eap_aka_write_mac(&writer);
	return finish(exchange, data, wire_written(&writer), mac_offset, packet, capacity);
}

size_t eap_aka_notification_request(struct eap_aka_exchange *exchange, uint16_t notification, uint8_t *packet,
                                    size_t capacity)
{
	uint8_t data[64];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	size_t mac_offset = 0;

	eap_aka_begin(&writer, EAP_AKA_NOTIFICATION);
	eap_aka_write_u16(&writer, AT_NOTIFICATION, notification);
	if (!(notification & NOTIFICATION_P_BIT))
		mac_offset = eap_aka_write_mac(&writer);
	return finish(exchange, data, wire_written(&writer), mac_offset, packet, capacity);
}

static bool res_right(const struct eap_aka_exchange *exchange, const struct eap_aka_message *message)
{
	return message->res_bits == AKA_RES_OCTETS * 8 &&
	       CRYPTO_memcmp(message->res.bytes, exchange->vector.xres, AKA_RES_OCTETS) == 0;
}

/* E-10: a synchronisation failure under AKA' carries a copy of all AT_KDF of the challenge. */
static bool kdfs_copied(const struct eap_aka_exchange *exchange, const struct eap_aka_message *message)
{
	if (exchange->method == EAP_TYPE_AKA)
		return message->kdf_count == 0;
	return message->kdf_count == 1 && message->kdfs[0] == EAP_AKA_KDF_DEFAULT;
}

static enum challenge_verdict judge_answer(const struct eap_aka_exchange *exchange, const struct eap_packet *response,
                                           const struct eap_aka_message *message, bool *result_indication)
{
	if (!message->mac.bytes || !message->res.bytes)
		return CHALLENGE_MALFORMED;
	*result_indication = message->result_ind;
	if (!eap_aka_mac_right(&exchange->keys, response->octets, message->mac))
		return CHALLENGE_WRONG;
	if (message->checkcode.bytes &&
	    !eap_aka_checkcode_right(&exchange->checkcode, exchange->method, message->checkcode))
		return CHALLENGE_WRONG;
	return res_right(exchange, message) ? CHALLENGE_RIGHT : CHALLENGE_WRONG;
}

enum challenge_verdict eap_aka_challenge_judge(const struct eap_aka_exchange *exchange,
                                               const struct eap_packet *response, bool *result_indication,
                                               uint8_t auts[AKA_AUTS_OCTETS])
{
	struct eap_aka_message message;

	*result_indication = false;
	if (eap_aka_read(response->data.bytes, response->data.octets, &message))
		return CHALLENGE_MALFORMED;
	switch (message.subtype) {
	case EAP_AKA_CHALLENGE:
		return judge_answer(exchange, response, &message, result_indication);
	case EAP_AKA_SYNCHRONIZATION_FAILURE:
		if (!message.auts.bytes || !kdfs_copied(exchange, &message))
			return CHALLENGE_MALFORMED;
		memcpy(auts, message.auts.bytes, AKA_AUTS_OCTETS);
		return CHALLENGE_OUT_OF_SYNC;
	case EAP_AKA_AUTHENTICATION_REJECT:
	case EAP_AKA_CLIENT_ERROR:
		return CHALLENGE_REJECTED;
	default:
		return CHALLENGE_MALFORMED;
	}
}

bool eap_aka_notification_acknowledged(const struct eap_aka_exchange *exchange, const struct eap_packet *response)
{
	struct eap_aka_message message;

	return eap_aka_read(response->data.bytes, response->data.octets, &message) == 0 &&
	       message.subtype == EAP_AKA_NOTIFICATION && message.mac.bytes &&
	       eap_aka_mac_right(&exchange->keys, response->octets, message.mac);
}
