// SPDX-License-Identifier: BSD-3-Clause
#include "services.h"

#include <stdio.h>

struct services_decision services_decide(uint32_t wished, uint32_t subscribed, uint32_t served)
{
	uint32_t known = wished & SERVICES_ALL;
	struct services_decision decision = {.granted = known & subscribed & served};

	if (!known)
		decision.reason = SERVICES_NONE_WISHED;
	else if (decision.granted == known)
		decision.reason = SERVICES_AS_WISHED;
	else if ((known & subscribed) != known)
		decision.reason = SERVICES_NOT_SUBSCRIBED;
	else
		decision.reason = SERVICES_NOT_SERVED;
	return decision;
}

const char *services_reason_text(enum services_reason reason)
{
	switch (reason) {
	case SERVICES_AS_WISHED:
		return "as wished";
	case SERVICES_NONE_WISHED:
		return "no known service was wished";
	case SERVICES_NOT_SUBSCRIBED:
		return "the subscriber's profile allows less";
	case SERVICES_NOT_SERVED:
		return "this server offers less";
	}
	return "unknown";
}

char *services_text(uint32_t services, char *text)
{
	static const char *const names[] = {"mip6", "dsmip6", "hip"};
	int at = 0;

	text[0] = '\0';
	for (int bit = 0; bit < 3; bit++)
		if (services & 1u << bit)
			at += sprintf(text + at, "%s%s", at ? " " : "", names[bit]);
	return text;
}
