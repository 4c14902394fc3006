// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer unload: take an instance off devices, or away as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/load/dev.h"
#include "user/load/pin.h"
#include "user/load/way.h"

/* As status shows it: a name, or #IFINDEX for a device that is gone or in another network namespace. */
static int find(const char *word, uint32_t *ifindex)
{
	uint32_t slot;

	*ifindex = word[0] == '#' ? strtoul(word + 1, NULL, 10) : if_nametoindex(word);
	if (!*ifindex)
		return xs_refuse(word, "see ip link; run in the network namespace of the device", "no such device");
	if (xs_map_get(XS_MAP_xs_devslot, ifindex, &slot))
		return xs_refuse(word, "see xsteer status", "instance %s is not loaded on it", xs_env.instance);
	return 0;
}

static int remove_devices(const struct xs_call *call)
{
	uint32_t ifindex[XS_MAX_DEVS];
	int err = 0;

	if (call->argc > XS_MAX_DEVS)
		return xs_refuse("unload", NULL, "%d devices, an instance has %u at most", call->argc, XS_MAX_DEVS);
	for (int i = 0; i < call->argc && !err; i++)
		err = find(call->argv[i], &ifindex[i]);
	for (int i = 0; i < call->argc && !err; i++) {
		err = xs_dev_remove(ifindex[i]);
		if (err && i)
			err = xs_partial("unload", "see xsteer status", "%d of %d devices are unloaded", i, call->argc);
	}
	return err ?: xs_ways_renew();
}

static int remove_all(void)
{
	struct xs_dev d;
	int err = 0;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS && !err; slot++)
		if (xs_dev_at(slot, &d))
			err = xs_dev_remove(d.ifindex);
	return err ?: xs_pin_remove();
}

static int unload_run(const struct xs_call *call)
{
	int err = xs_instance_check() ?: xs_instance_lock();

	if (err < 0)
		return err;
	xs_libbpf_quiet();
	if (!err && !xs_pin_exists() && xs_pin_leftover())
		return 0;
	err = xs_maps_open(true);
	return err ?: call->argc ? remove_devices(call) : remove_all();
}

const struct xs_cmd cmd_unload = {
	.name = "unload", .effect = XS_NONE, .args = "[DEV...]", .max_args = -1, .run = unload_run,
	.brief = "detach from devices; without DEV remove the whole instance",
	.text = "Removes only what this instance attached and pinned. Connections that were steered end when the whole instance goes: "
		"nothing rewrites their packets any more. A clsact qdisc (kernels before 6.6) stays, since others may use it.",
	.example = "xsteer unload eth1\nxsteer -i lab unload",
};
