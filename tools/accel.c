// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* accel: a simulator of an accelerator that serves a language model, as far as a network and a scheduler can tell: an
 * OpenAI-compatible streaming completion server with a prefill that takes its time by the tokens that are not cached, first
 * in, first out; tokens at a steady gap; an LRU prefix cache; and vLLM's metrics. It says everywhere that it is a simulator.
 *
 * Headers go out at once, as behind uvicorn, and what follows (in a chat an empty role delta, then text) when the prefill is
 * done; every event is a write of its own. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "tools/accel/serve.h"
#include "tools/lib/opt.h"
#include "user/base/num.h"

#define CLOSING_NS 60000000000ULL	/* what is open gets a minute after SIGTERM */

static const char *listen_at = "127.0.0.1:8000";
static struct server server = {
	.name = "accel",
	.body_most = 64000000,
	.engine = { .prefill_per_s = 8000, .gap_ns = 20000000, .cache_tokens = 470000 },
};

static const struct opt options[] = {
	{ "listen", 'l', OPT_TEXT, &listen_at, "ADDR:PORT", "where to serve; [::]:8000 is both families, port 0 any (127.0.0.1:8000)" },
	{ "name", 'n', OPT_TEXT, &server.name, "NAME", "what X-Accelerator says (accel)" },
	{ "prefill", 0, OPT_RATE, &server.engine.prefill_per_s, "N/s", "uncached prompt tokens a second (8000/s)" },
	{ "gap", 0, OPT_NS, &server.engine.gap_ns, "TIME", "from one token to the next (20ms)" },
	{ "cache", 0, OPT_COUNT, &server.engine.cache_tokens, "TOKENS", "size of the prefix cache; 0: none (470k)" },
	{ "body", 0, OPT_COUNT, &server.body_most, "BYTES", "the largest request body (64M)" },
	{}
};

/* Return: a listening socket or -errno, reported */
static int listen_on(const char *at)
{
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE }, *a = NULL;
	const char *colon = strrchr(at, ':'), *from = at + (*at == '[');
	uint64_t port;
	int fd = -1, on = 1, err;
	char host[64];

	if (!colon || colon - from - (from > at) >= (long)sizeof(host) || colon <= from || xs_num_parse(colon + 1, "", &port) || port > 65535)
		return fprintf(stderr, "accel: --listen %s: write ADDR:PORT or [ADDR]:PORT\n", at), -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - from - (from > at)), from);
	err = getaddrinfo(host, colon + 1, &hint, &a);
	if (err)
		return fprintf(stderr, "accel: --listen %s: %s\n", at, gai_strerror(err)), -EINVAL;
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1024)) {
		err = errno;
		fprintf(stderr, "accel: --listen %s: %s\n", at, strerror(err));
		if (fd >= 0)
			close(fd);
		fd = -err;
	}
	freeaddrinfo(a);
	return fd;
}

/* The address that was bound, as text. */
static const char *bound(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[64], port[8];
	static char text[80];

	if (getsockname(fd, (struct sockaddr *)&a, &len) ||
	    getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return listen_at;
	snprintf(text, sizeof(text), a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return text;
}

static int watch(int ep, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static void set_timer(int fd, uint64_t ns)
{
	struct itimerspec t = {};

	if (ns != UINT64_MAX) {
		t.it_value.tv_sec = ns / 1000000000;
		t.it_value.tv_nsec = ns % 1000000000 ?: 1;	/* all zero would disarm it */
	}
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Serves until a signal has come and what was open then is answered. A second signal does not wait. Return: exit status */
static int loop(int ep, int timer, int sig)
{
	struct signalfd_siginfo info;
	struct epoll_event e;
	uint64_t end = UINT64_MAX, due;

	while (!server.closing || (server.open && serve_clock() < end)) {
		due = serve_due(&server);
		set_timer(timer, due < end ? due : end);
		if (epoll_wait(ep, &e, 1, -1) < 0 && errno != EINTR)
			return 3;
		if (read(sig, &info, sizeof(info)) == sizeof(info)) {
			if (server.closing)
				return 1;
			serve_close(&server);
			end = serve_clock() + CLOSING_NS;
			if (server.open)
				fprintf(stderr, "accel: %s: finishing %u requests\n", server.name, server.open);
		}
		serve_run(&server);
	}
	if (server.open)
		return 1;
	serve_stop(&server);
	return 0;
}

int main(int argc, char **argv)
{
	int rc = opt_parse("accel", "simulates an accelerator behind an OpenAI-compatible API", options, argc, argv);
	int fd, ep, timer, sig;
	sigset_t signals;

	if (rc >= 0)
		return rc;
	if (!server.engine.prefill_per_s) {
		fprintf(stderr, "accel: --prefill 0/s would never answer\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = listen_on(listen_at);
	if (fd < 0)
		return fd == -EINVAL ? 2 : 3;
	rc = serve_start(&server, fd);
	ep = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	sig = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (rc || ep < 0 || timer < 0 || sig < 0 || watch(ep, serve_fd(&server)) || watch(ep, timer) || watch(ep, sig)) {
		fprintf(stderr, "accel: %s: cannot serve: %s\n", server.name, strerror(rc ? -rc : errno));
		return 3;
	}
	printf("accel: simulator %s serves on %s: prefill %" PRIu64 " tokens/s, a token every %g ms, cache %" PRIu64 " tokens\n", server.name,
	       bound(fd), server.engine.prefill_per_s, server.engine.gap_ns / 1e6, server.engine.cache_tokens);
	fflush(stdout);
	return loop(ep, timer, sig);
}
