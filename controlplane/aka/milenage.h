// SPDX-License-Identifier: BSD-3-Clause
/*
 * milenage - f1, f1*, f2..f5, f5* of 3GPP TS 35.206 with AES-128, and the GSM functions made of them (TS 55.205).
 *
 * Pure; any thread.
 */
#ifndef KEDGE_AKA_MILENAGE_H
#define KEDGE_AKA_MILENAGE_H

#include "secret.h"

enum {
	AKA_K_OCTETS = 16,
	AKA_RAND_OCTETS = 16,
	AKA_SQN_OCTETS = 6,
	AKA_AMF_OCTETS = 2,
	AKA_MAC_OCTETS = 8,
	AKA_RES_OCTETS = 8,
	AKA_AK_OCTETS = 6,
	AKA_AUTN_OCTETS = 16,
	AKA_AUTS_OCTETS = 14,
	GSM_SRES_OCTETS = 4,
	GSM_KC_OCTETS = 8,
};

/* OPc = OP ^ E_K(OP). */
void milenage_opc(const struct secret *k, const struct secret *op, struct secret *opc);

/* f1: MAC-A (network) and f1*: MAC-S (resynchronisation). */
void milenage_f1(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                 const uint8_t sqn[AKA_SQN_OCTETS], const uint8_t amf[AKA_AMF_OCTETS], uint8_t mac_a[AKA_MAC_OCTETS],
                 uint8_t mac_s[AKA_MAC_OCTETS]);

/* f2 RES, f3 CK, f4 IK, f5 AK, f5* AK*. ck and ik become 16 octets. */
struct milenage_result {
	uint8_t res[AKA_RES_OCTETS];
	uint8_t ak[AKA_AK_OCTETS];
	uint8_t ak_star[AKA_AK_OCTETS];
	struct secret ck;
	struct secret ik;
};
void milenage_f2345(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                    struct milenage_result *result);
void milenage_result_wipe(struct milenage_result *result);

/* TS 55.205: SRES (derivation function #1) and Kc by c3; N-1 uses them in the GSM context. */
void milenage_gsm(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                  uint8_t sres[GSM_SRES_OCTETS], uint8_t kc[GSM_KC_OCTETS]);

#endif
