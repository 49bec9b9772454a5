// SPDX-License-Identifier: BSD-3-Clause
#include "drop_memory.h"

enum { READ_ATTEMPTS = 8 };

static unsigned set_of(const uint64_t key[2])
{
	uint64_t hash = (key[0] ^ key[1] * 0xc2b2ae3d27d4eb4full) * 0x9e3779b97f4a7c15ull;

	return (unsigned)(hash >> 56) % DROP_MEMORY_SETS;
}

void drop_memory_add(struct drop_memory *memory, const struct in6_addr *key, enum drop_reason reason, uint64_t now_ms)
{
	struct drop_slot *set, *slot;
	uint64_t words[2];
	bool recurs = false;

	memcpy(words, key, sizeof(words));
	if (!(words[0] | words[1]))
		return;
	set = slot = memory->slots[set_of(words)];
	for (unsigned i = 0; i < DROP_MEMORY_WAYS && !recurs; i++) {
		recurs = set[i].sequence && set[i].key[0] == words[0] && set[i].key[1] == words[1] &&
		         set[i].reason == (uint32_t)reason;
		if (recurs || set[i].last_ms < slot->last_ms || !set[i].sequence)
			slot = &set[i];
		if (!slot->sequence)
			break;
	}
	shared_store(&slot->sequence, slot->sequence + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	shared_store(&slot->packets, recurs ? slot->packets + 1 : 1);
	shared_store(&slot->last_ms, now_ms);
	shared_store(&slot->reason, (uint32_t)reason);
	shared_store(&slot->key[0], words[0]);
	shared_store(&slot->key[1], words[1]);
	shared_release(&slot->sequence, slot->sequence + 1);
}

static bool read_slot(const struct drop_slot *slot, struct drop_note *note)
{
	for (unsigned i = 0; i < READ_ATTEMPTS; i++) {
		uint32_t before = shared_acquire(&slot->sequence);
		uint64_t words[2] = {shared_load(&slot->key[0]), shared_load(&slot->key[1])};

		note->reason = (enum drop_reason)shared_load(&slot->reason);
		note->packets = shared_load(&slot->packets);
		note->last_ms = shared_load(&slot->last_ms);
		memcpy(&note->key, words, sizeof(words));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!before)
			return false;
		if (!(before & 1) && shared_load(&slot->sequence) == before)
			return true;
	}
	return false;
}

unsigned drop_memory_of_key(const struct drop_memory *memory, const struct in6_addr *key,
                            struct drop_note notes[DROP_MEMORY_WAYS])
{
	const struct drop_slot *set;
	uint64_t words[2];
	unsigned found = 0;

	memcpy(words, key, sizeof(words));
	set = memory->slots[set_of(words)];
	for (unsigned i = 0; i < DROP_MEMORY_WAYS; i++)
		if (read_slot(&set[i], &notes[found]) && memcmp(&notes[found].key, key, sizeof(*key)) == 0)
			found++;
	return found;
}

bool drop_memory_at(const struct drop_memory *memory, unsigned slot, struct drop_note *note)
{
	return read_slot(&memory->slots[slot / DROP_MEMORY_WAYS][slot % DROP_MEMORY_WAYS], note);
}
