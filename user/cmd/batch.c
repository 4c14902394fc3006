// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of commands. Each runs in a child, so that nothing it leaves in memory (options, the model it read) reaches the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/out.h"

#define WORDS 512

static bool nested;	/* in a child: a batch that runs itself would never end */

/* Splits a line in place: blanks part words, '...' and "..." hold them together, a backslash takes the next character as it
 * is (not between single quotes), # at the beginning of a word ends the line. Return: words, -1: a quote is open, -2: too many */
static int split(char *line, char **word)
{
	char *from = line, *to = line, quote;
	int n = 0;

	for (;;) {
		from += strspn(from, " \t\r\n");
		if (!*from || *from == '#')
			return n;
		if (n == WORDS)
			return -2;
		word[n++] = to;
		for (quote = 0; *from && (quote || !strchr(" \t\r\n", *from)); from++) {
			if (*from == quote)
				quote = 0;
			else if (!quote && (*from == '"' || *from == '\''))
				quote = *from;
			else
				*to++ = *from == '\\' && quote != '\'' && from[1] ? *++from : *from;
		}
		if (quote)
			return -1;
		from += *from != 0;
		*to++ = 0;
	}
}

/* What a command printed with -j: nothing: null, one value: it, several: an array, other text: a string */
static json_t *parse_output(const char *text, size_t len)
{
	json_t *all = json_array(), *one;
	size_t at = 0;
	json_error_t e;

	for (at += strspn(text, " \n"); at < len; at += strspn(text + at, " \n")) {
		one = json_loadb(text + at, len - at, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
		if (!one) {
			json_decref(all);
			return json_stringn(text, len) ?: json_string("output that is no UTF-8");
		}
		json_array_append_new(all, one);
		at += e.position;
	}
	if (json_array_size(all) > 1)
		return all;
	one = json_array_size(all) ? json_incref(json_array_get(all, 0)) : json_null();
	json_decref(all);
	return one;
}

/* All that can be read from a file, with a NUL behind it that *len does not count. Return: NULL: errno */
static char *read_all(FILE *from, size_t *len)
{
	char *text = NULL, piece[4096];
	FILE *to = open_memstream(&text, len);
	size_t n;
	int err;

	while (to && (n = fread(piece, 1, sizeof(piece), from)) > 0)
		fwrite(piece, 1, n, to);
	err = ferror(from) ? errno : 0;
	if (to)
		fclose(to);
	if (!err)
		return text;
	free(text);
	errno = err;
	return NULL;
}

/* Runs one command in a child. *output: with -j what it printed. Return: its exit status, or a negative errno */
static int run_line(int argc, char **argv, json_t **output)
{
	int fd[2] = { -1, -1 }, status;
	char *text;
	size_t len;
	FILE *from;
	pid_t pid;

	fflush(stdout);
	if (xs_env.json && pipe(fd))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		nested = true;
		if (xs_env.json) {
			dup2(fd[1], STDOUT_FILENO);
			close(fd[0]);
			close(fd[1]);
		}
		status = xs_run(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	if (xs_env.json) {
		close(fd[1]);
		from = fdopen(fd[0], "r");
		text = from ? read_all(from, &len) : NULL;
		*output = text ? parse_output(text, len) : json_null();
		free(text);
		if (from)
			fclose(from);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static json_t *words_json(int argc, char **argv)
{
	json_t *list = json_array();

	for (int i = 0; i < argc; i++)
		json_array_append_new(list, json_string(argv[i]) ?: json_string("?"));
	return list;
}

/* Says that a line failed and keeps the class: its own if nothing was done before, "in part" otherwise. With -j the array
 * has said it: only the class counts. Return: negative, always */
static int failed(const char *object, int done, int status, const char *what)
{
	const char *try = "mend this line", *stop = what ?: "stopped; nothing is done";
	char said[16];
	int err;

	if (xs_env.json)
		xs_quiet(said, sizeof(said));
	if (done)
		err = xs_partial(object, "mend this line, then run it and the rest", "%s; the %d before it are done", what ?: "stopped", done);
	else if (status == XS_EX_REFUSED)
		err = xs_refuse(object, try, "%s", stop);
	else if (status == XS_EX_USAGE)
		err = xs_usage(object, try, "%s", stop);
	else if (status == XS_EX_PARTIAL)
		err = xs_partial(object, try, "stopped in the midst of it");
	else
		err = xs_kernel(status < 0 ? status : EIO, object, try, "%s", stop);
	xs_quiet(NULL, 0);
	return err;
}

/* One line. Return: 1: done, 0: nothing in it, negative: failed, reported */
static int do_line(char *text, const char *object, int line, int done, json_t *all)
{
	const char *what = NULL;
	json_t *output = NULL;
	char *word[WORDS];
	int n = split(text, word), status = XS_EX_USAGE;

	if (!n)
		return 0;
	if (n > 0)
		status = run_line(n, word, &output);
	else
		what = n == -1 ? "a quote stays open" : "too many words";
	if (what)
		output = json_pack("{s:{s:s, s:s}}", "error", "object", object, "what", what);
	json_array_append_new(all, json_pack("{s:i, s:o, s:i, s:o*}", "line", line, "command", words_json(n, word), "status", status, "output", output));
	return status ? failed(object, done, status, what) : 1;
}

static int batch_run(const struct xs_call *call)
{
	const char *name = call->argv[0];
	bool std = !strcmp(name, "-");
	int line = 1, done = 0, r = 0;
	char *text, *end, object[256];
	json_t *all;
	size_t len;
	FILE *from;

	if (nested)
		return xs_refuse("batch", "write its lines into the one that runs", "a batch cannot run another");
	from = std ? stdin : fopen(name, "r");
	text = from ? read_all(from, &len) : NULL;
	if (!text)
		xs_refuse(name, "give a file, or - for standard input", "cannot read: %s", strerror(errno));
	if (from && !std)
		fclose(from);
	if (!text)
		return -EINVAL;
	all = json_array();
	for (char *at = text; r >= 0 && at < text + len; at = end + 1, line++) {
		end = strchrnul(at, '\n');
		*end = 0;
		snprintf(object, sizeof(object), "batch %s:%d", name, line);
		r = do_line(at, object, line, done, all);
		done += r > 0;
	}
	free(text);
	xs_out_json(all);
	return r < 0 ? r : 0;
}

const struct xs_cmd cmd_batch_file = {
	.object = "batch",
	.name = "file",
	.args = "FILE|-",
	.min_args = 1,
	.max_args = 1,
	.brief = "run the commands of a file, a line each",
	.text = "Lines are written as at the shell but without `xsteer`; quotes and backslashes work as there, # begins a comment. "
		"The first line that fails ends it, and the message names it; lines before it stay done, which exit status 4 says. "
		"Each line takes the lock of the instance for itself.\n\n"
		"With -j an array: of each line its number, its words, its exit status and what it printed.",
	.example = "printf 'target drain gpu0\\ntarget list # is it drained?\\n' | xsteer batch file -",
	.run = batch_run,
};
