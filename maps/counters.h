/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is counted beside the reasons: one row gives the index, the metric and its help. Per CPU, never reset. */
#ifndef XS_COUNTERS_H
#define XS_COUNTERS_H

#define XS_COUNTERS(X) \
	X(FLOWS_CREATED,	flows_created,		"flows recorded: the client acknowledged, or the target answered") \
	X(FLOWS_EXPIRED,	flows_expired,		"flow records freed after their timeout") \
	X(FLOWS_CLOSED,		flows_closed,		"flows that ended by FIN or RST") \
	X(FLOWS_MOVED,		flows_moved,		"flows that went on to another target: a SYN again whose target went down, or a datagram with a shim") \
	X(HALF_OPENED,		half_opened,		"handshakes and datagram conversations begun in the half-open store") \
	X(HALF_EVICTED,		half_evicted,		"half-open ones pushed out by newer ones before their time: a flood, or load with more --half-open") \
	X(RESETS_SENT,		resets_sent,		"TCP resets sent to refused clients") \
	X(ICMP_SENT,		icmp_sent,		"ICMP administratively-prohibited errors sent to refused clients") \
	X(REFUSALS_LIMITED,	refusals_limited,	"refused in silence: more refusals a second than the setting refusals allows, or the answer would be larger") \
	X(SHIMS_REMOVED,	shims_removed,		"shims removed from datagrams before delivery") \
	X(SHIMS_ACCEPTED,	shims_accepted,		"first packets whose shim decided tenant and class") \
	X(CLOCK_UNUSABLE,	clock_unusable,		"tagged shims not judged for want of a sound clock where none is required: the source decided") \
	X(STACK_REPLIES,	stack_replies,		"replies undone at TC egress") \
	X(DIRECT_REPLIES,	direct_replies,		"replies undone at XDP ingress") \
	X(REDIRECT_FAILED,	redirect_failed,	"redirected frames that never reached the driver of the other device: it was down or gone, or they were too large") \
	X(REDIRECT_DROPPED,	redirect_dropped,	"redirected frames that the driver of the other device did not take") \
	X(FRAGMENTS_FOLLOWED,	fragments_followed,	"later fragments, without ports, that went where their first one went, either way") \
	X(SOURCES_REWRITTEN,	sources_rewritten,	"flows placed with another source than the client's end: fullnat, or two services at one target") \
	X(SOURCES_TAKEN,	sources_taken,		"source ports found taken while one was looked for: many to each rewritten flow, and ports are running out") \
	X(SERIES_FULL,		series_full,		"flows measured under the catch-all series: no room for one of their own") \
	X(RULES_EXPIRED,	rules_expired,		"placements met after their expiry and passed over")

enum xs_counter {
#define X(id, name, help) XS_C_##id,
	XS_COUNTERS(X)
#undef X
	XS_C_MAX
};

#endif
