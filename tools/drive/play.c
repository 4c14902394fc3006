// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tools/drive/play.h"
#include "tools/drive/sse.h"
#include "user/shim/xsteer_shim.h"

/* An open request. */
struct slot {
	CURL *easy;
	char *body;
	struct xsteer_stamp stamp;
	const struct play *play;
	struct outcome *outcome;
	struct player *player;
	struct sse sse;
	uint64_t begun_ns;
	int stamp_errno;
	struct slot *free;
};

struct player {
	const struct play *play;
	const struct trace *trace;
	struct played *out;
	CURLM *multi;
	struct curl_slist *headers;
	char url[512];
	struct slot *slots, *free;
	size_t next;		/* row */
	unsigned int open;
	uint64_t start_ns, told_ns;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = 1;
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int stamp(int fd, const struct xsteer_stamp *s)
{
	return setsockopt(fd, XSTEER_STAMP_LEVEL, XSTEER_STAMP, s, sizeof(*s)) ? -errno : 0;
}

int play_stamp_works(const struct play *p)
{
	struct xsteer_stamp s = {};
	int err = 0, fd = socket(AF_INET, SOCK_STREAM, 0);

	for (unsigned int i = 0; fd >= 0 && !err && i < p->tenants; i++) {
		s.tenant = p->tenant[i];
		err = stamp(fd, &s);
		if (err)
			fprintf(stderr, "drive: a socket takes no stamp of tenant %u: %s; run `xsteer stamp cgroup` for this cgroup, or use --no-stamp\n",
				s.tenant, strerror(-err));
	}
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -errno : err;
}

static int on_socket(void *cls, curl_socket_t fd, curlsocktype purpose)
{
	struct slot *s = cls;

	s->player->out->connections++;
	if (s->play->no_stamp)
		return CURL_SOCKOPT_OK;
	s->stamp_errno = -stamp(fd, &s->stamp);
	return s->stamp_errno ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK;
}

static uint16_t server_index(struct played *out, const char *name, size_t len)
{
	unsigned int i;

	for (i = 1; i < out->servers; i++)
		if (strlen(out->server[i]) == len && !memcmp(out->server[i], name, len))
			return i;
	if (out->servers == PLAY_SERVERS)
		return PLAY_SERVERS - 1;
	out->server[i] = strndup(name, len);
	if (!out->server[i])
		return 0;
	out->servers++;
	return i;
}

static size_t on_header(char *line, size_t size, size_t n, void *cls)
{
	static const char name[] = "X-Accelerator:";
	struct slot *s = cls;
	size_t len = n;

	if (len > strlen(name) && !strncasecmp(line, name, strlen(name))) {
		line += strlen(name);
		len -= strlen(name);
		while (len && *line == ' ')
			line++, len--;
		while (len && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
			len--;
		s->outcome->server = server_index(s->player->out, line, len);
	}
	return n;
}

static size_t on_data(char *data, size_t size, size_t n, void *cls)
{
	struct slot *s = cls;

	if (sse_take(&s->sse, data, n) && !s->outcome->ttft_ns)
		s->outcome->ttft_ns = clock_ns() - s->begun_ns;
	return n;
}

/* The request's body; its stamp on the way, as both are made of the prompt. Return: NULL without memory */
static char *make_body(struct slot *s, const struct row *r)
{
	const struct play *p = s->play;
	uint32_t *token = trace_prompt(r, p->as_ids);
	uint64_t most = p->output_most && p->output_most < r->output ? p->output_most : r->output;
	size_t size;
	char *body = NULL;
	FILE *f = token ? open_memstream(&body, &size) : NULL;

	if (f) {
		fprintf(f, "{\"model\":\"%s\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":%" PRIu64 ",\"prompt\":", p->model, most);
		if (!p->as_ids)
			fprintf(f, "\"%.*s\"}", (int)(4 * r->input), (char *)token);
		for (uint32_t i = 0; p->as_ids && i < r->input; i++)
			fprintf(f, "%c%u", i ? ',' : '[', token[i]);
		if (p->as_ids)
			fputs("]}", f);
		if (fclose(f)) {
			free(body);
			body = NULL;
		}
		s->stamp = (struct xsteer_stamp){ .tenant = p->tenant[r->tenant], .slo_class = p->slo_class[r->slo_class] };
		xsteer_stamp_prefix(&s->stamp, token, 4UL * r->input, p->salt[r->tenant]);
	}
	free(token);
	return body;
}

static void set_options(struct slot *s)
{
	const struct play *p = s->play;
	CURL *e = s->easy;

	curl_easy_reset(e);
	curl_easy_setopt(e, CURLOPT_URL, s->player->url);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->player->headers);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(s->body));
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, s->body);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(e, CURLOPT_SOCKOPTDATA, s);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(e, CURLOPT_PRIVATE, s);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(p->timeout_ns / 1000000));
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, p->keep_alive ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, p->keep_alive ? 0L : 1L);
}

static int begin(struct player *y)
{
	const struct row *r = &y->trace->rows[y->next];
	struct slot *s = y->free;
	int running;

	s->outcome = &y->out->outcome[y->next++];
	s->body = make_body(s, r);
	if (!s->body)
		return -ENOMEM;
	sse_begin(&s->sse);
	s->stamp_errno = 0;
	set_options(s);
	s->outcome->begun = true;
	s->outcome->tenant = r->tenant;
	s->outcome->slo_class = r->slo_class;
	s->begun_ns = clock_ns();
	if (curl_multi_add_handle(y->multi, s->easy))
		return -ENOMEM;
	y->free = s->free;
	y->open++;
	y->out->begun++;
	curl_multi_perform(y->multi, &running);
	return 0;
}

/* What went wrong with a request, in few words that can be counted; NULL: nothing */
static const char *verdict(const struct slot *s, CURLcode code, char *buf, size_t size)
{
	long status = 0;

	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (s->stamp_errno)
		snprintf(buf, size, "stamp: %s", strerror(s->stamp_errno));
	else if (code)
		snprintf(buf, size, "%s", curl_easy_strerror(code));
	else if (status != 200)
		snprintf(buf, size, "HTTP status %ld", status);
	else if (s->sse.error || !s->sse.done || !s->outcome->ttft_ns)
		snprintf(buf, size, s->sse.error ? "an error in the stream" : s->sse.done ? "no text" : "the stream ended early");
	else
		return NULL;
	return buf;
}

static void end(struct player *y, struct slot *s, CURLcode code)
{
	struct outcome *o = s->outcome;
	char buf[128];
	const char *wrong = verdict(s, code, buf, sizeof(buf));

	o->total_ns = clock_ns() - s->begun_ns;
	o->failed = wrong;
	o->prompt_tokens = s->sse.prompt_tokens;
	o->cached_tokens = s->sse.cached_tokens;
	o->tokens = s->sse.tokens;
	if (wrong) {
		y->out->failed++;
		json_object_set_new(y->out->errors, wrong, json_integer(json_integer_value(json_object_get(y->out->errors, wrong)) + 1));
	}
	curl_multi_remove_handle(y->multi, s->easy);
	free(s->body);
	s->body = NULL;
	s->free = y->free;
	y->free = s;
	y->open--;
}

static void reap(struct player *y)
{
	struct slot *s;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(y->multi, &left)))
		if (m->msg == CURLMSG_DONE && !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s))
			end(y, s, m->data.result);
}

/* When the next row is due, ns from the start. UINT64_MAX: none is left, or none may begin any more */
static uint64_t due(const struct player *y, uint64_t now)
{
	const struct play *p = y->play;

	if (stop || y->next == y->trace->n || (p->duration_ns && now > p->duration_ns))
		return UINT64_MAX;
	return p->speed > 0 ? (uint64_t)(y->trace->rows[y->next].at_us * 1000 / p->speed) : 0;
}

static void progress(struct player *y, uint64_t now, bool last)
{
	if (!y->play->progress || (!last && now < y->told_ns + 200000000))
		return;
	y->told_ns = now;
	fprintf(stderr, "\r\033[Kdrive: %5.1f s: %zu of %zu begun, %u open, %" PRIu64 " failed", now / 1e9, y->next, y->trace->n, y->open, y->out->failed);
	if (last)
		fputs("\r\033[K", stderr);
}

static int run(struct player *y)
{
	uint64_t now, t, wait;
	int err = 0, running;

	y->start_ns = clock_ns();
	for (;;) {
		now = clock_ns() - y->start_ns;
		t = due(y, now);
		if (t == UINT64_MAX && !y->open)
			break;
		if (t <= now && y->free) {
			if (y->play->speed > 0 && now - t > y->out->late_most_ns)
				y->out->late_most_ns = now - t;
			err = begin(y);
			if (err)
				break;
		} else {
			wait = t > now && t - now < 100000000 ? (t - now) / 1000000 : 100;
			curl_multi_poll(y->multi, NULL, 0, wait, NULL);
			curl_multi_perform(y->multi, &running);
		}
		reap(y);
		progress(y, now, false);
	}
	y->out->duration_ns = clock_ns() - y->start_ns;
	progress(y, y->out->duration_ns, true);
	return err;
}

static int prepare(struct player *y)
{
	uint64_t n = y->play->concurrency;

	snprintf(y->url, sizeof(y->url), "%s/v1/completions", y->play->to);
	y->headers = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
	y->multi = curl_multi_init();
	y->slots = calloc(n, sizeof(*y->slots));
	y->out->outcome = calloc(y->trace->n + 1, sizeof(*y->out->outcome));
	y->out->n = y->trace->n;
	y->out->errors = json_object();
	y->out->server[0] = strdup("-");
	y->out->servers = 1;
	if (!y->headers || !y->multi || !y->slots || !y->out->outcome || !y->out->errors || !y->out->server[0])
		return -ENOMEM;
	curl_multi_setopt(y->multi, CURLMOPT_MAXCONNECTS, (long)n);
	for (uint64_t i = 0; i < n; i++) {
		y->slots[i].easy = curl_easy_init();
		if (!y->slots[i].easy)
			return -ENOMEM;
		y->slots[i].play = y->play;
		y->slots[i].player = y;
		y->slots[i].free = y->free;
		y->free = &y->slots[i];
	}
	return 0;
}

int play(const struct play *p, const struct trace *t, struct played *out)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	struct player y = { .play = p, .trace = t, .out = out };
	int err = curl_global_init(CURL_GLOBAL_DEFAULT) ? -ENOMEM : 0;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	err = err ?: prepare(&y);
	err = err ?: run(&y);
	if (err)
		fprintf(stderr, "drive: no memory\n");
	for (uint64_t i = 0; y.slots && i < p->concurrency; i++) {
		if (y.slots[i].easy && y.slots[i].body)
			curl_multi_remove_handle(y.multi, y.slots[i].easy);
		curl_easy_cleanup(y.slots[i].easy);
		free(y.slots[i].body);
	}
	curl_multi_cleanup(y.multi);
	curl_slist_free_all(y.headers);
	free(y.slots);
	return err;
}

void played_free(struct played *out)
{
	for (unsigned int i = 0; i < out->servers; i++)
		free(out->server[i]);
	free(out->outcome);
	json_decref(out->errors);
	*out = (struct played){};
}
