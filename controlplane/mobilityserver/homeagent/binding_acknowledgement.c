// SPDX-License-Identifier: BSD-3-Clause
#include "binding_acknowledgement.h"

#include "ip.h"
#include "mobility_header.h"
#include "rfc4285_mac.h"

size_t binding_acknowledgement_write(const struct binding_acknowledgement *acknowledgement, void *buffer,
                                     size_t capacity)
{
	uint8_t message[BINDING_ACKNOWLEDGEMENT_OCTETS_MAX];
	uint8_t authenticator[MOBILITY_MAC_OCTETS];
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_ACKNOWLEDGEMENT,
	        .binding_acknowledgement = {.status = acknowledgement->status,
	                                    .sequence = acknowledgement->sequence,
	                                    .lifetime_units = acknowledgement->lifetime_units},
	        .options = {.present = MOBILITY_HAS_NODE_IDENTIFIER | MOBILITY_HAS_AUTHENTICATION,
	                    .identifier_subtype = MOBILITY_IDENTIFIER_NAI,
	                    .identifier = {(const uint8_t *)acknowledgement->nai, strlen(acknowledgement->nai)},
	                    .authentication_subtype = MOBILITY_AUTHENTICATION_MN_HA,
	                    .authentication_spi = acknowledgement->spi,
	                    .timestamp = acknowledgement->timestamp},
	};
	struct mobility_packet packet = {
	        .source = acknowledgement->home_agent_address,
	        .destination = acknowledgement->destination,
	        .has_routing_home_address = !acknowledgement->at_home,
	        .routing_home_address = acknowledgement->home_address,
	};
	struct wire_writer writer = wire_writer_of(buffer, capacity);
	size_t octets;

	if (acknowledgement->has_timestamp)
		header.options.present |= MOBILITY_HAS_TIMESTAMP;
	octets = mobility_header_write(message, sizeof(message), &header);
	if (!octets)
		return 0;
	rfc4285_mac_compute(acknowledgement->key, &acknowledgement->care_of_address, &acknowledgement->home_address,
	                    message, header.authenticator_offset, authenticator);
	mobility_header_finish(message, octets, &header, authenticator, acknowledgement->home_agent_address.s6_addr,
	                       acknowledgement->home_address.s6_addr);
	packet.message = (struct wire_view){message, octets};
	return mobility_packet_write(&writer, &packet);
}

size_t binding_error_write(uint8_t status, const struct in6_addr *source, const struct in6_addr *destination,
                           const struct in6_addr *home_address, void *buffer, size_t capacity)
{
	uint8_t message[32];
	struct mobility_header header = {.type = MOBILITY_BINDING_ERROR, .binding_error = {.status = status}};
	struct mobility_packet packet = {.source = *source, .destination = *destination};
	struct wire_writer writer = wire_writer_of(buffer, capacity);

	memcpy(header.binding_error.home_address, home_address, MOBILITY_ADDRESS_OCTETS);
	packet.message = (struct wire_view){message, mobility_header_write(message, sizeof(message), &header)};
	return mobility_packet_write(&writer, &packet);
}
