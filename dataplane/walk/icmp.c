// SPDX-License-Identifier: BSD-3-Clause
/*
 * icmp - echo is answered, errors are made within their rate (RFC 4443 2.4: as much of the packet as fits into 1280;
 * RFC 1812 4.3.2: into 576), and errors about our outer packets go to path_mtu.c.
 */
#include "icmp4.h"
#include "punt.h"
#include "walk.h"

/* RFC 792 and RFC 1191 for what the walk says in the words of RFC 4443. */
static size_t write_ipv4(struct wire_writer *writer, const struct in6_addr *source, const struct in6_addr *destination,
                         uint8_t type, uint8_t code, uint32_t parameter, struct wire_view offending)
{
	switch (type) {
	case ICMPV6_PACKET_TOO_BIG:
		return icmp4_error_write(writer, source, destination, ICMPV4_UNREACHABLE, ICMPV4_FRAGMENTATION_NEEDED,
		                         parameter, offending);
	case ICMPV6_TIME_EXCEEDED:
		return icmp4_error_write(writer, source, destination, ICMPV4_TIME_EXCEEDED, code, 0, offending);
	case ICMPV6_PARAMETER_PROBLEM:
		return icmp4_error_write(writer, source, destination, ICMPV4_PARAMETER_PROBLEM, 0, parameter << 24,
		                         offending);
	default:
		return icmp4_error_write(writer, source, destination, ICMPV4_UNREACHABLE,
		                         code == ICMPV6_UNREACHABLE_ADDRESS ? ICMPV4_HOST_UNREACHABLE
		                                                            : ICMPV4_NET_UNREACHABLE,
		                         0, offending);
	}
}

void icmp_tell(struct walk *walk, const struct ip_packet *offending, struct wire_view view, uint8_t type, uint8_t code,
               uint32_t parameter)
{
	const bool is_ipv4 = offending->version == 4;
	const struct in6_addr *source = forwarding_error_source(walk->forwarding, offending->version);
	struct wire_writer writer;
	struct packet *error;
	size_t octets = 0;

	if (!source || (is_ipv4 ? icmp4_error_is_forbidden(offending) : icmp6_error_is_forbidden(offending)))
		return;
	if (forwarding_own(walk->forwarding, &offending->destination) >= 0)
		source = &offending->destination; /* RFC 4443 2.2 a */
	if (!token_bucket_take(&walk->icmp_errors, walk->now_ms)) {
		counter_add(&walk->counters->errors_limited, 1);
		return;
	}
	error = made_begin(walk, &writer, is_ipv4 ? (uint16_t)ICMPV4_ERROR_OCTETS_MAX : (uint16_t)IPV6_MINIMUM_MTU);
	if (error)
		octets = (is_ipv4 ? write_ipv4 : icmp6_error_write)(&writer, source, &offending->source, type, code,
		                                                    parameter, view);
	if (octets)
		made_finish(walk, error, octets);
	else if (error)
		rte_pktmbuf_free(error->buffer);
}

void icmp_error(struct walk *walk, struct packet *packet, uint8_t type, uint8_t code, uint32_t parameter,
                enum drop_reason otherwise)
{
	struct ip_packet offending;

	packet_count_up(packet); /* what is answered has been served */
	if (!packet->is_own && !ip_packet_read(packet->ip, packet->octets, &offending))
		icmp_tell(walk, &offending, packet_view(packet), type, code, parameter);
	packet_drop(walk, packet, otherwise);
}

static void answer_echo(struct walk *walk, struct packet *packet, const struct ip_packet *parsed, uint32_t parameter,
                        struct wire_view data)
{
	const bool is_ipv4 = parsed->version == 4;
	struct wire_writer writer;
	struct packet *reply;
	size_t octets = 0;

	if (!token_bucket_take(&walk->echo_replies, walk->now_ms)) {
		packet_drop(walk, packet, DROP_icmp_rate_limited);
		return;
	}
	reply = made_begin(walk, &writer, (uint16_t)(IPV6_HEADER_OCTETS + ICMP_HEADER_OCTETS + data.octets));
	if (reply)
		octets = is_ipv4 ? icmp4_echo_reply_write(&writer, &parsed->destination, &parsed->source, parameter,
		                                          data)
		                 : icmp6_echo_write(&writer, &parsed->destination, &parsed->source, ICMPV6_ECHO_REPLY,
		                                    parameter, data);
	if (!octets) {
		if (reply)
			rte_pktmbuf_free(reply->buffer);
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	made_finish(walk, reply, octets);
	packet_consume(walk, packet);
}

static enum outer_trouble trouble_of(const struct icmp_message *message)
{
	enum { NO_ROUTE_TO = 0, BEYOND_SCOPE = 2 };

	if (message->type == ICMPV6_PACKET_TOO_BIG)
		return OUTER_TOO_BIG;
	if (message->type == ICMPV6_TIME_EXCEEDED && message->code == 0)
		return OUTER_UNREACHABLE;
	if (message->type == ICMPV6_DESTINATION_UNREACHABLE &&
	    (message->code == NO_ROUTE_TO || message->code == BEYOND_SCOPE ||
	     message->code == ICMPV6_UNREACHABLE_ADDRESS))
		return OUTER_UNREACHABLE;
	return OUTER_OTHER;
}

void icmp_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	bool is_multicast = IN6_IS_ADDR_MULTICAST(&parsed->destination);
	struct icmp_message message;

	if (icmp6_read(parsed, &message))
		packet_drop(walk, packet, DROP_icmp_malformed);
	else if (message.type == ICMPV6_NEIGHBOUR_SOLICITATION || message.type == ICMPV6_NEIGHBOUR_ADVERTISEMENT)
		neighbour_receive(walk, packet, parsed);
	else if (is_multicast || IN6_IS_ADDR_LINKLOCAL(&parsed->destination))
		host_send(walk, packet, DROP_multicast_unserved);
	else if (in6_is_confined(&parsed->source))
		packet_drop(walk, packet, DROP_ip_source_confined);
	else if (message.type == ICMPV6_ECHO_REQUEST)
		answer_echo(walk, packet, parsed, message.parameter, message.body);
	else if (icmp6_is_error(message.type))
		outer_error(walk, packet, trouble_of(&message), message.parameter, message.body);
	else
		host_send(walk, packet, DROP_icmp_unserved);
}

void icmp4_receive(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	struct icmp_message message;
	enum outer_trouble trouble = OUTER_OTHER;

	if (icmp4_read(parsed, &message)) {
		packet_drop(walk, packet, DROP_icmp_malformed);
	} else if (in6_is_confined(&parsed->source)) {
		packet_drop(walk, packet, DROP_ip_source_confined);
	} else if (message.type == ICMPV4_ECHO_REQUEST) {
		answer_echo(walk, packet, parsed, message.parameter, message.body);
	} else if (icmp4_is_error(message.type)) {
		if (message.type == ICMPV4_UNREACHABLE && message.code == ICMPV4_FRAGMENTATION_NEEDED)
			trouble = OUTER_TOO_BIG;
		else if ((message.type == ICMPV4_UNREACHABLE && message.code <= ICMPV4_HOST_UNREACHABLE) ||
		         (message.type == ICMPV4_TIME_EXCEEDED && message.code == 0))
			trouble = OUTER_UNREACHABLE;
		outer_error(walk, packet, trouble, message.parameter & 0xffff, message.body);
	} else {
		host_send(walk, packet, DROP_icmp_unserved);
	}
}
