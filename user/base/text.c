// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "user/base/text.h"

static char wrong[512];

#define WRONG(...) (snprintf(wrong, sizeof(wrong), __VA_ARGS__), wrong)

int xs_unhex(const char *hex, void *to, size_t room)
{
	size_t n = strlen(hex);
	uint8_t *b = to;

	if (n % 2 || strspn(hex, "0123456789abcdefABCDEF") != n)
		return -EINVAL;
	if (n / 2 > room)
		return -E2BIG;
	for (size_t i = 0; i < n; i++) {
		unsigned int digit = isdigit((unsigned char)hex[i]) ? hex[i] - '0' : (hex[i] | 0x20) - 'a' + 10;

		b[i / 2] = i % 2 ? b[i / 2] | digit : digit << 4;
	}
	return n / 2;
}

char *xs_hex(const void *bytes, size_t n, char *text)
{
	text[0] = 0;
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", ((const uint8_t *)bytes)[i]);
	return text;
}

const char *xs_addr_parse(const char *s, struct xs_addr *a)
{
	struct in_addr v4;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, s, &v4) == 1) {
		a->w[2] = htonl(0xffff);
		a->w[3] = v4.s_addr;
		return NULL;
	}
	return inet_pton(AF_INET6, s, a) == 1 ? NULL : WRONG("\"%.60s\" is no IPv4 or IPv6 address", s);
}

const char *xs_addr_port_parse(const char *text, struct xs_addr *addr, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	char host[64], *end;
	unsigned long n;
	int len;

	if (!colon || colon - text >= (long)sizeof(host))
		return WRONG("\"%.80s\" is not ADDR:PORT; write 198.18.0.10:8000 or [2001:db8::a]:443", text);
	n = strtoul(colon + 1, &end, 10);
	if (!isdigit((unsigned char)colon[1]) || *end || n < 1 || n > 65535)
		return WRONG("\"%.80s\": the port is 1..65535", text);
	*port = n;
	len = snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (!strchr(host, ':'))
		return xs_addr_parse(host, addr);
	if (host[0] != '[' || host[len - 1] != ']')
		return WRONG("\"%.80s\": an IPv6 address stands in brackets here", text);
	host[len - 1] = 0;
	return xs_addr_parse(host + 1, addr);
}

/* The first line of a key file, up to room bytes. Return: 0 or -errno */
static int first_line(const char *dir, const char *path, char *line, size_t room)
{
	char full[4096];
	ssize_t n;
	int fd, err;

	snprintf(full, sizeof(full), "%s%s%s", dir && path[0] != '/' ? dir : "", dir && path[0] != '/' ? "/" : "", path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, line, room - 1);
	err = n < 0 ? -errno : 0;
	close(fd);
	line[n < 0 ? 0 : n] = 0;
	line[strcspn(line, "\r\n")] = 0;
	return err;
}

const char *xs_key_read(const char *ref, const char *dir, uint8_t key[16])
{
	char line[64];
	int err;

	if (!strncmp(ref, "hex:", 4))
		return xs_unhex(ref + 4, key, 16) == 16 ? NULL : WRONG("hex: takes 32 hex digits; make them with: xsteer shim keygen");
	if (strncmp(ref, "file:", 5) || !ref[5])
		return WRONG("is no reference to a key; write " XS_KEY_REF);
	err = first_line(dir, ref + 5, line, sizeof(line));
	if (err)
		return WRONG("%.200s: %s", ref, strerror(-err));
	return xs_unhex(line, key, 16) == 16 ? NULL : WRONG("%.200s: holds no key of 32 hex digits; make one with: xsteer shim keygen -o PATH", ref);
}
