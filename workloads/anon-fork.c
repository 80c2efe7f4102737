/*
 * fork(2) of a process with many anonymous mappings into many children that each write to the page
 * of every mapping and exit: each fork links each mapping into the parent's anon_vma under
 * anon_vma->root->rwsem, and each exit takes it out again.
 *
 * act=fork times all of that. act=pageout times MADV_PAGEOUT of the parent's pages once the
 * children have copies: each page is mapped by the parent alone, but to unmap it the kernel looks
 * through all of them. shape=deep makes each child the next one's parent. Nothing is locked, so
 * there is no control. `anon_vma` and `chain` are the objects that the children took, from
 * /sys/kernel/slab where that can be read (a cache may be merged with others of its size). minflt
 * grows by children times mappings, for pageout pswpout by mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/memory.h"
#include "workloads/swap.h"
#include "workloads/workload.h"

/* One page each, and one between them, or they would be merged. */
#define STRIDE (2 * PAGE_BYTES)

struct family {
	char *at;
	int vmas, children;
	bool deep;
	int done, hold; /* a child writes a byte to the one, then waits for the other's end */
	int done_read, hold_write;
	int forked; /* of our own, not reaped yet */
};

static void touch_all(const struct family *f)
{
	for (int i = 0; i < f->vmas; i++)
		memory_touch(f->at + (size_t)i * STRIDE, PAGE_BYTES, true);
}

static void __attribute__((noreturn)) child(const struct family *f, int left)
{
	pid_t next = -1;
	char byte = 0;

	close(f->hold_write);
	touch_all(f);
	if (f->deep && left) {
		next = fork();
		if (next == 0)
			child(f, left - 1);
		if (next < 0)
			_exit(EXIT_USAGE);
	}
	if (write(f->done, &byte, 1) != 1 || read(f->hold, &byte, 1) != 0)
		_exit(EXIT_USAGE);
	if (next > 0)
		waitpid(next, NULL, 0);
	_exit(EXIT_OK);
}

/* Returns when every child has its copies; they stay. */
static int grow(struct family *f, struct err *err)
{
	int forks = f->deep ? 1 : f->children;
	char byte;

	for (int i = 0; i < forks; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return err_sys(err, "fork of child %d of %d", i, forks);
		if (pid == 0)
			child(f, f->children - 1);
		f->forked++;
	}
	for (int i = 0; i < f->children; i++)
		if (read(f->done_read, &byte, 1) != 1)
			return err_set(err, "a child died before its time");
	return 0;
}

static void end(struct family *f)
{
	close(f->hold_write);
	f->hold_write = -1;
	/* The stream of a background is our child too, and lives on. */
	for (; f->forked; f->forked--)
		while (waitpid(-1, NULL, 0) < 0 && errno == EINTR)
			;
}

/* Objects in use, or -1. */
static long objects(const char *cache)
{
	struct str text = STR_INIT;
	struct err err;
	char path[80];
	long n;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	n = fs_read(path, &text, &err) < 0 ? -1 : strtol(str_text(&text), NULL, 10);
	str_release(&text);
	return n;
}

static void report_objects(struct bench *b, const long before[2], const long height[2])
{
	if (before[0] >= 0)
		bench_metric(b, "anon_vma", (double)(height[0] - before[0]));
	if (before[1] >= 0)
		bench_metric(b, "chain", (double)(height[1] - before[1]));
}

static enum outcome time_fork(struct bench *b, struct family *f)
{
	long before[2] = {objects("anon_vma"), objects("anon_vma_chain")}, height[2];
	uint64_t t0, t1, t2, ops = (uint64_t)f->children * bench_int(b, "vmas");
	struct err err;
	int ret;

	bench_start(b);
	t0 = bench_now();
	ret = grow(f, &err);
	t1 = bench_now();
	height[0] = objects("anon_vma");
	height[1] = objects("anon_vma_chain");
	t2 = bench_now();
	end(f);
	t0 += t2 - t1;
	bench_metric(b, "time", (double)(bench_now() - t0) / (double)ops);
	bench_stop(b);
	bench_ops(b, ops);
	report_objects(b, before, height);
	return ret < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static enum outcome time_pageout(struct bench *b, struct family *f)
{
	enum outcome outcome = OUTCOME_OK;
	struct err err;

	if (grow(f, &err) < 0) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		bench_start(b);
		for (int i = 0; i < f->vmas && outcome == OUTCOME_OK; i++)
			if (madvise(f->at + (size_t)i * STRIDE, PAGE_BYTES, MADV_PAGEOUT) < 0)
				outcome = bench_broken(b, "MADV_PAGEOUT: %s", strerror(errno));
		bench_stop(b);
		bench_ops(b, bench_int(b, "vmas"));
	}
	end(f);
	return outcome;
}

static int prepare(struct bench *b, struct family *f, struct err *err)
{
	int done[2], hold[2];

	f->at = memory_place((uint64_t)f->vmas * STRIDE, (unsigned)bench_random(b), err);
	for (int i = 0; i < f->vmas && f->at; i++)
		if (!memory_map(f->at + (size_t)i * STRIDE, PAGE_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE, -1, err))
			return -1;
	if (!f->at || pipe2(done, O_CLOEXEC) < 0 || pipe2(hold, O_CLOEXEC) < 0)
		return err_sys(err, "two pipes and address space for the mappings");
	*f = (struct family){f->at,   f->vmas, f->children, f->deep, done[1],
			     hold[0], done[0], hold[1],	    0};
	touch_all(f);
	return 0;
}

static enum outcome iterate(struct bench *b)
{
	struct family f = {.vmas = (int)bench_injected(b, bench_int(b, "vmas")),
			   .children = (int)bench_int(b, "children"),
			   .deep = bench_is(b, "shape", "deep"),
			   .hold_write = -1};
	enum outcome outcome;
	struct err err;

	if (prepare(b, &f, &err) < 0)
		return bench_broken(b, "%s", err.text);
	outcome = bench_is(b, "act", "pageout") ? time_pageout(b, &f) : time_fork(b, &f);
	munmap(f.at, (size_t)f.vmas * STRIDE);
	close(f.done);
	close(f.done_read);
	close(f.hold);
	return outcome;
}

static enum outcome setup(struct bench *b)
{
	struct err err;

	if (bench_is(b, "act", "pageout") && swap_on(64 << 20, &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct err err;

	if (bench_is(b, "act", "pageout"))
		swap_off(&err);
}

static const char *feature(struct bench *b)
{
	return bench_is(b, "act", "pageout") ? swap_missing() : NULL;
}

/* A child: its page of each mapping, page tables, stack and task. */
static uint64_t memory(struct bench *b)
{
	return bench_int(b, "children") *
	       ((256 << 10) + bench_injected(b, bench_int(b, "vmas")) * 2 * PAGE_BYTES);
}

const struct workload anon_fork = {
	.name = "anon-fork",
	.help = "many anonymous mappings forked into children that copy",
	.params =
		(const struct param[]){
			{"vmas", "mappings of one page", PARAM_INT, "128", 1, 30000, NULL},
			{"children", "that inherit them", PARAM_INT, "16", 1, 1024, NULL},
			{"shape", "children side by side, or each the next one's parent",
			 PARAM_ENUM, "wide", 0, 0, "wide|deep"},
			{"act", "what is timed: all of it, or MADV_PAGEOUT of the parent's pages",
			 PARAM_ENUM, "fork", 0, 0, "fork|pageout"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"time", "ns/vma",
			 "fork, copy and exit per child and mapping; pageout: per mapping",
			 BETTER_LOWER, true},
			{"anon_vma", "objects", "that the children took", BETTER_LOWER, false},
			{"chain", "objects", "anon_vma_chain that the children took", BETTER_LOWER,
			 false},
			{0},
		},
	.needs = {.memory = memory, .feature = feature},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
