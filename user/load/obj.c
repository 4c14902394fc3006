// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include "user/base/err.h"
#include "user/base/ticks.h"
#include "user/load/obj.h"
#include "skel/xsteer_tc.skel.h"
#include "skel/xsteer_xdp.skel.h"

#define LINE_SHARE 4	/* tag lines: even of a full table's flows two thirds need none; two tags a stray, eight a line */

const char *const xs_prog_names[XS_PROG_MAX] = { [XS_PROG_XDP] = "xsteer_xdp", [XS_PROG_EGRESS] = "xsteer_egress" };

struct xs_obj {
	struct xsteer_xdp *xdp;
	struct xsteer_tc *tc;
};

static int say_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return xs_env.verbose && level != LIBBPF_DEBUG ? vfprintf(stderr, fmt, args) : 0;
}

static int say_libxdp(enum libxdp_print_level level, const char *fmt, va_list args)
{
	return xs_env.verbose && level != LIBXDP_DEBUG ? vfprintf(stderr, fmt, args) : 0;
}

void xs_libbpf_quiet(void)
{
	libbpf_set_print(say_libbpf);
	libxdp_set_print(say_libxdp);
}

static uint32_t lines_for(uint32_t flows)
{
	uint32_t lines = 1;

	while (lines < flows / LINE_SHARE)
		lines *= 2;
	return lines;
}

static struct xs_features features(const struct xs_sizes *s, bool dry)
{
	return (struct xs_features) {
		.dry = dry,
		.tai = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_ktime_get_tai_ns, NULL) == 1,
		.timing = s->timing,
		.hz = xs_hz(),
		.flows = s->flows,
		.lines_mask = lines_for(s->flows) - 1,
		.half_mask = s->half / XS_LINE_TAGS - 1,
		.series = s->series,
	};
}

static int resize(struct bpf_object *o, const struct xs_sizes *s)
{
	const struct { const char *map; uint32_t entries; } sizes[] = {
		{ "xs_lines", lines_for(s->flows) }, { "xs_flows", s->flows }, { "xs_backs", s->flows },
		{ "xs_hlines", s->half / XS_LINE_TAGS }, { "xs_halfs", s->half }, { "xs_series", s->series }, { "xs_hists", s->series * XS_M_MAX },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && !err; i++)
		err = bpf_map__set_max_entries(bpf_object__find_map_by_name(o, sizes[i].map), sizes[i].entries);
	return err;
}

int xs_obj_reuse(struct bpf_object *o, const int fd[XS_MAP_MAX])
{
	int err = 0;

	for (int i = 0; i < XS_MAP_MAX && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(o, xs_map_name(i)), fd[i]);
	return err;
}

static int load_failed(int err, const char *what)
{
	if (geteuid() && (err == -EPERM || err == -EACCES))
		return xs_kernel(err, what, "run as root", "cannot be loaded");
	if (err == -ENOMEM)
		return xs_kernel(err, what, "load with fewer --flows or --series", "cannot be loaded");
	return xs_kernel(err, what, "-v shows what the verifier says; xsteer probe, what this kernel lacks", "cannot be loaded");
}

static int load_xdp(struct xs_obj *o, const struct xs_sizes *s, const struct xs_secret *secret)
{
	int err;

	o->xdp = xsteer_xdp__open();
	if (!o->xdp)
		return load_failed(-errno, "XDP program");
	o->xdp->rodata->feat = features(s, false);
	o->xdp->rodata->secret = *secret;
	err = resize(o->xdp->obj, s) ?: xsteer_xdp__load(o->xdp);
	return err ? load_failed(err, "XDP program") : 0;
}

static int load_tc(struct xs_obj *o, const struct xs_sizes *s, const struct xs_secret *secret)
{
	int fd[XS_MAP_MAX], err;

	for (int i = 0; i < XS_MAP_MAX; i++)
		fd[i] = xs_obj_map_fd(o, i);
	o->tc = xsteer_tc__open();
	if (!o->tc)
		return load_failed(-errno, "TC program");
	o->tc->rodata->feat = features(s, false);
	o->tc->rodata->secret = *secret;
	err = xs_obj_reuse(o->tc->obj, fd) ?: xsteer_tc__load(o->tc);
	return err ? load_failed(err, "TC program") : 0;
}

int xs_obj_load(const struct xs_sizes *s, struct xs_obj **obj)
{
	struct xs_secret secret;
	uint32_t zero = 0;
	int err;

	*obj = calloc(1, sizeof(**obj));
	if (!*obj)
		return xs_kernel(ENOMEM, "load", NULL, "no memory");
	if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return xs_kernel(errno, "load", NULL, "no random numbers");
	err = load_xdp(*obj, s, &secret) ?: load_tc(*obj, s, &secret);
	if (err)
		return err;
	err = bpf_map_update_elem(xs_obj_map_fd(*obj, XS_MAP_xs_secrets), &zero, &secret, BPF_ANY);
	return err ? xs_kernel(err, "xs_secrets", NULL, "cannot write") : 0;
}

void xs_obj_free(struct xs_obj *o)
{
	if (!o)
		return;
	xsteer_tc__destroy(o->tc);
	xsteer_xdp__destroy(o->xdp);
	free(o);
}

int xs_obj_map_fd(const struct xs_obj *o, enum xs_map_id map)
{
	return bpf_object__find_map_fd_by_name(o->xdp->obj, xs_map_name(map));
}

int xs_obj_prog_fd(const struct xs_obj *o, enum xs_prog prog)
{
	return bpf_program__fd(prog == XS_PROG_XDP ? o->xdp->progs.xsteer_xdp : o->tc->progs.xsteer_egress);
}

/* The frozen data of a program: the one of its maps that is called .rodata. Return: false if it is not laid out as ours */
static bool frozen(int prog, struct xsteer_xdp__rodata *data)
{
	__u32 ids[XS_MAP_MAX + 8], len = sizeof(struct bpf_prog_info), zero = 0;
	struct bpf_prog_info p = { .nr_map_ids = XS_MAP_MAX + 8, .map_ids = (__u64)(uintptr_t)ids };
	struct bpf_map_info m;
	bool found = false;
	int fd;

	if (bpf_obj_get_info_by_fd(prog, &p, &len) || p.nr_map_ids > XS_MAP_MAX + 8)
		return false;
	for (__u32 i = 0; i < p.nr_map_ids && !found; i++) {
		fd = bpf_map_get_fd_by_id(ids[i]);
		memset(&m, 0, sizeof(m));
		len = sizeof(m);
		/* the map has no padding behind the last member, the struct may have */
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &m, &len) && strstr(m.name, ".rodata") && m.value_size <= sizeof(*data))
			found = !bpf_map_lookup_elem(fd, &zero, data) && data->feat.flows == xs_map_entries(XS_MAP_xs_flows);
		if (fd >= 0)
			close(fd);
	}
	return found;
}

void xs_obj_sizes(struct xs_sizes *s)
{
	int prog = bpf_obj_get(xs_pin_path(xs_prog_names[XS_PROG_XDP]));
	struct xsteer_xdp__rodata data = { 0 };

	*s = (struct xs_sizes){ .flows = xs_map_entries(XS_MAP_xs_flows), .half = xs_map_entries(XS_MAP_xs_halfs), .series = xs_map_entries(XS_MAP_xs_series), .timing = true };
	if (prog < 0)
		return;
	if (frozen(prog, &data))
		s->timing = data.feat.timing;
	close(prog);
}

/* Another XDP program like the running one, on its maps and with its secret; not loaded yet. Return: NULL: reported */
static struct xsteer_xdp *open_again(bool dry)
{
	struct xsteer_xdp *x = NULL;
	struct xs_secret secret;
	struct xs_sizes s;
	int fd[XS_MAP_MAX], err;
	uint32_t zero = 0;

	err = xs_map_get(XS_MAP_xs_secrets, &zero, &secret);
	if (err) {
		xs_kernel(err, "xs_secrets", "run as root", "cannot read the secret of the flow table");
		return NULL;
	}
	for (int i = 0; i < XS_MAP_MAX; i++)
		fd[i] = xs_map_fd(i);
	x = xsteer_xdp__open();
	err = x ? xs_obj_reuse(x->obj, fd) : -errno;
	if (err) {
		load_failed(err, "XDP program");
		xsteer_xdp__destroy(x);
		return NULL;
	}
	xs_obj_sizes(&s);
	x->rodata->feat = features(&s, dry);
	x->rodata->secret = secret;
	return x;
}

int xs_obj_load_dry(int *prog_fd, int *trace_fd)
{
	struct xsteer_xdp *x;
	int err;

	xs_libbpf_quiet();
	x = open_again(true);
	if (!x)
		return -EIO;
	err = xsteer_xdp__load(x);
	if (err)
		load_failed(err, "XDP program for a dry run");
	else {
		*prog_fd = fcntl(bpf_program__fd(x->progs.xsteer_xdp), F_DUPFD_CLOEXEC, 3);
		*trace_fd = fcntl(bpf_map__fd(x->maps.xs_trace), F_DUPFD_CLOEXEC, 3);
	}
	xsteer_xdp__destroy(x);
	return err;
}

struct bpf_object *xs_obj_open_ext(void **skel)
{
	struct xsteer_xdp *x = open_again(false);

	*skel = x;
	return x ? x->obj : NULL;
}

void xs_obj_close_ext(void *skel)
{
	xsteer_xdp__destroy(skel);
}
