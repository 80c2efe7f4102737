/* The inside of the catalogue: its database, and how runs get into it. */
#ifndef ANALYSIS_CATALOGUE_DB_H
#define ANALYSIS_CATALOGUE_DB_H

#include <sqlite3.h>
#include "analysis/catalogue/catalogue.h"

#define CATALOGUE_VERSION 2
#define CATALOGUE_VERSION_TEXT "2"

struct catalogue {
	sqlite3 *db;
	char *results, *path;
};

/* What SQLite says, about the catalogue's file. Always -1. */
int catalogue_fail(struct catalogue *c, struct err *err);
/* Runs SQL without a result. */
int catalogue_exec(struct catalogue *c, const char *sql, struct err *err);
/*
 * A statement with its arguments bound: one letter each, t a text (NULL is SQL's), i an int, l a
 * long long, d a double (NAN is NULL). For sqlite3_step and sqlite3_finalize. NULL on failure.
 */
sqlite3_stmt *catalogue_query(struct catalogue *c, const char *sql, const char *types,
			      struct err *err, ...);
/* The same, run to its end. */
#define catalogue_do(c, sql, types, err, ...)                                                      \
	catalogue_finish(c, catalogue_query(c, sql, types, err, __VA_ARGS__), err)
int catalogue_finish(struct catalogue *c, sqlite3_stmt *s, struct err *err);

/* Brings the catalogue up to date with the run directories. */
int catalogue_update(struct catalogue *c, struct strv *notes, struct err *err);

#endif
