/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet left the path. One row gives the enum, what becomes of the packet, the label of the metric and the line of
 * help; nothing leaves without one.
 * What becomes of it: SEND (to a target, or back to the client), PASS (to the host's stack), DROP, and REFUSE (the client
 * is told by reset or ICMP where the service says so and the rate allows; then it is dropped). */
#ifndef XS_REASONS_H
#define XS_REASONS_H

#define XS_REASONS(X) \
	X(NONE,			none,			PASS,	"never counted: the packet is still on its way") \
	X(STEERED,		steered,		SEND,	"sent to the target of its flow") \
	X(PLACED,		placed,			SEND,	"first packet of a flow: placed, and sent to its target") \
	X(RETURNED,		returned,		SEND,	"reply of a target, given the service's address and sent to its client") \
	X(ICMP_TRANSLATED,	icmp_translated,	SEND,	"ICMP error about a packet of a flow: rewritten as that packet was, and sent on") \
	X(NOT_OURS,		not_ours,		PASS,	"no service owns this address; left to the host untouched") \
	X(NOT_IP,		not_ip,			PASS,	"neither IPv4 nor IPv6; left to the host untouched") \
	X(NOT_L4,		not_l4,			PASS,	"neither TCP nor UDP, nor an ICMP error about a flow; left to the host untouched") \
	X(MARTIAN,		martian,		PASS,	"to a service from an address that no client can have; left to the host untouched") \
	X(TRUNCATED,		truncated,		PASS,	"headers end before they should; left to the host untouched") \
	X(FRAGMENT_PASSED,	fragment_passed,	PASS,	"later fragment, neither to a service's address nor from a target's; left to the host untouched") \
	X(FRAGMENT_ORPHAN,	fragment_orphan,	PASS,	"later fragment, perhaps of a service, whose first has not come before it; left to the host untouched") \
	X(FRAGMENT_REFUSED,	fragment_refused,	DROP,	"fragment of a flow that ends within the transport header, or overlaps the first one of its datagram") \
	X(NO_SHIM,		no_shim,		REFUSE,	"the service requires a shim and the first packet has none; stamp it") \
	X(SHIM_MALFORMED,	shim_malformed,		REFUSE,	"shim of a wrong version, length or layout, or with a critical flag") \
	X(SHIM_FRAGMENTED,	shim_fragmented,	REFUSE,	"the first fragment cuts the shim, or a shim is to be removed from fragments") \
	X(TENANT_UNKNOWN,	tenant_unknown,		REFUSE,	"no such tenant, or none at all where the service demands one") \
	X(CLASS_UNKNOWN,	class_unknown,		REFUSE,	"the shim names a class that is not configured and the service demands one") \
	X(SHIM_UNAUTHENTIC,	shim_unauthentic,	REFUSE,	"wrong tag, no tag though the tenant has keys, or a tag though it has none") \
	X(TENANT_UNPROVEN,	tenant_unproven,	REFUSE,	"untagged shim from outside the tenant's sources") \
	X(SHIM_STALE,		shim_stale,		REFUSE,	"authentic shim from outside the time window; check the clocks") \
	X(CLOCK_UNUSABLE,	clock_unusable,		REFUSE,	"a tagged shim cannot be judged: this host has no sound clock; see doctor") \
	X(NO_RULE,		no_rule,		REFUSE,	"no placement, and no pool with targets of its address family, for this service") \
	X(ZONE_DENIED,		zone_denied,		REFUSE,	"every target of the placement lies outside the tenant's zones") \
	X(NO_TARGET,		no_target,		REFUSE,	"every target that the tenant's zones allow is down or draining") \
	X(RATE_LIMITED,		rate_limited,		REFUSE,	"beyond the tenant's rate of requests or tokens; see tenant show") \
	X(NO_FLOW,		no_flow,		REFUSE,	"not a first packet, and no flow is known for it") \
	X(TABLE_FULL,		table_full,		REFUSE,	"the flow table is full; load with more --flows") \
	X(NAT_CONFLICT,		nat_conflict,		REFUSE,	"another service has a flow between this client port and this target, and no other source port was free") \
	X(PORTS_EXHAUSTED,	ports_exhausted,	REFUSE,	"no source port is free between this host's addresses and this target: add addresses to the site's fullnat, or widen fullnat_ports") \
	X(TARGET_GONE,		target_gone,		REFUSE,	"the target of this flow is no longer configured") \
	X(TTL_EXPIRED,		ttl_expired,		PASS,	"time to live ends here; the stack answers") \
	X(NO_ROUTE,		no_route,		PASS,	"no route or neighbour for direct delivery yet; this packet goes by the stack") \
	X(NO_REDIRECT,		no_redirect,		PASS,	"the route leaves by a device without working redirect; this packet goes by the stack") \
	X(TOO_BIG,		too_big,		PASS,	"larger than the MTU of the way out; the stack answers") \
	X(UNDO_FAILED,		undo_failed,		DROP,	"a reply could not be rewritten at TC egress: no memory; it must not leave as it is") \
	X(INTERNAL,		internal,		PASS,	"a map element is missing that load always makes; unload and load again")

/* Help of the row says in which state packets are: `drop list` shows those of DROP and REFUSE first. */
enum xs_reason {
#define X(id, name, act, help) XS_R_##id,
	XS_REASONS(X)
#undef X
	XS_R_MAX
};

enum xs_verdict { XS_V_PASS, XS_V_SEND, XS_V_DROP, XS_V_REFUSE };

#endif
