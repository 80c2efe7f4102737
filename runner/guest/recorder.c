#include "runner/guest/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "runner/guest/helper.h"
#include "runner/guest/lockstat.h"
#include "runner/guest/perf.h"
#include "runner/guest/probes.h"
#include "runner/guest/rings.h"
#include "runner/guest/symbols.h"
#include "runner/guest/waits.h"

struct recorder {
	const char *cell, *backend;
	int out, journal;
	int regions; /* mlockbench tells here when each region was timed */
	enum {
		BY_EVENTS,
		BY_LOCKSTAT,
		BY_HELPER,
		BY_PERF
	} how; /* only events take probes and rings */
	struct helper helper;
	struct perf perf;
	struct symbols symbols;
	struct probes probes;
	bool made; /* probes of our own, which count what they see */
	struct rings rings;
	struct probe_counts before, after;
};

static void tell(const struct recorder *r, json_t *message)
{
	char *line = json_line(message);
	struct str s = STR_INIT;

	str_addf(&s, "%s\n", line);
	if (fs_write_all(r->out, s.buf, s.len) < 0)
		fprintf(stderr, "recorder: cannot tell: %s\n", strerror(errno));
	str_release(&s);
	free(line);
	json_decref(message);
}

/* --- beside the cell --- */

/* Probes or tracepoints of this kernel into rings. */
static int start_events(struct recorder *r, struct err *err)
{
	if (symbols_load(&r->symbols, "/proc/kallsyms", err) < 0)
		return -1;
	if (strcmp(r->backend, "slowpath") == 0) {
		r->made = probes_create(&r->probes, &r->symbols, r->journal, err) == 0;
		if (!r->made)
			return -1;
	} else if (probes_find(&r->probes, err) < 0) {
		return -1;
	}
	if (rings_open(&r->rings, &r->probes, err) < 0)
		return -1;
	return r->made ? probes_count(&r->before, err) : 0;
}

static int start(struct recorder *r, const char *bench, struct err *err)
{
	r->regions = memfd_create("regions", 0);
	if (r->regions < 0)
		return err_sys(err, "cannot make a file in memory");
	if (strcmp(r->backend, "slowpath") == 0 || strcmp(r->backend, "perf-lock") == 0)
		return start_events(r, err);
	r->rings.polls = xcalloc(1, sizeof(*r->rings.polls));
	if (strcmp(r->backend, "lockstat") == 0) {
		r->how = BY_LOCKSTAT;
		return lockstat_start(err);
	}
	if (strcmp(r->backend, "bpf") == 0) {
		r->how = BY_HELPER;
		return helper_start(&r->helper, bench, err);
	}
	if (strcmp(r->backend, "perf") == 0) {
		r->how = BY_PERF;
		return perf_start(&r->perf, err);
	}
	return err_set(err, "no recorder '%s'", r->backend);
}

/* The cell; -1: it could not be started, which the console is told. */
static int launch(const struct recorder *r, char *const argv[], struct child *c)
{
	struct strv all = STRV_INIT;
	struct err err;
	int ret;

	if (r->how == BY_PERF)
		perf_record_argv(&all, &r->perf, argv);
	else
		for (; *argv; argv++)
			strv_push(&all, *argv);
	strv_push(&all, "--regions");
	strv_pushf(&all, "%d", r->regions);
	*c = (struct child)CHILD_INIT;
	c->argv = all.v;
	c->death_signal = SIGKILL;
	ret = child_start(c, &err);
	if (ret < 0)
		fprintf(stderr, "recorder: %s\n", err.text);
	strv_release(&all);
	return ret;
}

/* Sleeps until the cell is over or a ring is half full, that is mostly through the whole of it. */
static int attend(struct recorder *r, struct child *c)
{
	struct pollfd *done = &r->rings.polls[r->rings.n];
	int status = 0;

	*done = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, c->pid, 0), .events = POLLIN};
	while (done->fd >= 0 && !done->revents) {
		if (poll(r->rings.polls, r->rings.n + 1, -1) < 0 && errno != EINTR)
			break;
		rings_drain(&r->rings);
	}
	if (done->fd >= 0)
		close(done->fd);
	if (child_wait(c, &status) < 0)
		return EXIT_USAGE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- what it saw --- */

static void tell_regions(const struct recorder *r, const struct lock_waits *w)
{
	char *path = xasprintf("/proc/self/fd/%d", r->regions);
	struct str text = STR_INIT;
	struct strv lines = STRV_INIT;
	struct err err;

	if (fs_read(path, &text, &err) < 0)
		fprintf(stderr, "recorder: %s\n", err.text);
	free(path);
	strv_split(&lines, str_text(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct lock_region region;
		unsigned long long from, to;
		struct exits exits;

		if (sscanf(lines.v[i], "%d %llu %llu %u", &region.iter, &from, &to,
			   &region.workers) != 4)
			continue;
		region.start = from;
		region.end = to;
		exits = waits_exits(w, &region);
		tell(r, json_pack("{s:s, s:s, s:s, s:i, s:I, s:i, s:I, s:I, s:o}", "t", "locks",
				  "cell", r->cell, "backend", r->backend, "iter", region.iter,
				  "elapsed_ns", (json_int_t)(to - from), "workers",
				  (int)region.workers, "exits", (json_int_t)exits.n, "exit_ns",
				  (json_int_t)exits.ns, "rows", waits_rows(w, &region)));
	}
	strv_release(&lines);
	str_release(&text);
}

struct losses {
	uint64_t events, lost, missed;
};

static void tell_waits(const struct recorder *r, const struct lock_waits *w, const struct losses *l)
{
	tell_regions(r, w);
	tell(r, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "t", "locks-end", "cell", r->cell,
			  "backend", r->backend, "events", (json_int_t)l->events, "lost",
			  (json_int_t)l->lost, "missed", (json_int_t)l->missed, "unpaired",
			  (json_int_t)w->unpaired));
}

static void tell_skip(const struct recorder *r, const struct err *why)
{
	tell(r, json_pack("{s:s, s:s, s:s, s:s}", "t", "locks-skip", "cell", r->cell, "backend",
			  r->backend, "reason", why->text));
}

static void tell_lockstat(const struct recorder *r)
{
	struct err err;
	json_t *rows = lockstat_stop(&err);

	if (rows)
		tell(r, json_pack("{s:s, s:s, s:s, s:o}", "t", "lockstat", "cell", r->cell,
				  "backend", r->backend, "rows", rows));
	else
		tell_skip(r, &err);
}

static void tell_perf(const struct recorder *r)
{
	struct str text = STR_INIT;
	struct err err;

	if (perf_tell(&r->perf, &text, &err) == 0)
		tell(r, json_pack("{s:s, s:s, s:s, s:s#}", "t", "perf", "cell", r->cell, "backend",
				  r->backend, "text", str_text(&text), (int)text.len));
	else
		tell_skip(r, &err);
	str_release(&text);
}

static void tell_events(struct recorder *r)
{
	struct lock_events e;
	struct lock_waits w;
	struct losses l = {0};
	uint64_t hits;
	struct err err;

	if (!r->made || probes_count(&r->after, &err) < 0)
		r->after = r->before;
	rings_stop(&r->rings);
	rings_drain(&r->rings);
	rings_decode(&r->rings.raw, &r->probes, &r->symbols, &e);
	waits_pair(e.v, e.n, &w);
	hits = r->after.hits - r->before.hits;
	l.events = e.n;
	l.lost = r->made && hits > e.n ? hits - e.n : e.lost;
	l.missed = r->after.missed - r->before.missed;
	tell_waits(r, &w, &l);
	waits_release(&w);
	free(e.v);
}

static void tell_helper(struct recorder *r)
{
	struct losses l = {0};
	struct lock_waits w;
	struct err err;

	/* now, with the names of the program itself among them */
	if (symbols_load(&r->symbols, "/proc/kallsyms", &err) < 0 ||
	    helper_stop(&r->helper, &r->symbols, &w, &l.lost, &err) < 0) {
		tell_skip(r, &err);
		return;
	}
	l.events = 2 * w.n + w.unpaired;
	tell_waits(r, &w, &l);
	waits_release(&w);
}

static void finish(struct recorder *r)
{
	rings_release(&r->rings);
	perf_release(&r->perf);
	if (r->made)
		probes_remove();
	symbols_release(&r->symbols);
	if (r->regions >= 0)
		close(r->regions);
}

int recorder_run(const char *cell, const char *backend, char *const argv[], int out, int journal)
{
	struct recorder r = {
		.cell = cell, .backend = backend, .out = out, .journal = journal, .regions = -1};
	struct err err;
	struct child c;
	int code = EXIT_SKIP;

	if (start(&r, argv[0], &err) < 0) {
		tell_skip(&r, &err);
	} else {
		code = launch(&r, argv, &c) < 0 ? EXIT_USAGE : attend(&r, &c);
		if (r.how == BY_LOCKSTAT)
			tell_lockstat(&r);
		else if (r.how == BY_HELPER)
			tell_helper(&r);
		else if (r.how == BY_PERF)
			tell_perf(&r);
		else
			tell_events(&r);
	}
	finish(&r);
	return code;
}
