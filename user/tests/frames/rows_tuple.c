// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of two records, which every flow has for its two places: who is not compared whole is taken for another. */
#include "user/tests/frames/rows.h"

#define ACK "ip tcp ack seq=1001 ackno=5001 "
#define ACK6 "ip6 tcp ack seq=1001 ackno=5001 "
#define STALE "& answer rst seq=5001"
#define REPLY "tc ip tcp ack seq=5001 ackno=1001 "
#define REPLY6 "tc ip6 tcp ack seq=5001 ackno=1001 "

const struct row tuple_rows[] = {
	DO("!open c1:1 chat a"),
	{ "another client", ACK "to=chat from=c2:1", XS_R_NO_FLOW, STALE },
	{ "another client: SYN", "ip tcp syn to=chat from=c2:1", XS_R_PLACED, "& to=a =state:half_open" },
	{ "another client: datagram", "ip udp pay=9 to=dgram from=c1:1", XS_R_PLACED, "& to=da =state:half_open" },
	{ "another port", ACK "to=chat from=c1:2", XS_R_NO_FLOW, STALE },
	{ "another service's port", ACK "to=none from=c1:1", XS_R_NO_FLOW, STALE },
	{ "another service's address", ACK "to=twin from=c1:1", XS_R_NO_FLOW, STALE },
	{ "the flow itself", ACK "to=chat from=c1:1", XS_R_STEERED, "& to=a" },
	{ "reply to another client", REPLY "from=a to=c3:1", XS_R_NONE, NULL },
	{ "reply to another port", REPLY "from=a to=c1:2", XS_R_NONE, NULL },
	{ "reply of another target", REPLY "from=b to=c1:1", XS_R_NONE, NULL },
	{ "reply of the target's other port", REPLY "from=da to=c1:1", XS_R_NONE, NULL },
	{ "reply by another protocol", "tc ip udp pay=9 from=a to=c1:1", XS_R_NONE, NULL },
	{ "its own reply", REPLY "from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	/* the same port at the same target, another client: no conflict */
	DO("!open c3:1 twin a"),
	{ "two clients: the first", ACK "to=chat from=c1:1", XS_R_STEERED, "& to=a" },
	{ "two clients: the second", ACK "to=twin from=c3:1", XS_R_STEERED, "& to=a" },
	{ "two clients: reply to the first", REPLY "from=a to=c1:1", XS_R_RETURNED, "& from=chat +stack_replies" },
	{ "two clients: reply to the second", REPLY "from=a to=c3:1", XS_R_RETURNED, "& from=twin +stack_replies" },
	{ "two clients: neither has the other's service", ACK "to=twin from=c1:1", XS_R_NO_FLOW, STALE },
	/* IPv6: addresses that differ in one half only */
	DO("!forget"),
	DO("!open [2001:db8:1::5]:1 chat6 a6"),
	{ "IPv6: another net", ACK6 "to=chat6 from=[2001:db8:2::5]:1", XS_R_NO_FLOW, STALE },
	{ "IPv6: another host", ACK6 "to=chat6 from=[2001:db8:1::6]:1", XS_R_NO_FLOW, STALE },
	{ "IPv6: reply to another net", REPLY6 "from=a6 to=[2001:db8:2::5]:1", XS_R_NONE, NULL },
	{ "IPv6: reply to another host", REPLY6 "from=a6 to=[2001:db8:1::6]:1", XS_R_NONE, NULL },
	{ "IPv6: the flow itself", ACK6 "to=chat6 from=[2001:db8:1::5]:1", XS_R_STEERED, "& to=a6" },
	{ 0 },
};
