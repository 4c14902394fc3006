/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames from words: "vlan=7 ip ttl=64 opt=4 tcp syn shim=short:acme cut=3". Words may come in any order, the last of a kind counts
 * (vlan, ext and tcp options add up). Every length and checksum is worked out here from the finished bytes, so a frame that the
 * program rewrote can be compared with one that was written anew.
 *
 *	vlan=ID qinq=ID type=HEX dmac=H smac=H back		Ethernet; H is the MAC's last byte; back: the two change places
 *	from=WHO to=WHO						ends: NAME[:PORT], ADDR:PORT or [ADDR]:PORT; names in words.c
 *	ip ip6 ttl=N id=N nodf mf frag=OFF opt=BYTES proto=N	fragment offset in units of 8
 *	ver=N ihl=N tot=N					wrong on purpose
 *	ext=hop|dst|route|route1|frag[:OFF]|fragmf|ah|esp|mob	IPv6 extension headers, in order
 *	tcp udp icmp=TYPE:CODE,QUOTE mtu=N			QUOTE bytes of the frame this one answers, or of
 *	about=WORDS						another: its words with + between them
 *	syn ack rst fin psh seq=N ackno=N win=N doff=N mss sack ts nops=N tail		tail: an option that ends behind the header
 *	nocsum ulen=N					UDP without checksum, wrong length
 *	shim=short|long:TENANT[,KEY=VALUE...] noshim rawshim=HEX	class= a= ha= back= hb= exp0= h=HEX/HEX.. id= at=SECONDS key=NAME
 *							to=WHO isn=N quarter= tokens= odd untagged twice, and bytes changed: setN=HEX
 *	pay=BYTES raw=HEX					payload
 *	answer							a frame back: ends and MACs change places, all else is bare
 *	cut=BYTES len=BYTES pad=BYTES				the finished frame, shorter or longer
 */
#ifndef XS_TEST_WORDS_H
#define XS_TEST_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "maps/abi.h"

#define FRAME_MAX 4000

struct frame {
	uint8_t byte[FRAME_MAX];
	uint32_t len;
};

struct end {
	struct xs_addr addr;
	uint16_t port;
};

/* frame_make() - @in: what "&" (the words it was made from) and a quote refer to, or NULL. Unknown words end the program */
void frame_make(struct frame *f, const char *words, const char *in, const struct frame *answered);
/* end_parse() - WHO -> address and port; an unknown one ends the program */
struct end end_parse(const char *who);
/* the clock that shims are made by: unix seconds */
extern uint32_t words_now;
/* key_of() - a tenant's key by name, "wrong" for none of theirs. Return: 16 bytes, NULL: it has none */
const uint8_t *key_of(const char *tenant, bool odd);
uint32_t number_of(const char *tenant);

#endif
