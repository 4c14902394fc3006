// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "user/base/mapio.h"
#include "user/load/dev.h"
#include "user/load/health.h"
#include "user/load/loss.h"
#include "user/load/redirect.h"

static bool ethtool(const char *dev, void *ask)
{
	struct ifreq r = { .ifr_data = ask };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", dev);
	ok = fd >= 0 && !ioctl(fd, SIOCETHTOOL, &r);
	if (fd >= 0)
		close(fd);
	return ok;
}

static void check_offloads(json_t *rows, const char *dev)
{
	struct ethtool_drvinfo drv = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	if (ethtool(dev, &drv) && !strcmp(drv.driver, "veth"))
		xs_finding(rows, "warn", dev, "ethtool -K PEER tx off, on the other end",
			   "is a veth: frames that its peer sends carry unfinished checksums, which XDP cannot finish");
	if (ethtool(dev, &flags) && flags.data & ETH_FLAG_LRO)
		xs_finding(rows, "warn", dev, "ethtool -K DEV lro off", "merges received segments (LRO): the packets of flows are not seen as they were sent");
}

static void check_hooks(json_t *rows, const char *dev, const struct xs_dev *d)
{
	struct xs_hook xdp, tc;

	xs_xdp_state(d->ifindex, &xdp);
	xs_tc_state(d->ifindex, &tc);
	if (!xdp.attached)
		xs_finding(rows, "fail", dev, "xsteer unload DEV; xsteer load DEV", "its XDP program was detached by someone else");
	else if (xdp.mode && !strcmp(xdp.mode, "generic"))
		xs_finding(rows, "warn", dev, "xsteer unload DEV; xsteer load DEV, if its driver has native XDP", "XDP runs in generic mode: slower");
	else
		xs_finding(rows, "ok", dev, NULL, "XDP is attached, %s, by %s", xdp.mode ?: "mode unknown", xdp.by);
	if (!tc.attached)
		xs_finding(rows, "fail", dev, "xsteer unload DEV; xsteer load DEV",
			   "its TC program was detached by someone else: replies by the stack leave with the target's address");
}

static void check_redirect(json_t *rows, const char *dev, const struct xs_dev *d)
{
	const char *why = "";
	bool works = !geteuid() && xs_redirect_probe(d->ifindex, d->mac, &why);

	if (geteuid())
		return;
	if (d->redirect && works)
		xs_finding(rows, "ok", dev, NULL, "redirect works: direct delivery");
	else if (d->redirect)
		xs_finding(rows, "fail", dev, "xsteer unload DEV; xsteer load DEV", "redirect worked at load and does not now: %s", why);
	else if (works)
		xs_finding(rows, "ok", dev, "xsteer unload DEV; xsteer load DEV turns it on", "redirect works now, but is off: what leaves here takes the stack");
	else
		xs_finding(rows, "warn", dev, why, "redirect does not work: what leaves here takes the stack");
}

static void check_device(json_t *rows, const struct xs_dev *d)
{
	const char *dev = xs_dev_name(d->ifindex);
	struct xs_dev now;

	if (dev[0] == '#') {
		xs_finding(rows, "fail", dev, "run in the network namespace of the device, or xsteer unload it", "no such device here");
		return;
	}
	if (xs_dev_look(dev, &now))
		return;
	if (memcmp(now.mac, d->mac, sizeof(now.mac)) || now.mtu != d->mtu)
		xs_finding(rows, "fail", dev, "xsteer unload DEV; xsteer load DEV", "its address or MTU changed since load, or it is another device: MTU %u then, %u now",
			   d->mtu, now.mtu);
	check_hooks(rows, dev, d);
	check_redirect(rows, dev, d);
	check_offloads(rows, dev);
}

static void check_losses(json_t *rows)
{
	uint64_t failed = 0, dropped = 0;

	if (!xs_loss_watched()) {
		xs_finding(rows, "warn", "redirect", "see: xsteer probe; then unload and load again", "frames that the kernel loses after a redirect are not counted");
		return;
	}
	xs_percpu_sum(XS_MAP_xs_counters, XS_C_REDIRECT_FAILED, &failed, sizeof(failed));
	xs_percpu_sum(XS_MAP_xs_counters, XS_C_REDIRECT_DROPPED, &dropped, sizeof(dropped));
	if (failed + dropped)
		xs_finding(rows, "warn", "redirect", "is a device down, a queue too short, a veth peer without NAPI? --no-redirect goes by the stack",
			   "since load %" PRIu64 " redirected frames did not reach a driver, and drivers dropped %" PRIu64, failed, dropped);
	else
		xs_finding(rows, "ok", "redirect", NULL, "no frame was lost after a redirect");
}

void xs_health_devices(json_t *rows)
{
	struct xs_dev d;
	bool any = false;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		if (!xs_dev_at(slot, &d))
			continue;
		any = true;
		check_device(rows, &d);
	}
	check_losses(rows);
	if (!any)
		xs_finding(rows, "warn", "devices", "xsteer load DEV...", "the instance is on no device: it sees no packets");
}
