#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/profile.h"
#include "analysis/report/patches.h"
#include "analysis/write/patches-text.h"
#include "lib/fs.h"
#include "lib/paths.h"

#define FUNCTIONS 3

/* An experiment of the cells that moved most, on the two kernels. */
static void experiment(const struct patches *p, const struct patch_row *row,
		       const struct patch_row *before, struct str *out)
{
	const struct run *r = p->run;
	const struct step *v[PATCHES_SHOWN];
	size_t n = patches_largest(p, row, v, PATCHES_SHOWN, NULL);

	str_addf(out, "[global]\nname=profile\ntarget=icount\npairs=1\nprofile=1\niterations="
		      "2\nwarmup=1\n");
	str_addf(out, "seed=%llu\nnodes=%d\nmemory=%lld\n", (unsigned long long)r->seed,
		 r->target.nodes, r->target.memory_mib);
	str_addf(out, "[arm:%s]\nkernel=%s\n[arm:%s]\nkernel=%s\n", r->arms[before->arm].name,
		 r->arms[before->arm].spec, r->arms[row->arm].name, r->arms[row->arm].spec);
	for (size_t i = 0; i < n; i++)
		report_patches_job(v[i]->result.cell, i, out);
}

static int measure_profile(const struct patches *p, const struct patch_row *row,
			   const struct patch_row *before, const char *dir, struct err *err)
{
	struct str text = STR_INIT;
	char *what = xasprintf("profiling %d (%s) against %d", row->n, row->subject, before->n);
	int ret;

	experiment(p, row, before, &text);
	ret = report_patches_measure("profile", &text, what, dir, err);
	str_release(&text);
	free(what);
	return ret;
}

static void say_functions(const struct profile *f, struct patch_row *row)
{
	char *label = patches_label(f->cell);
	struct str s = STR_INIT;

	str_addf(&s, "%s:", label);
	for (size_t i = 0; i < f->n_functions && i < FUNCTIONS; i++) {
		double change = profile_change(&f->functions[i]);

		if (fabs(change) > 0)
			str_addf(&s, "%s %s %+.4g", i ? "," : "", f->functions[i].name, change);
	}
	str_addf(&s, " instructions per %s (of %+.4g)", f->op, f->whole[1] - f->whole[0]);
	strv_push(&row->where, s.buf);
	str_release(&s);
	free(label);
}

static int read_profile(struct patch_row *row, const char *dir, const char *families,
			struct err *err)
{
	struct profiles from;
	int ret = profiles_load(&from, dir, families, err);

	if (ret < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < from.run.n_cells && from.run.n_arms == 2; i++) {
		struct profile f;

		ret = profile_load(&f, &from, i, 0, 1, err);
		if (ret == 0 && f.side[0].ops > 0 && f.side[1].ops > 0)
			say_functions(&f, row);
		if (ret == 0)
			profile_release(&f);
	}
	profiles_release(&from);
	return ret;
}

int report_patches_profile(struct patches *p, bool measure, struct strv *notes, struct err *err)
{
	char *families = paths_config("kernel/families.ini"),
	     *parent = xasprintf("%s/profiles", p->run->path);
	int ret = measure ? fs_mkdirs(parent, err) : 0;

	for (size_t i = 1; ret == 0 && i < p->n_rows; i++) {
		struct patch_row *row = &p->rows[i];
		const struct patch_row *before = patches_before(p, row);
		struct err why;
		char *dir, *json;

		if (!before || !patches_moves(p, row))
			continue;
		dir = xasprintf("%s/%s", parent, p->run->arms[row->arm].name);
		json = xasprintf("%s/run.json", dir);
		if (measure ? measure_profile(p, row, before, dir, &why) == 0 : fs_exists(json)) {
			if (read_profile(row, dir, families, &why) < 0)
				strv_pushf(notes, "the profile of %d: %s", row->n, why.text);
		} else if (measure) {
			strv_pushf(notes, "no profile of %d: %s", row->n, why.text);
		}
		free(json);
		free(dir);
	}
	free(parent);
	free(families);
	return ret;
}
