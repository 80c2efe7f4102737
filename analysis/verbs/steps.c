/* mlocklab steps: a run of kernels in a row, step by step; of a series, patch by patch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/draw.h"
#include "analysis/report/patches.h"
#include "analysis/write/gnuplot.h"
#include "analysis/write/html.h"
#include "analysis/write/locks-text.h"
#include "analysis/write/markdown.h"
#include "analysis/write/patches-text.h"
#include "lib/fs.h"
#include "lib/options.h"
#include "lib/text.h"
#include "lib/scratch.h"

struct options {
	const char *run, *format, *output;
	double margin;
	bool profile, locks, page;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", "lkml|markdown|json|csv|html", AT(format),
		   "lkml (default), markdown, json, csv or html"),
	OPT_SHARE("margin", AT(margin),
		  "smallest change that matters: 2% or 0.02 (default: 1%, or what the run says if "
		  "that "
		  "is more)"),
	OPT_FLAG("profile", AT(profile),
		 "boot the kernels on both sides of each step that moved something once more, "
		 "profiled, "
		 "and say in which functions it lies; icount"),
	OPT_FLAG("locks", AT(locks),
		 "boot the first kernel, the last, and those on both sides of each step that moved "
		 "something with several CPUs, and say who waits for which lock"),
	OPT_FLAG("page", AT(page), "also write RUN/report/series.html, with pictures"),
	OPT_TEXT("output", "FILE", OFFER_FILE, AT(output),
		 "write there instead of standard output"),
	OPT_END,
};

static const struct command command = {
	.name = "steps",
	.usage = "[option...] RUN",
	.about = "Prints what each kernel of a run changes against the one before it: of a run "
		 "that\n"
		 "'mlocklab series' made a row a patch, of any other a row an arm. A column is a\n"
		 "figure that moved anywhere by the margin; all steps of all figures are tested\n"
		 "together.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_RUN,
	.want = "one run directory is wanted, such as 'mlocklab steps "
		"results/series-20261121-100000'",
};

/* A series and, where it was recorded, who waited for which lock. */
struct told {
	struct patches p;
	struct locks locks;
};

/* The page, its pictures in it. */
static int make_page(const struct told *t, struct str *out, struct err *err)
{
	char *title = xasprintf("%s (%s)", t->p.range, t->p.run->target.kind), *dir = NULL;
	struct doc d;
	int ret = 0;

	doc_init(&d, title);
	d.whole = true;
	report_patches(&t->p, &t->locks, true, &d);
	if (plot_gnuplot_found()) {
		dir = scratch_make("steps", err);
		ret = dir ? report_draw(&d, dir, err) : -1;
	}
	if (ret == 0)
		html_write(&d, out);
	scratch_remove(dir);
	doc_release(&d);
	free(title);
	return ret;
}

static int write_page(const struct told *t, struct err *err)
{
	char *dir = xasprintf("%s/report", t->p.run->path),
	     *path = xasprintf("%s/series.html", dir);
	struct str page = STR_INIT;
	int ret = fs_mkdirs(dir, err);

	if (ret == 0)
		ret = make_page(t, &page, err);
	if (ret == 0)
		ret = fs_write_atomic(path, page.buf, page.len, err);
	str_release(&page);
	free(path);
	free(dir);
	return ret;
}

static int write_json(const struct told *t, struct str *out)
{
	json_t *o = patches_json(&t->p);
	char *text;

	if (t->locks.n)
		json_object_set_new(o, "locks", locks_json(&t->locks));
	text = json_dumps(o, JSON_INDENT(2));
	str_add(out, text ? text : "");
	str_add(out, "\n");
	free(text);
	json_decref(o);
	return 0;
}

static int write_format(const struct told *t, const char *format, struct str *out, struct err *err)
{
	struct doc d;

	if (strcmp(format, "json") == 0)
		return write_json(t, out);
	if (strcmp(format, "html") == 0)
		return make_page(t, out, err);
	if (strcmp(format, "csv") == 0) {
		patches_csv(&t->p, out);
	} else if (strcmp(format, "markdown") == 0) {
		doc_init(&d, t->p.range);
		report_patches(&t->p, &t->locks, false, &d);
		markdown_write(&d, out);
		doc_release(&d);
	} else {
		patches_text(&t->p, out);
		if (t->locks.n) {
			str_add(out, "\n");
			locks_text(&t->locks, out);
		}
	}
	return 0;
}

static int show(const struct options *o, struct told *t, struct err *err)
{
	struct strv notes = STRV_INIT;
	struct str out = STR_INIT;
	int ret = report_patches_profile(&t->p, o->profile, &notes, err);

	if (ret == 0)
		ret = report_patches_locks(&t->p, o->locks, &t->locks, &notes, err);
	if (ret == 0)
		ret = write_format(t, o->format, &out, err);
	if (ret == 0 && o->page)
		ret = write_page(t, err);
	if (ret == 0)
		ret = text_deliver(&out, o->output, err);
	for (size_t i = 0; i < notes.n; i++)
		command_note("%s", notes.v[i]);
	str_release(&out);
	strv_release(&notes);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.format = "lkml"};
	struct told t = {0};
	struct run run = {0};
	struct err err = {""};
	int ret;

	o.run = command_parse(&command, &o, argc, argv)[0];
	ret = load_run(&run, o.run, &err);
	if (ret == 0 && o.profile && strcmp(run.target.kind, "icount") != 0)
		ret = err_set(&err, "--profile is for target icount: '%s' is of target %s", o.run,
			      run.target.kind);
	if (ret == 0)
		ret = patches_make(&t.p, &run, o.margin, &err);
	if (ret == 0)
		ret = show(&o, &t, &err);
	if (ret < 0)
		command_fail(&err);
	locks_release(&t.locks);
	patches_release(&t.p);
	load_release(&run);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
