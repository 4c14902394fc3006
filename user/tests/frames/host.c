// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "maps/trace.h"
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/load/obj.h"
#include "user/tests/frames/host.h"

#define SERVICES 32	/* ids that the configurations of the rows use */

static struct xs_obj *obj;
static struct xs_model model;
static int dry_fd = -1, trace_fd = -1;
static bool clock_valid;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	exit(3);
}

int host_apply(const char *conf)
{
	struct xs_busy *busy = xs_busy_ids();
	struct xs_model want;
	struct xs_conf c = { .name = "conf", .have = &model, .want = &want, .busy = busy };
	int err;

	xs_model_init(&want);
	err = xs_conf_read(&c, conf, strlen(conf), false) ?: xs_model_check(&want, c.name) ?: xs_apply(&model, &want);
	free(busy);
	if (err) {
		xs_model_free(&want);
		return err;
	}
	xs_model_free(&model);
	model = want;
	host_clock(true);
	return 0;
}

void host_open(uint32_t flows, const char *conf)
{
	struct xs_sizes sizes = { .flows = flows, .half = 1024, .series = 256, .timing = true };
	int fd[XS_MAP_MAX];

	must(!xs_obj_load(&sizes, &obj), "load");
	for (int i = 0; i < XS_MAP_MAX; i++)
		fd[i] = fcntl(xs_obj_map_fd(obj, i), F_DUPFD_CLOEXEC, 3);
	xs_maps_adopt(fd);
	must(!xs_obj_load_dry(&dry_fd, &trace_fd), "load for a dry run");
	xs_model_init(&model);
	must(!host_apply(conf), "apply");
}

void host_close(void)
{
	xs_maps_close();
	close(dry_fd);
	close(trace_fd);
	xs_obj_free(obj);
	obj = NULL;
	xs_model_free(&model);
}

const struct xs_model *host_model(void)
{
	return &model;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void host_clock(bool valid)
{
	int64_t now = words_now * 1000000000LL + 500000000;
	struct xs_clock c = { .valid = valid, .boot_off_ns = now - clock_ns(CLOCK_BOOTTIME), .tai_off_ns = clock_ns(CLOCK_TAI) - now };
	uint32_t zero = 0;

	clock_valid = valid;
	must(!xs_map_set(XS_MAP_xs_clock, &zero, &c), "clock");
}

static uint32_t hz(void)
{
	struct timespec t;

	clock_getres(CLOCK_MONOTONIC_COARSE, &t);
	return (1000000000 + t.tv_nsec / 2) / t.tv_nsec;
}

/* All keys first: a value that is set stands first in its bucket again, where a walk would meet it for ever. */
static void age_frags(uint32_t seconds)
{
	uint32_t max = xs_map_entries(XS_MAP_xs_frags), n = 0;
	struct xs_frag_key *keys = calloc(max, sizeof(*keys));
	int fd = xs_map_fd(XS_MAP_xs_frags);
	struct xs_frag row;

	must(keys, "memory");
	while (n < max && !bpf_map_get_next_key(fd, n ? &keys[n - 1] : NULL, &keys[n]))
		n++;
	for (uint32_t i = 0; i < n; i++) {
		must(!bpf_map_lookup_elem(fd, &keys[i], &row), "fragments");
		row.second -= seconds;
		must(!bpf_map_update_elem(fd, &keys[i], &row, BPF_EXIST), "fragments");
	}
	free(keys);
}

void host_age(uint32_t seconds)
{
	struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, true);
	struct xs_back *b = xs_map_view(XS_MAP_xs_backs, true);
	struct xs_line *l = xs_map_view(XS_MAP_xs_hlines, true);
	__u64 *tag;

	must(f && b && l, "view");
	for (uint32_t i = 0; i < xs_map_entries(XS_MAP_xs_flows); i++) {
		f[i].seen -= seconds * hz();
		b[i].seen -= seconds * hz();
	}
	for (uint32_t i = 0; i < xs_map_entries(XS_MAP_xs_halfs); i++) {
		tag = &l[i / XS_LINE_TAGS].tag[i % XS_LINE_TAGS];
		if (*tag)
			*tag = (*tag & ~0xffffffffULL) | (uint32_t)(*tag - seconds * hz());
	}
	age_frags(seconds);
}

static uint32_t target_id(const char *name)
{
	const struct xs_row *t = xs_row_named(&model, XS_K_TARGET, name);

	must(t, name);
	return t->id;
}

void host_state(const char *target, enum xs_tstate state)
{
	struct xs_tlive *l = xs_map_view(XS_MAP_xs_tlive, true);

	must(l, "view");
	l[target_id(target)].state = state;
}

void host_direct(const char *target)
{
	uint32_t id = target_id(target);
	struct xs_target t;

	must(!xs_map_get(XS_MAP_xs_targets, &id, &t), "target");
	t.way = XS_WAY_DIRECT;
	must(!xs_map_set(XS_MAP_xs_targets, &id, &t), "target");
}

void host_lose(const char *target)
{
	uint32_t id = target_id(target);
	struct xs_target none = { .port = 0 };

	must(!xs_map_set(XS_MAP_xs_targets, &id, &none), "target");
}

void host_rules_expire(void)
{
	struct xs_rule r;

	for (uint32_t i = 0; i < 256; i++) {
		must(!xs_map_get(XS_MAP_xs_rows, &i, &r), "rule");
		if (!r.expires_ns)
			continue;
		r.expires_ns = 1;
		must(!xs_map_set(XS_MAP_xs_rows, &i, &r), "rule");
	}
}

void host_forget(void)
{
	static const enum xs_map_id maps[] = { XS_MAP_xs_lines, XS_MAP_xs_flows, XS_MAP_xs_backs, XS_MAP_xs_hlines };
	static const size_t sizes[] = { sizeof(struct xs_line), sizeof(struct xs_flow), sizeof(struct xs_back), sizeof(struct xs_line) };
	struct xs_alloc alloc = { .hand = 0 };
	uint32_t zero = 0;
	void *at;

	for (int i = 0; i < 4; i++) {
		at = xs_map_view(maps[i], true);
		must(at, "view");
		memset(at, 0, sizes[i] * xs_map_entries(maps[i]));
	}
	must(!xs_map_set(XS_MAP_xs_alloc, &zero, &alloc), "alloc");
}

/* Whether service id of a record is this one. */
static bool is_service(uint32_t service, const struct end *e)
{
	uint32_t id = XS_GEN(xs_control_read()) * XS_MAX_SERVICES + service;
	struct xs_service s;

	return !xs_map_get(XS_MAP_xs_services, &id, &s) && !memcmp(&s.addr, &e->addr, 16) && s.port == __builtin_bswap16(e->port);
}

/* The half-open row, as a flow. */
static const struct xs_flow *half_flow(const struct end *client, const struct end *service, const struct xs_back **back)
{
	struct xs_line *l = xs_map_view(XS_MAP_xs_hlines, true);
	struct xs_half *h = xs_map_view(XS_MAP_xs_halfs, true);
	static struct xs_flow f;
	static struct xs_back b;

	must(l && h, "view");
	for (uint32_t i = 0; i < xs_map_entries(XS_MAP_xs_halfs); i++) {
		if (!l[i / XS_LINE_TAGS].tag[i % XS_LINE_TAGS] || h[i].flags & XS_FF_MOVED || h[i].own == XS_OWN_ALIAS || memcmp(&h[i].client, &client->addr, 16) ||
		    h[i].cport != __builtin_bswap16(client->port) || !is_service(h[i].service, service))
			continue;
		f = (struct xs_flow){ .client = h[i].client, .cport = h[i].cport, .service = h[i].service, .target = h[i].target, .state = XS_F_HALF_OPEN,
				      .flags = h[i].flags, .tenant = h[i].tenant, .class = h[i].class, .level = h[i].level, .way = h[i].way,
				      .set = h[i].set, .rule = h[i].rule, .own = h[i].own, .own_port = h[i].own_port };
		b = (struct xs_back){ .times = { .request_id = h[i].request_id, .placed = h[i].placed, .start_ns = h[i].start_ns } };
		if (back)
			*back = &b;
		return &f;
	}
	return NULL;
}

const struct xs_flow *host_flow(const struct end *client, const struct end *service, const struct xs_back **back)
{
	const struct xs_flow *half = half_flow(client, service, back);
	struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, true);
	struct xs_back *b = xs_map_view(XS_MAP_xs_backs, true);

	must(f && b, "view");
	for (uint32_t i = 0; i < xs_map_entries(XS_MAP_xs_flows) && !half; i++) {
		if (f[i].state == XS_F_FREE || f[i].flags & XS_FF_MOVED || memcmp(&f[i].client, &client->addr, 16) ||
		    f[i].cport != __builtin_bswap16(client->port) || !is_service(f[i].service, service))
			continue;
		if (back)
			*back = &b[i];
		return &f[i];
	}
	return half;
}

static void reasons(struct xs_count c[SERVICES][XS_R_MAX])
{
	for (uint32_t s = 0; s < SERVICES; s++)
		for (uint32_t r = 0; r < XS_R_MAX; r++)
			must(!xs_percpu_sum(XS_MAP_xs_reasons, s * XS_R_MAX + r, &c[s][r], sizeof(c[s][r])), "reasons");
}

static void counters(uint64_t c[XS_C_MAX])
{
	for (uint32_t i = 0; i < XS_C_MAX; i++)
		must(!xs_percpu_sum(XS_MAP_xs_counters, i, &c[i], sizeof(c[i])), "counters");
}

static void compare(struct xs_count a[SERVICES][XS_R_MAX], struct xs_count b[SERVICES][XS_R_MAX], struct result *r)
{
	for (uint32_t s = 0; s < SERVICES; s++)
		for (uint32_t i = 0; i < XS_R_MAX; i++)
			if (a[s][i].packets != b[s][i].packets) {
				r->reason = i;
				r->service = s;
				r->moved += b[s][i].packets - a[s][i].packets;
			}
}

int host_prog(bool egress)
{
	return xs_obj_prog_fd(obj, egress ? XS_PROG_EGRESS : XS_PROG_XDP);
}

int host_fire(enum hook hook, const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->byte, .data_size_in = in->len, .data_out = out->byte,
		    .data_size_out = sizeof(out->byte), .repeat = 1);
	int fd = hook == HOOK_DRY ? dry_fd : xs_obj_prog_fd(obj, hook == HOOK_TC ? XS_PROG_EGRESS : XS_PROG_XDP);

	must(!bpf_prog_test_run_opts(fd, &o), "run");
	out->len = o.data_size_out;
	return (int)o.retval;
}

uint64_t host_counted(void)
{
	static struct xs_count now[SERVICES][XS_R_MAX];
	uint64_t n = 0;

	reasons(now);
	for (uint32_t s = 0; s < SERVICES; s++)
		for (uint32_t r = 0; r < XS_R_MAX; r++)
			n += now[s][r].packets;
	return n;
}

void host_run(enum hook hook, const struct frame *in, struct result *r)
{
	static struct xs_count before[SERVICES][XS_R_MAX], after[SERVICES][XS_R_MAX];
	uint64_t bumps[XS_C_MAX];

	memset(r, 0, offsetof(struct result, out));
	host_clock(clock_valid);	/* it stands still between rows */
	reasons(before);
	counters(bumps);
	r->verdict = host_fire(hook, in, &r->out);
	reasons(after);
	counters(r->bumps);
	for (int i = 0; i < XS_C_MAX; i++)
		r->bumps[i] -= bumps[i];
	compare(before, after, r);
}

bool host_trace(struct xs_trace *t)
{
	static struct xs_trace all[256];
	uint32_t zero = 0;

	must(xs_ncpus() <= 256 && !bpf_map_lookup_elem(trace_fd, &zero, all), "trace");
	for (int i = 0; i < xs_ncpus(); i++)
		if (all[i].reason) {
			*t = all[i];
			memset(all, 0, sizeof(all));
			must(!bpf_map_update_elem(trace_fd, &zero, all, BPF_ANY), "trace");
			return true;
		}
	return false;
}
