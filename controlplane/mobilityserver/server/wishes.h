// SPDX-License-Identifier: BSD-3-Clause
/* wishes - a wish of the bootstrap, in the words of the naming room. Pure. */
#ifndef KEDGE_MOBILITYSERVER_WISHES_H
#define KEDGE_MOBILITYSERVER_WISHES_H

#include "bootstrap.h"
#include "naming.h"

/* Where a request's views point; lives as long as the request is used. */
struct wish_buffer {
	uint8_t owner_id[SUBSCRIBER_OWNER_ID_OCTETS];
	uint8_t hip_rdata[NAMING_HIP_RDATA_MAX];
};

void wish_to_request(const struct bootstrap_naming *wish, uint32_t ttl_s, struct wish_buffer *buffer,
                     struct naming_request *request);

#endif
