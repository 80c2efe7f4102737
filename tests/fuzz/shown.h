/* What a run that was taken leads to: a comparison in every format for people and programs. */
#ifndef TESTS_FUZZ_SHOWN_H
#define TESTS_FUZZ_SHOWN_H

#include "analysis/write/export.h"
#include "tests/fuzz/fuzz.h"

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
	compare_release(&c);
	load_release(&r);
}

#endif
