/* From run directories into the catalogue. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "analysis/catalogue/db.h"
#include "analysis/load/load.h"
#include "lib/text.h"

/* What is to change when a run does: run.json is written anew whenever its status changes. */
static char *stamp_of(const char *dir)
{
	char *path = xasprintf("%s/run.json", dir);
	struct stat st;
	int ret = stat(path, &st);

	free(path);
	return ret < 0 ? NULL
		       : xasprintf("%lld.%09ld %lld", (long long)st.st_mtim.tv_sec,
				   st.st_mtim.tv_nsec, (long long)st.st_size);
}

/* --- one run --- */

static bool all_zero(const struct values *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i] != 0)
			return false;
	return true;
}

static int add_figure(struct catalogue *c, long long id, const struct run *r, size_t arm,
		      const struct run_cell *cell, const struct series *s, struct err *err)
{
	const struct run_metric *m = &s->metric;
	struct values v = load_values(r, arm, s);
	struct spread spread = values_spread(&v);
	bool nothing = !v.n || (m->kind == METRIC_COUNTER && all_zero(&v));
	int boots = (int)v.n;

	values_release(&v);
	if (nothing)
		return 0;
	return catalogue_do(c, "INSERT INTO figure VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			    "littttdddi", err, id, (int)arm, cell->id, cell->workload, m->name,
			    m->unit, spread.mid, spread.low, spread.high, boots);
}

static int add_arm(struct catalogue *c, long long id, const struct run *r, size_t arm,
		   struct err *err)
{
	const struct run_arm *a = &r->arms[arm];

	if (catalogue_do(c, "INSERT INTO arm VALUES(?, ?, ?, ?)", "litt", err, id, (int)arm,
			 load_kernel(a), a->sha256) < 0)
		return -1;
	for (size_t i = 0; i < r->n_cells; i++)
		for (size_t j = 0; j < r->cells[i].n_series; j++)
			if (add_figure(c, id, r, arm, &r->cells[i], &r->cells[i].series[j], err) <
			    0)
				return -1;
	return 0;
}

static int forget(struct catalogue *c, const char *name, struct err *err)
{
	static const char *const tables[] = {
		"DELETE FROM figure WHERE run = (SELECT id FROM run WHERE name = ?)",
		"DELETE FROM arm WHERE run = (SELECT id FROM run WHERE name = ?)",
		"DELETE FROM run WHERE name = ?",
	};

	for (size_t i = 0; i < 3; i++)
		if (catalogue_do(c, tables[i], "t", err, name) < 0)
			return -1;
	return 0;
}

static int add_run(struct catalogue *c, const char *name, const char *stamp, const struct run *r,
		   struct err *err)
{
	long long id;

	if (forget(c, name, err) < 0 ||
	    catalogue_do(c, "INSERT INTO run VALUES(NULL, ?, ?, ?, ?, ?)", "ttttt", err, name,
			 stamp, r->created, r->status, r->target.kind) < 0)
		return -1;
	id = sqlite3_last_insert_rowid(c->db);
	for (size_t i = 0; i < r->n_arms; i++)
		if (add_arm(c, id, r, i, err) < 0)
			return -1;
	return 0;
}

/* --- all of them --- */

/* 1 where the run was complete and is still the same, -1 on failure. */
static int is_known(struct catalogue *c, const char *name, const char *stamp, struct err *err)
{
	sqlite3_stmt *s = catalogue_query(
		c, "SELECT 1 FROM run WHERE name = ? AND stamp = ? AND status = 'complete'", "tt",
		err, name, stamp);
	int ret = s ? sqlite3_step(s) : SQLITE_ERROR;

	if (s && ret != SQLITE_ROW && ret != SQLITE_DONE)
		catalogue_fail(c, err);
	sqlite3_finalize(s);
	return ret == SQLITE_ROW ? 1 : ret == SQLITE_DONE ? 0 : -1;
}

static int update_run(struct catalogue *c, const char *name, struct strv *notes, struct err *err)
{
	char *dir = xasprintf("%s/%s", c->results, name), *stamp = stamp_of(dir);
	struct run r;
	struct err why;
	int ret;

	ret = stamp ? is_known(c, name, stamp, err) : 1;
	if (ret == 0 && load_run(&r, dir, &why) == 0) {
		ret = add_run(c, name, stamp, &r, err);
		load_release(&r);
	} else if (ret == 0) {
		struct str text = STR_INIT;

		text_escape(&text, why.text);
		strv_pushf(notes, "left out: %s", str_text(&text));
		str_release(&text);
		ret = forget(c, name, err);
	}
	free(dir);
	free(stamp);
	return ret < 0 ? -1 : 0;
}

static int forget_vanished(struct catalogue *c, struct err *err)
{
	sqlite3_stmt *s = catalogue_query(c, "SELECT name FROM run", "", err);
	struct strv gone = STRV_INIT;
	int ret = s ? 0 : -1;

	while (s && sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		char *dir = xasprintf("%s/%s", c->results, name), *stamp = stamp_of(dir);

		if (!stamp)
			strv_push(&gone, name);
		free(stamp);
		free(dir);
	}
	sqlite3_finalize(s);
	for (size_t i = 0; i < gone.n && ret == 0; i++)
		ret = forget(c, gone.v[i], err);
	strv_release(&gone);
	return ret;
}

static int update_all(struct catalogue *c, struct strv *notes, struct err *err)
{
	struct dirent **list;
	int n = scandir(c->results, &list, NULL, alphasort), ret = 0;

	if (n < 0)
		return err_sys(err, "cannot read '%s'", c->results);
	for (int i = 0; i < n; i++) {
		if (ret == 0 && list[i]->d_name[0] != '.')
			ret = update_run(c, list[i]->d_name, notes, err);
		free(list[i]);
	}
	free(list);
	return ret < 0 ? -1 : forget_vanished(c, err);
}

int catalogue_update(struct catalogue *c, struct strv *notes, struct err *err)
{
	if (catalogue_exec(c, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (update_all(c, notes, err) == 0)
		return catalogue_exec(c, "COMMIT", err);
	sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}
