// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include "user/base/err.h"
#include "user/load/attach.h"
#include "user/load/pin.h"

bool xs_dispatcher_works(void)
{
	return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1;
}

static uint32_t running(uint32_t ifindex, __u8 *mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	*mode = XDP_ATTACHED_NONE;
	if (bpf_xdp_query(ifindex, 0, &q))
		return 0;
	*mode = q.attach_mode;
	return q.attach_mode == XDP_ATTACHED_MULTI ? q.drv_prog_id ?: q.skb_prog_id : q.prog_id;
}

/* The dispatcher of a device if it has one; NULL: none, or a program without it. Where there is none libxdp gives NULL or an error. */
static struct xdp_multiprog *dispatcher(uint32_t ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);

	if (!mp || libxdp_get_error(mp))
		return NULL;
	if (!xdp_multiprog__is_legacy(mp))
		return mp;
	xdp_multiprog__close(mp);
	return NULL;
}

static bool in_dispatcher(const struct xdp_multiprog *mp, uint32_t prog_id)
{
	struct xdp_program *p = NULL;

	while ((p = xdp_multiprog__next_prog(p, mp)))
		if (xdp_program__id(p) == prog_id)
			return true;
	return false;
}

/* Another instance on this device, alone or in its dispatcher. */
static bool other_instance(uint32_t ifindex, char *name)
{
	struct xdp_multiprog *mp;
	struct xdp_program *p = NULL;
	bool found;
	__u8 mode;

	found = xs_pin_owner(running(ifindex, &mode), name);
	mp = found || mode == XDP_ATTACHED_NONE ? NULL : dispatcher(ifindex);
	while (mp && !found && (p = xdp_multiprog__next_prog(p, mp)))
		found = xs_pin_owner(xdp_program__id(p), name);
	xdp_multiprog__close(mp);
	return found;
}

static int occupied(const char *dev, uint32_t ifindex)
{
	char name[XS_NAME_LEN] = "?";
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	uint32_t id;
	__u8 mode;
	int fd;

	id = running(ifindex, &mode);
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.name[0])
			snprintf(name, sizeof(name), "%s", info.name);
		close(fd);
	}
	return xs_refuse(dev, "take it off first (bpftool net shows it); what others attached is left alone",
			 "XDP program \"%s\" (id %u) is attached by someone else", name, id);
}

static int link_failed(int err, const char *dev, uint32_t ifindex)
{
	switch (err) {
	case -EBUSY:
	case -EEXIST:
		return occupied(dev, ifindex);
	case -EOPNOTSUPP:
		return xs_kernel(err, dev, "load --mode generic works on any device, more slowly", "its driver has no native XDP");
	case -ERANGE:
		return xs_kernel(err, dev, "lower the MTU, of a veth that of its peer, to 3498 or less", "its MTU is too large for native XDP");
	case -ENOSPC:
		return xs_kernel(err, dev, "ethtool -L: give it as many receive queues as its peer has transmit queues", "too few queues for native XDP");
	default:
		return xs_kernel(err, dev, "see dmesg: the driver may say why; --mode generic works on any device", "XDP cannot be attached");
	}
}

static int attach_link(const char *dev, uint32_t ifindex, enum xs_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode == XS_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int prog = xs_pin_prog(XS_PROG_XDP), link, err;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, ifindex, BPF_XDP, &opts);
	err = link < 0 ? link_failed(-errno, dev, ifindex) : 0;
	if (!err && bpf_obj_pin(link, xs_pin_dev(XS_PROG_XDP, ifindex)))
		err = xs_kernel(errno, dev, NULL, "its XDP link cannot be pinned");
	if (link >= 0)
		close(link);	/* the pin keeps it; without one it is detached */
	close(prog);
	return err;
}

/* libxdp loads a single program without a dispatcher where it finds that one cannot be had, and says nothing: then it goes again. */
static int attach_in_dispatcher(uint32_t ifindex)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .prog_name = xs_prog_names[XS_PROG_XDP]);
	struct xdp_multiprog *mp = NULL;
	struct xdp_program *p;
	void *skel;
	int err;

	opts.obj = xs_obj_open_ext(&skel);
	if (!opts.obj)
		return -EIO;
	p = xdp_program__create(&opts);
	err = libxdp_get_error(p);
	if (!err)
		err = xdp_program__attach(p, ifindex, XDP_MODE_NATIVE, 0);
	if (!err) {
		mp = dispatcher(ifindex);
		if (!mp)
			err = -EOPNOTSUPP;
		else
			err = xdp_program__pin(p, xs_pin_dev(XS_PROG_XDP, ifindex));
		if (err)
			xdp_program__detach(p, ifindex, XDP_MODE_NATIVE, 0);
	}
	xdp_multiprog__close(mp);
	if (!libxdp_get_error(p))
		xdp_program__close(p);
	xs_obj_close_ext(skel);
	return err;
}

int xs_xdp_check(const char *dev, uint32_t ifindex)
{
	char owner[XS_NAME_LEN], try[2 * XS_NAME_LEN];

	if (!other_instance(ifindex, owner))
		return 0;
	snprintf(try, sizeof(try), "a device has one instance: xsteer -i %s unload %s", owner, dev);
	return xs_refuse(dev, try, "instance %s is loaded on it", owner);
}

int xs_xdp_attach(const char *dev, uint32_t ifindex, enum xs_mode mode)
{
	if (mode == XS_MODE_NATIVE && xs_dispatcher_works() && !attach_in_dispatcher(ifindex))
		return 0;
	return attach_link(dev, ifindex, mode);
}

/* Whether a program works on the maps of the open instance. */
static bool on_our_maps(uint32_t prog_id)
{
	__u32 ids[2 * XS_MAP_MAX], len = sizeof(struct bpf_map_info);
	struct bpf_prog_info prog = { .nr_map_ids = 2 * XS_MAP_MAX, .map_ids = (__u64)(uintptr_t)ids };
	struct bpf_map_info control = { 0 };
	int fd = bpf_prog_get_fd_by_id(prog_id);
	bool ours = false;

	if (fd < 0 || bpf_obj_get_info_by_fd(xs_map_fd(XS_MAP_xs_control), &control, &len))
		prog.nr_map_ids = 0;
	len = sizeof(prog);
	if (prog.nr_map_ids && bpf_obj_get_info_by_fd(fd, &prog, &len))
		prog.nr_map_ids = 0;
	for (__u32 i = 0; i < prog.nr_map_ids && i < 2 * XS_MAP_MAX; i++)
		ours |= ids[i] == control.id;
	if (fd >= 0)
		close(fd);
	return ours;
}

/* By its maps, not by the pin: a load that was killed may have put it there and not come to pin it. Each removal makes a new
 * dispatcher, so the search begins again. */
static int detach_from_dispatcher(const char *dev, uint32_t ifindex)
{
	enum xdp_attach_mode mode;
	struct xdp_multiprog *mp;
	struct xdp_program *p;
	uint32_t id;
	int err = 0;

	for (int i = 0; i < 10 && !err; i++) {
		id = 0;
		p = NULL;
		mp = dispatcher(ifindex);
		mode = mp ? xdp_multiprog__attach_mode(mp) : XDP_MODE_NATIVE;
		while (mp && !id && (p = xdp_multiprog__next_prog(p, mp)))
			id = on_our_maps(xdp_program__id(p)) ? xdp_program__id(p) : 0;
		xdp_multiprog__close(mp);
		if (!id)
			return 0;
		p = xdp_program__from_id(id);
		err = libxdp_get_error(p);
		if (!err) {
			err = xdp_program__detach(p, ifindex, mode, 0);
			xdp_program__close(p);
		}
	}
	return err ? xs_kernel(err, dev, "xdp-loader status shows its dispatcher", "cannot be taken out of the dispatcher") : 0;
}

int xs_xdp_detach(const char *dev, uint32_t ifindex)
{
	struct xs_held h;
	int err = xs_pin_held(xs_pin_dev(XS_PROG_XDP, ifindex), &h);

	if (err == -ENOENT)
		return xs_dispatcher_works() ? detach_from_dispatcher(dev, ifindex) : 0;
	if (err)
		return xs_kernel(err, dev, "run as root", "cannot open its XDP link");
	if (!h.link)
		err = detach_from_dispatcher(dev, ifindex);
	else if (bpf_link_detach(h.fd) && errno != EOPNOTSUPP)	/* now, whoever else holds it */
		err = h.ifindex ? xs_kernel(errno, dev, NULL, "its XDP link cannot be detached") : 0;
	close(h.fd);
	if (!err && unlink(xs_pin_dev(XS_PROG_XDP, ifindex)))
		err = xs_kernel(errno, dev, NULL, "its XDP link cannot be unpinned");
	return err;
}

void xs_xdp_state(uint32_t ifindex, struct xs_hook *hook)
{
	static const char *const modes[] = { [XDP_ATTACHED_DRV] = "native", [XDP_ATTACHED_SKB] = "generic", [XDP_ATTACHED_HW] = "offload",
					     [XDP_ATTACHED_MULTI] = "native" };
	struct xdp_multiprog *mp = NULL;
	struct xs_held h;
	uint32_t id;
	__u8 mode;

	*hook = (struct xs_hook){ .gone = true };
	if (xs_pin_held(xs_pin_dev(XS_PROG_XDP, ifindex), &h))
		return;
	close(h.fd);
	hook->by = h.link ? "link" : "dispatcher";
	id = running(ifindex, &mode);
	if (!h.link)
		mp = dispatcher(ifindex);
	hook->attached = h.link ? h.ifindex == ifindex : mp && in_dispatcher(mp, h.prog_id);
	hook->gone = h.link && !h.ifindex;
	hook->mode = hook->attached && (!h.link || id == h.prog_id) ? modes[mode] : NULL;
	xdp_multiprog__close(mp);
}
