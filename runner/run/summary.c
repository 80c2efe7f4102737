#include "runner/run/summary.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"
#include "lib/stored.h"
#include "lib/text.h"
#include "runner/run/machine.h"
#include "runner/run/store-boots.h"

/* --- the end --- */

static const char *const outcomes[] = {"ok", "skip", "broken", "fail"};
static const char *const told[] = {"", "skipped", "broken", "failed"};
#define OUTCOMES (sizeof(outcomes) / sizeof(*outcomes))
#define REASON_MAX 160

struct cell_tally {
	size_t boots[OUTCOMES]; /* with an iteration that ended so */
	char *reason[OUTCOMES]; /* of the first of them */
};

static size_t cell_index(const struct experiment *e, const char *id)
{
	size_t i = 0;

	while (i < e->ncells && strcmp(e->cells[i].id, id) != 0)
		i++;
	return i;
}

static void count_sample(const struct experiment *e, const struct sample *s,
			 struct cell_tally *cells, bool *seen)
{
	size_t i = cell_index(e, s->cell), k = 0;

	while (k < OUTCOMES && strcmp(s->outcome, outcomes[k]) != 0)
		k++;
	if (i == e->ncells || k == OUTCOMES)
		return;
	cells[i].boots[k] += !seen[i * OUTCOMES + k];
	seen[i * OUTCOMES + k] = true;
	if (!cells[i].reason[k] && *s->reason)
		cells[i].reason[k] = text_clean(s->reason, REASON_MAX);
}

static void count_boot(const struct run *r, int n, struct cell_tally *cells)
{
	struct err ignored; /* the boot's outcome says what was damaged */
	FILE *samples = stored_open(r->store->dir, n, "samples.jsonl", &ignored);
	char *line = NULL;
	bool *seen = xcalloc(r->e->ncells * OUTCOMES, sizeof(*seen));
	size_t cap = 0;
	ssize_t len;

	while (samples && (len = getline(&line, &cap, samples)) > 0) {
		struct sample s;

		if (sample_parse(&s, line, (size_t)len, &ignored) < 0)
			continue;
		count_sample(r->e, &s, cells, seen);
		sample_release(&s);
	}
	if (samples)
		fclose(samples);
	free(line);
	free(seen);
}

/* The workload that measures the harness itself. */
static bool is_floor(const struct cell *c)
{
	return strcmp(json_get_str(c->json, "workload", ""), "null") == 0;
}

static size_t tell_cells(const struct experiment *e, struct cell_tally *cells)
{
	size_t measured = 0;

	for (size_t i = 0; i < e->ncells; i++) {
		measured += cells[i].boots[0] > 0 && !is_floor(&e->cells[i]);
		for (size_t k = 1; k < OUTCOMES; k++)
			if (cells[i].boots[k])
				fprintf(stderr, "%s in %zu boot%s: %s%s%s\n", told[k],
					cells[i].boots[k], cells[i].boots[k] == 1 ? "" : "s",
					e->cells[i].id, cells[i].reason[k] ? ": " : "",
					cells[i].reason[k] ? cells[i].reason[k] : "");
	}
	return measured;
}

int summary_tell(const struct run *r, double seconds, struct err *err)
{
	struct cell_tally *cells = xcalloc(r->e->ncells, sizeof(*cells));
	size_t made = 0, failed = 0, again = 0, floors = 0, measured;
	char repeated[48] = "";

	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];

		again += (size_t)store_earlier_attempts(r->store, b->n);
		if (!store_has_boot(r->store, b->n))
			continue;
		made++;
		failed += store_boot_failed(r->store, b->n);
		count_boot(r, b->n, cells);
	}
	for (size_t i = 0; i < r->e->ncells; i++)
		floors += is_floor(&r->e->cells[i]);
	measured = tell_cells(r->e, cells);
	if (again)
		snprintf(repeated, sizeof(repeated), " (made again: %zu)", again);
	fprintf(stderr,
		"boots: %zu ok, %zu failed%s; cells: %zu of %zu measured; took %d min %02d s\n",
		made - failed, failed, repeated, measured, r->e->ncells - floors, (int)seconds / 60,
		(int)seconds % 60);
	for (size_t i = 0; i < r->e->ncells; i++)
		for (size_t k = 0; k < OUTCOMES; k++)
			free(cells[i].reason[k]);
	free(cells);
	return measured || floors == r->e->ncells
		       ? 0
		       : err_set(err,
				 "nothing was measured: not one iteration of any cell went well");
}

/* --- the beginning --- */

static bool same_cells(const struct experiment *e, const json_t *run)
{
	const json_t *cells = json_object_get(run, "cells");
	json_t *c;
	size_t i;

	if (json_array_size(cells) != e->ncells)
		return false;
	json_array_foreach(cells, i, c)
		if (cell_index(e, json_get_str(c, "id", "")) == e->ncells)
			return false;
	return true;
}

/* The mean of what its boots took that went well, or 0. */
static double boot_seconds(const char *dir)
{
	char *pattern = xasprintf("%s/boots/[0-9][0-9][0-9]/boot.json", dir);
	double sum = 0;
	size_t n = 0;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			struct err ignored;
			json_t *boot = json_read_in(dir, g.gl_pathv[i] + strlen(dir) + 1, &ignored);
			double s = json_get_num(boot, "wall_seconds", 0);

			if (s > 0 && strcmp(json_get_str(boot, "outcome", ""), "ok") == 0) {
				sum += s;
				n++;
			}
			json_decref(boot);
		}
		globfree(&g);
	}
	free(pattern);
	return n ? sum / (double)n : 0;
}

/* Whether it is a run on this kind of target with so many CPUs; NULL and 0: on any. */
static bool same_target(const json_t *run, const char *kind, int cpus)
{
	const json_t *target = json_object_get(run, "target");

	return (!kind || !strcmp(json_get_str(target, "kind", ""), kind)) &&
	       (!cpus || json_get_int(target, "cpus", 0) == cpus);
}

/* Another machine's boots say nothing of how long they take here. */
static bool same_machine(const json_t *run, const char *id)
{
	return strcmp(json_get_str(json_object_get(run, "host"), "id", ""), id ? id : "") == 0;
}

double summary_boot_seconds(const struct experiment *e, const char *kind, int cpus,
			    const char *pattern, char **used)
{
	char newest[64] = "", *id;
	double seconds = 0;
	glob_t g;

	*used = NULL;
	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	id = machine_id();
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct err ignored;
		char *dir = xstrndup(g.gl_pathv[i], strlen(g.gl_pathv[i]) - strlen("/run.json"));
		json_t *run = json_read_in(dir, "run.json", &ignored);
		const char *created = json_get_str(run, "created", "");
		double s = 0;

		if (strcmp(created, newest) > 0 && same_machine(run, id) &&
		    same_target(run, kind, cpus) && same_cells(e, run))
			s = boot_seconds(dir);
		if (s > 0) {
			snprintf(newest, sizeof(newest), "%s", created);
			free(*used);
			*used = xstrdup(dir);
			seconds = s;
		}
		free(dir);
		json_decref(run);
	}
	free(id);
	globfree(&g);
	return seconds;
}

double summary_expect(const struct run *r, const char *results, char **used)
{
	char *pattern = xasprintf("%s/*/run.json", results);
	double seconds = summary_boot_seconds(r->e, target_kind_name(r->target->kind),
					      r->target->cpus, pattern, used);

	free(pattern);
	return seconds;
}
