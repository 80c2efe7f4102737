#include "analysis/catalogue/db.h"

#include <stdarg.h>

int catalogue_fail(struct catalogue *c, struct err *err)
{
	return err_set(err, "'%s': %s", c->path, sqlite3_errmsg(c->db));
}

int catalogue_exec(struct catalogue *c, const char *sql, struct err *err)
{
	return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : catalogue_fail(c, err);
}

static int bind(sqlite3_stmt *s, const char *types, va_list ap)
{
	int ret = SQLITE_OK;

	for (int i = 1; *types && ret == SQLITE_OK; types++, i++) {
		switch (*types) {
		case 't':
			ret = sqlite3_bind_text(s, i, va_arg(ap, const char *), -1,
						SQLITE_TRANSIENT);
			break;
		case 'i':
			ret = sqlite3_bind_int(s, i, va_arg(ap, int));
			break;
		case 'l':
			ret = sqlite3_bind_int64(s, i, va_arg(ap, long long));
			break;
		default:
			ret = sqlite3_bind_double(s, i, va_arg(ap, double));
		}
	}
	return ret;
}

sqlite3_stmt *catalogue_query(struct catalogue *c, const char *sql, const char *types,
			      struct err *err, ...)
{
	sqlite3_stmt *s = NULL;
	int ret = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
	va_list ap;

	va_start(ap, err);
	if (ret == SQLITE_OK)
		ret = bind(s, types, ap);
	va_end(ap);
	if (ret == SQLITE_OK)
		return s;
	catalogue_fail(c, err);
	sqlite3_finalize(s);
	return NULL;
}

int catalogue_finish(struct catalogue *c, sqlite3_stmt *s, struct err *err)
{
	int ret = s ? sqlite3_step(s) : SQLITE_ERROR;

	if (s && ret != SQLITE_DONE)
		catalogue_fail(c, err);
	sqlite3_finalize(s);
	return ret == SQLITE_DONE ? 0 : -1;
}
