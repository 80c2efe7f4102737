/* mlocklab claims: the ledger of what was claimed, judged by stored runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/locks.h"
#include "analysis/cause/profile.h"
#include "analysis/judge/claims.h"
#include "analysis/judge/patches.h"
#include "lib/text.h"
#include "lib/options.h"
#include "lib/paths.h"

typedef void format_fn(const struct ledger *l, struct str *out);

static void tested(const struct ledger *l, struct str *out)
{
	ledger_text(l, false, out);
}

static void whole(const struct ledger *l, struct str *out)
{
	ledger_text(l, true, out);
}

static const struct {
	const char *name;
	format_fn *write; /* NULL: the one that takes several kernels */
} formats[] = {
	{"text", tested}, {"markdown", ledger_markdown}, {"json", ledger_json}, {"summary", NULL}};

struct options {
	struct compare_opts compare;
	const char *dir, *output, *format;
	bool all;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("claims", "DIR", OFFER_DIR, AT(dir), "other files of claims"),
	OPT_TEXT("old", "NAME", NULL, AT(compare.old_arm), NULL),
	OPT_TEXT("new", "NAME", NULL, AT(compare.new_arm),
		 "the arms to compare, where a run has more than two"),
	OPT_CHOICE("format", "FORMAT", "text|markdown|json|summary", AT(format),
		   "text, markdown, json, or summary: a Markdown table of one line a claim and one "
		   "column for each other kernel of the first run (default: text)"),
	OPT_FLAG("all", AT(all),
		 "in the text also the claims that these runs cannot test, and what each would "
		 "take"),
	OPT_TEXT("output", "FILE", OFFER_FILE, AT(output),
		 "write there instead of standard output"),
	OPT_END,
};

static const struct command command = {
	.name = "claims",
	.usage = "[option...] RUN [RUN...]",
	.about =
		"Says of each claim in configs/claims/ whether it holds by the runs: holds, does\n"
		"not hold, no difference, inconclusive, or, with --all, what it takes to test it.\n"
		"Each claim is judged by the first run that measured it on the right target;\n"
		"'mlocklab run' of configs/munlock.ini, munlock-functions.ini and munlock-tcg.ini\n"
		"makes such runs.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = -1,
	.words = OFFER_RUN,
	.want = "which run? 'mlocklab claims results/RUN'",
};

static format_fn *find_format(const char *name)
{
	size_t i = 0;

	while (strcmp(formats[i].name, name) != 0)
		i++;
	return formats[i].write;
}

/* The claims, and the runs that are to judge them. */
struct court {
	struct claims claims;
	struct run *runs;
	struct locks *locks;	   /* of each, what its boots recorded */
	struct profiles *profiles; /* and counted by function */
	size_t n;
};

/* What they say of one new kernel. */
struct column {
	struct comparison *c;
	const struct comparison **each;
	size_t n;
	struct patches *series; /* of each run */
	size_t n_series;
	struct ledger ledger;
};

static int convene(struct court *t, const struct options *o, char **paths, struct err *err)
{
	char *dir = o->dir ? xstrdup(o->dir) : paths_config("claims");
	char *families = paths_config("kernel/families.ini");
	int ret = claims_load(&t->claims, dir, err);

	free(dir);
	for (; ret == 0 && *paths; paths++) {
		ret = load_run(&t->runs[t->n], *paths, err);
		if (ret < 0)
			break;
		t->n++;
		if (locks_load(&t->locks[t->n - 1], *paths, err) < 0 ||
		    profiles_load(&t->profiles[t->n - 1], *paths, families, err) < 0)
			ret = -1;
		else
			ret = locks_give_shares(&t->locks[t->n - 1], err);
	}
	free(families);
	return ret;
}

/* The row of a series with that subject or, of seven digits or more, that commit; or NULL. */
static const struct patch_row *patch_of(const struct patches *p, const char *name)
{
	size_t n = strlen(name);
	bool is_id = n >= 7 && strspn(name, "0123456789abcdef") == n;

	for (size_t i = 0; i < p->n_rows; i++)
		if ((p->rows[i].subject && strcmp(p->rows[i].subject, name) == 0) ||
		    (is_id && strncmp(p->rows[i].commit, name, n < 12 ? n : 12) == 0))
			return &p->rows[i];
	return NULL;
}

static int add_comparison(struct column *col, const struct run *r, const struct compare_opts *opts,
			  struct err *err)
{
	if (compare_runs(&col->c[col->n], r, r, opts, err) < 0)
		return err_prefix(err, "%s", r->path);
	col->each[col->n] = &col->c[col->n];
	col->n++;
	return 0;
}

/* Two kernels of a run by what its boots measured, and by what those recorded that recorded
 * waiting. */
static int add_kernels(struct column *col, const struct court *t, size_t run,
		       const struct compare_opts *opts, struct err *err)
{
	if (add_comparison(col, &t->runs[run], opts, err) < 0)
		return -1;
	if (!t->locks[run].n)
		return 0;
	if (add_comparison(col, &t->locks[run].run, opts, err) < 0)
		return -1;
	col->c[col->n - 1].of_locks = true;
	return 0;
}

/* The kernels before and after the patches that a claim speaks of, where the run has both. */
static int add_patch(struct column *col, const struct court *t, size_t run, const struct patches *p,
		     const struct claim *claim, const struct compare_opts *all, struct err *err)
{
	size_t had = col->n;
	const struct patch_row *last = claim->subject ? patch_of(p, claim->subject) : NULL, *first,
			       *before;
	const char *since = claim->since ? claim->since : claim->subject;
	struct compare_opts opts = *all;

	first = last ? patch_of(p, since) : NULL;
	before = first ? patches_before(p, first) : NULL;
	if (!before || before->arm == SIZE_MAX || last->arm == SIZE_MAX)
		return 0;
	for (size_t i = 0; i < col->n; i++)
		if (col->c[i].subject && !strcmp(col->c[i].subject, claim->subject) &&
		    !strcmp(col->c[i].since, since))
			return 0;
	opts.old_arm = p->run->arms[before->arm].name;
	opts.new_arm = p->run->arms[last->arm].name;
	if (add_kernels(col, t, run, &opts, err) < 0)
		return -1;
	for (size_t i = had; i < col->n; i++) {
		col->c[i].subject = claim->subject;
		col->c[i].since = since;
	}
	return 0;
}

/* The run's series, or NULL where it is none or two kernels are named. */
static const struct patches *series_of(struct column *col, const struct run *r,
				       const struct compare_opts *opts)
{
	struct patches *p = &col->series[col->n_series];
	struct err err;

	if (opts->old_arm || opts->new_arm || patches_make(p, r, opts->margin, &err) < 0)
		return NULL;
	if (!p->has_whole || !p->n_rows || !*p->rows[p->n_rows - 1].commit) {
		patches_release(p);
		return NULL;
	}
	col->n_series++;
	return p;
}

/* A run of a series judges each claim at its own patch, and from its base to its end what speaks of
 * none; any other run its two kernels. */
static int add_run(struct column *col, const struct court *t, size_t run,
		   const struct compare_opts *opts, struct err *err)
{
	const struct patches *p = series_of(col, &t->runs[run], opts);
	struct compare_opts ends = *opts;

	if (!p)
		return add_kernels(col, t, run, opts, err);
	ends.old_arm = p->whole.arm_old->name;
	ends.new_arm = p->whole.arm_new->name;
	if (add_kernels(col, t, run, &ends, err) < 0)
		return -1;
	for (size_t f = 0; f < t->claims.n; f++)
		for (size_t i = 0; i < t->claims.files[f].n; i++)
			if (add_patch(col, t, run, p, &t->claims.files[f].v[i], opts, err) < 0)
				return -1;
	return 0;
}

static size_t count_claims(const struct claims *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->files[i].n;
	return n;
}

static int judge(struct column *col, const struct court *t, const struct options *o,
		 const char *new_arm, struct err *err)
{
	struct compare_opts opts = o->compare;

	opts.new_arm = new_arm;
	col->c = xcalloc(2 * t->n * (1 + count_claims(&t->claims)), sizeof(*col->c));
	col->each = xcalloc(2 * t->n * (1 + count_claims(&t->claims)), sizeof(*col->each));
	col->series = xcalloc(t->n, sizeof(*col->series));
	for (size_t i = 0; i < t->n; i++)
		if (add_run(col, t, i, &opts, err) < 0)
			return -1;
	ledger_make(&col->ledger, &t->claims, col->each, col->n);
	return ledger_attribute(&col->ledger, t->profiles, t->n, err);
}

static void column_release(struct column *col)
{
	ledger_release(&col->ledger);
	for (size_t i = 0; i < col->n; i++)
		compare_release(&col->c[i]);
	while (col->n_series--)
		patches_release(&col->series[col->n_series]);
	free(col->series);
	free(col->c);
	free(col->each);
}

/* Every kernel of the first run against the old one, unless --new names one of them. */
static int summarize(const struct court *t, const struct options *o, struct str *out,
		     struct err *err)
{
	const struct run *r = &t->runs[0];
	struct column *cols = xcalloc(r->n_arms, sizeof(*cols));
	const struct ledger **ledgers = xcalloc(r->n_arms, sizeof(*ledgers));
	const char **names = xcalloc(r->n_arms, sizeof(*names));
	const char *old = o->compare.old_arm ? o->compare.old_arm : r->arms[0].name;
	size_t n = 0;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->n_arms; i++) {
		const char *name = r->arms[i].name;

		if (o->compare.new_arm ? strcmp(name, o->compare.new_arm) : !strcmp(name, old))
			continue;
		ret = judge(&cols[n], t, o, name, err);
		ledgers[n] = &cols[n].ledger;
		names[n++] = name;
	}
	if (ret == 0 && !n)
		ret = err_set(err, "run '%s' has no other arm than '%s' to judge", r->path, old);
	if (ret == 0)
		ledger_summary(ledgers, names, n, out);
	while (n--)
		column_release(&cols[n]);
	free(cols);
	free(ledgers);
	free(names);
	return ret;
}

static int tell(const struct court *t, const struct options *o, struct str *out, struct err *err)
{
	struct column col = {0};
	int ret;
	format_fn *write = find_format(o->format);

	if (!write)
		return summarize(t, o, out, err);
	ret = judge(&col, t, o, o->compare.new_arm, err);
	if (ret == 0)
		(write == tested && o->all ? whole : write)(&col.ledger, out);
	column_release(&col);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.format = "text"};
	char **runs = command_parse(&command, &o, argc, argv);
	struct court t = {.runs = xcalloc((size_t)argc, sizeof(*t.runs)),
			  .locks = xcalloc((size_t)argc, sizeof(*t.locks)),
			  .profiles = xcalloc((size_t)argc, sizeof(*t.profiles))};
	struct str out = STR_INIT;
	struct err err;
	int ret = convene(&t, &o, runs, &err);

	if (ret == 0)
		ret = tell(&t, &o, &out, &err);
	if (ret == 0)
		ret = text_deliver(&out, o.output, &err);
	if (ret < 0)
		command_fail(&err);
	str_release(&out);
	while (t.n--) {
		load_release(&t.runs[t.n]);
		locks_release(&t.locks[t.n]);
		profiles_release(&t.profiles[t.n]);
	}
	free(t.profiles);
	free(t.runs);
	free(t.locks);
	claims_release(&t.claims);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
