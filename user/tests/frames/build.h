/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What words say of a frame, and the frame made of it. */
#ifndef XS_TEST_BUILD_H
#define XS_TEST_BUILD_H

#include "user/tests/frames/words.h"

struct ext { uint8_t type; uint32_t len; uint8_t byte[512]; };

/* -1 in a number: as it should be */
struct build {
	uint8_t dmac[6], smac[6];
	uint32_t ntags;
	uint16_t tpid[4], tci[4];
	int type;
	struct end from, to;
	int v6, ttl, id, nodf, mf, frag, proto, ver, ihl, tot, opt;
	struct ext ext[10];
	uint32_t next;
	int l4;
	uint8_t flags, itype, icode;
	uint16_t quote;
	int mtu;
	struct frame about;	/* what it quotes; empty: the frame it answers */
	int64_t seq, ackno, win;
	int doff, nops, tail, ulen, csum;
	uint8_t topt[40];
	uint32_t ntopt;
	char shim[256];
	uint8_t shim_bytes[80];
	uint32_t nshim;
	int pay;
	uint8_t raw[256];
	uint32_t nraw;
	int cut, len, pad;
	const struct frame *answered;
};

/* words_die() - a mistake in the test itself */
void words_die(const char *word, const char *what) __attribute__((noreturn));
/* hex_parse() - Return: bytes written, at most room */
uint32_t hex_parse(const char *hex, uint8_t *to, uint32_t room);
/* build_shim() - the bytes of the shim that b->shim describes; once, then b->shim is empty */
void build_shim(struct build *b);
void build_frame(const struct build *b, struct frame *f);

#endif
