// SPDX-License-Identifier: BSD-3-Clause
/*
 * subscriber_record - what the home network knows of a subscriber (operation.md 2), and what of it is
 * stored.
 */
#ifndef KEDGE_AUTHSERVER_SUBSCRIBER_RECORD_H
#define KEDGE_AUTHSERVER_SUBSCRIBER_RECORD_H

#include "key_wrap.h"
#include "sequence_number.h"

enum { IMSI_TEXT_OCTETS = 16, RECORD_TEXT_OCTETS = 254, RECORD_MSISDN_OCTETS = 32, RECORD_POLICY_OCTETS = 64 };

/* Bits of `methods`; the order of preference is AKA' before AKA (E-7). */
enum { METHOD_AKA_PRIME = 1, METHOD_AKA = 2 };

enum { AMBR_BPS_MIN = 1000 };
#define AMBR_BPS_MAX 10000000000000ull /* 10 Tbit/s */

/* Bits of B-7. */
enum { SUBSCRIBED_MIP6 = 1, SUBSCRIBED_DSMIP6 = 2, SUBSCRIBED_HIP = 4 };

struct subscriber_record {
	char imsi[IMSI_TEXT_OCTETS];
	uint8_t wrapped_keys[WRAPPED_KEYS_OCTETS];
	uint8_t amf[AKA_AMF_OCTETS];
	uint8_t methods;
	bool barred;
	bool name_consent;
	uint32_t services;
	uint64_t seq_ceiling;   /* every SEQ up to it may have been handed out (S-4) */
	uint64_t ambr_down_bps; /* session AMBR, to him and from him; 0: not limited */
	uint64_t ambr_up_bps;
	char name[RECORD_TEXT_OCTETS];
	char postal_address[RECORD_TEXT_OCTETS];
	char msisdn[RECORD_MSISDN_OCTETS];
	char name_policy[RECORD_POLICY_OCTETS]; /* empty: none */
};

/* The store's port: numbers and rows. */
enum { SUBSCRIBER_STORE_PORT = 1 };
enum subscriber_store_operation {
	SUBSCRIBER_STORE_PUT = 1, /* struct subscriber_record; never lowers seq_ceiling */
	SUBSCRIBER_STORE_DELETE,  /* struct subscriber_imsi_row */
	SUBSCRIBER_STORE_CEILING, /* struct subscriber_ceiling_row */
};

struct subscriber_imsi_row {
	char imsi[IMSI_TEXT_OCTETS];
};

struct subscriber_ceiling_row {
	char imsi[IMSI_TEXT_OCTETS];
	uint64_t seq_ceiling;
	bool resynchronised; /* by a right AUTS: may lower it (E-14); otherwise it never falls */
};

#endif
