// SPDX-License-Identifier: BSD-3-Clause
#include "service_prefix.h"

#include <errno.h>

#include "ip.h"

static void make_mask(unsigned length, uint64_t mask[2])
{
	struct in6_addr ones;

	memset(&ones, 0xff, sizeof(ones));
	in6_mask(&ones, length);
	memcpy(mask, &ones, sizeof(ones));
}

int service_prefixes_add(struct service_prefixes *prefixes, const struct in6_addr *prefix, unsigned length,
                         unsigned key_length)
{
	struct in6_addr masked = *prefix;
	struct service_prefix made = {.length = (uint8_t)length, .key_length = (uint8_t)key_length};
	unsigned at = 0;

	if (length > 128 || key_length > 128 || key_length < length)
		return -EINVAL;
	in6_mask(&masked, length);
	if (!in6_is_equal(&masked, prefix) || IN6_IS_ADDR_UNSPECIFIED(prefix))
		return -EINVAL;
	if (prefixes->count == SERVICE_PREFIXES_MAX)
		return -ENOSPC;
	memcpy(made.value, prefix, sizeof(made.value));
	make_mask(length, made.mask);
	make_mask(key_length, made.key_mask);
	for (; at < prefixes->count && prefixes->list[at].length >= length; at++)
		if (prefixes->list[at].length == length &&
		    memcmp(prefixes->list[at].value, made.value, sizeof(made.value)) == 0)
			return -EEXIST;
	memmove(&prefixes->list[at + 1], &prefixes->list[at], (prefixes->count - at) * sizeof(made));
	prefixes->list[at] = made;
	prefixes->count++;
	return 0;
}
