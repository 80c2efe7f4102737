/*
 * QEMU's start and end with all of its memory locked, -overcommit mem-lock=on, which is
 * mlockall(MCL_CURRENT | MCL_FUTURE) before it maps the guest's: what a host pays for a real-time
 * or a confidential guest. The machine is one without devices, firmware and CPU, so that what
 * differs is the host's work; it is told to quit as soon as it stands.
 *
 * The whole program is timed, loading it included, by the guest's pages; the control starts the
 * same with nothing locked, which touches none of them. unevictable_pgs_mlocked grows by the
 * guest's pages and QEMU's own.
 */
#include <inttypes.h>
#include "workloads/outside.h"
#include "workloads/workload.h"

static void arguments(struct bench *b, struct strv *argv)
{
	for (const char *const *a =
		     (const char *const[]){"-machine", "none", "-accel", "tcg,tb-size=1",
					   "-nodefaults", "-display", "none", "-monitor", "stdio",
					   "-overcommit", NULL};
	     *a; a++)
		strv_push(argv, *a);
	strv_pushf(argv, "mem-lock=%s", bench_is(b, "lock", "mlock") ? "on" : "off");
	strv_push(argv, "-m");
	strv_pushf(argv, "size=%" PRIu64 "k", bench_injected(b, bench_int(b, "size")) >> 10);
}

/* That it ended well is all it says: where it cannot lock its memory it ends badly. */
static enum outcome judge(struct bench *b)
{
	bench_ops(b, bench_int(b, "size") >> 12);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	return outside_run(
		b, &(struct outside){.arguments = arguments, .input = "quit\n", .judge = judge});
}

/* The guest's, and QEMU with the stacks of its threads. */
static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + (192 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? memory(b) : 0;
}

const struct workload qemu_mlocked = {
	.name = "qemu-mlocked",
	.help = "QEMU's start and end with its memory locked",
	.params =
		(const struct param[]){
			{"size", "of the guest's memory", PARAM_SIZE, "64M", 1 << 20, 1ull << 40,
			 NULL},
			{"program", "QEMU, or the path of one", PARAM_TEXT, "qemu-system-x86_64", 0,
			 0, NULL},
			{"lock", "mem-lock=on, or off", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"run", "ns/page", "from its start to its end, by the guest's pages",
			 BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = outside_feature},
	.control = "lock=none",
	.slack_pages = 64,
	.setup = outside_setup,
	.iterate = iterate,
};
