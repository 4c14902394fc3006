// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "user/load/route.h"

/* A request with room for one address, and an answer with room for the metrics of a route. */
struct ask {
	struct nlmsghdr h;
	union { struct rtmsg route; struct ndmsg neigh; };
	char attrs[32];
};
union answer {
	struct nlmsghdr h;
	char bytes[8192];
};

static void put_addr(struct ask *a, unsigned short type, const struct xs_addr *addr)
{
	struct rtattr *rta = (struct rtattr *)((char *)a + NLMSG_ALIGN(a->h.nlmsg_len));
	size_t n = xs_addr_is4(addr) ? 4 : 16;

	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(n);
	memcpy(RTA_DATA(rta), &addr->w[xs_addr_is4(addr) ? 3 : 0], n);
	a->h.nlmsg_len = NLMSG_ALIGN(a->h.nlmsg_len) + RTA_ALIGN(rta->rta_len);
}

/* One question, one answer of the wanted type. */
static int talk(struct ask *a, union answer *got, unsigned short want)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	a->h.nlmsg_flags = NLM_F_REQUEST;
	if (send(fd, a, a->h.nlmsg_len, 0) < 0 || (n = recv(fd, got, sizeof(*got), 0)) < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	if (!NLMSG_OK(&got->h, n))
		return -EBADMSG;
	if (got->h.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&got->h))->error ?: -EBADMSG;
	return got->h.nlmsg_type == want ? 0 : -EBADMSG;
}

int xs_route_get(const struct xs_addr *to, struct xs_route *r)
{
	struct ask a = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(a.route)), .nlmsg_type = RTM_GETROUTE } };
	size_t bytes = xs_addr_is4(to) ? 4 : 16;
	union answer got;
	struct rtattr *t;
	struct rtmsg *m;
	int len, err;

	*r = (struct xs_route){ .next = *to };
	a.route.rtm_family = bytes == 4 ? AF_INET : AF_INET6;
	a.route.rtm_dst_len = 8 * bytes;
	put_addr(&a, RTA_DST, to);
	err = talk(&a, &got, RTM_NEWROUTE);
	if (err)
		return err;
	m = NLMSG_DATA(&got.h);
	r->type = m->rtm_type;
	len = RTM_PAYLOAD(&got.h);
	for (t = RTM_RTA(m); RTA_OK(t, len); t = RTA_NEXT(t, len)) {
		if (t->rta_type == RTA_OIF)
			memcpy(&r->ifindex, RTA_DATA(t), sizeof(r->ifindex));
		if (t->rta_type == RTA_GATEWAY && RTA_PAYLOAD(t) == bytes)
			memcpy(&r->next.w[bytes == 4 ? 3 : 0], RTA_DATA(t), bytes);
	}
	/* IPv6 tells of a route that refuses in a message, IPv4 in an error */
	return r->type == RTN_UNREACHABLE || r->type == RTN_BLACKHOLE || r->type == RTN_PROHIBIT ? -EHOSTUNREACH : 0;
}

int xs_neigh_get(const struct xs_addr *next, uint32_t ifindex)
{
	struct ask a = { .h = { .nlmsg_len = NLMSG_LENGTH(sizeof(a.neigh)), .nlmsg_type = RTM_GETNEIGH } };
	union answer got;
	int err;

	a.neigh.ndm_family = xs_addr_is4(next) ? AF_INET : AF_INET6;
	a.neigh.ndm_ifindex = ifindex;
	put_addr(&a, NDA_DST, next);
	err = talk(&a, &got, RTM_NEWNEIGH);
	return err ?: ((struct ndmsg *)NLMSG_DATA(&got.h))->ndm_state;
}

bool xs_forwarding(const char *dev, bool v4)
{
	char path[128];
	int c = '0';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding", v4 ? "ipv4" : "ipv6", dev);
	f = fopen(path, "re");
	if (f) {
		c = fgetc(f);
		fclose(f);
	}
	return c == '1' || c == '2';
}
