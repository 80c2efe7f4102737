/* mlocklab calibration: what the stored runs of a calibration say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/calibration.h"
#include "analysis/stats/stats.h"
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/options.h"

struct options {
	int pairs;
};

static const struct opt opts[] = {
	OPT_INT("pairs", "N", COMPARE_MIN_PAIRS, 1000, offsetof(struct options, pairs),
		"pairs of boots of one comparison (default: 6)"),
	OPT_END,
};

static const struct command command = {
	.name = "calibration",
	.usage = "[--pairs N] DIR",
	.about =
		"Counts again what 'mlocklab calibrate' measured into DIR: how often a kernel was\n"
		"taken to differ from itself, whether equal layouts gave equal figures, and "
		"whether\n"
		"a known slowdown was found. Writes DIR/calibration.json.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_DIR,
	.want = "one directory of a calibration is wanted",
};

struct parts {
	struct run aa, equal, power;
	bool has_equal, has_power;
	struct trials trials, power_trials;
};

/* DIR/name as a run; 0 where there is none. */
static int load_part(struct run *r, bool *has, const char *dir, const char *name, struct err *err)
{
	char *path = xasprintf("%s/%s", dir, name), *json = xasprintf("%s/run.json", path);
	int ret = 0;

	*has = fs_exists(json);
	if (*has)
		ret = load_run(r, path, err);
	if (ret == 0 && *has && r->n_arms != 2)
		ret = err_set(err, "'%s' has %zu arms: a calibration compares two", path,
			      r->n_arms);
	free(json);
	free(path);
	return ret;
}

static int load_parts(struct parts *p, const char *dir, size_t pairs, struct err *err)
{
	bool has_aa;

	if (load_part(&p->aa, &has_aa, dir, "aa", err) < 0 ||
	    load_part(&p->equal, &p->has_equal, dir, "equal", err) < 0 ||
	    load_part(&p->power, &p->has_power, dir, "power", err) < 0)
		return -1;
	if (!has_aa)
		return err_set(err, "'%s' is not a calibration: it has no run 'aa'", dir);
	if (trials_make(&p->trials, &p->aa, pairs, err) < 0)
		return -1;
	return p->has_power ? trials_make(&p->power_trials, &p->power, pairs, err) : 0;
}

/* --- text --- */

static void print_share(const char *label, const json_t *o)
{
	double of = json_get_num(o, "of", 0), count = json_get_num(o, "count", 0);

	printf("  %-44s %3.0f of %3.0f  %4.1f %%  %4.1f to %4.1f %%\n", label, count, of,
	       of > 0 ? 100 * count / of : 0, 100 * json_get_num(o, "low", 0),
	       100 * json_get_num(o, "high", 1));
}

#define ID_WIDTH 44

/* A cell's id in its column, or on a line of its own where it is too long. */
static void print_id(const struct run_cell *cell)
{
	struct str id = STR_INIT;

	text_escape(&id, cell->id);
	if (id.len > ID_WIDTH)
		printf("  %s\n%*s", str_text(&id), ID_WIDTH + 2, "");
	else
		printf("  %-*s", ID_WIDTH, str_text(&id));
	str_release(&id);
}

static void print_cell(const struct trials *t, const struct run_cell *cell)
{
	double largest = 0, *detectable = xcalloc(t->n + 1, sizeof(*detectable));
	size_t n = 0, alone = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].cell != cell)
			continue;
		largest = fmax(largest, expm1(fabs(t->v[i].effect)));
		alone += t->v[i].p <= COMPARE_ALPHA;
		detectable[n++] = t->v[i].detectable;
	}
	if (n) {
		print_id(cell);
		printf("  %2zu of %2zu  %6.2f %%  %6.2f %%\n", alone, n, 100 * largest,
		       100 * stats_median(detectable, n));
	}
	free(detectable);
}

static void print_aa(const struct parts *p, const json_t *o)
{
	const struct run *r = &p->aa;
	const char *layouts =
		json_get_str(json_object_get(json_object_get(r->json, "experiment"), "settings"),
			     "layouts", "paired");

	printf("%s against itself, target %s", json_get_str(o, "kernel", ""), r->target.kind);
	if (*r->target.qemu_version)
		printf(" (QEMU %s)", r->target.qemu_version);
	printf(",\n%d CPU%s, %d nodes, %lld MiB, on %s\n", r->target.cpus,
	       r->target.cpus == 1 ? "" : "s", r->target.nodes, r->target.memory_mib,
	       json_get_str(r->host, "cpu", "an unknown machine"));
	printf("%zu comparisons: %zu cells in each of %zu groups of %zu pairs of boots, layouts "
	       "%s.\n"
	       "No boot is in two groups, but the cells of a group share its boots: they are not\n"
	       "independent, and the intervals that take them to be so are a little too "
	       "narrow.\n\n",
	       p->trials.n, r->n_cells, p->trials.groups, p->trials.pairs, layouts);
	printf("  %-44s %22s  %s\n", "a change was found", "", "95% interval");
	print_share("by a cell's own p <= 0.05", json_object_get(o, "alone"));
	print_share("allowing for the number of cells (a verdict)", json_object_get(o, "changed"));
	print_share("and beyond the margin of 1 %", json_object_get(o, "beyond"));
	print_share("groups with such a verdict in some cell", json_object_get(o, "groups"));
	printf("\n95 in 100 comparisons came within %.2f %%, all within %.2f %%.\n"
	       "Smallest change seen with 80 %% power, median: %.2f %%\n\n",
	       100 * json_get_num(o, "p95", 0), 100 * json_get_num(o, "largest", 0),
	       100 * json_get_num(o, "detectable", 0));
	printf("  %-*s  %8s  %8s  %8s\n", ID_WIDTH, "cell", "p<=0.05", "largest", "80% pow");
	for (size_t i = 0; i < r->n_cells; i++)
		print_cell(&p->trials, &r->cells[i]);
}

static void print_power(const struct parts *p, const json_t *o)
{
	printf("\nOne arm did %.2g %% of its own pages over again. A change for the worse was "
	       "found:\n",
	       100 * json_get_num(o, "inject", 0));
	print_share("in all cells", o);
	printf("\n  %-*s  %9s  %9s\n", ID_WIDTH, "cell", "estimate", "80% power");
	for (size_t i = 0; i < p->power_trials.n; i++) {
		const struct trial *t = &p->power_trials.v[i];
		print_id(t->cell);
		printf("  %+7.3f %%  %7.3f %%  %s\n", 100 * expm1(t->effect), 100 * t->detectable,
		       verdict_name(t->verdict));
	}
}

static void print_all(const struct parts *p, const json_t *o)
{
	const json_t *equal = json_object_get(o, "equal"), *power = json_object_get(o, "power");

	print_aa(p, o);
	if (equal)
		printf("\nBoots of equal layouts: %lld figures in both arms, %lld of them "
		       "different.\n",
		       json_get_int(equal, "figures", 0), json_get_int(equal, "different", 0));
	if (power)
		print_power(p, power);
}

/* --- the verb --- */

static int calibration(const char *dir, size_t pairs, struct err *err)
{
	char *path = xasprintf("%s/calibration.json", dir);
	struct parts p = {0};
	int ret = load_parts(&p, dir, pairs, err);
	json_t *o = NULL;

	if (ret == 0) {
		o = calibration_json(&p.aa, &p.trials, p.has_equal ? &p.equal : NULL,
				     p.has_power ? &p.power : NULL, &p.power_trials);
		ret = json_write(path, o, err);
	}
	if (ret == 0)
		print_all(&p, o);
	json_decref(o);
	trials_release(&p.trials);
	trials_release(&p.power_trials);
	load_release(&p.aa);
	load_release(&p.equal);
	load_release(&p.power);
	free(path);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.pairs = COMPARE_MIN_PAIRS};
	char **words = command_parse(&command, &o, argc, argv);
	struct err err = {0};

	return calibration(words[0], (size_t)o.pairs, &err) == 0 ? EXIT_OK : command_fail(&err);
}
