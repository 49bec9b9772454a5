// SPDX-License-Identifier: BSD-3-Clause
#include "mix.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "ip.h"

#define SMALL .size_count = 1, .sizes = {{64, 1}}
#define IMIX  .size_count = 3, .sizes = {{64, 7}, {576, 4}, {1400, 1}}

enum { INNER_OCTETS_LEAST = IPV6_HEADER_OCTETS + UDP_HEADER_OCTETS, INNER_OCTETS_MOST = 1800 };

static const struct {
	const char *name;
	struct mix mix;
} named[] = {
        {"downlink", {SMALL, .hits = 1000000}},
        {"uplink", {SMALL, .hits = 1000000, .uplink = 1000000}},
        {"hairpin", {SMALL, .hits = 1000000, .hairpin = 1000000}},
        {"imix", {IMIX, .hits = 1000000, .uplink = 300000, .hairpin = 50000}},
        {"zipf", {IMIX, .hits = 1000000, .uplink = 300000, .hairpin = 50000, .is_zipf = true}},
        {"half-hits", {SMALL, .hits = 500000, .uplink = 300000}},
        {"spoofed", {SMALL, .hits = 1000000, .uplink = 1000000, .spoofed = 500000}},
        {"rough", {IMIX, .hits = 900000, .uplink = 350000, .hairpin = 100000, .spoofed = 100000, .is_zipf = true}},
};

static bool read_share(const json_t *root, const char *name, uint32_t *share)
{
	const json_t *value = json_object_get(root, name);

	if (!value)
		return true;
	if (!json_is_number(value) || json_number_value(value) < 0 || json_number_value(value) > 1)
		return false;
	*share = (uint32_t)(json_number_value(value) * MIX_SHARE_WHOLE + 0.5);
	return true;
}

/* [[octets, weight], …] */
static bool read_sizes(const json_t *sizes, struct mix *mix)
{
	const json_t *row;
	size_t i;

	if (!json_is_array(sizes) || json_array_size(sizes) < 1 || json_array_size(sizes) > MIX_SIZES_MAX)
		return false;
	mix->size_count = (unsigned)json_array_size(sizes);
	json_array_foreach(sizes, i, row)
	{
		json_int_t octets = json_integer_value(json_array_get(row, 0));
		json_int_t weight = json_integer_value(json_array_get(row, 1));

		if (octets < INNER_OCTETS_LEAST || octets > INNER_OCTETS_MOST || weight < 1 || weight > 1000)
			return false;
		mix->sizes[i] = (struct mix_size){.octets = (uint16_t)octets, .weight = (uint16_t)weight};
	}
	return true;
}

static const char *read_mix(const json_t *root, struct mix *mix)
{
	static const char *const members[] = {"sizes", "uplink", "hairpin", "hits", "spoofed", "popularity"};
	const char *popularity = json_string_value(json_object_get(root, "popularity")), *name;
	json_t *value;

	json_object_foreach((json_t *)root, name, value)
	{
		bool known = false;

		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			known |= strcmp(name, members[i]) == 0;
		if (!known)
			return name;
	}
	mix->hits = MIX_SHARE_WHOLE;
	if (!read_sizes(json_object_get(root, "sizes"), mix))
		return "sizes";
	if (!read_share(root, "uplink", &mix->uplink))
		return "uplink";
	if (!read_share(root, "hairpin", &mix->hairpin) || mix->uplink + mix->hairpin > MIX_SHARE_WHOLE)
		return "hairpin";
	if (!read_share(root, "hits", &mix->hits))
		return "hits";
	if (!read_share(root, "spoofed", &mix->spoofed))
		return "spoofed";
	if (json_object_get(root, "popularity") &&
	    (!popularity || (strcmp(popularity, "zipf") != 0 && strcmp(popularity, "uniform") != 0)))
		return "popularity";
	mix->is_zipf = popularity && strcmp(popularity, "zipf") == 0;
	return NULL;
}

int mix_load(const char *name_or_file, struct mix *mix, char error[MIX_ERROR_OCTETS])
{
	json_error_t parse_error;
	const char *wrong;
	json_t *root;

	memset(mix, 0, sizeof(*mix));
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(named[i].name, name_or_file) == 0) {
			*mix = named[i].mix;
			return 0;
		}
	if (access(name_or_file, R_OK)) {
		int used = snprintf(error, MIX_ERROR_OCTETS, "%.200s: neither a file nor one of", name_or_file);

		for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
			used += snprintf(error + used, MIX_ERROR_OCTETS - (size_t)used, " %s", named[i].name);
		return -EINVAL;
	}
	root = json_load_file(name_or_file, JSON_REJECT_DUPLICATES, &parse_error);
	if (!root) {
		snprintf(error, MIX_ERROR_OCTETS, "%.200s:%d: %.200s", name_or_file, parse_error.line,
		         parse_error.text);
		return -EINVAL;
	}
	wrong = json_is_object(root) ? read_mix(root, mix) : "mix";
	if (wrong)
		snprintf(error, MIX_ERROR_OCTETS, "%.200s: '%.100s' is unknown or not right", name_or_file, wrong);
	json_decref(root);
	return wrong ? -EINVAL : 0;
}
