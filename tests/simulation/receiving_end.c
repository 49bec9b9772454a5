// SPDX-License-Identifier: BSD-3-Clause
#include "receiving_end.h"

#include <stdlib.h>
#include <string.h>

static void *allocate(size_t octets)
{
	size_t whole = RTE_ALIGN_CEIL(octets, RTE_CACHE_LINE_SIZE);
	void *memory = aligned_alloc(RTE_CACHE_LINE_SIZE, whole);

	if (!memory)
		abort();
	return memset(memory, 0, whole);
}

static int lose_ask(void *context, struct wire_view frame)
{
	(void)context, (void)frame;
	return 0;
}

static bool resolve(void *context, const struct feed_row *row, struct binding_record *record)
{
	(void)context, (void)row;
	record->route = 0;
	record->own = 0;
	return true;
}

static void trouble(void *context, enum receiver_trouble trouble, const struct feed_row *row)
{
	(void)context, (void)trouble, (void)row;
	abort();
}

void receiving_end_open(struct receiving_end *end, size_t bindings_max, uint32_t handover_grace_ms, uint64_t now_ms,
                        const struct receiver_outlet *outlet)
{
	const struct receiver_outlet whole = {.context = outlet->context,
	                                      .ask = outlet->ask ? outlet->ask : lose_ask,
	                                      .resolve = outlet->resolve ? outlet->resolve : resolve,
	                                      .trouble = outlet->trouble ? outlet->trouble : trouble};
	struct binding_table_options options = {
	        .bindings_max = bindings_max,
	        .memory = {.allocate = allocate, .release = free},
	};

	end->qsbr = allocate(rte_rcu_qsbr_get_memsize(1));
	rte_rcu_qsbr_init(end->qsbr, 1);
	options.qsbr = end->qsbr;
	if (binding_table_new(&options, &end->table))
		abort();
	expiry_start(&end->expiry, now_ms, 0, 0);
	end->receiver = feed_receiver_new(end->table, &end->expiry, handover_grace_ms, &whole);
	if (!end->receiver)
		abort();
}

void receiving_end_close(struct receiving_end *end)
{
	feed_receiver_free(end->receiver);
	binding_table_free(end->table);
	free(end->qsbr);
}
