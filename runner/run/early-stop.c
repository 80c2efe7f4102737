#include "runner/run/early-stop.h"

#include <stdio.h>
#include <stdlib.h>
#include "lib/verb.h"
#include "runner/run/store-boots.h"

/* Whether a pair after those of this look was begun: then the look, in an earlier process, said "go
 * on". */
static bool went_on(const struct run *r)
{
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];

		if (b->kind == BOOT_TIMED && b->pair >= r->pairs_until &&
		    store_has_boot(r->store, b->n))
			return true;
	}
	return false;
}

static int look(const struct run *r, bool *decided, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int code;

	strv_push(&argv, "compare");
	strv_push(&argv, "--look");
	strv_push(&argv, r->store->dir);
	code = verb_run(&argv, &said, err);
	if (code == EXIT_OK || code == EXIT_INCONCLUSIVE)
		fprintf(stderr, "%s\n", str_text(&said));
	else if (code >= 0)
		code = err_set(err, "the look at '%s' failed", r->store->dir);
	*decided = code == EXIT_OK;
	strv_release(&argv);
	str_release(&said);
	return code < 0 ? -1 : 0;
}

static int stage(struct run *r, struct run_tally *all, struct err *err)
{
	struct run_tally t;
	int ret = run_boots(r, &t, err);

	t.failed += all->failed;
	*all = t;
	return ret;
}

int looks_run(struct run *r, struct run_tally *tally, bool *stopped, struct err *err)
{
	int ret = 0;

	*tally = (struct run_tally){0};
	*stopped = false;
	r->timed_only = true;
	for (r->pairs_until = LOOKS_PAIRS; r->pairs_until < r->e->pairs;
	     r->pairs_until += LOOKS_PAIRS) {
		ret = stage(r, tally, err);
		if (ret == 0 && !tally->interrupted && !went_on(r))
			ret = look(r, stopped, err);
		if (ret < 0 || tally->interrupted)
			return ret;
		if (*stopped)
			break;
	}
	r->timed_only = false;
	return stage(r, tally, err);
}
