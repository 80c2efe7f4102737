#include "analysis/write/locks-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include "analysis/stats/stats.h"
#include "analysis/write/table.h"
#include "lib/text.h"

#define MOST_LINES 8
#define CALLER_WIDTH 31

void locks_time(char out[32], const struct locks *l, double ns)
{
	if (isnan(ns))
		strcpy(out, "-");
	else if (l->run.target.ns_per_insn > 0)
		snprintf(out, 32, "%s", plot_number(ns / l->run.target.ns_per_insn));
	else if (ns >= 1e9)
		snprintf(out, 32, "%.3g s", ns / 1e9);
	else if (ns >= 1e6)
		snprintf(out, 32, "%.3g ms", ns / 1e6);
	else if (ns >= 1e3)
		snprintf(out, 32, "%.3g us", ns / 1e3);
	else
		snprintf(out, 32, ns > 0 ? "%.0f ns" : "0", ns);
}

void locks_percent(char out[32], double share)
{
	if (isnan(share))
		strcpy(out, "-");
	else
		snprintf(out, 32, "%.1f%%", 100 * share);
}

/* What the instrument sees, by its name. */
static const char *instrument(const char *backend)
{
	if (!strcmp(backend, "perf-lock"))
		return "Waits for locks of every kind, as the kernel's contention tracepoints tell "
		       "of them. "
		       "Of semaphores these see only what comes after spinning: 93 to 99 % of the "
		       "waiting "
		       "was missed where both were measured. Not to be set against another kernel, "
		       "nor "
		       "against 'slowpath'.";
	if (!strcmp(backend, "lockstat"))
		return "Waiting by the kernel's own classes of locks, over the whole of a cell. "
		       "Its "
		       "statistics slow a kernel several times: the ranking of classes counts, no "
		       "time does.";
	if (!strcmp(backend, "perf"))
		return "What perf says of its own recording, over the whole of a cell: of "
		       "lockdep's tracepoints "
		       "where the kernel has them, else of contention's. The ranking counts, no "
		       "time does.";
	return "Waits in the slow paths of read-write semaphores, spinning included.";
}

/* Whether there is a table of waits by round: the kernel's statistics and perf tell of none. */
static bool locks_has_rounds(const struct locks *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->cells[i].rounds)
			return true;
	return false;
}

/* Boots that died young and were made again, of those that recorded and of the timed ones. */
static void add_retries(const struct locks *l, struct str *out)
{
	const struct run *runs[] = {&l->timed, &l->run};
	size_t made = 0, again = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < runs[i]->n_boots; k++) {
			made += runs[i]->boots[k].attempts > 0;
			again += runs[i]->boots[k].attempts > 1;
		}
	if (again)
		str_addf(out, " Of %zu boots %zu died or failed and had to be made again.", made,
			 again);
}

void locks_method(const struct locks *l, struct str *out)
{
	bool icount = l->run.target.ns_per_insn > 0;

	str_addf(out, "%s Recorded by '%s' in boots of their own (%s, %d CPU%s).",
		 instrument(l->backend), l->backend, l->run.target.kind, l->run.target.cpus,
		 l->run.target.cpus == 1 ? "" : "s");
	if (icount)
		str_add(out,
			" CPUs run in turn on one clock of instructions: a serialised model, not "
			"parallel time.");
	if (locks_has_rounds(l))
		str_add(out,
			" Figures are of one round, the median of all; waits in brackets, 'mean' "
			"and "
			"'longest' are of all rounds. A share is the summed waiting by the summed "
			"time of the processes that are timed, and above 100 % where more wait.");
	add_retries(l, out);
}

void locks_remarks(const struct lock_cell *c, struct str *out)
{
	if (c->skip) {
		str_add(out, "Not recorded: ");
		text_escape(out, c->skip);
		str_add(out, ". ");
	}
	if (!c->rounds)
		return;
	if (locks_lost(c) > LOCKS_MAX_LOST)
		str_addf(out, "INCOMPLETE: %.1f %% of the events are missing. ",
			 100 * locks_lost(c));
	str_addf(out, "%zu round%s, %.0f events, %.0f lost, %.0f missed, %.0f unpaired", c->rounds,
		 c->rounds == 1 ? "" : "s", c->events, c->lost, c->missed, c->unpaired);
	if (isnan(c->slowdown))
		str_add(out, ".");
	else
		str_addf(out, "; %.2f times the time of uninstrumented boots.", c->slowdown);
}

/* --- plain text --- */

static void add_caller(struct str *out, const struct lock_line *line)
{
	struct str name = STR_INIT;

	text_escape(&name, *line->caller ? line->caller : "(others)");
	if (*line->via && name.len + 3 + strlen(line->via) <= CALLER_WIDTH) {
		str_add(&name, " < ");
		text_escape(&name, line->via);
	}
	str_addf(out, "%-*.*s", CALLER_WIDTH, CALLER_WIDTH, str_text(&name));
	str_release(&name);
}

/* "9999", "12k", "1.2M": in at most four characters up to a thousand million. */
static void count(char out[16], double n)
{
	double big = n < 1e6 ? n / 1e3 : n / 1e6;

	if (n < 10000)
		snprintf(out, 16, "%.0f", n);
	else
		snprintf(out, 16, "%.*f%c", big < 10, big, n < 1e6 ? 'k' : 'M');
}

static void add_line(const struct locks *l, const struct lock_cell *c, const struct lock_line *line,
		     struct str *out)
{
	char waits[16], all[16], total[32], mean[32], longest[32], share[32];
	struct lock_figures f;

	locks_figures(c, line, &f);
	count(waits, f.waits);
	count(all, f.all_waits);
	locks_time(total, l, f.wait_ns);
	locks_time(mean, l, f.mean_ns);
	locks_time(longest, l, f.longest_ns);
	locks_percent(share, f.share);
	str_addf(out, " %c ", line->mode);
	add_caller(out, line);
	str_addf(out, "%*s (%s)%8s%8s%8s%6s\n", 8 - (int)strlen(all), waits, all, total, mean,
		 longest, share);
}

void locks_interval(const struct values *v, struct str *out)
{
	struct interval ci = stats_median_interval(v->v, v->n);
	char low[32], high[32];

	stats_sort(v->v, v->n);
	locks_percent(low, isnan(ci.low) ? v->v[0] : ci.low);
	locks_percent(high, isnan(ci.low) ? v->v[v->n - 1] : ci.high);
	str_add(out, "(");
	if (isnan(ci.low))
		str_addf(out, "%zu boot%s: ", v->n, v->n == 1 ? "" : "s");
	str_addf(out, "%s to %s)", low, high);
}

void locks_class_shares(const struct lock_cell *c, enum lock_class class, struct str *out)
{
	static const char *const of[] = {"the processes' time", "the time in exit_mmap"};

	for (int exits = 1; exits >= 0; exits--) {
		struct values v;
		char mid[32];

		if (!locks_boot_shares(c, class, exits, &v))
			continue;
		locks_percent(mid, stats_median(v.v, v.n));
		str_addf(out, " %s: %s of %s ", lock_class_name(class), mid, of[exits]);
		locks_interval(&v, out);
		str_add(out, "\n");
		values_release(&v);
	}
}

static void add_stat(const struct lock_cell *c, const struct lock_stat *s, struct str *out)
{
	struct str name = STR_INIT, callers = STR_INIT;
	char share[32], waits[16];

	text_escape(&name, s->class);
	for (size_t i = 0; i < s->callers.n; i++) {
		str_add(&callers, i ? " " : "");
		text_escape(&callers, s->callers.v[i]);
	}
	locks_percent(share, locks_stat_share(c, s));
	count(waits, s->waits);
	str_addf(out, " %-38.38s %-5s %5s waits, %6s of all waiting\n", str_text(&name), s->mode,
		 waits, share);
	if (callers.len)
		text_wrap(out, str_text(&callers), TABLE_WIDTH, 3);
	str_release(&name);
	str_release(&callers);
}

static void add_perf(const char *text, struct str *out)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		text_escape(out, lines.v[i]);
		str_add(out, "\n");
	}
	strv_release(&lines);
}

static void add_cell_waits(const struct locks *l, const struct lock_cell *c, struct str *out)
{
	const struct run_arm *arm = &l->run.arms[c->arm];
	struct str head = STR_INIT, remarks = STR_INIT;

	text_escape(&head, arm->name);
	str_add(&head, " ");
	text_escape(&head, load_kernel(arm));
	locks_remarks(c, &remarks);
	str_addf(out, "%s\n", str_text(&head));
	if (remarks.len)
		text_wrap(out, str_text(&remarks), TABLE_WIDTH, 1);
	for (int class = 0; class < LOCK_CLASSES; class ++) {
		size_t shown = 0, of = 0;

		for (size_t i = 0; i < c->n_lines; i++) {
			if ((int)c->lines[i].class != class)
				continue;
			if (!of++)
				locks_class_shares(c, class, out);
			if (shown == MOST_LINES)
				continue;
			shown++;
			add_line(l, c, &c->lines[i], out);
		}
		if (of > shown)
			str_addf(out, "  and %zu more callers, who waited less\n", of - shown);
	}
	for (size_t i = 0; i < c->n_stats && i < MOST_LINES; i++)
		add_stat(c, &c->stats[i], out);
	if (c->perf)
		add_perf(c->perf, out);
	if (c->rounds && !c->n_lines)
		str_add(out, " No wait was seen.\n");
	str_release(&head);
	str_release(&remarks);
}

void locks_text(const struct locks *l, struct str *out)
{
	const struct run_cell *last = NULL;
	struct str method = STR_INIT;

	locks_method(l, &method);
	text_wrap(out, str_text(&method), TABLE_WIDTH, 0);
	for (size_t i = 0; i < l->n; i++) {
		if (l->cells[i].cell != last) {
			last = l->cells[i].cell;
			str_add(out, "\n");
			text_escape(out, last->id);
			str_add(out, "\n");
			if (locks_has_rounds(l))
				str_addf(out, "   %-*s%11s%8s%8s%8s%6s\n", CALLER_WIDTH, "caller",
					 "waits (all)", "total", "mean", "longest", "share");
		}
		add_cell_waits(l, &l->cells[i], out);
	}
	str_release(&method);
}
