// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include "user/observe/frame.h"

#define HOP_LIMIT 64

static uint16_t ip_sum(const void *header, size_t len)
{
	const uint8_t *b = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += b[i] << 8 | b[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return htons(~sum);
}

static size_t put_l4(uint8_t *at, const struct xs_first *f)
{
	struct tcphdr tcp = { .source = htons(f->sport), .dest = htons(f->dport), .seq = htonl(f->isn), .syn = 1, .window = 0xffff,
			      .doff = (sizeof(tcp) + f->shim_len) / 4 };
	struct udphdr udp = { .source = htons(f->sport), .dest = htons(f->dport), .len = htons(sizeof(udp) + f->shim_len) };
	size_t head = f->udp ? sizeof(udp) : sizeof(tcp);

	memcpy(at, f->udp ? (void *)&udp : (void *)&tcp, head);
	memcpy(at + head, f->shim, f->shim_len);
	return head + f->shim_len;
}

static void put_ip4(uint8_t *at, const struct xs_first *f, size_t l4_len)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .tot_len = htons(sizeof(ip) + l4_len), .ttl = HOP_LIMIT,
			    .protocol = f->udp ? IPPROTO_UDP : IPPROTO_TCP, .saddr = f->from.w[3], .daddr = f->to.w[3] };

	ip.check = ip_sum(&ip, sizeof(ip));
	memcpy(at, &ip, sizeof(ip));
}

static void put_ip6(uint8_t *at, const struct xs_first *f, size_t l4_len)
{
	struct ip6_hdr ip = { 0 };

	ip.ip6_flow = htonl(6u << 28);
	ip.ip6_plen = htons(l4_len);
	ip.ip6_nxt = f->udp ? IPPROTO_UDP : IPPROTO_TCP;
	ip.ip6_hlim = HOP_LIMIT;
	memcpy(&ip.ip6_src, &f->from, sizeof(f->from));
	memcpy(&ip.ip6_dst, &f->to, sizeof(f->to));
	memcpy(at, &ip, sizeof(ip));
}

size_t xs_frame_first(uint8_t *frame, const struct xs_first *f)
{
	bool v4 = xs_addr_is4(&f->to);
	struct ethhdr eth = { .h_proto = htons(v4 ? ETH_P_IP : ETH_P_IPV6) };
	size_t ip_len = v4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr), l4_len;

	memcpy(frame, &eth, sizeof(eth));
	l4_len = put_l4(frame + sizeof(eth) + ip_len, f);
	if (v4)
		put_ip4(frame + sizeof(eth), f, l4_len);
	else
		put_ip6(frame + sizeof(eth), f, l4_len);
	return sizeof(eth) + ip_len + l4_len;
}
