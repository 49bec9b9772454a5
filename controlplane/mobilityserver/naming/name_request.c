// SPDX-License-Identifier: BSD-3-Clause
#include "name_request.h"

#include <errno.h>
#include <stdio.h>

#include "dns_answer.h"

/* The ways to each goal. Behind an uncertain try comes first what finds it done. */
static const enum name_way forward_create[] = {WAY_FORWARD_CREATE, WAY_FORWARD_CLAIM, WAY_NONE};
static const enum name_way forward_claim[] = {WAY_FORWARD_CLAIM, WAY_FORWARD_CREATE, WAY_FORWARD_CLAIM, WAY_NONE};
static const enum name_way reverse_create[] = {WAY_REVERSE_CREATE, WAY_REVERSE_EQUAL, WAY_NONE};
static const enum name_way reverse_equal[] = {WAY_REVERSE_EQUAL, WAY_REVERSE_CREATE, WAY_REVERSE_EQUAL, WAY_NONE};
static const enum name_way reverse_move[] = {WAY_REVERSE_MOVE, WAY_REVERSE_EQUAL, WAY_REVERSE_CREATE, WAY_REVERSE_EQUAL,
                                             WAY_NONE};
static const enum name_way reverse_moved[] = {WAY_REVERSE_EQUAL, WAY_REVERSE_MOVE, WAY_REVERSE_CREATE,
                                              WAY_REVERSE_EQUAL, WAY_NONE};
static const enum name_way reverse_delete[] = {WAY_REVERSE_DELETE, WAY_NONE};
static const enum name_way forward_delete[] = {WAY_FORWARD_DELETE, WAY_NONE};

static const enum name_way *ways_of(const struct name_request *request)
{
	bool looks_first = request->uncertain || request->kind == NAMING_KIND_CHANGE;

	switch (request->goal) {
	case GOAL_FORWARD_PRESENT:
		return looks_first ? forward_claim : forward_create;
	case GOAL_REVERSE_PRESENT:
		if (request->previous_fqdn[0])
			return looks_first ? reverse_moved : reverse_move;
		return looks_first ? reverse_equal : reverse_create;
	case GOAL_REVERSE_ABSENT:
		return reverse_delete;
	default:
		return forward_delete;
	}
}

static void set_goal(struct name_request *request, enum name_goal goal)
{
	request->goal = goal;
	request->uncertain = false;
	request->way = ways_of(request);
}

void name_request_reverse(const struct in6_addr *address, char name[REVERSE_NAME_OCTETS])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--) {
		*name++ = digits[address->s6_addr[i] & 15];
		*name++ = '.';
		*name++ = digits[address->s6_addr[i] >> 4];
		*name++ = '.';
	}
	memcpy(name, "ip6.arpa", sizeof("ip6.arpa"));
}

bool name_request_address(const char *reverse_name, struct in6_addr *address)
{
	static const char digits[] = "0123456789abcdef";
	char again[REVERSE_NAME_OCTETS];

	if (strlen(reverse_name) != REVERSE_NAME_OCTETS - 1)
		return false;
	for (int i = 0; i < 32; i++) {
		const char *digit = strchr(digits, reverse_name[2 * i]);
		uint8_t *octet = &address->s6_addr[15 - i / 2];

		if (!digit)
			return false;
		*octet = (uint8_t)(i % 2 ? *octet | (digit - digits) << 4 : digit - digits);
	}
	name_request_reverse(address, again);
	return strcmp(again, reverse_name) == 0;
}

static bool is_below(const char *name, const char *zone)
{
	size_t name_octets = strlen(name);
	size_t zone_octets = strlen(zone);

	return name_octets > zone_octets + 1 && name[name_octets - zone_octets - 1] == '.' &&
	       strcmp(name + name_octets - zone_octets, zone) == 0;
}

/* Whether the text is a name in canonical form that leaves room for `_kedge.` before it. */
static bool is_usable_name(const char *name)
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	char canonical[DNS_NAME_TEXT_OCTETS];
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));
	struct wire_reader reader;

	if (strnlen(name, DNS_NAME_TEXT_OCTETS) > DNS_NAME_TEXT_MAX - strlen("_kedge."))
		return false;
	dns_name_write(&writer, name);
	reader = wire_reader_of(wire, wire_written(&writer));
	dns_name_read(&reader, canonical);
	return wire_complete(&reader) && strcmp(canonical, name) == 0;
}

int name_request_make(const struct naming_request *request, const char *marker, const char *forward_zone,
                      const char *reverse_zone, struct name_request *made)
{
	const char *previous = request->previous_fqdn ? request->previous_fqdn : "";
	bool has_reverse;

	memset(made, 0, sizeof(*made));
	name_request_reverse(&request->home_address, made->reverse_name);
	has_reverse = is_below(made->reverse_name, reverse_zone);
	if (!is_usable_name(request->fqdn) || !is_below(request->fqdn, forward_zone) ||
	    (!has_reverse && request->kind != NAMING_KIND_DELETE) ||
	    request->hip_rdata.octets > sizeof(made->hip_rdata) || (previous[0] && !is_usable_name(previous)))
		return -EINVAL;
	made->token = request->token;
	made->kind = request->kind;
	strcpy(made->fqdn, request->fqdn);
	snprintf(made->marker_name, sizeof(made->marker_name), "_kedge.%.246s", request->fqdn);
	if (strcmp(previous, request->fqdn) != 0)
		strcpy(made->previous_fqdn, previous);
	memcpy(made->marker, marker, sizeof(made->marker));
	made->home_address = request->home_address;
	made->hip_octets = (uint16_t)request->hip_rdata.octets;
	if (request->hip_rdata.octets)
		memcpy(made->hip_rdata, request->hip_rdata.bytes, request->hip_rdata.octets);
	made->ttl_s = request->ttl_s;
	if (request->kind != NAMING_KIND_DELETE)
		set_goal(made, GOAL_FORWARD_PRESENT);
	else
		set_goal(made, has_reverse ? GOAL_REVERSE_ABSENT : GOAL_FORWARD_ABSENT);
	return 0;
}

enum naming_zone name_request_zone(const struct name_request *request)
{
	return request->goal == GOAL_FORWARD_PRESENT || request->goal == GOAL_FORWARD_ABSENT ? NAMING_FORWARD
	                                                                                     : NAMING_REVERSE;
}

/* The marker as TXT RDATA: one string (D-1). */
static struct wire_view marker_data(const struct name_request *request, uint8_t data[1 + OWNER_MARKER_LENGTH])
{
	data[0] = OWNER_MARKER_LENGTH;
	memcpy(data + 1, request->marker, OWNER_MARKER_LENGTH);
	return (struct wire_view){data, 1 + OWNER_MARKER_LENGTH};
}

static struct wire_view name_data(const char *name, uint8_t data[DNS_NAME_WIRE_MAX])
{
	struct wire_writer writer = wire_writer_of(data, DNS_NAME_WIRE_MAX);

	dns_name_write(&writer, name);
	return (struct wire_view){data, wire_written(&writer)};
}

static void add_data(const struct name_request *request, struct dns_update *update)
{
	struct wire_view address = {request->home_address.s6_addr, sizeof(request->home_address)};
	struct wire_view hip = {request->hip_rdata, request->hip_octets};

	dns_update_add(update, request->fqdn, DNS_TYPE_AAAA, request->ttl_s, address);
	if (hip.octets)
		dns_update_add(update, request->fqdn, DNS_TYPE_HIP, request->ttl_s, hip);
}

/* D-2: never a change without its prerequisite. */
void name_request_write(const struct name_request *request, struct dns_update *update)
{
	uint8_t marker_octets[1 + OWNER_MARKER_LENGTH];
	uint8_t target_octets[DNS_NAME_WIRE_MAX];
	uint8_t previous_octets[DNS_NAME_WIRE_MAX];
	struct wire_view marker = marker_data(request, marker_octets);
	struct wire_view target = name_data(request->fqdn, target_octets);
	struct wire_view previous = name_data(request->previous_fqdn, previous_octets);

	switch (*request->way) {
	case WAY_FORWARD_CREATE:
		dns_update_require_unused(update, request->fqdn);
		dns_update_require_unused(update, request->marker_name);
		dns_update_add(update, request->marker_name, DNS_TYPE_TXT, request->ttl_s, marker);
		add_data(request, update);
		break;
	case WAY_FORWARD_CLAIM:
		dns_update_require_record(update, request->marker_name, DNS_TYPE_TXT, marker);
		dns_update_delete_set(update, request->fqdn, DNS_TYPE_AAAA);
		dns_update_delete_set(update, request->fqdn, DNS_TYPE_HIP);
		add_data(request, update);
		break;
	case WAY_FORWARD_DELETE:
		dns_update_require_record(update, request->marker_name, DNS_TYPE_TXT, marker);
		dns_update_delete_set(update, request->fqdn, DNS_TYPE_AAAA);
		dns_update_delete_set(update, request->fqdn, DNS_TYPE_HIP);
		dns_update_delete_set(update, request->marker_name, DNS_TYPE_TXT);
		break;
	case WAY_REVERSE_CREATE:
		dns_update_require_unused(update, request->reverse_name);
		dns_update_add(update, request->reverse_name, DNS_TYPE_PTR, request->ttl_s, target);
		break;
	case WAY_REVERSE_EQUAL:
		dns_update_require_record(update, request->reverse_name, DNS_TYPE_PTR, target);
		break;
	case WAY_REVERSE_MOVE:
		dns_update_require_record(update, request->reverse_name, DNS_TYPE_PTR, previous);
		dns_update_delete_set(update, request->reverse_name, DNS_TYPE_PTR);
		dns_update_add(update, request->reverse_name, DNS_TYPE_PTR, request->ttl_s, target);
		break;
	case WAY_REVERSE_DELETE:
		dns_update_require_record(update, request->reverse_name, DNS_TYPE_PTR, target);
		dns_update_delete_record(update, request->reverse_name, DNS_TYPE_PTR, target);
		break;
	case WAY_NONE:
		break;
	}
}

/* D-3: a request that cannot end well takes back what it made, reverse first. */
static enum name_progress undo(struct name_request *request)
{
	if (request->undoing || !request->created)
		return NAME_ENDED;
	request->undoing = true;
	set_goal(request, GOAL_REVERSE_ABSENT);
	return NAME_GOES_ON;
}

enum name_progress name_request_succeeded(struct name_request *request)
{
	switch (request->goal) {
	case GOAL_FORWARD_PRESENT:
		request->created = request->kind == NAMING_KIND_CREATE;
		set_goal(request, GOAL_REVERSE_PRESENT);
		return NAME_GOES_ON;
	case GOAL_REVERSE_ABSENT:
		if (request->reverse_only)
			return NAME_ENDED;
		set_goal(request, GOAL_FORWARD_ABSENT);
		return NAME_GOES_ON;
	default:
		if (!request->undoing)
			request->outcome = NAMING_OUTCOME_DONE;
		return NAME_ENDED;
	}
}

bool name_request_has_next_way(const struct name_request *request)
{
	return request->way[1] != WAY_NONE &&
	       (request->goal == GOAL_FORWARD_PRESENT || request->goal == GOAL_REVERSE_PRESENT);
}

void name_request_next_way(struct name_request *request)
{
	request->way++;
}

static enum name_progress all_ways_failed(struct name_request *request)
{
	switch (request->goal) {
	case GOAL_FORWARD_PRESENT:
		request->outcome = NAMING_OUTCOME_TAKEN;
		snprintf(request->detail, sizeof(request->detail), "the zone holds the name without our marker");
		return NAME_ENDED;
	case GOAL_REVERSE_PRESENT:
		request->outcome = NAMING_OUTCOME_REFUSED;
		snprintf(request->detail, sizeof(request->detail),
		         "the reverse zone holds another PTR for the address");
		return undo(request);
	default:
		return name_request_succeeded(request); /* nothing of ours stands there: as wanted */
	}
}

static bool is_prerequisite_failure(uint8_t rcode)
{
	return rcode == DNS_YXDOMAIN || rcode == DNS_YXRRSET || rcode == DNS_NXRRSET || rcode == DNS_NXDOMAIN;
}

enum name_progress name_request_failed(struct name_request *request, uint8_t rcode)
{
	const char *zone = name_request_zone(request) == NAMING_FORWARD ? "forward" : "reverse";

	if (is_prerequisite_failure(rcode)) {
		request->way++;
		return *request->way == WAY_NONE ? all_ways_failed(request) : NAME_GOES_ON;
	}
	if (request->undoing) /* the first reason is the one that counts; reconciliation finds what is left */
		return request->goal == GOAL_REVERSE_ABSENT ? name_request_succeeded(request) : NAME_ENDED;
	if (rcode == DNS_FORMERR && request->hip_octets && request->goal == GOAL_FORWARD_PRESENT) {
		request->outcome = NAMING_OUTCOME_UNSUPPORTED;
		snprintf(request->detail, sizeof(request->detail), "FORMERR: the server cannot hold a HIP record");
	} else {
		request->outcome = NAMING_OUTCOME_REFUSED;
		snprintf(request->detail, sizeof(request->detail), "%s from the %s zone", dns_rcode_name(rcode), zone);
	}
	return undo(request);
}

void name_request_became_uncertain(struct name_request *request)
{
	request->uncertain = true;
	request->way = ways_of(request);
}

void name_request_give_up(struct name_request *request, enum naming_outcome outcome, const char *detail)
{
	if (request->undoing)
		return;
	request->outcome = outcome;
	snprintf(request->detail, sizeof(request->detail), "%s", detail);
}
