// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Replies of flows that go by the stack: left alone at ingress, undone at TC egress in every shape. */
#include "user/tests/frames/rows.h"

const struct row reply_rows[] = {
	DO("!open c1:1 chat a"), DO("!open d1:1 chat6 a6"),
	{ "datagrams", "ip udp pay=9 to=dgram from=c1:1", XS_R_PLACED, "& to=da" },
	{ "datagrams, IPv6", "ip6 udp pay=9 to=dgram6 from=d1:1", XS_R_PLACED, "& to=da6" },
	{ "at ingress it is left for egress", "ip tcp syn ack from=a to=c1:1", XS_R_NONE, NULL },
	{ "TCP", "tc ip tcp syn ack mss from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "TCP with IP options", "tc ip opt=40 tcp ack from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "TCP in QinQ", "tc qinq=4 vlan=5 ip tcp ack pay=7 from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "TCP, large", "tc ip tcp ack pay=3001 from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "TCP, IPv6", "tc ip6 tcp ack pay=7 from=a6 to=d1:1", XS_R_RETURNED, "& from=chat6 +stack_replies" },
	{ "TCP, IPv6 behind extension headers", "tc ip6 ext=hop ext=dst ext=dst tcp ack mss ts pay=7 from=a6 to=d1:1", XS_R_RETURNED, "& from=chat6 +stack_replies" },
	{ "UDP", "tc ip udp pay=7 from=da to=c1:1", XS_R_RETURNED, "& from=dgram +stack_replies +flows_created" },
	{ "UDP without checksum", "tc ip udp nocsum pay=7 from=da to=c1:1", XS_R_RETURNED, "& from=dgram +stack_replies" },
	{ "UDP, IPv6", "tc ip6 udp pay=7 from=da6 to=d1:1", XS_R_RETURNED, "& from=dgram6 +stack_replies +flows_created" },
	{ "UDP, IPv6, in a VLAN", "tc vlan=5 ip6 udp pay=8 from=da6 to=d1:1", XS_R_RETURNED, "& from=dgram6 +stack_replies" },
	{ "ttl is the stack's affair", "tc ip tcp ack ttl=1 from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "to another port of the client", "tc ip tcp ack from=a to=c1:2", XS_R_NONE, NULL },
	{ "from another port of the target", "tc ip tcp ack from=a:8101 to=c1:1", XS_R_NONE, NULL },
	{ "of the other protocol", "tc ip udp from=a to=c1:1", XS_R_NONE, NULL },
	{ "from another address", "tc ip tcp ack from=b to=c1:1", XS_R_NONE, NULL },
	{ "not IP", "tc type=0806 pay=28", XS_R_NONE, NULL },
	{ "later fragment of a reply", "tc ip udp frag=9 pay=40 from=da to=c1:1", XS_R_NONE, NULL },
	{ "a client's packet is none at egress", "tc ip tcp ack to=chat from=c1:1", XS_R_NONE, NULL },
	{ "cut at ingress", "each ip tcp syn ack mss from=a to=c1:1", XS_R_TRUNCATED, NULL },
	{ 0 },
};
