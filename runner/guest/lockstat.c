#include "runner/guest/lockstat.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/str.h"

#define STATISTICS "/proc/lock_stat"
#define SWITCH "/proc/sys/kernel/lock_stat"

static int put(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fs_write_all(fd, text, strlen(text)) < 0)
		ret = err_sys(err, "cannot write to '%s'", path);
	close(fd);
	return ret;
}

int lockstat_start(struct err *err)
{
	if (access(STATISTICS, F_OK) < 0)
		return err_set(err, "this kernel keeps no lock statistics: it takes one built with "
				    "CONFIG_LOCK_STAT");
	return put(SWITCH, "1", err) < 0 ? -1 : put(STATISTICS, "0", err);
}

json_t *lockstat_stop(struct err *err)
{
	struct str text = STR_INIT;
	json_t *rows = NULL;

	if (put(SWITCH, "0", err) == 0 && fs_read(STATISTICS, &text, err) == 0)
		rows = lockstat_rows(str_text(&text));
	str_release(&text);
	return rows;
}

/* --- its text --- */

struct stat_row {
	char *class;
	const char *mode; /* "read", "write", "" of a lock that has but one */
	double contentions, acquisitions, wait_ns, longest_ns;
	json_t *points;
};

struct stat_rows {
	struct stat_row *v;
	size_t n, points_from; /* the rows to which the points that follow belong */
};

/* A figure that can be a count, or a time in microseconds that is told in ns. */
static bool is_figure(double v)
{
	return v >= 0 && v < 1e15;
}

/* "&mapping->i_mmap_rwsem-W:  123 200 0.10 5.20 ..." with times in microseconds. */
static void take_class(struct stat_rows *r, char *line, const char *colon)
{
	double contended, longest, total, acquired;
	struct stat_row row = {.mode = ""};
	size_t len;

	/* bounces, contentions, waits: min max total avg, bounces, acquisitions, holds: 4 more */
	if (sscanf(colon + 1, "%*f %lf %*f %lf %lf %*f %*f %lf", &contended, &longest, &total,
		   &acquired) != 4 ||
	    !is_figure(contended) || !is_figure(longest) || !is_figure(total) ||
	    !is_figure(acquired))
		return;
	while (isspace((unsigned char)*line))
		line++;
	len = (size_t)(colon - line);
	if (!len)
		return;
	if (len > 2 && (!strncmp(colon - 2, "-R", 2) || !strncmp(colon - 2, "-W", 2))) {
		row.mode = colon[-1] == 'R' ? "read" : "write";
		len -= 2;
	}
	row.class = xstrndup(line, len);
	row.contentions = contended;
	row.acquisitions = acquired;
	row.wait_ns = total * 1e3;
	row.longest_ns = longest * 1e3;
	row.points = json_array();
	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = row;
}

/*
 * "&mapping->i_mmap_rwsem  45  [<ffffffff81234567>] unlink_file_vma+0x3c/0x60": who waited. A
 * kernel that hides its addresses, even from root, has "(____ptrval____)" in the brackets.
 */
static void take_point(struct stat_rows *r, const char *line, const char *bracket)
{
	const char *count = bracket, *behind = strstr(bracket, ">]");
	char function[128];

	while (count > line && isspace((unsigned char)count[-1]))
		count--;
	while (count > line && isdigit((unsigned char)count[-1]))
		count--;
	if (!behind || sscanf(behind, ">] %127[^+ \n]", function) != 1)
		return;
	for (size_t i = r->points_from; i < r->n; i++)
		json_array_append_new(r->v[i].points,
				      json_pack("{s:s, s:I}", "caller", function, "contentions",
						(json_int_t)atoll(count)));
}

/*
 * After a class (and the other mode of the same) stand two lists between lines of dashes: who
 * waited, and who held the lock meanwhile. Only the first is told.
 */
static void take_lines(struct stat_rows *r, struct strv *lines)
{
	int rules = 2;

	for (size_t i = 0; i < lines->n; i++) {
		char *line = lines->v[i], *bracket = strstr(line, "[<"),
		     *colon = strrchr(line, ':');

		if (bracket && rules == 1) {
			take_point(r, line, bracket);
		} else if (strspn(line, " -") == strlen(line)) {
			rules++;
		} else if (colon && !bracket) {
			if (rules)
				r->points_from = r->n;
			rules = 0;
			take_class(r, line, colon);
		}
	}
}

static int by_wait(const void *a, const void *b)
{
	const struct stat_row *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns > y->wait_ns ? -1 : 1;
	return strcmp(x->class, y->class);
}

json_t *lockstat_rows(const char *text)
{
	struct strv lines = STRV_INIT;
	struct stat_rows r = {0};
	json_t *rows = json_array();

	strv_split(&lines, text, "\n");
	take_lines(&r, &lines);
	if (r.n)
		qsort(r.v, r.n, sizeof(*r.v), by_wait);
	for (size_t i = 0; i < r.n; i++) {
		struct stat_row *row = &r.v[i];

		if (row->contentions > 0 && json_array_size(rows) < LOCKSTAT_MAX_ROWS)
			json_array_append_new(
				rows,
				json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:O}", "class",
					  row->class, "mode", row->mode, "waits",
					  (json_int_t)row->contentions, "acquisitions",
					  (json_int_t)row->acquisitions, "wait_ns",
					  (json_int_t)row->wait_ns, "longest_ns",
					  (json_int_t)row->longest_ns, "points", row->points));
		free(row->class);
		json_decref(row->points);
	}
	free(r.v);
	strv_release(&lines);
	return rows;
}
