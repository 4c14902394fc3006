// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/load/pin.h"

enum reader { GROUP, ROOT };

static const enum reader readers[] = {
#define X(name, type, key, value, n, flags, who, help) who,
	XS_MAPS(X)
#undef X
};

bool xs_pin_secret(enum xs_map_id map)
{
	return readers[map] == ROOT;
}

static const char *instance_dir(void)
{
	static char path[256];

	snprintf(path, sizeof(path), XS_ROOT "/%s", xs_env.instance);
	return path;
}

static const char *staging(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), XS_ROOT "/%s/v%d-new%s%s", xs_env.instance, XS_SCHEMA, name ? "/" : "", name ?: "");
	return path;
}

const char *xs_pin_dev(enum xs_prog prog, uint32_t ifindex)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%u", prog == XS_PROG_XDP ? "xdp" : "tc", ifindex);
	return xs_pin_path(name);
}

static bool is_bpffs(void)
{
	struct statfs s;

	return !statfs(XS_BPFFS, &s) && (unsigned long)s.f_type == BPF_FS_MAGIC;
}

/* A mount in a mount namespace of our own (`ip netns exec` makes one) would end with this command, and the instance with it. */
static bool private_mounts(void)
{
	struct stat here, init;

	return !stat("/proc/self/ns/mnt", &here) && !stat("/proc/1/ns/mnt", &init) && here.st_ino != init.st_ino;
}

static int need_bpffs(void)
{
	if (is_bpffs())
		return 0;
	if (private_mounts())
		return xs_refuse(XS_BPFFS, "enter a network namespace by nsenter --net=/run/netns/NAME, which keeps the mounts, not by ip netns exec",
				 "no BPF file system in this mount namespace, and one mounted here would end with this command");
	if (mount("bpf", XS_BPFFS, "bpf", 0, "mode=0700"))
		return xs_kernel(errno, XS_BPFFS, "run as root, or mount it: mount -t bpf bpf " XS_BPFFS, "no BPF file system is mounted");
	return 0;
}

/* With this mode whatever the umask is; one that is there stays as it is. */
static int make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode))
		return errno == EEXIST ? 0 : xs_kernel(errno, path, "run as root", "cannot make the directory");
	return chmod(path, mode) ? xs_kernel(errno, path, NULL, "cannot set its mode") : 0;
}

static int set_group(const char *group)
{
	struct group *g = group ? getgrnam(group) : NULL;
	struct stat s;

	if (!group)
		return 0;
	if (!g)
		return xs_refuse(group, "see getent group", "no such group");
	if (chown(instance_dir(), -1, g->gr_gid) || chmod(instance_dir(), 0750))
		return xs_kernel(errno, instance_dir(), NULL, "cannot give it to group %s", group);
	if (!stat(XS_BPFFS, &s) && !(s.st_mode & 01))
		xs_warn(group, "chmod o+x " XS_BPFFS, "members cannot reach the instance: " XS_BPFFS " is closed to them");
	return 0;
}

/* Pins go one by one; nothing in the staging directory is attached, so the order does not matter. */
static void remove_staging(void)
{
	DIR *d = opendir(staging(NULL));
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlink(staging(e->d_name));
	if (d)
		closedir(d);
	rmdir(staging(NULL));
}

bool xs_pin_exists(void)
{
	return !access(xs_pin_path(NULL), F_OK);
}

bool xs_pin_leftover(void)
{
	bool some = !access(instance_dir(), F_OK) && !xs_pin_exists();

	remove_staging();
	if (!xs_pin_exists() && !rmdir(instance_dir()))
		rmdir(XS_ROOT);		/* of the last instance; stays while there are others */
	return some;
}

/* Where /sys/fs/bpf is open to all, another user may have made the directory that programs of root would be found in. */
static int check_root(void)
{
	struct stat s;

	if (!stat(XS_ROOT, &s) && ((s.st_uid && s.st_uid != geteuid()) || s.st_mode & 022))
		return xs_refuse(XS_ROOT, "remove it, if nothing of yours is in it", "belongs to user %u with mode %o, not to root alone", s.st_uid,
				 s.st_mode & 07777);
	return 0;
}

/* An unload may remove the directories between making and locking them: then once more. */
static int make_and_lock(void)
{
	int err = 0;

	for (int i = 0; i < 10; i++) {
		err = make_dir(XS_ROOT, 0755) ?: check_root();
		if (err)
			return err;
		if (mkdir(instance_dir(), 0750) && errno == ENOENT)
			continue;
		err = make_dir(instance_dir(), 0750) ?: xs_instance_lock();
		if (err <= 0)
			return err;
	}
	return xs_kernel(EAGAIN, instance_dir(), "try again", "others remove it all the time");
}

int xs_pin_prepare(const char *group)
{
	int err = need_bpffs() ?: make_and_lock();

	if (err)
		return err;
	remove_staging();
	err = xs_pin_exists() ? 0 : set_group(group);
	if (err)
		xs_pin_leftover();
	return err;
}

static int pin(int fd, const char *name, mode_t mode, gid_t group)
{
	const char *path = staging(name);

	if (bpf_obj_pin(fd, path))
		return xs_kernel(errno, path, NULL, "cannot be pinned");
	if (chown(path, -1, group) || chmod(path, mode))
		return xs_kernel(errno, path, NULL, "cannot set who may read it");
	return 0;
}

int xs_pin_publish(const struct xs_obj *obj)
{
	struct stat dir;
	int err;

	if (stat(instance_dir(), &dir))
		return xs_kernel(errno, instance_dir(), NULL, "is gone");
	err = make_dir(staging(NULL), 0750);
	if (!err && chown(staging(NULL), -1, dir.st_gid))
		err = xs_kernel(errno, staging(NULL), NULL, "cannot set its group");
	for (int i = 0; i < XS_MAP_MAX && !err; i++)
		err = pin(xs_obj_map_fd(obj, i), xs_map_name(i), xs_pin_secret(i) ? 0600 : 0640, dir.st_gid);
	for (int i = 0; i < XS_PROG_MAX && !err; i++)
		err = pin(xs_obj_prog_fd(obj, i), xs_prog_names[i], 0600, dir.st_gid);
	if (!err && renameat2(-1, staging(NULL), -1, xs_pin_path(NULL), RENAME_NOREPLACE))
		err = xs_kernel(errno, xs_pin_path(NULL), NULL, "cannot be published");
	if (err)
		xs_pin_leftover();
	return err;
}

int xs_pin_remove(void)
{
	remove_staging();
	if (renameat2(-1, xs_pin_path(NULL), -1, staging(NULL), RENAME_NOREPLACE))
		return xs_kernel(errno, xs_pin_path(NULL), NULL, "cannot be unpinned");
	remove_staging();
	if (rmdir(instance_dir()))
		return xs_kernel(errno, instance_dir(), "look for what others put there", "cannot be removed");
	rmdir(XS_ROOT);
	return 0;
}

int xs_pin_prog(enum xs_prog prog)
{
	int fd = bpf_obj_get(xs_pin_path(xs_prog_names[prog]));

	return fd < 0 ? xs_kernel(errno, xs_prog_names[prog], "unload and load again", "the program of instance %s is missing", xs_env.instance) : fd;
}

/* Descriptors do not say what they are, except by the name that /proc has for them. */
static bool is_link(int fd)
{
	char proc[64], what[64] = "";

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return readlink(proc, what, sizeof(what) - 1) > 0 && strstr(what, "link");
}

int xs_pin_held(const char *path, struct xs_held *h)
{
	struct bpf_prog_info prog = { 0 };
	struct bpf_link_info link = { 0 };
	__u32 len = sizeof(link);

	*h = (struct xs_held){ .fd = bpf_obj_get(path) };
	if (h->fd < 0)
		return -errno;
	h->link = is_link(h->fd);
	if (h->link && !bpf_obj_get_info_by_fd(h->fd, &link, &len)) {
		h->prog_id = link.prog_id;
		h->ifindex = link.xdp.ifindex;	/* of a tcx link it stands in the same place */
	}
	len = sizeof(prog);
	if (!h->link && !bpf_obj_get_info_by_fd(h->fd, &prog, &len))
		h->prog_id = prog.id;
	return 0;
}

bool xs_pin_owner(uint32_t prog_id, char *name)
{
	glob_t g = { 0 };
	bool found = false;
	struct xs_held h;
	int n;

	if (glob(XS_ROOT "/*/v*/xdp_*", GLOB_NOSORT, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		if (xs_pin_held(g.gl_pathv[i], &h))
			continue;
		close(h.fd);
		if (h.prog_id != prog_id)
			continue;
		n = strcspn(g.gl_pathv[i] + sizeof(XS_ROOT), "/");
		snprintf(name, XS_NAME_LEN, "%.*s", n, g.gl_pathv[i] + sizeof(XS_ROOT));
		found = true;
	}
	globfree(&g);
	return found;
}
