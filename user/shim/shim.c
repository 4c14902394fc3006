// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both forms of the shim: struct <-> bytes, and tags. maps/shim.h has the layout. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "maps/shim.h"
#include "maps/siphash.h"
#include "maps/stamp.h"
#include "user/shim/xsteer_shim.h"

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "SipHash and prefix hashes read words as they lie in memory");
_Static_assert(XSTEER_LONG_MAX == XS_SHIM_MAX && XSTEER_HASHES == XS_SHIM_HASHES && XSTEER_OPTION_SIZE == XS_OPT_LEN &&
	       XSTEER_WINDOW_S == XS_WINDOW_S && XSTEER_STAMP_LEVEL == XS_STAMP_LEVEL && XSTEER_STAMP == XS_STAMP_NAME &&
	       sizeof(struct xsteer_stamp) == sizeof(struct xs_stamp) && offsetof(struct xsteer_stamp, exp_a) == offsetof(struct xs_stamp, exp_a) &&
	       offsetof(struct xsteer_stamp, quarter) == offsetof(struct xs_stamp, quarter) &&
	       offsetof(struct xsteer_stamp, hash_b) == offsetof(struct xs_stamp, hash_b),
	       "the public header repeats maps/shim.h and maps/stamp.h");

const char *xsteer_finding_name(enum xsteer_finding f)
{
	static const char *const names[] = { "ok", "no_shim", "shim_malformed", "shim_unauthentic", "shim_stale" };

	return names[f];
}

int xsteer_dest_from(struct xsteer_dest *dest, const struct sockaddr *addr)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;

	if (addr->sa_family == AF_INET) {
		memset(dest->addr, 0, 10);
		memset(dest->addr + 10, 0xff, 2);
		memcpy(dest->addr + 12, &v4->sin_addr, 4);
		dest->port = ntohs(v4->sin_port);
		return 0;
	}
	if (addr->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(dest->addr, &v6->sin6_addr, 16);
	dest->port = ntohs(v6->sin6_port);
	return 0;
}

int xsteer_keygen(uint8_t key[XSTEER_KEY_SIZE])
{
	return getrandom(key, XSTEER_KEY_SIZE, 0) == XSTEER_KEY_SIZE ? 0 : -errno;
}

/* The bytes under a tag, gathered piece by piece. */
struct message {
	union {
		__u64 w[XS_SIP_WORDS];
		uint8_t b[8 * XS_SIP_WORDS];
	};
	uint32_t len;
};

static void add(struct message *m, const void *bytes, size_t len)
{
	memcpy(m->b + m->len, bytes, len);
	m->len += len;
}

static uint64_t tag(struct message *m, const struct xsteer_dest *dest, const uint8_t *key)
{
	struct xs_shim_dest d = { .port = htons(dest->port) };
	uint64_t k[2];

	memcpy(&d.addr, dest->addr, sizeof(d.addr));
	add(m, &d, sizeof(d));
	memcpy(k, key, sizeof(k));
	return xs_sip24_padded(m->w, m->len, k[0], k[1]);
}

static uint64_t long_tag(const void *shim, size_t len, const struct xsteer_dest *dest, const uint8_t *key)
{
	struct message m = { 0 };

	add(&m, shim, len);
	return tag(&m, dest, key);
}

static uint32_t option_tag(const struct xs_shim_opt *o, uint32_t isn, uint32_t slot, const struct xsteer_dest *dest, const uint8_t *key)
{
	struct message m = { 0 };
	uint32_t rest[2] = { htonl(isn), htonl(slot) };

	add(&m, &o->flags, 12);
	add(&m, rest, sizeof(rest));
	return tag(&m, dest, key) >> 32;
}

size_t xsteer_long_size(const struct xsteer_long *s)
{
	return XS_SHIM_MIN + 4 * s->n + (s->tagged ? XS_SHIM_TAG : 0);
}

int xsteer_long_write(void *to, size_t room, const struct xsteer_long *s, const uint8_t *key, const struct xsteer_dest *dest)
{
	size_t body = XS_SHIM_MIN + 4 * s->n, size = body + (key ? XS_SHIM_TAG : 0);
	struct xs_shim_long h = {
		.magic = htons(XS_SHIM_MAGIC),
		.version_class = XS_SHIM_VERSION << 4 | s->slo_class,
		.words = size / 4,
		.flags = (key ? XS_SHIM_AUTH : 0) | (s->epoch ? XS_SHIM_EPOCH : 0),
		.exp0_n = s->exp0 << 4 | s->n,
		.budget_ms = htons(s->budget_ms),
		.input_tokens = htonl(s->input_tokens),
		.tenant = htonl(s->tenant),
		.request_id = htobe64(s->request_id),
		.time = htonl(s->time ?: (uint32_t)time(NULL)),
		.output_tokens = htons(s->output_tokens),
	};
	uint8_t *p = to;
	uint32_t hash;
	uint64_t t;

	if (s->slo_class > 15 || s->n > XS_SHIM_HASHES || s->exp0 > 15 || (s->n && s->exp0 < 4) || (key && !dest))
		return -EINVAL;
	if (size > room)
		return -ENOSPC;
	memcpy(p, &h, sizeof(h));
	for (unsigned int i = 0; i < s->n; i++) {
		hash = htonl(s->hash[i]);
		memcpy(p + XS_SHIM_MIN + 4 * i, &hash, 4);
	}
	if (key) {
		t = htobe64(long_tag(p, body, dest, key));
		memcpy(p + body, &t, sizeof(t));
	}
	return size;
}

enum xsteer_finding xsteer_long_read(struct xsteer_long *s, const void *payload, size_t len)
{
	struct xs_shim_long h = { 0 };
	unsigned int n, tagged;
	uint32_t hash;

	memcpy(&h, payload, len < sizeof(h) ? len : sizeof(h));
	if (len < sizeof(h.magic) || h.magic != htons(XS_SHIM_MAGIC))
		return XSTEER_NO_SHIM;
	n = h.exp0_n & 15;
	tagged = h.flags & XS_SHIM_AUTH;
	if (len < sizeof(h) || h.version_class >> 4 != XS_SHIM_VERSION || h.flags & XS_SHIM_CRITICAL || n > XS_SHIM_HASHES ||
	    (n && h.exp0_n >> 4 < 4) || h.words != 8 + n + (tagged ? 2 : 0) || len < h.words * 4u)
		return XSTEER_MALFORMED;
	*s = (struct xsteer_long) {
		.request_id = be64toh(h.request_id), .tenant = ntohl(h.tenant), .input_tokens = ntohl(h.input_tokens),
		.time = ntohl(h.time), .output_tokens = ntohs(h.output_tokens), .budget_ms = ntohs(h.budget_ms),
		.slo_class = h.version_class & 15, .epoch = !!(h.flags & XS_SHIM_EPOCH), .exp0 = h.exp0_n >> 4, .n = n, .tagged = tagged,
	};
	for (unsigned int i = 0; i < n; i++) {
		memcpy(&hash, (const uint8_t *)payload + XS_SHIM_MIN + 4 * i, 4);
		s->hash[i] = ntohl(hash);
	}
	return XSTEER_OK;
}

enum xsteer_finding xsteer_long_check(const void *payload, size_t len, const uint8_t *key, const struct xsteer_dest *dest,
				      uint32_t now, uint32_t window_s)
{
	struct xsteer_long s;
	enum xsteer_finding f = xsteer_long_read(&s, payload, len);
	uint64_t t;

	if (f != XSTEER_OK)
		return f;
	if (s.tagged != !!key)
		return XSTEER_UNAUTHENTIC;
	if (!key)
		return XSTEER_OK;
	memcpy(&t, (const uint8_t *)payload + XS_SHIM_MIN + 4 * s.n, sizeof(t));
	if (be64toh(t) ^ long_tag(payload, XS_SHIM_MIN + 4 * s.n, dest, key))
		return XSTEER_UNAUTHENTIC;
	return (s.time < now ? now - s.time : s.time - now) > window_s ? XSTEER_STALE : XSTEER_OK;
}

int xsteer_option_write(void *to, const struct xsteer_option *option, const uint8_t *key, const struct xsteer_dest *dest,
			uint32_t isn, uint32_t now)
{
	const struct xsteer_stamp *s = &option->stamp;
	struct xs_shim_opt o = {
		.kind = XS_OPT_KIND, .len = XS_OPT_LEN, .exid = htons(XS_SHIM_MAGIC),
		.flags = XS_SHIM_VERSION << 6 | (option->epoch ? XS_OPT_EPOCH : 0) | (key ? XS_OPT_AUTH : 0) | s->slo_class,
		.prefix = (s->exp_a ? s->exp_a - 4 : 0) << 4 | s->back << 2 | s->quarter,
		.tenant = htons(s->tenant), .hash_a = htonl(s->hash_a), .hash_b = htonl(s->hash_b),
	};

	if (s->slo_class > 15 || (s->exp_a && (s->exp_a < 5 || s->exp_a > 19)) || s->back > 3 || s->quarter > 3 || (key && !dest))
		return -EINVAL;
	if (key)
		o.tag = htonl(option_tag(&o, isn, now / XS_SLOT_S, dest, key));
	memcpy(to, &o, sizeof(o));
	return sizeof(o);
}

enum xsteer_finding xsteer_option_read(struct xsteer_option *option, const void *bytes, size_t len)
{
	struct xs_shim_opt o = { 0 };
	unsigned int a;

	memcpy(&o, bytes, len < sizeof(o) ? len : sizeof(o));
	if (len < 4 || o.kind != XS_OPT_KIND || o.len < 4 || o.exid != htons(XS_SHIM_MAGIC))
		return XSTEER_NO_SHIM;
	if (o.len != XS_OPT_LEN || len < sizeof(o) || o.flags >> 6 != XS_SHIM_VERSION)
		return XSTEER_MALFORMED;
	a = o.prefix >> 4;
	*option = (struct xsteer_option) {
		.stamp = { .tenant = ntohs(o.tenant), .slo_class = o.flags & 15, .exp_a = a ? a + 4 : 0, .back = o.prefix >> 2 & 3,
			   .quarter = o.prefix & 3, .hash_a = ntohl(o.hash_a), .hash_b = ntohl(o.hash_b) },
		.epoch = !!(o.flags & XS_OPT_EPOCH), .tagged = !!(o.flags & XS_OPT_AUTH),
	};
	return XSTEER_OK;
}

enum xsteer_finding xsteer_option_check(const void *bytes, size_t len, const uint8_t *key, const struct xsteer_dest *dest,
					uint32_t isn, uint32_t now)
{
	uint32_t slot = now / XS_SLOT_S, other = now % XS_SLOT_S < XS_SLOT_S / 2 ? slot - 1 : slot + 1, wrong, late;
	struct xsteer_option option;
	enum xsteer_finding f = xsteer_option_read(&option, bytes, len);
	struct xs_shim_opt o;

	if (f != XSTEER_OK)
		return f;
	if (option.tagged != !!key)
		return XSTEER_UNAUTHENTIC;
	if (!key)
		return XSTEER_OK;
	memcpy(&o, bytes, sizeof(o));
	wrong = ntohl(o.tag) ^ option_tag(&o, isn, slot, dest, key);
	late = ntohl(o.tag) ^ option_tag(&o, isn, other, dest, key);
	return wrong && late ? XSTEER_UNAUTHENTIC : XSTEER_OK;
}
