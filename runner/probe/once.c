#include "runner/probe/once.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "lib/paths.h"
#include "lib/str.h"
#include "runner/boot/boot.h"

/* One line of a terminal that is rewritten, and is gone in the end. */
static void show(const struct once *o, long passed)
{
	if (!o->doing || !isatty(2))
		return;
	if (passed < 0)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K%s: %ld of at most %d s", o->doing, passed, o->seconds);
	fflush(stderr);
}

/* Runs the boot to its end or to the limit. */
static void run(struct boot *b, const struct once *o)
{
	long passed, shown = -1;
	struct timespec now;

	while (b->fd >= 0) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		if (poll(&p, 1, 200) > 0)
			boot_pump(b);
		boot_check(b);
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = now.tv_sec - b->started.tv_sec;
		if (passed != shown)
			show(o, shown = passed);
		if (o->seconds && passed >= o->seconds) {
			char *text = xasprintf("the guest did not finish in %d s", o->seconds);

			boot_kill(b, BOOT_HANG, text);
			free(text);
		}
	}
	show(o, -1);
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
		run(&b, o);
		ret = boot_finish(&b, err);
		if (ret == 0 && b.outcome != BOOT_OK)
			ret = err_set(err, "%s", b.detail);
		boot_release(&b);
	}
	free(bench);
	free(init);
	return ret;
}
