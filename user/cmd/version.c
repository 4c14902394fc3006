// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/libbpf.h>
#include <sys/utsname.h>
#include "gen/version.h"
#include "maps/abi.h"
#include "user/base/out.h"

static const struct xs_col cols[] = {
	{ "version", "xsteer", XS_FMT_TEXT },
	{ "schema", "schema", XS_FMT_TEXT },
	{ "libbpf", "libbpf", XS_FMT_TEXT },
	{ "libxdp", "libxdp", XS_FMT_TEXT },
	{ "kernel", "kernel", XS_FMT_TEXT },
	{ 0 },
};

static int version_run(const struct xs_call *call)
{
	struct utsname host;
	const char *bpf = libbpf_version_string();

	uname(&host);	/* fails for a bad pointer only */
	return xs_out_object(cols, json_pack("{s:s, s:i, s:s, s:s, s:s}", "version", XS_VERSION, "schema", XS_SCHEMA,
					     "libbpf", bpf + (*bpf == 'v'), "libxdp", XS_LIBXDP, "kernel", host.release));
}

const struct xs_cmd cmd_version = {
	.name = "version",
	.brief = "print the versions of xsteer, of its libraries and of the kernel",
	.text = "The schema is the number of the layout of the pinned maps. An instance that was loaded with another schema can be read, but not changed.",
	.run = version_run,
};
