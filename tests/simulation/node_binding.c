// SPDX-License-Identifier: BSD-3-Clause
/* The node's Binding Updates (RFC 6275 section 11, RFC 4285); M-3, M-4, N-4 to N-6. */
#include <string.h>

#include "ip.h"
#include "simulated_node.h"
#include "mobility_header.h"
#include "rfc4285_mac.h"

enum {
	FIRST_WAIT_MS = 1000,
	LONGEST_WAIT_MS = 32000,
	LIFETIME_UNITS = 100,
	REFRESH_MS = 200000,
	UNANSWERED_MAX = 10, /* then the association counts as dead (N-7) */
};

static void send_update(struct simulated_node *node)
{
	struct node_binding *binding = &node->binding;
	uint8_t message[256] = {0};
	uint8_t packet[NODE_PACKET_MAX];
	uint8_t authenticator[MOBILITY_MAC_OCTETS];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	struct mobility_packet envelope = {
	        .source = node->care_of_address,
	        .destination = node->server,
	        .has_home_address = true,
	        .home_address = node->grant.home_address,
	};
	struct mobility_header header = {
	        .type = MOBILITY_BINDING_UPDATE,
	        .binding_update = {.sequence = ++binding->sequence,
	                           .flags = MOBILITY_FLAG_ACKNOWLEDGE | MOBILITY_FLAG_HOME_REGISTRATION,
	                           .lifetime_units = binding->leaves ? 0 : LIFETIME_UNITS},
	        .options = {.present = MOBILITY_HAS_NODE_IDENTIFIER | MOBILITY_HAS_AUTHENTICATION,
	                    .identifier_subtype = MOBILITY_IDENTIFIER_NAI,
	                    .identifier = {(const uint8_t *)node->grant.nai, strlen(node->grant.nai)},
	                    .authentication_subtype = MOBILITY_AUTHENTICATION_MN_HA,
	                    .authentication_spi = node->grant.spi},
	};
	size_t octets = mobility_header_write(message, sizeof(message), &header);

	rfc4285_mac_compute(&node->grant.key, &node->care_of_address, &node->grant.home_address, message,
	                    header.authenticator_offset, authenticator);
	mobility_header_finish(message, octets, &header, authenticator, node->grant.home_address.s6_addr,
	                       node->server.s6_addr);
	envelope.message = (struct wire_view){message, octets};
	octets = mobility_packet_write(&writer, &envelope);
	binding->is_outstanding = true;
	binding->care_of_address = node->care_of_address;
	node->outlet.transmit(node->outlet.context, packet, octets);
}

void node_binding_turn(struct simulated_node *node)
{
	struct node_binding *binding = &node->binding;

	if (node->time->now_ms < binding->due_ms)
		return;
	if (!binding->is_outstanding) {
		binding->wait_ms = FIRST_WAIT_MS;
		binding->unanswered = 0;
	}
	if (binding->unanswered++ == UNANSWERED_MAX) {
		node->grant.is_there = false;
		binding->is_bound = false;
		node_rests(node, "the association is dead");
		return;
	}
	send_update(node); /* N-4: each time with a new number */
	binding->due_ms = node->time->now_ms + binding->wait_ms;
	binding->wait_ms = binding->wait_ms * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : binding->wait_ms * 2;
}

/* N-5: counts only if option 9, checksum and number are right. */
static bool is_right(const struct simulated_node *node, const struct ip_packet *packet,
                     const struct mobility_header *header)
{
	return packet->protocol == NEXT_HEADER_MOBILITY && ip_packet_checksum_is_right(packet) &&
	       header->type == MOBILITY_BINDING_ACKNOWLEDGEMENT && header->authentication_is_last &&
	       header->options.authentication_spi == node->grant.spi &&
	       header->options.authenticator.octets == RFC4285_MAC_OCTETS &&
	       rfc4285_mac_verify(&node->grant.key, &node->binding.care_of_address, &node->grant.home_address,
	                          packet->payload.bytes, header->authenticator_offset,
	                          header->options.authenticator.bytes);
}

static void acknowledged(struct simulated_node *node, const struct mobility_header *header)
{
	struct node_binding *binding = &node->binding;
	uint8_t status = header->binding_acknowledgement.status;

	binding->unanswered = 0;
	if (status == MOBILITY_STATUS_SEQUENCE) { /* N-6 */
		binding->sequence = header->binding_acknowledgement.sequence;
		binding->due_ms = node->time->now_ms;
	} else if (header->binding_acknowledgement.sequence != binding->sequence) {
		node->refused++;
	} else if (status < 128) {
		binding->is_outstanding = false;
		binding->is_bound = !binding->leaves;
		binding->due_ms = binding->leaves ? UINT64_MAX : node->time->now_ms + REFRESH_MS;
		binding->acknowledged_ms = node->time->now_ms;
		if (binding->is_bound)
			node->outlet.bound(node->outlet.context, node);
	} else if (status == MOBILITY_STATUS_NOT_HOME_AGENT && binding->leaves) { /* M-14: it was not there any more */
		binding->is_outstanding = false;
		binding->is_bound = false;
		binding->due_ms = UINT64_MAX;
	} else {
		binding->due_ms = node->time->now_ms + LONGEST_WAIT_MS;
	}
	node_wakes_at(node, binding->due_ms);
}

void node_binding_receive(struct simulated_node *node, const uint8_t *bytes, size_t octets)
{
	struct ip_packet packet;
	struct mobility_header header;

	if (!node->grant.is_there || !node->binding.is_outstanding || ip_packet_read(bytes, octets, &packet) ||
	    mobility_header_read(packet.payload.bytes, packet.payload.octets, &header) ||
	    !is_right(node, &packet, &header)) {
		node->refused++;
		return;
	}
	acknowledged(node, &header);
}
