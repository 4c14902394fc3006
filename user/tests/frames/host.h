/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host of one's own for the rows: both programs on private maps, a configuration by way of the real text path, and runs by
 * BPF_PROG_TEST_RUN. Network devices are those of the process's own network namespace. */
#ifndef XS_TEST_HOST_H
#define XS_TEST_HOST_H

#include "maps/trace.h"
#include "user/decide/model.h"
#include "user/tests/frames/words.h"

enum hook { HOOK_XDP, HOOK_TC, HOOK_DRY };

struct result {
	int verdict;			/* what the program returned */
	enum xs_reason reason;		/* the counter that moved; XS_R_NONE: none did */
	uint32_t service;		/* whose counter */
	int moved;			/* reasons that moved: never more than one */
	uint64_t bumps[XS_C_MAX];	/* by how much each counter moved */
	struct frame out;
};

/* host_open() - load with this many flow records and take the configuration. Ends the program on failure */
void host_open(uint32_t flows, const char *conf);
void host_close(void);
/* host_apply() - another configuration. Return: 0 or -errno */
int host_apply(const char *conf);
/* host_prog() - the program of a hook, for a test that runs it by itself */
int host_prog(bool egress);
void host_run(enum hook hook, const struct frame *in, struct result *r);
/* host_fire() - the run alone, with no look at the counters. Return: the verdict */
int host_fire(enum hook hook, const struct frame *in, struct frame *out);
/* host_counted() - packets counted so far, under any reason */
uint64_t host_counted(void);
/* host_clock() - let the host's clock show words_now; valid false: no sound clock */
void host_clock(bool valid);
/* host_age() - make every flow record and every row of a fragment this many seconds older */
void host_age(uint32_t seconds);
void host_state(const char *target, enum xs_tstate state);
/* host_direct() - the target's packets go by redirect from now on (new flows) */
void host_direct(const char *target);
/* host_lose() - the target's row is gone, as after an apply that met no flow on it */
void host_lose(const char *target);
/* host_rules_expire() - let every rule that expires do so now */
void host_rules_expire(void);
/* host_forget() - no flows, no spent refusals */
void host_forget(void);
/* host_flow() - the live record of a client and a service. Return: NULL: none */
const struct xs_flow *host_flow(const struct end *client, const struct end *service, const struct xs_back **back);
const struct xs_model *host_model(void);
/* host_devices() - two pairs of devices with routes, neighbours and xs_devs rows: c side (clients) and t side (targets) */
void host_devices(void);
/* host_trace() - what the dry program left */
bool host_trace(struct xs_trace *t);

/* host_source() - the source of a frame that came out, as text, if it is one that the site's fullnat allows for this client: one of its
 * addresses, or the client's own, with one of its ports. Neither frame has a VLAN. Return: false: it is not */
bool host_source(const struct frame *in, const struct frame *out, char *text, size_t size);

#endif
