// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

static void touch(struct wire_view view)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < view.octets; i++)
		sum ^= view.bytes[i];
}

static void touch_all(const struct eap_aka_message *message)
{
	touch(message->rand);
	touch(message->autn);
	touch(message->res);
	touch(message->auts);
	touch(message->mac);
	touch(message->identity);
	touch(message->kdf_input);
	touch(message->iv);
	touch(message->encr_data);
	touch(message->checkcode);
	touch(message->nonce_s);
	touch(message->next_pseudonym);
	touch(message->next_reauth_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	struct eap_aka_message message;

	if (eap_aka_read(bytes, octets, &message) == 0)
		touch_all(&message);
	if (eap_aka_read_encrypted(bytes, octets, &message) == 0)
		touch_all(&message);
	return 0;
}
