#include "runner/run/run.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "lib/json.h"
#include "runner/boot/boot.h"
#include "runner/run/progress.h"
#include "runner/run/store-boots.h"

struct slot {
	struct boot boot;
	char *cmdline;
	bool busy;
};

struct loop {
	struct run *r;
	struct run_tally *tally;
	struct progress progress;
	struct slot *slots;
	size_t next; /* boot of the plan to start next */
	struct err *err;
	bool broken; /* the store or the machine fails: start nothing more */
};

char *run_cmdline(const struct experiment *e, int arm)
{
	const char *own = e->arms[arm].cmdline;

	return xasprintf("%s%s%s", e->cmdline, *e->cmdline && *own ? " " : "", own);
}

/* --- one boot --- */

static void start_boot(struct loop *l, struct slot *s, const struct planned_boot *p)
{
	struct run *r = l->r;
	struct boot_job job = {.e = r->e,
			       .target = r->target,
			       .planned = p,
			       .kernel = &r->kernels[p->arm],
			       .bench = r->bench,
			       .init = r->init,
			       .journal = r->journal,
			       .plan_sha256 = json_get_str(r->store->run, "plan_sha256", NULL)};
	char *dir = watch_check(&r->watch, l->err) < 0
			    ? NULL
			    : store_boot_dir(r->store, p->n, &job.attempts, l->err);

	if (p->kind == BOOT_PROFILE) {
		job.plugin = r->profiler.plugin;
		job.symbols = r->profiler.symbols[p->arm];
	}
	s->cmdline = run_cmdline(r->e, p->arm);
	job.cmdline = s->cmdline;
	if (dir && boot_start(&s->boot, &job, dir, l->err) == 0) {
		s->busy = true;
		return;
	}
	free(s->cmdline);
	l->broken = true;
}

/* What QEMU itself complains of will be there the next time, too. */
static bool worth_retrying(const struct boot *b)
{
	enum target_kind kind = b->job.target->kind;

	if (b->job.attempts >= RUN_RETRIES)
		return false;
	if (boot_is_lost(boot_outcome_name(b->outcome), b->signal))
		return true;
	return (kind == TARGET_TCG || kind == TARGET_KVM) && !b->settled && !b->complaint &&
	       (b->outcome == BOOT_PANIC || b->outcome == BOOT_DIED || b->outcome == BOOT_HANG);
}

static void describe(const struct boot *b, struct str *out)
{
	const struct planned_boot *p = b->job.planned;
	const char *name = boot_outcome_name(b->outcome);

	str_addf(out, "boot %d %s %s, %d samples", p->n, b->job.e->arms[p->arm].name, name,
		 b->samples);
	if (b->outcome != BOOT_OK)
		str_addf(out, ": %s", b->detail);
	else if (*b->detail)
		str_addf(out, " (%s)", b->detail);
}

/* Returns true when the boot must be made again. */
static bool end_boot(struct loop *l, struct slot *s)
{
	struct boot *b = &s->boot;
	struct str text = STR_INIT;
	bool again = false;

	/* what it ran with is not known then */
	if (watch_check(&l->r->watch, l->err) < 0) {
		boot_kill(b, BOOT_INTERRUPTED, "the run ended");
		l->broken = true;
	}
	if (boot_finish(b, l->err) < 0) {
		l->broken = true;
	} else if (b->outcome != BOOT_INTERRUPTED) {
		describe(b, &text);
		again = worth_retrying(b) && !run_stop_asked;
		if (again) {
			str_addf(&text, "; trying again (attempt %d)", b->job.attempts + 2);
			progress_note(&l->progress, text.buf);
		} else {
			progress_boot(&l->progress, b->outcome != BOOT_OK, text.buf);
			l->tally->done++;
			l->tally->failed += b->outcome != BOOT_OK;
		}
	}
	str_release(&text);
	boot_release(b);
	free(s->cmdline);
	s->busy = false;
	return again;
}

/* --- all of them --- */

bool run_wants(const struct run *r, const struct planned_boot *b)
{
	bool named = !r->only;

	for (size_t i = 0; i < r->n_only && !named; i++)
		named = r->only[i] == b->n;
	if (!named)
		return false;
	return b->kind == BOOT_TIMED ? !r->pairs_until || b->pair < r->pairs_until : !r->timed_only;
}

bool run_is_to_do(const struct run *r, const struct planned_boot *b)
{
	return run_wants(r, b) && !store_has_boot(r->store, b->n);
}

volatile sig_atomic_t run_stop_asked;

static void on_stop(int sig)
{
	(void)sig;
	run_stop_asked = 1;
}

void run_heed_stops(void)
{
	struct sigaction sa = {.sa_handler = on_stop};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

void run_begin(const struct run *r, struct run_tally *tally)
{
	*tally = (struct run_tally){0};
	for (size_t i = 0; i < r->plan.n; i++) {
		tally->boots += run_wants(r, &r->plan.boots[i]);
		tally->done +=
			run_wants(r, &r->plan.boots[i]) && !run_is_to_do(r, &r->plan.boots[i]);
	}
	run_heed_stops();
}

static void fill_slots(struct loop *l)
{
	struct run *r = l->r;

	for (int i = 0; i < r->workers && !run_stop_asked && !l->broken; i++) {
		struct slot *s = &l->slots[i];

		if (s->busy)
			continue;
		while (l->next < r->plan.n && !run_is_to_do(r, &r->plan.boots[l->next]))
			l->next++;
		if (l->next < r->plan.n)
			start_boot(l, s, &r->plan.boots[l->next++]);
	}
}

static size_t busy_slots(const struct loop *l)
{
	size_t n = 0;

	for (int i = 0; i < l->r->workers; i++)
		n += l->slots[i].busy;
	return n;
}

/* What a guest is at. Under icount seconds of waiting are the guest's, which pass at once. */
static void add_state(const struct boot *b, struct str *out)
{
	const struct experiment *e = b->job.e;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (b->cell >= 0)
		str_add(out, e->cells[b->cell].id);
	else if (!b->hello)
		str_add(out, "booting");
	else if (b->job.target->kind == TARGET_ICOUNT || b->settled)
		str_add(out, "going idle");
	else
		str_addf(out, "waiting for it to go idle, %ld of at most %d s",
			 (long)(t.tv_sec - b->heard.tv_sec), e->settle);
}

static void draw(struct loop *l)
{
	struct str s = STR_INIT;

	for (int i = 0; i < l->r->workers; i++) {
		const struct boot *b = &l->slots[i].boot;

		if (!l->slots[i].busy)
			continue;
		str_addf(&s, "%s%s: ", s.len ? "; " : "", l->r->e->arms[b->job.planned->arm].name);
		add_state(b, &s);
	}
	progress_draw(&l->progress, str_text(&s));
	str_release(&s);
}

static void wait_for_guests(struct loop *l)
{
	struct pollfd *p = xcalloc((size_t)l->r->workers, sizeof(*p));
	int n = 0;

	for (int i = 0; i < l->r->workers; i++)
		if (l->slots[i].busy)
			p[n++] = (struct pollfd){.fd = l->slots[i].boot.fd, .events = POLLIN};
	poll(p, (nfds_t)n, 1000);
	free(p);
}

static void serve(struct loop *l, struct slot *s)
{
	struct boot *b = &s->boot;

	if (!s->busy)
		return;
	if (run_stop_asked)
		boot_kill(b, BOOT_INTERRUPTED, "interrupted");
	if (l->broken || b->store_errno)
		boot_kill(b, BOOT_INTERRUPTED, "the run ended");
	boot_pump(b);
	if (b->fd >= 0) {
		boot_check(b);
	} else {
		const struct planned_boot *p = b->job.planned;

		if (end_boot(l, s) && !l->broken)
			start_boot(l, s, p);
	}
}

int run_boots(struct run *r, struct run_tally *tally, struct err *err)
{
	struct loop l = {.r = r, .tally = tally, .err = err};
	struct sigaction sa = {.sa_handler = on_stop}, was;

	run_begin(r, tally);
	/* ignored, it is so by nohup(1)'s wish */
	if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	l.slots = xcalloc((size_t)r->workers, sizeof(*l.slots));
	progress_start(&l.progress, tally->boots, tally->done);
	for (fill_slots(&l); busy_slots(&l); fill_slots(&l)) {
		draw(&l);
		wait_for_guests(&l);
		for (int i = 0; i < r->workers; i++)
			serve(&l, &l.slots[i]);
	}
	progress_end(&l.progress);
	free(l.slots);
	tally->interrupted = run_stop_asked;
	return l.broken ? -1 : 0;
}
