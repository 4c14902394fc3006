// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libbpf's own map calls here: these maps are no instance's, so base/mapio.c does not know them. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/load/obj.h"
#include "user/load/stamp.h"
#include "skel/xsteer_stamp.skel.h"

static const char *const shared[] = { "xs_st_socks", "xs_st_levels", "xs_st_clock" };
static const char *const links[] = { "syn", "get", "set" };	/* in the order of attaching: a stamp that is accepted is also sent */
static const char *const others[] = { "conf", "conf_new", "counts" };

struct path { char text[128]; };

/* /sys/fs/bpf/xsteer-stamp/v1/ID[/name] */
static struct path pin(uint64_t id, const char *name)
{
	struct path p;

	snprintf(p.text, sizeof(p.text), "%s/%llu%s%s", XS_STAMP_DIR, (unsigned long long)id, name ? "/" : "", name ?: "");
	return p;
}

static struct path pin_shared(const char *name)
{
	struct path p;

	snprintf(p.text, sizeof(p.text), "%s/%s", XS_STAMP_DIR, name);
	return p;
}

/* Open the directory and lock it. Return: the descriptor, -1: errno says why; ESTALE: it was removed while we waited */
static int open_locked(void)
{
	int fd = open(XS_STAMP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || (!flock(fd, LOCK_EX) && !fstat(fd, &st) && st.st_nlink))
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

/* The directory, made if need be, under its lock. @path: the cgroup, for messages. Return: descriptor that holds the lock, or -errno, reported */
static int lock_root(bool make, const char *path)
{
	int fd = -1;

	for (int i = 0; i < 100 && fd < 0; i++) {	/* whoever stops the last stamp removes the directory under us */
		if (make && ((mkdir(XS_STAMP_ROOT, 0700) && errno != EEXIST) || (mkdir(XS_STAMP_DIR, 0700) && errno != EEXIST && errno != ENOENT)))
			return xs_kernel(errno, XS_STAMP_ROOT, "run as root; if need be: mount -t bpf bpf " XS_BPFFS, "cannot be made");
		fd = open_locked();
		if (fd < 0 && errno != ESTALE && !(make && errno == ENOENT))
			break;
	}
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return xs_refuse(path, "see xsteer stamp list", "is not stamped");
	return xs_kernel(errno, XS_STAMP_DIR, "run as root", "cannot be opened");
}

/* Unpin all that a cgroup has: with its links the programs go. */
static void drop(uint64_t id)
{
	int levels = bpf_obj_get(pin_shared("xs_st_levels").text);

	for (int i = 0; i < 3; i++)
		unlink(pin(id, links[2 - i]).text);
	for (int i = 0; i < 3; i++)
		unlink(pin(id, others[i]).text);
	rmdir(pin(id, NULL).text);
	if (levels < 0)
		return;
	bpf_map_delete_elem(levels, &id);
	close(levels);
}

/* Whether the programs of this directory are still on their cgroup: links outlive it, without its id. Directories that a
 * killed command left have no link. */
static bool live(uint64_t id)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(pin(id, links[0]).text), err;

	if (fd < 0)
		return errno != ENOENT;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return err || info.cgroup.cgroup_id;
}

/* Call for the id of every directory. */
static void each_id(int root, void (*call)(uint64_t id, void *arg), void *arg)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	char *end;

	while (dir && (d = readdir(dir))) {
		uint64_t id = strtoull(d->d_name, &end, 10);

		if (id && !*end)
			call(id, arg);
	}
	if (dir)
		closedir(dir);
}

/* Drop what is not live; count the rest. */
static void prune(uint64_t id, void *arg)
{
	if (live(id))
		++*(int *)arg;
	else
		drop(id);
}

/* Clear directories of cgroups that are gone; the shared maps, too, if no cgroup is stamped then. Under the lock. */
static void tidy(int root)
{
	int n = 0;

	each_id(root, prune, &n);
	if (n)
		return;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		unlink(pin_shared(shared[i]).text);
	rmdir(XS_STAMP_DIR);
	rmdir(XS_STAMP_ROOT);
}

static int load(const struct xs_stamp_conf *conf, struct xsteer_stamp **skel)
{
	struct xsteer_stamp *s;
	int err;

	xs_libbpf_quiet();
	s = xsteer_stamp__open();
	if (!s)
		return xs_kernel(errno, "stamp", NULL, "the embedded programs cannot be opened");
	*skel = s;
	s->rodata->feat.retval = libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_FUNC_set_retval, NULL) == 1;
	s->rodata->feat.mptcp = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_skc_to_mptcp_sock, NULL) == 1;
	s->rodata->feat.tai = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_ktime_get_tai_ns, NULL) == 1;
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		bpf_map__set_pin_path(bpf_object__find_map_by_name(s->obj, shared[i]), pin_shared(shared[i]).text);
	bpf_map__set_pin_path(s->maps.xs_st_counts, pin(conf->cgroup, "counts").text);
	err = xsteer_stamp__load(s);
	return err ? xs_kernel(err, "stamp", "it needs Linux 5.10 and root; -v says more", "the kernel refuses the programs") : 0;
}

static int update(struct bpf_map *map, const void *key, size_t key_size, const void *value, size_t size, const char *path)
{
	int err = bpf_map__update_elem(map, key, key_size, value, size, BPF_ANY);

	if (err == -E2BIG)
		return xs_refuse(path, "delete a stamp first: xsteer stamp list", "more than %d cgroups are stamped", XS_STAMP_CGROUPS);
	return err ? xs_kernel(err, path, NULL, "map %s cannot be written", bpf_map__name(map)) : 0;
}

static int configure(struct xsteer_stamp *s, const struct xs_stamp_conf *conf)
{
	struct path path = pin(conf->cgroup, "conf_new");
	struct xs_clock clock;
	uint32_t zero = 0;
	int err;

	xs_clock_now(&clock);
	err = update(s->maps.xs_st_conf, &zero, sizeof(zero), conf, sizeof(*conf), conf->path) ?:
	      update(s->maps.xs_st_clock, &zero, sizeof(zero), &clock, sizeof(clock), conf->path) ?:
	      update(s->maps.xs_st_levels, &conf->cgroup, sizeof(conf->cgroup), &conf->level, sizeof(conf->level), conf->path);
	if (err)
		return err;
	unlink(path.text);
	err = bpf_map_freeze(bpf_map__fd(s->maps.xs_st_conf)) ?: bpf_map__pin(s->maps.xs_st_conf, path.text);
	return err ? xs_kernel(err, conf->path, NULL, "the configuration cannot be pinned") : 0;
}

/* A program into its link: swapped in where there is one, else attached anew. */
static int attach_one(struct bpf_program *prog, int cgroup, uint64_t id, const char *name)
{
	struct path path = pin(id, name);
	struct bpf_link *link = bpf_link__open(path.text);
	int err;

	if (link) {
		err = bpf_link__update_program(link, prog);
	} else {
		link = bpf_program__attach_cgroup(prog, cgroup);
		err = link ? bpf_link__pin(link, path.text) : -errno;
	}
	bpf_link__destroy(link);	/* the pin holds it, if there is one */
	return err;
}

static int attach(struct xsteer_stamp *s, int cgroup, const struct xs_stamp_conf *conf)
{
	struct bpf_program *const progs[] = { s->progs.xsteer_syn, s->progs.xsteer_get, s->progs.xsteer_set };
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = attach_one(progs[i], cgroup, conf->cgroup, links[i]);
	if (!err && rename(pin(conf->cgroup, "conf_new").text, pin(conf->cgroup, "conf").text))
		err = -errno;
	return err ? xs_kernel(err, conf->path, "see xsteer doctor", "the programs cannot be attached") : 0;
}

int xs_stamp_attach(int cgroup, const struct xs_stamp_conf *conf)
{
	int lock = lock_root(true, conf->path), err;
	struct xsteer_stamp *skel = NULL;
	bool fresh;

	if (lock < 0)
		return lock;
	fresh = !mkdir(pin(conf->cgroup, NULL).text, 0700);
	err = load(conf, &skel) ?: configure(skel, conf) ?: attach(skel, cgroup, conf);
	if (err && fresh)
		drop(conf->cgroup);
	else if (err)
		unlink(pin(conf->cgroup, "conf_new").text);
	xsteer_stamp__destroy(skel);
	tidy(lock);
	close(lock);
	return err;
}

int xs_stamp_detach(const struct xs_stamp_conf *conf)
{
	int lock = lock_root(false, conf->path);
	struct stat st;
	bool known;

	if (lock < 0)
		return lock;
	known = !stat(pin(conf->cgroup, NULL).text, &st);
	if (known)
		drop(conf->cgroup);
	tidy(lock);
	close(lock);
	return known ? 0 : xs_refuse(conf->path, "see xsteer stamp list", "is not stamped");
}

struct each {
	void (*call)(const struct xs_stamped *s, void *arg);
	void *arg;
};

static void read_one(uint64_t id, void *arg)
{
	int conf = bpf_obj_get(pin(id, "conf").text), counts = bpf_obj_get(pin(id, "counts").text), cpus = xs_ncpus();
	uint64_t *n = calloc(cpus, sizeof(*n));
	struct xs_stamped s = { .gone = !live(id) };
	const struct each *each = arg;
	uint32_t key = 0;

	if (n && conf >= 0 && counts >= 0 && !bpf_map_lookup_elem(conf, &key, &s.conf)) {
		for (; key < XS_SC_MAX && !bpf_map_lookup_elem(counts, &key, n); key++)
			for (int c = 0; c < cpus; c++)
				s.count[key] += n[c];
		each->call(&s, each->arg);
	}
	free(n);
	if (conf >= 0)
		close(conf);
	if (counts >= 0)
		close(counts);
}

int xs_stamp_each(void (*call)(const struct xs_stamped *s, void *arg), void *arg)
{
	struct each each = { call, arg };
	int root = open(XS_STAMP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return errno == ENOENT ? 0 : xs_kernel(errno, XS_STAMP_DIR, "run as root", "cannot be opened");
	each_id(root, read_one, &each);
	close(root);
	return 0;
}
