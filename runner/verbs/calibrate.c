/* mlocklab calibrate: a kernel against itself, and against itself with a known slowdown. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/stored.h"
#include "lib/verb.h"
#include "runner/plan/experiment.h"
#include "runner/run/options.h"
#include "runner/run/summary.h"

enum {
	FULL = 200,
	SHORT = 40, /* comparisons */
	EQUAL_PAIRS = 2,
	LOUD_GROUPS = 4, /* of pairs, to see the slowdown on a machine that is noisy */
};

struct options {
	const char *kernel, *suite, *target, *inject, *out;
	int comparisons, pairs;
	bool in_short;
	struct strv rest; /* what run is given */
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_INT("comparisons", "N", 1, 10000, AT(comparisons),
		"cells times groups of pairs (default: 200, or 40 with --short)"),
	OPT_FLAG("short", AT(in_short),
		 "fewer comparisons: done sooner, and less certain of the rate"),
	OPT_INT("pairs", "N", 6, 10000, AT(pairs), "pairs of boots in a group (default: 6)"),
	OPT_TEXT("suite", "NAME", OFFER_SUITE, AT(suite),
		 "configs/NAME.ini, or a file (default: calibrate)"),
	OPT_CHOICE("target", "NAME", "auto|icount|tcg|kvm|host", AT(target),
		   "auto, icount, tcg, kvm or host"),
	OPT_TEXT("inject", "PERCENT", NULL, AT(inject),
		 "the slowdown, in work done over again (default: 0.5 under icount, else what the "
		 "comparisons say would be seen)"),
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out),
		 "where to keep it (default: in results/calibration/); what is there already is "
		 "gone on "
		 "with"),
	OPT_END,
};

static const struct command command = {
	.name = "calibrate",
	.usage = "KERNEL [option...] [option of run...]",
	.about = "Measures a kernel against itself on this target and machine, counts how often "
		 "the\n"
		 "verdict was that something changed, and measures a known slowdown to see it "
		 "found.\n"
		 "Later runs on the same target and machine carry the outcome: it stands in their\n"
		 "reports, and what 95 in 100 of these comparisons stay within is their margin "
		 "where\n"
		 "that is more than 1 %.\n",
	.notes = "Under icount arms whose boots share their layouts are equal to the last digit, "
		 "which\n"
		 "is checked; the comparisons are of boots with a layout each.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_KERNEL,
	.want = "which kernel? Such as 'mlocklab calibrate debian:6.1'",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "kernel layouts stop-early name resume ktap show-command submit",
};

static int load_suite(struct experiment *e, const char *suite, struct err *err)
{
	char *path = verb_suite(suite), *bench = paths_program("mlockbench");
	int ret = experiment_load(e, path, bench, err);

	free(path);
	free(bench);
	return ret;
}

/* --- the runs --- */

/* DIR/NAME/run.json, or NULL where it is not there. */
static json_t *read_run(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s/run.json", dir, name);
	struct err ignored;
	json_t *run = fs_exists(path) ? json_read(path, &ignored) : NULL;

	free(path);
	return run;
}

struct part {
	const char *name, *suite, *layouts, *inject;
	long pairs;
};

static void part_argv(const struct options *o, const char *dir, const struct part *p, bool begun,
		      struct strv *argv)
{
	char *program = verb_path("run"), *suite = verb_suite(p->suite);

	strv_push(argv, program);
	if (begun) {
		strv_push(argv, "--resume");
		strv_pushf(argv, "%s/%s", dir, p->name);
		for (size_t i = 0; i < o->rest.n; i++)
			if (run_option_is_where(o->rest.v[i]))
				strv_push(argv, o->rest.v[i]);
	} else {
		strv_push(argv, suite);
		strv_pushf(argv, "--kernel=one=%s", o->kernel);
		strv_pushf(argv, "--kernel=other=%s", o->kernel);
		strv_pushf(argv, "--target=%s", o->target);
		strv_pushf(argv, "--layouts=%s", p->layouts);
		strv_pushf(argv, "--pairs=%ld", p->pairs);
		strv_pushf(argv, "--out=%s/%s", dir, p->name);
		if (p->inject)
			strv_pushf(argv, "--inject=other=%s", p->inject);
		for (size_t i = 0; i < o->rest.n; i++)
			strv_push(argv, o->rest.v[i]);
	}
	free(program);
	free(suite);
}

/* Makes a run of the calibration, or goes on with it. */
static int make_part(const struct options *o, const char *dir, const struct part *p,
		     struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	char *path = xasprintf("%s/%s", dir, p->name);
	int code = 0;

	if (!stored_is_complete(path)) {
		json_t *run = read_run(dir, p->name);

		part_argv(o, dir, p, run != NULL, &argv);
		json_decref(run);
		code = verb_run(&argv, &said, err);
	}
	/* boots that failed are left out, and said, where the rest is counted */
	if (code >= 0 && !stored_is_complete(path))
		code = err_set(err, "'%s' could not be measured", path);
	free(path);
	str_release(&said);
	strv_release(&argv);
	return code < 0 ? -1 : 0;
}

static int tell(const struct options *o, const char *dir, struct str *said, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "calibration");
	strv_pushf(&argv, "--pairs=%d", o->pairs);
	strv_push(&argv, dir);
	code = verb_run(&argv, said, err);
	strv_release(&argv);
	if (code > 0)
		return err_set(err, "'%s' could not be counted", dir);
	return code;
}

/* What a comparison of so many pairs sees, in whole per cent: what is injected where a machine is
 * noisy. */
static char *visible(const char *dir)
{
	char *path = xasprintf("%s/calibration.json", dir);
	struct err ignored;
	json_t *c = json_read(path, &ignored);
	double share = json_get_num(c, "detectable", 0.05);

	json_decref(c);
	free(path);
	return xasprintf("%d", (int)(100 * share) + 1);
}

/* How many boots, and by an earlier calibration of the same cells how long they take. */
static void tell_size(const struct options *o, const struct experiment *e, long pairs)
{
	bool is_auto = !strcmp(o->target, "auto"), icount = is_auto || !strcmp(o->target, "icount");
	long boots =
		2 * pairs + (icount ? 2 * EQUAL_PAIRS + 2 * o->pairs : 2 * LOUD_GROUPS * o->pairs);
	char *results = paths_results(),
	     *pattern = xasprintf("%s/calibration/*/aa/run.json", results), *used;
	double seconds = summary_boot_seconds(e, is_auto ? NULL : o->target, 0, pattern, &used);

	fprintf(stderr, "%ld boots%s", boots, is_auto ? " where auto is icount" : "");
	if (used)
		fprintf(stderr,
			", some %d min one by one: a boot of the same cells took %.0f s in %s\n",
			1 + (int)(seconds * (double)boots / 60), seconds, used);
	else
		fprintf(stderr, "; how long they take is known after the first%s\n",
			o->in_short ? "" : ", --short makes fewer");
	free(used);
	free(pattern);
	free(results);
}

static int calibrate(const struct options *o, const char *dir, struct err *err)
{
	bool quiet = !strcmp(o->target, "icount") || !strcmp(o->target, "auto");
	struct part aa = {"aa", o->suite, quiet ? "independent" : "paired", NULL, 0};
	struct part equal = {"equal", o->suite, "paired", NULL, EQUAL_PAIRS};
	struct part power = {"power", "power", "paired", o->inject, o->pairs};
	struct str counted = STR_INIT;
	char *inject = NULL;
	int comparisons = o->comparisons ? o->comparisons : o->in_short ? SHORT : FULL;
	struct experiment e;
	json_t *run;
	bool icount;
	int ret;

	if (load_suite(&e, o->suite, err) < 0)
		return -1;
	aa.pairs = (comparisons + (long)e.ncells - 1) / (long)e.ncells * o->pairs;
	tell_size(o, &e, aa.pairs);
	experiment_release(&e);
	if (make_part(o, dir, &aa, err) < 0 || tell(o, dir, &counted, err) < 0)
		return -1;
	run = read_run(dir, "aa");
	icount = !strcmp(json_get_str(json_object_get(run, "target"), "kind", ""), "icount");
	json_decref(run);
	if (!power.inject)
		power.inject = inject = icount ? xstrdup("0.5") : visible(dir);
	/* one comparison tells where nothing is left to chance */
	power.pairs *= icount ? 1 : LOUD_GROUPS;
	ret = icount ? make_part(o, dir, &equal, err) : 0;
	if (ret == 0)
		ret = make_part(o, dir, &power, err);
	if (ret == 0)
		ret = tell(o, dir, NULL, err);
	str_release(&counted);
	free(inject);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.suite = "calibrate", .target = "auto", .pairs = 6};
	char *results = paths_results(), stamp[32], *dir;
	struct err err = {""};
	time_t now = time(NULL);

	o.kernel = command_parse(&command, &o, argc, argv)[0];
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime(&now));
	dir = o.out ? xstrdup(o.out) : xasprintf("%s/calibration/%s", results, stamp);
	if (fs_mkdirs(dir, &err) == 0 && calibrate(&o, dir, &err) == 0) {
		fprintf(stderr, "kept in %s\n", dir);
		return EXIT_OK;
	}
	return command_fail(&err);
}
