// SPDX-License-Identifier: BSD-3-Clause
/*
 * dns_update - builds UPDATE messages (RFC 2136) and queries by ldns. Without ids and signatures, which the
 * transaction adds. No EDNS (D-7).
 *
 * Names are texts as of dns_name.h, RDATA is wire form without compression. Pure; thread: the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_DNS_UPDATE_H
#define KEDGE_MOBILITYSERVER_DNS_UPDATE_H

#include "dns_name.h"
#include "wire.h"

enum { DNS_TYPE_SOA = 6, DNS_TYPE_PTR = 12, DNS_TYPE_TXT = 16, DNS_TYPE_AAAA = 28, DNS_TYPE_AXFR = 252 };

struct dns_update;

/* An UPDATE of a zone, yet without prerequisites and updates; the caller frees it. A name that is none, here or below,
 * makes dns_update_write() fail. */
struct dns_update *dns_update_new(const char *zone);
void dns_update_free(struct dns_update *update);

/* Prerequisites: RFC 2136 sections 2.4.5 (name not in use) and 2.4.2 (RRset of exactly this record). */
void dns_update_require_unused(struct dns_update *update, const char *name);
void dns_update_require_record(struct dns_update *update, const char *name, uint16_t type, struct wire_view rdata);

/* Updates: RFC 2136 sections 2.5.1, 2.5.2 and 2.5.4. */
void dns_update_add(struct dns_update *update, const char *name, uint16_t type, uint32_t ttl_s, struct wire_view rdata);
void dns_update_delete_set(struct dns_update *update, const char *name, uint16_t type);
void dns_update_delete_record(struct dns_update *update, const char *name, uint16_t type, struct wire_view rdata);

/* Writes the message with id 0. False when a name was none or it does not fit. */
bool dns_update_write(const struct dns_update *update, struct wire_writer *writer);

/* Writes a query with id 0, without recursion. False when the name is none or it does not fit. */
bool dns_query_write(const char *name, uint16_t type, struct wire_writer *writer);

#endif
