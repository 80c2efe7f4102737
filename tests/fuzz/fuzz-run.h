/*
 * A small run directory, docs/formats.md, of which a target replaces one file by its input: two
 * arms, a cell with its control, in pairs of timed boots, and a profiled and a lock boot of each
 * arm.
 */
#ifndef TESTS_FUZZ_RUN_H
#define TESTS_FUZZ_RUN_H

#include "tests/fuzz/fuzz.h"

#define RUN_CELL "exit-mlocked/procs=32,lock=mlock"
#define RUN_CONTROL "exit-mlocked/procs=32,lock=none"
#define RUN_PAIRS 6 /* the least that gives a verdict */

static inline void run_json(struct str *out, int pairs)
{
	static const char *const kinds[] = {"profile", "locks"};
	static const char *const arms[] = {"old", "new"};
	int n = 0;

	str_add(out,
		"{\"format\":1,\"tool\":\"1\",\"name\":\"x\",\"created\":\"2026-11-20T08:50:00Z\","
		"\"status\":\"complete\",\"seed\":1,\"pairs\":6,\"margin\":0.01,"
		"\"target\":{\"kind\":\"icount\",\"ns_per_insn\":1,\"cpus\":1,\"nodes\":2,\"memory_"
		"mib\":2048,"
		"\"qemu\":{\"version\":\"7.2\",\"sha256\":\"ab\"}},\"host\":{\"cpu\":\"x\"},"
		"\"experiment\":{\"file\":\"x.ini\",\"text\":\"\",\"settings\":{\"pairs\":6}},"
		"\"arms\":[{\"name\":\"old\",\"spec\":\"debian:5.10\",\"release\":\"5.10\","
		"\"config\":"
		"{\"CONFIG_HZ\":\"250\"}},{\"name\":\"new\",\"spec\":\"debian:6.1\",\"release\":"
		"\"6.1\"}],"
		"\"workloads\":[{\"name\":\"exit-mlocked\",\"help\":\"exits\",\"params\":[],"
		"\"metrics\":["
		"{\"name\":\"exit\",\"unit\":\"ns/"
		"page\",\"help\":\"x\",\"better\":\"lower\",\"time\":true}]}],"
		"\"cells\":[{\"id\":\"" RUN_CELL
		"\",\"workload\":\"exit-mlocked\",\"params\":{\"procs\":\"32\"},"
		"\"control\":\"" RUN_CONTROL "\",\"iterations\":1,\"warmup\":0},"
		"{\"id\":\"" RUN_CONTROL
		"\",\"workload\":\"exit-mlocked\",\"params\":{\"procs\":\"32\"},"
		"\"control\":null,\"iterations\":1,\"warmup\":0}],\"boots\":[");
	for (int pair = 0; pair < pairs; pair++)
		for (int arm = 0; arm < 2; arm++, n++)
			str_addf(out, "%s{\"n\":%d,\"arm\":\"%s\",\"pair\":%d,\"seed\":1}",
				 n ? "," : "", n + 1, arms[arm], pair);
	for (int kind = 0; kind < 2; kind++)
		for (int arm = 0; arm < 2; arm++, n++)
			str_addf(out,
				 ",{\"n\":%d,\"kind\":\"%s\",\"arm\":\"%s\",\"pair\":0,\"seed\":1}",
				 n + 1, kinds[kind], arms[arm]);
	str_add(out, "]}\n");
}

/* A file of one boot. */
static inline void run_put(int boot, const char *file, const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), "boots/%03d/%s", boot, file);
	fuzz_put(name, text, strlen(text));
}

/*
 * The directory of the run, made whole at the first call. Timed boots come first, two a pair, then
 * two profiled ones, then two with lock traces; the more there are, the longer it takes to read.
 */
static inline const char *fuzz_run(int pairs)
{
	static int made;
	struct str json = STR_INIT;

	if (made++)
		return fuzz_dir();
	run_json(&json, pairs);
	fuzz_put("run.json", json.buf, json.len);
	str_release(&json);
	for (int n = 1; n <= 2 * pairs + 4; n++) {
		char *dir = xasprintf("%s/boots/%03d", fuzz_dir(), n);
		struct str samples = STR_INIT;
		struct err err;

		must(fs_mkdirs(dir, &err) == 0);
		free(dir);
		for (int cell = 0; cell < 2; cell++)
			str_addf(&samples,
				 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":0,\"warmup\":false,"
				 "\"outcome\":\"ok\","
				 "\"reason\":\"\",\"elapsed_ns\":1000,\"ops\":10,\"metrics\":{"
				 "\"exit\":%d},"
				 "\"latency_ns\":[30,10],\"vmstat\":{\"nr_mlock\":0}}\n",
				 cell ? RUN_CONTROL : RUN_CELL, 100 + n);
		run_put(n, "samples.jsonl", samples.buf);
		str_release(&samples);
		run_put(n, "events.jsonl", "");
		run_put(n, "boot.json", "{\"outcome\":\"ok\",\"detail\":\"\",\"attempts\":1}");
	}
	return fuzz_dir();
}

#endif
