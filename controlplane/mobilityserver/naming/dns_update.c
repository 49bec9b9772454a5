// SPDX-License-Identifier: BSD-3-Clause
#include "dns_update.h"

#include <ldns/ldns.h>
#include <stdlib.h>

#include "allocation.h"

struct dns_update {
	ldns_pkt *packet;
	bool failed;
};

static ldns_rdf *name_data(const char *name, bool *failed)
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));

	dns_name_write(&writer, name);
	if (writer.failed) {
		*failed = true;
		return allocated(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, 1, "\0"));
	}
	return allocated(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire_written(&writer), wire));
}

static ldns_rr *record(struct dns_update *update, const char *name, uint16_t type, ldns_rr_class class, uint32_t ttl_s,
                       struct wire_view rdata)
{
	ldns_rr *rr = allocated(ldns_rr_new());

	ldns_rr_set_owner(rr, name_data(name, &update->failed));
	ldns_rr_set_type(rr, type);
	ldns_rr_set_class(rr, class);
	ldns_rr_set_ttl(rr, ttl_s);
	if (rdata.octets)
		ldns_rr_push_rdf(rr,
		                 allocated(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, rdata.octets, rdata.bytes)));
	return rr;
}

/* Puts a record into a section: UPDATE calls question, answer and authority zone, prerequisite and update. */
static void push(struct dns_update *update, ldns_pkt_section section, ldns_rr *rr)
{
	if (!ldns_pkt_push_rr(update->packet, section, rr))
		abort();
}

struct dns_update *dns_update_new(const char *zone)
{
	struct dns_update *update = allocate(sizeof(*update));
	ldns_rr *rr;

	update->packet = allocated(ldns_pkt_new());
	ldns_pkt_set_opcode(update->packet, LDNS_PACKET_UPDATE);
	rr = record(update, zone, DNS_TYPE_SOA, LDNS_RR_CLASS_IN, 0, (struct wire_view){0});
	ldns_rr_set_question(rr, true);
	push(update, LDNS_SECTION_QUESTION, rr);
	return update;
}

void dns_update_free(struct dns_update *update)
{
	if (!update)
		return;
	ldns_pkt_free(update->packet);
	free(update);
}

void dns_update_require_unused(struct dns_update *update, const char *name)
{
	push(update, LDNS_SECTION_ANSWER,
	     record(update, name, LDNS_RR_TYPE_ANY, LDNS_RR_CLASS_NONE, 0, (struct wire_view){0}));
}

void dns_update_require_record(struct dns_update *update, const char *name, uint16_t type, struct wire_view rdata)
{
	push(update, LDNS_SECTION_ANSWER, record(update, name, type, LDNS_RR_CLASS_IN, 0, rdata));
}

void dns_update_add(struct dns_update *update, const char *name, uint16_t type, uint32_t ttl_s, struct wire_view rdata)
{
	push(update, LDNS_SECTION_AUTHORITY, record(update, name, type, LDNS_RR_CLASS_IN, ttl_s, rdata));
}

void dns_update_delete_set(struct dns_update *update, const char *name, uint16_t type)
{
	push(update, LDNS_SECTION_AUTHORITY, record(update, name, type, LDNS_RR_CLASS_ANY, 0, (struct wire_view){0}));
}

void dns_update_delete_record(struct dns_update *update, const char *name, uint16_t type, struct wire_view rdata)
{
	push(update, LDNS_SECTION_AUTHORITY, record(update, name, type, LDNS_RR_CLASS_NONE, 0, rdata));
}

static bool write_packet(const ldns_pkt *packet, struct wire_writer *writer)
{
	uint8_t *wire = NULL;
	size_t octets = 0;
	bool good = ldns_pkt2wire(&wire, packet, &octets) == LDNS_STATUS_OK;

	if (good)
		wire_write_bytes(writer, wire, octets);
	LDNS_FREE(wire);
	return good && !writer->failed;
}

bool dns_update_write(const struct dns_update *update, struct wire_writer *writer)
{
	return !update->failed && write_packet(update->packet, writer);
}

bool dns_query_write(const char *name, uint16_t type, struct wire_writer *writer)
{
	bool failed = false;
	ldns_pkt *packet = allocated(ldns_pkt_query_new(name_data(name, &failed), type, LDNS_RR_CLASS_IN, 0));
	bool good = !failed && write_packet(packet, writer);

	ldns_pkt_free(packet);
	return good;
}
