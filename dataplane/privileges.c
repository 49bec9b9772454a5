// SPDX-License-Identifier: BSD-3-Clause
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of this thread: a change of user takes the rights of all the others. */
static int keep_only(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	data[capability / 32].effective = data[capability / 32].permitted = 1u << capability % 32;
	return (int)syscall(SYS_capset, &header, data);
}

static int become(const char *user, bool keep_network_administration)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return -ENOENT;
	if (keep_network_administration && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	if (initgroups(user, entry->pw_gid) || setgid(entry->pw_gid) || setuid(entry->pw_uid))
		return -errno;
	if (keep_network_administration && (keep_only(CAP_NET_ADMIN) || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0)))
		return -errno;
	return 0;
}

int privileges_drop(const char *user, bool keep_network_administration, char error[ERROR_OCTETS])
{
	const struct rlimit none = {0, 0};
	int result = 0;

	if (user[0] && geteuid() == 0)
		result = become(user, keep_network_administration);
	if (!result && (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
		result = -errno;
	if (result == -ENOENT)
		snprintf(error, ERROR_OCTETS, "there is no user '%s'", user);
	else if (result)
		snprintf(error, ERROR_OCTETS, "cannot become '%s': %s", user, strerror(-result));
	return result;
}
