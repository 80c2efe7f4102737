/*
 * A QEMU whose guest has measured everything the moment it starts: it reads the plan of the run
 * from run.json, beside the boots, and sends what a real guest would, with figures drawn from the
 * boot's number. For runs of many boots and records; with FAST_CLOCK, for a guest whose clock goes
 * wild in the first attempt of each boot; with A_TENTH_LESS, for a kernel that takes that.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/frame.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"
#include "lib/str.h"

#define CONSOLE "file,id=console,path="

static uint64_t state;

/* From 0 up to 1 (Knuth's MMIX generator, the upper bits) */
static double draw(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 40) / (1 << 24);
}

static void say(struct frame_writer *w, const char *line)
{
	if (frame_write(w, line, strlen(line)) < 0)
		exit(1);
}

static const json_t *workload(const json_t *run, const char *name)
{
	json_t *w;
	size_t i;

	json_array_foreach(json_object_get(run, "workloads"), i, w)
		if (strcmp(json_get_str(w, "name", ""), name) == 0)
			return w;
	return NULL;
}

/* The further the cell is down the list, the larger its figures. */
static void send_sample(struct frame_writer *w, const json_t *run, const json_t *cell, size_t at,
			int iter, bool less)
{
	const json_t *work = workload(run, json_get_str(cell, "workload", ""));
	double level = (100 + 10 * (double)at) * (less ? 0.9 : 1);
	uint64_t latency[8];
	struct sample s = {.cell = (char *)json_get_str(cell, "id", ""),
			   .iter = iter,
			   .warmup = iter < json_get_int(cell, "warmup", 0),
			   .outcome = (char *)"ok",
			   .reason = (char *)"",
			   .elapsed_ns = (uint64_t)(level * 1e6),
			   .ops = 1000,
			   .minflt = 100 + at,
			   .latency_ns = latency,
			   .latencies = 8};
	json_t *metric;
	char *line;
	size_t i;

	json_array_foreach(json_object_get(work, "metrics"), i, metric)
		figures_set(&s.metrics, json_get_str(metric, "name", ""),
			    level * (1 + draw() / 50));
	figures_set(&s.vmstat, "unevictable_pgs_mlocked", 512);
	figures_set(&s.vmstat, "unevictable_pgs_munlocked", 512);
	for (i = 0; i < s.latencies; i++)
		latency[i] = (uint64_t)(level * 1e4 * (1 + draw()));
	line = sample_format(&s);
	say(w, line);
	free(line);
	figures_release(&s.metrics);
	figures_release(&s.vmstat);
}

static void send_cell(struct frame_writer *control, const json_t *run, size_t i, bool less)
{
	const json_t *cell = json_array_get(json_object_get(run, "cells"), i);
	int n = (int)(json_get_int(cell, "warmup", 0) + json_get_int(cell, "iterations", 0));
	struct frame_writer w = {.fd = 1, .stream = (unsigned)i + 1};
	char line[128];

	snprintf(line, sizeof(line), "{\"t\":\"cell\",\"i\":%zu}", i);
	say(control, line);
	for (int iter = 0; iter < n; iter++)
		send_sample(&w, run, cell, i, iter, less);
	snprintf(line, sizeof(line), "{\"t\":\"cell-end\",\"i\":%zu,\"exit\":0,\"signal\":0}", i);
	say(control, line);
}

/* The kernel that the arm is of. */
static void send_hello(struct frame_writer *w, const json_t *arm)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "t", "hello", "release",
			      json_get_str(arm, "release", ""), "version",
			      json_get_str(arm, "uts_version", ""), "cpus", 1, "nodes", 2,
			      "memory_kib", 2097152);
	char *line = json_line(o);

	say(w, line);
	free(line);
	json_decref(o);
}

static const json_t *arm_named(const json_t *run, const char *name)
{
	json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(run, "arms"), i, arm)
		if (strcmp(json_get_str(arm, "name", ""), name) == 0)
			return arm;
	return NULL;
}

/* The boot whose files are in DIR/boots/NNN: its number, its arm, and the run. */
static json_t *find_boot(char **argv, int *number, const json_t **arm, bool *again)
{
	struct err err;
	char *dir = NULL, *at, *path;
	json_t *run, *boot;
	size_t i;

	for (; *argv; argv++)
		if (strncmp(*argv, CONSOLE, strlen(CONSOLE)) == 0)
			dir = *argv + strlen(CONSOLE);
	at = dir ? strstr(dir, "/boots/") : NULL;
	/* a run may lie in another directory of that name */
	while (at && strstr(at + 1, "/boots/"))
		at = strstr(at + 1, "/boots/");
	if (!at)
		return NULL;
	*number = atoi(at + strlen("/boots/"));
	path = xasprintf("%.*s/boots/%03d.failed-1", (int)(at - dir), dir, *number);
	*again = fs_exists(path);
	free(path);
	path = xasprintf("%.*s/run.json", (int)(at - dir), dir);
	run = json_read(path, &err);
	json_array_foreach(json_object_get(run, "boots"), i, boot)
		if (json_get_int(boot, "n", 0) == *number)
			*arm = arm_named(run, json_get_str(boot, "arm", ""));
	return run;
}

int main(int argc, char **argv)
{
	struct frame_writer control = {.fd = 1};
	const json_t *arm = NULL;
	int number = 0;
	bool again = false, less;
	json_t *run = find_boot(argv, &number, &arm, &again);

	(void)argc;
	if (!run)
		return 1;
	state = (uint64_t)number;
	less = strcmp(json_get_str(arm, "name", ""), "new") == 0 || getenv("A_TENTH_LESS");
	send_hello(&control, arm);
	say(&control, "{\"t\":\"settled\",\"seconds\":10,\"idle\":true,\"clock_ns\":10000000000}");
	for (size_t i = 0; i < json_array_size(json_object_get(run, "cells")); i++)
		send_cell(&control, run, i, less);
	say(&control, getenv("FAST_CLOCK") && !again
			      ? "{\"t\":\"bye\",\"cells\":0,\"clock_ns\":3724000000000}"
			      : "{\"t\":\"bye\",\"cells\":0,\"clock_ns\":10010000000}");
	json_decref(run);
	return 0;
}
