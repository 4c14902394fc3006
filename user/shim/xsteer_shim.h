/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* xsteer_shim.h - say who a request is from, how urgent it is and which prompt prefix it shares
 *
 * TCP needs no library. Where `xsteer stamp cgroup` was run for the caller's cgroup, one setsockopt() before connect() stamps
 * the socket, and the kernel adds the stamp, with its tag, to the SYN. No privilege is needed. From C:
 *
 *	struct xsteer_stamp s = { .tenant = 4211, .slo_class = 1 };
 *
 *	xsteer_stamp_prefix(&s, tokens, 4 * ntokens, 0);		// optional, needs the library
 *	if (setsockopt(fd, XSTEER_STAMP_LEVEL, XSTEER_STAMP, &s, sizeof(s)))
 *		perror("stamp");
 *	connect(fd, ...);
 *
 * and from Python, without a library:
 *
 *	s.setsockopt(0x5853, 1, struct.pack("=HBBBB2xII", 4211, 1, exp_a, back, quarter, hash_a, hash_b))
 *
 * errno: ENOPROTOOPT no stamping in this cgroup; EPERM the cgroup may not use this tenant; EISCONN set after connect();
 * EINVAL a value out of range, or not the size of the struct; EOPNOTSUPP not a TCP socket. getsockopt() of the same option
 * reads the stamp back, the cgroup's default where the socket has none of its own; ENOENT where there is neither. Before
 * Linux 5.18 setsockopt() says EPERM for all but the first, and getsockopt() what it says of an unknown option.
 *
 * UDP, and whoever writes or checks shims in user space, links libxsteer-shim.a. It has no state, allocates nothing and
 * needs only libc. Numbers are in host order unless a line says otherwise. */
#ifndef XSTEER_SHIM_H
#define XSTEER_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sockaddr;

#define XSTEER_STAMP_LEVEL	0x5853
#define XSTEER_STAMP		1
#define XSTEER_KEY_SIZE		16
#define XSTEER_OPTION_SIZE	20	/* the TCP option, with kind and length */
#define XSTEER_LONG_MAX		72	/* the longest long form */
#define XSTEER_HASHES		8	/* prefix hashes in a long form, at most */
#define XSTEER_WINDOW_S		30	/* how old or how early a long form may be by default */

/* What a socket says of its connection. 16 bytes, "=HBBBB2xII" for Python's struct.pack(). */
struct xsteer_stamp {
	uint16_t tenant;	/* its number */
	uint8_t slo_class;	/* 0..15 */
	uint8_t exp_a;		/* hash A covers the first 2^exp_a tokens: 5..19, the deepest that fits in the prompt; 0: no prefix */
	uint8_t back;		/* hash B covers 2^(exp_a - back) tokens: 1..3; 0: no hash B */
	uint8_t quarter;	/* 0..3: the prompt has about 2^exp_a * (1 + (quarter + 0.5) / 4) tokens */
	uint16_t zero;
	uint32_t hash_a;	/* 0: not known */
	uint32_t hash_b;
};

/* The TCP option in full. */
struct xsteer_option {
	struct xsteer_stamp stamp;
	uint8_t epoch;		/* 1: the tenant's odd key */
	uint8_t tagged;		/* read: a tag is there; ignored by write */
};

/* The long form, at the start of a UDP payload. */
struct xsteer_long {
	uint64_t request_id;
	uint32_t tenant;
	uint32_t input_tokens;	/* 0: unknown */
	uint32_t time;		/* unix seconds when it was made; write takes 0 for now */
	uint16_t output_tokens;	/* expected; 0: unknown */
	uint16_t budget_ms;	/* time to first token that the caller wants; 0: the class decides */
	uint8_t slo_class;	/* 0..15 */
	uint8_t epoch;		/* 1: the tenant's odd key */
	uint8_t exp0;		/* hash i covers the first 2^(exp0 + i) tokens: 4..15; means nothing if n is 0 */
	uint8_t n;		/* hashes: 0..8 */
	uint8_t tagged;		/* read: a tag is there; ignored by write */
	uint8_t pad[3];
	uint32_t hash[XSTEER_HASHES];	/* shallow to deep; 0: not known */
};

/* Where the packet is sent, as connect() or sendto() sees it: every tag covers it. */
struct xsteer_dest {
	uint8_t addr[16];	/* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

enum xsteer_finding { XSTEER_OK, XSTEER_NO_SHIM, XSTEER_MALFORMED, XSTEER_UNAUTHENTIC, XSTEER_STALE };

/* xsteer_finding_name() - "no_shim", "shim_malformed", ... as xsteer counts them; "ok" */
const char *xsteer_finding_name(enum xsteer_finding finding);

/* xsteer_dest_from() - the destination from what connect() is given. Return: 0, -EAFNOSUPPORT: neither IPv4 nor IPv6 */
int xsteer_dest_from(struct xsteer_dest *dest, const struct sockaddr *addr);

/* xsteer_long_write() - make a long form; key NULL: without a tag, and dest may be NULL
 * Return: bytes written, -EINVAL: a value out of range, -ENOSPC: more than room */
int xsteer_long_write(void *to, size_t room, const struct xsteer_long *shim, const uint8_t *key, const struct xsteer_dest *dest);
/* xsteer_long_read() - take a datagram's payload apart. Return: XSTEER_OK, XSTEER_NO_SHIM or XSTEER_MALFORMED */
enum xsteer_finding xsteer_long_read(struct xsteer_long *shim, const void *payload, size_t len);
/* xsteer_long_size() - bytes that this shim takes, tagged as it says */
size_t xsteer_long_size(const struct xsteer_long *shim);
/* xsteer_long_check() - read and judge: the tag under key, then the age at unix time now. key NULL: the tenant has none
 * Return: any finding; a shim without a tag is unauthentic if there is a key, one with a tag if there is none */
enum xsteer_finding xsteer_long_check(const void *payload, size_t len, const uint8_t *key, const struct xsteer_dest *dest,
				      uint32_t now, uint32_t window_s);

/* xsteer_option_write() - make the option of a SYN with this initial sequence number at unix time now
 * key NULL: without a tag, and dest may be NULL. Return: XSTEER_OPTION_SIZE, -EINVAL: a value out of range */
int xsteer_option_write(void *to, const struct xsteer_option *option, const uint8_t *key, const struct xsteer_dest *dest,
			uint32_t isn, uint32_t now);
/* xsteer_option_read() - take an option apart; bytes begin at its kind. Return: XSTEER_OK, XSTEER_NO_SHIM or XSTEER_MALFORMED */
enum xsteer_finding xsteer_option_read(struct xsteer_option *option, const void *bytes, size_t len);
/* xsteer_option_check() - read and judge, as xsteer_long_check(); a tag of another time is unauthentic, as it covers the time */
enum xsteer_finding xsteer_option_check(const void *bytes, size_t len, const uint8_t *key, const struct xsteer_dest *dest,
					uint32_t isn, uint32_t now);

/* xsteer_prefixes() - hash the whole powers of two inside a prompt, from 2^exp0 tokens on
 * @tokens: token ids, each a little-endian uint32_t; or a pool's canonical text, four bytes standing for one token
 * @bytes: four times the number of tokens; @exp0: 4..19; @seed: see xsteer_seed()
 * Return: how many hashes there are, at most most */
unsigned int xsteer_prefixes(const void *tokens, size_t bytes, uint64_t seed, unsigned int exp0, uint32_t *hash, unsigned int most);
/* xsteer_stamp_prefix() - fill in exp_a, back, quarter and both hashes of a stamp (back is 1: the best choice found) */
void xsteer_stamp_prefix(struct xsteer_stamp *stamp, const void *tokens, size_t bytes, uint64_t seed);
/* xsteer_seed() - what does not share cache must not share a hash: begin with the tenant's salt (or 0), and mix in the name of
 * a LoRA adapter and the bytes of each input that is not text. Return: the new seed */
uint64_t xsteer_seed(uint64_t seed, const void *bytes, size_t len);
/* xsteer_chat() - append one message of a chat to its canonical text. Return: bytes it takes; nothing is written if that is more than room */
size_t xsteer_chat(void *to, size_t room, const char *role, const char *text);

/* xsteer_keygen() - a random key from the kernel. Return: 0 or -errno */
int xsteer_keygen(uint8_t key[XSTEER_KEY_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
