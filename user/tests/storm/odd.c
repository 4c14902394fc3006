// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What may become of packets that show no two ports: later fragments, first ones cut short, ICMP errors. An address may change as
 * the rows say, with the checksums that it stands in and, in a quoted packet, its port; nothing else may. */
#include <string.h>
#include "user/tests/storm/judge.h"

enum { DROP = 1, PASS = 2, REDIRECT = 4, EGRESS_PASS = -1, EGRESS_DROP = 2 };

/* What stands where in the frame that came in. */
struct odd {
	uint32_t l3, l4, off, end;
	uint8_t proto;
	bool v6, frag;
};

static uint32_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* The IP header at o->l3 and, of IPv6, what stands before the transport header. */
static bool read_ip(const uint8_t *f, uint32_t len, struct odd *o)
{
	const uint8_t *ip = f + o->l3;

	if (o->l3 + 20 > len || (o->v6 && o->l3 + 40 > len) || ip[0] >> 4 != (o->v6 ? 6 : 4))
		return false;
	o->proto = ip[o->v6 ? 6 : 9];
	o->l4 = o->l3 + (o->v6 ? 40 : (ip[0] & 15) * 4);
	o->end = o->v6 ? o->l4 + be16(ip + 4) : o->l3 + be16(ip + 2);
	if (!o->v6) {
		o->off = be16(ip + 6) & 0x1fff;
		o->frag = be16(ip + 6) & 0x3fff;
		return true;
	}
	for (; (o->proto == 0 || o->proto == 43 || o->proto == 60 || o->proto == 44) && !o->off && o->l4 + 8 <= len; ) {
		const uint8_t *x = f + o->l4;

		if (o->proto == 44) {
			o->off = be16(x + 2) >> 3;
			o->frag = o->frag || be16(x + 2) & 0xfff9;
		}
		o->l4 += o->proto == 44 ? 8 : 8 + x[1] * 8;
		o->proto = x[0];
	}
	return true;
}

static bool read_odd(const struct judge_case *k, struct odd *o)
{
	struct judge_read r;

	judge_read(k->in, k->in_len, &r);	/* finds the IP header, whatever it then says of what is in it */
	*o = (struct odd){ .l3 = r.l3 };
	if (r.l3 < 14 || r.l3 > k->in_len)
		return false;
	o->v6 = be16(k->in + r.l3 - 2) == 0x86dd;
	return (o->v6 || be16(k->in + r.l3 - 2) == 0x0800) && read_ip(k->in, k->in_len, o);
}

/* Takes n bytes at `at` over: they may have changed. */
static void may(uint8_t *want, const struct judge_case *k, uint32_t at, uint32_t n)
{
	if (at + n <= k->in_len)
		memcpy(want + at, k->out + at, n);
}

static void may_addresses(uint8_t *want, const struct judge_case *k, const struct odd *o)
{
	may(want, k, o->l3 + (o->v6 ? 8 : 12), o->v6 ? 32 : 8);
	if (!o->v6)
		may(want, k, o->l3 + 10, 2);
}

static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : p[i] << 8;
	return s;
}

/* One end is the same, so the error's checksum, with the addresses that ICMPv6 counts in, comes to the same sum. */
static uint32_t icmp_sum(const uint8_t *f, const struct odd *o)
{
	return sum(o->v6 ? sum(0, f + o->l3 + 8, 32) : 0, f + o->l4, o->end - o->l4) % 0xffff;
}

static const char *error(const struct judge_case *k, const struct odd *o, uint8_t *want)
{
	struct odd q = { .l3 = o->l4 + 8, .v6 = o->v6 };
	uint8_t type = k->in[o->l4];

	if (o->frag || o->proto != (o->v6 ? 58 : 1) || (o->v6 ? type < 1 || type > 4 : type != 3 && type != 11 && type != 12))
		return "what is not ours was changed";
	if (o->end > k->in_len || !read_ip(k->in, o->end, &q) || q.off || (q.proto != 6 && q.proto != 17) || q.l4 + 8 > o->end)
		return "an error that quotes nothing of ours was changed";
	may_addresses(want, k, &q);
	may(want, k, q.l4, 4);
	if (q.l4 + (q.proto == 6 ? 18 : 8) <= o->end)
		may(want, k, q.l4 + (q.proto == 6 ? 16 : 6), 2);
	may(want, k, o->l4 + 2, 2);
	if (icmp_sum(k->in, o) != icmp_sum(k->out, o))
		return "the ICMP checksum does not follow the change";
	if (!q.v6 && sum(0, k->in + q.l3, 20) % 0xffff != sum(0, k->out + q.l3, 20) % 0xffff)
		return "the quoted IP checksum does not follow the change";
	return NULL;
}

const char *judge_odd(const struct judge_case *k)
{
	bool egress = k->hook == JUDGE_EGRESS, same = k->in_len == k->out_len && !memcmp(k->in, k->out, k->in_len);
	static uint8_t want[4096];
	const char *wrong;
	struct odd o;

	if (same && (k->verdict == (egress ? EGRESS_PASS : PASS) || (k->hook == JUDGE_DRY && k->verdict == DROP)))
		return NULL;
	if (k->hook == JUDGE_DRY || !read_odd(k, &o))
		return "what is not ours was touched";
	if (k->verdict == (egress ? EGRESS_DROP : DROP))
		return o.frag ? NULL : "what is not ours did not pass";
	if (k->in_len != k->out_len || k->in_len > sizeof(want))
		return "the frame changed its length";
	memcpy(want, k->in, k->in_len);
	may_addresses(want, k, &o);
	if (k->verdict == REDIRECT) {
		may(want, k, 0, 12);
		want[o.l3 + (o.v6 ? 7 : 8)]--;
	}
	wrong = o.off ? NULL : error(k, &o, want);
	if (wrong)
		return wrong;
	if (!o.v6 && sum(0, k->in + o.l3, 20) % 0xffff != sum(0, k->out + o.l3, 20) % 0xffff)
		return "the IP checksum does not follow the change";
	return memcmp(want, k->out, k->in_len) ? "more was changed than addresses and what follows from them" : NULL;
}
