/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The HTTP side: requests in, jobs to the engine, tokens out. One thread; its owner calls serve_run() when serve_fd() is
 * readable or serve_due() has come. */
#ifndef ACCEL_SERVE_H
#define ACCEL_SERVE_H

#include <microhttpd.h>
#include "tools/accel/engine.h"

struct server {
	const char *name;
	uint64_t body_most;	/* bytes */
	struct engine engine;	/* with its settings; serve_start() does the rest */
	struct MHD_Daemon *mhd;
	unsigned int open;	/* requests begun and not yet answered in full */
	unsigned long requests;
	uint64_t swept_ns;
	bool closing;
};

/* serve_start() - serve on a listening socket, which is taken over. Return: 0 or -errno */
int serve_start(struct server *s, int fd);
/* serve_close() - take no connections more, and end each after its answer */
void serve_close(struct server *s);
void serve_stop(struct server *s);
int serve_fd(const struct server *s);
/* serve_due() - when serve_run() is due at the latest, ns of CLOCK_MONOTONIC; UINT64_MAX: when the fd says so */
uint64_t serve_due(const struct server *s);
void serve_run(struct server *s);
/* serve_clock() - CLOCK_MONOTONIC in ns */
uint64_t serve_clock(void);

#endif
