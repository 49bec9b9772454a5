// SPDX-License-Identifier: BSD-3-Clause
#include "dns_answer.h"

#include <ldns/ldns.h>

#include "allocation.h"

const char *dns_rcode_name(uint8_t rcode)
{
	static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
	                                    "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "another RCODE";
}

static void owner_text(const ldns_rr *rr, char owner[DNS_NAME_TEXT_OCTETS])
{
	const ldns_rdf *name = ldns_rr_owner(rr);
	struct wire_reader reader = wire_reader_of(ldns_rdf_data(name), ldns_rdf_size(name));

	dns_name_read(&reader, owner);
}

bool dns_answer_each(struct wire_view message, dns_record_function *each, void *context)
{
	ldns_pkt *packet = NULL;
	ldns_buffer *buffer = allocated(ldns_buffer_new(LDNS_MAX_PACKETLEN));
	bool good = false;

	if (ldns_wire2pkt(&packet, message.bytes, message.octets) != LDNS_STATUS_OK)
		goto end;
	for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_answer(packet)); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(packet), i);
		struct dns_record record = {
		        .type = (uint16_t)ldns_rr_get_type(rr),
		        .ttl_s = ldns_rr_ttl(rr),
		};

		ldns_buffer_clear(buffer);
		if (ldns_rr_rdata2buffer_wire(buffer, rr) != LDNS_STATUS_OK)
			goto end;
		owner_text(rr, record.owner);
		record.rdata = (struct wire_view){ldns_buffer_begin(buffer), ldns_buffer_position(buffer)};
		each(context, &record);
	}
	good = true;
end:
	ldns_pkt_free(packet);
	ldns_buffer_free(buffer);
	return good;
}

bool dns_soa_serial(struct wire_view rdata, uint32_t *serial)
{
	struct wire_reader reader = wire_reader_of_view(rdata);

	dns_name_skip(&reader);
	dns_name_skip(&reader);
	*serial = wire_read_u32(&reader);
	wire_skip(&reader, 16);
	return wire_complete(&reader);
}
