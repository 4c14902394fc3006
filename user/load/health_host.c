// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include "user/base/mapio.h"
#include "user/load/health.h"
#include "user/load/pin.h"

#define TRY_BYTES (64 << 20)	/* about what the maps of an instance of the default size take */
#define KTIME_GET_TAI_NS 208

void xs_finding(json_t *rows, const char *state, const char *check, const char *try, const char *what, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s*}", "state", state, "check", check, "found", text, "try", try));
}

/* A number of /proc/sys; -1 where there is none. */
static long sysctl(const char *path)
{
	FILE *f = fopen(path, "re");
	long v = -1;

	if (f && fscanf(f, "%ld", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

static void check_memory(json_t *rows)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xs_doctor", 4, 4096, TRY_BYTES / 4096, NULL);

	if (fd < 0)
		xs_finding(rows, "fail", "memory", "free memory, or before 5.11 raise the limit: ulimit -l unlimited",
			   "no BPF map of %d MiB can be made: %m", TRY_BYTES >> 20);
	else
		xs_finding(rows, "ok", "memory", NULL, "a BPF map of %d MiB can be made", TRY_BYTES >> 20);
	if (fd >= 0)
		close(fd);
}

void xs_health_host(json_t *rows)
{
	struct statfs s;
	bool mounted = !statfs(XS_BPFFS, &s) && (unsigned long)s.f_type == BPF_FS_MAGIC;
	long jit = sysctl("/proc/sys/net/core/bpf_jit_enable"), open = sysctl("/proc/sys/kernel/unprivileged_bpf_disabled");

	xs_finding(rows, mounted ? "ok" : "fail", "bpffs", mounted ? NULL : "load mounts it; after ip netns exec use nsenter --net=/run/netns/NAME instead",
		   mounted ? "a BPF file system is mounted on %s" : "no BPF file system on %s in this mount namespace", XS_BPFFS);
	if (jit >= 0)
		xs_finding(rows, jit ? "ok" : "warn", "JIT", jit ? NULL : "sysctl net.core.bpf_jit_enable=1",
			   jit ? "BPF programs are compiled" : "BPF programs are interpreted, several times slower");
	xs_finding(rows, open ? "ok" : "warn", "unprivileged BPF", open ? NULL : "sysctl kernel.unprivileged_bpf_disabled=1",
		   open ? "BPF is for privileged users" : "any user may load BPF programs");
	if (geteuid())
		xs_finding(rows, "warn", "privilege", "run doctor as root", "not root: not all can be looked at");
	else
		check_memory(rows);
}

static void check_sync(json_t *rows)
{
	struct timex t = { 0 };
	int got = adjtimex(&t);

	if (got == TIME_ERROR || t.status & STA_UNSYNC)
		xs_finding(rows, "warn", "clock", "run chrony or another NTP client: tags are refused beyond 30 s",
			   "nothing keeps this host's clock in step with the world's");
	else
		xs_finding(rows, "ok", "clock", NULL, "kept in step, within %ld ms", t.maxerror / 1000);
}

/* With the TAI helper only the offset of TAI counts: the clock itself is followed. Else both offsets do. */
void xs_health_clock(json_t *rows)
{
	bool tai = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, KTIME_GET_TAI_NS, NULL) == 1;
	struct xs_clock have = { 0 }, now;
	uint32_t zero = 0;
	int64_t off;

	check_sync(rows);
	xs_clock_now(&now);
	if (xs_map_get(XS_MAP_xs_clock, &zero, &have) || !have.valid) {
		xs_finding(rows, "fail", "clock of the path", "xsteer apply FILE, or any command that writes", "was never set: tagged shims cannot be judged");
		return;
	}
	off = tai ? have.tai_off_ns - now.tai_off_ns : have.boot_off_ns - now.boot_off_ns;
	if (llabs(off) > 1000000000)
		xs_finding(rows, "warn", "clock of the path", "xsteer apply FILE, or any command that writes, sets it",
			   "is %.1f s off: the host's clock was stepped since", off / 1e9);
	else
		xs_finding(rows, "ok", "clock of the path", NULL, tai ? "follows the host's clock (TAI, %" PRId64 " s apart)" : "%" PRId64 " ms off",
			   tai ? (int64_t)now.tai_off_ns / 1000000000 : off / 1000000);
}

void xs_health_pins(json_t *rows)
{
	bool sound = true;
	struct stat s;

	for (int m = 0; m < XS_MAP_MAX; m++) {
		if (!xs_pin_secret(m) || stat(xs_pin_path(xs_map_name(m)), &s) || (!s.st_uid && !(s.st_mode & 077)))
			continue;
		sound = false;
		xs_finding(rows, "fail", "secrets", "chown root and chmod 600 it, then change the keys", "%s can be read by others (mode %o)",
			   xs_map_name(m), s.st_mode & 0777);
	}
	if (sound)
		xs_finding(rows, "ok", "secrets", NULL, "keys and hash secrets are root's alone");
}
