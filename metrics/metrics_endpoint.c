// SPDX-License-Identifier: BSD-3-Clause
#include "metrics_endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 8, PATIENCE_S = 10, BACKLOG = 16, CONNECTION_OCTETS = 16384 };

struct metrics_endpoint {
	struct MHD_Daemon *daemon;
	metrics_write *write;
	void *context;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* of the Unix socket; "" */
};

union listen_address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_un local;
};

/* Returns the octets of the address, or 0. */
static socklen_t parse(const char *listen, union listen_address *address)
{
	const char *colon = strrchr(listen, ':');
	char *end;
	unsigned long port;

	memset(address, 0, sizeof(*address));
	if (listen[0] == '/') {
		if (strlen(listen) >= sizeof(address->local.sun_path))
			return 0;
		address->local.sun_family = AF_UNIX;
		strcpy(address->local.sun_path, listen);
		return sizeof(address->local);
	}
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return 0;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port < 1 || port > UINT16_MAX)
		return 0;
	if (strncmp(listen, "127.0.0.1:", (size_t)(colon + 1 - listen)) == 0) {
		address->ipv4 = (struct sockaddr_in){.sin_family = AF_INET,
		                                     .sin_port = htons((uint16_t)port),
		                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		return sizeof(address->ipv4);
	}
	if (strncmp(listen, "[::1]:", (size_t)(colon + 1 - listen)) == 0) {
		address->ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
		                                      .sin6_port = htons((uint16_t)port),
		                                      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
		return sizeof(address->ipv6);
	}
	return 0;
}

bool metrics_endpoint_is_right(const char *listen)
{
	union listen_address address;

	return parse(listen, &address) != 0;
}

/* A file that a process of before has left; one that somebody serves stays. */
static void remove_left(const union listen_address *address, socklen_t octets)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat what;

	if (descriptor < 0)
		return;
	if (lstat(address->local.sun_path, &what) == 0 && S_ISSOCK(what.st_mode) &&
	    connect(descriptor, &address->any, octets) < 0 && errno == ECONNREFUSED)
		unlink(address->local.sun_path);
	close(descriptor);
}

/* The listening socket, or a negative errno. */
static int listen_at(const union listen_address *address, socklen_t octets)
{
	const int one = 1;
	int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = 0;

	if (descriptor < 0)
		return -errno;
	if (address->any.sa_family == AF_UNIX)
		remove_left(address, octets);
	else
		setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(descriptor, &address->any, octets) < 0)
		result = -errno;
	else if (address->any.sa_family == AF_UNIX && chmod(address->local.sun_path, 0660) < 0)
		result = -errno;
	else if (listen(descriptor, BACKLOG) < 0)
		result = -errno;
	if (!result)
		return descriptor;
	close(descriptor);
	return result;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type, char *body,
                              size_t octets, enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(octets, body, memory);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *words)
{
	return answer(connection, status, "text/plain; charset=utf-8", (char *)words, strlen(words),
	              MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                             const char *version, const char *upload, size_t *upload_octets, void **state)
{
	const struct metrics_endpoint *endpoint = context;
	const char *accepts = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	struct metrics_text text = {.format = METRICS_PROMETHEUS};

	(void)version, (void)upload, (void)state;
	if (*upload_octets) {
		*upload_octets = 0; /* what is sent along is not looked at */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "it is /metrics\n");
	if (accepts && strstr(accepts, "application/openmetrics-text"))
		text.format = METRICS_OPENMETRICS;
	endpoint->write(endpoint->context, &text);
	metrics_end(&text);
	if (text.failed) {
		free(text.bytes);
		return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	}
	return answer(connection, MHD_HTTP_OK, metrics_media_type(text.format), text.bytes, text.used,
	              MHD_RESPMEM_MUST_FREE);
}

int metrics_endpoint_open(const char *listen, metrics_write *write, void *context, struct metrics_endpoint **opened,
                          char error[METRICS_ERROR_OCTETS])
{
	struct metrics_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	union listen_address address;
	socklen_t octets = parse(listen, &address);
	int descriptor = octets ? listen_at(&address, octets) : -EINVAL;

	*opened = NULL;
	if (!endpoint || descriptor < 0) {
		snprintf(error, METRICS_ERROR_OCTETS, "metrics: %.100s: %s", listen,
		         octets ? strerror(endpoint ? -descriptor : ENOMEM)
		                : "it takes 127.0.0.1:PORT, [::1]:PORT or the path of a socket");
		free(endpoint);
		if (descriptor >= 0)
			close(descriptor);
		return descriptor < 0 ? descriptor : -ENOMEM;
	}
	endpoint->write = write;
	endpoint->context = context;
	if (address.any.sa_family == AF_UNIX)
		strcpy(endpoint->path, address.local.sun_path);
	endpoint->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL, 0, NULL, NULL, serve, endpoint, MHD_OPTION_LISTEN_SOCKET, descriptor,
	        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned)PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_OCTETS, MHD_OPTION_END);
	if (!endpoint->daemon) {
		snprintf(error, METRICS_ERROR_OCTETS, "metrics: %.100s: libmicrohttpd does not start", listen);
		close(descriptor);
		metrics_endpoint_close(endpoint);
		return -EIO;
	}
	*opened = endpoint;
	return 0;
}

void metrics_endpoint_close(struct metrics_endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->daemon)
		MHD_stop_daemon(endpoint->daemon);
	if (endpoint->path[0])
		unlink(endpoint->path);
	free(endpoint);
}

int metrics_endpoint_descriptor(const struct metrics_endpoint *endpoint)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info ? info->epoll_fd : -1;
}

void metrics_endpoint_serve(struct metrics_endpoint *endpoint)
{
	MHD_run(endpoint->daemon);
}
