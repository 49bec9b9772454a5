// SPDX-License-Identifier: BSD-3-Clause
/* services - which of the wished services are granted (B-40). Pure; any thread. */
#ifndef KEDGE_MOBILITYSERVER_SERVICES_H
#define KEDGE_MOBILITYSERVER_SERVICES_H

#include <stdint.h>

/* Service-Type (271): the low three bits of Mob-Capability (B-7). */
enum service {
	SERVICE_MIP6 = 0x01,
	SERVICE_DSMIP6 = 0x02,
	SERVICE_HIP = 0x04,
	SERVICES_ALL = 0x07,
};

enum services_reason {
	SERVICES_AS_WISHED,
	SERVICES_NONE_WISHED,    /* no known bit in the wish */
	SERVICES_NOT_SUBSCRIBED, /* the profile allows less than the wish */
	SERVICES_NOT_SERVED,     /* this server offers less than wish and profile */
};

struct services_decision {
	uint32_t granted; /* empty: status 212 */
	enum services_reason reason;
};

/* The granted subset of `wished`: what the subscriber may use and the server offers. */
struct services_decision services_decide(uint32_t wished, uint32_t subscribed, uint32_t served);

const char *services_reason_text(enum services_reason reason);

/* "mip6 hip" into `text` (at least 32 octets); returns it. */
char *services_text(uint32_t services, char *text);

#endif
