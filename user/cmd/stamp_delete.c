// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <unistd.h>
#include "user/cmd.h"
#include "user/load/stamp.h"

static int stamp_delete_run(const struct xs_call *call)
{
	struct xs_stamp_conf conf = { 0 };
	int cgroup = xs_cgroup_find(call->argv[0], &conf);

	if (cgroup < 0)
		return cgroup;
	close(cgroup);
	return xs_stamp_detach(&conf);
}

const struct xs_cmd cmd_stamp_delete = {
	.object = "stamp",
	.name = "delete",
	.args = "PATH",
	.min_args = 1,
	.max_args = 1,
	.brief = "stop stamping the connections of a cgroup",
	.text = "Connections that are there stay as they are. An outer cgroup that is stamped counts again for what lies in this one.",
	.run = stamp_delete_run,
};
