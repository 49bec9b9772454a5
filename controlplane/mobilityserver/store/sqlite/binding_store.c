// SPDX-License-Identifier: BSD-3-Clause
#include "binding_store.h"

#include <errno.h>

#include "key_wrapping.h"
#include "row_binding.h"

enum { ADDRESS_OCTETS = 16, BOUND_TO_OCTETS = 32 };

/* What a wrapped key is for: this association. */
static struct wire_view bound_to(uint32_t spi, uint8_t octets[BOUND_TO_OCTETS])
{
	static const char label[] = "kedge MN-HA-K";
	struct wire_writer writer = wire_writer_of(octets, BOUND_TO_OCTETS);

	wire_write_bytes(&writer, label, sizeof(label));
	wire_write_u32(&writer, spi);
	return (struct wire_view){octets, wire_written(&writer)};
}

static int wrap(const struct secret *store_key, const struct association_row *row, uint8_t wrapped[KEY_WRAPPED_MAX])
{
	uint8_t octets[BOUND_TO_OCTETS];

	if (secret_is_empty(&row->key))
		return 0;
	return key_wrap(store_key, bound_to(row->spi, octets), &row->key, wrapped);
}

static void bind_address(sqlite3_stmt *statement, int parameter, const struct in6_addr *address)
{
	bind_octets(statement, parameter, address, ADDRESS_OCTETS);
}

static int put_association(struct sqlite_store *store, const struct association_row *row)
{
	static const char sql[] =
	        "INSERT INTO association(spi, state, subscriber, nai, home_address, prefix_length, home_agent_address,"
	        " host_identity_digest, created_ms, until_ms, first_number, last_number, key, ambr_down_bps,"
	        " ambr_up_bps, services) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
	        " ON CONFLICT(spi) DO UPDATE SET state=excluded.state, subscriber=excluded.subscriber,"
	        " nai=excluded.nai, home_address=excluded.home_address, prefix_length=excluded.prefix_length,"
	        " home_agent_address=excluded.home_agent_address,"
	        " host_identity_digest=excluded.host_identity_digest, created_ms=excluded.created_ms,"
	        " until_ms=excluded.until_ms, key=excluded.key,"
	        " ambr_down_bps=excluded.ambr_down_bps, ambr_up_bps=excluded.ambr_up_bps,"
	        " services=excluded.services";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	uint8_t wrapped[KEY_WRAPPED_MAX];
	int octets = wrap(sqlite_store_context(store), row, wrapped);

	if (octets < 0)
		return octets;
	bind_number(statement, 1, row->spi);
	bind_number(statement, 2, row->state);
	bind_text(statement, 3, row->subscriber);
	bind_text(statement, 4, row->nai);
	bind_address(statement, 5, &row->home_address);
	bind_number(statement, 6, row->prefix_length);
	bind_address(statement, 7, &row->home_agent_address);
	bind_octets(statement, 8, row->host_identity_digest, sizeof(row->host_identity_digest));
	bind_number(statement, 9, row->created_ms);
	bind_number(statement, 10, row->until_ms);
	if (row->has_number) {
		bind_number(statement, 11, row->first_number);
		bind_number(statement, 12, row->last_number);
	}
	bind_octets(statement, 13, wrapped, (size_t)octets);
	bind_number(statement, 14, row->ambr.down_bps);
	bind_number(statement, 15, row->ambr.up_bps);
	bind_number(statement, 16, row->services);
	return sqlite_store_run(store, statement);
}

static int delete_association(struct sqlite_store *store, const struct association_key_row *row)
{
	sqlite3_stmt *statement = sqlite_store_statement(store, "DELETE FROM association WHERE spi = ?1");

	bind_number(statement, 1, row->spi);
	return sqlite_store_run(store, statement);
}

static int put_number(struct sqlite_store *store, const struct association_number_row *row)
{
	static const char sql[] = "UPDATE association SET first_number = ?2, last_number = ?3 WHERE spi = ?1";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_number(statement, 1, row->spi);
	bind_number(statement, 2, row->first_number);
	bind_number(statement, 3, row->last_number);
	return run_and_require_change(store, statement);
}

static int put_binding(struct sqlite_store *store, const struct home_binding_row *row)
{
	static const char sql[] =
	        "INSERT INTO home_binding(key, prefix_length, home_address, spi, care_of_address, until_ms, subscriber,"
	        " port) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"
	        " ON CONFLICT(key, prefix_length) DO UPDATE SET home_address=excluded.home_address,"
	        " spi=excluded.spi, care_of_address=excluded.care_of_address, until_ms=excluded.until_ms,"
	        " subscriber=excluded.subscriber, port=excluded.port";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_address(statement, 1, &row->key);
	bind_number(statement, 2, row->prefix_length);
	bind_address(statement, 3, &row->home_address);
	bind_number(statement, 4, row->spi);
	bind_address(statement, 5, &row->care_of_address);
	bind_number(statement, 6, row->until_ms);
	bind_text(statement, 7, row->subscriber);
	bind_number(statement, 8, row->port);
	return sqlite_store_run(store, statement);
}

static int delete_binding(struct sqlite_store *store, const struct home_binding_key_row *row)
{
	static const char sql[] = "DELETE FROM home_binding WHERE key = ?1 AND prefix_length = ?2";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_address(statement, 1, &row->key);
	bind_number(statement, 2, row->prefix_length);
	return sqlite_store_run(store, statement);
}

static int put_epoch(struct sqlite_store *store, const struct binding_epoch_row *row)
{
	static const char sql[] = "INSERT INTO binding_epoch(only, epoch) VALUES(1, ?1)"
	                          " ON CONFLICT(only) DO UPDATE SET epoch=excluded.epoch"
	                          " WHERE binding_epoch.epoch < excluded.epoch";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);

	bind_number(statement, 1, row->epoch);
	return run_and_require_change(store, statement);
}

#define APPLY(operation, function, type)                                                                               \
	case operation:                                                                                                \
		return octets == sizeof(type) ? function(store, (const type *)row) : -EINVAL

static int apply(struct sqlite_store *store, uint16_t operation, const void *row, size_t octets)
{
	switch (operation) {
		APPLY(BINDING_STORE_PUT_ASSOCIATION, put_association, struct association_row);
		APPLY(BINDING_STORE_DELETE_ASSOCIATION, delete_association, struct association_key_row);
		APPLY(BINDING_STORE_PUT_NUMBER, put_number, struct association_number_row);
		APPLY(BINDING_STORE_PUT_BINDING, put_binding, struct home_binding_row);
		APPLY(BINDING_STORE_DELETE_BINDING, delete_binding, struct home_binding_key_row);
		APPLY(BINDING_STORE_PUT_EPOCH, put_epoch, struct binding_epoch_row);
	}
	return -EINVAL;
}

struct sqlite_store_port binding_store_port_of(const struct secret *store_key)
{
	return (struct sqlite_store_port){
	        .port = BINDING_STORE_PORT, .name = "bindings", .apply = apply, .context = (void *)store_key};
}

/* --- at start --- */

static int read_association(sqlite3_stmt *statement, const struct secret *store_key, struct association_row *row)
{
	uint8_t wrapped[KEY_WRAPPED_MAX];
	uint8_t octets[BOUND_TO_OCTETS];
	size_t wrapped_octets;

	*row = (struct association_row){
	        .spi = (uint32_t)column_number(statement, 0),
	        .state = (uint8_t)column_number(statement, 1),
	        .prefix_length = (uint8_t)column_number(statement, 5),
	        .created_ms = column_number(statement, 8),
	        .until_ms = column_number(statement, 9),
	        .has_number = sqlite3_column_type(statement, 11) != SQLITE_NULL,
	        .first_number = (uint16_t)column_number(statement, 10),
	        .last_number = (uint16_t)column_number(statement, 11),
	        .ambr = {column_number(statement, 13), column_number(statement, 14)},
	        .services = (uint32_t)column_number(statement, 15),
	};
	column_text(statement, 2, row->subscriber, sizeof(row->subscriber));
	column_text(statement, 3, row->nai, sizeof(row->nai));
	column_octets(statement, 4, &row->home_address, ADDRESS_OCTETS);
	column_octets(statement, 6, &row->home_agent_address, ADDRESS_OCTETS);
	column_octets(statement, 7, row->host_identity_digest, sizeof(row->host_identity_digest));
	wrapped_octets = column_octets(statement, 12, wrapped, sizeof(wrapped));
	if (row->state != ASSOCIATION_LIVE)
		return 0;
	return key_unwrap(store_key, bound_to(row->spi, octets), (struct wire_view){wrapped, wrapped_octets},
	                  &row->key);
}

static int load_associations(struct sqlite_store *store, const struct secret *store_key,
                             const struct binding_store_reader *reader)
{
	static const char sql[] = "SELECT spi, state, subscriber, nai, home_address, prefix_length, home_agent_address,"
	                          " host_identity_digest, created_ms, until_ms, first_number, last_number, key,"
	                          " ambr_down_bps, ambr_up_bps, services"
	                          " FROM association ORDER BY created_ms, spi";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	struct association_row row;
	int step = SQLITE_ERROR;
	int result = 0;

	while (!result && statement && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		result = read_association(statement, store_key, &row);
		if (!result)
			result = reader->association(reader->context, &row);
		secret_wipe(&row.key);
	}
	sqlite3_reset(statement);
	return result || step == SQLITE_DONE ? result : sqlite_store_error(step);
}

static int load_bindings(struct sqlite_store *store, const struct binding_store_reader *reader)
{
	static const char sql[] = "SELECT key, prefix_length, home_address, spi, care_of_address, until_ms, subscriber,"
	                          " port FROM home_binding";
	sqlite3_stmt *statement = sqlite_store_statement(store, sql);
	int step = SQLITE_ERROR;
	int result = 0;

	while (!result && statement && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		struct home_binding_row row = {
		        .prefix_length = (uint8_t)column_number(statement, 1),
		        .spi = (uint32_t)column_number(statement, 3),
		        .until_ms = column_number(statement, 5),
		        .port = (uint16_t)column_number(statement, 7),
		};

		column_octets(statement, 0, &row.key, ADDRESS_OCTETS);
		column_octets(statement, 2, &row.home_address, ADDRESS_OCTETS);
		column_octets(statement, 4, &row.care_of_address, ADDRESS_OCTETS);
		column_text(statement, 6, row.subscriber, sizeof(row.subscriber));
		result = reader->binding(reader->context, &row);
	}
	sqlite3_reset(statement);
	return result || step == SQLITE_DONE ? result : sqlite_store_error(step);
}

int binding_store_load(struct sqlite_store *store, const struct secret *store_key,
                       const struct binding_store_reader *reader)
{
	int result = load_associations(store, store_key, reader);

	return result ? result : load_bindings(store, reader);
}

int binding_store_raise_epoch(struct sqlite_store *store, uint32_t *epoch)
{
	sqlite3_stmt *statement = sqlite_store_statement(store, "SELECT ifnull(max(epoch), 0) FROM binding_epoch");
	struct binding_epoch_row row;
	struct effects *step;
	int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;

	if (result != SQLITE_ROW)
		return sqlite_store_error(result);
	row.epoch = (uint32_t)column_number(statement, 0) + 1;
	sqlite3_reset(statement);
	step = effects_new();
	effects_store(step, BINDING_STORE_PORT, BINDING_STORE_PUT_EPOCH, &row, sizeof(row));
	result = sqlite_store_apply_step(store, step);
	effects_free(step);
	*epoch = row.epoch;
	return result;
}
