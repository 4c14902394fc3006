// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/load/stamp.h"

/* Where cgroup2 is mounted: /sys/fs/cgroup, or elsewhere on hosts that have both versions. Return: false: nowhere */
static bool cgroup2_mount(char *dir, size_t size)
{
	FILE *f = setmntent("/proc/mounts", "re");
	struct mntent *m;
	bool found = false;

	while (f && !found && (m = getmntent(f))) {
		found = !strcmp(m->mnt_type, "cgroup2");
		if (found)
			snprintf(dir, size, "%s", m->mnt_dir);
	}
	if (f)
		endmntent(f);
	return found;
}

static uint32_t depth(const char *path)
{
	uint32_t n = 0;

	for (; *path; path++)
		n += *path == '/' && path[1];
	return n;
}

int xs_cgroup_find(const char *path, struct xs_stamp_conf *conf)
{
	char mount[PATH_MAX], below[2 * PATH_MAX], real[PATH_MAX], try[PATH_MAX + 64];
	struct statfs fs;
	struct stat st;
	int fd;

	if (!cgroup2_mount(mount, sizeof(mount)))
		return xs_kernel(ENOENT, path, "mount -t cgroup2 none /sys/fs/cgroup", "no cgroup2 is mounted");
	snprintf(below, sizeof(below), "%s/%s", mount, path);
	snprintf(try, sizeof(try), "cgroups are directories below %s", mount);
	if ((path[0] != '/' || !realpath(path, real)) && !realpath(below, real))
		return xs_refuse(path, try, "no such cgroup");
	fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return xs_kernel(errno, path, try, "cannot be opened");
	if (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC || fstat(fd, &st)) {
		close(fd);
		return xs_refuse(path, try, "is no cgroup of version 2");
	}
	if (strlen(real) >= sizeof(conf->path)) {
		close(fd);
		return xs_refuse(path, NULL, "the path is longer than %zu bytes", sizeof(conf->path) - 1);
	}
	strcpy(conf->path, real);
	conf->cgroup = st.st_ino;	/* of kernfs: the cgroup's id */
	conf->level = depth(real);
	return fd;
}
