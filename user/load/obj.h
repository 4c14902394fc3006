/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The embedded BPF objects: sized, frozen, loaded; and what a running instance says of itself. */
#ifndef XS_OBJ_H
#define XS_OBJ_H

#include <stdbool.h>
#include "user/base/mapio.h"

struct bpf_object;

#define XS_FLOWS_DEFAULT 131072
#define XS_FLOWS_LEAST 1024
#define XS_FLOWS_MOST ((1u << 24) - 2)	/* a tag holds index + 1 in 24 bits */
#define XS_HALF_DEFAULT 262144
#define XS_HALF_LEAST 1024
#define XS_HALF_MOST (1u << 22)
#define XS_SERIES_DEFAULT 256
#define XS_SERIES_LEAST 2		/* the catch-all and one more */
#define XS_SERIES_MOST 65536

/* What is settled at load and stays: flow records, half-open rows (a power of two), latency series, whether latency is measured. */
struct xs_sizes {
	uint32_t flows, half, series;
	bool timing;
};

/* The programs of an instance, by the names of their pins. */
enum xs_prog { XS_PROG_XDP, XS_PROG_EGRESS, XS_PROG_MAX };
extern const char *const xs_prog_names[XS_PROG_MAX];

struct xs_obj;

/* xs_obj_load() - make new maps and load both programs on them; nothing is pinned or attached. Return: 0 or -errno, reported */
int xs_obj_load(const struct xs_sizes *sizes, struct xs_obj **obj);
/* xs_obj_free() - programs and maps go unless something else holds them; NULL is fine */
void xs_obj_free(struct xs_obj *obj);
int xs_obj_map_fd(const struct xs_obj *obj, enum xs_map_id map);
int xs_obj_prog_fd(const struct xs_obj *obj, enum xs_prog prog);

/* xs_obj_reuse() - the shared maps of an object that is not loaded yet are those of fd, by enum xs_map_id. Return: 0 or -errno */
int xs_obj_reuse(struct bpf_object *obj, const int fd[XS_MAP_MAX]);

/* xs_obj_sizes() - sizes of the open instance; timing from the frozen data of its pinned program (true where root is needed and missing) */
void xs_obj_sizes(struct xs_sizes *sizes);
/**
 * xs_obj_load_dry() - Load the XDP program once more for explain: on the maps of the open instance, deciding and tracing only
 * Run it by BPF_PROG_TEST_RUN; its decision then stands in *trace_fd, a per-CPU array with one struct xs_trace: the CPU that ran
 * has reason != 0. Needs the instance's secret, so root.
 * Return: 0 and two descriptors that the caller closes, or -errno, reported
 */
int xs_obj_load_dry(int *prog_fd, int *trace_fd);
/* xs_obj_open_ext() - the XDP program on the maps of the open instance, for libxdp to load. Return: NULL: reported; else xs_obj_close_ext() */
struct bpf_object *xs_obj_open_ext(void **skel);
void xs_obj_close_ext(void *skel);

/* xs_libbpf_quiet() - libbpf and libxdp say something with -v only */
void xs_libbpf_quiet(void);

#endif
