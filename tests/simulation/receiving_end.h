// SPDX-License-Identifier: BSD-3-Clause
/*
 * receiving_end - a data plane's end of the feed as tests need it: a binding table in plain memory, its expiry, and the
 * receiver that fills it.
 *
 * Thread: the writer's; one reader may register with `qsbr`.
 */
#ifndef KEDGE_TESTS_RECEIVING_END_H
#define KEDGE_TESTS_RECEIVING_END_H

#include <rte_rcu_qsbr.h>

#include "feed_receiver.h"

struct receiving_end {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	struct expiry expiry;
	struct feed_receiver *receiver;
};

/*
 * Begins with an empty table for `bindings_max`. What `outlet` leaves out: asks are lost, every care-of address is
 * reached by route 0 from own address 0, and a row that cannot be applied ends the test. Ends it without memory, too.
 */
void receiving_end_open(struct receiving_end *end, size_t bindings_max, uint32_t handover_grace_ms, uint64_t now_ms,
                        const struct receiver_outlet *outlet);
void receiving_end_close(struct receiving_end *end);

#endif
