#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/patches.h"
#include "lib/fs.h"

/* Where nobody waits, since a run has one CPU, the evidence is of a guest that has several. */
#define CPUS 4

static void add_arm(bool *is, size_t arm)
{
	if (arm != SIZE_MAX)
		is[arm] = true;
}

/* The base, the tip, and both sides of each step that moved something. */
static void choose_arms(const struct patches *p, bool *is)
{
	add_arm(is, (size_t)(p->whole.arm_old - p->run->arms));
	add_arm(is, (size_t)(p->whole.arm_new - p->run->arms));
	for (size_t i = 1; i < p->n_rows; i++) {
		const struct patch_row *row = &p->rows[i], *before = patches_before(p, row);

		if (!before || !patches_moves(p, row))
			continue;
		add_arm(is, row->arm);
		add_arm(is, before->arm);
	}
}

/* The cells that moved; where none did, all that lock. */
static void add_jobs(const struct patches *p, struct str *out)
{
	const struct run *r = p->run;
	size_t n = 0;

	for (size_t i = 0; i < p->n_columns; i++)
		if (i == 0 || p->columns[i].cell != p->columns[i - 1].cell)
			report_patches_job(p->columns[i].cell, n++, out);
	for (size_t i = 0; !p->n_columns && i < r->n_cells; i++)
		if (r->cells[i].control)
			report_patches_job(&r->cells[i], n++, out);
}

static void experiment(const struct patches *p, struct str *out)
{
	const struct run *r = p->run;
	bool several = r->target.cpus > 1, *is = xcalloc(r->n_arms, sizeof(*is));

	str_addf(out, "[global]\nname=locks\ntarget=%s\ncpus=%d\nnodes=%d\nmemory=%lld\n",
		 several ? r->target.kind : "tcg", several ? r->target.cpus : CPUS, r->target.nodes,
		 r->target.memory_mib);
	str_addf(out, "pairs=1\niterations=5\nwarmup=1\nlocks=slowpath\nseed=%llu\n",
		 (unsigned long long)r->seed);
	choose_arms(p, is);
	for (size_t i = 0; i < r->n_arms; i++)
		if (is[i])
			str_addf(out, "[arm:%s]\nkernel=%s\n", r->arms[i].name, r->arms[i].spec);
	add_jobs(p, out);
	free(is);
}

static int measure(const struct patches *p, const char *dir, struct err *err)
{
	struct str text = STR_INIT;
	int ret;

	experiment(p, &text);
	ret = report_patches_measure("locks", &text, "recording who waits for which lock", dir,
				     err);
	str_release(&text);
	return ret;
}

int report_patches_locks(const struct patches *p, bool make, struct locks *l, struct strv *notes,
			 struct err *err)
{
	char *dir = xasprintf("%s/locks", p->run->path);
	struct err why;
	int ret = 0;

	*l = (struct locks){0};
	if (make && measure(p, dir, &why) < 0)
		strv_pushf(notes, "no locks were recorded: %s", why.text);
	if (fs_exists(dir))
		ret = locks_load(l, dir, err);
	free(dir);
	return ret;
}
