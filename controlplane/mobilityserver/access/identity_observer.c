// SPDX-License-Identifier: BSD-3-Clause
#include "identity_observer.h"

#include "eap.h"
#include "eap_aka.h"

enum { IMSI_DIGITS_MIN = 6, IMSI_DIGITS_MAX = 15 };

/* "0<IMSI>@realm" of AKA, "6<IMSI>@realm" of AKA' (E-2); anything else leaves no IMSI. */
static void take_permanent(struct identity_observer *observer, uint8_t method, struct wire_view identity)
{
	char first = method == EAP_TYPE_AKA_PRIME ? '6' : '0';
	size_t digits = 0;

	observer->imsi[0] = '\0';
	if (identity.octets == 0 || identity.bytes[0] != first)
		return;
	while (digits + 1 < identity.octets && identity.bytes[digits + 1] >= '0' && identity.bytes[digits + 1] <= '9')
		digits++;
	if (digits < IMSI_DIGITS_MIN || digits > IMSI_DIGITS_MAX)
		return;
	if (digits + 1 < identity.octets && identity.bytes[digits + 1] != '@')
		return;
	memcpy(observer->imsi, identity.bytes + 1, digits);
	observer->imsi[digits] = '\0';
}

void identity_observer_see(struct identity_observer *observer, struct wire_view eap_response)
{
	struct eap_aka_message message;
	struct eap_packet eap;

	if (eap_read(eap_response.bytes, eap_response.octets, &eap) || eap.code != EAP_RESPONSE ||
	    eap.type == EAP_TYPE_IDENTITY)
		return;
	/* what one method asked says nothing about a success of another: a peer could name anybody and change over */
	if (eap.type != observer->method)
		observer->imsi[0] = '\0';
	observer->method = eap.type;
	observer->is_fast = false;
	if (eap.type != EAP_TYPE_AKA && eap.type != EAP_TYPE_AKA_PRIME)
		return;
	if (eap_aka_read(eap.data.bytes, eap.data.octets, &message))
		return;
	observer->is_fast = message.subtype == EAP_AKA_REAUTHENTICATION;
	if (message.identity.bytes)
		take_permanent(observer, eap.type, message.identity);
}

const char *identity_observer_imsi(const struct identity_observer *observer)
{
	return observer->imsi[0] ? observer->imsi : NULL;
}
