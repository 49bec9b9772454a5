// SPDX-License-Identifier: BSD-3-Clause
#include "durable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int durable_file_read(const char *path, void *buffer, size_t capacity, size_t *octets)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t count = 0;
	int result = 0;
	ssize_t part;
	char more;

	if (fd < 0)
		return -errno;
	while (count < capacity && (part = read(fd, (uint8_t *)buffer + count, capacity - count)) != 0) {
		if (part < 0) {
			result = -errno;
			break;
		}
		count += (size_t)part;
	}
	if (!result && count == capacity && read(fd, &more, 1) != 0)
		result = -EFBIG;
	close(fd);
	*octets = count;
	return result;
}

static int write_all(int fd, struct wire_view content)
{
	size_t count = 0;

	while (count < content.octets) {
		ssize_t part = write(fd, content.bytes + count, content.octets - count);

		if (part < 0)
			return -errno;
		count += (size_t)part;
	}
	return fsync(fd) ? -errno : 0;
}

/* The new name is durable when its folder is. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, result = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		result = -errno;
	close(fd);
	return result;
}

int durable_file_write(const char *path, struct wire_view content)
{
	char temporary[PATH_MAX];
	int fd, result;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	if (unlink(temporary) && errno != ENOENT)
		return -errno;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	result = write_all(fd, content);
	close(fd);
	if (!result && rename(temporary, path))
		result = -errno;
	if (result) {
		unlink(temporary);
		return result;
	}
	return sync_folder(path);
}
