/*
 * A small run directory as docs/formats.md describes it, for tests of what reads one. The test says
 * what each boot measures; records are written by lib/record, as the runner does.
 */
#ifndef TESTS_FIXTURE_RUN_H
#define TESTS_FIXTURE_RUN_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"
#include "lib/stored.h"

#define MAIN_CELL "exit-mlocked/procs=32,lock=mlock"
#define CONTROL_CELL "exit-mlocked/procs=32,lock=none"

struct fixture {
	char path[64];
	json_t *run; /* run.json so far: a test may change it before fixture_finish */
	double ns_per_insn;
};

static inline json_t *fixture_workload(void)
{
	return json_pack("{s:s, s:s, s:s, s:[], s:[{s:s,s:s,s:s,s:s,s:b}, {s:s,s:s,s:s,s:s,s:b},"
			 " {s:s,s:s,s:s,s:s,s:b}]}",
			 "name", "exit-mlocked", "help", "exits", "control", "lock=none", "params",
			 "metrics", "name", "exit", "unit", "ns/page/process", "help", "all",
			 "better", "lower", "time", 1, "name", "p99", "unit", "ns", "help", "tail",
			 "better", "lower", "time", 1, "name", "failed", "unit", "share", "help",
			 "pages", "better", "lower", "time", 0);
}

static inline void fixture_begin(struct fixture *f, const char *kind, int cells)
{
	json_t *list;

	strcpy(f->path, "/tmp/mlocklab-fixture-XXXXXX");
	if (!mkdtemp(f->path))
		abort();
	f->ns_per_insn = strcmp(kind, "icount") ? 1 : 2;
	f->run = json_pack("{s:i,s:s,s:s,s:s,s:s,s:i,s:i,s:f,s:{s:s,s:i,s:i,s:i},s:{s:s},s:[],"
			   "s:[o],s:[{s:s,s:s,s:{s:s,s:s},s:s,s:i,s:i}],s:[]}",
			   "format", 1, "tool", "0.1.0", "name", "core", "created",
			   "2026-11-20T08:50:00Z", "status", "complete", "seed", 1, "pairs", 10,
			   "margin", 0.01, "target", "kind", kind, "cpus", 1, "nodes", 2,
			   "memory_mib", 2048, "host", "cpu", "A Fast One", "arms", "workloads",
			   fixture_workload(), "cells", "id", MAIN_CELL, "workload", "exit-mlocked",
			   "params", "procs", "32", "size", "8M", "control", CONTROL_CELL,
			   "iterations", 2, "warmup", 1, "boots");
	list = json_object_get(f->run, "cells");
	if (cells > 1)
		json_array_append_new(list, json_pack("{s:s,s:s,s:{s:s,s:s},s:n,s:i,s:i}", "id",
						      CONTROL_CELL, "workload", "exit-mlocked",
						      "params", "procs", "32", "size", "8M",
						      "control", "iterations", 2, "warmup", 1));
	if (!strcmp(kind, "icount")) {
		json_object_set_new(json_object_get(f->run, "target"), "ns_per_insn",
				    json_integer(2));
		json_object_set_new(json_object_get(f->run, "target"), "qemu",
				    json_pack("{s:s,s:s}", "version", "7.2.22", "sha256", "abc"));
	}
}

static inline void fixture_arm(struct fixture *f, const char *name, const char *release,
			       const char *preempt)
{
	json_array_append_new(json_object_get(f->run, "arms"),
			      json_pack("{s:s,s:s,s:s,s:s,s:{s:s}}", "name", name, "spec",
					"debian:x", "release", release, "version", "1-1", "config",
					"CONFIG_PREEMPT_DYNAMIC", preempt));
}

static inline void fixture_path(const struct fixture *f, int n, const char *name, char out[128])
{
	snprintf(out, 128, "%s/boots/%03d/%s", f->path, n, name);
}

static inline void fixture_append(const struct fixture *f, int n, const char *text)
{
	char path[128];
	FILE *to;

	fixture_path(f, n, "samples.jsonl", path);
	to = fopen(path, "a");
	if (!to || fputs(text, to) < 0 || fclose(to))
		abort();
}

/* As json_write() does, without waiting for the disk: a test makes hundreds of such files. */
static inline void fixture_write(const char *path, const json_t *o)
{
	if (json_dump_file(o, path, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0)
		abort();
}

/* Adds one boot to the plan, with a directory; outcome NULL leaves out boot.json. */
static inline void fixture_boot(struct fixture *f, int n, const char *arm, int pair, int seed,
				const char *outcome)
{
	struct err err;
	char path[128];
	json_t *boot =
		json_pack("{s:i,s:s,s:i,s:i}", "n", n, "arm", arm, "pair", pair, "seed", seed);

	json_array_append(json_object_get(f->run, "boots"), boot);
	fixture_path(f, n, "", path);
	if (fs_mkdirs(path, &err) < 0)
		abort();
	fixture_append(f, n, "");
	if (outcome) {
		json_object_set_new(boot, "outcome", json_string(outcome));
		json_object_set_new(boot, "detail",
				    json_string(strcmp(outcome, "ok") ? "Oops\x1b[2J" : ""));
		json_object_set_new(boot, "attempts", json_integer(1));
		fixture_path(f, n, "boot.json", path);
		fixture_write(path, boot);
	}
	/* run.json must not hold what boot.json says. */
	json_object_del(boot, "outcome");
	json_object_del(boot, "detail");
	json_object_del(boot, "attempts");
	json_decref(boot);
}

/* Sets a member of a boot's boot.json, which takes the reference. */
static inline void fixture_tell(const struct fixture *f, int n, const char *key, json_t *value)
{
	char path[128];
	struct err err;
	json_t *boot;

	fixture_path(f, n, "boot.json", path);
	boot = json_read(path, &err);
	if (!boot || json_object_set_new(boot, key, value) < 0)
		abort();
	fixture_write(path, boot);
	json_decref(boot);
}

/* One iteration: exit is the primary metric in the unit that the guest's clock gives. */
static inline void fixture_sample(struct fixture *f, int n, const char *cell, int iter, bool warmup,
				  const char *outcome, double exit, double failed)
{
	uint64_t latency[] = {30, 10, 20};
	struct sample s = {.cell = (char *)cell,
			   .iter = iter,
			   .warmup = warmup,
			   .outcome = (char *)outcome,
			   .reason = strcmp(outcome, "ok") ? "nr_mlock\n" : "",
			   .elapsed_ns = 1000,
			   .ops = 10,
			   .minflt = 5};
	char *line;

	if (!strcmp(outcome, "ok")) {
		figures_set(&s.metrics, "exit", exit);
		figures_set(&s.metrics, "p99", exit * 100);
		figures_set(&s.metrics, "failed", failed);
		figures_set(&s.vmstat, "nr_mlock", 0);
		s.latency_ns = latency;
		s.latencies = 3;
	}
	line = sample_format(&s);
	fixture_append(f, n, line);
	fixture_append(f, n, "\n");
	free(line);
	figures_release(&s.metrics);
	figures_release(&s.vmstat);
}

/* A warm-up and two iterations around value. */
static inline void fixture_cell(struct fixture *f, int n, const char *cell, double value)
{
	fixture_sample(f, n, cell, 0, true, "ok", value * 5, 0);
	fixture_sample(f, n, cell, 1, false, "ok", value - 1, 0);
	fixture_sample(f, n, cell, 2, false, "ok", value + 1, 0);
}

/* What the runner does at a boot's end: of the last start (attempt 0), or one that failed before.
 */
static inline void fixture_seal(const struct fixture *f, const json_t *planned, int attempt)
{
	char dir[128], path[160], failed[16] = "";
	struct err err;
	json_t *boot;

	if (attempt)
		snprintf(failed, sizeof(failed), ".failed-%d", attempt);
	snprintf(dir, sizeof(dir), "%s/boots/%03d%s", f->path, (int)json_get_int(planned, "n", 0),
		 failed);
	snprintf(path, sizeof(path), "%s/boot.json", dir);
	boot = fs_exists(path) ? json_read(path, &err) : NULL;
	if (!boot)
		return;
	json_object_update(boot, (json_t *)planned);
	json_object_set_new(boot, "files", stored_files(dir, &err));
	json_object_set(boot, "plan_sha256", json_object_get(f->run, "plan_sha256"));
	stored_seal_boot(boot);
	fixture_write(path, boot);
	json_decref(boot);
}

static inline void fixture_finish(struct fixture *f)
{
	char path[128];
	json_t *boot;
	size_t i;

	if (json_get_int(f->run, "format", 0) == 1)
		json_object_set_new(f->run, "format", json_integer(STORED_FORMAT));
	stored_seal_run(f->run);
	json_array_foreach(json_object_get(f->run, "boots"), i, boot)
		for (int attempt = 0; attempt < 3; attempt++)
			fixture_seal(f, boot, attempt);
	snprintf(path, sizeof(path), "%s/run.json", f->path);
	fixture_write(path, f->run);
}

static inline void fixture_release(struct fixture *f)
{
	struct err err;

	json_decref(f->run);
	fs_remove_tree(f->path, &err);
}

#endif
