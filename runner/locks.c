#include "runner/locks.h"

#include <string.h>

int locks_plan(struct experiment *e, const struct target *t, struct plan *p, struct err *err)
{
	if (strcmp(e->locks, "auto") == 0) {
		bool record = t->cpus > 1 && (t->kind == TARGET_ICOUNT || t->kind == TARGET_KVM);

		if (experiment_set(e, "locks", record ? "slowpath" : "none", err) < 0)
			return -1;
	}
	if (strcmp(e->locks, "none") == 0)
		return 0;
	if (strcmp(e->locks, "slowpath") != 0 && strcmp(e->locks, "perf-lock") != 0)
		return err_set(err, "locks=%s: one of auto, none, slowpath, perf-lock", e->locks);
	plan_add(p, e->narms, BOOT_LOCKS, e->lock_boots);
	return 0;
}
