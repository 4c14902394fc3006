/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One message format: "xsteer: OBJECT: WHAT; TRY", or with -j {"error": {"object":..., "what":..., "try":...}}, where further
 * errors of the same command are in "more". A message is one line of UTF-8 whatever is quoted in it. Inside the program a failed call has reported its error and returns a negative errno; the class for the exit status is kept here. */
#ifndef XS_ERR_H
#define XS_ERR_H

#include "user/cmd.h"

/* xs_refuse() - the request cannot be done as it is: bad config, unknown name, full table. exit 1
 * @object: what it is about ("apply x.yaml:12:5", "target gpu0"); @try: the remedy, or NULL
 * what and try are printf-formats, the arguments of what first. Return: -EINVAL, always */
int xs_refuse(const char *object, const char *try, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* xs_usage() - the command line is wrong. exit 2. Return: -EINVAL */
int xs_usage(const char *object, const char *try, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* xs_kernel() - kernel or environment said no; err is a (positive or negative) errno whose text is appended. exit 3. @try NULL: what
 * helps against that errno. Return: -|err| */
int xs_kernel(int err, const char *object, const char *try, const char *what, ...) __attribute__((format(printf, 4, 5)));
/* xs_partial() - done in part. exit 4. Return: -EIO */
int xs_partial(const char *object, const char *try, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* xs_warn() - worth saying, not an error; on standard error, with -j as {"warning": ...} there */
void xs_warn(const char *object, const char *try, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* xs_errors_end() - with -j print the object of the errors so far, if any: at the end of a command, and of the program */
void xs_errors_end(void);
/* xs_quiet() - collect messages instead of printing them: NULL prints again. The feed answers with them; size of buf in bytes */
void xs_quiet(char *buf, size_t size);
/* xs_class() - class of the last reported error, XS_EX_OK if none; xs_class_clear() forgets it */
enum xs_exit xs_class(void);
void xs_class_clear(void);

#endif
