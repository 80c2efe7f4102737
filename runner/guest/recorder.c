#include "runner/guest/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/guest/probes.h"
#include "runner/guest/rings.h"
#include "runner/guest/symbols.h"
#include "runner/guest/waits.h"

struct recorder {
	const char *cell, *backend;
	int out;
	int regions; /* mlockbench tells here when each region was timed */
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

static int start(struct recorder *r, struct err *err)
{
	r->regions = memfd_create("regions", 0);
	if (r->regions < 0)
		return err_sys(err, "cannot make a file in memory");
	if (symbols_load(&r->symbols, "/proc/kallsyms", err) < 0)
		return -1;
	if (strcmp(r->backend, "slowpath") == 0) {
		r->made = probes_create(&r->probes, &r->symbols, err) == 0;
		if (!r->made)
			return -1;
	} else if (strcmp(r->backend, "perf-lock") == 0) {
		if (probes_find(&r->probes, err) < 0)
			return -1;
	} else {
		return err_set(err, "no recorder '%s'", r->backend);
	}
	if (rings_open(&r->rings, &r->probes, err) < 0)
		return -1;
	return r->made ? probes_count(&r->before, err) : 0;
}

static pid_t launch(const struct recorder *r, char *const argv[])
{
	struct strv all = STRV_INIT;
	pid_t pid;

	for (; *argv; argv++)
		strv_push(&all, *argv);
	strv_push(&all, "--regions");
	strv_pushf(&all, "%d", r->regions);
	pid = fork();
	if (pid == 0) {
		execv(all.v[0], all.v);
		fprintf(stderr, "recorder: cannot run %s: %s\n", all.v[0], strerror(errno));
		_exit(127);
	}
	strv_release(&all);
	return pid;
}

/* Sleeps until the cell is over or a ring is half full, that is mostly through the whole of it. */
static int attend(struct recorder *r, pid_t pid)
{
	struct pollfd *done = &r->rings.polls[r->rings.n];
	int status = 0;

	*done = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	while (done->fd >= 0 && !done->revents) {
		if (poll(r->rings.polls, r->rings.n + 1, -1) < 0 && errno != EINTR)
			break;
		rings_drain(&r->rings);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (done->fd >= 0)
		close(done->fd);
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

		if (sscanf(lines.v[i], "%d %llu %llu %u", &region.iter, &from, &to,
			   &region.workers) != 4)
			continue;
		region.start = from;
		region.end = to;
		tell(r, json_pack("{s:s, s:s, s:s, s:i, s:I, s:i, s:o}", "t", "locks", "cell", r->cell,
				  "backend", r->backend, "iter", region.iter, "elapsed_ns",
				  (json_int_t)(to - from), "workers", (int)region.workers, "rows",
				  waits_rows(w, &region)));
	}
	strv_release(&lines);
	str_release(&text);
}

static void tell_all(const struct recorder *r)
{
	uint64_t hits = r->after.hits - r->before.hits, lost;
	struct lock_events e;
	struct lock_waits w;

	rings_decode(&r->rings.raw, &r->probes, &r->symbols, &e);
	lost = r->made && hits > e.n ? hits - e.n : e.lost;
	waits_pair(e.v, e.n, &w);
	tell_regions(r, &w);
	tell(r, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "t", "locks-end", "cell", r->cell,
			  "backend", r->backend, "events", (json_int_t)e.n, "lost", (json_int_t)lost,
			  "missed", (json_int_t)(r->after.missed - r->before.missed), "unpaired",
			  (json_int_t)w.unpaired));
	waits_release(&w);
	free(e.v);
}

static void finish(struct recorder *r)
{
	rings_release(&r->rings);
	if (r->made)
		probes_remove();
	symbols_release(&r->symbols);
	if (r->regions >= 0)
		close(r->regions);
}

int recorder_run(const char *cell, const char *backend, char *const argv[], int out)
{
	struct recorder r = {.cell = cell, .backend = backend, .out = out, .regions = -1};
	struct err err;
	pid_t pid;
	int code = EXIT_SKIP;

	if (start(&r, &err) < 0) {
		tell(&r, json_pack("{s:s, s:s, s:s, s:s}", "t", "locks-skip", "cell", cell, "backend",
				   backend, "reason", err.text));
	} else {
		pid = launch(&r, argv);
		code = pid < 0 ? EXIT_USAGE : attend(&r, pid);
		if (!r.made || probes_count(&r.after, &err) < 0)
			r.after = r.before;
		rings_stop(&r.rings);
		rings_drain(&r.rings);
		tell_all(&r);
	}
	finish(&r);
	return code;
}
