#include "runner/run/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/json.h"
#include "runner/boot/boot.h"
#include "runner/run/progress.h"

static volatile sig_atomic_t stop_asked;

static void on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
}

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
	struct boot_job job = {.e = r->e, .target = r->target, .planned = p,
			       .kernel = &r->kernels[p->arm], .bench = r->bench, .init = r->init,
			       .journal = r->journal,
			       .plan_sha256 = json_get_str(r->store->run, "plan_sha256", NULL)};
	char *dir = store_boot_dir(r->store, p->n, &job.attempts, l->err);

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

	str_addf(out, "boot %d %s %s, %d samples", p->n, b->job.e->arms[p->arm].name, name, b->samples);
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

	if (boot_finish(b, l->err) < 0) {
		l->broken = true;
	} else if (b->outcome != BOOT_INTERRUPTED) {
		describe(b, &text);
		again = worth_retrying(b) && !stop_asked;
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

static void fill_slots(struct loop *l)
{
	struct run *r = l->r;

	for (int i = 0; i < r->workers && !stop_asked && !l->broken; i++) {
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
		str_addf(out, "waiting for it to go idle, %ld of at most %d s", (long)(t.tv_sec - b->heard.tv_sec),
			 e->settle);
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
	if (stop_asked)
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
	size_t already = 0;

	*tally = (struct run_tally){0};
	for (size_t i = 0; i < r->plan.n; i++) {
		tally->boots += run_wants(r, &r->plan.boots[i]);
		already += run_wants(r, &r->plan.boots[i]) && !run_is_to_do(r, &r->plan.boots[i]);
	}
	tally->done = already;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* ignored, it is so by nohup(1)'s wish */
	if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	l.slots = xcalloc((size_t)r->workers, sizeof(*l.slots));
	progress_start(&l.progress, tally->boots, already);
	for (fill_slots(&l); busy_slots(&l); fill_slots(&l)) {
		draw(&l);
		wait_for_guests(&l);
		for (int i = 0; i < r->workers; i++)
			serve(&l, &l.slots[i]);
	}
	progress_end(&l.progress);
	free(l.slots);
	tally->interrupted = stop_asked;
	return l.broken ? -1 : 0;
}

/* --- run.json --- */

json_t *run_boots_json(const struct plan *p, const struct experiment *e)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct planned_boot *b = &p->boots[i];

		json_array_append_new(a, json_pack("{s:i, s:s, s:s, s:i, s:I}", "n", b->n, "kind",
						   plan_kind_name(b->kind), "arm", e->arms[b->arm].name,
						   "pair", b->pair, "seed", (json_int_t)b->seed));
	}
	return a;
}

static int arm_index(const struct experiment *e, const char *name)
{
	for (size_t i = 0; i < e->narms; i++)
		if (strcmp(e->arms[i].name, name) == 0)
			return (int)i;
	return -1;
}

static enum boot_kind kind_of(const char *name)
{
	return !strcmp(name, "profile") ? BOOT_PROFILE
	       : !strcmp(name, "locks") ? BOOT_LOCKS
					: BOOT_TIMED;
}

int run_boots_parse(struct plan *p, const struct experiment *e, const json_t *run, struct err *err)
{
	const json_t *boots = json_object_get(run, "boots");
	json_t *o;
	size_t i;

	*p = (struct plan){.boots = xcalloc(json_array_size(boots), sizeof(*p->boots))};
	json_array_foreach(boots, i, o) {
		struct planned_boot b = {
			.kind = kind_of(json_get_str(o, "kind", "")),
			.n = (int)json_get_int(o, "n", 0),
			.arm = arm_index(e, json_get_str(o, "arm", "")),
			.pair = (int)json_get_int(o, "pair", 0),
			.seed = (uint64_t)json_get_int(o, "seed", 0),
		};

		if (b.n < 1 || b.arm < 0) {
			plan_release(p);
			return err_set(err, "boot %zu of run.json has no number or an unknown arm", i + 1);
		}
		p->boots[p->n++] = b;
	}
	return p->n ? 0 : err_set(err, "run.json has no boots");
}
