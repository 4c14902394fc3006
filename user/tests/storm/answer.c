// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a refusal is what it should be. */
#include <string.h>
#include "user/tests/storm/judge.h"

#define MTU 1500	/* of all devices here */

enum { RST = 4 };

bool judge_is_answer(const struct judge_case *k, const struct judge_read *r)
{
	uint32_t src = r->l3 + (r->v6 ? 8 : 12), size = r->v6 ? 16 : 4;

	return k->out_len >= src + 2 * size && !memcmp(k->out + src, k->in + src + size, size) &&
	       !memcmp(k->out + src + size, k->in + src, size);
}

/* Whether ICMP that came out says what it should: an error about the frame that came in. */
static const char *icmp_answer(const struct judge_case *k, const struct judge_read *r)
{
	uint32_t l4 = r->l3 + (r->v6 ? 40 : 20), end;
	struct judge_read o = *r;
	const uint8_t *f = k->out;

	if (k->out_len < l4 + 8 + (r->v6 ? 40 : 20) + 8)
		return "the answer is too short";
	end = r->v6 ? l4 + (f[r->l3 + 4] << 8 | f[r->l3 + 5]) : r->l3 + (uint32_t)(f[r->l3 + 2] << 8 | f[r->l3 + 3]);
	if (end != k->out_len || f[r->l3 + (r->v6 ? 6 : 9)] != (r->v6 ? 58 : 1))
		return "the answer is of another length or protocol than it says";
	if (memcmp(f + l4 + 8, k->in + r->l3, k->out_len - l4 - 8))
		return "the answer quotes something else";
	o.l4 = l4;
	o.end = end;
	o.proto = 58;
	if (!r->v6) {	/* no pseudo header */
		memset(&o.src, 0, sizeof(o.src));
		memset(&o.dst, 0, sizeof(o.dst));
		o.proto = 0;
		return judge_ip_sum(f, &o) || (judge_sum(f, &o) + 0xffff - (end - l4) % 0xffff) % 0xffff ? "a checksum of the answer is wrong" : NULL;
	}
	return judge_sum(f, &o) ? "the checksum of the answer is wrong" : NULL;
}

/* What the stack would say, were it not that the target sees an end of this host: the time to live is over, or it is too big. */
bool judge_would_tell(const struct judge_read *r, uint16_t type)
{
	uint16_t says = r->ttl <= 1 ? (r->v6 ? 3 << 8 : 11 << 8) : r->end - r->l3 > MTU ? (r->v6 ? 2 << 8 : 3 << 8 | 4) : 0;

	return says && (!type || type == says);
}

static bool is_told(const struct judge_case *k, const struct judge_read *r)
{
	uint32_t l4 = r->l3 + (r->v6 ? 40 : 20);

	if (k->out_len < l4 + 8 || k->out[r->l3 + (r->v6 ? 6 : 9)] != (r->v6 ? 58 : 1))
		return false;
	return judge_would_tell(r, k->out[l4] << 8 | k->out[l4 + 1]);
}

const char *judge_answer(struct judge_case *k, const struct judge_read *r, const struct xs_r_service *s)
{
	uint32_t ends = r->v6 ? 8 : 12, size = r->v6 ? 16 : 4;
	struct judge_read o;

	k->answered = true;
	k->told = is_told(k, r);
	if (!k->told && (s->refuse == XS_REFUSE_SILENT || r->flags & RST))
		return "an answer where there must be none";
	if (k->out_len > k->in_len || k->out_len < r->l3 + ends + 2 * size)
		return "an answer larger than what caused it, or none at all";
	if (memcmp(k->out, k->in + 6, 6) || memcmp(k->out + 6, k->in, 6) || memcmp(k->out + 12, k->in + 12, r->l3 - 12))
		return "the answer does not go back where the frame came from";
	if (memcmp(k->out + r->l3 + ends, k->in + r->l3 + ends + size, size) || memcmp(k->out + r->l3 + ends + size, k->in + r->l3 + ends, size))
		return "the answer is not between the two ends";
	if (r->proto == 17 || k->told)
		return icmp_answer(k, r);
	if (!judge_read(k->out, k->out_len, &o) || o.proto != 6 || !(o.flags & RST) || o.sport != r->dport || o.dport != r->sport ||
	    o.end != k->out_len)
		return "the answer is no reset";
	return (!r->v6 && judge_ip_sum(k->out, &o)) || judge_sum(k->out, &o) ? "a checksum of the reset is wrong" : NULL;
}
