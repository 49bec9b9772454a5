// SPDX-License-Identifier: BSD-3-Clause
/*
 * dns_answer - reads answers by ldns, whose signature was right already.
 */
#ifndef KEDGE_MOBILITYSERVER_DNS_ANSWER_H
#define KEDGE_MOBILITYSERVER_DNS_ANSWER_H

#include "dns_name.h"
#include "wire.h"

/* RCODEs of RFC 1035 and RFC 2136. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_YXRRSET = 7,
	DNS_NXRRSET = 8,
	DNS_NOTAUTH = 9,
	DNS_NOTZONE = 10,
};

/* "NOERROR", … or "RCODE11" and above as "another". */
const char *dns_rcode_name(uint8_t rcode);

struct dns_record {
	char owner[DNS_NAME_TEXT_OCTETS]; /* empty also for a name that has no text form */
	uint16_t type;
	uint32_t ttl_s;
	struct wire_view rdata; /* uncompressed; holds during the call */
};

typedef void dns_record_function(void *context, const struct dns_record *record);

/* Calls `each` for the records of the answer section. Returns false when the message is malformed (after some calls).
 */
bool dns_answer_each(struct wire_view message, dns_record_function *each, void *context);

/* The serial of an SOA's RDATA; false when it is none. */
bool dns_soa_serial(struct wire_view rdata, uint32_t *serial);

#endif
