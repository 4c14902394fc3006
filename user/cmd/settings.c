// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* settings show and set: timeouts and limits of the instance; one row, without a name. */
#include <errno.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/cmd/object.h"
#include "user/decide/model.h"

static int settings_show_run(const struct xs_call *call)
{
	const struct xs_model *m = xs_model_have();
	const void *row = m ? xs_row_at(m, XS_K_SETTINGS, 0) : NULL;

	if (!m)
		return -EIO;
	if (!row)
		return xs_refuse("settings", "apply a configuration first", "there is no structure yet");
	return xs_out_object(NULL, xs_row_json(XS_K_SETTINGS, row, m, false));
}

const struct xs_cmd cmd_settings_show = {
	.object = "settings", .name = "show", .effect = XS_READS, .max_args = 0, .run = settings_show_run,
	.brief = "timeouts and limits of the instance",
};

const struct xs_cmd cmd_settings_set = {
	.object = "settings", .name = "set", .effect = XS_WRITES, .args = "KEY VALUE...", .min_args = 2, .max_args = -1, .raw = true,
	.run = xs_object_set, .brief = "change some of them", .example = "  xsteer settings set tcp_idle 600s refusals 100",
	.text = "Keys and values are those of the configuration, see xsteer.yaml(5).",
};
