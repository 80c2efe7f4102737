#include "workloads/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/background.h"
#include "workloads/bench.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/needs.h"

#define BALLAST_PAGES 512

static const char *const outcome_names[] = {"ok", "fail", "skip", "broken"};

static void clear_iteration(struct bench *b)
{
	sample_release(&b->sample);
	b->started = b->stopped = false;
	b->members = (struct usage){0};
	b->workers = 1;
	b->reason[0] = '\0';
}

static void fill_primary(struct bench *b)
{
	const char *primary = b->w->metrics[0].name;
	struct sample *s = &b->sample;

	for (size_t i = 0; i < s->metrics.n; i++)
		if (strcmp(s->metrics.v[i].name, primary) == 0)
			return;
	if (s->ops)
		figures_set(&s->metrics, primary, (double)s->elapsed_ns / (double)s->ops);
}

static int tell_region(const struct bench *b, int fd, int iter, struct err *err)
{
	if (fd && b->stopped &&
	    dprintf(fd, "%d %llu %llu %u\n", iter, (unsigned long long)b->start_ns,
		    (unsigned long long)(b->start_ns + b->sample.elapsed_ns), b->workers) < 0)
		return err_sys(err, "--regions %d", fd);
	return 0;
}

static int emit(struct bench *b, const struct sink *sink, int iter, bool warmup, enum outcome o,
		struct err *err)
{
	struct sample *s = &b->sample;

	/* Figures of a region that did not come to its end mean nothing. */
	if (!b->stopped || o == OUTCOME_SKIP || o == OUTCOME_BROKEN)
		sample_release(s);
	else
		fill_primary(b);
	s->cell = xstrdup(b->cell->id);
	s->iter = iter;
	s->warmup = warmup;
	s->outcome = xstrdup(outcome_names[o]);
	s->reason = xstrdup(b->reason);
	return sink->sample(sink->arg, s, err);
}

static enum outcome iterate(struct bench *b)
{
	int slack = b->w->slack_pages * (int)sysconf(_SC_NPROCESSORS_ONLN);
	struct err err;
	enum outcome o;

	clear_iteration(b);
	if (accounting_read(&b->base, &err) < 0)
		return bench_broken(b, "%s", err.text);
	perf_counters_open(&b->perf);
	o = b->w->iterate(b);
	perf_counters_close(&b->perf);
	if (o != OUTCOME_OK)
		return o;
	if (!b->stopped)
		return bench_broken(b, "the workload never closed its timed region");
	if (accounting_check(&b->base, slack, &err) < 0)
		return bench_fail(b, "%s", err.text);
	return background_check(b);
}

/*
 * Kept until we exit: the boots of a seed share their layout, those of different seeds do not. No
 * member of a crew gets it, or each would have to unmap it.
 */
static void take_ballast(struct bench *b)
{
	uint64_t bytes = (bench_random(b) % BALLAST_PAGES + 1) * PAGE_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	memory_touch(p, bytes, true);
	madvise(p, bytes, MADV_DONTFORK);
}

static int exit_code(enum outcome o)
{
	switch (o) {
	case OUTCOME_OK:
		return EXIT_OK;
	case OUTCOME_FAIL:
		return EXIT_REGRESSION;
	case OUTCOME_SKIP:
		return EXIT_SKIP;
	case OUTCOME_BROKEN:
		break;
	}
	return EXIT_USAGE;
}

static int iterations(struct bench *b, const struct run_opts *opts, const struct sink *sink,
		      struct err *err)
{
	int ret = EXIT_OK;

	for (unsigned i = 0; i < opts->warmup + opts->iterations; i++) {
		enum outcome o;

		b->warmup = i < opts->warmup;
		o = iterate(b);

		if (tell_region(b, opts->regions, (int)i, err) < 0 ||
		    emit(b, sink, (int)i, i < opts->warmup, o, err) < 0)
			return EXIT_USAGE;
		if (o != OUTCOME_OK)
			ret = exit_code(o);
		/* A wrong count is a finding, and the next iteration may tell more of it. */
		if (o == OUTCOME_SKIP || o == OUTCOME_BROKEN)
			break;
	}
	return ret;
}

int harness_run(const struct cell *cell, const struct run_opts *opts, const struct sink *sink,
		struct err *err)
{
	struct bench b = {.w = cell->w, .cell = cell, .inject = opts->inject, .random = opts->seed};
	enum outcome o;
	int ret = EXIT_USAGE;

	err->text[0] = '\0';
	knob_limit(cell->w->changes, opts->journal);
	bench_mark_cell();
	/* Base pages are the rule; a workload about huge ones says so with bench_huge_pages(). */
	bench_huge_pages(&b, false);
	o = needs_check(&b);
	if (o == OUTCOME_OK)
		o = background_start(&b);
	if (o == OUTCOME_OK) {
		take_ballast(&b);
		o = b.w->setup ? b.w->setup(&b) : OUTCOME_OK;
		if (o == OUTCOME_OK)
			ret = iterations(&b, opts, sink, err);
		if (b.w->teardown)
			b.w->teardown(&b);
	}
	background_stop(&b);
	if (o != OUTCOME_OK)
		ret = emit(&b, sink, 0, false, o, err) < 0 ? EXIT_USAGE : exit_code(o);
	clear_iteration(&b);
	free(b.state);
	return ret;
}
