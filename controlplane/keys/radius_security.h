// SPDX-License-Identifier: BSD-3-Clause
/*
 * radius_security - what protects RADIUS packets: Response Authenticator (RFC 2865 3), Message-Authenticator (RFC
 * 3579 3.2) and the encryption of MS-MPPE keys (RFC 2548 2.4.2). MD5 is what the protocol has; RADIUS in clear needs
 * more (P-4).
 *
 * Pure; any thread.
 */
#ifndef KEDGE_KEYS_RADIUS_SECURITY_H
#define KEDGE_KEYS_RADIUS_SECURITY_H

#include "radius.h"
#include "secret.h"

/*
 * true when the packet holds a Message-Authenticator and it is right, wherever it stands. For answers
 * `request_authenticator` is that of the request; for requests NULL.
 */
bool radius_message_authenticator_right(const struct radius_packet *packet, const uint8_t *request_authenticator,
                                        const struct secret *secret);

/* True when an answer's Response Authenticator is right. */
bool radius_response_authenticator_right(const struct radius_packet *packet,
                                         const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                                         const struct secret *secret);

/*
 * Finishes a built packet in place: fills the Message-Authenticator at `message_authenticator` (offset of its value),
 * and, for answers (`request_authenticator` not NULL), the Response Authenticator. A request's own authenticator,
 * random, stands in it already.
 */
void radius_protect(uint8_t *packet, size_t octets, size_t message_authenticator, const uint8_t *request_authenticator,
                    const struct secret *secret);

enum { RADIUS_MPPE_OCTETS_MAX = 2 + 80 };

/*
 * Decrypts the value of an MS-MPPE-Send- or Recv-Key (salt and ciphertext) into `key`. R-7: bound to the Request
 * Authenticator of this request; honours the length octet. Returns 0 or -EBADMSG.
 */
int radius_mppe_decrypt(struct wire_view value, const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                        const struct secret *secret, struct secret *key);

/* Encrypts `octets` octets under `salt` (its top bit is set here). Returns the value's octets. */
size_t radius_mppe_encrypt(const uint8_t *key, size_t octets, uint16_t salt,
                           const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                           const struct secret *secret, uint8_t value[RADIUS_MPPE_OCTETS_MAX]);

/* K-2: MSK = Recv-Key | Send-Key of an Access-Accept, both of 32 octets. 0, or -ENOENT when that is not so. */
int radius_msk(const struct radius_packet *accept, const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
               const struct secret *secret, struct secret *msk);

#endif
