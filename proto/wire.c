// SPDX-License-Identifier: BSD-3-Clause
#include "wire.h"

void wire_patch_u16(struct wire_writer *writer, size_t offset, uint16_t value)
{
	size_t written = (size_t)(writer->at - writer->begin);

	if (writer->failed || written < 2 || offset > written - 2) {
		writer->failed = true;
		return;
	}
	wire_store_u16(writer->begin + offset, value);
}

uint32_t wire_checksum_add(uint32_t sum, const void *bytes, size_t octets)
{
	const uint8_t *at = (const uint8_t *)bytes;
	uint64_t total = sum;

	for (; octets >= 2; octets -= 2, at += 2)
		total += (uint32_t)(at[0] << 8 | at[1]);
	if (octets)
		total += (uint32_t)(at[0] << 8);
	while (total >> 32)
		total = (total & 0xffffffff) + (total >> 32);
	return (uint32_t)total;
}

uint16_t wire_checksum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
