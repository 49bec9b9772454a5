// SPDX-License-Identifier: BSD-3-Clause
/* transmit - the Ethernet header, and the frames of a burst together to their ports. */
#include "walk.h"

void transmit_port(struct walk *walk, unsigned port)
{
	struct transmit_queue *queue = &walk->queues[port];
	unsigned sent;

	if (walk->watching & WATCH_CAPTURE)
		watch_frames(walk, queue->frames, queue->count, (uint8_t)port, WATCH_OUT);
	sent = walk->transmit(walk->transmit_context, port, queue->frames, (uint16_t)queue->count);
	counter_add(&walk->counters->transmitted, sent);
	counter_add(&walk->counters->drops[DROP_transmit_refused], queue->count - sent);
	for (unsigned i = sent; i < queue->count; i++)
		rte_pktmbuf_free(queue->frames[i]);
	queue->count = 0;
}

void transmit(struct walk *walk, struct packet *packet, uint8_t port, const uint8_t link_address[LINK_ADDRESS_OCTETS],
              uint16_t ethertype)
{
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(packet->buffer, ETHERNET_OCTETS);
	struct wire_writer writer;

	if (!frame) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	writer = wire_writer_of(frame, ETHERNET_OCTETS);
	wire_write_bytes(&writer, link_address, LINK_ADDRESS_OCTETS);
	wire_write_bytes(&writer, walk->forwarding->ports[port].link_address, LINK_ADDRESS_OCTETS);
	wire_write_u16(&writer, ethertype);
	transmit_queue(walk, port, packet->buffer);
	packet->step = STEP_DONE;
}

void transmit_made(struct walk *walk, struct packet *packet, size_t octets, uint8_t port,
                   const uint8_t link_address[LINK_ADDRESS_OCTETS], uint16_t ethertype)
{
	(void)rte_pktmbuf_append(packet->buffer, (uint16_t)octets);
	packet->octets = (uint16_t)octets;
	counter_add(&walk->counters->originated, 1);
	transmit(walk, packet, port, link_address, ethertype);
}

void transmit_flush(struct walk *walk)
{
	for (unsigned port = 0; port < walk->forwarding->port_count; port++)
		if (walk->queues[port].count)
			transmit_port(walk, port);
}
