// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <jansson.h>
#include <string.h>
#include "tools/drive/sse.h"

void sse_begin(struct sse *s)
{
	memset(s, 0, offsetof(struct sse, line));
}

static void usage(struct sse *s, const json_t *j)
{
	s->prompt_tokens = json_integer_value(json_object_get(j, "prompt_tokens"));
	s->tokens = json_integer_value(json_object_get(j, "completion_tokens"));
	s->cached_tokens = json_integer_value(json_object_get(json_object_get(j, "prompt_tokens_details"), "cached_tokens"));
}

/* An event without its "data: ". Those between the first text and the usage are many and say nothing new: they are not parsed. */
static void event(struct sse *s, const char *text)
{
	const json_t *choice, *words;
	json_t *j;

	if (!strcmp(text, "[DONE]"))
		s->done = true;
	if (*text != '{' || (s->text && !strstr(text, "\"usage\":{") && strncmp(text, "{\"error\"", 8)))
		return;
	j = json_loads(text, 0, NULL);
	choice = json_array_get(json_object_get(j, "choices"), 0);
	words = json_object_get(choice, "text") ?: json_object_get(json_object_get(choice, "delta"), "content");
	if (json_string_length(words))
		s->text = true;
	if (json_is_object(json_object_get(j, "usage")))
		usage(s, json_object_get(j, "usage"));
	if (!j || json_object_get(j, "error"))
		s->error = true;
	json_decref(j);
}

static void line(struct sse *s)
{
	if (s->len && s->line[s->len - 1] == '\r')
		s->len--;
	s->line[s->len] = 0;
	if (!strncmp(s->line, "data: ", 6))
		event(s, s->line + 6);
	s->len = 0;
}

bool sse_take(struct sse *s, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n')
			line(s);
		else if (s->len + 1 < sizeof(s->line))
			s->line[s->len++] = data[i];
		else
			s->error = true;
	}
	return s->text;
}
