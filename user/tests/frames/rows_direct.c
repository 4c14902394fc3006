// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Redirect by the kernel's routing table, and what takes the stack although its flow is direct. Devices: devices.c. */
#include "user/tests/frames/rows.h"

#define TO_T "smac=020000001001 dmac=020000001002 ttl=63 "
#define TO_C "smac=020000000101 dmac=020000000102 ttl=63 "
#define ACK "ip tcp ack seq=1001 ackno=5001 "

const struct row direct_rows[] = {
	DO("!direct a"), DO("!direct a6"), DO("!direct da"), DO("!direct b"), DO("!direct e"), DO("!direct f"), DO("!direct da6"),
	{ "SYN", "ip tcp syn mss to=chat from=c1:1", XS_R_PLACED, "redirect & to=a " TO_T },
	{ "its reply", "ip tcp syn ack mss seq=5000 ackno=1001 from=a to=c1:1", XS_R_RETURNED, "redirect & from=chat " TO_C "+direct_replies" },
	{ "ACK", ACK "to=chat from=c1:1", XS_R_STEERED, "redirect & to=a " TO_T "=state:established =packets:1/0 +flows_created" },
	{ "data", ACK "psh pay=333 to=chat from=c1:1", XS_R_STEERED, "redirect & to=a " TO_T },
	{ "response", "ip tcp ack psh pay=1400 seq=5001 ackno=1334 from=a to=c1:1", XS_R_RETURNED, "redirect & from=chat " TO_C "+direct_replies" },
	{ "last hop", ACK "ttl=1 pay=5 to=chat from=c1:1", XS_R_TTL_EXPIRED, "& to=a" },
	{ "ttl of zero", ACK "ttl=0 pay=5 to=chat from=c1:1", XS_R_TTL_EXPIRED, "& to=a" },
	{ "reply on its last hop", "ip tcp ack ttl=1 from=a to=c1:1", XS_R_NONE, NULL },
	{ "as large as the MTU", ACK "pay=1460 to=chat from=c1:1", XS_R_STEERED, "redirect & to=a " TO_T },
	{ "larger than the MTU", ACK "pay=1461 to=chat from=c1:1", XS_R_TOO_BIG, "& to=a" },
	{ "reply larger than the MTU", "ip tcp ack pay=1461 from=a to=c1:1", XS_R_NONE, NULL },
	{ "reply that came by the stack after all", "tc ip tcp ack pay=5 from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "a packet of it in a VLAN", "vlan=4 " ACK "pay=5 to=chat from=c1:1", XS_R_NO_REDIRECT, "& to=a" },
	{ "its reply in a VLAN", "vlan=4 ip tcp ack pay=5 from=a to=c1:1", XS_R_NONE, NULL },
	{ "a flow that begins in a VLAN", "vlan=4 ip tcp syn to=chat from=c1:2", XS_R_PLACED, "& to=a" },
	{ "a flow that began in a VLAN: SYN-ACK", "tc ip tcp syn ack seq=5000 ackno=1001 from=a to=c1:2", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "goes on by the stack", ACK "to=chat from=c1:2", XS_R_STEERED, "& to=a +flows_created" },
	{ "IPv6", "ip6 tcp syn mss to=chat6 from=d1:1", XS_R_PLACED, "redirect & to=a6 " TO_T },
	{ "IPv6, its reply", "ip6 tcp syn ack seq=5000 ackno=1001 from=a6 to=d1:1", XS_R_RETURNED, "redirect & from=chat6 " TO_C "+direct_replies" },
	{ "IPv6, ACK", "ip6 tcp ack seq=1001 ackno=5001 to=chat6 from=d1:1", XS_R_STEERED, "redirect & to=a6 " TO_T "+flows_created" },
	{ "IPv6, larger than the MTU", "ip6 tcp ack pay=1441 to=chat6 from=d1:1", XS_R_TOO_BIG, "& to=a6" },
	{ "IPv6, last hop", "ip6 tcp ack ttl=1 to=chat6 from=d1:1", XS_R_TTL_EXPIRED, "& to=a6" },
	{ "UDP", "ip udp pay=30 to=dgram from=c1:3", XS_R_PLACED, "redirect & to=da " TO_T },
	{ "UDP, its reply", "ip udp nocsum pay=30 from=da to=c1:3", XS_R_RETURNED, "redirect & from=dgram " TO_C "+direct_replies +flows_created" },
	{ "UDP, IPv6, shim removed", "ip6 udp pay=31 to=dstrip6 from=d1:4 shim=long:acme,class=1", XS_R_PLACED, "redirect & noshim to=da6 " TO_T "+shims_removed" },
	{ "no way back to the client", "ip tcp syn to=chat from=c4:5", XS_R_PLACED, "redirect & to=a " TO_T },
	{ "no way back: the stack has it", "ip tcp syn ack seq=5000 ackno=1001 from=a to=c4:5", XS_R_NONE, NULL },
	{ "no neighbour", "ip tcp syn to=nob from=c1:6", XS_R_NO_ROUTE, "& to=b +half_opened" },
	{ "no route", "ip tcp syn to=noe from=c1:7", XS_R_NO_ROUTE, "& to=e +half_opened" },
	{ "a device that cannot take redirects", "ip tcp syn to=nof from=c1:8", XS_R_NO_REDIRECT, "& to=f +half_opened" },
	{ 0 },
};
