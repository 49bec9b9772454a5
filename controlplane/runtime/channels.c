// SPDX-License-Identifier: BSD-3-Clause
#include "channels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "wire.h"

enum { MESSAGE_MAX = 65535, IDLE_CLOSE_MS = 30000, UDP_BUFFER_OCTETS = 4 << 20 };

struct channel;

/* One connection of a stream channel. */
struct connection {
	uv_tcp_t tcp;
	uv_connect_t connecting;
	uv_timer_t idle;
	struct channel *channel;
	struct connection *next;
	struct endpoint peer;
	int handles; /* not yet closed */
	bool closing;
	size_t buffered;
	uint8_t buffer[2 + MESSAGE_MAX];
};

struct channel {
	struct channel *next;
	struct channels *channels;
	uint16_t number;
	bool is_stream;
	uv_udp_t udp;
	int family;
	struct connection *connections;
	channel_received *received;
	channel_failed *failed;
	void *context;
};

struct channels {
	struct loop *loop;
	struct channel *first;
	struct channels_counters counters;
	uint8_t datagram[MESSAGE_MAX];
};

struct write_request {
	uv_write_t write;
	uint8_t bytes[];
};

struct channels *channels_new(struct loop *loop)
{
	struct channels *channels = allocate(sizeof(*channels));

	channels->loop = loop;
	return channels;
}

static struct channel *find_channel(struct channels *channels, uint16_t number)
{
	struct channel *channel = channels->first;

	while (channel && channel->number != number)
		channel = channel->next;
	return channel;
}

static struct channel *add_channel(struct channels *channels, uint16_t number, channel_received *received,
                                   void *context)
{
	struct channel *channel;

	if (find_channel(channels, number))
		return NULL;
	channel = allocate(sizeof(*channel));
	channel->channels = channels;
	channel->number = number;
	channel->received = received;
	channel->context = context;
	channel->next = channels->first;
	channels->first = channel;
	return channel;
}

/* The socket's family decides the form: a mapped address is IPv4 to an IPv4 socket. */
static void to_sockaddr(const struct endpoint *endpoint, int family, struct sockaddr_storage *storage)
{
	memset(storage, 0, sizeof(*storage));
	if (family == AF_INET) {
		struct sockaddr_in *ipv4 = (struct sockaddr_in *)storage;

		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(endpoint->port);
		memcpy(&ipv4->sin_addr, &endpoint->address.s6_addr[12], 4);
	} else {
		struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)storage;

		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(endpoint->port);
		ipv6->sin6_addr = endpoint->address;
	}
}

static struct endpoint from_sockaddr(const struct sockaddr *address)
{
	struct endpoint endpoint = {0};

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;

		endpoint.address.s6_addr[10] = endpoint.address.s6_addr[11] = 0xff;
		memcpy(&endpoint.address.s6_addr[12], &ipv4->sin_addr, 4);
		endpoint.port = ntohs(ipv4->sin_port);
	} else {
		const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;

		endpoint.address = ipv6->sin6_addr;
		endpoint.port = ntohs(ipv6->sin6_port);
	}
	return endpoint;
}

static int family_of(const struct endpoint *endpoint)
{
	return IN6_IS_ADDR_V4MAPPED(&endpoint->address) ? AF_INET : AF_INET6;
}

static void deliver(struct channel *channel, const struct endpoint *from, const uint8_t *message, size_t octets)
{
	struct instant now;
	struct effects *step = loop_begin(channel->channels->loop, &now);

	channel->received(channel->context, channel->number, from, message, octets, &now, step);
	loop_end(channel->channels->loop, step, &now);
}

static void udp_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct channel *channel = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)channel->channels->datagram, MESSAGE_MAX);
}

static void udp_received(uv_udp_t *handle, ssize_t octets, const uv_buf_t *buffer, const struct sockaddr *from,
                         unsigned flags)
{
	struct channel *channel = handle->data;
	struct endpoint endpoint;

	/* a negative count is an ICMP error of an earlier send: whoever waits for an answer has a timer */
	if (octets <= 0 || !from || flags & UV_UDP_PARTIAL)
		return;
	endpoint = from_sockaddr(from);
	channel->channels->counters.datagrams_received++;
	deliver(channel, &endpoint, (const uint8_t *)buffer->base, (size_t)octets);
}

int channels_open_udp(struct channels *channels, uint16_t number, const struct endpoint *bind,
                      channel_received *received, void *context)
{
	struct sockaddr_storage address;
	struct channel *channel = add_channel(channels, number, received, context);
	int octets = UDP_BUFFER_OCTETS;
	int result;

	if (!channel)
		return -EEXIST;
	channel->family = family_of(bind);
	uv_udp_init(loop_uv(channels->loop), &channel->udp);
	channel->udp.data = channel;
	to_sockaddr(bind, channel->family, &address);
	result = uv_udp_bind(&channel->udp, (const struct sockaddr *)&address, 0);
	if (!result) {
		uv_recv_buffer_size((uv_handle_t *)&channel->udp, &octets);
		result = uv_udp_recv_start(&channel->udp, udp_allocate, udp_received);
	}
	return result; /* libuv's errors are negative errno values */
}

int channels_open_stream(struct channels *channels, uint16_t number, channel_received *received, channel_failed *failed,
                         void *context)
{
	struct channel *channel = add_channel(channels, number, received, context);

	if (!channel)
		return -EEXIST;
	channel->is_stream = true;
	channel->failed = failed;
	return 0;
}

static void connection_handle_closed(uv_handle_t *handle)
{
	struct connection *connection = handle->data;

	if (--connection->handles == 0)
		free(connection);
}

static void connection_close(struct connection *connection)
{
	struct connection **at = &connection->channel->connections;

	if (connection->closing)
		return;
	connection->closing = true;
	while (*at && *at != connection)
		at = &(*at)->next;
	if (*at)
		*at = connection->next;
	uv_close((uv_handle_t *)&connection->tcp, connection_handle_closed);
	uv_close((uv_handle_t *)&connection->idle, connection_handle_closed);
}

static void connection_fail(struct connection *connection, int error)
{
	struct channel *channel = connection->channel;
	struct endpoint peer = connection->peer;
	struct instant now;
	struct effects *step;

	if (connection->closing)
		return;
	connection_close(connection);
	channel->channels->counters.stream_failures++;
	step = loop_begin(channel->channels->loop, &now);
	channel->failed(channel->context, channel->number, &peer, error, &now, step);
	loop_end(channel->channels->loop, step, &now);
}

static void connection_idle(uv_timer_t *timer)
{
	connection_close(timer->data);
}

static void connection_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct connection *connection = handle->data;

	(void)suggested;
	*buffer = uv_buf_init((char *)connection->buffer + connection->buffered,
	                      (unsigned)(sizeof(connection->buffer) - connection->buffered));
}

/* Hands out each whole message in the buffer and moves the rest to its front. */
static void take_messages(struct connection *connection)
{
	size_t used = 0;

	for (;;) {
		struct wire_reader reader = wire_reader_of(connection->buffer + used, connection->buffered - used);
		uint16_t octets = wire_read_u16(&reader);
		const uint8_t *message = wire_read_bytes(&reader, octets);

		if (!message || connection->closing)
			break;
		connection->channel->channels->counters.stream_messages_received++;
		deliver(connection->channel, &connection->peer, message, octets);
		used += 2u + octets;
	}
	memmove(connection->buffer, connection->buffer + used, connection->buffered - used);
	connection->buffered -= used;
}

static void connection_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
	struct connection *connection = stream->data;

	(void)buffer;
	if (octets < 0) {
		connection_fail(connection, (int)octets);
		return;
	}
	connection->buffered += (size_t)octets;
	uv_timer_again(&connection->idle);
	take_messages(connection);
}

static void connection_connected(uv_connect_t *connecting, int status)
{
	struct connection *connection = connecting->data;

	if (status < 0)
		connection_fail(connection, status);
	else
		uv_read_start((uv_stream_t *)&connection->tcp, connection_allocate, connection_read);
}

static struct connection *connection_to(struct channel *channel, const struct endpoint *peer)
{
	struct sockaddr_storage address;
	struct connection *connection = channel->connections;

	while (connection && !endpoint_equal(&connection->peer, peer))
		connection = connection->next;
	if (connection)
		return connection;
	connection = allocate(sizeof(*connection));
	connection->channel = channel;
	connection->peer = *peer;
	connection->handles = 2;
	uv_tcp_init(loop_uv(channel->channels->loop), &connection->tcp);
	uv_timer_init(loop_uv(channel->channels->loop), &connection->idle);
	connection->tcp.data = connection->idle.data = connection->connecting.data = connection;
	uv_timer_start(&connection->idle, connection_idle, IDLE_CLOSE_MS, IDLE_CLOSE_MS);
	connection->next = channel->connections;
	channel->connections = connection;
	to_sockaddr(peer, family_of(peer), &address);
	if (uv_tcp_connect(&connection->connecting, &connection->tcp, (const struct sockaddr *)&address,
	                   connection_connected)) {
		connection_close(connection);
		return NULL;
	}
	return connection;
}

static void write_done(uv_write_t *write, int status)
{
	struct connection *connection = write->handle->data;

	if (status < 0 && status != UV_ECANCELED)
		connection_fail(connection, status);
	free(write);
}

static void send_stream(struct channel *channel, const struct effect_send *send)
{
	struct connection *connection = connection_to(channel, &send->to);
	struct write_request *request;
	uv_buf_t buffer;

	if (!connection || send->octets > MESSAGE_MAX) {
		channel->channels->counters.send_errors++;
		return;
	}
	request = allocate(sizeof(*request) + 2 + send->octets);
	wire_store_u16(request->bytes, (uint16_t)send->octets);
	memcpy(request->bytes + 2, send->message, send->octets);
	buffer = uv_buf_init((char *)request->bytes, (unsigned)(2 + send->octets));
	uv_timer_again(&connection->idle);
	/* before the connection stands, libuv keeps the write for later */
	if (uv_write(&request->write, (uv_stream_t *)&connection->tcp, &buffer, 1, write_done)) {
		free(request);
		channel->channels->counters.send_errors++;
	} else {
		channel->channels->counters.stream_messages_sent++;
	}
}

static void send_datagram(struct channel *channel, const struct effect_send *send)
{
	struct sockaddr_storage address;
	uv_buf_t buffer = uv_buf_init((char *)send->message, (unsigned)send->octets);

	to_sockaddr(&send->to, channel->family, &address);
	/* a full socket buffer is a lost datagram: the protocols above repeat */
	if (uv_udp_try_send(&channel->udp, &buffer, 1, (const struct sockaddr *)&address) < 0)
		channel->channels->counters.send_errors++;
	else
		channel->channels->counters.datagrams_sent++;
}

void channels_send(struct channels *channels, const struct effect_send *send)
{
	struct channel *channel = find_channel(channels, send->channel);

	if (!channel)
		channels->counters.unknown_channel++;
	else if (channel->is_stream)
		send_stream(channel, send);
	else
		send_datagram(channel, send);
}

struct channels_counters channels_counters(const struct channels *channels)
{
	return channels->counters;
}

void channels_close(struct channels *channels)
{
	for (struct channel *channel = channels->first; channel; channel = channel->next) {
		while (channel->connections)
			connection_close(channel->connections);
		if (!channel->is_stream && !uv_is_closing((uv_handle_t *)&channel->udp))
			uv_close((uv_handle_t *)&channel->udp, NULL);
	}
}

void channels_free(struct channels *channels)
{
	if (!channels)
		return;
	while (channels->first) {
		struct channel *channel = channels->first;

		channels->first = channel->next;
		free(channel);
	}
	free(channels);
}
