// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/load/attach.h"
#include "user/load/pin.h"

#define TCX_EGRESS 47		/* BPF_TCX_EGRESS: linux/bpf.h of 6.6 */
#define FILTER_HANDLE 0x5853
#define FILTER_PRIORITY 0x53

static struct bpf_tc_hook hook_of(uint32_t ifindex)
{
	return (struct bpf_tc_hook){ .sz = sizeof(struct bpf_tc_hook), .ifindex = ifindex, .attach_point = BPF_TC_EGRESS };
}

static int attach_clsact(const char *dev, uint32_t ifindex, int prog)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY, .prog_fd = prog);
	struct bpf_tc_hook hook = hook_of(ifindex);
	int err;

	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return xs_kernel(err, dev, "xsteer probe tells what this kernel has", "no clsact qdisc for the TC program");
	/* pinned first: a filter without a pin would not be found again */
	if (bpf_obj_pin(prog, xs_pin_dev(XS_PROG_EGRESS, ifindex)))
		return xs_kernel(errno, dev, NULL, "its TC program cannot be pinned");
	err = bpf_tc_attach(&hook, &opts);
	if (!err)
		return 0;
	unlink(xs_pin_dev(XS_PROG_EGRESS, ifindex));
	if (err == -EEXIST || err == -EBUSY)
		return xs_refuse(dev, "look at: tc filter show dev DEV egress", "another filter has the handle 0x%x at egress", FILTER_HANDLE);
	return xs_kernel(err, dev, "tc filter show dev DEV egress", "the TC program cannot be attached");
}

int xs_tc_attach(const char *dev, uint32_t ifindex)
{
	int prog = xs_pin_prog(XS_PROG_EGRESS), link, err = 0;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, ifindex, TCX_EGRESS, NULL);
	if (link < 0)
		err = errno == EINVAL ? attach_clsact(dev, ifindex, prog) : xs_kernel(errno, dev, NULL, "the TC program cannot be attached");
	else if (bpf_obj_pin(link, xs_pin_dev(XS_PROG_EGRESS, ifindex)))
		err = xs_kernel(errno, dev, NULL, "its tcx link cannot be pinned");
	if (link >= 0)
		close(link);
	close(prog);
	return err;
}

/* Whether the filter at our handle is our program; bpf_tc_query() says so by its id. */
static bool filter_is(uint32_t ifindex, uint32_t prog_id)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	struct bpf_tc_hook hook = hook_of(ifindex);

	return !bpf_tc_query(&hook, &opts) && opts.prog_id == prog_id;
}

static int detach_clsact(const char *dev, uint32_t ifindex, uint32_t prog_id)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	struct bpf_tc_hook hook = hook_of(ifindex);
	int err;

	if (!filter_is(ifindex, prog_id))
		return 0;
	err = bpf_tc_detach(&hook, &opts);
	return err ? xs_kernel(err, dev, NULL, "its TC filter cannot be removed") : 0;
}

int xs_tc_detach(const char *dev, uint32_t ifindex)
{
	struct xs_held h;
	int err = xs_pin_held(xs_pin_dev(XS_PROG_EGRESS, ifindex), &h);

	if (err == -ENOENT)
		return 0;
	if (err)
		return xs_kernel(err, dev, "run as root", "cannot open its TC link");
	if (!h.link)
		err = detach_clsact(dev, ifindex, h.prog_id);
	else if (bpf_link_detach(h.fd) && errno != EOPNOTSUPP)
		err = h.ifindex ? xs_kernel(errno, dev, NULL, "its tcx link cannot be detached") : 0;
	close(h.fd);
	if (!err && unlink(xs_pin_dev(XS_PROG_EGRESS, ifindex)))
		err = xs_kernel(errno, dev, NULL, "its TC link cannot be unpinned");
	return err;
}

void xs_tc_state(uint32_t ifindex, struct xs_hook *hook)
{
	struct xs_held h;

	*hook = (struct xs_hook){ .gone = true };
	if (xs_pin_held(xs_pin_dev(XS_PROG_EGRESS, ifindex), &h))
		return;
	close(h.fd);
	hook->by = h.link ? "tcx" : "clsact";
	hook->attached = h.link ? h.ifindex == ifindex : filter_is(ifindex, h.prog_id);
	hook->gone = h.link && !h.ifindex;
}
