// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator.h"

json_t *operator_binding_row(const struct binding_view *view, uint64_t now_unix_ms)
{
	struct in6_addr care_of_address;
	uint64_t expiry_ms = view->row->expiry_unix_ms;

	memcpy(&care_of_address, view->row->care_of_address, sizeof(care_of_address));
	json_t *usage =
	        json_pack("{s:I, s:I, s:I, s:I}", "up_packets", (json_int_t)view->usage.up_packets, "up_octets",
	                  (json_int_t)view->usage.up_octets, "down_packets", (json_int_t)view->usage.down_packets,
	                  "down_octets", (json_int_t)view->usage.down_octets);

	return json_pack("{s:o, s:s, s:o, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "key",
	                 operator_prefix(&view->key), "subscriber", view->subscriber, "care_of_address",
	                 operator_address(&care_of_address), "port", view->row->port, "inner_mtu_bytes",
	                 (json_int_t)view->row->inner_mtu_bytes, "seconds_left",
	                 (json_int_t)(expiry_ms > now_unix_ms ? (expiry_ms - now_unix_ms) / 1000 : 0), "shard",
	                 (json_int_t)view->row->shard, "epoch", (json_int_t)view->row->version.epoch, "sequence",
	                 (json_int_t)view->row->version.sequence, "ambr_down_bps",
	                 (json_int_t)(view->rates ? view->rates->down.octets_per_s * 8 : 0), "ambr_up_bps",
	                 (json_int_t)(view->rates ? view->rates->up.octets_per_s * 8 : 0), "usage", usage);
}

static bool find_by_address(struct bindings *bindings, const struct in6_addr *address, struct binding_view *view)
{
	static const uint8_t lengths[] = {128, 64};

	for (size_t i = 0; i < sizeof(lengths); i++) {
		struct binding_key key = {.length = lengths[i]};

		memcpy(key.octets, address, sizeof(key.octets));
		feed_key_mask(key.octets, key.length);
		if (bindings_find(bindings, &key, view))
			return true;
	}
	return false;
}

/* "2001:db8::/64" as `next` gives it. */
static bool read_key(const char *text, struct binding_key *key)
{
	struct in6_addr address;
	unsigned length;

	if (configuration_parse_prefix(text, &address, &length))
		return false;
	memcpy(key->octets, &address, sizeof(key->octets));
	key->length = (uint8_t)length;
	return true;
}

static void reply_rows(struct operator* operator, uint64_t ticket, const struct binding_view *views, size_t count,
                       size_t limit, const struct instant *now)
{
	json_t *rows = json_array();
	json_t *body;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(rows, operator_binding_row(&views[i], now->unix_ms));
	body = json_pack("{s:o}", "rows", rows);
	if (limit && count == limit)
		json_object_set_new(body, "next", operator_prefix(&views[count - 1].key));
	command_reply(operator->commands, ticket, body);
}

OPERATOR_RUN(operator_binding_show)
{
	struct operator* operator= context;
	struct bindings *bindings = mobility_server_bindings(operator->server);
	struct binding_view views[OPERATOR_PAGE_MAX];
	struct subscriber_identity identity;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const char *imsi, *address, *after;
	struct binding_key key;
	struct in6_addr octets;
	long long limit;

	(void)effects;
	if (!command_text(operator->commands, ticket, arguments, "imsi", false, &imsi) ||
	    !command_text(operator->commands, ticket, arguments, "address", false, &address) ||
	    !command_text(operator->commands, ticket, arguments, "after", false, &after) ||
	    !command_integer(operator->commands, ticket, arguments, "limit", 1, OPERATOR_PAGE_MAX,
	                     OPERATOR_PAGE_DEFAULT, &limit))
		return;
	if ((address && address_parse(address, &octets)) || (after && !read_key(after, &key))) {
		command_fail(operator->commands, ticket, "bad-argument", NULL, "'%.60s' is no address",
		             address ? address : after);
		return;
	}
	if (imsi && !operator_subscriber(operator, ticket, imsi, &identity, subscriber))
		return;
	if (imsi)
		reply_rows(operator, ticket, views,
		           bindings_of_subscriber(bindings, subscriber, views, OPERATOR_PAGE_MAX), 0, now);
	else if (address)
		reply_rows(operator, ticket, views, find_by_address(bindings, &octets, &views[0]), 0, now);
	else
		reply_rows(operator, ticket, views, bindings_page(bindings, after ? &key : NULL, views, (size_t)limit),
		           (size_t)limit, now);
}

OPERATOR_RUN(operator_binding_delete)
{
	struct operator* operator= context;
	struct in6_addr address;
	const char *text;

	if (!command_text(operator->commands, ticket, arguments, "address", true, &text))
		return;
	if (address_parse(text, &address))
		command_fail(operator->commands, ticket, "bad-argument", NULL, "'%.60s' is no address", text);
	else if (mobility_server_delete_binding(operator->server, &address, now, effects))
		command_fail(operator->commands, ticket, "not-found", NULL, "%s is not bound", text);
	else
		command_reply(operator->commands, ticket,
		              json_pack("{s:s, s:s}", "address", text, "result", "withdrawn"));
}
