// SPDX-License-Identifier: BSD-3-Clause
/*
 * icmp - echo is answered, errors are made (RFC 4443, as much of the packet as fits into 1280), and an outer Packet Too
 * Big is believed only if it quotes a packet of a live binding's tunnel (M-19). Other outer errors change nothing
 * (N-9).
 */
#include "punt.h"
#include "walk.h"

void icmp_error(struct walk *walk, struct packet *packet, uint8_t type, uint8_t code, uint32_t parameter,
                enum drop_reason otherwise)
{
	const struct in6_addr *source = forwarding_error_source(walk->forwarding, packet->version);
	struct ip_packet offending;
	struct wire_writer writer;
	struct packet *error;
	size_t octets = 0;

	packet_count_up(packet); /* what is answered has been served */
	if (packet->is_own || packet->version != 6 || !source ||
	    ip_packet_read(packet->ip, packet->octets, &offending) || icmp6_error_is_forbidden(&offending)) {
		packet_drop(walk, packet, otherwise);
		return;
	}
	if (forwarding_own(walk->forwarding, &offending.destination) >= 0)
		source = &offending.destination; /* RFC 4443 2.2 a */
	if (!token_bucket_take(&walk->icmp_errors, walk->now_ms)) {
		counter_add(&walk->counters->errors_limited, 1);
		packet_drop(walk, packet, otherwise);
		return;
	}
	error = made_begin(walk, &writer, IPV6_MINIMUM_MTU);
	if (error)
		octets = icmp6_error_write(&writer, source, &offending.source, type, code, parameter,
		                           packet_view(packet));
	if (octets)
		made_finish(walk, error, octets);
	else if (error)
		rte_pktmbuf_free(error->buffer);
	packet_drop(walk, packet, otherwise);
}

static void answer_echo(struct walk *walk, struct packet *packet, const struct ip_packet *parsed,
                        const struct icmp6_message *message)
{
	struct wire_writer writer;
	struct packet *reply;
	size_t octets = 0;

	if (!token_bucket_take(&walk->echo_replies, walk->now_ms)) {
		packet_drop(walk, packet, DROP_icmp_rate_limited);
		return;
	}
	reply = made_begin(walk, &writer,
	                   (uint16_t)(IPV6_HEADER_OCTETS + ICMPV6_ERROR_HEADER_OCTETS + message->body.octets));
	if (reply)
		octets = icmp6_echo_write(&writer, &parsed->destination, &parsed->source, ICMPV6_ECHO_REPLY,
		                          message->parameter, message->body);
	if (!octets) {
		if (reply)
			rte_pktmbuf_free(reply->buffer);
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	made_finish(walk, reply, octets);
	packet_consume(walk, packet);
}

/* The live binding whose tunnel the quoted packet went into; NULL when there is none. */
static struct binding_entry *quoted_binding(struct walk *walk, struct wire_view quoted, struct in6_addr *key,
                                            struct in6_addr *care_of_address)
{
	const struct forwarding *forwarding = walk->forwarding;
	struct wire_reader reader = wire_reader_of_view(quoted);
	const struct service_prefix *prefix;
	struct ipv6_header outer, inner;
	struct binding_entry *entry;
	struct in6_addr bound;
	const struct in6_addr *keys[1] = {key};

	ipv6_header_read(&reader, &outer);
	ipv6_header_read(&reader, &inner);
	if (reader.failed || outer.next_header != NEXT_HEADER_IPV6 || forwarding_own(forwarding, &outer.source) < 0)
		return NULL;
	prefix = service_prefix_of(&forwarding->prefixes, &inner.destination);
	if (!prefix)
		return NULL;
	service_prefix_key(prefix, &inner.destination, key);
	binding_table_lookup(forwarding->table, keys, 1, &entry);
	if (!entry || binding_expiry_load(entry) <= walk->expiry_horizon_ms)
		return NULL;
	bound = shared_address_load(&entry->care_of_address);
	*care_of_address = outer.destination;
	return in6_is_equal(&bound, &outer.destination) ? entry : NULL;
}

/* RFC 8201 4: below 1280 it is never believed; a path is not narrower. */
static void learn_path_mtu(struct walk *walk, struct packet *packet, const struct icmp6_message *message)
{
	struct in6_addr key, care_of_address;

	if (message->parameter < IPV6_MINIMUM_MTU || message->parameter > UINT16_MAX ||
	    !quoted_binding(walk, message->body, &key, &care_of_address)) {
		packet_drop(walk, packet, DROP_icmp_error_unmatched);
		return;
	}
	counter_add(&walk->counters->path_mtu_learnt, 1);
	punt_path_mtu(walk, packet, &key, &care_of_address, (uint16_t)message->parameter);
}

/* Whether the error is about a tunnel's packet; any other of ours came from the host's kernel. */
static bool quotes_tunnel(struct wire_view quoted)
{
	struct wire_reader reader = wire_reader_of_view(quoted);
	struct ipv6_header outer;

	ipv6_header_read(&reader, &outer);
	return reader.failed || outer.next_header == NEXT_HEADER_IPV6;
}

static void receive_error(struct walk *walk, struct packet *packet, const struct icmp6_message *message)
{
	bool is_too_big = message->type == ICMPV6_PACKET_TOO_BIG && !packet->was_inside;

	if (!quotes_tunnel(message->body))
		host_send(walk, packet, is_too_big ? DROP_icmp_error_unmatched : DROP_icmp_error_ignored);
	else if (is_too_big)
		learn_path_mtu(walk, packet, message);
	else
		packet_drop(walk, packet, DROP_icmp_error_ignored);
}

void icmp_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	bool is_multicast = IN6_IS_ADDR_MULTICAST(&parsed->destination);
	struct icmp6_message message;

	if (icmp6_read(parsed, &message))
		packet_drop(walk, packet, DROP_icmp_malformed);
	else if (message.type == ICMPV6_NEIGHBOUR_SOLICITATION || message.type == ICMPV6_NEIGHBOUR_ADVERTISEMENT)
		neighbour_receive(walk, packet, parsed);
	else if (is_multicast || IN6_IS_ADDR_LINKLOCAL(&parsed->destination))
		host_send(walk, packet, DROP_multicast_unserved);
	else if (in6_is_confined(&parsed->source))
		packet_drop(walk, packet, DROP_ip_source_confined);
	else if (message.type == ICMPV6_ECHO_REQUEST)
		answer_echo(walk, packet, parsed, &message);
	else if (icmp6_is_error(message.type))
		receive_error(walk, packet, &message);
	else
		host_send(walk, packet, DROP_icmp_unserved);
}
