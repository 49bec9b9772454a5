// SPDX-License-Identifier: BSD-3-Clause
#include "billing_store.h"

#include <errno.h>

#include "row_binding.h"

static int record(struct sqlite_store *store, const struct billing_row *row)
{
	static const char sql[] =
	        "INSERT INTO billing(transaction_id, subscriber, services, at_ms, until_ms) VALUES(?1,?2,?3,?4,?5)"
	        " ON CONFLICT(transaction_id) DO NOTHING";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_octets(statement, 1, row->transaction, sizeof(row->transaction));
	bind_text(statement, 2, row->subscriber);
	bind_number(statement, 3, row->services);
	bind_number(statement, 4, row->at_ms);
	bind_number(statement, 5, row->until_ms);
	return sqlite_store_run(store, statement);
}

static int reverse(struct sqlite_store *store, const struct billing_row *row)
{
	static const char sql[] = "UPDATE billing SET reversed_ms = ?2 WHERE transaction_id = ?1 AND reversed_ms = 0";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_octets(statement, 1, row->transaction, sizeof(row->transaction));
	bind_number(statement, 2, row->at_ms);
	return sqlite_store_run(store, statement);
}

static int apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets)
{
	if (octets != sizeof(struct billing_row))
		return -EINVAL;
	switch (operation) {
	case BILLING_STORE_RECORD:
		return record(store, row);
	case BILLING_STORE_REVERSE:
		return reverse(store, row);
	default:
		return -EINVAL;
	}
}

const struct sqlite_store_port billing_store_port = {.port = BILLING_STORE_PORT, .name = "billing", .apply = apply};
