// SPDX-License-Identifier: BSD-3-Clause
#include "dns_model.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	HEADER = 12,
	RESPONSE = 0x80,
	AUTHORITATIVE = 0x04,
	TRUNCATED = 0x02,
	DATAGRAM_MAX = 512,
	MESSAGE_MAX = 65535,
	TRANSFER_RECORDS = 8, /* a message; few, so that each transfer is a row of messages */
	ZONES = 2,
	TEXT_OCTETS = 2048,
};

struct zone {
	ldns_rdf *name;
	ldns_rr_list *records;
	uint32_t serial;
};

struct dns_model {
	const struct tsig_key *key;
	struct zone zones[ZONES];
	enum dns_model_mode mode;
	unsigned int lost;
	int64_t ahead_s;
	bool reverse_refused;
	void (*faster)(void *context, struct dns_model *model);
	void *faster_context;
	struct dns_model_counters counters;
	char text[TEXT_OCTETS];
};

/* One request on its way to its answer. */
struct exchange {
	struct dns_model *model;
	ldns_pkt *request;
	struct wire_view bytes;
	struct zone *zone;
	struct tsig_signature signature;
	bool is_signed; /* the answer is */
	bool over_stream;
	uint64_t now_s;
	dns_model_answer *answer;
	void *context;
};

static void *required(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static ldns_rr *record_of(const char *text)
{
	ldns_rr *rr = NULL;

	if (ldns_rr_new_frm_str(&rr, text, 300, NULL, NULL) != LDNS_STATUS_OK) {
		fprintf(stderr, "dns_model: no record: %s\n", text);
		abort();
	}
	return rr;
}

/* Zones and records */

static void put(struct zone *zone, ldns_rr *rr)
{
	ldns_rr2canonical(rr);
	if (!ldns_rr_list_push_rr(zone->records, rr))
		abort();
}

static void start_zone(struct zone *zone, const char *name)
{
	char text[512];

	zone->name = required(ldns_dname_new_frm_str(name));
	zone->records = required(ldns_rr_list_new());
	zone->serial = 1;
	snprintf(text, sizeof(text), "%s. 300 IN SOA ns.%s. root.%s. 1 600 60 86400 5", name, name, name);
	put(zone, record_of(text));
	snprintf(text, sizeof(text), "%s. 300 IN NS ns.%s.", name, name);
	put(zone, record_of(text));
}

static bool is_same_but_case(const uint8_t *a, const uint8_t *b, size_t octets)
{
	for (size_t i = 0; i < octets; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

/* RFC 1035 2.3.3, on names in wire form: their length octets are below 64 and so no letters. Each record of a zone is
 * asked, so this is the model's speed. */
static bool is_same_name(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_rdf_size(a) == ldns_rdf_size(b) &&
	       is_same_but_case(ldns_rdf_data(a), ldns_rdf_data(b), ldns_rdf_size(a));
}

static struct zone *zone_of(const struct dns_model *model, const ldns_rdf *name)
{
	for (int i = 0; i < ZONES; i++) {
		const struct zone *zone = &model->zones[i];

		if (is_same_name(name, zone->name) || ldns_dname_is_subdomain(name, zone->name))
			return (struct zone *)zone;
	}
	return NULL;
}

static bool is_of(const ldns_rr *rr, const ldns_rdf *name, uint16_t type)
{
	return (type == LDNS_RR_TYPE_ANY || ldns_rr_get_type(rr) == type) && is_same_name(ldns_rr_owner(rr), name);
}

static unsigned int count(const struct zone *zone, const ldns_rdf *name, uint16_t type)
{
	unsigned int found = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++)
		found += is_of(ldns_rr_list_rr(zone->records, i), name, type);
	return found;
}

static ldns_rr *find_equal(const struct zone *zone, const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++) {
		ldns_rr *held = ldns_rr_list_rr(zone->records, i);

		if (ldns_rr_get_type(held) == ldns_rr_get_type(rr) && ldns_rr_compare(held, rr) == 0)
			return held;
	}
	return NULL;
}

/* Removes what `match` says; returns how many records went. */
static unsigned int remove_records(struct zone *zone, const ldns_rr *like,
                                   bool (*match)(const ldns_rr *held, const ldns_rr *like))
{
	size_t kept = 0;
	size_t held = ldns_rr_list_rr_count(zone->records);

	for (size_t i = 0; i < held; i++) {
		ldns_rr *rr = ldns_rr_list_rr(zone->records, i);
		bool is_protected =
		        ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ||
		        (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS && is_same_name(ldns_rr_owner(rr), zone->name));

		if (!is_protected && match(rr, like))
			ldns_rr_free(rr);
		else
			ldns_rr_list_set_rr(zone->records, rr, kept++);
	}
	ldns_rr_list_set_rr_count(zone->records, kept);
	return (unsigned int)(held - kept);
}

static bool same_set(const ldns_rr *held, const ldns_rr *like)
{
	return is_of(held, ldns_rr_owner(like), (uint16_t)ldns_rr_get_type(like));
}

static bool same_record(const ldns_rr *held, const ldns_rr *like)
{
	if (!same_set(held, like) || ldns_rr_rd_count(held) != ldns_rr_rd_count(like))
		return false;
	for (size_t i = 0; i < ldns_rr_rd_count(held); i++) {
		if (ldns_rdf_compare(ldns_rr_rdf(held, i), ldns_rr_rdf(like, i)) != 0)
			return false;
	}
	return true;
}

/* Answers */

static void tell(struct exchange *exchange, struct wire_writer *writer, uint16_t error)
{
	struct dns_model *model = exchange->model;
	struct tsig_mac mac;

	if (exchange->is_signed && tsig_sign_answer(writer, model->key, &exchange->signature.mac, error,
	                                            exchange->signature.time_signed_s, exchange->now_s, &mac))
		abort();
	if (model->lost)
		model->lost--;
	else
		exchange->answer(exchange->context, writer->begin, wire_written(writer));
}

/* Header and question of an answer. */
static void begin_answer(const struct exchange *exchange, struct wire_writer *writer, uint8_t rcode)
{
	struct wire_reader reader = wire_reader_of_view(exchange->bytes);
	const uint8_t *begin = exchange->bytes.bytes;

	wire_skip(&reader, HEADER);
	dns_name_skip(&reader);
	wire_skip(&reader, 4);
	wire_write_bytes(writer, begin, 2);
	wire_write_u8(writer, (uint8_t)(RESPONSE | AUTHORITATIVE | (begin[2] & 0x78)));
	wire_write_u8(writer, rcode);
	wire_write_u16(writer, 1);
	wire_write_zeros(writer, 6);
	wire_write_bytes(writer, begin + HEADER, (size_t)(reader.at - begin) - HEADER);
}

static void tell_code(struct exchange *exchange, uint8_t rcode, uint16_t error)
{
	uint8_t message[2048];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));

	begin_answer(exchange, &writer, rcode);
	tell(exchange, &writer, error);
}

static void write_record(struct wire_writer *writer, const ldns_rr *rr)
{
	uint8_t *wire = NULL;
	size_t octets = 0;
	uint16_t answers = (uint16_t)(writer->begin[6] << 8 | writer->begin[7]);

	if (ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &octets) != LDNS_STATUS_OK)
		abort();
	wire_write_bytes(writer, wire, octets);
	free(wire);
	wire_patch_u16(writer, 6, (uint16_t)(answers + 1));
}

static ldns_rr *soa_of(const struct zone *zone)
{
	ldns_rr *soa = ldns_rr_list_rr(zone->records, 0);
	ldns_rdf *serial = required(ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, zone->serial));

	ldns_rdf_deep_free(ldns_rr_set_rdf(soa, serial, 2));
	return soa;
}

static void transfer(struct exchange *exchange)
{
	struct dns_model *model = exchange->model;
	struct zone *zone = exchange->zone;
	ldns_rr *soa = soa_of(zone);
	size_t records = ldns_rr_list_rr_count(zone->records);
	struct tsig_stream stream;

	model->counters.transfers++;
	tsig_stream_start(&stream, model->key, &exchange->signature.mac);
	for (size_t i = 0; i <= records; i += TRANSFER_RECORDS) {
		static uint8_t message[MESSAGE_MAX];
		struct wire_writer writer = wire_writer_of(message, sizeof(message));

		begin_answer(exchange, &writer, 0);
		for (size_t j = i; j <= records && j < i + TRANSFER_RECORDS; j++)
			write_record(&writer, j == records ? soa : ldns_rr_list_rr(zone->records, j));
		if (tsig_stream_sign(&stream, &writer, exchange->now_s))
			abort();
		exchange->answer(exchange->context, message, wire_written(&writer));
	}
	tsig_stream_end(&stream);
}

static void query(struct exchange *exchange)
{
	static uint8_t message[MESSAGE_MAX];
	struct wire_writer writer = wire_writer_of(message, sizeof(message));
	const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(exchange->request), 0);
	uint16_t type = (uint16_t)ldns_rr_get_type(question);
	struct zone *zone = exchange->zone;

	if (type == LDNS_RR_TYPE_AXFR && exchange->over_stream && exchange->is_signed) {
		transfer(exchange);
		return;
	}
	(void)soa_of(zone);
	begin_answer(exchange, &writer,
	             count(zone, ldns_rr_owner(question), LDNS_RR_TYPE_ANY) ? 0 : LDNS_RCODE_NXDOMAIN);
	for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(zone->records, i);

		if (is_of(rr, ldns_rr_owner(question), type))
			write_record(&writer, rr);
	}
	if (wire_written(&writer) > DATAGRAM_MAX && !exchange->over_stream) {
		writer = wire_writer_of(message, sizeof(message));
		begin_answer(exchange, &writer, 0);
		message[2] |= TRUNCATED;
	}
	tell(exchange, &writer, TSIG_ERROR_NONE);
}

/* UPDATE: RFC 2136 section 3 */

/* The records of one (name, type) among the value-dependent prerequisites must be the zone's set (3.2.3). */
static bool is_same_set(const struct zone *zone, const ldns_rr_list *prerequisites, const ldns_rr *like)
{
	unsigned int wanted = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(prerequisites); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(prerequisites, i);

		if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !same_set(rr, like))
			continue;
		wanted++;
		if (!find_equal(zone, rr))
			return false;
	}
	return wanted == count(zone, ldns_rr_owner(like), (uint16_t)ldns_rr_get_type(like));
}

static uint8_t check_prerequisite(const struct zone *zone, const ldns_rr_list *prerequisites, const ldns_rr *rr)
{
	const ldns_rdf *name = ldns_rr_owner(rr);
	uint16_t type = (uint16_t)ldns_rr_get_type(rr);
	bool stands;

	if (ldns_rr_ttl(rr) != 0)
		return LDNS_RCODE_FORMERR;
	if (!is_same_name(name, zone->name) && !ldns_dname_is_subdomain(name, zone->name))
		return LDNS_RCODE_NOTZONE;
	stands = count(zone, name, type) != 0;
	switch ((int)ldns_rr_get_class(rr)) {
	case LDNS_RR_CLASS_ANY:
		if (ldns_rr_rd_count(rr))
			return LDNS_RCODE_FORMERR;
		return stands ? 0 : type == LDNS_RR_TYPE_ANY ? LDNS_RCODE_NXDOMAIN : LDNS_RCODE_NXRRSET;
	case LDNS_RR_CLASS_NONE:
		if (ldns_rr_rd_count(rr))
			return LDNS_RCODE_FORMERR;
		return !stands ? 0 : type == LDNS_RR_TYPE_ANY ? LDNS_RCODE_YXDOMAIN : LDNS_RCODE_YXRRSET;
	case LDNS_RR_CLASS_IN:
		return is_same_set(zone, prerequisites, rr) ? 0 : LDNS_RCODE_NXRRSET;
	default:
		return LDNS_RCODE_FORMERR;
	}
}

static bool add(struct zone *zone, const ldns_rr *rr)
{
	ldns_rdf *name = ldns_rr_owner(rr);
	ldns_rr *held;
	bool is_cname = ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME;

	/* 3.4.2.2: a CNAME stands alone */
	if (is_cname ? count(zone, name, LDNS_RR_TYPE_ANY) != 0 : count(zone, name, LDNS_RR_TYPE_CNAME) != 0)
		return false;
	held = find_equal(zone, rr);
	if (held) {
		ldns_rr_set_ttl(held, ldns_rr_ttl(rr));
		return false;
	}
	put(zone, required(ldns_rr_clone(rr)));
	return true;
}

static bool apply(struct zone *zone, const ldns_rr_list *updates)
{
	bool changed = false;
	ldns_rr_list *before = required(ldns_rr_list_clone(zone->records));
	size_t equal = 0;

	for (size_t i = 0; i < ldns_rr_list_rr_count(updates); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(updates, i);

		switch ((int)ldns_rr_get_class(rr)) {
		case LDNS_RR_CLASS_IN:
			add(zone, rr);
			break;
		case LDNS_RR_CLASS_ANY:
			remove_records(zone, rr, same_set);
			break;
		case LDNS_RR_CLASS_NONE:
			remove_records(zone, rr, same_record);
			break;
		}
	}
	for (size_t i = 0; i < ldns_rr_list_rr_count(before); i++)
		equal += find_equal(zone, ldns_rr_list_rr(before, i)) != NULL;
	changed = equal != ldns_rr_list_rr_count(before) || equal != ldns_rr_list_rr_count(zone->records);
	ldns_rr_list_deep_free(before);
	return changed;
}

static bool has_hip(const ldns_rr_list *records)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(records, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_HIP && ldns_rr_rd_count(rr))
			return true;
	}
	return false;
}

static uint8_t update_zone(struct exchange *exchange)
{
	struct dns_model *model = exchange->model;
	const ldns_rr_list *prerequisites = ldns_pkt_answer(exchange->request);
	const ldns_rr_list *updates = ldns_pkt_authority(exchange->request);
	size_t names = ldns_rr_list_rr_count(prerequisites);

	if (model->counters.names_most < names)
		model->counters.names_most = (unsigned int)names;
	if (model->mode == DNS_MODEL_SERVFAIL)
		return LDNS_RCODE_SERVFAIL;
	if (model->mode == DNS_MODEL_REFUSED || (model->reverse_refused && exchange->zone == &model->zones[1]))
		return LDNS_RCODE_REFUSED;
	if (model->mode == DNS_MODEL_NO_HIP && has_hip(updates))
		return LDNS_RCODE_FORMERR;
	for (size_t i = 0; i < names; i++) {
		uint8_t rcode = check_prerequisite(exchange->zone, prerequisites, ldns_rr_list_rr(prerequisites, i));

		if (rcode)
			return rcode;
	}
	if (apply(exchange->zone, updates)) {
		exchange->zone->serial++;
		model->counters.updates_applied++;
	}
	return model->mode == DNS_MODEL_SERVFAIL_APPLIED ? LDNS_RCODE_SERVFAIL : 0;
}

static void update(struct exchange *exchange)
{
	struct dns_model *model = exchange->model;
	const ldns_rr *zone = ldns_rr_list_rr(ldns_pkt_question(exchange->request), 0);

	model->counters.updates++;
	if (model->faster) {
		void (*faster)(void *context, struct dns_model *model) = model->faster;

		model->faster = NULL;
		faster(model->faster_context, model);
	}
	if (ldns_rr_get_type(zone) != LDNS_RR_TYPE_SOA)
		tell_code(exchange, LDNS_RCODE_FORMERR, TSIG_ERROR_NONE);
	else if (!is_same_name(ldns_rr_owner(zone), exchange->zone->name))
		tell_code(exchange, LDNS_RCODE_NOTAUTH, TSIG_ERROR_NONE);
	else
		tell_code(exchange, update_zone(exchange), TSIG_ERROR_NONE);
}

/* True when the signature lets the request in; else it is answered here. */
static bool admit(struct exchange *exchange)
{
	struct dns_model *model = exchange->model;

	switch (tsig_verify(exchange->bytes, model->key, NULL, exchange->now_s, &exchange->signature)) {
	case TSIG_GOOD:
		exchange->is_signed = true;
		return true;
	case TSIG_BAD_TIME:
		model->counters.bad_times++;
		exchange->is_signed = true;
		tell_code(exchange, LDNS_RCODE_NOTAUTH, TSIG_ERROR_BADTIME);
		return false;
	case TSIG_MISSING:
		return ldns_pkt_get_opcode(exchange->request) == LDNS_PACKET_QUERY;
	default:
		model->counters.bad_signatures++;
		tell_code(exchange, LDNS_RCODE_NOTAUTH, TSIG_ERROR_NONE);
		return false;
	}
}

void dns_model_receive(struct dns_model *model, const uint8_t *message, size_t octets, bool over_stream, uint64_t now_s,
                       dns_model_answer *answer, void *context)
{
	struct exchange exchange = {
	        .model = model,
	        .bytes = {message, octets},
	        .over_stream = over_stream,
	        .now_s = (uint64_t)((int64_t)now_s + model->ahead_s),
	        .answer = answer,
	        .context = context,
	};

	model->counters.messages++;
	model->counters.over_stream += over_stream;
	if (model->mode == DNS_MODEL_SILENT || (!over_stream && octets > DATAGRAM_MAX) ||
	    ldns_wire2pkt(&exchange.request, message, octets) != LDNS_STATUS_OK)
		return;
	if (ldns_pkt_qdcount(exchange.request) != 1)
		goto end;
	if (model->mode == DNS_MODEL_UNSIGNED_REFUSED) {
		tell_code(&exchange, LDNS_RCODE_REFUSED, TSIG_ERROR_NONE);
		goto end;
	}
	exchange.zone = zone_of(model, ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(exchange.request), 0)));
	if (!admit(&exchange))
		goto end;
	if (!exchange.zone)
		tell_code(&exchange, LDNS_RCODE_NOTAUTH, TSIG_ERROR_NONE);
	else if (ldns_pkt_get_opcode(exchange.request) == LDNS_PACKET_UPDATE)
		update(&exchange);
	else
		query(&exchange);
end:
	ldns_pkt_free(exchange.request);
}

/* The administrator's hand, and what tests look at */

struct dns_model *dns_model_new(const struct tsig_key *key, const char *forward_zone, const char *reverse_zone)
{
	struct dns_model *model = required(calloc(1, sizeof(*model)));

	model->key = key;
	start_zone(&model->zones[0], forward_zone);
	start_zone(&model->zones[1], reverse_zone);
	return model;
}

void dns_model_free(struct dns_model *model)
{
	for (int i = 0; model && i < ZONES; i++) {
		ldns_rr_list_deep_free(model->zones[i].records);
		ldns_rdf_deep_free(model->zones[i].name);
	}
	free(model);
}

void dns_model_set_mode(struct dns_model *model, enum dns_model_mode mode)
{
	model->mode = mode;
}

void dns_model_lose_answers(struct dns_model *model, unsigned int lost)
{
	model->lost = lost;
}

void dns_model_set_clock(struct dns_model *model, int64_t ahead_s)
{
	model->ahead_s = ahead_s;
}

void dns_model_refuse_reverse(struct dns_model *model, bool refuse)
{
	model->reverse_refused = refuse;
}

void dns_model_race(struct dns_model *model, void (*faster)(void *context, struct dns_model *model), void *context)
{
	model->faster = faster;
	model->faster_context = context;
}

void dns_model_put(struct dns_model *model, const char *text)
{
	ldns_rr *rr = record_of(text);
	struct zone *zone = required(zone_of(model, ldns_rr_owner(rr)));

	put(zone, rr);
	zone->serial++;
}

void dns_model_drop(struct dns_model *model, const char *name, uint16_t type)
{
	ldns_rr *like = required(ldns_rr_new());
	struct zone *zone;

	ldns_rr_set_owner(like, required(ldns_dname_new_frm_str(name)));
	ldns_rr_set_type(like, type ? type : LDNS_RR_TYPE_ANY);
	zone = required(zone_of(model, ldns_rr_owner(like)));
	if (remove_records(zone, like, same_set))
		zone->serial++;
	ldns_rr_free(like);
}

unsigned int dns_model_count(const struct dns_model *model, const char *name, uint16_t type)
{
	ldns_rdf *owner = required(ldns_dname_new_frm_str(name));
	const struct zone *zone = required(zone_of(model, owner));
	unsigned int found = count(zone, owner, type ? type : LDNS_RR_TYPE_ANY);

	ldns_rdf_deep_free(owner);
	return found;
}

bool dns_model_has(const struct dns_model *model, const char *text)
{
	ldns_rr *rr = record_of(text);
	const struct zone *zone = required(zone_of(model, ldns_rr_owner(rr)));
	bool found;

	ldns_rr2canonical(rr);
	found = find_equal(zone, rr) != NULL;
	ldns_rr_free(rr);
	return found;
}

unsigned int dns_model_records(const struct dns_model *model)
{
	unsigned int records = 0;

	for (int i = 0; i < ZONES; i++)
		records += (unsigned int)ldns_rr_list_rr_count(model->zones[i].records) - 2;
	return records;
}

static void data_text(const ldns_rr *rr, char text[TEXT_OCTETS])
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ldns_rr_rd_count(rr) && at < TEXT_OCTETS; i++) {
		char *part = required(ldns_rdf2str(ldns_rr_rdf(rr, i)));

		at += (size_t)snprintf(text + at, TEXT_OCTETS - at, "%s%s", i ? " " : "", part);
		free(part);
	}
}

const char *dns_model_text(const struct dns_model *model, const char *name, uint16_t type)
{
	ldns_rdf *owner = required(ldns_dname_new_frm_str(name));
	const struct zone *zone = required(zone_of(model, owner));
	char *text = ((struct dns_model *)model)->text;

	text[0] = '\0';
	for (size_t i = 0; count(zone, owner, type) == 1 && i < ldns_rr_list_rr_count(zone->records); i++) {
		if (is_of(ldns_rr_list_rr(zone->records, i), owner, type))
			data_text(ldns_rr_list_rr(zone->records, i), text);
	}
	ldns_rdf_deep_free(owner);
	return text;
}

void dns_model_each(const struct dns_model *model,
                    void (*each)(void *context, const char *owner, uint16_t type, const char *data), void *context)
{
	char text[TEXT_OCTETS];

	for (int i = 0; i < ZONES; i++) {
		const ldns_rr_list *records = model->zones[i].records;

		for (size_t j = 2; j < ldns_rr_list_rr_count(records); j++) {
			const ldns_rr *rr = ldns_rr_list_rr(records, j);
			char *owner = required(ldns_rdf2str(ldns_rr_owner(rr)));

			owner[strlen(owner) - 1] = '\0';
			data_text(rr, text);
			each(context, owner, (uint16_t)ldns_rr_get_type(rr), text);
			free(owner);
		}
	}
}

const struct dns_model_counters *dns_model_counters(const struct dns_model *model)
{
	return &model->counters;
}
