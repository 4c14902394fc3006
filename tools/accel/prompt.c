// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/accel/cache.h"
#include "tools/accel/prompt.h"
#include "user/shim/xsteer_shim.h"

/* The prompt as the cache sees it. */
struct stream {
	char *bytes;
	size_t len;
};

static const char *stream_tokens(struct stream *s, const json_t *ids)
{
	uint32_t *id = malloc(4 * json_array_size(ids) + 1);
	json_t *v;
	size_t i;

	if (!id)
		return "no memory";
	s->bytes = (char *)id;
	s->len = 4 * json_array_size(ids);
	json_array_foreach(ids, i, v) {
		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX)
			return "prompt: an array holds token ids, whole numbers below 2^32";
		id[i] = (uint32_t)json_integer_value(v);
	}
	return NULL;
}

static const char *stream_text(struct stream *s, const json_t *prompt)
{
	if (json_is_array(prompt))
		return stream_tokens(s, prompt);
	if (!json_is_string(prompt))
		return "prompt: wants a string or an array of token ids";
	s->len = json_string_length(prompt);
	s->bytes = malloc(s->len + 1);
	if (!s->bytes)
		return "no memory";
	memcpy(s->bytes, json_string_value(prompt), s->len);
	return NULL;
}

/* One message, or one text part of its content. Return: NULL or what is wrong */
static const char *append(struct stream *s, const char *role, const char *text)
{
	size_t n = xsteer_chat(NULL, 0, role, text);
	char *more = realloc(s->bytes, s->len + n);

	if (!more)
		return "no memory";
	s->bytes = more;
	s->len += xsteer_chat(more + s->len, n, role, text);
	return NULL;
}

/* The text of a message whose content is an array of parts; the caller frees it. */
static const char *join(const json_t *parts, char **text)
{
	size_t i, len = 0, n;
	const json_t *part;
	const char *t;
	char *more;

	*text = calloc(1, 1);
	json_array_foreach(parts, i, part) {
		t = json_string_value(json_object_get(part, "text"));
		if (!t)
			return "messages: only parts with text are understood";
		n = strlen(t);
		more = realloc(*text, len + n + 1);
		if (!more)
			return "no memory";
		*text = more;
		memcpy(more + len, t, n + 1);
		len += n;
	}
	return *text ? NULL : "no memory";
}

static const char *stream_chat(struct stream *s, const json_t *messages)
{
	const json_t *m, *content;
	const char *role, *err;
	char *text = NULL;
	size_t i;

	if (!json_is_array(messages) || !json_array_size(messages))
		return "messages: wants an array of messages";
	json_array_foreach(messages, i, m) {
		role = json_string_value(json_object_get(m, "role"));
		content = json_object_get(m, "content");
		if (!role || !(json_is_string(content) || json_is_array(content)))
			return "messages: a message has a role and content";
		err = json_is_array(content) ? join(content, &text) : NULL;
		err = err ?: append(s, role, text ?: json_string_value(content));
		free(text);
		text = NULL;
		if (err)
			return err;
	}
	return NULL;
}

static const char *settings(struct prompt *p, const json_t *j, bool chat)
{
	const json_t *most = json_object_get(j, "max_tokens"), *stream = json_object_get(j, "stream");
	const json_t *model = json_object_get(j, "model"), *options = json_object_get(j, "stream_options");

	if (chat && !most)
		most = json_object_get(j, "max_completion_tokens");
	if (most && !json_is_null(most) && (!json_is_integer(most) || json_integer_value(most) < 1 || json_integer_value(most) > 1 << 20))
		return "max_tokens: wants a number from 1 to 1048576";
	if ((stream && !json_is_boolean(stream)) || (model && !json_is_string(model)))
		return "stream is true or false, and model a string";
	if (json_is_integer(json_object_get(j, "n")) && json_integer_value(json_object_get(j, "n")) != 1)
		return "n: this simulator gives one answer";
	p->max_tokens = json_is_integer(most) ? json_integer_value(most) : PROMPT_MAX_TOKENS;
	p->stream = json_is_true(stream);
	p->usage = json_is_true(json_object_get(options, "include_usage"));
	p->model = model ? json_dumps(model, JSON_ENCODE_ANY) : strdup("\"simulated\"");
	return p->model ? NULL : "no memory";
}

static const char *take(struct prompt *p, const struct stream *s)
{
	if (s->len < 1)
		return "the prompt is empty";
	p->tokens = (s->len + 3) / 4;
	p->name = malloc(sizeof(*p->name) * (s->len / CACHE_BLOCK_BYTES + 1));
	if (!p->name)
		return "no memory";
	p->names = cache_names(s->bytes, s->len, p->name);
	return NULL;
}

int prompt_read(struct prompt *p, const char *body, size_t len, bool chat, char *why, size_t size)
{
	struct stream s = {};
	json_error_t at;
	json_t *j = json_loadb(body ?: "", len, 0, &at);
	const char *err;

	memset(p, 0, sizeof(*p));
	if (!j) {
		snprintf(why, size, "not JSON: line %d, column %d: %s", at.line, at.column, at.text);
		return -EINVAL;
	}
	err = settings(p, j, chat) ?: chat ? stream_chat(&s, json_object_get(j, "messages")) : stream_text(&s, json_object_get(j, "prompt"));
	err = err ?: take(p, &s);
	json_decref(j);
	free(s.bytes);
	if (!err)
		return 0;
	snprintf(why, size, "%s", err);
	prompt_free(p);
	return -EINVAL;
}

void prompt_free(struct prompt *p)
{
	free(p->name);
	free(p->model);
	p->name = NULL;
	p->model = NULL;
}
