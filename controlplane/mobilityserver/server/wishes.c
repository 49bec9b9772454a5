// SPDX-License-Identifier: BSD-3-Clause
#include "wishes.h"

#include <string.h>

#include "dns_name.h"

enum { SHORT_TTL_S = 300 /* L-9 */ };

/* The HIP record: HIT, key in RR form, and the rendezvous server where HIP is served. Empty when it cannot be. */
static struct wire_view hip_rdata(const struct bootstrap_naming *wish, uint8_t *octets, size_t capacity)
{
	struct wire_writer writer = wire_writer_of(octets, capacity);
	struct wire_view value = {wish->identity->value, wish->identity->octets};
	uint8_t server[DNS_NAME_WIRE_MAX];
	struct wire_writer server_writer = wire_writer_of(server, sizeof(server));
	struct hip_host_identity identity;
	struct hip_rr rr = {0};

	if (!hip_identity_value_read(value, &identity))
		return (struct wire_view){0};
	memcpy(rr.hit, wish->identity->hit, sizeof(rr.hit));
	rr.key_algorithm = identity.key_algorithm;
	rr.key = identity.key;
	if (wish->rendezvous_server) {
		dns_name_write(&server_writer, wish->rendezvous_server);
		rr.rendezvous_servers = (struct wire_view){server, wire_written(&server_writer)};
	}
	hip_rr_write(&writer, &rr);
	return (struct wire_view){octets, wire_written(&writer)};
}

void wish_to_request(const struct bootstrap_naming *wish, uint32_t ttl_s, struct wish_buffer *buffer,
                     struct naming_request *request)
{
	static const enum naming_kind kinds[] = {
	        [NAMING_CREATE] = NAMING_KIND_CREATE,
	        [NAMING_CHANGE] = NAMING_KIND_CHANGE,
	        [NAMING_REMOVE] = NAMING_KIND_DELETE,
	};

	*request = (struct naming_request){
	        .token = wish->token,
	        .kind = kinds[wish->operation],
	        .fqdn = wish->fqdn,
	        .previous_fqdn = wish->previous_fqdn,
	        .home_address = wish->address,
	        .owner_id = {buffer->owner_id, subscriber_owner_id(wish->owner, buffer->owner_id)},
	        .ttl_s = wish->short_lived && ttl_s > SHORT_TTL_S ? SHORT_TTL_S : ttl_s,
	};
	if (wish->identity)
		request->hip_rdata = hip_rdata(wish, buffer->hip_rdata, sizeof(buffer->hip_rdata));
}
