// SPDX-License-Identifier: BSD-3-Clause
#include "netlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ip.h"

enum { REQUEST_OCTETS = 512, ANSWER_OCTETS = 32768, DEFAULT_ROUTES_MAX = 64 };

struct request {
	struct nlmsghdr header;
	uint8_t body[REQUEST_OCTETS];
};

static void request_begin(struct request *request, uint16_t type, uint16_t flags, const void *head, size_t octets)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(request->body, head, octets);
	request->header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(octets));
}

static void request_attribute(struct request *request, uint16_t type, const void *value, size_t octets)
{
	struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + request->header.nlmsg_len);

	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(octets);
	memcpy(RTA_DATA(attribute), value, octets);
	request->header.nlmsg_len += (uint32_t)RTA_ALIGN(RTA_LENGTH(octets));
}

static void request_u32(struct request *request, uint16_t type, uint32_t value)
{
	request_attribute(request, type, &value, sizeof(value));
}

static int open_socket(uint32_t groups, int flags)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);
	int result;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		result = -errno;
		close(fd);
		return result;
	}
	return fd;
}

/*
 * Sends a request and hands each message of the answer to `take`, up to the acknowledgement or the end of the dump.
 * Returns 0 or the kernel's error.
 */
static int exchange(struct request *request, void (*take)(void *context, const struct nlmsghdr *message), void *context)
{
	_Alignas(struct nlmsghdr) uint8_t answer[ANSWER_OCTETS];
	int fd = open_socket(0, 0);
	int result = fd < 0 ? fd : 0;
	bool done = false;

	if (!result && send(fd, request, request->header.nlmsg_len, 0) < 0)
		result = -errno;
	while (!result && !done) {
		ssize_t octets = recv(fd, answer, sizeof(answer), 0);
		size_t rest = octets > 0 ? (size_t)octets : 0;

		if (octets <= 0) {
			result = octets < 0 ? -errno : -EPIPE;
			break;
		}
		for (struct nlmsghdr *at = (struct nlmsghdr *)answer; NLMSG_OK(at, rest); at = NLMSG_NEXT(at, rest)) {
			if (at->nlmsg_type == NLMSG_ERROR)
				result = ((const struct nlmsgerr *)NLMSG_DATA(at))->error;
			done = done || at->nlmsg_type == NLMSG_ERROR || at->nlmsg_type == NLMSG_DONE;
			if (!done && take)
				take(context, at);
		}
	}
	if (fd >= 0)
		close(fd);
	return result;
}

/* --- watching --- */

int netlink_watch_open(void)
{
	return open_socket(RTMGRP_LINK | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE, SOCK_NONBLOCK);
}

bool netlink_watch_drain(int watch)
{
	uint8_t message[ANSWER_OCTETS];
	bool changed = false;
	ssize_t octets;

	while ((octets = recv(watch, message, sizeof(message), 0)) > 0 || (octets < 0 && errno == ENOBUFS))
		changed = true;
	return changed;
}

/* --- reading --- */

struct default_route {
	unsigned interface;
	uint32_t metric;
};

struct gathering {
	unsigned without;
	struct default_route routes[DEFAULT_ROUTES_MAX];
	size_t route_count;
	struct movement_place *places;
	size_t place_count;
};

static const void *attribute_of(const struct rtattr *first, size_t octets, uint16_t type, size_t minimum)
{
	for (const struct rtattr *at = first; RTA_OK(at, octets); at = RTA_NEXT(at, octets)) {
		if (at->rta_type == type && RTA_PAYLOAD(at) >= minimum)
			return RTA_DATA(at);
	}
	return NULL;
}

static uint32_t u32_of(const void *value, uint32_t otherwise)
{
	if (value)
		memcpy(&otherwise, value, sizeof(otherwise));
	return otherwise;
}

static void take_route(void *context, const struct nlmsghdr *message)
{
	struct gathering *gathering = context;
	const struct rtmsg *route = NLMSG_DATA(message);
	size_t octets = message->nlmsg_len > NLMSG_LENGTH(sizeof(*route)) ? RTM_PAYLOAD(message) : 0;
	uint32_t interface;

	if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_dst_len || route->rtm_table != RT_TABLE_MAIN ||
	    route->rtm_type != RTN_UNICAST || gathering->route_count == DEFAULT_ROUTES_MAX)
		return;
	interface = u32_of(attribute_of(RTM_RTA(route), octets, RTA_OIF, sizeof(uint32_t)), 0);
	if (interface)
		gathering->routes[gathering->route_count++] = (struct default_route){
		        interface,
		        u32_of(attribute_of(RTM_RTA(route), octets, RTA_PRIORITY, sizeof(uint32_t)), 0),
		};
}

static bool has_default_route(const struct gathering *gathering, unsigned interface, uint32_t *metric)
{
	bool found = false;

	for (size_t i = 0; i < gathering->route_count; i++) {
		const struct default_route *route = &gathering->routes[i];

		if (route->interface == interface && (!found || route->metric < *metric)) {
			*metric = route->metric;
			found = true;
		}
	}
	return found;
}

static void take_address(void *context, const struct nlmsghdr *message)
{
	struct gathering *gathering = context;
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	size_t octets = message->nlmsg_len > NLMSG_LENGTH(sizeof(*address)) ? IFA_PAYLOAD(message) : 0;
	struct movement_place place = {.interface = address->ifa_index, .prefix_length = address->ifa_prefixlen};
	const void *value = attribute_of(IFA_RTA(address), octets, IFA_ADDRESS, sizeof(place.address));
	uint32_t flags =
	        u32_of(attribute_of(IFA_RTA(address), octets, IFA_FLAGS, sizeof(uint32_t)), address->ifa_flags);

	if (message->nlmsg_type != RTM_NEWADDR || address->ifa_scope != RT_SCOPE_UNIVERSE || !value ||
	    (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) || place.interface == gathering->without ||
	    gathering->place_count == MOVEMENT_PLACES_MAX)
		return;
	memcpy(&place.address, value, sizeof(place.address));
	if (!in6_is_confined(&place.address) && if_indextoname(place.interface, place.name) &&
	    has_default_route(gathering, place.interface, &place.metric))
		gathering->places[gathering->place_count++] = place;
}

int netlink_places(unsigned without, struct movement_place *places, size_t *count)
{
	struct gathering gathering = {.without = without, .places = places};
	const struct rtmsg route = {.rtm_family = AF_INET6};
	const struct ifaddrmsg address = {.ifa_family = AF_INET6};
	struct request request;
	int result;

	/* a link that goes down takes its routes along, so links need no look of their own */
	request_begin(&request, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof(route));
	result = exchange(&request, take_route, &gathering);
	if (!result) {
		request_begin(&request, RTM_GETADDR, NLM_F_DUMP, &address, sizeof(address));
		result = exchange(&request, take_address, &gathering);
	}
	*count = gathering.place_count;
	return result;
}

/* --- writing --- */

static int change(struct request *request, int already)
{
	int result = exchange(request, NULL, NULL);

	return result == already ? 0 : result;
}

int netlink_link_up(unsigned interface, unsigned mtu_bytes)
{
	const struct ifinfomsg link = {.ifi_index = (int)interface, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct request request;

	request_begin(&request, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
	request_u32(&request, IFLA_MTU, mtu_bytes);
	return change(&request, 0);
}

int netlink_address_add(unsigned interface, const struct in6_addr *address, unsigned prefix_length)
{
	const struct ifaddrmsg head = {.ifa_family = AF_INET6,
	                               .ifa_prefixlen = (uint8_t)prefix_length,
	                               .ifa_flags = IFA_F_NODAD | IFA_F_PERMANENT,
	                               .ifa_index = interface};
	struct request request;

	request_begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	request_attribute(&request, IFA_LOCAL, address, sizeof(*address));
	request_attribute(&request, IFA_ADDRESS, address, sizeof(*address));
	return change(&request, -EEXIST);
}

int netlink_default_route_add(unsigned interface, uint32_t table)
{
	const struct rtmsg head = {.rtm_family = AF_INET6,
	                           .rtm_table = RT_TABLE_UNSPEC,
	                           .rtm_protocol = RTPROT_STATIC,
	                           .rtm_scope = RT_SCOPE_UNIVERSE,
	                           .rtm_type = RTN_UNICAST};
	struct request request;

	request_begin(&request, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	request_u32(&request, RTA_TABLE, table);
	request_u32(&request, RTA_OIF, interface);
	return change(&request, -EEXIST);
}

static void rule_request(struct request *request, uint16_t type, uint16_t flags, const struct netlink_rule *rule)
{
	const struct fib_rule_hdr head = {.family = AF_INET6,
	                                  .src_len = rule->source ? 128 : 0,
	                                  .dst_len = rule->destination ? 128 : 0,
	                                  .action = FR_ACT_TO_TBL};

	request_begin(request, type, (uint16_t)(NLM_F_ACK | flags), &head, sizeof(head));
	if (rule->source)
		request_attribute(request, FRA_SRC, rule->source, sizeof(*rule->source));
	if (rule->destination)
		request_attribute(request, FRA_DST, rule->destination, sizeof(*rule->destination));
	if (rule->table)
		request_u32(request, FRA_TABLE, rule->table);
	request_u32(request, FRA_PRIORITY, rule->priority);
}

int netlink_rule_add(const struct netlink_rule *rule)
{
	struct request request;

	rule_request(&request, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
	return change(&request, -EEXIST);
}

int netlink_rule_delete(const struct netlink_rule *rule)
{
	struct request request;

	rule_request(&request, RTM_DELRULE, 0, rule);
	return change(&request, -ENOENT);
}

void netlink_rules_clear(uint32_t priority)
{
	const struct netlink_rule any = {.priority = priority};
	struct request request;

	do
		rule_request(&request, RTM_DELRULE, 0, &any);
	while (exchange(&request, NULL, NULL) == 0);
}
