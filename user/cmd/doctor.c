// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer doctor: what stands in the way. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/decide/model.h"
#include "user/load/health.h"
#include "user/load/pin.h"
#include "user/observe/room.h"
#include "user/observe/snap.h"

static const struct xs_col doctor_cols[] = {
	{ "state", "STATE", XS_FMT_STATE }, { "check", "CHECK", XS_FMT_TEXT }, { "found", "FOUND", XS_FMT_TEXT }, { "try", "TRY", XS_FMT_TEXT }, { 0 },
};

static const char *target_name(uint32_t id)
{
	return xs_model_name(XS_K_TARGET, id);
}

static const char *service_name(uint32_t id)
{
	return xs_model_name(XS_K_SERVICE, id);
}

/* Tables that can be full. Flows that were refused, or pushed out, since load are told of for as long as it stays loaded. */
static void check_room(json_t *rows)
{
	struct xs_count (*reasons)[XS_R_MAX] = xs_snap_reasons();
	uint64_t counter[XS_C_MAX] = { 0 }, refused = 0;
	struct xs_room room[XS_ROOM_MAX];
	int err = xs_room_read(room);

	for (int s = 0; reasons && s < XS_MAX_SERVICES; s++)
		refused += reasons[s][XS_R_TABLE_FULL].packets;
	free(reasons);
	xs_snap_counters(counter);
	for (int i = 0; i < XS_ROOM_MAX && !err; i++) {
		bool scarce = xs_room_percent(&room[i]) >= XS_ROOM_SCARCE;

		xs_finding(rows, scarce ? "warn" : "ok", xs_map_name(room[i].map), scarce ? room[i].try : NULL, "%u of %u in use%s%s", room[i].used - room[i].over,
			   room[i].entries, scarce ? ": when it is full, " : "", scarce ? room[i].full : "");
	}
	if (refused)
		xs_finding(rows, "warn", "table_full", room[XS_ROOM_flows].try, "%" PRIu64 " packets were refused since load for want of a flow record", refused);
	if (counter[XS_C_HALF_EVICTED])
		xs_finding(rows, "warn", "half_evicted", room[XS_ROOM_half_open].try, "%" PRIu64 " handshakes were pushed out by newer ones since load, before their time",
			   counter[XS_C_HALF_EVICTED]);
}

static bool failed(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "state")), "fail"))
			return true;
	return false;
}

static int doctor_run(const struct xs_call *call)
{
	json_t *rows = json_array();
	bool bad;
	int err = xs_instance_check();

	if (err)
		return err;
	xs_libbpf_quiet();
	xs_health_host(rows);
	if (xs_pin_exists()) {
		err = xs_maps_open(false);
		if (err)
			return err;
		xs_health_clock(rows);
		xs_health_pins(rows);
		xs_health_devices(rows);
		xs_health_sysctls(rows);
		xs_health_filters(rows);
		xs_health_targets(rows, target_name);
		xs_health_services(rows, service_name);
		xs_health_own(rows);
		check_room(rows);
	} else if (errno != ENOENT) {
		xs_finding(rows, "warn", xs_env.instance, "run doctor as root", "the instance cannot be looked at: %s", strerror(errno));
	} else {
		xs_finding(rows, "warn", xs_env.instance, "xsteer load DEV...", "no such instance is loaded: only the host was looked at");
	}
	bad = failed(rows);
	err = xs_out_table(doctor_cols, rows, NULL);
	return err ?: bad ? -EINVAL : 0;	/* status 1, and the rows say why */
}

const struct xs_cmd cmd_doctor = {
	.name = "doctor", .effect = XS_NONE, .args = "", .run = doctor_run,
	.brief = "what stands in the way, and what to do about it",
	.text = "Rows are ok, warn (works, but may surprise) or fail (something does not work); with a fail the exit status is 1. Run it as root "
		"and in the network namespace of the devices. Redirect is probed again: a few frames of ethertype 0x88b5 leave by each device.\n"
		"Direct flows and a packet filter that tracks connections: conntrack meets only those packets that must take the stack, and "
		"masquerading or dropping them breaks flows. Either all take the stack (load --no-redirect), or conntrack is kept off the "
		"targets:\n"
		"  nft 'table ip xsteer { chain pre { type filter hook prerouting priority raw; \\\n"
		"    ip daddr 198.18.10.2 notrack; ip saddr 198.18.10.2 notrack; }; }'",
};
