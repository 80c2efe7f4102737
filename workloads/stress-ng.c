/*
 * A stressor of stress-ng(1), for the numbers that others publish: remap maps pages in other orders
 * with remap_file_pages(2) and, up to version 0.15, mlocks each of them, mlockmany has many
 * processes mlock and munlock, mlock locks and unlocks pages until it may lock no more.
 *
 * mlockmany locks as much as RLIMIT_MEMLOCK says, whose default went from 64 KiB to 8 MiB in Linux
 * 5.16: it is set, or two kernels would not be given the same work.
 *
 * The figure is stress-ng's own, run time by bogo operation, which means nothing beside another
 * version's: that and what it says stand on the console. There is no control, for stress-ng has no
 * such work unlocked. unevictable_pgs_mlocked and _culled grow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/outside.h"
#include "workloads/workload.h"

#define REPORT "stress-ng.yaml"

static void arguments(struct bench *b, struct strv *argv)
{
	const char *stressor = bench_text(b, "stressor");
	char *report = outside_file(REPORT), *dir = outside_file("");

	strv_pushf(argv, "--%s", stressor);
	strv_push(argv, bench_text(b, "workers"));
	strv_pushf(argv, "--%s-ops", stressor);
	strv_pushf(argv, "%llu", (unsigned long long)bench_injected(b, bench_int(b, "ops")));
	/* mlockmany forks so many, each of which locks what it can; its own default fills memory.
	 */
	for (const char *const *a =
		     (const char *const[]){"--pathological", "--mlockmany-procs", "16", "--seed",
					   "1", "--metrics-brief", "--temp-path", dir, "--yaml",
					   report, NULL};
	     *a; a++)
		strv_push(argv, *a);
	free(report);
	free(dir);
}

/* The number behind a name in the report, or -1. */
static double reported(const char *yaml, const char *name)
{
	char *mark = xasprintf("\n      %s: ", name), *at = strstr(yaml, mark);
	double v = at ? strtod(at + strlen(mark), NULL) : -1;

	free(mark);
	return v;
}

static enum outcome judge(struct bench *b)
{
	struct str yaml = STR_INIT;
	char *report = outside_file(REPORT);
	double ops, seconds;
	struct err err;
	int ret = fs_read(report, &yaml, &err);

	ops = reported(str_text(&yaml), "bogo-ops");
	seconds = reported(str_text(&yaml), "wall-clock-time");
	str_release(&yaml);
	unlink(report);
	free(report);
	if (ret < 0)
		return bench_broken(b, "%s", err.text);
	if (!(ops > 0) || !(seconds > 0))
		return bench_broken(b,
				    "stress-ng reports no operations: the console has its words");
	bench_metric(b, "op", seconds * 1e9 / ops);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	return outside_run(b, &(struct outside){.arguments = arguments, .judge = judge});
}

static enum outcome setup(struct bench *b)
{
	uint64_t bytes = bench_int(b, "memlock");
	struct rlimit limit = {bytes, bytes};

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return bench_broken(b, "setting RLIMIT_MEMLOCK: %s", strerror(errno));
	return outside_setup(b);
}

const struct workload stress_ng = {
	.name = "stress-ng",
	.help = "a stressor of stress-ng",
	.params =
		(const struct param[]){
			{"stressor", "which", PARAM_ENUM, "remap", 0, 0, "remap|mlockmany|mlock"},
			{"workers", "processes", PARAM_INT, "1", 1, 1024, NULL},
			{"ops", "bogo operations, of all of them", PARAM_INT, "8", 1, 1000000000,
			 NULL},
			{"memlock", "RLIMIT_MEMLOCK of each", PARAM_SIZE, "1M", 4096, 1ull << 34,
			 NULL},
			{"program", "stress-ng, or the path of one", PARAM_TEXT, "stress-ng", 0, 0,
			 NULL},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"op", "ns/op", "run time by bogo operations, as stress-ng counts them",
			 BETTER_LOWER, true},
			{0},
		},
	.needs = {.root = true, .feature = outside_feature},
	.slack_pages = 64,
	.setup = setup,
	.iterate = iterate,
};
