// SPDX-License-Identifier: BSD-3-Clause
#include "sequence_number.h"

#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>

static const uint8_t amf_star[AKA_AMF_OCTETS];

void sqn_write(uint64_t sqn, uint8_t octets[AKA_SQN_OCTETS])
{
	for (int i = AKA_SQN_OCTETS - 1; i >= 0; i--, sqn >>= 8)
		octets[i] = (uint8_t)sqn;
}

uint64_t sqn_read(const uint8_t octets[AKA_SQN_OCTETS])
{
	uint64_t sqn = 0;

	for (int i = 0; i < AKA_SQN_OCTETS; i++)
		sqn = sqn << 8 | octets[i];
	return sqn;
}

static void xor_sqn(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	for (int i = 0; i < AKA_SQN_OCTETS; i++)
		out[i] = a[i] ^ b[i];
}

uint64_t sqn_after_resynchronisation(uint64_t sqn_he, uint64_t sqn_ms)
{
	/* the next one has SEQ + 1; the USIM accepts what is above its own, but not too far above */
	uint64_t next = sqn_seq(sqn_he) + 1, card = sqn_seq(sqn_ms);

	return next > card && next - card <= SQN_LEAD_MAX ? sqn_he : sqn_of(card, sqn_ind(sqn_he));
}

void aka_vector_make(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                     uint64_t sqn, const uint8_t amf[AKA_AMF_OCTETS], struct aka_vector *vector)
{
	struct milenage_result result = {0};
	uint8_t octets[AKA_SQN_OCTETS], mac_s[AKA_MAC_OCTETS];

	sqn_write(sqn, octets);
	milenage_f2345(k, opc, rand, &result);
	memcpy(vector->rand, rand, AKA_RAND_OCTETS);
	memcpy(vector->xres, result.res, AKA_RES_OCTETS);
	xor_sqn(octets, result.ak, vector->sqn_xor_ak);
	memcpy(vector->autn, vector->sqn_xor_ak, AKA_SQN_OCTETS);
	memcpy(vector->autn + AKA_SQN_OCTETS, amf, AKA_AMF_OCTETS);
	milenage_f1(k, opc, rand, octets, amf, vector->autn + AKA_SQN_OCTETS + AKA_AMF_OCTETS, mac_s);
	vector->ck = result.ck;
	vector->ik = result.ik;
	milenage_result_wipe(&result);
	OPENSSL_cleanse(mac_s, sizeof(mac_s));
}

void aka_vector_wipe(struct aka_vector *vector)
{
	OPENSSL_cleanse(vector, sizeof(*vector));
}

int auts_check(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
               const uint8_t auts[AKA_AUTS_OCTETS], uint64_t *sqn_ms)
{
	struct milenage_result result = {0};
	uint8_t octets[AKA_SQN_OCTETS], mac_a[AKA_MAC_OCTETS], mac_s[AKA_MAC_OCTETS];
	int differs;

	milenage_f2345(k, opc, rand, &result);
	xor_sqn(auts, result.ak_star, octets);
	milenage_f1(k, opc, rand, octets, amf_star, mac_a, mac_s);
	differs = CRYPTO_memcmp(mac_s, auts + AKA_SQN_OCTETS, AKA_MAC_OCTETS);
	if (!differs)
		*sqn_ms = sqn_read(octets);
	milenage_result_wipe(&result);
	OPENSSL_cleanse(mac_a, sizeof(mac_a));
	return differs ? -EBADMSG : 0;
}

uint64_t sqn_window_highest(const struct sqn_window *window)
{
	uint64_t highest = 0;

	for (unsigned ind = 0; ind < SQN_INDS; ind++)
		if (sqn_of(window->seq[ind], ind) > highest)
			highest = sqn_of(window->seq[ind], ind);
	return highest;
}

bool sqn_window_accepts(const struct sqn_window *window, uint64_t sqn)
{
	uint64_t seq = sqn_seq(sqn);
	uint64_t highest = sqn_seq(sqn_window_highest(window));

	return seq > window->seq[sqn_ind(sqn)] && (seq <= highest || seq - highest <= window->jump_limit);
}

void sqn_window_accept(struct sqn_window *window, uint64_t sqn)
{
	window->seq[sqn_ind(sqn)] = sqn_seq(sqn);
}

static void make_auts(const struct secret *k, const struct secret *opc, const uint8_t *rand, uint64_t sqn_ms,
                      const uint8_t *ak_star, uint8_t auts[AKA_AUTS_OCTETS])
{
	uint8_t octets[AKA_SQN_OCTETS], mac_a[AKA_MAC_OCTETS];

	sqn_write(sqn_ms, octets);
	xor_sqn(octets, ak_star, auts);
	milenage_f1(k, opc, rand, octets, amf_star, mac_a, auts + AKA_SQN_OCTETS);
	OPENSSL_cleanse(mac_a, sizeof(mac_a));
}

enum aka_outcome aka_answer_make(const struct secret *k, const struct secret *opc, const struct sqn_window *window,
                                 const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
                                 struct aka_answer *answer)
{
	struct milenage_result result = {0};
	uint8_t octets[AKA_SQN_OCTETS], mac_a[AKA_MAC_OCTETS], mac_s[AKA_MAC_OCTETS];
	enum aka_outcome outcome = AKA_SUCCESS;

	memset(answer, 0, sizeof(*answer));
	milenage_f2345(k, opc, rand, &result);
	xor_sqn(autn, result.ak, octets);
	memcpy(answer->amf, autn + AKA_SQN_OCTETS, AKA_AMF_OCTETS);
	milenage_f1(k, opc, rand, octets, answer->amf, mac_a, mac_s);
	answer->sqn = sqn_read(octets);
	if (CRYPTO_memcmp(mac_a, autn + AKA_SQN_OCTETS + AKA_AMF_OCTETS, AKA_MAC_OCTETS) != 0) {
		outcome = AKA_MAC_FAILURE;
	} else if (!sqn_window_accepts(window, answer->sqn)) {
		make_auts(k, opc, rand, sqn_window_highest(window), result.ak_star, answer->auts);
		outcome = AKA_SYNCHRONISATION_FAILURE;
	} else {
		memcpy(answer->res, result.res, AKA_RES_OCTETS);
		memcpy(answer->sqn_xor_ak, autn, AKA_SQN_OCTETS);
		answer->ck = result.ck;
		answer->ik = result.ik;
	}
	milenage_result_wipe(&result);
	OPENSSL_cleanse(mac_a, sizeof(mac_a));
	return outcome;
}

void aka_answer_wipe(struct aka_answer *answer)
{
	OPENSSL_cleanse(answer, sizeof(*answer));
}
