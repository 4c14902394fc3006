// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "tools/accel/answer.h"
#include "tools/accel/metrics.h"
#include "tools/accel/prompt.h"
#include "tools/accel/serve.h"

#define CHUNK_SIZE 4096
#define SWEEP_NS 100000000ULL	/* how often waiting clients are asked whether they are still there */

/* What a stream says next. */
enum step { STEP_ROLE, STEP_TOKENS, STEP_USAGE, STEP_DONE, STEP_END };

struct request {
	struct job job;
	struct server *server;
	struct MHD_Connection *conn;
	struct prompt prompt;
	struct answer answer;
	char *body;
	size_t len, room;
	const char *allow;	/* methods, of an answer 405 */
	bool suspended, too_large, gone;
	enum step step;
	unsigned int said;	/* tokens */
	char *event;		/* being sent */
	size_t event_len, event_off;
};

uint64_t serve_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Send a response, which is taken over; NULL (no memory) closes the connection. */
static enum MHD_Result queue(struct request *r, unsigned int code, const char *type, struct MHD_Response *m)
{
	enum MHD_Result ok;

	if (!m)
		return MHD_NO;
	MHD_add_response_header(m, "Content-Type", type);
	MHD_add_response_header(m, "Server", "xsteer-accel (simulator)");
	MHD_add_response_header(m, "X-Accelerator", r->server->name);
	if (r->allow)
		MHD_add_response_header(m, "Allow", r->allow);
	if (r->server->closing)
		MHD_add_response_header(m, "Connection", "close");
	ok = MHD_queue_response(r->conn, code, m);
	MHD_destroy_response(m);
	return ok;
}

/* Answer with an allocated text, which is taken over. */
static enum MHD_Result reply(struct request *r, unsigned int code, const char *type, char *text)
{
	return queue(r, code, type, text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL);
}

static enum MHD_Result refuse(struct request *r, unsigned int code, const char *why)
{
	return reply(r, code, "application/json", answer_error(code, why));
}

static void suspend(struct request *r)
{
	r->suspended = true;
	MHD_suspend_connection(r->conn);
}

static void resume(struct request *r)
{
	if (r->suspended) {
		r->suspended = false;
		MHD_resume_connection(r->conn);
	}
}

static void wake(struct job *j)
{
	struct request *r = j->owner;

	if (r->prompt.stream || j->state == JOB_DONE)
		resume(r);
}

/* The next event of a stream, if it is time for one. Return: NULL: not yet, or the end */
static char *next_event(struct request *r)
{
	const struct job *j = &r->job;

	if (j->made == r->said && j->state != JOB_DONE)
		return NULL;
	switch (r->step) {
	case STEP_ROLE:		/* goes out with the first token, as the engine's first word to the server makes both */
		r->step = STEP_TOKENS;
		return answer_role(&r->answer);
	case STEP_TOKENS:
		if (++r->said == j->max_tokens)
			r->step = r->prompt.usage ? STEP_USAGE : STEP_DONE;
		return answer_token(&r->answer, r->said - 1, r->said == j->max_tokens);
	case STEP_USAGE:
		r->step = STEP_DONE;
		return answer_usage(&r->answer, j);
	case STEP_DONE:
		r->step = STEP_END;
		return answer_done();
	case STEP_END:
		break;
	}
	return NULL;
}

/* One event is one chunk, hence one write to the socket. */
static ssize_t stream(void *cls, uint64_t pos, char *buf, size_t most)
{
	struct request *r = cls;
	size_t n;

	if (r->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!r->event) {
		r->event = next_event(r);
		r->event_len = r->event ? strlen(r->event) : 0;
		r->event_off = 0;
	}
	if (!r->event && r->step == STEP_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!r->event) {
		suspend(r);
		return 0;
	}
	n = r->event_len - r->event_off < most ? r->event_len - r->event_off : most;
	memcpy(buf, r->event + r->event_off, n);
	r->event_off += n;
	if (r->event_off == r->event_len) {
		free(r->event);
		r->event = NULL;
	}
	return n;
}

static enum MHD_Result refuse_method(struct request *r, const char *allow)
{
	r->allow = allow;
	return refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "this method is not for this path");
}

static enum MHD_Result complete(struct request *r, bool chat)
{
	char why[256];

	if (r->gone)
		return MHD_NO;
	if (r->job.state == JOB_DONE)	/* without stream: all is there now */
		return reply(r, MHD_HTTP_OK, "application/json", answer_whole(&r->answer, &r->job));
	if (r->too_large)
		return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than this server takes; see --body");
	if (prompt_read(&r->prompt, r->body, r->len, chat, why, sizeof(why)))
		return refuse(r, MHD_HTTP_BAD_REQUEST, why);
	free(r->body);
	r->body = NULL;
	r->job.name = r->prompt.name;
	r->job.names = r->prompt.names;
	r->job.prompt_tokens = r->prompt.tokens;
	r->job.max_tokens = r->prompt.max_tokens;
	r->job.owner = r;
	r->answer = (struct answer){ .id = ++r->server->requests, .created = time(NULL), .chat = chat, .model = r->prompt.model };
	r->step = chat ? STEP_ROLE : STEP_TOKENS;
	engine_add(&r->server->engine, &r->job, serve_clock());
	if (r->prompt.stream)
		return queue(r, MHD_HTTP_OK, "text/event-stream; charset=utf-8",
			     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK_SIZE, stream, r, NULL));
	suspend(r);
	return MHD_YES;
}

static enum MHD_Result route(struct request *r, const char *url, const char *method)
{
	bool post = !strcmp(method, "POST"), get = !strcmp(method, "GET");
	bool chat = !strcmp(url, "/v1/chat/completions");

	if (chat || !strcmp(url, "/v1/completions"))
		return post ? complete(r, chat) : refuse_method(r, "POST");
	if (strcmp(url, "/v1/models") && strcmp(url, "/health") && strcmp(url, "/metrics"))
		return refuse(r, MHD_HTTP_NOT_FOUND, "there are /v1/completions, /v1/chat/completions, /v1/models, /health and /metrics");
	if (!get)
		return refuse_method(r, "GET");
	if (!strcmp(url, "/metrics"))
		return reply(r, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", metrics_text(&r->server->engine));
	return reply(r, MHD_HTTP_OK, "application/json", strcmp(url, "/health") ? answer_models(r->server->name, time(NULL)) : strdup(""));
}

static void take_body(struct request *r, const char *data, size_t n)
{
	size_t room = r->room;
	char *more;

	if (r->too_large || r->len + n > r->server->body_most) {	/* the rest is read and forgotten, so that the answer arrives */
		r->too_large = true;
		return;
	}
	while (room < r->len + n)
		room = room ? 2 * room : 16384;
	if (room > r->room) {
		more = realloc(r->body, room);
		if (!more) {
			r->too_large = true;
			return;
		}
		r->body = more;
		r->room = room;
	}
	memcpy(r->body + r->len, data, n);
	r->len += n;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *conn, const char *url, const char *method, const char *version,
			      const char *data, size_t *size, void **con_cls)
{
	struct server *s = cls;
	struct request *r = *con_cls;

	if (!r) {
		r = *con_cls = calloc(1, sizeof(*r));
		if (!r)
			return MHD_NO;
		r->server = s;
		r->conn = conn;
		s->open++;
		return MHD_YES;
	}
	if (!*size)
		return route(r, url, method);
	take_body(r, data, *size);
	*size = 0;
	return MHD_YES;
}

static void completed(void *cls, struct MHD_Connection *conn, void **con_cls, enum MHD_RequestTerminationCode code)
{
	struct server *s = cls;
	struct request *r = *con_cls;

	if (!r)
		return;
	*con_cls = NULL;
	s->open--;
	if (r->job.state != JOB_NEW && r->job.state != JOB_DONE)
		engine_drop(&s->engine, &r->job, serve_clock());
	prompt_free(&r->prompt);
	free(r->body);
	free(r->event);
	free(r);
}

/* A client that left while it waited would only be noticed when its first token is written: it must not cost a prefill. */
static void sweep(struct server *s, uint64_t now)
{
	const union MHD_ConnectionInfo *info;
	struct job *j, *next;
	struct request *r;
	ssize_t n;
	char c;

	for (j = TAILQ_FIRST(&s->engine.waiting); j; j = next) {
		next = TAILQ_NEXT(j, list);
		r = j->owner;
		info = MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		n = recv(info->connect_fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n > 0 || (n < 0 && errno == EAGAIN))
			continue;
		engine_drop(&s->engine, j, now);
		r->gone = true;
		resume(r);
	}
	s->swept_ns = now;
}

int serve_start(struct server *s, int fd)
{
	int err = engine_init(&s->engine);

	if (err)
		return err;
	s->engine.wake = wake;
	errno = 0;
	s->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, s,
				  MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, completed, s,
				  MHD_OPTION_CONNECTION_LIMIT, 8192U, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)131072, MHD_OPTION_END);
	return s->mhd ? 0 : errno ? -errno : -EIO;
}

void serve_close(struct server *s)
{
	MHD_socket fd = MHD_quiesce_daemon(s->mhd);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	s->closing = true;
}

void serve_stop(struct server *s)
{
	MHD_stop_daemon(s->mhd);
	cache_free(s->engine.cache);
}

int serve_fd(const struct server *s)
{
	return MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

uint64_t serve_due(const struct server *s)
{
	uint64_t t = engine_next(&s->engine), soon = s->swept_ns + SWEEP_NS;
	MHD_UNSIGNED_LONG_LONG ms;

	if (s->engine.nwaiting && soon < t)
		t = soon;
	if (MHD_get_timeout(s->mhd, &ms) == MHD_YES && serve_clock() + ms * 1000000 < t)
		t = serve_clock() + ms * 1000000;
	return t;
}

void serve_run(struct server *s)
{
	uint64_t now = serve_clock();

	if (s->engine.nwaiting && now >= s->swept_ns + SWEEP_NS)
		sweep(s, now);
	engine_run(&s->engine, now);
	MHD_run(s->mhd);
}
