/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What doctor looks at. Each check adds rows: ok, warn (works, but may surprise) or fail (something does not work). */
#ifndef XS_HEALTH_H
#define XS_HEALTH_H

#include <jansson.h>
#include <stdint.h>

/* xs_finding() - add a row. @state: "ok", "warn", "fail"; @try: what to do, NULL where nothing is to be done */
void xs_finding(json_t *rows, const char *state, const char *check, const char *try, const char *what, ...) __attribute__((format(printf, 5, 6)));

/* health_host.c */
void xs_health_host(json_t *rows);	/* without an instance: BPF file system, JIT, memory, privilege */
void xs_health_clock(json_t *rows);	/* of the open instance: clock, and who may read its secrets */
void xs_health_pins(json_t *rows);
/* health_dev.c: of the open instance: what is attached, and whether redirect still works */
void xs_health_devices(json_t *rows);
/* health_net.c: of the open instance: forwarding, filters, targets and service addresses */
void xs_health_sysctls(json_t *rows);
void xs_health_filters(json_t *rows);
void xs_health_targets(json_t *rows, const char *(*name)(uint32_t id));
void xs_health_services(json_t *rows, const char *(*name)(uint32_t id));
/* health_own.c: source addresses of `via: fullnat`, and their ports */
void xs_health_own(json_t *rows);

#endif
