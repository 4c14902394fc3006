/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Says from outside whether what the programs did with a frame was theirs to do. It knows the rows of the configuration and what
 * came out before, reads frames on its own, byte by byte, and shares no code with the programs. */
#ifndef XS_TEST_JUDGE_H
#define XS_TEST_JUDGE_H

#include <stdbool.h>
#include "user/decide/model.h"

enum judge_hook { JUDGE_XDP, JUDGE_EGRESS, JUDGE_DRY };

/* A frame and what became of it. */
struct judge_case {
	enum judge_hook hook;
	const uint8_t *in, *out;
	uint32_t in_len, out_len;
	int verdict;
	/* what it was found to be: on its way to a target, a refusal, an error about what may have begun something, of a flow that was
	 * steered, without two ports */
	bool steered, answered, told, reply, odd;
};

/* What is read of a frame; offsets in bytes, numbers in host order. */
struct judge_read {
	struct xs_addr src, dst;	/* mapped */
	uint16_t sport, dport;
	uint32_t l3, l4, pay, end;	/* end: of the IP packet; a datagram may end before */
	uint8_t proto, flags, ttl;
	bool v6, frag;
};

/* judge_rows() - the rows that hold from now on; the model must stay */
void judge_rows(const struct xs_model *m);
/* judge_state() - whether new flows may go to the target */
void judge_state(uint16_t target, bool up);
/* judge_clock() - without a sound clock the source may decide although there is a shim */
void judge_clock(bool sound);
/* judge_forget() - no flows and no states, as after a load */
void judge_forget(void);
/* judge_frame() - Return: NULL, or what is wrong. What was steered is remembered */
const char *judge_frame(struct judge_case *k);

/* judge_is_answer() - both steered frames and answers may leave by redirect; an answer goes from the service to the client */
bool judge_is_answer(const struct judge_case *k, const struct judge_read *r);
/* judge_answer() - a refusal sent back for this frame to the service. Return: as judge_frame() */
const char *judge_answer(struct judge_case *k, const struct judge_read *r, const struct xs_r_service *s);
/* judge_rewritten() - change.c: whether out is the frame as it came in, but for its ends (which others look at), `gone` bytes of a shim,
 * checksums and, where it was routed, MACs and time to live. Return: as judge_frame() */
const char *judge_rewritten(const struct judge_case *k, const struct judge_read *r, const struct judge_read *o, uint32_t gone);
/* judge_own_add(), judge_is_own() - places.c: a source address of this host. judge_place() - what a target is called by: its address, as
 * another `via` gives it another id, and flows stay with the one they had */
void judge_own_add(const struct xs_addr *a);
bool judge_is_own(const struct xs_addr *a);
uint16_t judge_place(const struct xs_addr *a, uint16_t port);
/* judge_would_tell() - answer.c: whether it is a packet that a client is told something of. @type: ICMP, or 0: any */
bool judge_would_tell(const struct judge_read *r, uint16_t type);
/* judge_odd() - odd.c: a frame of which judge_read() says that it has no two ports. Return: as judge_frame() */
const char *judge_odd(const struct judge_case *k);
/* judge_read() - read.c. Return: false: nothing of it can be steered */
bool judge_read(const uint8_t *f, uint32_t len, struct judge_read *r);
/* judge_shim() - the tenant's number in the frame's shim. Return: false: there is none */
bool judge_shim(const uint8_t *f, const struct judge_read *r, uint32_t *tenant);
/* judge_sum() - pseudo header and transport header with all behind it, folded to 0..0xfffe */
uint32_t judge_sum(const uint8_t *f, const struct judge_read *r);
/* judge_ip_sum() - of the IPv4 header, folded the same way: 0 when it is right */
uint32_t judge_ip_sum(const uint8_t *f, const struct judge_read *r);

#endif
