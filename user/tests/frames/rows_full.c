// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A flow table with eight records: what is known goes on, what is new is refused before it begins. */
#include "user/tests/frames/rows.h"

#define RESET "& answer rst ack ackno=1001"
#define ACK "ip tcp ack seq=1001 ackno=5001 "

const struct row full_rows[] = {
	DO("!open c1:1 chat a"), DO("!open c1:2 chat a"), DO("!open c1:3 chat a"), DO("!open c1:4 chat a"), DO("!open c1:5 chat a"),
	DO("!open c1:7 dgram da"),
	{ "half-open ones take no record: one", "ip tcp syn to=chat from=c1:21", XS_R_PLACED, "& to=a" },
	{ "half-open ones take no record: two", "ip tcp syn to=chat from=c1:22", XS_R_PLACED, "& to=a" },
	{ "half-open ones take no record: three", "ip udp pay=40 to=dgram from=c1:23", XS_R_PLACED, "& to=da" },
	{ "begun with room: SYN", "ip tcp syn to=chat from=c1:24", XS_R_PLACED, "& to=a" },
	{ "begun with room: SYN-ACK", "tc ip tcp syn ack seq=5000 ackno=1001 from=a to=c1:24", XS_R_RETURNED, "& from=chat +stack_replies" },
	DO("!open c1:8 dgram da"), DO("!open c1:6 chat a"),
	{ "begun with room, none is left", ACK "to=chat from=c1:24", XS_R_TABLE_FULL, "& answer rst seq=5001 =state:half_open" },
	{ "full", "ip tcp syn to=chat from=c1:9", XS_R_TABLE_FULL, RESET " =none" },
	{ "full: datagram", "ip udp pay=40 to=dgram from=c1:10", XS_R_TABLE_FULL, "& answer icmp=3:13,28 =none" },
	{ "full: SYN again of a half-open one", "ip tcp syn to=chat from=c1:21", XS_R_STEERED, "& to=a =state:half_open" },
	{ "full: an answer is undone all the same", "tc ip udp pay=40 from=da to=c1:23", XS_R_RETURNED, "& from=dgram +stack_replies" },
	{ "full: known flows go on", ACK "to=chat from=c1:3", XS_R_STEERED, "& to=a" },
	{ "full: SYN of a known flow", "ip tcp syn to=chat from=c1:4", XS_R_STEERED, "& to=a =state:established" },
	{ "full: another request of a known one", "ip udp pay=40 to=dgram from=c1:7 shim=long:acme,class=1,id=9", XS_R_PLACED, "& to=da =request:9 +again" },
	{ "full: a closed one may begin anew", "ip tcp rst seq=1001 to=chat from=c1:5", XS_R_STEERED, "& to=a +flows_closed" },
	DO("!open c1:5 chat a"),
	{ "full: it has its record again", ACK "to=chat from=c1:5", XS_R_STEERED, "& to=a =state:established" },
	{ "full: and nobody else", "ip tcp syn to=chat from=c1:9", XS_R_TABLE_FULL, RESET },
	{ "RST", "ip tcp rst seq=1001 to=chat from=c1:5", XS_R_STEERED, "& to=a +flows_closed" },
	DO("!age 12"),
	{ "room again", "ip tcp syn to=chat from=c1:9", XS_R_PLACED, "& to=a" },
	DO("!open c1:9 chat a"),
	{ "full again", "ip tcp syn to=chat from=c1:14", XS_R_TABLE_FULL, RESET },
	{ "full again: the living went on", ACK "to=chat from=c1:3", XS_R_STEERED, "& to=a" },
	{ "full again: the closed one did not", "ip tcp ack seq=7 ackno=99 to=chat from=c1:5", XS_R_NO_FLOW, "& answer rst seq=99" },
	{ 0 },
};
