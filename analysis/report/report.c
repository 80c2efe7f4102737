#include "analysis/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/write/export.h"
#include "analysis/write/html.h"
#include "analysis/write/markdown.h"
#include "analysis/write/gnuplot.h"
#include "analysis/write/csv.h"
#include "analysis/report/draw.h"
#include "analysis/report/part.h"
#include "analysis/report/place.h"
#include "lib/fs.h"

/* What a report consists of, in this order; the verdict stands at its head, without a heading. */
static void (*const sections[])(struct report *r) = {
	report_verdict, report_ratios,	 report_locks,	     report_profile,
	report_scaling, report_latency,	 report_claims,	     report_pairs,
	report_metrics, report_outcomes, report_environment, report_method,
};

static int write_file(const char *dir, const char *name, const char *suffix, const struct str *text,
		      struct err *err)
{
	char *path = xasprintf("%s/%s%s", dir, name, suffix);
	int ret = fs_write_atomic(path, str_text(text), text->len, err);

	free(path);
	return ret;
}

static int write_csv(const struct doc *d, const char *dir, struct err *err)
{
	struct str csv = STR_INIT;
	int ret = 0;

	for (size_t i = 0; i < d->n && !ret; i++) {
		const struct table *t = d->v[i].table;
		const struct plot *p = d->v[i].plot;

		str_clear(&csv);
		if (p)
			csv_plot(p, &csv);
		else if (t && t->name)
			csv_table(t, &csv);
		else
			continue;
		ret = write_file(dir, p ? p->name : t->name, ".csv", &csv, err);
	}
	str_release(&csv);
	return ret;
}

static int write_drawings(const struct doc *d, const char *dir, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < d->n && !ret; i++) {
		const struct block *b = &d->v[i];
		struct str svg = STR_INIT;

		if (b->kind != DOC_DRAWING && b->kind != DOC_FOREST)
			continue;
		str_add(&svg, b->svg);
		ret = write_file(dir, b->name, ".svg", &svg, err);
		str_release(&svg);
	}
	return ret;
}

static int write_texts(const struct report *r, const char *dir, struct err *err)
{
	static const struct export_opts opts = {.all = true};
	const struct comparison *c = r->cmp;
	const struct doc *d = &r->doc;
	struct str text = STR_INIT;
	int ret;

	html_write(d, &text);
	ret = write_file(dir, "index", ".html", &text, err);
	str_clear(&text);
	markdown_write(d, &text);
	if (!ret)
		ret = write_file(dir, "report", ".md", &text, err);
	str_clear(&text);
	if (!ret && c)
		ret = export_text(c, &opts, &text, err);
	if (!ret && c)
		str_add(&text, str_text(&r->locks));
	if (!ret && c)
		ret = write_file(dir, "report", ".txt", &text, err);
	str_release(&text);
	return ret;
}

static void set_title(struct report *r)
{
	free(r->doc.title);
	r->doc.title = r->n_sides == 2 ? xasprintf("%s: %s against %s (%s)", r->run->name,
						   r->sides[1].kernel, r->sides[0].kernel,
						   r->run->target.kind)
				       : xasprintf("%s: %s (%s)", r->run->name, r->sides[0].kernel,
						   r->run->target.kind);
}

static int write_all(struct report *r, const char *dir, char **note, struct err *err)
{
	int ret = 0;

	if (!plot_gnuplot_found())
		*note = xstrdup("the report has no pictures: " PLOT_GNUPLOT_MISSING);
	else
		ret = report_draw(&r->doc, dir, err);
	if (!ret)
		ret = write_drawings(&r->doc, dir, err);
	if (!ret)
		ret = write_csv(&r->doc, dir, err);
	if (!ret)
		ret = write_texts(r, dir, err);
	if (!ret && r->cmp)
		ret = compare_write(r->cmp, dir, err);
	return ret;
}

int report_write(const struct run *run, const struct comparison *c, const char *dir, char **note,
		 struct err *err)
{
	struct place place;
	struct report r;
	int ret;

	*note = NULL;
	if (place_open(&place, dir, err) < 0)
		return -1;
	report_part_init(&r, run, c);
	set_title(&r);
	r.doc.folded = true;
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		sections[i](&r);
	ret = write_all(&r, place.draft, note, err);
	if (!ret)
		ret = place_publish(&place, err);
	place_close(&place);
	report_part_release(&r);
	return ret;
}
