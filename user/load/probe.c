// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "user/load/attach.h"
#include "user/load/loss.h"
#include "user/load/obj.h"
#include "user/load/probe.h"
#include "skel/xsteer_probe.skel.h"

#define LOOPBACK 1		/* ifindex, in every network namespace */
#define TCX_EGRESS 47
#define KTIME_GET_TAI_NS 208

/* What libbpf's own probes say, in our words. */
static int said(int there)
{
	return there < 0 ? there : !there;
}

static int try_prog(enum bpf_prog_type type)
{
	const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };

	int fd = bpf_prog_load(type, "xs_probe", "GPL", insns, 2, NULL);

	return fd < 0 ? -errno : fd;
}

static int try_link(enum bpf_prog_type type, int hook, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int prog = try_prog(type);

	if (prog < 0)
		return prog;
	return bpf_link_create(prog, LOOPBACK, hook, &opts) < 0 ? -errno : 0;
}

static int try_load(void)
{
	struct xs_sizes s = { XS_FLOWS_LEAST, XS_HALF_LEAST, XS_SERIES_LEAST, true };
	struct xs_obj *obj = NULL;

	return xs_obj_load(&s, &obj);
}

static int try_xdp_link(void)
{
	return try_link(BPF_PROG_TYPE_XDP, BPF_XDP, XDP_FLAGS_SKB_MODE);
}

static int try_tcx(void)
{
	return try_link(BPF_PROG_TYPE_SCHED_CLS, TCX_EGRESS, 0);
}

static int try_clsact(void)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1, .prog_fd = try_prog(BPF_PROG_TYPE_SCHED_CLS));

	return bpf_tc_hook_create(&hook) ?: bpf_tc_attach(&hook, &opts);
}

static int try_dispatcher(void)
{
	return said(xs_dispatcher_works());
}

static int try_live_frames(void)
{
	char frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	int prog = try_prog(BPF_PROG_TYPE_XDP);

	return prog < 0 ? prog : bpf_prog_test_run_opts(prog, &opts);
}

static int try_tracepoint(void)
{
	struct xsteer_probe *p = xsteer_probe__open_and_load();

	return p ? xsteer_probe__attach(p) : -errno;
}

static int try_tai(void)
{
	return said(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, KTIME_GET_TAI_NS, NULL));
}

static int try_fib(void)
{
	return said(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_fib_lookup, NULL));
}

static int try_mmap(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xs_probe", 4, 4096, 1, &opts);

	return fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -errno : 0;
}

static int try_syn_option(void)
{
	return said(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_store_hdr_opt, NULL));
}

static int try_stamp(void)
{
	return said(libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_FUNC_sk_storage_get, NULL));
}

const struct xs_probe xs_probes[] = {
	{ "programs", "5.10", "loads xsteer's own", "nothing works", try_load },
	{ "mapped arrays", "5.5", "makes one and maps it", "nothing works", try_mmap },
	{ "XDP links", "5.9", "attaches to a loopback device", "nothing attaches", try_xdp_link },
	{ "XDP dispatcher", "5.10", "loads a program of type freplace", "a device takes no other XDP program beside xsteer's", try_dispatcher },
	{ "tcx", "6.6", "attaches to a loopback device", "TC attaches through clsact instead", try_tcx },
	{ "clsact", "4.5", "attaches to a loopback device", "replies by the stack need tcx", try_clsact },
	{ "route lookup", "4.18", "asks for the helper", "no direct delivery", try_fib },
	{ "live frames", "5.18", "sends one", "redirect cannot be probed: no direct delivery", try_live_frames },
	{ "redirect tracepoint", "5.6", "listens to it", "redirect cannot be probed: no direct delivery", try_tracepoint },
	{ "loss tracepoints", "5.6", "attaches to them", "what the kernel loses after a redirect is not counted", xs_loss_possible },
	{ "TAI clock", "6.1", "asks for the helper", "after a step of the clock tags are misjudged until the next command that writes", try_tai },
	{ "SYN options", "5.10", "asks for the helper", "no stamping of TCP in the kernel", try_syn_option },
	{ "socket options in BPF", "5.3", "asks for the helper", "programs cannot stamp their own sockets", try_stamp },
	{ 0 },
};

static int in_child(const struct xs_probe *p)
{
	int err;

	if (unshare(CLONE_NEWNET))
		return errno;
	err = p->try();
	return err < 0 ? -err & 0xff : err > 0 ? ENOSYS : 0;
}

int xs_probe_try(const struct xs_probe *p)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(in_child(p));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return -EINTR;
	return !WEXITSTATUS(status) ? 1 : WEXITSTATUS(status) == EPERM || WEXITSTATUS(status) == EACCES ? -EPERM : 0;
}
