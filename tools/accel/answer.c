// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/accel/answer.h"

/* The text of every answer, a word a token, over and over. */
static const char *const words[] = {
	"This", " is", " a", " simulator", " of", " an", " accelerator", ":", " it", " takes", " the", " time", " that", " a", " prefill", " takes",
	",", " keeps", " a", " prefix", " cache", ",", " and", " then", " says", " one", " word", " a", " token", ".", " Nothing", " here", " was", " thought", ".\\n",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *print(const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

static char *event(const struct answer *a, const char *choices, const char *usage)
{
	return print("data: {\"id\":\"%s-%lu\",\"object\":\"%s\",\"created\":%ld,\"model\":%s,\"choices\":[%s]%s}\n\n",
		     a->chat ? "chatcmpl" : "cmpl", a->id, a->chat ? "chat.completion.chunk" : "text_completion", a->created, a->model, choices, usage);
}

char *answer_role(const struct answer *a)
{
	return event(a, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}", "");
}

char *answer_token(const struct answer *a, unsigned int i, bool last)
{
	const char *reason = last ? "\"length\"" : "null", *word = words[i % WORDS];
	char text[256];

	if (a->chat)
		snprintf(text, sizeof(text), "{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":%s}", word, reason);
	else
		snprintf(text, sizeof(text), "{\"index\":0,\"text\":\"%s\",\"logprobs\":null,\"finish_reason\":%s}", word, reason);
	return event(a, text, "");
}

static void usage(const struct job *j, char *buf, size_t size)
{
	snprintf(buf, size, ",\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u,\"completion_tokens\":%u,\"prompt_tokens_details\":{\"cached_tokens\":%u}}",
		 j->prompt_tokens, j->prompt_tokens + j->made, j->made, j->cached_tokens);
}

char *answer_usage(const struct answer *a, const struct job *j)
{
	char text[256];

	usage(j, text, sizeof(text));
	return event(a, "", text);
}

char *answer_done(void)
{
	return strdup("data: [DONE]\n\n");
}

char *answer_whole(const struct answer *a, const struct job *j)
{
	size_t room = (size_t)j->made * 16 + 1, len = 0;
	char *text = calloc(1, room), *whole = NULL, used[256];

	for (unsigned int i = 0; text && i < j->made; i++)
		len += snprintf(text + len, room - len, "%s", words[i % WORDS]);
	usage(j, used, sizeof(used));
	if (text && a->chat)
		whole = print("{\"id\":\"chatcmpl-%lu\",\"object\":\"chat.completion\",\"created\":%ld,\"model\":%s,\"choices\":[{\"index\":0,"
			      "\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":\"length\"}]%s}\n",
			      a->id, a->created, a->model, text, used);
	else if (text)
		whole = print("{\"id\":\"cmpl-%lu\",\"object\":\"text_completion\",\"created\":%ld,\"model\":%s,\"choices\":[{\"index\":0,\"text\":\"%s\","
			      "\"logprobs\":null,\"finish_reason\":\"length\"}]%s}\n", a->id, a->created, a->model, text, used);
	free(text);
	return whole;
}

char *answer_models(const char *name, long created)
{
	return print("{\"object\":\"list\",\"data\":[{\"id\":\"simulated\",\"object\":\"model\",\"created\":%ld,\"owned_by\":\"xsteer accelerator simulator %s\"}]}\n",
		     created, name);
}

char *answer_error(unsigned int code, const char *why)
{
	json_t *j = json_pack("{s:{s:s, s:s, s:i}}", "error", "message", why, "type", code < 500 ? "invalid_request_error" : "internal_error", "code", code);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	return text;
}
