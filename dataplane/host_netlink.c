// SPDX-License-Identifier: BSD-3-Clause
#include "host_netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 1 };

/* One request: header, a fixed part that depends on its type, attributes. */
struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
	};
	uint8_t attributes[256];
};

static struct request request_of(uint16_t type, uint16_t flags, size_t fixed_octets)
{
	return (struct request){.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(fixed_octets),
	                                   .nlmsg_type = type,
	                                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)}};
}

/* All attributes together are far below the room for them. */
static void add(struct request *request, uint16_t type, const void *value, size_t octets)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(octets), .rta_type = type};

	memcpy((uint8_t *)request + at, &head, sizeof(head));
	memcpy((uint8_t *)request + at + RTA_LENGTH(0), value, octets);
	request->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(octets));
}

static int ask(int netlink, const struct request *request)
{
	union {
		struct nlmsghdr header;
		uint8_t octets[1024];
	} answer;
	ssize_t received;
	struct nlmsgerr result;

	if (send(netlink, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	do
		received = recv(netlink, &answer, sizeof(answer), 0);
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return -errno;
	if (received < (ssize_t)NLMSG_LENGTH(sizeof(result)) || answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	memcpy(&result, NLMSG_DATA(&answer.header), sizeof(result));
	return result.error;
}

/* An address as the kernel takes it: IPv4 (mapped form in here) or IPv6, with the length of a prefix to match. */
struct family_address {
	uint8_t family;
	uint8_t length;
	uint8_t octets;
	const uint8_t *bytes;
};

static struct family_address family_address_of(const struct in6_addr *address, uint8_t length)
{
	enum { MAPPED_BITS = 96 };

	if (IN6_IS_ADDR_V4MAPPED(address) && length >= MAPPED_BITS)
		return (struct family_address){AF_INET, (uint8_t)(length - MAPPED_BITS), 4, &address->s6_addr[12]};
	return (struct family_address){AF_INET6, length, 16, address->s6_addr};
}

int host_netlink_open(void)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (netlink < 0)
		return -errno;
	if (setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    connect(netlink, (const struct sockaddr *)&kernel, sizeof(kernel))) {
		int result = -errno;

		close(netlink);
		return result;
	}
	return netlink;
}

int host_netlink_link_up(int netlink, unsigned interface_index, const uint8_t link_address[6], uint32_t mtu_bytes)
{
	struct request request = request_of(RTM_NEWLINK, 0, sizeof(request.link));

	request.link = (struct ifinfomsg){
	        .ifi_family = AF_UNSPEC, .ifi_index = (int)interface_index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	add(&request, IFLA_ADDRESS, link_address, 6);
	add(&request, IFLA_MTU, &mtu_bytes, sizeof(mtu_bytes));
	return ask(netlink, &request);
}

int host_netlink_address_add(int netlink, unsigned interface_index, const struct in6_addr *address, uint8_t length)
{
	struct request request = request_of(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof(request.address));
	uint32_t flags = IFA_F_NODAD | (length == 128 ? IFA_F_NOPREFIXROUTE : 0);
	const struct family_address told = family_address_of(address, length);
	int result;

	request.address = (struct ifaddrmsg){
	        .ifa_family = told.family, .ifa_prefixlen = told.length, .ifa_index = interface_index};
	add(&request, IFA_LOCAL, told.bytes, told.octets);
	add(&request, IFA_ADDRESS, told.bytes, told.octets);
	add(&request, IFA_FLAGS, &flags, sizeof(flags));
	result = ask(netlink, &request);
	return result == -EEXIST ? 0 : result;
}

static int change_route(int netlink, uint16_t type, uint16_t flags, const struct host_route *route)
{
	struct request request = request_of(type, flags, sizeof(request.route));
	uint32_t interface_index = route->interface_index;
	const struct family_address told = family_address_of(&route->prefix, route->length);

	request.route = (struct rtmsg){
	        .rtm_family = told.family,
	        .rtm_dst_len = told.length,
	        .rtm_table = RT_TABLE_MAIN,
	        .rtm_protocol = route->protocol,
	        .rtm_scope = RT_SCOPE_UNIVERSE,
	        .rtm_type = RTN_UNICAST,
	};
	add(&request, RTA_DST, told.bytes, told.octets);
	add(&request, RTA_OIF, &interface_index, sizeof(interface_index));
	add(&request, RTA_PRIORITY, &route->metric, sizeof(route->metric));
	if (route->via) {
		const struct family_address via = family_address_of(route->via, 128);

		add(&request, RTA_GATEWAY, via.bytes, via.octets);
	}
	return ask(netlink, &request);
}

int host_netlink_route_set(int netlink, const struct host_route *route)
{
	return change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

int host_netlink_route_remove(int netlink, const struct host_route *route)
{
	int result = change_route(netlink, RTM_DELROUTE, 0, route);

	return result == -ESRCH ? 0 : result;
}
