#include "runner/probe/once.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include "lib/paths.h"
#include "lib/str.h"
#include "runner/boot/boot.h"

/* Runs the boot to its end or to the limit. */
static void run(struct boot *b, int seconds)
{
	struct timespec now;

	while (b->fd >= 0) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		if (poll(&p, 1, 200) > 0)
			boot_pump(b);
		boot_check(b);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (seconds && now.tv_sec - b->started.tv_sec >= seconds)
			boot_kill(b, BOOT_HANG, "the guest did not finish in time");
	}
}

int boot_once(const struct once *o, const char *dir, struct err *err)
{
	struct planned_boot planned = {.kind = o->kind, .n = 1};
	struct arm arm = {.name = (char *)"only", .spec = o->kernel->spec, .cmdline = (char *)""};
	struct experiment e = {.timeout = 60, .watchdog = o->silence, .arms = &arm, .narms = 1};
	char *bench = paths_program("mlockbench"), *init = paths_program("guest-init");
	struct boot_job job = {.e = &e,
			       .target = o->target,
			       .planned = &planned,
			       .kernel = o->kernel,
			       .cmdline = "",
			       .bench = bench,
			       .init = init};
	struct boot b;
	int ret = boot_start(&b, &job, xstrdup(dir), err);

	if (ret == 0) {
		run(&b, o->seconds);
		ret = boot_finish(&b, err);
		if (ret == 0 && b.outcome != BOOT_OK)
			ret = err_set(err, "%s", b.detail);
		boot_release(&b);
	}
	free(bench);
	free(init);
	return ret;
}
