// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* flood DEV MAC ADDR PORT FRAMES RATE [OPTION]	SYNs from made-up sources of 198.18.128.0 to 198.19.255.255, RATE a second (0: as fast as it
 *						goes); with OPTION, the bytes of a TCP option in hex, each the same SYN but for its source
 * flood -h DEV MAC ADDR PORT SHAKES RATE MS	handshakes from 198.18.4.0/24, which must be routed here, as a client MS of round trip away has
 *						them: the SYN-ACK is acknowledged so much later, with a request; one that is answered counts
 * Raw frames from an AF_PACKET socket, so the host's own TCP has no part in it. Prints one line of what was done. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define FLOOD_ISN 0x1000000	/* of every SYN of a flood: a tag covers it */
#define SHAKE_ISN 77000
#define SHAKE_NET 0xc6120400	/* 198.18.4.0 */
#define SHAKES_MOST 50000
#define PORTS 200		/* of each address */
#define SYN_NS 1000000000LL	/* a SYN is sent again after this, twice, */
#define REQUEST_NS 250000000LL	/* and a request after this, as kernels do */
#define LAST_NS 4000000000LL	/* waited for the last answers */

static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct tcp_frame {
	struct ether_header eth;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t data[64];
} __attribute__((packed));

static struct tcp_frame model;		/* Ethernet, destination */
static int sock;

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(3);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint16_t sum(const void *data, size_t n, uint32_t s)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < n; i++)
		s += i & 1 ? b[i] : b[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s);
}

/* Lengths and checksums of a frame with n bytes behind the TCP header. Return: bytes of the frame */
static size_t finish(struct tcp_frame *f, size_t options, size_t n)
{
	struct { uint32_t src, dst; uint8_t zero, proto; uint16_t len; } __attribute__((packed)) pseudo = {
		f->ip.saddr, f->ip.daddr, 0, IPPROTO_TCP, htons(sizeof(f->tcp) + options + n),
	};

	f->ip.tot_len = htons(sizeof(f->ip) + sizeof(f->tcp) + options + n);
	f->ip.check = 0;
	f->ip.check = sum(&f->ip, sizeof(f->ip), 0);
	f->tcp.doff = (sizeof(f->tcp) + options) / 4;
	f->tcp.check = 0;
	f->tcp.check = sum(&f->tcp, sizeof(f->tcp) + options + n, ntohs(~sum(&pseudo, sizeof(pseudo), 0)));
	return sizeof(f->eth) + ntohs(f->ip.tot_len);
}

static void open_device(char **argv)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(argv[0]) };
	struct ether_addr *mac = ether_aton(argv[1]);
	int one = 1, size = 8 << 20;

	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock < 0 || !mac || setsockopt(sock, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) || bind(sock, (struct sockaddr *)&at, sizeof(at)))
		die(argv[0]);
	memcpy(model.eth.ether_dhost, mac, 6);
	memcpy(model.eth.ether_shost, "\2\0\0\0\0\2", 6);
	model.eth.ether_type = htons(ETHERTYPE_IP);
	model.ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .frag_off = htons(IP_DF) };
	model.tcp = (struct tcphdr){ .dest = htons(atoi(argv[3])), .window = htons(30000) };
	if (inet_pton(AF_INET, argv[2], &model.ip.daddr) != 1)
		die(argv[2]);
}

static uint32_t chance(void)	/* xorshift32 (Marsaglia 2003) */
{
	static uint32_t s = 2463534242u;

	s ^= s << 13;
	s ^= s >> 17;
	return s ^= s << 5;
}

/* The model's frame from another source: its checksums follow from what has changed, as the sender must not be what limits the flood. */
static void from_anywhere(struct tcp_frame *f, size_t len)
{
	uint32_t addr = htonl(0xc6128000 + chance() % 0x18000), port = htons(1024 + chance() % 60000);
	uint32_t ip = (uint16_t)~model.ip.check + (addr & 0xffff) + (addr >> 16), tcp = (uint16_t)~model.tcp.check + (addr & 0xffff) + (addr >> 16) + port;

	memcpy(f, &model, len);
	f->ip.saddr = addr;
	f->tcp.source = port;
	ip = (ip & 0xffff) + (ip >> 16);
	tcp = (tcp & 0xffff) + (tcp >> 16);
	f->ip.check = ~((ip & 0xffff) + (ip >> 16));
	f->tcp.check = ~((tcp & 0xffff) + (tcp >> 16));
}

static int flood(uint64_t frames, uint64_t rate, const char *option)
{
	static struct tcp_frame f[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec v[BATCH];
	int64_t begin = now_ns();
	size_t options = 0, len;
	uint64_t sent = 0;

	for (unsigned int b; option && options < 40 && sscanf(option + 2 * options, "%2x", &b) == 1; options++)
		model.data[options] = b;
	model.tcp.seq = htonl(FLOOD_ISN);
	model.tcp.syn = 1;
	len = finish(&model, options, 0);
	for (int i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){ &f[i], len };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while (sent < frames) {
		for (int i = 0; i < BATCH; i++)
			from_anywhere(&f[i], len);
		for (int n = 0, r; n < BATCH; n += r) {
			r = sendmmsg(sock, m + n, BATCH - n, 0);
			if (r < 0 && errno != ENOBUFS && errno != EAGAIN)
				die("send");
			r = r < 0 ? 0 : r;
		}
		sent += BATCH;
		while (rate && sent * 1000000000 / rate > (uint64_t)(now_ns() - begin))
			usleep(100);
	}
	printf("%llu frames, %.0f a second\n", (unsigned long long)sent, sent * 1e9 / (now_ns() - begin));
	return 0;
}

static struct shake {
	int64_t last_ns, ack_ns;	/* when the last segment went, and when the ACK is to go */
	uint32_t target_isn;
	uint8_t syns, acks, state;
} shakes[SHAKES_MOST];
enum { NOTHING, ASKED, TO_ACK, ACKED, DONE, RESET };

static void send_one(uint32_t i, bool syn, bool rst)
{
	struct tcp_frame f = model;
	size_t n = 0;

	f.ip.saddr = htonl(SHAKE_NET + 2 + i / PORTS);
	f.tcp.source = htons(10000 + i % PORTS);
	f.tcp.seq = htonl(SHAKE_ISN + !syn + (rst ? sizeof(request) - 1 : 0));
	f.tcp.syn = syn;
	f.tcp.rst = rst;
	f.tcp.ack = f.tcp.psh = !syn;
	f.tcp.ack_seq = syn ? 0 : htonl(shakes[i].target_isn + 1);
	if (!syn && !rst) {
		n = sizeof(request) - 1;
		memcpy(f.data, request, n);
	}
	send(sock, &f, finish(&f, 0, n), 0);
}

static void came(const struct tcp_frame *f, ssize_t len, uint32_t n, int64_t rtt_ns)
{
	uint32_t host = ntohl(f->ip.daddr) - SHAKE_NET - 2, i = host * PORTS + ntohs(f->tcp.dest) - 10000;
	struct shake *s = &shakes[i % SHAKES_MOST];

	if (len < (ssize_t)offsetof(struct tcp_frame, data) || f->ip.protocol != IPPROTO_TCP || f->ip.saddr != model.ip.daddr ||
	    f->tcp.source != model.tcp.dest || host > 250 || i >= n)
		return;
	if (f->tcp.rst && s->state != DONE) {
		s->state = RESET;
	} else if (f->tcp.syn && f->tcp.ack && s->state == ASKED) {
		s->target_isn = ntohl(f->tcp.seq);
		s->ack_ns = now_ns() + rtt_ns;
		s->state = TO_ACK;
	} else if (s->state == ACKED && ntohs(f->ip.tot_len) > sizeof(f->ip) + f->tcp.doff * 4) {
		s->state = DONE;
		send_one(i, false, true);
	}
}

static void due(uint32_t n, int64_t now)
{
	for (uint32_t i = 0; i < n; i++) {
		struct shake *s = &shakes[i];

		if ((s->state == TO_ACK && now >= s->ack_ns) || (s->state == ACKED && s->acks < 3 && now - s->last_ns > REQUEST_NS)) {
			s->state = ACKED;
			s->acks++;
		} else if (s->state == ASKED && s->syns < 3 && now - s->last_ns > SYN_NS) {
			s->syns++;
		} else {
			continue;
		}
		s->last_ns = now;
		send_one(i, s->state == ASKED, false);
	}
}

static int handshakes(uint32_t n, uint32_t rate, int64_t rtt_ns)
{
	int64_t begin = now_ns(), now = begin, end = n * 1000000000LL / rate + LAST_NS;
	uint32_t next = 0, state[RESET + 1] = { 0 }, again = 0;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct tcp_frame f;
	ssize_t len;

	for (; now - begin < end; now = now_ns()) {
		for (; next < n && next * 1000000000LL / rate <= now - begin; next++) {
			shakes[next] = (struct shake){ .last_ns = now, .syns = 1, .state = ASKED };
			send_one(next, true, false);
		}
		due(next, now);
		poll(&p, 1, 1);
		while ((len = recv(sock, &f, sizeof(f), MSG_DONTWAIT)) > 0)
			came(&f, len, next, rtt_ns);
	}
	for (uint32_t i = 0; i < n; i++) {
		state[shakes[i].state]++;
		again += shakes[i].state == DONE && shakes[i].syns + shakes[i].acks > 2;
	}
	printf("%u handshakes, %u answered, %u of them at another try, %u reset, %u without SYN-ACK, %u without answer\n", n, state[DONE], again,
	       state[RESET], state[ASKED], state[ACKED]);
	return 0;
}

int main(int argc, char **argv)
{
	bool shake = argc > 1 && !strcmp(argv[1], "-h");

	argv += 1 + shake;
	argc -= 1 + shake;
	if (argc < 6 + shake || (shake && (atoi(argv[4]) > SHAKES_MOST || atoi(argv[5]) < 1))) {
		fprintf(stderr, "usage: flood DEV MAC ADDR PORT FRAMES RATE [OPTION]\n       flood -h DEV MAC ADDR PORT SHAKES RATE MS\n");
		return 2;
	}
	open_device(argv);
	return shake ? handshakes(atoi(argv[4]), atoi(argv[5]), atoi(argv[6]) * 1000000LL) : flood(strtoull(argv[4], NULL, 0), strtoull(argv[5], NULL, 0), argc > 6 ? argv[6] : NULL);
}
