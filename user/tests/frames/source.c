// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sources that a target may see in place of the client. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "user/tests/frames/host.h"

static bool read_source(const struct frame *f, struct end *e)
{
	bool v6 = f->byte[12] == 0x86;
	uint32_t l4 = v6 ? 54 : 14 + (f->byte[14] & 15) * 4;

	if (f->len < l4 + 4)
		return false;
	if (v6 && f->byte[20] == 44)
		l4 += 8;
	e->addr = (struct xs_addr){ .w = { 0, 0, htonl(0xffff) } };
	memcpy(&e->addr.w[v6 ? 0 : 3], f->byte + (v6 ? 22 : 26), v6 ? 16 : 4);
	e->port = f->byte[l4] << 8 | f->byte[l4 + 1];
	return true;
}

bool host_source(const struct frame *in, const struct frame *out, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	const struct xs_r_site *s;
	bool allowed = false, v4;
	struct end was, is;

	if (!read_source(in, &was) || !read_source(out, &is))
		return false;
	v4 = xs_addr_is4(&is.addr);
	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *)&is.addr.w[3] : &is.addr, addr, sizeof(addr));
	snprintf(text, size, v4 ? "%s:%u" : "[%s]:%u", addr, is.port);
	xs_each(s, host_model(), XS_K_SITE) {
		if (!s->local || is.port < s->port[0] || is.port > s->port[1])
			continue;
		allowed |= !memcmp(&is.addr, &was.addr, sizeof(is.addr)) && is.port != was.port;
		for (int i = 0; i < XS_OWN_MOST; i++)
			allowed |= !memcmp(&is.addr, &s->own[i], sizeof(is.addr));
	}
	return allowed;
}
