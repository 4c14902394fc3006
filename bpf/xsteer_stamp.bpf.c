// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stamping, attached to a client's cgroup: a setsockopt() leaves a stamp in its socket, and SYNs carry it as an option.
 *
 *	setsockopt()	checked against the cgroup's tenants, kept in the socket's storage
 *	connect()	claim: the innermost stamped cgroup owns the connection; sockets that say nothing get its default
 *	SYN, length	20 bytes are reserved, or counted as missing
 *	SYN, write	the option, with a tag over its sequence number, the time slot and the destination; each retransmission anew
 *
 * What is not ours passes untouched: replies of other programs stay, and callback flags are added to, never cleared. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "maps/siphash.h"
#include "maps/stamp.h"

#define AF_INET		2
#define SOCK_STREAM	1
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#define XS_OPT_PAGE	4096	/* of a longer option value programs see no more */
#define XS_TH_SYN	0x02
#define XS_TH_ACK	0x10
#define XS_NS		1000000000LL

const volatile struct xs_stamp_features feat = {};

#define XS_MAP_HASH BPF_MAP_TYPE_HASH
#define XS_MAP_ARRAY BPF_MAP_TYPE_ARRAY
#define XS_MAP_PERCPU_ARRAY BPF_MAP_TYPE_PERCPU_ARRAY
#define X(name, type_, k, v, n, who) \
	struct { __uint(type, XS_MAP_##type_); __uint(max_entries, n); __type(key, k); __type(value, v); } name SEC(".maps");
XS_STAMP_MAPS(X)
#undef X

/* Stamps and owners, in the sockets; programs write and read; as many as there are sockets. */
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, struct xs_stamp_sock); } xs_st_socks SEC(".maps");

#define XS_GET(map, id) ({ __u32 xs_get_id = (id); bpf_map_lookup_elem(&(map), &xs_get_id); })

static __always_inline void xs_bump(enum xs_stamp_count count)
{
	__u64 *n = XS_GET(xs_st_counts, count);

	if (n)
		*n += 1;
}

static __always_inline const struct xs_stamp_tenant *xs_tenant_of(const struct xs_stamp_conf *conf, __u16 number)
{
	for (__u32 i = 0; i < XS_STAMP_TENANTS; i++) {
		if (i >= conf->tenants)
			break;
		if (conf->tenant[i].number == number)
			return &conf->tenant[i];
	}
	return NULL;
}

/* The caller of a socket option is answered here; neither the kernel nor the programs of outer cgroups look at it. */
static __always_inline int xs_answer(struct bpf_sockopt *c, int err)
{
	c->optlen = -1;
	if (err && feat.retval)
		bpf_set_retval(err);
	return !err;	/* 0 alone means EPERM */
}

/* A value that is longer than what programs see goes to the kernel as the caller gave it. */
static __always_inline int xs_other_option(struct bpf_sockopt *c)
{
	if (c->optlen > XS_OPT_PAGE)
		c->optlen = 0;
	return 1;
}

static __always_inline int xs_stamp_errno(const struct xs_stamp *s)
{
	bool prefix = !s->exp_a || (s->exp_a >= 5 && s->exp_a <= 19);

	return s->class > 15 || !prefix || s->back > 3 || s->quarter > 3 || s->zero ? -EINVAL : 0;
}

SEC("cgroup/setsockopt")
int xsteer_set(struct bpf_sockopt *c)
{
	struct xs_stamp_conf *conf = XS_GET(xs_st_conf, 0);
	struct xs_stamp *s = c->optval;
	struct xs_stamp_sock *st;

	if (c->level != XS_STAMP_LEVEL || c->optname != XS_STAMP_NAME)
		return xs_other_option(c);
	if (c->optlen < 0)
		return 1;	/* an inner cgroup has answered */
	if (!conf || !c->sk)
		return xs_answer(c, -EINVAL);
	if (c->sk->type != SOCK_STREAM || (c->sk->protocol != IPPROTO_TCP && c->sk->protocol != IPPROTO_MPTCP))
		return xs_answer(c, -EOPNOTSUPP);
	if (c->optlen != sizeof(*s) || (void *)(s + 1) > c->optval_end || xs_stamp_errno(s))
		return xs_answer(c, -EINVAL);
	if (c->sk->state != BPF_TCP_CLOSE)
		return xs_answer(c, -EISCONN);
	if (!xs_tenant_of(conf, s->tenant)) {
		xs_bump(XS_SC_DENIED);
		return xs_answer(c, -EPERM);
	}
	st = bpf_sk_storage_get(&xs_st_socks, c->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!st)
		return xs_answer(c, -ENOMEM);
	st->stamp = *s;
	st->set = 1;
	return xs_answer(c, 0);
}

/* getsockopt() fails in any case, as the kernel does not know the option; this says why. */
static __always_inline int xs_no_value(int err)
{
	if (feat.retval)
		bpf_set_retval(err);
	return 1;
}

SEC("cgroup/getsockopt")
int xsteer_get(struct bpf_sockopt *c)
{
	struct xs_stamp_conf *conf = XS_GET(xs_st_conf, 0);
	struct xs_stamp *s = c->optval;
	struct xs_stamp_sock *st;

	if (c->level != XS_STAMP_LEVEL || c->optname != XS_STAMP_NAME)
		return xs_other_option(c);
	if (c->retval == 0 || c->retval == -ENOENT || !conf || !c->sk)
		return 1;	/* an inner cgroup has answered */
	if ((void *)(s + 1) > c->optval_end || c->optlen < (int)sizeof(*s))
		return xs_no_value(-EINVAL);
	st = bpf_sk_storage_get(&xs_st_socks, c->sk, NULL, 0);
	if (!conf->has_def && (!st || !st->set))
		return xs_no_value(-ENOENT);
	*s = st && st->set ? st->stamp : conf->def;
	c->optlen = sizeof(*s);
	barrier();	/* two stores: the verifier knows no field of both */
	c->retval = 0;
	return 1;
}

/* The stamp that the application gave to the MPTCP socket of which this is the first subflow. */
static __always_inline void xs_inherit(struct bpf_sock *sk, struct xs_stamp_sock *st)
{
	struct mptcp_sock *m = feat.mptcp ? bpf_skc_to_mptcp_sock(sk) : NULL;
	struct xs_stamp_sock *from = m ? bpf_sk_storage_get(&xs_st_socks, m, NULL, 0) : NULL;

	if (from && from->set && !st->set) {
		st->stamp = from->stamp;
		st->set = 1;
	}
}

/* connect(): this cgroup owns the connection unless a deeper one that is still stamped does; that one's program ran before. */
static __always_inline void xs_claim(struct bpf_sock_ops *c, struct bpf_sock *sk, const struct xs_stamp_conf *conf)
{
	struct xs_stamp_sock *st = bpf_sk_storage_get(&xs_st_socks, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	__u32 *level;
	__u64 owner;

	if (!st) {
		xs_bump(XS_SC_NO_MEMORY);
		return;
	}
	owner = st->owner;
	level = owner && owner != conf->cgroup ? bpf_map_lookup_elem(&xs_st_levels, &owner) : NULL;
	if (level && *level > conf->level)
		return;
	st->owner = conf->cgroup;
	xs_inherit(sk, st);
	if (st->set || conf->has_def)
		bpf_sock_ops_cb_flags_set(c, c->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG);
}

/* Unix time. CLOCK_TAI follows when the host's clock is set, CLOCK_BOOTTIME does not; but TAI's distance from unix time
 * is often 0 until a time daemon sets it to 37 s, and then the clocks part by just that. Return: 0: no sound clock */
static __always_inline __u64 xs_now(void)
{
	struct xs_clock *k = XS_GET(xs_st_clock, 0);
	__u64 now, tai;
	__s64 ahead;

	if (!k || !k->valid)
		return 0;
	now = bpf_ktime_get_boot_ns() + k->boot_off_ns;
	if (feat.tai) {
		tai = bpf_ktime_get_tai_ns() - k->tai_off_ns;
		ahead = tai - now;
		if (k->tai_off_ns || ahead < 35 * XS_NS || ahead > 40 * XS_NS)
			now = tai;
	}
	now /= XS_NS;
	return now < XS_EPOCH_SANE ? 0 : now;
}

/* The stamp of this SYN, if it is ours to make. */
static __always_inline const struct xs_stamp *xs_stamp_of(struct bpf_sock *sk, const struct xs_stamp_conf *conf)
{
	struct xs_stamp_sock *st = bpf_sk_storage_get(&xs_st_socks, sk, NULL, 0);

	if (!st || st->owner != conf->cgroup)
		return NULL;
	return st->set ? &st->stamp : conf->has_def ? &conf->def : NULL;
}

static __always_inline void xs_reserve(struct bpf_sock_ops *c, const struct xs_stamp_conf *conf, const struct xs_stamp *s)
{
	const struct xs_stamp_tenant *t = xs_tenant_of(conf, s->tenant);

	if (!t)
		xs_bump(XS_SC_DENIED);	/* taken from the cgroup since setsockopt() */
	else if (t->tagged && !xs_now())
		xs_bump(XS_SC_NO_CLOCK);
	else if (bpf_reserve_hdr_opt(c, XS_OPT_LEN, 0))
		xs_bump(XS_SC_NO_ROOM);
}

static __always_inline __u32 xs_tag(struct bpf_sock_ops *c, const struct xs_shim_opt *o, __be32 seq, __be16 dport, const struct xs_stamp_tenant *t)
{
	bool v4 = c->family == AF_INET;
	__u32 w0 = c->remote_ip6[0], w1 = c->remote_ip6[1], w2 = c->remote_ip6[2], w3 = c->remote_ip6[3], ip4 = c->remote_ip4;
	__u32 slot = bpf_htonl(xs_now() / XS_SLOT_S);
	struct xs_sip s;
	__u64 w;

	barrier_var(ip4);	/* all were loaded: the verifier takes no choice between two fields of the context */
	if (v4) {
		w0 = w1 = 0;
		w2 = bpf_htonl(0xffff);
		w3 = ip4;
	}
	xs_sip_init(&s, t->key[0], t->key[1]);
	__builtin_memcpy(&w, &o->flags, 8);
	xs_sip24_word(&s, w);
	xs_sip24_word(&s, o->hash_b | (__u64)seq << 32);
	xs_sip24_word(&s, slot | (__u64)w0 << 32);
	xs_sip24_word(&s, w1 | (__u64)w2 << 32);
	xs_sip24_word(&s, w3 | (__u64)dport << 32);
	xs_sip24_word(&s, 40ULL << 56);
	return bpf_htonl(xs_sip24_end(&s) >> 32);
}

static __always_inline void xs_write(struct bpf_sock_ops *c, const struct xs_stamp_conf *conf, const struct xs_stamp *s)
{
	const struct xs_stamp_tenant *t = xs_tenant_of(conf, s->tenant);
	struct tcphdr *th = c->skb_data;
	struct xs_shim_opt o = {
		.kind = XS_OPT_KIND, .len = XS_OPT_LEN, .exid = bpf_htons(XS_SHIM_MAGIC),
		.flags = XS_SHIM_VERSION << 6 | (s->class & 15),
		.prefix = (s->exp_a ? s->exp_a - 4 : 0) << 4 | (s->back & 3) << 2 | (s->quarter & 3),
		.tenant = bpf_htons(s->tenant), .hash_a = bpf_htonl(s->hash_a), .hash_b = bpf_htonl(s->hash_b),
	};

	if (!t || (void *)(th + 1) > c->skb_data_end)
		return;
	o.flags |= (t->epoch ? XS_OPT_EPOCH : 0) | (t->tagged ? XS_OPT_AUTH : 0);
	if (t->tagged)
		o.tag = xs_tag(c, &o, th->seq, th->dest, t);
	if (!bpf_store_hdr_opt(c, &o, sizeof(o), 0))
		xs_bump(XS_SC_STAMPED);
}

/* The callback flag stays when the SYN is out, for others may have set it as well: later segments turn back at the first check. */
SEC("sockops")
int xsteer_syn(struct bpf_sock_ops *c)
{
	bool connect = c->op == BPF_SOCK_OPS_TCP_CONNECT_CB, len = c->op == BPF_SOCK_OPS_HDR_OPT_LEN_CB;
	const struct xs_stamp *s;
	struct xs_stamp_conf *conf;
	struct bpf_sock *sk;

	if (!connect && !len && c->op != BPF_SOCK_OPS_WRITE_HDR_OPT_CB)
		return 1;
	if (!connect && (c->skb_tcp_flags & (XS_TH_SYN | XS_TH_ACK)) != XS_TH_SYN)
		return 1;
	conf = XS_GET(xs_st_conf, 0);
	sk = c->sk;
	if (!conf || !sk)
		return 1;
	if (connect) {
		xs_claim(c, sk, conf);
		return 1;
	}
	s = xs_stamp_of(sk, conf);
	if (s && len)
		xs_reserve(c, conf, s);
	else if (s)
		xs_write(c, conf, s);
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
