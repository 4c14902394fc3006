/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Plays rows as HTTP requests over connections of their own, each stamped with tenant, class and prefix before its SYN. */
#ifndef DRIVE_PLAY_H
#define DRIVE_PLAY_H

#include <jansson.h>
#include "tools/drive/trace.h"

#define PLAY_MIX 16		/* tenants, classes */
#define PLAY_SERVERS 64		/* accelerators that are told apart */

struct play {
	const char *to;		/* http://HOST:PORT */
	const char *model;
	double speed;		/* times the trace's; 0: as fast as concurrency allows */
	uint64_t concurrency;	/* open requests at most */
	uint64_t duration_ns;	/* begin none after this; 0: all */
	uint64_t timeout_ns;	/* of one request */
	uint64_t output_most;	/* tokens; 0: as the trace says */
	bool keep_alive, no_stamp, as_ids, progress;
	unsigned int tenants, classes;
	uint16_t tenant[PLAY_MIX];
	uint64_t salt[PLAY_MIX];	/* of a tenant's cache: seeds its prefix hashes */
	uint8_t slo_class[PLAY_MIX];
};

/* One request as it went; by the index of its row. */
struct outcome {
	bool begun, failed;
	uint16_t tenant, slo_class;	/* indices */
	uint16_t server;		/* index into played.server, 0: it did not say */
	uint64_t ttft_ns, total_ns;	/* from before connect(); ttft 0: no text came */
	uint32_t prompt_tokens, cached_tokens, tokens;	/* as the server counted them */
};

struct played {
	struct outcome *outcome;
	size_t n;
	char *server[PLAY_SERVERS];	/* what X-Accelerator said; 0 is "-", the last one for all others */
	unsigned int servers;
	json_t *errors;		/* words -> how often */
	uint64_t begun, failed, connections, late_most_ns, duration_ns;
};

/* play_stamp_works() - whether a socket takes a stamp here for each of the tenants. Return: 0 or -errno, reported */
int play_stamp_works(const struct play *p);
/* play() - until all rows are done, or the first SIGINT or SIGTERM (what is open is finished). Return: 0 or -errno, reported */
int play(const struct play *p, const struct trace *t, struct played *out);
void played_free(struct played *out);

#endif
