// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel loses after the XDP program has redirected a frame: a redirect is carried out when the program has long
 * returned, and only these two tracepoints tell what became of it. */
#include <bpf/bpf_core_read.h>
#include "bpf/measure.h"

struct net_device {
	int ifindex;
	const unsigned char *dev_addr;
} __attribute__((preserve_access_index));

/* xs_is_ours() - whether the frame came in by a device of this instance. A device of another network namespace may have the same
 * ifindex: the address tells. */
static __always_inline bool xs_is_ours(const struct net_device *dev)
{
	__u32 ifindex = BPF_CORE_READ(dev, ifindex), *slot = bpf_map_lookup_elem(&xs_devslot, &ifindex);
	struct xs_dev *d = slot ? XS_GET(xs_devs, *slot) : NULL;
	__u8 mac[6] = {};

	if (!d || bpf_probe_read_kernel(mac, sizeof(mac), BPF_CORE_READ(dev, dev_addr)))
		return false;
	for (int i = 0; i < 6; i++)
		if (mac[i] != d->mac[i])
			return false;
	return true;
}

/* xdp_redirect_err(dev, xdp, tgt, err, ...): the frame never reached the other device's driver */
SEC("raw_tp/xdp_redirect_err")
int xsteer_failed(struct bpf_raw_tracepoint_args *c)
{
	if (xs_is_ours((void *)c->args[0]))
		xs_bump(XS_C_REDIRECT_FAILED);
	return 0;
}

/* xdp_devmap_xmit(from, to, sent, drops, err): it did, and the driver took `sent` of a batch */
SEC("raw_tp/xdp_devmap_xmit")
int xsteer_dropped(struct bpf_raw_tracepoint_args *c)
{
	__u32 drops = (__u32)c->args[3];

	if (drops && xs_is_ours((void *)c->args[0]))
		xs_bump_by(XS_C_REDIRECT_DROPPED, drops);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
