// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/load/dev.h"
#include "user/load/redirect.h"

const struct xs_col xs_dev_cols[] = {
	{ "device", "DEVICE", XS_FMT_TEXT }, { "mode", "MODE", XS_FMT_TEXT }, { "xdp", "XDP", XS_FMT_TEXT },
	{ "egress", "EGRESS", XS_FMT_TEXT }, { "redirect", "REDIRECT", XS_FMT_TEXT }, { "mtu", "MTU", XS_FMT_COUNT },
	{ "mac", "MAC", XS_FMT_TEXT }, { 0 },
};

const char *xs_dev_name(uint32_t ifindex)
{
	static char names[4][IF_NAMESIZE];
	static int turn;
	char *name = names[turn++ % 4];

	if (!if_indextoname(ifindex, name))
		snprintf(name, IF_NAMESIZE, "#%u", ifindex);
	return name;
}

int xs_dev_look(const char *name, struct xs_dev *dev)
{
	struct ifreq r = { 0 };
	int fd, err = 0;

	*dev = (struct xs_dev){ .ifindex = if_nametoindex(name) };
	if (!dev->ifindex)
		return xs_refuse(name, "see ip link; run in the network namespace of the device", "no such device");
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &r))
		err = xs_kernel(errno, name, NULL, "cannot ask its MTU");
	dev->mtu = r.ifr_mtu;
	if (!err && ioctl(fd, SIOCGIFHWADDR, &r))
		err = xs_kernel(errno, name, NULL, "cannot ask its address");
	else if (!err && r.ifr_hwaddr.sa_family != ARPHRD_ETHER && r.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)
		err = xs_refuse(name, "load the device below it, or a veth or bridge port", "its frames have no Ethernet header");
	memcpy(dev->mac, r.ifr_hwaddr.sa_data, sizeof(dev->mac));
	if (fd >= 0)
		close(fd);
	return err;
}

bool xs_dev_at(uint32_t slot, struct xs_dev *dev)
{
	return !xs_map_get(XS_MAP_xs_devs, &slot, dev) && dev->ifindex;
}

/* Next hops remember a slot for a second: beginning at ifindex, another device is not likely to get one that was just given up. */
static int free_slot(const char *name, uint32_t ifindex, uint32_t *slot)
{
	struct xs_dev d;

	for (uint32_t i = 0; i < XS_MAX_DEVS; i++) {
		*slot = (ifindex + i) % XS_MAX_DEVS;
		if (!xs_dev_at(*slot, &d))
			return 0;
	}
	return xs_refuse(name, "unload a device, or run a second instance with -i", "an instance takes %u devices", XS_MAX_DEVS);
}

static int take_slot(const char *name, const struct xs_dev *dev, uint32_t slot)
{
	int err = xs_map_set(XS_MAP_xs_devmap, &slot, &dev->ifindex) ?: xs_map_set(XS_MAP_xs_devs, &slot, dev) ?:
		  xs_map_set(XS_MAP_xs_devslot, &dev->ifindex, &slot);

	return err ? xs_kernel(err, name, NULL, "cannot be entered into the device maps") : 0;
}

static void give_slot(uint32_t ifindex, uint32_t slot)
{
	const struct xs_dev none = { 0 };

	xs_map_del(XS_MAP_xs_devslot, &ifindex);
	xs_map_set(XS_MAP_xs_devs, &slot, &none);
	xs_map_del(XS_MAP_xs_devmap, &slot);
}

int xs_dev_add(const char *name, enum xs_mode mode, bool probe)
{
	struct xs_dev dev;
	const char *why;
	uint32_t slot;
	int err;

	err = xs_dev_look(name, &dev);
	if (err)
		return err;
	if (!xs_map_get(XS_MAP_xs_devslot, &dev.ifindex, &slot))
		return xs_refuse(name, "see xsteer status", "instance %s is loaded on it already", xs_env.instance);
	err = xs_xdp_check(name, dev.ifindex) ?: free_slot(name, dev.ifindex, &slot) ?: take_slot(name, &dev, slot);
	if (err)
		return err;
	/* egress first: without it a reply that took the stack would reach its client with the target's address */
	err = xs_tc_attach(name, dev.ifindex) ?: xs_xdp_attach(name, dev.ifindex, mode);
	if (err) {
		xs_tc_detach(name, dev.ifindex);
		give_slot(dev.ifindex, slot);
		return err;
	}
	/* after XDP is there: many drivers take redirected frames only then */
	dev.redirect = probe && xs_redirect_probe(dev.ifindex, dev.mac, &why);
	err = xs_map_set(XS_MAP_xs_devs, &slot, &dev);
	return err ? xs_kernel(err, name, NULL, "cannot be entered into the device maps") : 0;
}

int xs_dev_remove(uint32_t ifindex)
{
	const char *name = xs_dev_name(ifindex);
	uint32_t slot;
	int err;

	if (xs_map_get(XS_MAP_xs_devslot, &ifindex, &slot))
		return xs_refuse(name, "see xsteer status", "instance %s is not loaded on it", xs_env.instance);
	err = xs_xdp_detach(name, ifindex) ?: xs_tc_detach(name, ifindex);
	if (!err)
		give_slot(ifindex, slot);
	return err;
}

void xs_dev_prune(void)
{
	struct xs_hook xdp;
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		if (!xs_dev_at(slot, &d))
			continue;
		xs_xdp_state(d.ifindex, &xdp);
		if (xdp.gone)
			xs_dev_remove(d.ifindex);
	}
}

static json_t *dev_json(uint32_t slot, const struct xs_dev *d)
{
	struct xs_hook xdp, tc;
	char mac[18];

	xs_xdp_state(d->ifindex, &xdp);
	xs_tc_state(d->ifindex, &tc);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", d->mac[0], d->mac[1], d->mac[2], d->mac[3], d->mac[4], d->mac[5]);
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:b, s:i, s:s}", "device", xs_dev_name(d->ifindex), "ifindex", d->ifindex,
			 "slot", slot, "mode", xdp.mode ?: "none", "xdp", xdp.attached ? xdp.by : "detached",
			 "egress", tc.attached ? tc.by : "detached", "redirect", d->redirect, "mtu", d->mtu, "mac", mac);
}

json_t *xs_dev_json(void)
{
	json_t *all = json_array();
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++)
		if (xs_dev_at(slot, &d))
			json_array_append_new(all, dev_json(slot, &d));
	return all;
}
