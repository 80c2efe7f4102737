#include "runner/boot/recorder.h"

#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "runner/boot/program.h"

static const char *const recorders[] = {"slowpath", "bpf", "perf-lock", "lockstat", "perf"};

char *locks_program(const struct experiment *e, enum boot_kind kind)
{
	return kind == BOOT_LOCKS && !strcmp(e->locks, "bpf") ? paths_program("lock-bpf") : NULL;
}

void locks_programs(const struct experiment *e, enum boot_kind kind, struct strv *paths)
{
	struct err ignored = {""}; /* locks_plan() has seen that it is there */

	if (kind == BOOT_LOCKS && !strcmp(e->locks, "perf"))
		program_files("perf", paths, &ignored);
}

/* perf, which a guest is given. */
static int check_perf(struct err *err)
{
	struct strv paths = STRV_INIT;
	int ret = program_files("perf", &paths, err);

	if (ret < 0)
		err_set(err, "locks=perf: no program 'perf' on PATH: install linux-perf");
	strv_release(&paths);
	return ret;
}

static int check(const struct experiment *e, struct err *err)
{
	char *program = locks_program(e, BOOT_LOCKS);
	bool there = !program || fs_exists(program), known = false;

	free(program);
	for (size_t i = 0; i < sizeof(recorders) / sizeof(*recorders); i++)
		known |= !strcmp(e->locks, recorders[i]);
	if (!known)
		return err_set(err,
			       "locks=%s: one of auto, none, slowpath, bpf, perf-lock, lockstat, "
			       "perf",
			       e->locks);
	if (!there)
		return err_set(err, "locks=bpf: lock-bpf was not built: install clang, bpftool and "
				    "libbpf-dev, and run make again");
	return strcmp(e->locks, "perf") ? 0 : check_perf(err);
}

int locks_plan(struct experiment *e, const struct target *t, struct plan *p, struct err *err)
{
	if (strcmp(e->locks, "auto") == 0) {
		bool record = t->cpus > 1 && (t->kind == TARGET_ICOUNT || t->kind == TARGET_KVM);

		if (experiment_set(e, "locks", record ? "slowpath" : "none", err) < 0)
			return -1;
	}
	if (strcmp(e->locks, "none") == 0)
		return 0;
	if (check(e, err) < 0)
		return -1;
	plan_add(p, e->narms, BOOT_LOCKS, e->lock_boots);
	return 0;
}
