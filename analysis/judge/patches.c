#include "analysis/judge/patches.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "lib/text.h"

static size_t arm_of(const struct run *run, const char *name)
{
	const struct run_arm *a = name ? load_arm(run, name) : NULL;

	return a ? (size_t)(a - run->arms) : SIZE_MAX;
}

/* How many boots of an arm ended so. */
static size_t count_outcome(const struct run *run, size_t arm, const char *outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n_boots; i++)
		n += run->boots[i].arm == arm && strcmp(run->boots[i].outcome, outcome) == 0;
	return n;
}

/* Adds how many boots ended so: the first that is told says of how many. */
static void add_ended(struct str *out, const char *outcome, size_t n, size_t all)
{
	bool missing = strcmp(outcome, "missing") == 0, first = !out->len;

	str_add(out, first ? "" : ", ");
	if (!missing)
		str_addf(out, "%s in ", outcome);
	str_addf(out, "%zu", n);
	if (first)
		str_addf(out, " of %zu boot%s", all, all == 1 ? "" : "s");
	if (missing)
		str_addf(out, " %s missing", n == 1 ? "is" : "are");
}

/* What went wrong with the boots of an arm: "panic in 5 of 6 boots, hang in 1: ...", or NULL; of
 * what was never made last. */
static char *boot_trouble(const struct run *run, size_t arm)
{
	size_t all = 0, missing = count_outcome(run, arm, "missing");
	struct strv told = STRV_INIT;
	struct str out = STR_INIT;
	char *detail = NULL;

	for (size_t i = 0; i < run->n_boots; i++)
		all += run->boots[i].arm == arm;
	strv_push(&told, "ok");
	strv_push(&told, "missing");
	for (size_t i = 0; i < run->n_boots; i++) {
		const struct run_boot *b = &run->boots[i];

		if (b->arm != arm || strv_has(&told, b->outcome))
			continue;
		add_ended(&out, b->outcome, count_outcome(run, arm, b->outcome), all);
		strv_push(&told, b->outcome);
		if (!detail)
			detail = text_clean(b->detail ? b->detail : "", 200);
	}
	if (missing)
		add_ended(&out, "missing", missing, all);
	if (detail && *detail)
		str_addf(&out, ": %s", detail);
	strv_release(&told);
	free(detail);
	return out.buf;
}

static struct patch_row *add_patch_row(struct patches *p)
{
	p->rows = xrealloc(p->rows, (p->n_rows + 1) * sizeof(*p->rows));
	p->rows[p->n_rows] = (struct patch_row){.n = (int)p->n_rows, .arm = SIZE_MAX, .same = -1};
	return &p->rows[p->n_rows++];
}

static void take_line(struct strv *to, const json_t *line)
{
	char *text = text_clean(json_string_value(line) ? json_string_value(line) : "", 100);

	strv_push(to, text);
	free(text);
}

static void add_patch(struct patches *p, const json_t *o)
{
	const json_t *git = json_object_get(o, "git");
	const char *error = json_get_str(o, "error", NULL);
	struct patch_row *row = add_patch_row(p);
	json_t *line;
	size_t i;
	char *words;

	row->subject = text_clean(json_get_str(git, "subject", ""), 200);
	row->commit = text_clean(json_get_str(git, "commit", ""), 12);
	row->arm = arm_of(p->run, json_get_str(o, "arm", NULL));
	row->same = (int)json_get_int(o, "same", -1);
	json_array_foreach(json_object_get(o, "config"), i, line)
		take_line(&row->config, line);
	if (row->same >= row->n)
		row->same = -1;
	if (error) {
		words = text_clean(error, 400);
		/* where its log is, which is only of use here, is in series.json */
		if (strstr(words, "; the whole of it is in"))
			*strstr(words, "; the whole of it is in") = '\0';
		row->trouble = xasprintf("it does not build: %s", words);
		free(words);
	} else if (row->arm != SIZE_MAX) {
		row->trouble = boot_trouble(p->run, row->arm);
	}
}

static int read_rows(struct patches *p, struct err *err)
{
	char *path = xasprintf("%s/series.json", p->run->path);
	json_t *series = NULL, *o;
	size_t i;
	int ret = 0;

	p->commits = fs_exists(path);
	if (p->commits) {
		series = json_read_in(p->run->path, "series.json", err);
		ret = series ? stored_check_series(p->run->json, series, path, err) : -1;
		json_array_foreach(json_object_get(series, "patches"), i, o)
			add_patch(p, o);
		if (series)
			p->range = text_clean(json_get_str(series, "range", p->run->name), 200);
		if (ret == 0 && !p->n_rows)
			ret = err_set(err, "%s: it has no 'patches'", path);
	} else {
		p->range = text_clean(p->run->name, 200);
		for (i = 0; i < p->run->n_arms; i++) {
			struct patch_row *row = add_patch_row(p);
			const struct run_arm *a = &p->run->arms[i];

			row->subject = text_clean(*a->version ? a->version : a->release, 200);
			row->commit = text_clean(a->name, 12);
			row->arm = i;
			row->trouble = boot_trouble(p->run, i);
		}
	}
	json_decref(series);
	free(path);
	return ret;
}

/* The primary metric of a cell that moved at some step, or over the whole series step by small
 * step. */
static const struct run_metric *moved(const struct patches *p, const struct run_cell *c)
{
	const struct result *whole = compare_find(&p->whole, c->id, NULL);

	for (size_t k = 0; k < p->steps.n; k++) {
		const struct step *s = &p->steps.v[k];

		if (s->result.cell == c && result_counts(&s->result) && step_is_change(s))
			return s->result.metric;
	}
	if (whole && whole->k && result_counts(whole) &&
	    (whole->verdict == VERDICT_BETTER || whole->verdict == VERDICT_WORSE ||
	     whole->verdict == VERDICT_CHANGED))
		return whole->metric;
	return NULL;
}

static void find_columns(struct patches *p)
{
	p->columns = xcalloc(p->run->n_cells + 1, sizeof(*p->columns));
	for (size_t i = 0; i < p->run->n_cells; i++) {
		const struct run_cell *c = &p->run->cells[i];
		const struct run_metric *metric = moved(p, c);

		if (metric)
			p->columns[p->n_columns++] = (struct patch_column){c, metric};
	}
}

static bool has_figures(const struct run *run, size_t arm)
{
	for (size_t i = 0; i < run->n_boots; i++)
		if (run->boots[i].arm == arm)
			for (size_t c = 0; c < run->n_cells; c++)
				if (!isnan(run->cells[c].series[0].boot[i].median))
					return true;
	return false;
}

static int compare_ends(struct patches *p, double margin, struct err *err)
{
	struct compare_opts o = {.margin = margin};

	for (size_t i = 0; i < p->run->n_arms; i++) {
		if (!has_figures(p->run, i))
			continue;
		if (!o.old_arm)
			o.old_arm = p->run->arms[i].name;
		else
			o.new_arm = p->run->arms[i].name;
	}
	if (!o.new_arm)
		return err_set(err, "'%s': fewer than two of its kernels have figures",
			       p->run->path);
	p->has_whole = compare_runs(&p->whole, p->run, p->run, &o, err) == 0;
	return p->has_whole ? 0 : -1;
}

int patches_make(struct patches *p, const struct run *run, double margin, struct err *err)
{
	*p = (struct patches){.run = run};
	if (steps_make(&p->steps, run, margin, err) < 0)
		return -1;
	if (read_rows(p, err) == 0 && compare_ends(p, margin, err) == 0) {
		find_columns(p);
		return 0;
	}
	patches_release(p);
	return -1;
}

void patches_release(struct patches *p)
{
	for (size_t i = 0; i < p->n_rows; i++) {
		free(p->rows[i].subject);
		free(p->rows[i].commit);
		free(p->rows[i].trouble);
		strv_release(&p->rows[i].where);
		strv_release(&p->rows[i].config);
	}
	free(p->rows);
	free(p->columns);
	free(p->range);
	if (p->has_whole)
		compare_release(&p->whole);
	steps_release(&p->steps);
	*p = (struct patches){0};
}

const struct step *patches_step(const struct patches *p, const struct patch_row *row,
				const struct patch_column *column)
{
	return row->arm == SIZE_MAX
		       ? NULL
		       : steps_find(&p->steps, column->cell->id, column->metric->name, row->arm);
}

bool patches_moves(const struct patches *p, const struct patch_row *row)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		const struct step *s = patches_step(p, row, &p->columns[i]);

		if (s && step_is_change(s))
			return true;
	}
	return false;
}

static double size_of(const struct result *r)
{
	return r->difference ? fabs(r->ratio) : fabs(log(r->ratio));
}

size_t patches_largest(const struct patches *p, const struct patch_row *row, const struct step **v,
		       size_t most, size_t *all)
{
	size_t n = 0, found = 0;

	for (size_t i = 0; i < p->n_columns; i++) {
		const struct step *s = patches_step(p, row, &p->columns[i]);
		size_t at = n;

		if (!s || !step_is_change(s))
			continue;
		found++;
		while (at && size_of(&v[at - 1]->result) < size_of(&s->result))
			at--;
		if (at == most)
			continue;
		if (n < most)
			n++;
		memmove(v + at + 1, v + at, (n - 1 - at) * sizeof(*v));
		v[at] = s;
	}
	if (all)
		*all = found;
	return n;
}

void patches_ends(const struct patches *p, const struct patch_row **from,
		  const struct patch_row **to)
{
	*from = *to = p->rows;
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct patch_row *row = &p->rows[i];
		size_t arm = row->same >= 0 ? p->rows[row->same].arm : row->arm;

		if (arm == (size_t)(p->whole.arm_old - p->run->arms) && row->same < 0)
			*from = row;
		if (arm == (size_t)(p->whole.arm_new - p->run->arms))
			*to = row;
	}
}

const struct patch_row *patches_before(const struct patches *p, const struct patch_row *row)
{
	for (const struct patch_row *r = row; r-- > p->rows;)
		if (r->arm != SIZE_MAX && has_figures(p->run, r->arm))
			return r;
	return NULL;
}
