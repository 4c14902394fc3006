// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"

#define LOCK_TRIES 200		/* of 50 ms */

static const char *const names[] = {
#define X(name, ...) #name,
	XS_MAPS(X)
#undef X
};
static int fds[XS_MAP_MAX];
static struct { void *at; size_t len; } views[XS_MAP_MAX];
static bool open_now;
static int lock_fd = -1;

const char *xs_pin_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), XS_ROOT "/%s/v%d%s%s", xs_env.instance, XS_SCHEMA, name ? "/" : "", name ?: "");
	return path;
}

int xs_instance_check(void)
{
	size_t n = strlen(xs_env.instance);

	if (n < 1 || n > 32 || strspn(xs_env.instance, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return xs_usage(xs_env.instance, "use 1 to 32 of a-z, 0-9 and -", "no name for an instance");
	return 0;
}

/* Whether the directory that was locked is still the instance's: an unload may have removed it while we waited. */
static bool lock_holds(const char *path)
{
	struct stat have, now;

	return !fstat(lock_fd, &have) && !stat(path, &now) && have.st_ino == now.st_ino && have.st_dev == now.st_dev;
}

static int lock_once(const char *path)
{
	lock_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock_fd < 0)
		return errno == ENOENT ? 1 : xs_kernel(errno, path, "run as root", "cannot open");
	for (int i = 0; flock(lock_fd, LOCK_EX | LOCK_NB); i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			return xs_kernel(errno, xs_env.instance, "wait for the other command, or end it", "another command holds the instance");
		usleep(50000);
	}
	return 0;
}

int xs_instance_lock(void)
{
	char path[256];
	int err;

	if (lock_fd >= 0)
		return 0;
	snprintf(path, sizeof(path), XS_ROOT "/%s", xs_env.instance);
	for (;;) {
		err = lock_once(path);
		if (err > 0 || (!err && lock_holds(path)))
			return err;
		if (lock_fd >= 0)
			close(lock_fd);
		lock_fd = -1;
		if (err)
			return err;
	}
}

/* Who may only read a pin must say so. */
static int open_pin(const char *name, bool write)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get(xs_pin_path(name));

	return fd < 0 && !write && (errno == EACCES || errno == EPERM) ? bpf_obj_get_opts(xs_pin_path(name), &opts) : fd;
}

int xs_maps_open(bool write)
{
	int err;

	if (open_now)
		return 0;
	err = xs_instance_check();
	if (!err && write)
		err = xs_instance_lock();
	if (err < 0)
		return err;
	for (int i = 0; i < XS_MAP_MAX; i++)
		fds[i] = -1;
	if (access(xs_pin_path(NULL), F_OK)) {
		if (errno != ENOENT)
			return xs_kernel(errno, xs_env.instance, "run as root or in the group of the instance", "cannot look at it");
		return xs_refuse(xs_env.instance, "load it first: xsteer load DEV...", "no such instance is loaded");
	}
	open_now = true;
	for (int i = 0; i < XS_MAP_MAX; i++) {
		fds[i] = open_pin(names[i], write);
		if (fds[i] < 0 && errno != EACCES && errno != EPERM)
			return xs_kernel(errno, names[i], "unload and load again", "a map of instance %s is missing", xs_env.instance);
		if (fds[i] < 0 && (write || strcmp(names[i], "xs_keys")) && geteuid() == 0)
			return xs_kernel(errno, names[i], NULL, "cannot open");
	}
	return 0;
}

void xs_instance_unlock(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

void xs_maps_close(void)
{
	for (int i = 0; i < XS_MAP_MAX && open_now; i++) {
		if (views[i].at)
			munmap(views[i].at, views[i].len);
		views[i].at = NULL;
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	open_now = false;
	xs_instance_unlock();
}

void xs_maps_adopt(const int fd[XS_MAP_MAX])
{
	memcpy(fds, fd, sizeof(fds));
	open_now = true;
}

bool xs_maps_ready(void)
{
	return open_now;
}

int xs_map_fd(enum xs_map_id map)
{
	return fds[map];
}

const char *xs_map_name(enum xs_map_id map)
{
	return names[map];
}

static void info(enum xs_map_id map, struct bpf_map_info *i)
{
	__u32 len = sizeof(*i);

	memset(i, 0, sizeof(*i));
	bpf_obj_get_info_by_fd(fds[map], i, &len);
}

unsigned int xs_map_entries(enum xs_map_id map)
{
	struct bpf_map_info i;

	info(map, &i);
	return i.max_entries;
}

int xs_ncpus(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? n : 1;
}

int xs_map_get(enum xs_map_id map, const void *key, void *value)
{
	return bpf_map_lookup_elem(fds[map], key, value) ? -errno : 0;
}

int xs_map_set(enum xs_map_id map, const void *key, const void *value)
{
	return bpf_map_update_elem(fds[map], key, value, BPF_ANY) ? -errno : 0;
}

int xs_map_del(enum xs_map_id map, const void *key)
{
	return bpf_map_delete_elem(fds[map], key) ? -errno : 0;
}

int xs_map_next(enum xs_map_id map, const void *key, void *next)
{
	return bpf_map_get_next_key(fds[map], key, next) ? -errno : 0;
}

/* The kernel maps nothing for a descriptor that may only read: such a reader gets a copy as of now. */
static void *copy_view(enum xs_map_id map, size_t len, uint32_t entries)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = at == MAP_FAILED ? -errno : xs_map_read(map, 0, entries, at);

	if (!err)
		return at;
	if (at != MAP_FAILED)
		munmap(at, len);
	xs_kernel(err, names[map], "run as root or in the group of the instance", "cannot be read");
	return NULL;
}

void *xs_map_view(enum xs_map_id map, bool write)
{
	struct bpf_map_info i;
	size_t len;
	void *at;

	if (views[map].at)
		return views[map].at;
	info(map, &i);
	len = (size_t)i.max_entries * ((i.value_size + 7) & ~7u);
	len = (len + 4095) & ~(size_t)4095;
	/* writable where possible: who reads first may write later */
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fds[map], 0);
	if (at == MAP_FAILED && !write)
		at = copy_view(map, len, i.max_entries);
	else if (at == MAP_FAILED)
		return xs_kernel(errno, names[map], NULL, "cannot be mapped"), NULL;
	if (!at)
		return NULL;
	views[map].at = at;
	views[map].len = len;
	return at;
}

/* Elements one by one: where there is no batch lookup (before 5.6). */
static int read_singly(enum xs_map_id map, uint32_t first, uint32_t count, void *values, uint32_t size)
{
	int err = 0;

	for (uint32_t k = 0; k < count && !err; k++) {
		uint32_t key = first + k;

		err = xs_map_get(map, &key, (char *)values + (size_t)k * size);
	}
	return err;
}

int xs_map_read(enum xs_map_id map, uint32_t first, uint32_t count, void *values)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t n = count, last = first - 1, next, *keys = count > 1 ? malloc(count * sizeof(*keys)) : NULL;
	struct bpf_map_info i;
	int err = -1;

	info(map, &i);
	if (keys)	/* the batch begins behind `last` */
		err = bpf_map_lookup_batch(fds[map], first ? &last : NULL, &next, keys, values, &n, &opts);
	free(keys);
	return n == count && (!err || errno == ENOENT) && count > 1 ? 0 : read_singly(map, first, count, values, i.value_size);
}

/* Elements one by one: where there is no batch update (before 5.6). */
static int write_singly(enum xs_map_id map, uint32_t first, uint32_t count, const void *values, uint32_t size)
{
	int err = 0;

	for (uint32_t k = 0; k < count && !err; k++) {
		uint32_t key = first + k;

		err = xs_map_set(map, &key, (const char *)values + (size_t)k * size);
	}
	return err;
}

int xs_map_write(enum xs_map_id map, uint32_t first, uint32_t count, const void *values)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t n = count, *keys = count > 1 ? malloc(count * sizeof(*keys)) : NULL;
	struct bpf_map_info i;
	int err = -1;

	info(map, &i);
	for (uint32_t k = 0; keys && k < count; k++)
		keys[k] = first + k;
	if (keys)
		err = bpf_map_update_batch(fds[map], keys, values, &n, &opts);
	free(keys);
	return err ? write_singly(map, first, count, values, i.value_size) : 0;
}

int xs_percpu_sum(enum xs_map_id map, uint32_t key, void *sum, size_t size)
{
	size_t n = size / 8, cpus = xs_ncpus(), step = (size + 7) / 8;
	uint64_t *all = calloc(cpus, step * 8), *out = sum;
	int err = all ? xs_map_get(map, &key, all) : -ENOMEM;

	memset(sum, 0, size);
	for (size_t c = 0; c < cpus && !err; c++)
		for (size_t i = 0; i < n; i++)
			out[i] += all[c * step + i];
	free(all);
	return err;
}

/* Replacing an inner map makes the kernel wait until no program can still hold the old one (kernel/bpf/syscall.c,
 * maybe_wait_bpf_programs): a grace period, to be had with no privilege beyond the map. */
int xs_rcu_sync(void)
{
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xs_rcu_in", 4, 4, 1, NULL), err;
	uint32_t zero = 0;

	if (inner < 0)
		return -errno;
	err = bpf_map_update_elem(fds[XS_MAP_xs_rcu], &zero, &inner, BPF_ANY) ? -errno : 0;
	close(inner);
	return err;
}

uint64_t xs_control_read(void)
{
	struct xs_control c = { 0 };
	uint32_t zero = 0;

	xs_map_get(XS_MAP_xs_control, &zero, &c);
	return c.word;
}

int xs_control_flip(uint64_t word)
{
	volatile struct xs_control *c = xs_map_view(XS_MAP_xs_control, true);

	if (!c)
		return -EIO;
	__atomic_store_n(&c->word, word, __ATOMIC_SEQ_CST);
	return 0;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int xs_clock_now(struct xs_clock *c)
{
	*c = (struct xs_clock){ .valid = 1, .set_boot_ns = clock_ns(CLOCK_BOOTTIME) };
	c->boot_off_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	/* a whole number of seconds; read apart, so rounded */
	c->tai_off_ns = (clock_ns(CLOCK_TAI) - clock_ns(CLOCK_REALTIME) + 500000000) / 1000000000 * 1000000000;
	return 0;
}

int xs_clock_sync(void)
{
	struct xs_clock c;
	uint32_t zero = 0;

	xs_clock_now(&c);
	return xs_map_set(XS_MAP_xs_clock, &zero, &c);
}
