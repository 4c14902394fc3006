// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer probe: what this kernel can do of what xsteer uses. */
#include <errno.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/load/obj.h"
#include "user/load/probe.h"

static const struct xs_col probe_cols[] = {
	{ "feature", "FEATURE", XS_FMT_TEXT }, { "since", "SINCE", XS_FMT_TEXT }, { "here", "HERE", XS_FMT_STATE },
	{ "tried", "TRIED", XS_FMT_TEXT }, { "lost", "WITHOUT IT", XS_FMT_TEXT }, { 0 },
};

static int probe_run(const struct xs_call *call)
{
	static char unsaid[1024];
	json_t *rows = json_array();
	bool denied = false;
	int got;

	xs_libbpf_quiet();
	for (const struct xs_probe *p = xs_probes; p->feature; p++) {
		xs_quiet(unsaid, sizeof(unsaid));
		got = xs_probe_try(p);
		xs_quiet(NULL, 0);
		denied |= got == -EPERM;
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s}", "feature", p->feature, "since", p->since,
						      "here", got > 0 ? "yes" : got == -EPERM ? "denied" : "no", "tried", p->tried, "lost", p->lost));
	}
	if (denied)
		xs_warn("probe", "run as root; as root, a security module or the container forbids what is denied", "not all could be tried");
	return xs_out_table(probe_cols, rows, NULL);
}

const struct xs_cmd cmd_probe = {
	.name = "probe", .effect = XS_NONE, .args = "", .run = probe_run,
	.brief = "what this kernel can do of what xsteer uses",
	.text = "Each row is tried for real, in a network namespace of its own, never read off the kernel's version: distributions bring "
		"features to older kernels. SINCE is the mainline version that had it first; WITHOUT IT says what is lost.",
};
