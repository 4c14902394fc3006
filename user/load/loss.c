// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/load/loss.h"
#include "user/load/obj.h"
#include "skel/xsteer_loss.skel.h"

#define PIN_FAILED "loss_failed"
#define PIN_DROPPED "loss_dropped"

static int attach(struct xsteer_loss *l)
{
	int fd[XS_MAP_MAX], err;

	for (int i = 0; i < XS_MAP_MAX; i++)
		fd[i] = xs_map_fd(i);
	err = xs_obj_reuse(l->obj, fd) ?: xsteer_loss__load(l) ?: xsteer_loss__attach(l);
	err = err ?: bpf_link__pin(l->links.xsteer_failed, xs_pin_path(PIN_FAILED));
	return err ?: bpf_link__pin(l->links.xsteer_dropped, xs_pin_path(PIN_DROPPED));
}

void xs_loss_watch(void)
{
	struct xsteer_loss *l = xsteer_loss__open();

	if (!l || attach(l)) {
		unlink(xs_pin_path(PIN_FAILED));
		xs_warn("load", "see: xsteer probe", "what the kernel loses after a redirect will not be counted");
	}
	xsteer_loss__destroy(l);	/* the pins keep what is attached */
}

bool xs_loss_watched(void)
{
	return !access(xs_pin_path(PIN_FAILED), F_OK) && !access(xs_pin_path(PIN_DROPPED), F_OK);
}

int xs_loss_possible(void)
{
	struct xsteer_loss *l = xsteer_loss__open_and_load();
	int err = l ? xsteer_loss__attach(l) : -errno;

	xsteer_loss__destroy(l);
	return err;
}
