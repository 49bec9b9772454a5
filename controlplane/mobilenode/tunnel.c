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
	BUFFER_OCTETS = 4 << 20,
	PATH_LOOK_MS = 100, /* how long the path's MTU is taken for what it was */
};

struct tunnel {
	struct loop *loop;
	struct tunnel_settings settings;
	struct home_routing routing;
	struct tunnel_outlet outlet;
	unsigned interface;
	int tun;
	int capture; /* AF_PACKET: next header 43 or 135, and ICMPv6 errors of types 1 and 4 */
	int arrival; /* raw, protocol 41: whole packets, and while it is open the kernel does not refuse them (N-9) */
	int sender;  /* IPPROTO_RAW, bound to the interface of the care-of address */
	int carrier; /* raw, protocol 41: from the care-of address that is bound to the home agent; -1: none is */
	uv_poll_t tun_poll;
	uv_poll_t capture_poll;
	uv_poll_t arrival_poll;
	uint64_t path_looked_ms;
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
	const int octets = BUFFER_OCTETS, on = 1;

	tunnel->arrival = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NEXT_HEADER_IPV6);
	tunnel->sender = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (tunnel->arrival < 0 || tunnel->sender < 0 ||
	    setsockopt(tunnel->arrival, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)))
		return -errno;
	setsockopt(tunnel->arrival, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	return 0;
}

int tunnel_send(struct tunnel *tunnel, struct wire_view packet)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};

	if (packet.octets < IPV6_HEADER_OCTETS)
		return -EINVAL;
	memcpy(&to.sin6_addr, packet.bytes + 24, sizeof(to.sin6_addr));
	if (sendto(tunnel->sender, packet.bytes, packet.octets, 0, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* The outer packets leave where their source is, whatever the main table prefers. */
static int leave_by(int sender, const struct movement_place *place)
{
	return setsockopt(sender, SOL_SOCKET, SO_BINDTODEVICE, place->name, (socklen_t)(strlen(place->name) + 1))
	               ? -errno
	               : 0;
}

/* So the kernel tells this socket the path's MTU: that of the moment in which it was connected. */
static int connect_carrier(const struct tunnel *tunnel)
{
	const struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = tunnel->home_agent};

	return connect(tunnel->carrier, (const struct sockaddr *)&to, sizeof(to)) ? -errno : 0;
}

/* What comes is read by `arrival` alone. */
static int open_carrier(struct tunnel *tunnel, const struct movement_place *place)
{
	static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog deaf = {1, nothing};
	const struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_addr = place->address};
	const int hop_limit = IP_HOP_LIMIT_DEFAULT;

	if (tunnel->carrier >= 0)
		close(tunnel->carrier);
	tunnel->carrier = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NEXT_HEADER_IPV6);
	if (tunnel->carrier < 0 || setsockopt(tunnel->carrier, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)) ||
	    setsockopt(tunnel->carrier, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hop_limit, sizeof(hop_limit)) ||
	    leave_by(tunnel->carrier, place) || bind(tunnel->carrier, (const struct sockaddr *)&from, sizeof(from)))
		return -errno;
	return connect_carrier(tunnel);
}

/* --- up: from the TUN interface to the home agent --- */

/* What one outer packet carries, as the kernel knows the path by now. */
static uint32_t inner_mtu_bytes(struct tunnel *tunnel)
{
	uint64_t now_ms = uv_now(loop_uv(tunnel->loop));
	int path_bytes = 0;
	socklen_t octets = sizeof(path_bytes);

	if (now_ms - tunnel->path_looked_ms >= PATH_LOOK_MS) {
		tunnel->path_looked_ms = now_ms;
		connect_carrier(tunnel);
	}
	if (getsockopt(tunnel->carrier, IPPROTO_IPV6, IPV6_MTU, &path_bytes, &octets) ||
	    path_bytes < IPV6_MINIMUM_MTU + IPV6_HEADER_OCTETS)
		return IPV6_MINIMUM_MTU;
	return (uint32_t)path_bytes - IPV6_HEADER_OCTETS;
}

static void tell_too_big(struct tunnel *tunnel, const struct ipv6_header *inner, uint32_t mtu_bytes,
                         struct wire_view packet)
{
	uint8_t error[IPV6_MINIMUM_MTU];
	struct wire_writer writer = wire_writer_of(error, sizeof(error));
	struct ip_packet offending;
	size_t octets;

	tunnel->counters.up_too_big++;
	if (ip_packet_read(packet.bytes, packet.octets, &offending) || icmp6_error_is_forbidden(&offending))
		return;
	octets = icmp6_error_write(&writer, &tunnel->home_agent, &inner->source, ICMPV6_PACKET_TOO_BIG, 0, mtu_bytes,
	                           packet);
	if (write(tunnel->tun, error, octets) < 0)
		tunnel->counters.down_errors++;
}

/* The kernel makes the outer header, and fragments of what is longer than the path allows. */
static int carry(const struct tunnel *tunnel, struct wire_view packet, uint8_t traffic_class)
{
	union {
		struct cmsghdr header;
		uint8_t octets[CMSG_SPACE(sizeof(int))];
	} control = {
	        .header = {.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_TCLASS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec part = {(void *)packet.bytes, packet.octets};
	const struct msghdr message = {
	        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	const int value = traffic_class;

	memcpy(CMSG_DATA(&control.header), &value, sizeof(value));
	return sendmsg(tunnel->carrier, &message, 0) < 0 ? -errno : 0;
}

static void tunnel_up(struct tunnel *tunnel, size_t octets)
{
	const struct wire_view packet = {tunnel->packet, octets};
	struct wire_reader reader = wire_reader_of_view(packet);
	struct ipv6_header header;
	uint32_t mtu_bytes = IPV6_MINIMUM_MTU;

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
	if (octets > IPV6_MINIMUM_MTU)
		mtu_bytes = inner_mtu_bytes(tunnel);
	if (octets > mtu_bytes) {
		tell_too_big(tunnel, &header, mtu_bytes, packet);
		return;
	}
	if (carry(tunnel, packet, header.traffic_class)) {
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
		ssize_t octets = read(tunnel->tun, tunnel->packet, sizeof(tunnel->packet));

		if (octets <= 0)
			return;
		tunnel_up(tunnel, (size_t)octets);
	}
}

/* --- down: what comes to a care-of address --- */

static void tunnel_down(struct tunnel *tunnel, const struct in6_addr *outer_source, struct wire_view inner)
{
	struct wire_reader reader = wire_reader_of_view(inner);
	struct ipv6_header header;

	if (!tunnel->has_home || !in6_is_equal(outer_source, &tunnel->home_agent)) {
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

/* The address that a raw socket's packet came to. */
static struct in6_addr destination_of(struct msghdr *message)
{
	struct in6_pktinfo info = {0};

	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at))
		if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO)
			memcpy(&info, CMSG_DATA(at), sizeof(info));
	return info.ipi6_addr;
}

/* The kernel gives what follows the outer header, put together if it came in fragments (RFC 8200 4.5). */
static void arrival_readable(uv_poll_t *poll, int status, int events)
{
	struct tunnel *tunnel = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		union {
			struct cmsghdr header;
			uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		} control;
		struct sockaddr_in6 from = {0};
		struct iovec part = {tunnel->packet, sizeof(tunnel->packet)};
		struct msghdr message = {.msg_name = &from,
		                         .msg_namelen = sizeof(from),
		                         .msg_iov = &part,
		                         .msg_iovlen = 1,
		                         .msg_control = &control,
		                         .msg_controllen = sizeof(control)};
		ssize_t octets = recvmsg(tunnel->arrival, &message, 0);
		struct in6_addr destination;

		if (octets < 0 && errno == EAGAIN)
			return;
		if (octets < 0) /* what ICMPv6 said of a packet of ours */
			continue;
		destination = destination_of(&message);
		if (is_care_of_address(tunnel, &destination))
			tunnel_down(tunnel, &from.sin6_addr, (struct wire_view){tunnel->packet, (size_t)octets});
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
	result = uv_poll_start(&tunnel->capture_poll, UV_READABLE, capture_readable);
	if (!result)
		result = uv_poll_init(loop_uv(tunnel->loop), &tunnel->arrival_poll, tunnel->arrival);
	if (result)
		return result;
	tunnel->arrival_poll.data = tunnel;
	return uv_poll_start(&tunnel->arrival_poll, UV_READABLE, arrival_readable);
}

/* What whoever starts the node can do about it. */
static const char *advice(int result)
{
	switch (result) {
	case -EPERM:
		return "; it needs CAP_NET_ADMIN and CAP_NET_RAW";
	case -EBUSY:
		return "; another process has it: a kedge-mobilenode that runs? Else name another interface";
	case -EINVAL:
		return "; it is there already and no TUN interface: name another one";
	case -ENOENT:
		return "; /dev/net/tun is missing: load the module tun";
	default:
		return "";
	}
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
	                          .arrival = -1,
	                          .sender = -1,
	                          .carrier = -1};
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
	snprintf(error, TUNNEL_ERROR_OCTETS, "the tunnel's %s: %s%s", what, strerror(-result), advice(result));
	tunnel_close(tunnel);
	return result;
}

void tunnel_close(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	home_routing_end(&tunnel->routing);
	tunnel->has_home = false;
	for (size_t i = 0; i < 3; i++) {
		uv_poll_t *poll = (uv_poll_t *[]){&tunnel->tun_poll, &tunnel->capture_poll, &tunnel->arrival_poll}[i];

		if (poll->data && !uv_is_closing((uv_handle_t *)poll))
			uv_close((uv_handle_t *)poll, NULL);
	}
}

void tunnel_free(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	for (size_t i = 0; i < 5; i++) {
		int fd = (int[]){tunnel->tun, tunnel->capture, tunnel->arrival, tunnel->sender, tunnel->carrier}[i];

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
	if (tunnel->carrier >= 0 && !in6_is_equal(&tunnel->home_agent, home_agent)) {
		close(tunnel->carrier);
		tunnel->carrier = -1;
	}
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
	int result = 0;

	tunnel->is_bound = is_bound && tunnel->has_place;
	if (tunnel->is_bound &&
	    (tunnel->carrier < 0 || !in6_is_equal(&tunnel->bound_address, &tunnel->place.address))) {
		tunnel->bound_address = tunnel->place.address;
		result = open_carrier(tunnel, &tunnel->place);
	}
	return result ? result : home_routing_bound(&tunnel->routing, tunnel->is_bound);
}

const struct tunnel_counters *tunnel_counters(const struct tunnel *tunnel)
{
	return &tunnel->counters;
}
