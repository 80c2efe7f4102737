#include "runner/run/watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include "lib/str.h"
#include "runner/boot/boot.h"
#include "runner/boot/program.h"
#include "runner/run/run.h"

static void add(struct watch *w, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	w->v = xrealloc(w->v, (w->n + 1) * sizeof(*w->v));
	w->v[w->n++] = (struct watched){xstrdup(path), st};
}

void watch_begin(struct watch *w, const struct run *r)
{
	struct strv paths = STRV_INIT;
	struct err ignored;

	*w = (struct watch){0};
	for (size_t i = 0; i < r->target->qemu.n; i++)
		add(w, r->target->qemu.v[i]);
	/* one that was fetched has libraries of its own, which nothing upgrades; a script has none
	 */
	if (r->target->qemu.n == 1)
		program_files(r->target->qemu.v[0], &paths, &ignored);
	boot_programs(r->e, &paths);
	if (r->target->kind == TARGET_HOST) {
		strv_push(&paths, r->bench);
		strv_push(&paths, r->init);
	}
	for (size_t i = 0; i < paths.n; i++)
		add(w, paths.v[i]);
	strv_release(&paths);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int watch_check(const struct watch *w, struct err *err)
{
	for (size_t i = 0; i < w->n; i++) {
		struct stat now;

		if (stat(w->v[i].path, &now) < 0 || !same_file(&now, &w->v[i].was))
			return err_set(err,
				       "'%s' is not the file that the run began with: was it "
				       "upgraded? no boot "
				       "is made with another",
				       w->v[i].path);
	}
	return 0;
}

void watch_release(struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].path);
	free(w->v);
	*w = (struct watch){0};
}
