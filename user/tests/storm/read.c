// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A second reading of frames, written from the RFCs and nothing else. */
#include <string.h>
#include "user/tests/storm/judge.h"

enum { VLANS = 2, NODES = 8, L4_MOST = 512 };	/* as the manual says */

static uint32_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void mapped(struct xs_addr *a, const uint8_t *v4)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(a, head, 12);
	memcpy((uint8_t *)a + 12, v4, 4);
}

static bool is_mapped(const uint8_t *a)
{
	static const uint8_t head[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a, head, 12);
}

static bool read4(const uint8_t *f, uint32_t len, struct judge_read *r)
{
	const uint8_t *ip = f + r->l3;
	uint32_t hl, off;

	if (r->l3 + 20 > len || ip[0] >> 4 != 4)
		return false;
	hl = (ip[0] & 15) * 4;
	off = be16(ip + 6);
	if (hl < 20 || off & 0x1fff)
		return false;
	r->frag = off & 0x2000;
	r->ttl = ip[8];
	r->proto = ip[9];
	r->l4 = r->l3 + hl;
	r->end = r->l3 + be16(ip + 2);
	mapped(&r->src, ip + 12);
	mapped(&r->dst, ip + 16);
	return true;
}

static bool extensions(const uint8_t *f, uint32_t len, struct judge_read *r)
{
	for (int i = 0; r->proto != 6 && r->proto != 17; i++) {
		const uint8_t *x = f + r->l4;

		if (i == NODES || r->l4 > L4_MOST || r->l4 + 8 > len)
			return false;
		if (r->proto == 44) {
			if (be16(x + 2) & 0xfff8)
				return false;
			r->frag = x[3] & 1;
			r->l4 += 8;
		} else if (r->proto == 0 || r->proto == 60 || (r->proto == 43 && !x[3])) {
			r->l4 += 8 + x[1] * 8;
		} else {
			return false;
		}
		r->proto = x[0];
	}
	return true;
}

static bool read6(const uint8_t *f, uint32_t len, struct judge_read *r)
{
	const uint8_t *ip = f + r->l3;

	if (r->l3 + 40 > len || ip[0] >> 4 != 6 || is_mapped(ip + 8) || is_mapped(ip + 24))
		return false;
	r->v6 = true;
	r->ttl = ip[7];
	r->proto = ip[6];
	r->l4 = r->l3 + 40;
	r->end = r->l4 + be16(ip + 4);
	memcpy(&r->src, ip + 8, 16);
	memcpy(&r->dst, ip + 24, 16);
	return extensions(f, len, r);
}

static bool transport(const uint8_t *f, uint32_t len, struct judge_read *r)
{
	const uint8_t *l4 = f + r->l4;
	uint32_t head = r->proto == 6 ? 20 : 8;

	if (r->l4 > L4_MOST || r->end > len || r->l4 + head > r->end)
		return false;
	r->sport = be16(l4);
	r->dport = be16(l4 + 2);
	r->pay = r->l4 + head;
	if (r->proto == 6) {
		r->flags = l4[13];
		r->pay = r->l4 + (l4[12] >> 4) * 4;
		return l4[12] >> 4 >= 5 && r->pay <= r->end;
	}
	if (be16(l4 + 4) < 8)
		return false;
	if (r->frag)
		return true;
	if (r->l4 + be16(l4 + 4) > r->end)
		return false;
	r->end = r->l4 + be16(l4 + 4);
	return true;
}

bool judge_read(const uint8_t *f, uint32_t len, struct judge_read *r)
{
	uint32_t type;

	*r = (struct judge_read){ .l3 = 14 };
	if (len < 14 || f[0] & 1)
		return false;
	type = be16(f + 12);
	for (int i = 0; i < VLANS && (type == 0x8100 || type == 0x88a8); i++, r->l3 += 4) {
		if (r->l3 + 4 > len)
			return false;
		type = be16(f + r->l3 + 2);
	}
	if (type == 0x0800 ? !read4(f, len, r) : type != 0x86dd || !read6(f, len, r))
		return false;
	return (r->proto == 6 || r->proto == 17) && transport(f, len, r);
}

bool judge_shim(const uint8_t *f, const struct judge_read *r, uint32_t *tenant)
{
	const uint8_t *p = f + r->pay;

	if (r->proto == 17) {
		if (r->end - r->pay < 2 || p[0] != 0x58 || p[1] != 0x53)
			return false;
		*tenant = r->end - r->pay < 16 ? 0 : (uint32_t)p[12] << 24 | p[13] << 16 | p[14] << 8 | p[15];
		return true;
	}
	for (p = f + r->l4 + 20; p < f + r->pay && *p; ) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (p + 1 >= f + r->pay || p[1] < 2 || p + p[1] > f + r->pay)
			return false;
		if (p[0] == 253 && p[1] >= 4 && p[2] == 0x58 && p[3] == 0x53) {
			*tenant = p[1] < 8 ? 0 : be16(p + 6);
			return true;
		}
		p += p[1];
	}
	return false;
}

static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : p[i] << 8;
	return s;
}

uint32_t judge_sum(const uint8_t *f, const struct judge_read *r)
{
	uint32_t s = r->proto + (r->end - r->l4);

	s = sum(s, (const uint8_t *)&r->src + (r->v6 ? 0 : 12), r->v6 ? 16 : 4);
	s = sum(s, (const uint8_t *)&r->dst + (r->v6 ? 0 : 12), r->v6 ? 16 : 4);
	return sum(s, f + r->l4, r->end - r->l4) % 0xffff;
}

uint32_t judge_ip_sum(const uint8_t *f, const struct judge_read *r)
{
	return sum(0, f + r->l3, (f[r->l3] & 15) * 4) % 0xffff;
}
