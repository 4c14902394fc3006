// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer doctor: what stands in the way. */
#include <errno.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/decide/model.h"
#include "user/load/health.h"
#include "user/load/pin.h"

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
