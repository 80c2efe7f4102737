/*
 * What the conclusions are worth: experiments with known truth, thousands of them, judged by the
 * code that judges stored runs. Each study prints what share of them went as it says, with the
 * exact binomial interval, and what was wanted; one that is certainly not as wanted fails the
 * program.
 *
 *     studies          all, minutes
 *     studies --short  fewer experiments, seconds
 *     studies steps    one of null, coverage, power, panics, looks, steps
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/compare.h"
#include "analysis/judge/pilot.h"
#include "analysis/judge/steps.h"
#include "analysis/stats/stats.h"
#include "lib/str.h"
#include "tests/statistics/made.h"

#define BOOT_SD 0.003 /* of a boot, of its value */
#define SEED 20261121 /* of each study, whichever else are made */

static struct rng rng;
static unsigned scale = 1, failures;

static double noise(double sd)
{
	return exp(sd * rng_normal(&rng));
}

/* --- what is printed --- */

enum wanted { AT_MOST, AT_LEAST, ABOUT };

/* `slack` is for what is not exact by construction: how far from the share wanted is still well. */
static void tell(const char *what, unsigned count, unsigned of, enum wanted wanted, double share,
		 double slack)
{
	static const char *const words[] = {"at most", "at least", "about"};
	struct interval ci = stats_binomial(count, of, 0.999);
	bool high = ci.low > share + slack, low = ci.high < share - slack;
	bool wrong = (high && wanted != AT_LEAST) || (low && wanted != AT_MOST);

	printf("%-58s %6.1f %% of %5u (%.1f to %.1f), wanted %s %g %%%s\n", what, 100. * count / of,
	       of, 100 * ci.low, 100 * ci.high, words[wanted], 100 * share,
	       wrong ? ": NOT SO" : "");
	fflush(stdout);
	failures += wrong;
}

static void compare(struct comparison *c, const struct run *r, const struct compare_opts *o)
{
	static const struct compare_opts none;
	struct err err;

	if (compare_runs(c, r, r, o ? o : &none, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

/* Pairs whose boots drift by 3 % in the course of the run; the new arm has `effect` in cell 0. */
static void make_pairs(struct run *r, size_t pairs, size_t cells, double sd, double effect)
{
	made_begin(r, 2, pairs, cells);
	for (size_t p = 0; p < pairs; p++)
		for (size_t arm = 0; arm < 2; arm++)
			for (size_t i = 0; i < cells; i++)
				made_set(r, arm, p, i,
					 1000 * (1 + 0.03 * (double)p / (double)pairs) *
						 (arm && i == 0 ? effect : 1) * noise(sd));
}

static bool changed(const struct result *r)
{
	return r->verdict != VERDICT_EQUIVALENT && r->verdict != VERDICT_INCONCLUSIVE;
}

/* --- nothing changed --- */

static void study_null(size_t pairs, size_t cells, bool unpaired)
{
	unsigned runs = 2000 / scale, wrong = 0;
	const struct compare_opts o = {.unpaired = unpaired};
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < runs; i++) {
		struct comparison c;
		struct run r;
		bool any = false;

		make_pairs(&r, pairs, cells, 0.02, 1);
		compare(&c, &r, &o);
		for (size_t j = 0; j < c.n_results; j++)
			any |= changed(&c.results[j]);
		wrong += any;
		compare_release(&c);
		load_release(&r);
	}
	snprintf(what, sizeof(what), "null: %zu %s, %zu cells, some cell changed", pairs,
		 unpaired ? "boots each" : "pairs", cells);
	tell(what, wrong, runs, AT_MOST, 0.05, 0);
}

/* --- intervals --- */

static void study_coverage(size_t pairs, size_t cells)
{
	unsigned runs = 2000 / scale, together = 0, alone = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < runs; i++) {
		struct comparison c;
		struct run r;
		bool all = true;

		made_begin(&r, 2, pairs, cells);
		for (size_t p = 0; p < pairs; p++)
			for (size_t j = 0; j < cells; j++) {
				made_set(&r, 0, p, j, 1000 * noise(0.01));
				made_set(&r, 1, p, j, 1000 * (j % 2 ? 1.04 : 1.2) * noise(0.01));
			}
		compare(&c, &r, NULL);
		for (size_t j = 0; j < cells; j++) {
			const struct result *x = &c.results[j];
			double truth = j % 2 ? 1.04 : 1.2;

			all &= x->low <= truth && truth <= x->high;
			alone += j == 0 && x->low90 <= truth && truth <= x->high90;
		}
		together += all;
		compare_release(&c);
		load_release(&r);
	}
	snprintf(what, sizeof(what), "coverage: %zu pairs, all of %zu intervals hold", pairs,
		 cells);
	tell(what, together, runs, AT_LEAST, 0.95, 0.02);
	snprintf(what, sizeof(what), "coverage: %zu pairs, a cell's own 90 %% interval holds",
		 pairs);
	tell(what, alone, runs, AT_LEAST, 0.90, 0.01);
}

/* --- power --- */

/* What one run says it would have seen, tried on others. */
static void study_power(size_t pairs, size_t cells)
{
	unsigned pilots = 60 / (scale > 1 ? 6 : 1), tries = 20, seen = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < pilots; i++) {
		struct comparison c;
		double effect;
		struct run r;

		make_pairs(&r, pairs, cells, 0.02, 1);
		compare(&c, &r, NULL);
		effect = 1 + c.results[0].detectable;
		compare_release(&c);
		load_release(&r);
		for (unsigned j = 0; j < tries; j++) {
			make_pairs(&r, pairs, cells, 0.02, effect);
			compare(&c, &r, NULL);
			seen += c.results[0].verdict == VERDICT_WORSE;
			compare_release(&c);
			load_release(&r);
		}
	}
	snprintf(what, sizeof(what), "power: %zu pairs, %zu cells, seen what was said to be", pairs,
		 cells);
	tell(what, seen, pilots * tries, ABOUT, 0.80, 0.08);
}

/* As many pairs as a pilot run says it takes to see 3 %, tried. */
static void study_plan(size_t pairs, size_t cells)
{
	unsigned pilots = 60 / (scale > 1 ? 6 : 1), tries = 5, seen = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < pilots; i++) {
		unsigned wanted;
		struct pilot p;
		struct err err;
		struct run r;

		make_pairs(&r, pairs, cells, 0.02, 1);
		if (pilot_make(&p, &r, 0.03, &err) < 0)
			exit(1);
		wanted = p.cells[0].pairs;
		pilot_release(&p);
		load_release(&r);
		for (unsigned j = 0; j < tries; j++) {
			struct comparison c;

			make_pairs(&r, wanted, cells, 0.02, 1.03);
			compare(&c, &r, NULL);
			seen += c.results[0].verdict == VERDICT_WORSE;
			compare_release(&c);
			load_release(&r);
		}
	}
	snprintf(what, sizeof(what), "plan: after %zu pairs, %zu cells, as many as said see 3 %%",
		 pairs, cells);
	tell(what, seen, pilots * tries, AT_LEAST, 0.80, 0.02);
}

/* --- what no kernel should do --- */

static void panic_boot(struct run *r, size_t arm, size_t pair)
{
	struct run_boot *b = &r->boots[pair * r->n_arms + arm];

	free(b->outcome);
	b->outcome = xstrdup("panic");
	b->findings = json_pack("[{s:s, s:s}]", "kind", "panic", "text", "Kernel panic");
	for (size_t j = 0; j < r->n_cells; j++)
		made_set(r, arm, pair, j, NAN);
}

/* Panics of the new kernel alone, or of both at the same rate; nothing else changed. */
static void study_panics(double rate_old, double rate_new, enum wanted wanted, double share)
{
	unsigned runs = 1000 / scale, worse = 0, with = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < runs; i++) {
		bool any = false;
		struct comparison c;
		struct run r;

		make_pairs(&r, 10, 3, 0.02, 1);
		for (size_t p = 0; p < 10; p++) {
			bool old = rng_unit(&rng) < rate_old, new = rng_unit(&rng) < rate_new;

			if (old)
				panic_boot(&r, 0, p);
			if (new)
				panic_boot(&r, 1, p);
			any |= new;
		}
		compare(&c, &r, NULL);
		with += any;
		worse += any && compare_exit_code(&c, false) == EXIT_REGRESSION;
		compare_release(&c);
		load_release(&r);
	}
	snprintf(what, sizeof(what), "panics: %g %% of old boots, %g %% of new: exit code 1",
		 100 * rate_old, 100 * rate_new);
	tell(what, worse, with, wanted, share, 0);
}

/* --- stopping early --- */

static void cut_run(struct run *r, size_t pairs)
{
	for (size_t i = pairs * 2; i < r->n_boots; i++) {
		free(r->boots[i].outcome);
		r->boots[i].outcome = xstrdup("missing");
		for (size_t j = 0; j < r->n_cells; j++)
			r->cells[j].series[0].boot[i].median = NAN;
	}
}

/* A look after 6, 12, .. 30 pairs; the run ends at the first where all is decided. */
static void study_looks(double effect, const char *which)
{
	unsigned runs = 600 / scale, wrong = 0, held = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < runs; i++) {
		double value[2][30];

		for (size_t p = 0; p < 30; p++) {
			value[0][p] = 1000 * noise(0.02);
			value[1][p] = 1000 * effect * noise(0.02);
		}
		for (size_t look = 0; look < STATS_LOOKS; look++) {
			size_t pairs = stats_look_pairs[look];
			const struct result *x;
			struct comparison c;
			struct run r;
			bool last;

			made_begin(&r, 2, 30, 1);
			json_object_set_new(r.json, "experiment",
					    json_pack("{s:{s:i}}", "settings", "stop_early", 1));
			for (size_t p = 0; p < pairs; p++)
				for (size_t arm = 0; arm < 2; arm++)
					made_set(&r, arm, p, 0, value[arm][p]);
			cut_run(&r, pairs);
			compare(&c, &r, NULL);
			x = &c.results[0];
			last = x->verdict != VERDICT_INCONCLUSIVE || look + 1 == STATS_LOOKS;
			if (last) {
				wrong += effect == 1 && changed(x);
				held += x->low <= effect && effect <= x->high;
			}
			compare_release(&c);
			load_release(&r);
			if (last)
				break;
		}
	}
	if (effect == 1) {
		snprintf(what, sizeof(what), "looks: %s, a change was found", which);
		tell(what, wrong, runs, AT_MOST, 0.05, 0);
	}
	snprintf(what, sizeof(what), "looks: %s, the interval at the end holds", which);
	/* Of an equivalent one it is the 90 % interval. */
	tell(what, held, runs, AT_LEAST, effect == 1 ? 0.90 : 0.95, 0.015);
}

/* --- a row of kernels --- */

#define RELEASES 10
#define ROUNDS 6

/* Steps of 6 to 10 %, up or down, at the first `steps` of the places; cell 1 and later have none.
 */
static void make_releases(struct run *r, size_t cells, size_t steps, bool at[RELEASES], double sd)
{
	double level[RELEASES] = {1000};

	memset(at, 0, RELEASES * sizeof(*at));
	for (size_t i = 0; i < steps;) {
		size_t place = 1 + rng_below(&rng, RELEASES - 1);

		i += !at[place];
		at[place] = true;
	}
	for (size_t i = 1; i < RELEASES; i++)
		level[i] = level[i - 1] *
			   (at[i] ? pow(1.06 + 0.04 * rng_unit(&rng), rng_below(&rng, 2) ? 1 : -1)
				  : 1);
	made_begin(r, RELEASES, ROUNDS, cells);
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t arm = 0; arm < RELEASES; arm++)
			for (size_t i = 0; i < cells; i++)
				made_set(r, arm, round, i,
					 (i ? 1000 : level[arm]) * (1 + 0.01 * (double)round) *
						 noise(sd));
}

static void study_steps(size_t cells, size_t steps)
{
	unsigned runs = 200 / scale, found = 0, false_runs = 0;
	char what[80];

	rng_seed(&rng, SEED);
	for (unsigned i = 0; i < runs; i++) {
		bool at[RELEASES], wrong = false;
		struct steps s;
		struct err err;
		struct run r;

		make_releases(&r, cells, steps, at, BOOT_SD);
		if (steps_make(&s, &r, 0, &err) < 0)
			exit(1);
		for (size_t j = 0; j < s.n; j++) {
			bool first = s.v[j].result.cell == &r.cells[0];
			bool change = step_is_change(&s.v[j]);

			found += first && at[s.v[j].at] && change;
			wrong |= change && !(first && at[s.v[j].at]);
		}
		false_runs += wrong;
		steps_release(&s);
		load_release(&r);
	}
	snprintf(what, sizeof(what), "steps: %zu of 9, %zu cell%s, found", steps, cells,
		 cells > 1 ? "s" : "");
	if (steps)
		tell(what, found, runs * (unsigned)steps, AT_LEAST, 0.99, 0.01);
	snprintf(what, sizeof(what), "steps: %zu of 9, %zu cell%s, some that is none", steps, cells,
		 cells > 1 ? "s" : "");
	tell(what, false_runs, runs, AT_MOST, 0.05, 0);
}

/* Whether a study was asked for: all are, unless some are named. */
static bool asked(int argc, char **argv, const char *name)
{
	bool named = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
		named |= argv[i][0] != '-';
	}
	return !named;
}

int main(int argc, char **argv)
{
	bool null = asked(argc, argv, "null"), coverage = asked(argc, argv, "coverage");
	bool power = asked(argc, argv, "power"), panics = asked(argc, argv, "panics");
	bool looks = asked(argc, argv, "looks"), steps = asked(argc, argv, "steps");

	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--short"))
			scale = 20;
	for (size_t cells = 1; cells <= 30; cells += 29) {
		for (size_t pairs = 6; null && pairs <= 10; pairs += 4)
			study_null(pairs, cells, false);
		if (null)
			study_null(8, cells, true);
		for (size_t pairs = 6; coverage && pairs <= 10; pairs += 4)
			study_coverage(pairs, cells);
		for (size_t pairs = 6; power && pairs <= 10; pairs += 4) {
			study_power(pairs, cells);
			study_plan(pairs, cells);
		}
	}
	if (panics) {
		study_panics(0, 0.1, AT_LEAST, 1);
		study_panics(0, 0.4, AT_LEAST, 1);
		study_panics(0.3, 0.3, AT_MOST, 0.1);
	}
	if (looks) {
		study_looks(1, "nothing changed");
		study_looks(1.03, "3 % more");
	}
	for (size_t cells = 1; steps && cells <= 20; cells += 19)
		for (size_t n = 0; n <= 8; n += 2)
			study_steps(cells, n);
	if (failures)
		printf("%u not as wanted\n", failures);
	else
		printf("all as wanted\n");
	return failures ? 1 : 0;
}
