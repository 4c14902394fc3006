// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rates of tenants. acme has one request a second and a burst of 100, so 99 s of slack; plain 100 tokens a second and 19.99 s; euro
 * both, and 9 s. What a tenant owes is set, so that nothing here depends on how long the rows take. */
#include "user/tests/frames/rows.h"

#define SYN "ip tcp syn mss sack ts ws "
#define ACK "ip tcp ack seq=1001 ackno=5001 "
#define SYNACK "tc ip tcp syn ack seq=5000 ackno=1001 from=a to="
#define UNDONE "& from=chat +stack_replies"
#define TAG " shim=short:acme,class=1"
#define LONG " pay=40 shim=long:acme,class=1"
#define RESET "& answer rst ack ackno=1001"
#define ICMP "& answer icmp=3:13,28"

const struct row rate_rows[] = {
	{ "client of no tenant: no rate", SYN "to=chat from=c4:1", XS_R_PLACED, "& to=a =tenant:-" },
	/* tagged: the tenant's own at the SYN */
	DO("!owe acme both 50000"),
	{ "tagged SYN", SYN "to=chat from=c1:1" TAG, XS_R_PLACED, "& to=a" },
	DO("!owes acme own 1000"),
	{ "the same SYN again", SYN "to=chat from=c1:1" TAG, XS_R_STEERED, "& to=a" },
	{ "its SYN-ACK", SYNACK "c1:1", XS_R_RETURNED, UNDONE },
	{ "the end of its handshake", ACK "to=chat from=c1:1", XS_R_STEERED, "& to=a =state:established +flows_created" },
	DO("!owes acme own 1000"),
	DO("!owes acme other 0"),
	/* by its source: another bucket until the handshake is complete */
	DO("!owe acme both 50000"),
	{ "untagged SYN", SYN "to=chat from=c1:2", XS_R_PLACED, "& to=a" },
	{ "the same SYN again", SYN "to=chat from=c1:2", XS_R_STEERED, "& to=a" },
	DO("!owes acme own 0"),
	DO("!owes acme other 1000"),
	{ "its SYN-ACK", SYNACK "c1:2", XS_R_RETURNED, UNDONE },
	{ "the end of its handshake", ACK "to=chat from=c1:2", XS_R_STEERED, "& to=a =state:established +flows_created" },
	DO("!owes acme own 1000"),
	{ "another ACK", ACK "to=chat from=c1:2", XS_R_STEERED, "& to=a" },
	{ "a SYN of the established flow", SYN "to=chat from=c1:2", XS_R_STEERED, "& to=a" },
	DO("!owes acme own 1000"),
	DO("!owes acme other 1000"),
	/* beyond the rate */
	DO("!owe acme own 110000"),
	{ "tagged, the own bucket is spent", SYN "to=chat from=c1:3" TAG, XS_R_RATE_LIMITED, RESET },
	{ "untagged, the own bucket is spent", SYN "to=chat from=c1:4", XS_R_RATE_LIMITED, RESET },
	{ "dry: the own bucket is spent", "dry " SYN "to=chat from=c1:4", XS_R_RATE_LIMITED, NULL },
	{ "known flows go on", ACK "to=chat from=c1:2", XS_R_STEERED, "& to=a" },
	{ "other tenants go on", SYN "to=chat from=c2:4", XS_R_PLACED, "& to=a" },
	DO("!owes acme own 0"),
	DO("!owes acme other 0"),
	DO("!owe acme other 110000"),
	{ "untagged, the other bucket is spent", SYN "to=chat from=c1:5", XS_R_RATE_LIMITED, RESET },
	{ "tagged, the other bucket is spent", SYN "to=chat from=c1:6" TAG, XS_R_PLACED, "& to=a" },
	DO("!owe acme both 50000"),
	{ "dry: room", "dry " SYN "to=chat from=c1:7", XS_R_PLACED, NULL },
	DO("!owes acme other 0"),
	/* charged only when it goes somewhere, and once */
	DO("!state a down"),
	{ "no target", SYN "to=chat from=c1:8" TAG, XS_R_NO_TARGET, RESET },
	DO("!owes acme own 0"),
	DO("!state a up"),
	{ "placed", SYN "to=many from=c1:9" TAG, XS_R_PLACED, "& to=@b|e|f" },
	DO("!state $ down"),
	{ "placed again", SYN "to=many from=c1:9" TAG, XS_R_PLACED, "& to=!b|e|f +flows_moved" },
	DO("!owes acme own 1000"),
	DO("!state $ up"),
	/* datagrams */
	DO("!owe acme both 50000"),
	{ "datagram with a tag", "ip udp to=dgram from=c4:20" LONG, XS_R_PLACED, "& to=da" },
	{ "another request of the flow", "ip udp to=dgram from=c4:20" LONG, XS_R_PLACED, "& to=da +again" },
	{ "a datagram without a shim", "ip udp pay=40 to=dgram from=c4:20", XS_R_STEERED, "& to=da" },
	DO("!owes acme own 2000"),
	DO("!owe acme both 50000"),
	{ "datagram by its source", "ip udp pay=40 to=dgram from=c1:21", XS_R_PLACED, "& to=da" },
	{ "the next one", "ip udp pay=40 to=dgram from=c1:21", XS_R_STEERED, "& to=da" },
	{ "its reply", "tc ip udp pay=9 from=da to=c1:21", XS_R_RETURNED, "& from=dgram +stack_replies +flows_created" },
	DO("!owes acme other 1000"),
	DO("!owes acme own 0"),
	DO("!owe acme own 110000"),
	{ "a request too many", "ip udp to=dgram from=c4:20" LONG, XS_R_RATE_LIMITED, ICMP },
	{ "its flow goes on", "ip udp pay=40 to=dgram from=c4:20", XS_R_STEERED, "& to=da" },
	/* tokens */
	DO("!owe euro both 5000"),
	{ "tokens of the short form", SYN "to=chat from=c4:30 shim=short:euro,class=1,a=9,ha=1,quarter=3", XS_R_PLACED, "& to=a" },
	DO("!owes euro own 1000"),
	DO("!owes euro tokens 960"),
	DO("!owe euro both 5000"),
	{ "tokens of the long form", "ip udp to=dgram from=c4:31 shim=long:euro,class=1,tokens=2500", XS_R_PLACED, "& to=da" },
	DO("!owes euro tokens 2500"),
	DO("!owe euro both 5000"),
	{ "length unknown", SYN "to=chat from=c4:32 shim=short:euro,class=1", XS_R_PLACED, "& to=a" },
	DO("!owes euro own 1000"),
	DO("!owes euro tokens 0"),
	DO("!owe euro both 1000"),
	{ "a prompt longer than the burst may begin", SYN "to=chat from=c4:33 shim=short:euro,class=1,a=15,ha=1", XS_R_PLACED, "& to=a" },
	DO("!owes euro tokens 36864"),
	DO("!owe euro both 11000"),
	{ "but its tokens are owed", SYN "to=chat from=c4:34 shim=short:euro,class=1,a=5,ha=1", XS_R_RATE_LIMITED, RESET },
	DO("!owes euro own 0"),
	DO("!owe euro both 1000"),
	{ "an absurd length", "ip udp to=dgram from=c4:35 shim=long:euro,class=1,tokens=4294967295", XS_R_PLACED, "& to=da" },
	DO("!owes euro tokens 60000"),
	DO("!owe plain both 1000"),
	{ "untagged with a length", SYN "to=chat from=c2:36 shim=short:plain,class=1,a=9,ha=1,quarter=0", XS_R_PLACED, "& to=a" },
	DO("!owes plain other-tokens 5760"),
	DO("!owes plain tokens 0"),
	{ "its SYN-ACK", SYNACK "c2:36", XS_R_RETURNED, UNDONE },
	{ "its handshake", ACK "to=chat from=c2:36", XS_R_STEERED, "& to=a =state:established +flows_created" },
	DO("!owes plain tokens 5760"),
	/* a new structure forgives nothing, a new tenant owes nothing */
	DO("!owe acme both 110000"),
	DO("!apply pace"),
	{ "after another configuration", SYN "to=chat from=c1:40" TAG, XS_R_RATE_LIMITED, "+refusals_limited" },
	{ 0 },
};

/* Both CPUs offer many times a rate for a second each, once for ten. */
const struct row pace_rows[] = {
	DO("!pace datagrams"), DO("!forget"),
	DO("!pace SYNs"), DO("!forget"),
	DO("!pace untagged"), DO("!forget"),
	DO("!pace handshakes"), DO("!forget"),
	DO("!pace ten"), DO("!forget"),
	DO("!pace tokens"),
	{ 0 },
};
