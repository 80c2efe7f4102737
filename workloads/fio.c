/*
 * fio(1) with its mmap engine on a file (in a guest on tmpfs), while it has as much memory again
 * mlocked
 * (--lockmem), for the numbers that others publish.
 *
 * The figure is fio's own mean latency; its version and what it says stand on the console. The
 * control locks nothing. unevictable_pgs_mlocked grows by what is locked.
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/json.h"
#include "workloads/outside.h"
#include "workloads/workload.h"

#define REPORT "fio.json"
#define DATA "fio.file"

static void arguments(struct bench *b, struct strv *argv)
{
	unsigned long long bytes = bench_injected(b, bench_int(b, "size"));
	char *report = outside_file(REPORT), *data = outside_file(DATA);

	strv_push(argv, "--name=mlockbench");
	strv_push(argv, "--ioengine=mmap");
	strv_pushf(argv, "--filename=%s", data);
	strv_push(argv, "--thread");
	strv_push(argv, "--randseed=1");
	strv_pushf(argv, "--rw=%s", bench_text(b, "rw"));
	strv_pushf(argv, "--size=%llu", bytes);
	if (bench_is(b, "lock", "mlock"))
		strv_pushf(argv, "--lockmem=%llu", bytes);
	strv_push(argv, "--output-format=json");
	strv_pushf(argv, "--output=%s", report);
	free(report);
	free(data);
}

static enum outcome judge(struct bench *b)
{
	char *report = outside_file(REPORT), *data = outside_file(DATA);
	struct err err;
	json_t *o = json_read(report, &err), *job;
	const char *way =
		bench_is(b, "rw", "read") || bench_is(b, "rw", "randread") ? "read" : "write";
	double ns;

	unlink(report);
	unlink(data);
	free(report);
	free(data);
	if (!o)
		return bench_broken(b, "%s", err.text);
	job = json_array_get(json_object_get(o, "jobs"), 0);
	ns = json_get_num(json_object_get(json_object_get(job, way), "lat_ns"), "mean", 0);
	json_decref(o);
	if (!(ns > 0))
		return bench_broken(b, "fio reports no operations: the console has its words");
	bench_metric(b, "io", ns);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	return outside_run(b, &(struct outside){.arguments = arguments, .judge = judge});
}

/* The file, what is locked, and fio's own. */
static uint64_t memory(struct bench *b)
{
	return 2 * bench_injected(b, bench_int(b, "size")) + (64 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

const struct workload fio = {
	.name = "fio",
	.help = "fio's mmap engine beside mlocked memory",
	.params =
		(const struct param[]){
			{"rw", "what it does", PARAM_ENUM, "randread", 0, 0,
			 "read|write|randread|randwrite"},
			{"size", "of the file, and of what is locked", PARAM_SIZE, "8M", 1 << 20,
			 1ull << 34, NULL},
			{"program", "fio, or the path of one", PARAM_TEXT, "fio", 0, 0, NULL},
			{"lock", "have memory mlocked, or not", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"io", "ns/io", "mean latency of an operation, as fio takes it",
			 BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = outside_feature},
	.control = "lock=none",
	.slack_pages = 64,
	.setup = outside_setup,
	.iterate = iterate,
};
