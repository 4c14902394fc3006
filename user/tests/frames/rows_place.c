// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where to: levels of rules, sets and what follows them, zones, states, rings. */
#include "user/tests/frames/rows.h"

#define SYN "ip tcp syn to=many "
#define PREFIX "a=9,ha=badcafe"
#define RESET "& answer rst ack ackno=1001"

const struct row place_rows[] = {
	{ "no rule and no pool with targets", "ip tcp syn to=empty from=c1:1", XS_R_NO_RULE, RESET },
	/* the ring of the pool's targets, keyed by the flow: the same on every host */
	{ "flow key: one client", SYN "from=c4:1", XS_R_PLACED, "& to=@b|e|f =level:service" },
	{ "flow key: again", SYN "from=c4:1", XS_R_STEERED, "& to=$" },
	DO("!spread"),
	/* keyed by the prefix: whoever asks, from wherever */
	{ "prefix key", SYN "from=c1:2 mss shim=short:acme,class=1," PREFIX, XS_R_PLACED, "& to=@b|e|f =level:service" },
	{ "prefix key: another port", SYN "from=c1:3 mss shim=short:acme,class=1," PREFIX, XS_R_PLACED, "& to=$" },
	{ "prefix key: another client", SYN "from=c4:3 mss shim=short:acme,class=2," PREFIX, XS_R_PLACED, "& to=$" },
	{ "prefix key: another tenant", SYN "from=c2:3 mss shim=short:plain,class=2," PREFIX, XS_R_PLACED, "& to=$" },
	{ "prefix key: hash B where A is not known", SYN "from=c1:4 mss shim=short:acme,class=1,a=10,back=1,hb=badcafe", XS_R_PLACED, "& to=$ =flags:19" },
	DO("!state $ draining"),
	{ "prefix key: the next one", SYN "from=c1:5 mss shim=short:acme,class=1," PREFIX, XS_R_PLACED, "& to=!b|e|f" },
	DO("!state $ down"),
	{ "prefix key: the next one, down", SYN "from=c1:6 mss shim=short:acme,class=1," PREFIX, XS_R_PLACED, "& to=!b|e|f" },
	DO("!state $ up"),
	{ "prefix key: back again", SYN "from=c1:7 mss shim=short:acme,class=1," PREFIX, XS_R_PLACED, "& to=$" },
	DO("!state b down"),
	DO("!state e down"),
	{ "the last one left", SYN "from=c4:8", XS_R_PLACED, "& to=f" },
	{ "the last one left, another", SYN "from=c4:9", XS_R_PLACED, "& to=f" },
	DO("!state f draining"),
	{ "none left", SYN "from=c4:10", XS_R_NO_TARGET, RESET },
	DO("!state b up"),
	DO("!state e up"),
	DO("!state f up"),
	/* the most specific rule */
	DO("!apply levels"),
	{ "a flow keeps its target through the change", SYN "from=c4:1", XS_R_STEERED, "& to=@b|e|f" },
	{ "service", SYN "from=c4:20", XS_R_PLACED, "& to=b =level:service" },
	{ "class", SYN "from=c2:21 mss shim=short:plain,class=2", XS_R_PLACED, "& to=e =level:class" },
	{ "tenant", SYN "from=c1:22", XS_R_PLACED, "& to=f =level:tenant" },
	{ "tenant and class", SYN "from=c1b:23", XS_R_PLACED, "& to=b =level:tenant+class =set:0" },
	{ "prefix", SYN "from=c2:24 mss shim=short:plain,class=2," PREFIX, XS_R_PLACED, "& to=e =level:prefix" },
	{ "prefix and tenant", SYN "from=c1:25 mss shim=short:acme,class=2," PREFIX, XS_R_PLACED, "& to=f =level:prefix+tenant" },
	{ "prefix, by hash B", SYN "from=c2:26 mss shim=short:plain,class=1,a=10,ha=77,back=1,hb=badcafe", XS_R_PLACED, "& to=e =level:prefix" },
	{ "prefix of another depth", SYN "from=c2:27 mss shim=short:plain,class=1,a=10,ha=badcafe", XS_R_PLACED, "& to=b =level:service" },
	DO("!state b draining"),
	{ "then the second set", SYN "from=c1b:28", XS_R_PLACED, "& to=e =level:tenant+class =set:1" },
	DO("!state e down"),
	{ "then the third", SYN "from=c1b:29", XS_R_PLACED, "& to=f =set:2" },
	DO("!state f down"),
	{ "then none", SYN "from=c1b:30", XS_R_NO_TARGET, RESET },
	{ "a rule without targets does not fall to a less specific one", SYN "from=c1:31", XS_R_NO_TARGET, RESET },
	DO("!state b up"),
	DO("!state e up"),
	DO("!state f up"),
	/* zones: z1 stands in eu, z2 in us; euro may use eu alone */
	{ "zone: the tenant's", "ip tcp syn to=zoned from=c3:1", XS_R_PLACED, "& to=z1 =tenant:euro" },
	{ "zone: another port", "ip tcp syn to=zoned from=c3:2", XS_R_PLACED, "& to=z1" },
	{ "zone: another", "ip tcp syn to=zoned from=c3:3", XS_R_PLACED, "& to=z1" },
	{ "zone: every target outside", "ip tcp syn mss to=zoned from=c3:4 shim=short:euro,class=2", XS_R_ZONE_DENIED, RESET },
	{ "zone: a tenant that may go anywhere", "ip tcp syn to=zoned from=c1:5", XS_R_PLACED, "& to=z2" },
	DO("!state z1 down"),
	{ "zone: the only one inside is down", "ip tcp syn to=zoned from=c3:6", XS_R_NO_TARGET, RESET },
	{ "zone: no tenant, anywhere", "ip tcp syn to=zoned from=c4:7", XS_R_PLACED, "& to=z2" },
	DO("!state z1 up"),
	{ "dry: zone", "dry ip tcp syn mss to=zoned from=c3:4 shim=short:euro,class=2", XS_R_ZONE_DENIED, NULL },
	/* a pool with targets of both families */
	{ "family: IPv4, 1", "ip tcp syn to=mix from=c4:1", XS_R_PLACED, "& to=m4" },
	{ "family: IPv4, 2", "ip tcp syn to=mix from=c4:2", XS_R_PLACED, "& to=m4" },
	{ "family: IPv4, 3", "ip tcp syn to=mix from=c4:3", XS_R_PLACED, "& to=m4" },
	{ "family: IPv4, 4", "ip tcp syn to=mix from=c4:4", XS_R_PLACED, "& to=m4" },
	{ "family: IPv6, 1", "ip6 tcp syn to=mix6 from=d4:1", XS_R_PLACED, "& to=m6" },
	{ "family: IPv6, 2", "ip6 tcp syn to=mix6 from=d4:2", XS_R_PLACED, "& to=m6" },
	{ "family: IPv6, 3", "ip6 tcp syn to=mix6 from=d4:3", XS_R_PLACED, "& to=m6" },
	{ "family: IPv6, 4", "ip6 tcp syn to=mix6 from=d4:4", XS_R_PLACED, "& to=m6" },
	{ "family: none of it", "ip6 tcp syn to=cross from=d4:9", XS_R_NO_RULE, RESET },
	/* rules that expire */
	DO("!apply brief"),
	{ "before it expires", SYN "from=c1:40", XS_R_PLACED, "& to=f =level:tenant" },
	DO("!expire"),
	{ "after it has expired", SYN "from=c1:41", XS_R_PLACED, "& to=b =level:service +rules_expired" },
	{ 0 },
};
