// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What of a frame may be another after it was steered or undone. */
#include <string.h>
#include "user/tests/storm/judge.h"

enum { JUDGE_REDIRECT = 4 };

const char *judge_rewritten(const struct judge_case *k, const struct judge_read *r, const struct judge_read *o, uint32_t gone)
{
	uint8_t want[4096];
	uint32_t len = k->in_len - gone, sum = r->l4 + (r->proto == 6 ? 16 : 6), at = r->l3 + (r->v6 ? 8 : 12);
	bool routed = k->verdict == JUDGE_REDIRECT, without = r->proto == 17 && !k->in[sum] && !k->in[sum + 1];

	if (k->out_len != len || o->l3 != r->l3 || o->l4 != r->l4)
		return "the frame changed its shape";
	memcpy(want, k->in, r->pay);
	memcpy(want + r->pay, k->in + r->pay + gone, len - r->pay);
	memcpy(want + at, k->out + at, r->v6 ? 32 : 8);
	memcpy(want + r->l4, k->out + r->l4, 4);
	if (routed)
		memcpy(want, k->out, 12);
	if (routed)
		want[r->l3 + (r->v6 ? 7 : 8)]--;
	if (gone) {
		memcpy(want + r->l3 + (r->v6 ? 4 : 2), k->out + r->l3 + (r->v6 ? 4 : 2), 2);
		memcpy(want + r->l4 + 4, k->out + r->l4 + 4, 2);
	}
	if (!without)
		memcpy(want + sum, k->out + sum, 2);
	if (!r->v6)
		memcpy(want + r->l3 + 10, k->out + r->l3 + 10, 2);
	if (memcmp(want, k->out, len))
		return "more was changed than the ends of the frame";
	if (gone && (r->end - o->end != gone))
		return "the lengths are not less by the shim";
	if (!r->v6 && judge_ip_sum(k->in, r) != judge_ip_sum(k->out, o))
		return "the IP checksum does not follow the change";
	if (!without && judge_sum(k->in, r) != judge_sum(k->out, o))
		return "the transport checksum does not follow the change";
	return NULL;
}
