// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer load: make an instance, or add devices to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/load/dev.h"
#include "user/load/health.h"
#include "user/load/loss.h"
#include "user/load/pin.h"
#include "user/load/way.h"

static int number(const struct xs_call *call, const char *opt, uint32_t least, uint32_t most, uint32_t *value)
{
	const char *text = xs_call_opt(call, opt);
	unsigned long long n;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		return xs_usage(opt, "see --help", "\"%s\" is no number", text);
	if (n < least || n > most)
		return xs_refuse(opt, NULL, "%llu is out of range: %u to %u", n, least, most);
	*value = n;
	return 0;
}

static int mode_of(const struct xs_call *call, enum xs_mode *mode)
{
	const char *text = xs_call_opt(call, "mode") ?: "native";

	*mode = !strcmp(text, "generic") ? XS_MODE_GENERIC : XS_MODE_NATIVE;
	if (*mode == XS_MODE_NATIVE && strcmp(text, "native"))
		return xs_usage("mode", "native or generic", "\"%s\" is no mode", text);
	return 0;
}

/* All that can be refused is refused before anything changes. */
static int check_devices(const struct xs_call *call)
{
	struct xs_dev d;
	int err = 0;

	if (call->argc > XS_MAX_DEVS)
		return xs_refuse("load", NULL, "%d devices, an instance takes %u", call->argc, XS_MAX_DEVS);
	for (int i = 0; i < call->argc && !err; i++) {
		for (int j = 0; j < i; j++)
			if (!strcmp(call->argv[i], call->argv[j]))
				return xs_refuse(call->argv[i], NULL, "is named twice");
		err = xs_dev_look(call->argv[i], &d);
	}
	return err;
}

/* From now on the maps of this process are those of obj, which may go. */
static int adopt(const struct xs_obj *obj)
{
	int fd[XS_MAP_MAX];

	for (int i = 0; i < XS_MAP_MAX; i++) {
		fd[i] = fcntl(xs_obj_map_fd(obj, i), F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			return xs_kernel(errno, xs_map_name(i), "raise the limit of open files: ulimit -n", "cannot keep it open");
	}
	xs_maps_adopt(fd);
	return 0;
}

static int create(const struct xs_sizes *sizes)
{
	struct xs_obj *obj = NULL;
	int err = xs_obj_load(sizes, &obj) ?: adopt(obj);

	if (!err) {
		err = xs_clock_sync();
		err = err ? xs_kernel(err, "xs_clock", NULL, "cannot write") : xs_pin_publish(obj);
	}
	xs_obj_free(obj);
	if (!err)
		xs_loss_watch();
	return err;
}

static int reopen(const struct xs_call *call)
{
	static const char *const settled[] = { "flows", "half-open", "series", "group", "no-timing", NULL };

	for (const char *const *o = settled; *o; o++)
		if (xs_call_opt(call, *o))
			return xs_refuse(*o, "unload the instance first", "is settled since instance %s was loaded", xs_env.instance);
	if (!call->argc)
		return xs_refuse(xs_env.instance, "name devices to add, or see xsteer status", "is loaded already");
	return xs_maps_open(true);
}

static int add_devices(const struct xs_call *call, enum xs_mode mode)
{
	uint32_t done[XS_MAX_DEVS];
	int n = 0, err = 0;

	xs_dev_prune();
	while (n < call->argc && !err) {
		err = xs_dev_add(call->argv[n], mode, !xs_call_opt(call, "no-redirect"));
		if (!err) {
			done[n] = if_nametoindex(call->argv[n]);
			n++;
		}
	}
	if (!err)
		err = xs_ways_renew();
	while (err && n > 0)
		xs_dev_remove(done[--n]);
	return err;
}

/* What hinders direct flows shows only now and then: say it at once. */
static void warn_of_filters(void)
{
	json_t *rows = json_array(), *row;
	const char *check;
	size_t i;

	xs_health_filters(rows);
	json_array_foreach(rows, i, row) {
		check = json_string_value(json_object_get(row, "check"));
		if (!strncmp(check, "nft ", 4) && !strcmp(json_string_value(json_object_get(row, "state")), "warn"))
			xs_warn(check, json_string_value(json_object_get(row, "try")), "%s", json_string_value(json_object_get(row, "found")));
	}
	json_decref(rows);
}

static int show(void)
{
	struct xs_sizes s;
	json_t *devices = xs_dev_json();

	xs_obj_sizes(&s);
	if (xs_env.json)
		return xs_out_json(json_pack("{s:s, s:i, s:i, s:i, s:b, s:o}", "instance", xs_env.instance, "flows", s.flows, "half_open", s.half, "series", s.series,
					     "timing", s.timing, "devices", devices)), 0;
	return xs_out_table(xs_dev_cols, devices, "loaded, on no device");
}

static int load_run(const struct xs_call *call)
{
	struct xs_sizes sizes = { XS_FLOWS_DEFAULT, XS_HALF_DEFAULT, XS_SERIES_DEFAULT, !xs_call_opt(call, "no-timing") };
	enum xs_mode mode;
	bool fresh;
	int err;

	err = xs_instance_check() ?: number(call, "flows", XS_FLOWS_LEAST, XS_FLOWS_MOST, &sizes.flows) ?:
	      number(call, "half-open", XS_HALF_LEAST, XS_HALF_MOST, &sizes.half) ?: number(call, "series", XS_SERIES_LEAST, XS_SERIES_MOST, &sizes.series) ?: mode_of(call, &mode) ?: check_devices(call) ?:
	      xs_pin_prepare(xs_call_opt(call, "group"));
	if (err)
		return err;
	while (sizes.half & (sizes.half - 1))
		sizes.half += sizes.half & -sizes.half;
	xs_libbpf_quiet();
	fresh = !xs_pin_exists();
	err = (fresh ? create(&sizes) : reopen(call)) ?: add_devices(call, mode);
	if (err && fresh && xs_pin_exists())
		xs_pin_remove();
	else if (err && fresh)
		xs_pin_leftover();
	if (!err)
		warn_of_filters();
	return err ?: show();
}

static const struct xs_opt load_opts[] = {
	{ .name = "flows", .arg = "N", .help = "records in the flow table (default 131072)" },
	{ .name = "half-open", .arg = "N", .help = "rows for handshakes under way, rounded up to a power of two (default 262144)" },
	{ .name = "series", .arg = "N", .help = "latency series, one for each service, tenant, class and target met (default 256)" },
	{ .name = "mode", .arg = "native|generic", .help = "XDP in the driver, or behind it: slower, works on any device (default native)" },
	{ .name = "group", .arg = "GROUP", .help = "who may read the instance beside root" },
	{ .name = "no-redirect", .help = "no direct delivery by these devices" },
	{ .name = "no-timing", .help = "measure no latency" },
	{ 0 },
};

const struct xs_cmd cmd_load = {
	.name = "load", .effect = XS_NONE, .args = "[DEV...]", .max_args = -1, .opts = load_opts, .run = load_run,
	.brief = "load the programs and attach them to devices",
	.text = "Makes the instance if it is not loaded, and adds devices to one that is: uplinks, where clients come in, and the devices "
		"that face targets, for replies and direct delivery. Without DEV nothing is attached. A device that the program of someone "
		"else is on is refused; generic mode is taken only when asked for. Direct delivery by a device is on where frames that "
		"were redirected into it were seen to leave by it.",
	.example = "xsteer load eth0 eth1\nxsteer -i lab load --flows 1000000 --group adm veth0",
};
