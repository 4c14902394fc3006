// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Does a frame that is redirected into a device leave by it? One program sends frames there (live test run), the other listens to
 * what the driver made of them: a redirect that the device then drops counts as done everywhere but at this tracepoint. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define XS_LOOPBACK 1	/* ifindex that frames of a test run come from, in every network namespace */

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

const volatile int want = 0;	/* ifindex of the device that is probed */
__u32 sent = 0, lost = 0;	/* written on one CPU: that of the test run */

struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } xs_probe_dev SEC(".maps");

SEC("xdp")
int xs_probe_send(struct xdp_md *c)
{
	(void)c;
	return bpf_redirect_map(&xs_probe_dev, 0, XDP_DROP);
}

/* xdp_devmap_xmit(from, to, sent, drops, err) */
SEC("raw_tp/xdp_devmap_xmit")
int xs_probe_xmit(struct bpf_raw_tracepoint_args *c)
{
	struct net_device *from = (void *)c->args[0], *to = (void *)c->args[1];

	if (BPF_CORE_READ(from, ifindex) != XS_LOOPBACK || BPF_CORE_READ(to, ifindex) != want)
		return 0;
	sent += (__u32)c->args[2];
	lost += (__u32)c->args[3];
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
