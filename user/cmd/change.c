// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/cmd/change.h"
#include "user/load/way.h"

int xs_change(const struct xs_model *have, struct xs_model *want, bool dry_run)
{
	json_t *plan = xs_plan_make(have, want);
	size_t n = json_array_size(plan);
	int err = xs_own_check(want);

	if (err) {
		json_decref(plan);
		return err;
	}
	if (!dry_run && (n || !have->revision)) {
		err = xs_apply(have, want);
	} else if (!dry_run) {
		xs_clock_sync();
		err = xs_ways_renew();	/* routes may have changed where the text has not */
	}
	if (err) {
		json_decref(plan);
		return err;
	}
	if (xs_out_json(json_pack("{s:I, s:b, s:O}", "revision", (json_int_t)(n && !dry_run ? want->revision : have->revision), "dry_run", dry_run, "changes", plan))) {
		json_decref(plan);
		return 0;
	}
	xs_plan_print(plan);
	if (!n)
		printf("nothing to change\n");
	else if (dry_run)
		printf("%zu change%s, none made (--dry-run)\n", n, n == 1 ? "" : "s");
	else
		printf("%zu change%s applied, revision %llu\n", n, n == 1 ? "" : "s", (unsigned long long)want->revision);
	json_decref(plan);
	return 0;
}
