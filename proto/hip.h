// SPDX-License-Identifier: BSD-3-Clause
/*
 * hip - Host Identities and the HIP resource record (RFC 8005, RFC 7401 section 5.2.9; K-13, B-35, B-37).
 *
 * The same public key is written in two ways, and the difference enters the HIT:
 *
 *              HIP RR form (DNS, AVP 259)                     HOST_ID form (HIP packets, hashed into the HIT)
 *   RSA        exponent length8 | exponent | modulus          the same
 *   ECDSA      x | y                                          curve16 | x | y
 *   algorithm  2 RSA, 3 ECDSA (RFC 4025 section 2.4)          5 RSA, 7 ECDSA
 *
 * RSA keys have one encoding only: no leading zero octets, no three-octet exponent length (RFC 3110), else one key
 * would have many HITs. Nothing here computes: whether a point lies on its curve is asked of OpenSSL elsewhere.
 */
#ifndef KEDGE_PROTO_HIP_H
#define KEDGE_PROTO_HIP_H

#include "wire.h"

enum { DNS_TYPE_HIP = 55 };

/* Algorithms of the HIP RR and of AVP 259. */
enum hip_key_algorithm { HIP_KEY_RSA = 2, HIP_KEY_ECDSA = 3 };

/* Algorithms of HOST_ID, HIP_SIGNATURE and of PoP-Signature (K-12). */
enum hip_algorithm { HIP_ALGORITHM_RSA = 5, HIP_ALGORITHM_ECDSA = 7 };

/* HIT suites as OGA ids (RFC 7401 section 5.2.10, appendix E). */
enum hip_suite { HIP_SUITE_RSA_SHA256 = 1, HIP_SUITE_ECDSA_SHA384 = 2 };

/* Curve labels of HOST_ID. */
enum hip_curve { HIP_CURVE_P256 = 1, HIP_CURVE_P384 = 2 };

enum {
	HIT_OCTETS = 16,
	HIP_P256_OCTETS = 64, /* x | y */
	HIP_P384_OCTETS = 96,
	HIP_RSA_MIN_BITS = 2048,
	HIP_RSA_MAX_BITS = 3072,
	HIP_RSA_EXPONENT_MAX = 4, /* octets: 2^32-1 */
	HIP_KEY_MAX = 1 + HIP_RSA_EXPONENT_MAX + HIP_RSA_MAX_BITS / 8,
	HIP_HOST_ID_MAX = HIP_KEY_MAX, /* an RSA key is the longest in both forms */
	HIP_IDENTITY_VALUE_MAX = 4 + HIP_KEY_MAX,
};

/* A public key in HIP RR form; the view is the caller's. */
struct hip_host_identity {
	uint8_t key_algorithm; /* enum hip_key_algorithm */
	struct wire_view key;
};

/* The suite that goes with the algorithm, or 0 for an unknown algorithm. */
uint8_t hip_suite_of(uint8_t key_algorithm);

/* The HOST_ID algorithm that goes with the RR algorithm, or 0. */
uint8_t hip_algorithm_of(uint8_t key_algorithm);

/*
 * Whether the key is one that kedge takes (B-37): ECDSA of 64 or 96 octets; RSA with an odd modulus of 2048..3072
 * bits and an odd exponent in 3..2^32-1, in the one encoding. Not whether a point is on the curve.
 */
bool hip_host_identity_is_acceptable(const struct hip_host_identity *identity);

/* The curve of an acceptable ECDSA identity, 0 for another. */
uint8_t hip_curve_of(const struct hip_host_identity *identity);

/*
 * HI-value, the value of AVPs 259 and 267 (B-35): alg8 suite8 0x0000 key. Reads one whole value; false when it is too
 * short, the two zero octets are not zero, the pair of algorithm and suite is another, or the key is not acceptable.
 */
bool hip_identity_value_read(struct wire_view value, struct hip_host_identity *identity);
void hip_identity_value_write(struct wire_writer *writer, const struct hip_host_identity *identity);

/* Writes an acceptable identity in HOST_ID form; fails the writer for another. */
void hip_host_id_form_write(struct wire_writer *writer, const struct hip_host_identity *identity);

/* Reads a HOST_ID form under its algorithm (5 or 7); false when it is none that kedge takes. */
bool hip_host_id_form_read(uint16_t algorithm, struct wire_view host_identity, struct hip_host_identity *identity);

/* RDATA of the HIP RR (RFC 8005 section 5). Views are into what was read, or the caller's. */
struct hip_rr {
	uint8_t hit[HIT_OCTETS];
	uint8_t key_algorithm;
	struct wire_view key;
	struct wire_view rendezvous_servers; /* uncompressed names, one after the other, in order of preference */
};

/*
 * Reads one whole RDATA. False when a length does not fit, the HIT has not 16 octets, or what follows the key is not
 * a row of whole uncompressed names. The key is not judged: others' records hold other keys.
 */
bool hip_rr_read(struct wire_view rdata, struct hip_rr *rr);
void hip_rr_write(struct wire_writer *writer, const struct hip_rr *rr);

#endif
