// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "mobility_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

/* What was read can be written, and then reads the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	static const uint8_t address[MOBILITY_ADDRESS_OCTETS] = {0x20, 0x01};
	static uint8_t written[MOBILITY_HEADER_OCTETS_MAX];
	uint32_t both = MOBILITY_HAS_AUTHENTICATION | MOBILITY_HAS_AUTHORIZATION_DATA;
	uint8_t care_of_address[MOBILITY_ADDRESS_OCTETS];
	struct mobility_header header;
	struct mobility_header again;
	size_t length;

	if (mobility_header_read(bytes, octets, &header) || (header.options.present & both) == both)
		return 0;
	mobility_care_of_address(&header.options, address, care_of_address);
	if (header.authenticator_offset > octets)
		abort();
	length = mobility_header_write(written, sizeof(written), &header);
	if (!length) /* padding may make the longest headers too long */
		return 0;
	mobility_header_finish(written, length, &header, NULL, address, care_of_address);
	if (!mobility_header_checksum_is_right(written, length, address, care_of_address) ||
	    mobility_header_read(written, length, &again) || again.type != header.type ||
	    again.options.present != header.options.present ||
	    again.authenticator_offset != header.authenticator_offset ||
	    again.options.authentication_spi != header.options.authentication_spi)
		abort();
	return 0;
}
