// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>
#include "user/load/redirect.h"
#include "skel/xsteer_probe.skel.h"

#define FRAMES 4
#define ETH_P_LOCAL_EXPERIMENT 0x88b5

static int send_frames(struct xsteer_probe *p, uint32_t ifindex, const uint8_t mac[6])
{
	struct { struct ethhdr eth; char text[50]; } frame = { .text = "xsteer redirect probe" };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &frame, .data_size_in = sizeof(frame), .repeat = FRAMES,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	uint32_t zero = 0;

	memcpy(frame.eth.h_dest, mac, ETH_ALEN);
	memcpy(frame.eth.h_source, mac, ETH_ALEN);
	frame.eth.h_proto = htons(ETH_P_LOCAL_EXPERIMENT);
	if (bpf_map_update_elem(bpf_map__fd(p->maps.xs_probe_dev), &zero, &ifindex, BPF_ANY))
		return -errno;
	return bpf_prog_test_run_opts(bpf_program__fd(p->progs.xs_probe_send), &opts);
}

bool xs_redirect_probe(uint32_t ifindex, const uint8_t mac[6], const char **why)
{
	struct xsteer_probe *p = xsteer_probe__open();
	bool works = false;
	int err;

	*why = "the kernel cannot be asked: it takes live frames (5.18) and raw tracepoints";
	if (!p)
		return false;
	p->rodata->want = ifindex;
	err = xsteer_probe__load(p) ?: xsteer_probe__attach(p) ?: send_frames(p, ifindex, mac);
	if (!err) {
		works = p->bss->sent == FRAMES && !p->bss->lost;
		*why = p->bss->lost ? "its driver drops redirected frames; of a veth, give the peer NAPI: ethtool -K PEER gro on" :
				      "it takes no redirected frames: it is down, or its driver cannot";
	}
	xsteer_probe__destroy(p);
	return works;
}
