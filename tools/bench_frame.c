// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames of BENCH_FRAME bytes; what the IP packet leaves over is Ethernet padding. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include "tools/bench.h"

static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

struct xs_addr bench_addr(const char *text)
{
	struct xs_addr a = { .w = { 0, 0, htonl(0xffff), 0 } };

	if (inet_pton(AF_INET, text, &a.w[3]) != 1 && inet_pton(AF_INET6, text, &a) != 1)
		abort();
	return a;
}

static uint64_t sum16(const void *p, uint32_t n)
{
	const uint8_t *b = p;
	uint64_t s = 0;

	for (uint32_t i = 0; i < n; i++)
		s += i & 1 ? b[i] : b[i] << 8;
	return s;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((uint16_t)~s);
}

static void l3(struct bench_frame *f, const struct bench_ends *e, uint8_t proto, uint32_t len)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = proto };
	struct ip6_hdr ip6 = { .ip6_plen = htons(len), .ip6_nxt = proto, .ip6_hlim = 64 };

	memset(f, 0, sizeof(*f));
	memcpy(f->b, macs, sizeof(macs));
	f->proto = proto;
	f->v6 = e->dst.w[2] != htonl(0xffff);
	f->b[12] = f->v6 ? ETH_P_IPV6 >> 8 : ETH_P_IP >> 8;
	f->b[13] = f->v6 ? ETH_P_IPV6 & 0xff : ETH_P_IP & 0xff;
	if (f->v6) {
		ip6.ip6_vfc = 6 << 4;
		memcpy(&ip6.ip6_src, &e->src, 16);
		memcpy(&ip6.ip6_dst, &e->dst, 16);
		memcpy(f->b + ETH_HLEN, &ip6, sizeof(ip6));
		f->l4 = ETH_HLEN + sizeof(ip6);
	} else {
		ip.tot_len = htons(sizeof(ip) + len);
		ip.saddr = e->src.w[3];
		ip.daddr = e->dst.w[3];
		ip.check = fold(sum16(&ip, sizeof(ip)));
		memcpy(f->b + ETH_HLEN, &ip, sizeof(ip));
		f->l4 = ETH_HLEN + sizeof(ip);
	}
	f->daddr = f->l4 - 4;
	f->saddr = f->daddr - (f->v6 ? 16 : 4);
}

/* Checksum of the transport header and payload; the last 8 or 32 bytes before it are the addresses. */
static uint16_t l4_sum(const struct bench_frame *f, uint32_t len)
{
	uint32_t addrs = f->v6 ? 32 : 8;

	return fold(sum16(f->b + f->l4 - addrs, addrs) + f->proto + len + sum16(f->b + f->l4, len));
}

void bench_tcp(struct bench_frame *f, const struct bench_ends *e, uint8_t flags, uint32_t seq, uint32_t ack,
	       const void *opt, uint32_t opt_len, uint32_t payload)
{
	uint32_t len = sizeof(struct tcphdr) + opt_len + payload;
	struct tcphdr t = { .source = htons(e->sport), .dest = htons(e->dport), .seq = htonl(seq), .ack_seq = htonl(ack), .window = htons(512) };

	l3(f, e, IPPROTO_TCP, len);
	t.doff = (sizeof(t) + opt_len) / 4;
	memcpy(f->b + f->l4, &t, sizeof(t));
	f->b[f->l4 + 13] = flags;
	if (opt_len)
		memcpy(f->b + f->l4 + sizeof(t), opt, opt_len);
	t.check = l4_sum(f, len);
	memcpy(f->b + f->l4 + offsetof(struct tcphdr, check), &t.check, 2);
}

void bench_udp(struct bench_frame *f, const struct bench_ends *e, const void *payload, uint32_t n)
{
	uint32_t len = sizeof(struct udphdr) + n;
	struct udphdr u = { .source = htons(e->sport), .dest = htons(e->dport), .len = htons(len) };

	l3(f, e, IPPROTO_UDP, len);
	memcpy(f->b + f->l4, &u, sizeof(u));
	memcpy(f->b + f->l4 + sizeof(u), payload, n);
	u.check = l4_sum(f, len);
	memcpy(f->b + f->l4 + offsetof(struct udphdr, check), &u.check, 2);
}

void bench_arp(struct bench_frame *f)
{
	memset(f, 0, sizeof(*f));
	memcpy(f->b, macs, sizeof(macs));
	f->b[12] = ETH_P_ARP >> 8;
	f->b[13] = ETH_P_ARP & 0xff;
}
