// SPDX-License-Identifier: BSD-3-Clause
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "icmp6.h"
#include "ip.h"
#include "netlink.h"

enum {
	PACKET_OCTETS_MAX = 65536,
	PACKETS_A_TURN = 64, /* the loop serves its timers in between */
	SILENCER_OCTETS = 2048,
	BUFFER_OCTETS = 4 << 20,
};

struct tunnel {
	struct loop *loop;
	struct tunnel_settings settings;
	struct home_routing routing;
	struct tunnel_outlet outlet;
	unsigned interface;
	int tun;
	int capture;   /* AF_PACKET: next header 41, 43 or 135, and ICMPv6 errors of types 1 and 4 */
	int silencer;  /* nobody reads it: while it is open the kernel does not answer protocol 41 (N-9) */
	int sender;    /* IPPROTO_RAW, bound to the interface of the care-of address */
	int up_sender; /* the same, of the care-of address that is bound */
	uv_poll_t tun_poll;
	uv_poll_t capture_poll;
	bool has_home;
	bool is_bound;
	bool has_place;
	struct in6_addr bound_address; /* where inner packets leave: during a handover still the place before (N-3) */
	struct in6_addr home_address;
	unsigned prefix_length;
	struct in6_addr home_agent;
	struct movement_place place;
	struct in6_addr earlier_address; /* of the place before */
	struct tunnel_counters counters;
	uint8_t packet[PACKET_OCTETS_MAX];
};

/* --- sockets --- */

static int open_tun(struct tunnel *tunnel)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int result;

	tunnel->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tunnel->tun < 0)
		return -errno;
	memcpy(request.ifr_name, tunnel->settings.interface, IFNAMSIZ);
	if (ioctl(tunnel->tun, TUNSETIFF, &request))
		return -errno;
	tunnel->interface = if_nametoindex(tunnel->settings.interface);
	if (!tunnel->interface)
		return -errno;
	result = netlink_link_up(tunnel->interface, tunnel->settings.mtu_bytes);
	return result ? result : home_routing_start(&tunnel->routing, &tunnel->settings.routing, tunnel->interface);
}

/* SOCK_DGRAM: packets begin with the IPv6 header, whose octet 6 is the next header. */
static int open_capture(struct tunnel *tunnel)
{
	static struct sock_filter instructions[] = {
	        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NEXT_HEADER_IPV6, 6, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NEXT_HEADER_ROUTING, 5, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NEXT_HEADER_MOBILITY, 4, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NEXT_HEADER_ICMPV6, 0, 4),
	        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IPV6_HEADER_OCTETS),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMPV6_DESTINATION_UNREACHABLE, 1, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMPV6_PARAMETER_PROBLEM, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, PACKET_OCTETS_MAX),
	        BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {sizeof(instructions) / sizeof(instructions[0]), instructions};
	const struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6)};
	const int octets = BUFFER_OCTETS;

	/* no protocol yet: nothing comes before the filter stands */
	tunnel->capture = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tunnel->capture < 0 ||
	    setsockopt(tunnel->capture, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    bind(tunnel->capture, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	setsockopt(tunnel->capture, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	return 0;
}

static int open_raw(struct tunnel *tunnel)
{
	const int octets = SILENCER_OCTETS;

	tunnel->silencer = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NEXT_HEADER_IPV6);
	tunnel->sender = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	tunnel->up_sender = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (tunnel->silencer < 0 || tunnel->sender < 0 || tunnel->up_sender < 0)
		return -errno;
	setsockopt(tunnel->silencer, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	return 0;
}

static int send_by(int sender, struct wire_view packet)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};

	if (packet.octets < IPV6_HEADER_OCTETS)
		return -EINVAL;
	memcpy(&to.sin6_addr, packet.bytes + 24, sizeof(to.sin6_addr));
	if (sendto(sender, packet.bytes, packet.octets, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

int tunnel_send(struct tunnel *tunnel, struct wire_view packet)
{
	return send_by(tunnel->sender, packet);
}

/* The outer packets leave where their source is, whatever the main table prefers. */
static void leave_by(int sender, const struct movement_place *place)
{
	setsockopt(sender, SOL_SOCKET, SO_BINDTODEVICE, place->name, (socklen_t)(strlen(place->name) + 1));
}

/* --- up: from the TUN interface to the home agent --- */

static void tunnel_up(struct tunnel *tunnel, size_t octets)
{
	uint8_t *outer = tunnel->packet;
	const uint8_t *inner = outer + IPV6_HEADER_OCTETS;
	struct wire_reader reader = wire_reader_of(inner, octets);
	struct wire_writer writer = wire_writer_of(outer, IPV6_HEADER_OCTETS);
	struct ipv6_header header;

	ipv6_header_read(&reader, &header);
	if (reader.failed || !tunnel->has_home ||
	    !in6_has_prefix(&header.source, &tunnel->home_address, tunnel->prefix_length)) {
		tunnel->counters.up_foreign++;
		return;
	}
	if (!tunnel->is_bound) {
		tunnel->counters.up_unbound++;
		return;
	}
	header = (struct ipv6_header){
	        .source = tunnel->bound_address,
	        .destination = tunnel->home_agent,
	        .traffic_class = header.traffic_class,
	        .payload_octets = (uint16_t)octets,
	        .next_header = NEXT_HEADER_IPV6,
	        .hop_limit = IP_HOP_LIMIT_DEFAULT,
	};
	ipv6_header_write(&writer, &header);
	if (send_by(tunnel->up_sender, (struct wire_view){outer, IPV6_HEADER_OCTETS + octets})) {
		tunnel->counters.up_errors++;
		return;
	}
	tunnel->counters.up_packets++;
	tunnel->counters.up_bytes += octets;
}

static void tun_readable(uv_poll_t *poll, int status, int events)
{
	struct tunnel *tunnel = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		ssize_t octets = read(tunnel->tun, tunnel->packet + IPV6_HEADER_OCTETS,
		                      sizeof(tunnel->packet) - IPV6_HEADER_OCTETS - 1);

		if (octets <= 0)
			return;
		tunnel_up(tunnel, (size_t)octets);
	}
}

/* --- down: what comes to a care-of address --- */

static void tunnel_down(struct tunnel *tunnel, const struct ipv6_header *outer, struct wire_view inner)
{
	struct wire_reader reader = wire_reader_of_view(inner);
	struct ipv6_header header;

	if (!tunnel->has_home || !in6_is_equal(&outer->source, &tunnel->home_agent)) {
		tunnel->counters.down_not_agent++;
		return;
	}
	ipv6_header_read(&reader, &header);
	if (reader.failed || wire_remaining(&reader) < header.payload_octets ||
	    !in6_has_prefix(&header.destination, &tunnel->home_address, tunnel->prefix_length)) {
		tunnel->counters.down_foreign++;
		return;
	}
	if (write(tunnel->tun, inner.bytes, IPV6_HEADER_OCTETS + (size_t)header.payload_octets) < 0) {
		tunnel->counters.down_errors++;
		return;
	}
	tunnel->counters.down_packets++;
	tunnel->counters.down_bytes += IPV6_HEADER_OCTETS + (size_t)header.payload_octets;
}

static bool is_care_of_address(const struct tunnel *tunnel, const struct in6_addr *address)
{
	return (tunnel->has_place && in6_is_equal(address, &tunnel->place.address)) ||
	       in6_is_equal(address, &tunnel->earlier_address);
}

static void captured(struct tunnel *tunnel, size_t octets)
{
	struct wire_reader reader = wire_reader_of(tunnel->packet, octets);
	struct wire_view packet;
	struct ipv6_header header;
	struct effects *step;
	struct instant now;

	ipv6_header_read(&reader, &header);
	if (reader.failed || wire_remaining(&reader) < header.payload_octets ||
	    !is_care_of_address(tunnel, &header.destination))
		return; /* the filter takes what other hosts of a shared link get, too */
	packet = (struct wire_view){tunnel->packet, IPV6_HEADER_OCTETS + (size_t)header.payload_octets};
	if (header.next_header == NEXT_HEADER_IPV6) {
		tunnel_down(tunnel, &header, wire_read_view(&reader, header.payload_octets));
		return;
	}
	tunnel->counters.mobility_packets++;
	step = loop_begin(tunnel->loop, &now);
	tunnel->outlet.mobility(tunnel->outlet.context, packet, &now, step);
	loop_end(tunnel->loop, step, &now);
}

static void capture_readable(uv_poll_t *poll, int status, int events)
{
	struct tunnel *tunnel = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		struct sockaddr_ll from = {0};
		socklen_t from_octets = sizeof(from);
		ssize_t octets = recvfrom(tunnel->capture, tunnel->packet, sizeof(tunnel->packet), 0,
		                          (struct sockaddr *)&from, &from_octets);

		if (octets < 0)
			return;
		if (from.sll_pkttype == PACKET_HOST)
			captured(tunnel, (size_t)octets);
	}
}

/* --- life --- */

static int start_polls(struct tunnel *tunnel)
{
	int result = uv_poll_init(loop_uv(tunnel->loop), &tunnel->tun_poll, tunnel->tun);

	if (result)
		return result;
	tunnel->tun_poll.data = tunnel;
	result = uv_poll_start(&tunnel->tun_poll, UV_READABLE, tun_readable);
	if (!result)
		result = uv_poll_init(loop_uv(tunnel->loop), &tunnel->capture_poll, tunnel->capture);
	if (result)
		return result;
	tunnel->capture_poll.data = tunnel;
	return uv_poll_start(&tunnel->capture_poll, UV_READABLE, capture_readable);
}

int tunnel_open(struct loop *loop, const struct tunnel_settings *settings, const struct tunnel_outlet *outlet,
                struct tunnel **opened, char error[TUNNEL_ERROR_OCTETS])
{
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));
	const char *what = "sockets";
	int result;

	if (!tunnel)
		return -ENOMEM;
	*tunnel = (struct tunnel){.loop = loop,
	                          .settings = *settings,
	                          .outlet = *outlet,
	                          .tun = -1,
	                          .capture = -1,
	                          .silencer = -1,
	                          .sender = -1,
	                          .up_sender = -1};
	result = open_tun(tunnel);
	if (result)
		what = tunnel->settings.interface;
	if (!result)
		result = open_capture(tunnel);
	if (!result)
		result = open_raw(tunnel);
	if (!result)
		result = start_polls(tunnel);
	*opened = tunnel;
	if (!result)
		return 0;
	snprintf(error, TUNNEL_ERROR_OCTETS, "the tunnel's %s: %s%s", what, strerror(-result),
	         result == -EPERM ? "; it needs CAP_NET_ADMIN and CAP_NET_RAW" : "");
	tunnel_close(tunnel);
	return result;
}

void tunnel_close(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	home_routing_end(&tunnel->routing);
	tunnel->has_home = false;
	for (uv_poll_t *poll = &tunnel->tun_poll; poll;
	     poll = poll == &tunnel->tun_poll ? &tunnel->capture_poll : NULL) {
		if (poll->data && !uv_is_closing((uv_handle_t *)poll))
			uv_close((uv_handle_t *)poll, NULL);
	}
}

void tunnel_free(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	for (size_t i = 0; i < 5; i++) {
		int fd = (int[]){tunnel->tun, tunnel->capture, tunnel->silencer, tunnel->sender, tunnel->up_sender}[i];

		if (fd >= 0)
			close(fd);
	}
	free(tunnel);
}

unsigned tunnel_interface(const struct tunnel *tunnel)
{
	return tunnel->interface;
}

int tunnel_home(struct tunnel *tunnel, const struct in6_addr *home_address, unsigned prefix_length,
                const struct in6_addr *home_agent)
{
	int result;

	tunnel->home_address = *home_address;
	tunnel->prefix_length = prefix_length;
	tunnel->home_agent = *home_agent;
	tunnel->has_home = true;
	result = netlink_address_add(tunnel->interface, home_address, 128);
	return result ? result : home_routing_home(&tunnel->routing, home_address);
}

int tunnel_places(struct tunnel *tunnel, const struct movement_place *places, size_t count)
{
	return home_routing_places(&tunnel->routing, places, count);
}

void tunnel_place(struct tunnel *tunnel, const struct movement_place *place)
{
	if (tunnel->has_place)
		tunnel->earlier_address = tunnel->place.address;
	tunnel->has_place = place != NULL;
	if (!place)
		return;
	tunnel->place = *place;
	if (tunnel->has_home && in6_is_equal(&place->address, &tunnel->home_address)) /* at home, nobody tunnels */
		netlink_address_add(place->interface, &tunnel->home_address, 128);
	leave_by(tunnel->sender, place);
}

int tunnel_bound(struct tunnel *tunnel, bool is_bound)
{
	tunnel->is_bound = is_bound && tunnel->has_place;
	if (tunnel->is_bound) {
		tunnel->bound_address = tunnel->place.address;
		leave_by(tunnel->up_sender, &tunnel->place);
	}
	return home_routing_bound(&tunnel->routing, tunnel->is_bound);
}

const struct tunnel_counters *tunnel_counters(const struct tunnel *tunnel)
{
	return &tunnel->counters;
}
