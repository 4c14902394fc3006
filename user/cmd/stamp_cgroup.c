// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/text.h"
#include "user/load/stamp.h"

#define TENANT "NUMBER[:even|:odd][=file:PATH|=hex:DIGITS]"

static const struct xs_stamp_tenant *tenant_of(const struct xs_stamp_conf *conf, unsigned long number)
{
	for (uint32_t i = 0; i < conf->tenants; i++)
		if (conf->tenant[i].number == number)
			return &conf->tenant[i];
	return NULL;
}

/* Digits up to what may follow. Return: the number, -1: none, or above most */
static long number(const char *text, long most, char **end)
{
	long n = isdigit((unsigned char)*text) ? strtol(text, end, 10) : -1;

	return n > most ? -1 : n;
}

/* 4211, 4211=file:acme.key, 4211:odd=hex:... */
static int take_tenant(const char *text, struct xs_stamp_conf *conf)
{
	struct xs_stamp_tenant *t = &conf->tenant[conf->tenants];
	char *end = NULL;
	long n = number(text, UINT16_MAX, &end);
	const char *err = NULL;

	if (n < 0)
		return xs_usage("--tenant", "write --tenant " TENANT, "\"%.60s\": the number is 0..65535; others need the long form, which no option holds", text);
	if (conf->tenants == XS_STAMP_TENANTS)
		return xs_usage("--tenant", NULL, "a cgroup may have at most %d tenants", XS_STAMP_TENANTS);
	if (tenant_of(conf, n))
		return xs_usage("--tenant", "give the key that stampers should use now", "%ld is given twice", n);
	*t = (struct xs_stamp_tenant){ .number = n };
	if (!strncmp(end, ":odd", 4) || !strncmp(end, ":even", 5)) {
		t->epoch = end[1] == 'o';
		end += t->epoch ? 4 : 5;
	}
	if (*end == '=') {
		err = xs_key_read(end + 1, NULL, (uint8_t *)t->key);
		t->tagged = 1;
	} else if (*end) {
		err = "write " TENANT;
	}
	if (err)
		return xs_usage("--tenant", "a key is " XS_KEY_REF, "%ld: %s", n, err);
	conf->tenants++;
	return 0;
}

static int take_default(const char *tenant, const char *class, struct xs_stamp_conf *conf)
{
	char *end = NULL;
	long n = tenant ? number(tenant, UINT16_MAX, &end) : -1, c;

	if (!tenant)
		return class ? xs_usage("--class", "say which tenant: --default NUMBER", "belongs to the default stamp") : 0;
	if (n < 0 || *end || !tenant_of(conf, n))
		return xs_usage("--default", "give it with --tenant, too", "\"%.40s\" is no tenant of this cgroup", tenant);
	c = class ? number(class, 15, &end) : 0;
	if (c < 0 || *end)
		return xs_usage("--class", NULL, "\"%.40s\" is no class, 0..15", class);
	conf->def.tenant = n;
	conf->def.class = c;
	conf->has_def = 1;
	return 0;
}

static int stamp_cgroup_run(const struct xs_call *call)
{
	struct xs_stamp_conf conf = { 0 };
	int err = 0, cgroup;

	for (int i = 0; i < call->nopts && !err; i++)
		if (!strcmp(call->opts[i].opt->name, "tenant"))
			err = take_tenant(call->opts[i].value, &conf);
	if (!err && !conf.tenants)
		err = xs_usage("stamp cgroup", "give --tenant " TENANT, "which tenants may it use");
	err = err ?: take_default(xs_call_opt(call, "default"), xs_call_opt(call, "class"), &conf);
	if (err)
		return err;
	cgroup = xs_cgroup_find(call->argv[0], &conf);
	if (cgroup < 0)
		return cgroup;
	err = xs_stamp_attach(cgroup, &conf);
	close(cgroup);
	explicit_bzero(&conf, sizeof(conf));
	return err;
}

static const struct xs_opt opts[] = {
	{ .name = "tenant", .arg = "T", .many = true, .help = "a tenant it may use: " TENANT },
	{ .name = "default", .arg = "NUMBER", .help = "stamp for sockets that say nothing: this tenant" },
	{ .name = "class", .arg = "N", .help = "and this class, 0..15 (default: 0)" },
	{ 0 },
};

const struct xs_cmd cmd_stamp_cgroup = {
	.object = "stamp",
	.name = "cgroup",
	.args = "PATH",
	.min_args = 1,
	.max_args = 1,
	.brief = "let the programs of a cgroup stamp their connections",
	.text =
"PATH is a cgroup2 directory, absolute or below the mount point. From now on a program in it, without privilege, says with one "
"setsockopt() before connect() who a connection is for. In C, with <xsteer_shim.h>, which says what the fields mean:\n\n"
"    struct xsteer_stamp s = { .tenant = 4211, .slo_class = 1 };\n"
"    setsockopt(fd, XSTEER_STAMP_LEVEL, XSTEER_STAMP, &s, sizeof(s));\n\n"
"and in Python:\n\n"
"    s.setsockopt(0x5853, 1, struct.pack(\"=HBBBB2xII\", tenant, slo_class, exp_a, back, quarter, hash_a, hash_b))\n\n"
"The kernel adds the stamp to the SYN, with a tag where the tenant has a key here. It can be set until connect() (then EISCONN) for "
"tenants that --tenant names (else EPERM). A tenant without a key goes untagged: right for tenants that have none on the steering host. "
"With --default, sockets that say nothing are stamped, too.\n\n"
"What is said here is all the cgroup has: a second call replaces the first, in one step, and counts go on. To rotate a key, call with the "
"new key and its epoch. Of nested stamped cgroups the innermost alone counts. A SYN that has no 20 bytes left for the option (MPTCP, Fast "
"Open) goes unstamped and is counted; see `stamp list`. It needs no loaded instance, and lasts until `stamp delete`, the removal of the cgroup, or a restart of the host.\n\n"
"The host's clock should be kept by a time daemon. Kernels before 6.1 do not follow when it is stepped: call `stamp cgroup` again then.",
	.example =
"  xsteer shim keygen -o acme.key\n"
"  xsteer stamp cgroup system.slice/gateway.service --tenant 4211=file:acme.key --tenant 7 --default 4211 --class 1",
	.opts = opts,
	.run = stamp_cgroup_run,
};
