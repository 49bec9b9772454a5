// SPDX-License-Identifier: BSD-3-Clause
#include "binding_acknowledgement.h"

#include "ip.h"
#include "mobility_header.h"
#include "rfc4285_mac.h"

enum { IPV4_OPTION_OCTETS = 6, NAT_REFRESH_S = 110, HOP_LIMIT = 64 };

/* RFC 5555 3.2.2: F, reserved, refresh time. kedge tunnels to IPv4 in UDP only, so F is always set (M-24). */
static void write_nat_detection(bool has_nat, uint8_t option[IPV4_OPTION_OCTETS])
{
	struct wire_writer writer = wire_writer_of(option, IPV4_OPTION_OCTETS);

	wire_write_u16(&writer, 0x8000);
	wire_write_u32(&writer, has_nat ? NAT_REFRESH_S : UINT32_MAX);
}

/* RFC 5555 3.2.1: status, prefix length (0 in a refusal), the address. */
static void write_ipv4_acknowledgement(const struct binding_acknowledgement *acknowledgement,
                                       uint8_t option[IPV4_OPTION_OCTETS])
{
	struct wire_writer writer = wire_writer_of(option, IPV4_OPTION_OCTETS);

	wire_write_u8(&writer, acknowledgement->ipv4_status);
	wire_write_u8(&writer, 0);
	wire_write_bytes(&writer, acknowledgement->ipv4_home_address, sizeof(acknowledgement->ipv4_home_address));
}

/* Outer headers around an IPv6 packet. */
static size_t write_in_udp(const struct binding_acknowledgement *acknowledgement, const struct mobility_packet *packet,
                           struct wire_writer *writer)
{
	uint8_t inner[BINDING_ACKNOWLEDGEMENT_OCTETS_MAX];
	struct wire_writer inner_writer = wire_writer_of(inner, sizeof(inner));
	const struct udp_datagram datagram = {
	        .source = acknowledgement->outer_source,
	        .destination = acknowledgement->outer_destination,
	        .source_port = UDP_PORT_DSMIPV6,
	        .destination_port = acknowledgement->port,
	        .payload = {inner, mobility_packet_write(&inner_writer, packet)},
	};

	return datagram.payload.octets ? udp_packet_write(writer, &datagram, HOP_LIMIT) : 0;
}

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
	uint8_t nat_detection[IPV4_OPTION_OCTETS], ipv4_acknowledgement[IPV4_OPTION_OCTETS];
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
	if (acknowledgement->in_udp) {
		write_nat_detection(acknowledgement->has_nat, nat_detection);
		header.options.nat_detection = (struct wire_view){nat_detection, sizeof(nat_detection)};
		header.options.present |= MOBILITY_HAS_NAT_DETECTION;
	}
	if (acknowledgement->has_ipv4_home_address) {
		write_ipv4_acknowledgement(acknowledgement, ipv4_acknowledgement);
		header.options.ipv4_acknowledgement =
		        (struct wire_view){ipv4_acknowledgement, sizeof(ipv4_acknowledgement)};
		header.options.present |= MOBILITY_HAS_IPV4_ACKNOWLEDGEMENT;
	}
	octets = mobility_header_write(message, sizeof(message), &header);
	packet.message = (struct wire_view){message, octets};
	if (!octets)
		return 0;
	rfc4285_mac_compute(acknowledgement->key, &acknowledgement->care_of_address, &acknowledgement->home_address,
	                    message, header.authenticator_offset, authenticator);
	mobility_header_finish(message, octets, &header, authenticator, acknowledgement->home_agent_address.s6_addr,
	                       acknowledgement->home_address.s6_addr);
	if (acknowledgement->in_udp)
		return write_in_udp(acknowledgement, &packet, &writer);
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
