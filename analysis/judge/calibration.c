#include "analysis/judge/calibration.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/text.h"
#include "lib/json.h"

/* --- trials --- */

/* Whether the verdict is that something changed. */
static bool trial_changed(const struct trial *t)
{
	return t->verdict != VERDICT_EQUIVALENT && t->verdict != VERDICT_INCONCLUSIVE;
}

static void take_group(struct trials *t, const struct comparison *c)
{
	size_t before = t->n;

	t->v = xrealloc(t->v, (t->n + c->n_results + 1) * sizeof(*t->v));
	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		if (r->metric->kind != METRIC_PRIMARY || r->difference || r->k < COMPARE_MIN_PAIRS)
			continue;
		t->v[t->n++] = (struct trial){
			.cell = r->cell,
			.group = t->groups,
			.effect = log(r->ratio),
			.p = r->p,
			.detectable = r->detectable,
			.verdict = r->verdict,
		};
	}
	t->groups += t->n > before;
}

int trials_make(struct trials *t, const struct run *r, size_t pairs, struct err *err)
{
	*t = (struct trials){.pairs = pairs};
	for (size_t from = 0; from + pairs <= (size_t)r->pairs; from += pairs) {
		struct compare_opts opts = {
			.margin = COMPARE_MARGIN,
			.alpha = COMPARE_ALPHA,
			.pair_from = (int)from,
			.pair_to = (int)(from + pairs),
			.seed = r->seed,
		};
		struct comparison c;

		if (compare_runs(&c, r, r, &opts, err) < 0) {
			trials_release(t);
			return -1;
		}
		take_group(t, &c);
		compare_release(&c);
	}
	if (!t->n)
		return err_set(err, "run '%s' has no %zu pairs that were measured whole", r->path,
			       pairs);
	return 0;
}

void trials_release(struct trials *t)
{
	free(t->v);
	*t = (struct trials){0};
}

size_t trials_groups_changed(const struct trials *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t j = 0;

		/* counted at its first cell that changed */
		while (j < i && !(t->v[j].group == t->v[i].group && trial_changed(&t->v[j])))
			j++;
		n += j == i && trial_changed(&t->v[i]);
	}
	return n;
}

/* --- equal layouts --- */

static const struct run_boot *partner(const struct run *r, const struct run_boot *b)
{
	for (const struct run_boot *o = r->boots; o < r->boots + r->n_boots; o++)
		if (o->arm == 1 && o->pair == b->pair && o->seed == b->seed)
			return o;
	return NULL;
}

/* What is not there on either side is the same. */
static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool same_value(const struct boot_value *a, const struct boot_value *b)
{
	return a->n == b->n && same(a->median, b->median) && same(a->sd, b->sd);
}

struct equality calibration_equality(const struct run *r)
{
	struct equality e = {0};

	for (const struct run_boot *b = r->boots; b < r->boots + r->n_boots; b++) {
		const struct run_boot *with = b->arm == 0 ? partner(r, b) : NULL;

		for (size_t i = 0; with && i < r->n_cells; i++) {
			for (size_t j = 0; j < r->cells[i].n_series; j++) {
				const struct boot_value *v = r->cells[i].series[j].boot;

				e.figures++;
				e.different += !same_value(&v[b - r->boots], &v[with - r->boots]);
			}
		}
	}
	return e;
}

/* --- calibration.json --- */

static json_t *share_json(size_t count, size_t of)
{
	struct interval ci = stats_binomial((unsigned)count, (unsigned)of, 0.95);

	return json_pack("{s:I, s:I, s:f, s:f}", "count", (json_int_t)count, "of", (json_int_t)of,
			 "low", ci.low, "high", ci.high);
}

static double *sizes(const struct trials *t)
{
	double *v = xcalloc(t->n + 1, sizeof(*v));

	for (size_t i = 0; i < t->n; i++)
		v[i] = expm1(fabs(t->v[i].effect));
	stats_sort(v, t->n);
	return v;
}

static double median_detectable(const struct trials *t)
{
	double *v = xcalloc(t->n + 1, sizeof(*v)), m;

	for (size_t i = 0; i < t->n; i++)
		v[i] = t->v[i].detectable;
	m = stats_median(v, t->n);
	free(v);
	return m;
}

static void add_trials(json_t *o, const struct trials *t)
{
	size_t alone = 0, changed = 0, beyond = 0;
	double *size = sizes(t);

	for (size_t i = 0; i < t->n; i++) {
		alone += t->v[i].p <= COMPARE_ALPHA;
		changed += trial_changed(&t->v[i]);
		beyond += trial_changed(&t->v[i]) && t->v[i].verdict != VERDICT_CHANGED_SMALL;
	}
	json_object_set_new(o, "pairs", json_integer((json_int_t)t->pairs));
	json_object_set_new(o, "groups", share_json(trials_groups_changed(t), t->groups));
	json_object_set_new(o, "alone", share_json(alone, t->n));
	json_object_set_new(o, "changed", share_json(changed, t->n));
	json_object_set_new(o, "beyond", share_json(beyond, t->n));
	json_object_set_new(o, "p95", json_real(stats_quantile_sorted(size, t->n, 0.95)));
	json_object_set_new(o, "largest", json_real(size[t->n - 1]));
	json_object_set_new(o, "detectable", json_real(median_detectable(t)));
	free(size);
}

/* A known extra is found where a change is seen, and in the right direction. */
static json_t *power_json(const struct run *r, const struct trials *t)
{
	json_t *arm = json_array_get(json_object_get(r->json, "arms"), 1), *o;
	double low = INFINITY, high = -INFINITY;
	size_t found = 0;

	for (size_t i = 0; i < t->n; i++) {
		found += trial_changed(&t->v[i]) && t->v[i].effect > 0;
		low = fmin(low, expm1(t->v[i].effect));
		high = fmax(high, expm1(t->v[i].effect));
	}
	o = share_json(found, t->n);
	json_object_set_new(o, "inject", json_real(json_get_num(arm, "inject", 0) / 100));
	json_object_set_new(o, "pairs", json_integer((json_int_t)t->pairs));
	json_object_set_new(o, "detectable", json_real(median_detectable(t)));
	json_object_set_new(o, "estimate_low", json_real(low));
	json_object_set_new(o, "estimate_high", json_real(high));
	return o;
}

/* Which target it was, without the command line of one of its boots. */
static json_t *target_json(const struct run *r)
{
	json_t *o = json_deep_copy(json_object_get(r->json, "target"));

	json_object_del(o, "command");
	json_object_del(json_object_get(o, "qemu"), "path");
	return o;
}

json_t *calibration_json(const struct run *aa, const struct trials *t, const struct run *equal,
			 const struct run *power, const struct trials *power_trials)
{
	const struct run_arm *arm = &aa->arms[0];
	json_t *o =
		json_pack("{s:i, s:s, s:s, s:o, s:O}", "format", 1, "created", aa->created,
			  "kernel", load_kernel(arm), "target", target_json(aa), "host", aa->host);

	add_trials(o, t);
	if (equal) {
		struct equality e = calibration_equality(equal);

		json_object_set_new(o, "equal",
				    json_pack("{s:I, s:I}", "figures", (json_int_t)e.figures,
					      "different", (json_int_t)e.different));
	}
	if (power)
		json_object_set_new(o, "power", power_json(power, power_trials));
	return o;
}

/* --- words --- */

/* "1 of 200 comparisons of 6 pairs (0.5 %, 95 % interval 0.0 to 2.8 %)" */
static void add_share(struct str *out, const json_t *o, long long pairs)
{
	double of = json_get_num(o, "of", 0), count = json_get_num(o, "count", 0);

	str_addf(out,
		 "%.0f of %.0f comparisons of %lld pairs (%.1f %%, 95 %% interval %.1f to %.1f %%)",
		 count, of, pairs, of > 0 ? 100 * count / of : 0, 100 * json_get_num(o, "low", 0),
		 100 * json_get_num(o, "high", 1));
}

static void add_power(struct str *out, const json_t *power)
{
	str_addf(out, "; %.2g %% more work on one arm was found in ",
		 100 * json_get_num(power, "inject", 0));
	add_share(out, power, json_get_int(power, "pairs", 0));
}

char *calibration_words(const json_t *c)
{
	const json_t *equal = json_object_get(c, "equal"), *power = json_object_get(c, "power");
	struct str s = STR_INIT;

	if (!c)
		return xstrdup("not calibrated: 'mlocklab calibrate KERNEL' tells later runs how "
			       "often a kernel differs from itself here");
	str_add(&s, "calibrated: ");
	text_escape(&s, json_get_str(c, "kernel", "a kernel"));
	str_add(&s, " against itself on this target changed in ");
	add_share(&s, json_object_get(c, "changed"), json_get_int(c, "pairs", 0));
	str_addf(&s, ", and 95 in 100 came within %.2g %%", 100 * json_get_num(c, "p95", 0));
	if (equal)
		str_addf(&s, "; equal layouts gave %lld figures of which %lld differ",
			 json_get_int(equal, "figures", 0), json_get_int(equal, "different", 0));
	if (power)
		add_power(&s, power);
	str_add(&s, ".");
	return s.buf;
}
