// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A flow table with eight records. */
#include "user/tests/frames/rows.h"

const struct row full_rows[] = {
	{ "one", "ip tcp syn to=chat from=c1:1", XS_R_PLACED, "& to=a" }, { "two", "ip tcp syn to=chat from=c1:2", XS_R_PLACED, "& to=a" },
	{ "three", "ip tcp syn to=chat from=c1:3", XS_R_PLACED, "& to=a" }, { "four", "ip tcp syn to=chat from=c1:4", XS_R_PLACED, "& to=a" },
	{ "five", "ip tcp syn to=chat from=c1:5", XS_R_PLACED, "& to=a" }, { "six", "ip tcp syn to=chat from=c1:6", XS_R_PLACED, "& to=a" },
	{ "seven", "ip udp to=dgram from=c1:7", XS_R_PLACED, "& to=da" }, { "eight", "ip udp to=dgram from=c1:8", XS_R_PLACED, "& to=da" },
	{ "full", "ip tcp syn to=chat from=c1:9", XS_R_TABLE_FULL, "& answer rst ack ackno=1001" },
	{ "full: datagram", "ip udp pay=40 to=dgram from=c1:10", XS_R_TABLE_FULL, "& answer icmp=3:13,28" },
	{ "full: known flows go on", "ip tcp ack to=chat from=c1:3", XS_R_STEERED, "& to=a" },
	{ "full: SYN of a known flow", "ip tcp syn to=chat from=c1:4", XS_R_STEERED, "& to=a" },
	{ "full: a closed one may begin anew", "ip tcp rst to=chat from=c1:5", XS_R_STEERED, "& to=a +flows_closed" },
	{ "full: it does", "ip tcp syn to=chat from=c1:5", XS_R_PLACED, "& to=a" },
	DO("!age 12"),
	{ "room again", "ip tcp syn to=chat from=c1:9", XS_R_PLACED, "& to=a +flows_expired" },
	{ "room again: two", "ip tcp syn to=chat from=c1:10", XS_R_PLACED, "& to=a" },
	{ "room again: three", "ip tcp syn to=chat from=c1:11", XS_R_PLACED, "& to=a" },
	{ "room again: four", "ip tcp syn to=chat from=c1:12", XS_R_PLACED, "& to=a" },
	{ "room again: five", "ip tcp syn to=chat from=c1:13", XS_R_PLACED, "& to=a" },
	{ "full again", "ip tcp syn to=chat from=c1:14", XS_R_TABLE_FULL, "& answer rst ack ackno=1001" },
	{ "full again: the living went on", "ip tcp ack to=chat from=c1:3", XS_R_STEERED, "& to=a" },
	{ "full again: the silent did not", "ip tcp ack seq=7 ackno=99 to=chat from=c1:1", XS_R_NO_FLOW, "& answer rst seq=99" },
	{ 0 },
};
