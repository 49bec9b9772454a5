// SPDX-License-Identifier: BSD-3-Clause
/*
 * authentication_centre - makes AKA vectors: fresh RAND, SQN = SEQ | IND with an IND of this server's own (E-13), the
 * AMF separation bit for AKA' and not for AKA (E-12).
 *
 * S-4: a block of 32 SEQ is durable ahead; numbers are handed out from memory, and after a crash the rest of the block
 * is skipped. No vector leaves before its number is durable.
 *
 * A pure core. Thread: the loop's.
 */
#ifndef KEDGE_AUTHSERVER_AUTHENTICATION_CENTRE_H
#define KEDGE_AUTHSERVER_AUTHENTICATION_CENTRE_H

#include "subscriber_table.h"

enum { SEQ_BLOCK = 32, CENTRE_WAITING_MAX = 4096 };

#define AUTHENTICATION_CENTRE_COUNTERS(X)                                                                              \
	X(vectors, "vectors made")                                                                                     \
	X(blocks, "blocks of sequence numbers made durable")                                                           \
	X(blocks_failed, "blocks that could not be stored")                                                            \
	X(resynchronisations, "sequence numbers raised by AUTS")                                                       \
	X(resynchronisations_wrong, "AUTS with a wrong MAC-S")                                                         \
	X(keys_unreadable, "subscribers whose keys do not open with the key file")                                     \
	X(waiting_full, "requests refused because too many waited for the store")

struct authentication_centre_counters {
#define X(name, help) uint64_t name;
	AUTHENTICATION_CENTRE_COUNTERS(X)
#undef X
};

/* `vector` is NULL when `result` is negative: -ENOENT no such subscriber, -ENOSPC/-EIO… store, -EBADMSG keys. */
typedef void centre_answer(void *core, uint64_t token, int result, const struct aka_vector *vector,
                           const struct instant *now, struct effects *effects);

struct authentication_centre {
	struct subscriber_table *table;
	struct randomness *randomness;
	unsigned ind;
	struct centre_request *waiting;
	size_t waiting_count;
	struct authentication_centre_counters counters;
};

/* `ind`: IND of the numbers that it gives out, below 32. Table and randomness outlive it. */
void authentication_centre_start(struct authentication_centre *centre, struct subscriber_table *table,
                                 struct randomness *randomness, unsigned ind);
void authentication_centre_end(struct authentication_centre *centre);

/* Answers at once when a durable number is left, else when the next block is durable. */
void authentication_centre_vector(struct authentication_centre *centre, const char *imsi, bool separation_bit,
                                  centre_answer *answer, void *core, uint64_t token, const struct instant *now,
                                  struct effects *effects);

/*
 * E-14: checks AUTS against the RAND of the failed challenge and sets SQN_HE to the card's if need be, up or down; the
 * next vector is fresh to the USIM. Returns 0, -ENOENT or -EBADMSG.
 */
int authentication_centre_resynchronise(struct authentication_centre *centre, const char *imsi,
                                        const uint8_t rand[AKA_RAND_OCTETS], const uint8_t auts[AKA_AUTS_OCTETS]);

#endif
