#include "analysis/catalogue/catalogue.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "analysis/catalogue/db.h"

/* As SQLite keeps it: whoever else wrote the file may have put views and triggers into it. */
#define SCHEMA                                                                                     \
	"CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT, created TEXT, "    \
	"status TEXT,"                                                                             \
	" target TEXT);"                                                                           \
	"CREATE TABLE arm(run INTEGER, n INTEGER, kernel TEXT, sha256 TEXT, PRIMARY KEY(run, n));" \
	"CREATE TABLE figure(run INTEGER, arm INTEGER, cell TEXT, workload TEXT, metric TEXT, "    \
	"unit TEXT, value REAL,"                                                                   \
	" low REAL, high REAL, boots INTEGER, PRIMARY KEY(run, arm, cell, metric));"               \
	"CREATE INDEX by_metric ON figure(metric, workload);"

/* Of a text in it; and of what is answered, which a text that many rows share could make much of.
 */
#define MAX_TEXT 65536
#define MAX_ANSWER(size) (((long long)32 << 20) + 8 * (size))

static int open_db(struct catalogue *c, struct err *err)
{
	if (sqlite3_open(c->path, &c->db) != SQLITE_OK)
		return catalogue_fail(c, err);
	sqlite3_busy_timeout(c->db, 10000);
	sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, MAX_TEXT);
	return 0;
}

/* Whether the first column of a query's first row is that text. */
static bool says(struct catalogue *c, const char *query, const char *text)
{
	sqlite3_stmt *s = NULL;
	const char *said = NULL;
	bool same;

	if (sqlite3_prepare_v2(c->db, query, -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(s, 0);
	same = said && strcmp(said, text) == 0;
	sqlite3_finalize(s);
	return same;
}

/*
 * 0 where the file holds what this version writes and is whole, 1 where it must be made again,
 * which it is in doubt: it is an index. -1 where another process keeps us from knowing.
 */
static int check(struct catalogue *c, struct err *err)
{
	if (says(c, "PRAGMA user_version", CATALOGUE_VERSION_TEXT) &&
	    says(c,
		 "SELECT group_concat(sql, ';') || ';' FROM (SELECT sql FROM sqlite_schema ORDER "
		 "BY rowid)",
		 SCHEMA) &&
	    says(c, "PRAGMA quick_check", "ok"))
		return 0;
	return sqlite3_errcode(c->db) == SQLITE_BUSY ? catalogue_fail(c, err) : 1;
}

/* Removes it with what SQLite keeps beside it. */
static int remove_db(const struct catalogue *c, struct err *err)
{
	static const char *const parts[] = {"", "-journal", "-wal", "-shm"};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		char *path = xasprintf("%s%s", c->path, parts[i]);

		if (unlink(path) < 0 && errno != ENOENT)
			ret = err_sys(err, "cannot remove '%s'", path);
		free(path);
	}
	return ret;
}

static int make_again(struct catalogue *c, struct err *err)
{
	static const char *const schema =
		"BEGIN IMMEDIATE;" SCHEMA "PRAGMA user_version = " CATALOGUE_VERSION_TEXT ";COMMIT";

	sqlite3_close(c->db);
	c->db = NULL;
	if (remove_db(c, err) < 0)
		return -1;
	return open_db(c, err) < 0 ? -1 : catalogue_exec(c, schema, err);
}

struct catalogue *catalogue_open(const char *results, struct strv *notes, struct err *err)
{
	struct catalogue *c = xcalloc(1, sizeof(*c));
	struct stat st;
	int ret = 0;

	c->results = xstrdup(results);
	c->path = xasprintf("%s/catalogue.db", results);
	/* SQLite would wait at a FIFO, and write where a link leads */
	if (lstat(c->path, &st) == 0 && !S_ISREG(st.st_mode))
		ret = remove_db(c, err);
	if (ret == 0)
		ret = open_db(c, err);
	if (ret == 0)
		ret = check(c, err);
	if (ret > 0)
		ret = make_again(c, err);
	if (ret == 0 && catalogue_update(c, notes, err) == 0)
		return c;
	catalogue_close(c);
	return NULL;
}

void catalogue_close(struct catalogue *c)
{
	if (!c)
		return;
	sqlite3_close(c->db);
	free(c->path);
	free(c->results);
	free(c);
}

/* --- what it is asked --- */

static char *column(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return xstrdup(text ? text : "");
}

/* Bytes of a row's texts, and of what holds them. */
static long long size_of_row(sqlite3_stmt *s)
{
	long long size = sizeof(struct catalogue_figure);

	for (int i = 0; i < sqlite3_column_count(s); i++)
		size += 32 +
			(sqlite3_column_type(s, i) == SQLITE_TEXT ? sqlite3_column_bytes(s, i) : 0);
	return size;
}

static double number(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL ? NAN : sqlite3_column_double(s, i);
}

int catalogue_history(struct catalogue *c, const char *metric, const char *workload,
		      struct catalogue_figures *out, struct err *err)
{
	sqlite3_stmt *s =
		catalogue_query(c,
				"SELECT run.name, run.created, run.target, arm.kernel, cell, unit, "
				"value, low, high, boots"
				" FROM figure JOIN run ON run.id = figure.run"
				" JOIN arm ON arm.run = figure.run AND arm.n = figure.arm"
				" WHERE metric = ?1 AND (?2 IS NULL OR workload = ?2)"
				" ORDER BY cell, target, unit, created, run.name, figure.arm",
				"tt", err, metric, workload);
	int ret = s ? SQLITE_ROW : SQLITE_ERROR;
	long long held = 0;
	struct stat st;

	*out = (struct catalogue_figures){0};
	while (s && (ret = sqlite3_step(s)) == SQLITE_ROW) {
		held += size_of_row(s);
		if (stat(c->path, &st) == 0 && held > MAX_ANSWER(st.st_size)) {
			sqlite3_finalize(s);
			return err_set(err,
				       "'%s' answers with over %lld MiB, which is no index of "
				       "runs: remove it, and "
				       "it is made again",
				       c->path, held >> 20);
		}
		out->v = xrealloc(out->v, (out->n + 1) * sizeof(*out->v));
		out->v[out->n++] = (struct catalogue_figure){
			.run = column(s, 0),
			.created = column(s, 1),
			.target = column(s, 2),
			.kernel = column(s, 3),
			.cell = column(s, 4),
			.unit = column(s, 5),
			.value = number(s, 6),
			.low = number(s, 7),
			.high = number(s, 8),
			.boots = sqlite3_column_int(s, 9),
		};
	}
	if (s && ret != SQLITE_DONE)
		catalogue_fail(c, err);
	sqlite3_finalize(s);
	return ret == SQLITE_DONE ? 0 : -1;
}

void catalogue_figures_release(struct catalogue_figures *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct catalogue_figure *v = &f->v[i];

		free(v->run);
		free(v->created);
		free(v->target);
		free(v->kernel);
		free(v->cell);
		free(v->unit);
	}
	free(f->v);
	*f = (struct catalogue_figures){0};
}

/* The first column of each row; s may be NULL. */
static int collect(struct catalogue *c, sqlite3_stmt *s, struct strv *out, struct err *err)
{
	int ret = SQLITE_ERROR;

	while (s && (ret = sqlite3_step(s)) == SQLITE_ROW) {
		char *text = column(s, 0);

		strv_push(out, text);
		free(text);
	}
	if (s && ret != SQLITE_DONE)
		catalogue_fail(c, err);
	sqlite3_finalize(s);
	return ret == SQLITE_DONE ? 0 : -1;
}

int catalogue_metrics(struct catalogue *c, struct strv *out, struct err *err)
{
	return collect(
		c,
		catalogue_query(c, "SELECT DISTINCT metric FROM figure ORDER BY metric", "", err),
		out, err);
}

int catalogue_pairs(struct catalogue *c, const char *old_sha256, const char *new_sha256,
		    const char *target, struct strv *out, struct err *err)
{
	sqlite3_stmt *s = catalogue_query(
		c,
		"SELECT run.name FROM run"
		" JOIN arm a ON a.run = run.id AND a.n = 0 JOIN arm b ON b.run = run.id AND b.n = 1"
		" WHERE a.sha256 = ? AND b.sha256 = ? AND target = ? AND status = 'complete'"
		" AND (SELECT count(*) FROM arm WHERE arm.run = run.id) = 2"
		" ORDER BY created DESC, run.name DESC",
		"ttt", err, old_sha256, new_sha256, target);

	return collect(c, s, out, err);
}
