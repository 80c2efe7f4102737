#include "runner/series/bisect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/verb.h"

/* --- the cell --- */

int bisect_cell(struct bisect *b, const char *id, struct err *err)
{
	char *bench = paths_program("mlockbench"), *control = NULL;
	const char *label = strchr(id, '/');
	char *workload = label ? xstrndup(id, (size_t)(label - id)) : xstrdup(id);
	struct strv params = STRV_INIT, argv = STRV_INIT;
	struct str said = STR_INIT;
	json_t *cell = NULL;
	int ret;

	strv_split(&params, label ? label + 1 : "", ",");
	strv_push(&argv, bench);
	strv_push(&argv, "cell");
	strv_push(&argv, workload);
	for (size_t i = 0; i < params.n; i++)
		strv_push(&argv, params.v[i]);
	ret = spawn_capture(argv.v, &said, err);
	if (ret < 0)
		err_prefix(err, "--cell %s", id);
	else
		cell = json_loads(str_text(&said), 0, NULL);
	str_addf(&b->experiment, "[global]\nname=bisect\niterations=2\n[cell]\nworkload=%s\n",
		 workload);
	for (size_t i = 0; i < params.n; i++)
		str_addf(&b->experiment, "%s\n", params.v[i]);
	if (cell && *json_get_str(cell, "control", "")) {
		control = xstrdup(strchr(json_get_str(cell, "control", ""), '/') + 1);
		str_addf(&b->experiment, "[control]\nworkload=%s\n", workload);
		for (char *c = control; *c; c++)
			if (*c == ',')
				*c = '\n';
		str_addf(&b->experiment, "%s\n", control);
	}
	/* the id that the tables have, however it was written */
	if (cell)
		b->cell = xstrdup(json_get_str(cell, "id", id));
	json_decref(cell);
	str_release(&said);
	strv_release(&argv);
	strv_release(&params);
	free(control);
	free(workload);
	free(bench);
	return ret;
}

void bisect_release(struct bisect *b)
{
	git_commit_release(&b->good);
	kernel_recipe_release(&b->recipe);
	git_release(&b->g);
	str_release(&b->experiment);
	free(b->images[0]);
	free(b->images[1]);
	free(b->good_run);
	free(b->ends_run);
	free(b->cell);
	free(b->dir);
}

/* --- measuring it --- */

static void push_kernel(const struct bisect *b, struct strv *argv, const char *arm,
			const struct git_commit *c)
{
	strv_pushf(argv, "--kernel=%s=git:%s@%s", arm, b->g.dir, c->id);
}

/* Runs the cell on old (NULL: on new alone) and new, into the directory out. */
static int measure(const struct bisect *b, const struct git_commit *old,
		   const struct git_commit *new, const char *out, struct err *err)
{
	char *path = verb_file("bisect.ini", &b->experiment, err);
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int code = -1;

	if (path) {
		strv_push(&argv, "run");
		strv_push(&argv, path);
		strv_pushf(&argv, "--target=%s", b->target);
		strv_pushf(&argv, "--pairs=%d", b->pairs);
		if (old)
			push_kernel(b, &argv, "good", old);
		push_kernel(b, &argv, old ? "step" : "good", new);
		if (old == &b->good && b->good_run)
			strv_pushf(&argv, "--reuse=good=%s", b->good_run);
		kernel_recipe_argv(&b->recipe, &argv);
		for (size_t i = 0; i < b->rest->n; i++)
			strv_push(&argv, b->rest->v[i]);
		strv_pushf(&argv, "--out=%s", out);
		code = verb_run(&argv, &said, err);
		if (code > 0 && !said.len)
			code = err_set(err, "nothing was measured of %.12s (%s)", new->id,
				       new->subject);
	}
	str_release(&said);
	strv_release(&argv);
	free(path);
	return code < 0 ? -1 : 0;
}

json_t *bisect_figure(const struct bisect *b, const char *run, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	json_t *all = NULL, *cell, *found = NULL;
	size_t i;

	strv_push(&argv, "compare");
	strv_push(&argv, "--format=json");
	strv_push(&argv, "--all");
	strv_push(&argv, run);
	if (verb_run(&argv, &said, err) >= 0)
		all = json_loads(str_text(&said), 0, NULL);
	json_array_foreach(json_object_get(all, "cells"), i, cell)
		if (!found && !strcmp(json_get_str(cell, "cell", ""), b->cell) &&
		    (b->metric ? !strcmp(json_get_str(cell, "metric", ""), b->metric)
			       : json_get_bool(cell, "primary", 0)))
			found = json_incref(cell);
	if (!found)
		err_set(err, "'%s' has no figure '%s' of %s", run,
			b->metric ? b->metric : "primary", b->cell);
	json_decref(all);
	str_release(&said);
	strv_release(&argv);
	return found;
}

char *bisect_size(const json_t *figure)
{
	bool difference = json_get_bool(figure, "difference", 0);
	double low = json_get_num(figure, "low", NAN), high = json_get_num(figure, "high", NAN);
	struct str s = STR_INIT;

	str_addf(&s, difference ? "%s, difference %+.4g" : "%s, ratio %.4g",
		 json_get_str(figure, "verdict", ""), json_get_num(figure, "ratio", NAN));
	if (isfinite(low) && isfinite(high))
		str_addf(&s,
			 difference ? ", %.3g %% interval %+.4g to %+.4g"
				    : ", %.3g %% interval %.4g to %.4g",
			 100 * json_get_num(figure, "level", 0.95), low, high);
	return s.buf;
}

/* 1: moved, and rises says where to; 0: not by the margin; -1: nobody can say, and err tells why.
 */
static int moved(const json_t *cell, bool *rises, struct err *err)
{
	const char *verdict = json_get_str(cell, "verdict", "");

	*rises = json_get_num(cell, "ratio", 1) > (json_get_bool(cell, "difference", 0) ? 0 : 1);
	if (!strcmp(verdict, "better") || !strcmp(verdict, "worse") || !strcmp(verdict, "changed"))
		return 1;
	if (!strcmp(verdict, "inconclusive"))
		return err_set(err, "it is inconclusive: more --pairs would tell");
	return 0;
}

/* Builds a commit; what a guest gets of it, a new string, or NULL. */
static char *built(const struct bisect *b, const struct git_commit *c, struct err *err)
{
	char *name = kernel_build_commit(&b->g, c, &b->recipe, &b->kernels, NULL, err);
	char *image = name ? kernel_installed_identity(b->kernels.cache, name, err) : NULL;

	free(name);
	return image;
}

/* Takes the identities of both ends' images; 1 where they are those that were measured already. */
static int build_ends(struct bisect *b, const struct git_commit *bad, struct err *err)
{
	char *good = built(b, &b->good, err), *other = good ? built(b, bad, err) : NULL;
	bool known =
		other && b->ends_run && !strcmp(good, b->images[0]) && !strcmp(other, b->images[1]);

	free(b->images[0]);
	free(b->images[1]);
	b->images[0] = good;
	b->images[1] = other;
	return other ? known : -1;
}

static int measure_ends(struct bisect *b, const struct git_commit *bad, struct err *err)
{
	int ret = 0;

	free(b->ends_run);
	b->ends_run = xasprintf("%s/%02d-ends", b->dir, ++b->steps);
	free(b->good_run);
	b->good_run = NULL;
	/* under icount GOOD's boots are made once */
	if (strcmp(b->target, "icount") == 0) {
		b->good_run = xasprintf("%s/%02d-good", b->dir, ++b->steps);
		ret = measure(b, NULL, &b->good, b->good_run, err);
	}
	return ret < 0 ? -1 : measure(b, &b->good, bad, b->ends_run, err);
}

int bisect_ends(struct bisect *b, const struct git_commit *bad, struct err *err)
{
	json_t *figure;
	int ret = build_ends(b, bad, err);

	if (ret < 0 || (ret == 0 && measure_ends(b, bad, err) < 0))
		return -1;
	figure = bisect_figure(b, b->ends_run, err);
	ret = figure ? moved(figure, &b->rises, err) : -1;
	json_decref(figure);
	if (ret == 0)
		fprintf(stderr, "%.12s and %.12s do not differ in %s by the margin\n", b->good.id,
			bad->id, b->cell);
	return ret < 0 ? -1 : !ret;
}

char *bisect_step(const struct bisect *b, const struct git_commit *parent,
		  const struct git_commit *c, struct err *err)
{
	char *old = built(b, parent, err), *new = old ? built(b, c, err) : NULL, *out = NULL;

	if (new && !strcmp(old, b->images[0]) && !strcmp(new, b->images[1])) {
		out = xstrdup(b->ends_run);
	} else if (new) {
		out = xasprintf("%s/step", b->dir);
		if (measure(b, parent, c, out, err) < 0) {
			free(out);
			out = NULL;
		}
	}
	free(new);
	free(old);
	return out;
}

/* --- one commit --- */

/* Measures a commit that was built against GOOD. */
static enum bisect_answer decide(struct bisect *b, const struct git_commit *c, struct err *err)
{
	char *out = xasprintf("%s/%02d-%.12s", b->dir, ++b->steps, c->id);
	json_t *cell = measure(b, &b->good, c, out, err) == 0 ? bisect_figure(b, out, err) : NULL;
	bool rises;
	int is = cell ? moved(cell, &rises, err) : -1;

	json_decref(cell);
	free(out);
	return is < 0 ? BISECT_SKIP : is && rises == b->rises ? BISECT_BAD : BISECT_GOOD;
}

/* Builds and judges it; one whose image is GOOD's or BAD's is known already. */
enum bisect_answer bisect_ask(struct bisect *b, const struct git_commit *c, struct err *err)
{
	enum bisect_answer answer;
	char *image;

	if (kernel_build_able(&b->g, c, &b->recipe, b->kernels.cache, err) < 0)
		return BISECT_UNABLE;
	image = built(b, c, err);
	if (!image)
		return BISECT_SKIP;
	if (strcmp(image, b->images[0]) == 0)
		answer = BISECT_GOOD;
	else if (strcmp(image, b->images[1]) == 0)
		answer = BISECT_BAD;
	else
		answer = decide(b, c, err);
	free(image);
	return answer;
}
