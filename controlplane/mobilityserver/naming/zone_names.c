// SPDX-License-Identifier: BSD-3-Clause
#include "zone_names.h"

#include <stdlib.h>

#include "allocation.h"
#include "hash.h"

static const char marker_label[] = "_kedge.";

static struct zone_name **shard_of(struct zone_names *names, const char *fqdn)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *fqdn; fqdn++)
		hash = (hash ^ (uint8_t)*fqdn) * 16777619u;
	return &names->shards[(hash ^ hash >> 16) % ZONE_SHARDS];
}

static struct zone_name *find(const struct zone_names *names, const char *fqdn)
{
	struct zone_name *name, *shard = *shard_of((struct zone_names *)names, fqdn);

	HASH_FIND(hh, shard, fqdn, strlen(fqdn), name);
	return name;
}

static void add(struct zone_names *names, struct zone_name *name)
{
	struct zone_name **shard = shard_of(names, name->fqdn);

	HASH_ADD_KEYPTR(hh, *shard, name->fqdn, strlen(name->fqdn), name);
	names->count++;
}

static void take_out(struct zone_names *names, struct zone_name *name)
{
	struct zone_name **shard = shard_of(names, name->fqdn);

	if (names->cursor == name)
		names->cursor = name->hh.next;
	HASH_DEL(*shard, name);
	names->count--;
}

static void remove_name(struct zone_names *names, struct zone_name *name)
{
	take_out(names, name);
	free(name);
}

static void touch(struct zone_names *names, struct zone_name *name)
{
	if (name->touched)
		return;
	name->touched = true;
	name->next_touched = names->touched;
	names->touched = name;
}

static struct zone_name *find_or_add(struct zone_names *names, const char *fqdn)
{
	size_t octets = strlen(fqdn);
	struct zone_name *name = find(names, fqdn);

	if (name)
		return name;
	name = allocate(sizeof(*name) + octets + 1);
	memcpy(name->fqdn, fqdn, octets + 1);
	add(names, name);
	return name;
}

static void hip_digest(struct wire_view rdata, uint8_t digest[ZONE_HIP_DIGEST_OCTETS])
{
	uint8_t whole[HASH_SHA256_OCTETS];

	hash_digest(HASH_SHA256, &rdata, 1, whole);
	memcpy(digest, whole, ZONE_HIP_DIGEST_OCTETS);
}

/* "v1 " and 32 lower-case hex digits in one string. */
static bool is_marker(struct wire_view rdata)
{
	if (rdata.octets != 1 + OWNER_MARKER_LENGTH || rdata.bytes[0] != OWNER_MARKER_LENGTH ||
	    memcmp(rdata.bytes + 1, "v1 ", 3) != 0)
		return false;
	for (size_t i = 4; i < rdata.octets; i++) {
		uint8_t c = rdata.bytes[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

static void add_marker(struct zone_name *name, const struct dns_record *record)
{
	if (record->type != DNS_TYPE_TXT || name->has_marker || !is_marker(record->rdata)) {
		name->has_other = true;
		name->has_marker = false;
		return;
	}
	memcpy(name->marker, record->rdata.bytes + 1, OWNER_MARKER_LENGTH);
	name->has_marker = true;
}

static void add_own(struct zone_name *name, const struct dns_record *record)
{
	enum { DNS_TYPE_NS = 2, DNS_TYPE_DNAME = 39 };

	if (record->type == DNS_TYPE_AAAA && record->rdata.octets == sizeof(name->address) && !name->has_address) {
		memcpy(&name->address, record->rdata.bytes, sizeof(name->address));
		name->has_address = true;
	} else if (record->type == DNS_TYPE_HIP && !name->has_hip) {
		hip_digest(record->rdata, name->hip_digest);
		name->has_hip = true;
	} else {
		name->has_other = true;
	}
	if (record->type == DNS_TYPE_NS || record->type == DNS_TYPE_DNAME)
		name->is_cut = true;
}

void zone_names_add(struct zone_names *names, const char *zone, const struct dns_record *record)
{
	if (!record->owner[0] || strcmp(record->owner, zone) == 0)
		return; /* the apex, or a name that nobody can ask for */
	if (strncmp(record->owner, marker_label, sizeof(marker_label) - 1) == 0)
		add_marker(find_or_add(names, record->owner + sizeof(marker_label) - 1), record);
	else
		add_own(find_or_add(names, record->owner), record);
}

void zone_names_hold(struct zone_names *names, const struct name_request *request, bool touched)
{
	struct zone_name *name = find_or_add(names, request->fqdn);

	name->address = request->home_address;
	name->has_address = true;
	name->has_hip = request->hip_octets != 0;
	if (name->has_hip)
		hip_digest((struct wire_view){request->hip_rdata, request->hip_octets}, name->hip_digest);
	name->has_marker = true;
	memcpy(name->marker, request->marker, sizeof(name->marker));
	if (touched)
		touch(names, name);
}

void zone_names_hold_pointer(struct zone_names *names, const char *fqdn, uint32_t generation)
{
	find_or_add(names, fqdn)->pointer_generation = generation;
}

void zone_names_drop(struct zone_names *names, const char *fqdn, bool touched)
{
	struct zone_name *name = find_or_add(names, fqdn);

	name->has_address = false;
	name->has_hip = false;
	name->has_marker = false;
	if (touched)
		touch(names, name);
	if (!name->touched && !name->has_other)
		remove_name(names, name);
}

const struct zone_name *zone_names_find(const struct zone_names *names, const char *fqdn)
{
	const struct zone_name *name = find(names, fqdn);

	return name && (name->has_address || name->has_hip || name->has_marker || name->has_other) ? name : NULL;
}

bool zone_names_is_below_cut(const struct zone_names *names, const char *zone, const char *fqdn)
{
	for (const char *dot = strchr(fqdn, '.'); dot && strcmp(dot + 1, zone) != 0; dot = strchr(dot + 1, '.')) {
		const struct zone_name *above = zone_names_find(names, dot + 1);

		if (above && above->is_cut)
			return true;
	}
	return false;
}

bool zone_name_is_as_wanted(const struct zone_name *name, const struct name_request *request)
{
	uint8_t digest[ZONE_HIP_DIGEST_OCTETS];

	if (!name || !name->has_marker || strcmp(name->marker, request->marker) != 0 || !name->has_address ||
	    !IN6_ARE_ADDR_EQUAL(&name->address, &request->home_address) || name->has_hip != (request->hip_octets != 0))
		return false;
	if (!name->has_hip)
		return true;
	hip_digest((struct wire_view){request->hip_rdata, request->hip_octets}, digest);
	return memcmp(digest, name->hip_digest, sizeof(digest)) == 0;
}

void zone_names_begin(struct zone_names *names)
{
	names->cursor_shard = 0;
	names->cursor = names->shards[0];
}

const struct zone_name *zone_names_next(struct zone_names *names)
{
	const struct zone_name *name;

	while (!names->cursor && names->cursor_shard + 1 < ZONE_SHARDS)
		names->cursor = names->shards[++names->cursor_shard];
	name = names->cursor;
	if (name)
		names->cursor = name->hh.next;
	return name;
}

void zone_names_replace(struct zone_names *names, struct zone_names *fresh)
{
	struct zone_names before;

	while (names->touched) {
		struct zone_name *name = names->touched;
		struct zone_name *older = find(fresh, name->fqdn);

		names->touched = name->next_touched;
		if (older)
			remove_name(fresh, older);
		take_out(names, name);
		name->touched = false;
		add(fresh, name);
	}
	before = *names;
	*names = *fresh;
	*fresh = before;
}

size_t zone_names_release(struct zone_names *names, size_t most)
{
	size_t released = 0;

	names->touched = NULL;
	for (; names->release_shard < ZONE_SHARDS && released < most; names->release_shard++) {
		struct zone_name **shard = &names->shards[names->release_shard];

		for (; *shard && released < most; released++)
			remove_name(names, *shard);
		if (*shard)
			break;
	}
	if (!names->count)
		*names = (struct zone_names){0};
	return released;
}
