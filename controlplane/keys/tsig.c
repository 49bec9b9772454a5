// SPDX-License-Identifier: BSD-3-Clause
#include "tsig.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>

enum {
	HEADER_OCTETS = 12,
	ARCOUNT_OFFSET = 10,
	CLASS_ANY = 255,
	TIMERS_OCTETS = 8,
	OTHER_MAX = 6, /* the server's time with BADTIME */
};

static const struct {
	const char *name; /* RFC 8945 section 6 */
	const char *digest;
	uint8_t octets;
} algorithms[] = {
        [TSIG_HMAC_SHA256] = {"hmac-sha256", "SHA256", 32},
        [TSIG_HMAC_SHA384] = {"hmac-sha384", "SHA384", 48},
        [TSIG_HMAC_SHA512] = {"hmac-sha512", "SHA512", 64},
};

/* A TSIG record, read or to be written. */
struct record {
	char owner[DNS_NAME_TEXT_OCTETS];
	char algorithm[DNS_NAME_TEXT_OCTETS];
	uint64_t time_signed_s;
	uint16_t fudge_s;
	struct wire_view mac;
	uint16_t original_id;
	uint16_t error;
	struct wire_view other;
	uint16_t class;
	uint32_t ttl;
};

const char *tsig_verdict_name(enum tsig_verdict verdict)
{
	static const char *const names[] = {
	        [TSIG_GOOD] = "good",
	        [TSIG_MALFORMED] = "malformed",
	        [TSIG_MISSING] = "unsigned",
	        [TSIG_OTHER_KEY] = "other key",
	        [TSIG_UNSIGNED_ERROR] = "unsigned error",
	        [TSIG_BAD_MAC] = "wrong MAC",
	        [TSIG_BAD_TIME] = "time outside fudge",
	        [TSIG_SERVER_BADTIME] = "BADTIME",
	};

	return names[verdict];
}

static uint64_t read_u48(struct wire_reader *reader)
{
	uint64_t high = wire_read_u16(reader);

	return high << 32 | wire_read_u32(reader);
}

static void write_u48(struct wire_writer *writer, uint64_t value)
{
	wire_write_u16(writer, (uint16_t)(value >> 32));
	wire_write_u32(writer, (uint32_t)value);
}

/* A machine without HMAC cannot go on, as one without memory cannot. */
static EVP_MAC_CTX *mac_begin(const struct tsig_key *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	OSSL_PARAM parameters[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)algorithms[key->algorithm].digest, 0),
	        OSSL_PARAM_construct_end(),
	};

	if (!context || EVP_MAC_init(context, secret_bytes(&key->secret), secret_octets(&key->secret), parameters) != 1)
		abort();
	EVP_MAC_free(mac);
	return context;
}

static void mac_add(EVP_MAC_CTX *context, const void *bytes, size_t octets)
{
	if (octets && EVP_MAC_update(context, bytes, octets) != 1)
		abort();
}

static void mac_add_prior(EVP_MAC_CTX *context, const struct tsig_mac *prior)
{
	uint8_t length[2];

	wire_store_u16(length, prior->octets);
	mac_add(context, length, sizeof(length));
	mac_add(context, prior->bytes, prior->octets);
}

static void mac_end(EVP_MAC_CTX *context, struct tsig_mac *mac)
{
	size_t octets = 0;

	if (EVP_MAC_final(context, mac->bytes, &octets, sizeof(mac->bytes)) != 1)
		abort();
	mac->octets = (uint8_t)octets;
	EVP_MAC_CTX_free(context);
}

/* The message as it was before its TSIG record: original id, ARCOUNT less the record (4.3.2). */
static void mac_add_message(EVP_MAC_CTX *context, struct wire_view message, uint16_t id, uint16_t additional)
{
	uint8_t header[HEADER_OCTETS];

	memcpy(header, message.bytes, sizeof(header));
	wire_store_u16(header, id);
	wire_store_u16(header + ARCOUNT_OFFSET, additional);
	mac_add(context, header, sizeof(header));
	mac_add(context, message.bytes + HEADER_OCTETS, message.octets - HEADER_OCTETS);
}

static void mac_add_timers(EVP_MAC_CTX *context, const struct record *record)
{
	uint8_t timers[TIMERS_OCTETS];
	struct wire_writer writer = wire_writer_of(timers, sizeof(timers));

	write_u48(&writer, record->time_signed_s);
	wire_write_u16(&writer, record->fudge_s);
	mac_add(context, timers, sizeof(timers));
}

/* The TSIG variables of 4.3.3, names in lower case and uncompressed. */
static void mac_add_variables(EVP_MAC_CTX *context, const struct record *record)
{
	uint8_t names[2 * DNS_NAME_WIRE_MAX + 6];
	uint8_t tail[4];
	struct wire_writer writer = wire_writer_of(names, sizeof(names));

	dns_name_write(&writer, record->owner);
	wire_write_u16(&writer, record->class);
	wire_write_u32(&writer, record->ttl);
	dns_name_write(&writer, record->algorithm);
	mac_add(context, names, wire_written(&writer));
	mac_add_timers(context, record);
	wire_store_u16(tail, record->error);
	wire_store_u16(tail + 2, (uint16_t)record->other.octets);
	mac_add(context, tail, sizeof(tail));
	mac_add(context, record->other.bytes, record->other.octets);
}

static void write_record(struct wire_writer *writer, const struct record *record)
{
	size_t length_at;

	dns_name_write(writer, record->owner);
	wire_write_u16(writer, DNS_TYPE_TSIG);
	wire_write_u16(writer, record->class);
	wire_write_u32(writer, record->ttl);
	length_at = (size_t)(writer->at - writer->begin);
	wire_write_u16(writer, 0);
	dns_name_write(writer, record->algorithm);
	write_u48(writer, record->time_signed_s);
	wire_write_u16(writer, record->fudge_s);
	wire_write_u16(writer, (uint16_t)record->mac.octets);
	wire_write_view(writer, record->mac);
	wire_write_u16(writer, record->original_id);
	wire_write_u16(writer, record->error);
	wire_write_u16(writer, (uint16_t)record->other.octets);
	wire_write_view(writer, record->other);
	if (!writer->failed)
		wire_patch_u16(writer, length_at, (uint16_t)((size_t)(writer->at - writer->begin) - length_at - 2));
}

/* `reader` stands at the record's owner; the record ends the message. */
static bool read_record(struct wire_reader *reader, struct wire_view message, struct record *record)
{
	uint16_t type;
	uint16_t length;
	struct wire_reader data;

	dns_name_read_in(reader, message, record->owner);
	type = wire_read_u16(reader);
	record->class = wire_read_u16(reader);
	record->ttl = wire_read_u32(reader);
	length = wire_read_u16(reader);
	data = wire_read_part(reader, length);
	dns_name_read(&data, record->algorithm);
	record->time_signed_s = read_u48(&data);
	record->fudge_s = wire_read_u16(&data);
	record->mac = wire_read_view(&data, wire_read_u16(&data));
	record->original_id = wire_read_u16(&data);
	record->error = wire_read_u16(&data);
	record->other = wire_read_view(&data, wire_read_u16(&data));
	return wire_complete(reader) && wire_complete(&data) && type == DNS_TYPE_TSIG && record->class == CLASS_ANY &&
	       record->ttl == 0;
}

/*
 * Walks the whole message to its last record. TSIG_GOOD with *record when that is a TSIG record; `without` is then the
 * message up to it.
 */
static enum tsig_verdict find_record(struct wire_view message, struct record *record, struct wire_view *without)
{
	struct wire_reader reader = wire_reader_of_view(message);
	struct wire_reader last = reader;
	uint32_t questions;
	uint32_t records;
	uint16_t type = 0;

	wire_skip(&reader, 4);
	questions = wire_read_u16(&reader);
	records = wire_read_u16(&reader);
	records += wire_read_u16(&reader);
	records += wire_read_u16(&reader);
	for (; questions && !reader.failed; questions--) {
		dns_name_skip(&reader);
		wire_skip(&reader, 4);
	}
	for (; records && !reader.failed; records--) {
		if (type == DNS_TYPE_TSIG)
			return TSIG_MALFORMED;
		last = reader;
		dns_name_skip(&reader);
		type = wire_read_u16(&reader);
		wire_skip(&reader, 6);
		wire_skip(&reader, wire_read_u16(&reader));
	}
	if (!wire_complete(&reader))
		return TSIG_MALFORMED;
	if (type != DNS_TYPE_TSIG)
		return TSIG_MISSING;
	*without = (struct wire_view){message.bytes, (size_t)(last.at - message.bytes)};
	/* a TSIG record anywhere but at the end of the additional section is none */
	if ((message.bytes[ARCOUNT_OFFSET] | message.bytes[ARCOUNT_OFFSET + 1]) == 0)
		return TSIG_MALFORMED;
	return read_record(&last, message, record) ? TSIG_GOOD : TSIG_MALFORMED;
}

static uint16_t additional_of(struct wire_view message)
{
	return (uint16_t)(message.bytes[ARCOUNT_OFFSET] << 8 | message.bytes[ARCOUNT_OFFSET + 1]);
}

static struct record record_for(const struct tsig_key *key, uint64_t time_signed_s)
{
	struct record record = {
	        .time_signed_s = time_signed_s,
	        .fudge_s = TSIG_FUDGE_S,
	        .class = CLASS_ANY,
	};

	strcpy(record.owner, key->name);
	strcpy(record.algorithm, algorithms[key->algorithm].name);
	return record;
}

/* Ends the MAC, appends the record that holds it and counts it. */
static int append(struct wire_writer *message, EVP_MAC_CTX *context, struct record *record, struct tsig_mac *mac)
{
	uint16_t additional = additional_of((struct wire_view){message->begin, HEADER_OCTETS});

	mac_end(context, mac);
	record->mac = (struct wire_view){mac->bytes, mac->octets};
	write_record(message, record);
	wire_patch_u16(message, ARCOUNT_OFFSET, (uint16_t)(additional + 1));
	return message->failed ? -ENOSPC : 0;
}

int tsig_key_make(const char *name, const char *algorithm, const struct secret *secret, struct tsig_key *key)
{
	uint8_t wire[DNS_NAME_WIRE_MAX];
	struct wire_writer writer = wire_writer_of(wire, sizeof(wire));
	struct wire_reader reader;

	memset(key, 0, sizeof(*key));
	dns_name_write(&writer, name);
	reader = wire_reader_of(wire, wire_written(&writer));
	dns_name_read(&reader, key->name);
	if (!wire_complete(&reader) || !key->name[0])
		return -EINVAL;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (strcasecmp(algorithm, algorithms[i].name) == 0) {
			key->algorithm = (enum tsig_algorithm)i;
			key->secret = *secret;
			return 0;
		}
	}
	return -ENOTSUP;
}

int tsig_sign_answer(struct wire_writer *message, const struct tsig_key *key, const struct tsig_mac *request_mac,
                     uint16_t error, uint64_t request_time_s, uint64_t now_s, struct tsig_mac *mac)
{
	uint8_t other[OTHER_MAX];
	struct wire_writer other_writer = wire_writer_of(other, sizeof(other));
	struct wire_view whole = {message->begin, wire_written(message)};
	struct record record = record_for(key, now_s);
	EVP_MAC_CTX *context;

	if (whole.octets < HEADER_OCTETS)
		return -ENOSPC;
	record.error = error;
	if (error == TSIG_ERROR_BADTIME) {
		write_u48(&other_writer, now_s);
		record.time_signed_s = request_time_s;
		record.other = (struct wire_view){other, sizeof(other)};
	}
	record.original_id = (uint16_t)(whole.bytes[0] << 8 | whole.bytes[1]);
	context = mac_begin(key);
	if (request_mac)
		mac_add_prior(context, request_mac);
	mac_add(context, whole.bytes, whole.octets);
	mac_add_variables(context, &record);
	return append(message, context, &record, mac);
}

int tsig_sign_request(struct wire_writer *message, const struct tsig_key *key, uint64_t now_s, struct tsig_mac *mac)
{
	return tsig_sign_answer(message, key, NULL, TSIG_ERROR_NONE, 0, now_s, mac);
}

/* Key, then MAC, then time: the order of RFC 8945 section 5.2. */
static enum tsig_verdict judge(const struct record *record, const struct tsig_key *key, const struct tsig_mac *expected,
                               uint64_t now_s, struct tsig_signature *signature)
{
	uint64_t distance_s =
	        now_s > record->time_signed_s ? now_s - record->time_signed_s : record->time_signed_s - now_s;
	struct wire_reader other = wire_reader_of_view(record->other);

	if (record->mac.octets != algorithms[key->algorithm].octets ||
	    CRYPTO_memcmp(record->mac.bytes, expected->bytes, expected->octets) != 0)
		return TSIG_BAD_MAC;
	signature->mac = *expected;
	if (record->error == TSIG_ERROR_BADTIME) {
		signature->server_time_s = read_u48(&other);
		return TSIG_SERVER_BADTIME;
	}
	return distance_s > record->fudge_s ? TSIG_BAD_TIME : TSIG_GOOD;
}

/* Fills what the record says, and sorts out what needs no MAC. TSIG_GOOD: go on with the MAC. */
static enum tsig_verdict begin_verdict(const struct record *record, const struct tsig_key *key,
                                       struct wire_view without, struct tsig_signature *signature)
{
	signature->original_id = record->original_id;
	signature->error = record->error;
	signature->time_signed_s = record->time_signed_s;
	signature->message_octets = without.octets;
	if (strcmp(record->owner, key->name) != 0 || strcmp(record->algorithm, algorithms[key->algorithm].name) != 0)
		return record->mac.octets == 0 && record->error ? TSIG_UNSIGNED_ERROR : TSIG_OTHER_KEY;
	if (record->mac.octets == 0)
		return record->error ? TSIG_UNSIGNED_ERROR : TSIG_BAD_MAC;
	return TSIG_GOOD;
}

enum tsig_verdict tsig_verify(struct wire_view message, const struct tsig_key *key, const struct tsig_mac *request_mac,
                              uint64_t now_s, struct tsig_signature *signature)
{
	struct record record;
	struct wire_view without;
	struct tsig_mac expected;
	EVP_MAC_CTX *context;
	enum tsig_verdict verdict = find_record(message, &record, &without);

	memset(signature, 0, sizeof(*signature));
	if (verdict != TSIG_GOOD)
		return verdict;
	verdict = begin_verdict(&record, key, without, signature);
	if (verdict != TSIG_GOOD)
		return verdict;
	context = mac_begin(key);
	if (request_mac)
		mac_add_prior(context, request_mac);
	mac_add_message(context, without, record.original_id, (uint16_t)(additional_of(message) - 1));
	mac_add_variables(context, &record);
	mac_end(context, &expected);
	return judge(&record, key, &expected, now_s, signature);
}

void tsig_stream_start(struct tsig_stream *stream, const struct tsig_key *key, const struct tsig_mac *request_mac)
{
	*stream = (struct tsig_stream){.key = key, .prior = *request_mac};
	stream->running = mac_begin(key);
	mac_add_prior(stream->running, &stream->prior);
}

/* The context ended with a signature; the next begins with its MAC. */
static void stream_signed(struct tsig_stream *stream, const struct tsig_mac *mac)
{
	stream->prior = *mac;
	stream->running = mac_begin(stream->key);
	mac_add_prior(stream->running, &stream->prior);
	stream->messages++;
	stream->messages_unsigned = 0;
}

static enum tsig_verdict stream_unsigned(struct tsig_stream *stream, struct wire_view message)
{
	if (stream->messages == 0 || stream->messages_unsigned == TSIG_UNSIGNED_MAX)
		return TSIG_BAD_MAC;
	mac_add(stream->running, message.bytes, message.octets);
	stream->messages++;
	stream->messages_unsigned++;
	return TSIG_MISSING;
}

enum tsig_verdict tsig_stream_verify(struct tsig_stream *stream, struct wire_view message, uint64_t now_s,
                                     struct tsig_signature *signature)
{
	struct record record;
	struct wire_view without;
	struct tsig_mac expected;
	enum tsig_verdict verdict = find_record(message, &record, &without);

	memset(signature, 0, sizeof(*signature));
	if (verdict == TSIG_MISSING)
		return stream_unsigned(stream, message);
	if (verdict != TSIG_GOOD)
		return verdict;
	verdict = begin_verdict(&record, stream->key, without, signature);
	if (verdict != TSIG_GOOD)
		return verdict;
	mac_add_message(stream->running, without, record.original_id, (uint16_t)(additional_of(message) - 1));
	if (stream->messages == 0)
		mac_add_variables(stream->running, &record);
	else
		mac_add_timers(stream->running, &record);
	mac_end(stream->running, &expected);
	stream->running = NULL;
	verdict = judge(&record, stream->key, &expected, now_s, signature);
	stream_signed(stream, &expected);
	return verdict;
}

int tsig_stream_sign(struct tsig_stream *stream, struct wire_writer *message, uint64_t now_s)
{
	struct wire_view whole = {message->begin, wire_written(message)};
	struct record record = record_for(stream->key, now_s);
	struct tsig_mac mac;
	int result;

	if (whole.octets < HEADER_OCTETS)
		return -ENOSPC;
	record.original_id = (uint16_t)(whole.bytes[0] << 8 | whole.bytes[1]);
	mac_add(stream->running, whole.bytes, whole.octets);
	if (stream->messages == 0)
		mac_add_variables(stream->running, &record);
	else
		mac_add_timers(stream->running, &record);
	result = append(message, stream->running, &record, &mac);
	stream->running = NULL;
	stream_signed(stream, &mac);
	return result;
}

void tsig_stream_end(struct tsig_stream *stream)
{
	EVP_MAC_CTX_free(stream->running);
	stream->running = NULL;
}
