// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/shim/xsteer_shim.h"

/* A new file, never one that is there: overwriting a key in use would lock its tenant out. */
static int write_file(const char *path, const char *hex)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err;

	if (fd < 0 && errno == EEXIST)
		return xs_refuse(path, "choose another name, or remove it first", "is there already");
	if (fd < 0)
		return xs_kernel(errno, path, NULL, "cannot be made");
	err = dprintf(fd, "%s\n", hex) != 2 * XSTEER_KEY_SIZE + 1 || fsync(fd) ? -errno : 0;
	close(fd);
	if (!err)
		return 0;
	unlink(path);
	return xs_kernel(err, path, NULL, "cannot be written");
}

static int shim_keygen_run(const struct xs_call *call)
{
	const char *path = xs_call_opt(call, "output");
	char hex[2 * XSTEER_KEY_SIZE + 1];
	uint8_t key[XSTEER_KEY_SIZE];
	int err = xsteer_keygen(key);

	if (err)
		return xs_kernel(err, "shim keygen", NULL, "no random bytes");
	xs_hex(key, sizeof(key), hex);
	if (path) {
		err = write_file(path, hex);
		if (!err)
			xs_out_json(json_pack("{s:s}", "file", path));
		return err;
	}
	if (!xs_out_json(json_pack("{s:s}", "key", hex)))
		printf("%s\n", hex);
	return 0;
}

static const struct xs_opt opts[] = {
	{ .name = "output", .letter = 'o', .arg = "FILE", .help = "write it to a new file that only its owner can read" },
	{ 0 },
};

const struct xs_cmd cmd_shim_keygen = {
	.object = "shim",
	.name = "keygen",
	.args = "",
	.brief = "make a random key for tags: 32 hex digits and a newline",
	.text = "Such a file is what `keys: [file:acme.key]` of a tenant and `stamp cgroup --tenant 4211=file:acme.key` name.",
	.example = "  xsteer shim keygen -o acme.key",
	.opts = opts,
	.run = shim_keygen_run,
};
