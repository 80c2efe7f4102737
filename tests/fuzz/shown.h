/* What a run that was taken leads to: a comparison in every format for people and programs. */
#ifndef TESTS_FUZZ_SHOWN_H
#define TESTS_FUZZ_SHOWN_H

#include <dirent.h>
#include "analysis/report/report.h"
#include "analysis/report/timeline.h"
#include "analysis/write/export.h"
#include "tests/well-formed.h"
#include "tests/fuzz/fuzz.h"

static inline void must_be_well_formed(const char *path)
{
	struct str text = STR_INIT;
	const char *wrong;
	struct err err;

	must(fs_read(path, &text, &err) == 0);
	wrong = ill_formed(str_text(&text), text.len);
	if (wrong)
		fprintf(stderr, "%s: %s\n", path, wrong);
	must(!wrong);
	str_release(&text);
}

/*
 * Pages and pictures are well-formed; gnuplot, which would take seconds each time, is not asked. A
 * report takes as long as twenty comparisons, so that only some inputs get theirs: the first
 * always, as that is the one where an input that broke something is tried again.
 */
static inline void show_report(const struct run *r, const struct comparison *c)
{
	static unsigned calls;
	char *dir = xasprintf("%s/shown", fuzz_dir()), *page = xasprintf("%s/timeline.html", dir);
	struct timeline t = {0};
	struct err err = {""};
	char *note = NULL;
	struct dirent *e;
	DIR *d;

	if (calls++ % 16) {
		free(page);
		free(dir);
		return;
	}
	setenv("PATH", "/nonexistent", 1);
	if (report_write(r, c, dir, &note, &err) < 0)
		must_tell(&err);
	free(note);
	note = NULL;
	if (timeline_make(&t, r, 0.01, &err) < 0 || timeline_html(&t, page, &note, &err) < 0)
		must_tell(&err);
	timeline_release(&t);
	free(note);
	d = opendir(dir);
	while (d && (e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (strstr(e->d_name, ".html") || strstr(e->d_name, ".svg"))
			must_be_well_formed(path);
		free(path);
	}
	if (d)
		closedir(d);
	fs_remove_tree(dir, &err);
	free(page);
	free(dir);
}

/* Loads the run, compares its arms and writes that down; what goes to a terminal is printable. */
static inline void show_run(const char *path)
{
	struct compare_opts how = {.force = true};
	struct export_opts opts = {.all = true};
	struct comparison c;
	struct run r;
	struct err err = {""};

	if (load_run(&r, path, &err) < 0) {
		must_tell(&err);
		return;
	}
	for (size_t i = 0; i < r.notes.n; i++)
		must_be_printable(r.notes.v[i]);
	if (compare_runs(&c, &r, &r, &how, &err) < 0) {
		must_tell(&err);
		load_release(&r);
		return;
	}
	for (const struct exporter *e = exporters; e->name; e++) {
		struct str out = STR_INIT;

		if (e->write(&c, &opts, &out, &err) < 0)
			must_tell(&err);
		else if (!strcmp(e->name, "text") || !strcmp(e->name, "lkml"))
			must_be_printable(str_text(&out));
		str_release(&out);
	}
	show_report(&r, &c);
	compare_release(&c);
	load_release(&r);
}

#endif
