#include "analysis/cause/locks-load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"
#include "analysis/load/parts.h"
#include "lib/text.h"
#include "lib/json.h"
#include "lib/record.h"

#define MAX_CALLERS 64 /* of a class, that the kernel's statistics name */

/* What of a boot's samples the evidence needs. */
struct round {
	char *cell;
	int iter;
	double process_ns; /* 0: no latencies */
};

struct reader {
	struct locks *l;
	const struct run_boot *boot;
	struct round *rounds;
	size_t n, cap;
	struct index by_round; /* iteration and cell to places in rounds */
};

/* The place of what is named by a number and a text; INDEX_NONE. put: where it is to be from now
 * on. */
static size_t place(struct index *x, long long number, const char *text, size_t put)
{
	char *key = xasprintf("%lld %s", number, text);
	size_t at = index_find(x, key, strlen(key));

	if (at == INDEX_NONE && put != INDEX_NONE)
		index_put(x, key, put);
	free(key);
	return at;
}

static int read_sample(void *arg, const char *text, size_t len, struct err *err)
{
	struct reader *rd = arg;
	struct sample s;
	double sum = 0;

	if (sample_parse(&s, text, len, err) < 0)
		return -1;
	for (size_t i = 0; i < s.latencies; i++)
		sum += (double)s.latency_ns[i];
	/* where the accounting did not come back, the waiting was real all the same */
	if (!s.warmup && (!strcmp(s.outcome, "ok") || !strcmp(s.outcome, "fail"))) {
		if (rd->n == rd->cap) {
			rd->cap = rd->cap ? 2 * rd->cap : 64;
			rd->rounds = xrealloc(rd->rounds, rd->cap * sizeof(*rd->rounds));
		}
		place(&rd->by_round, s.iter, s.cell, rd->n);
		rd->rounds[rd->n++] = (struct round){xstrdup(s.cell), s.iter, sum};
	}
	sample_release(&s);
	return 0;
}

static const struct round *find_round(struct reader *rd, const char *cell, int iter)
{
	size_t at = place(&rd->by_round, iter, cell, INDEX_NONE);

	return at == INDEX_NONE ? NULL : &rd->rounds[at];
}

/* The evidence of a cell in the boot's arm, made where there is none yet; NULL: no such cell. */
static struct lock_cell *cell_of(struct reader *rd, const char *id)
{
	struct locks *l = rd->l;
	const struct run_cell *cell = load_cell(&l->run, id);
	size_t at;

	if (!cell)
		return NULL;
	/* at most one of each cell and arm, which run.json has in full */
	at = place(&l->by_cell, (long long)rd->boot->arm, id, l->n);
	if (at != INDEX_NONE)
		return &l->cells[at];
	l->cells = xrealloc(l->cells, (l->n + 1) * sizeof(*l->cells));
	l->cells[l->n] = (struct lock_cell){.cell = cell, .arm = rd->boot->arm, .slowdown = NAN};
	return &l->cells[l->n++];
}

/* --- one round --- */

enum { FIGURES = 4 }; /* of a line in a round, and of a round itself */

static void grow(double **v, size_t from, size_t to)
{
	*v = xrealloc(*v, to * sizeof(**v));
	memset(*v + from, 0, (to - from) * sizeof(**v));
}

static void grow_line(struct lock_line *line, size_t from, size_t to)
{
	grow(&line->waits, from, to);
	grow(&line->wait_ns, from, to);
	grow(&line->longest_ns, from, to);
	grow(&line->in_exit_ns, from, to);
}

static int make_room(struct run *r, struct lock_cell *c, struct err *err)
{
	size_t cap = c->rounds_cap ? 2 * c->rounds_cap : 16;

	if (load_hold(r, (cap - c->rounds_cap) * FIGURES * sizeof(double) * (1 + c->n_lines), err) <
	    0)
		return -1;

	grow(&c->elapsed_ns, c->rounds_cap, cap);
	grow(&c->process_ns, c->rounds_cap, cap);
	grow(&c->exit_ns, c->rounds_cap, cap);
	grow(&c->boot, c->rounds_cap, cap);
	for (size_t i = 0; i < c->n_lines; i++)
		grow_line(&c->lines[i], c->rounds_cap, cap);
	c->rounds_cap = cap;
	return 0;
}

static int add_round(struct run *r, struct lock_cell *c, const json_t *o, const struct round *round,
		     int boot, struct err *err)
{
	double elapsed = json_get_num(o, "elapsed_ns", 0);

	if (c->rounds == c->rounds_cap && make_room(r, c, err) < 0)
		return -1;
	c->elapsed_ns[c->rounds] = elapsed;
	c->boot[c->rounds] = boot;
	c->exit_ns[c->rounds] = json_get_num(o, "exit_ns", 0);
	c->process_ns[c->rounds] =
		round->process_ns > 0 ? round->process_ns : elapsed * json_get_num(o, "workers", 1);
	c->rounds++;
	return 0;
}

/* NULL: there is no room for another. */
static struct lock_line *line_of(struct run *r, struct lock_cell *c, enum lock_class class,
				 char mode, const char *caller, const char *via, struct err *err)
{
	char *key = xasprintf("%c %s < %s", mode, caller, via);
	size_t at = place(&c->by_line, class, key, c->n_lines);
	struct lock_line *line;

	free(key);
	if (at != INDEX_NONE)
		return &c->lines[at];
	if (load_hold(r, LOAD_SERIES_BYTES + c->rounds_cap * FIGURES * sizeof(double), err) < 0)
		return NULL;
	c->lines = xrealloc(c->lines, (c->n_lines + 1) * sizeof(*c->lines));
	line = &c->lines[c->n_lines++];
	*line = (struct lock_line){
		.class = class, .mode = mode, .caller = xstrdup(caller), .via = xstrdup(via)};
	grow_line(line, 0, c->rounds_cap);
	return line;
}

static char mode_of(const json_t *row)
{
	const char *mode = json_get_str(row, "mode", "");

	return !strcmp(mode, "read")	? 'R'
	       : !strcmp(mode, "write") ? 'W'
	       : *mode == 'm'		? 'M'
					: 'S';
}

static enum lock_class own_class(const json_t *row, bool *sure)
{
	return lock_class_of(mode_of(row), json_get_str(row, "caller", ""), sure);
}

/* The classes of those locks of a round that a caller is sure of, by their numbers. */
static void sure_classes(const json_t *rows, struct index *sure)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		long long lock = json_get_int(row, "lock", 0);
		bool is_sure;
		enum lock_class class = own_class(row, &is_sure);

		if (is_sure && lock)
			place(sure, lock, "", class);
	}
}

/* Who else waited for the same lock may know its class better than a caller that takes several. */
static enum lock_class class_of(const json_t *row, struct index *sure)
{
	bool is_sure;
	enum lock_class class = own_class(row, &is_sure);
	size_t better =
		is_sure ? INDEX_NONE : place(sure, json_get_int(row, "lock", 0), "", INDEX_NONE);

	return better == INDEX_NONE ? class : (enum lock_class)better;
}

static int add_rows(struct run *r, struct lock_cell *c, const json_t *rows, struct err *err)
{
	size_t i, at = c->rounds - 1;
	struct index sure = {0};
	json_t *row;
	int ret = 0;

	sure_classes(rows, &sure);
	json_array_foreach(rows, i, row) {
		struct lock_line *line =
			line_of(r, c, class_of(row, &sure), mode_of(row),
				json_get_str(row, "caller", ""), json_get_str(row, "via", ""), err);
		double longest = json_get_num(row, "longest_ns", 0);

		ret = line ? 0 : -1;
		if (ret < 0)
			break;
		line->waits[at] += json_get_num(row, "waits", 0);
		line->wait_ns[at] += json_get_num(row, "wait_ns", 0);
		line->in_exit_ns[at] += json_get_num(row, "in_exit_ns", 0);
		if (longest > line->longest_ns[at])
			line->longest_ns[at] = longest;
	}
	index_release(&sure);
	return ret;
}

/* --- a boot's events --- */

static int take_locks(struct reader *rd, const json_t *o, struct err *err)
{
	const char *id = json_get_str(o, "cell", "");
	const struct round *round = find_round(rd, id, (int)json_get_int(o, "iter", -1));
	struct lock_cell *c = cell_of(rd, id);

	if (!c || !round)
		return 0;
	if (add_round(&rd->l->run, c, o, round, rd->boot->n, err) < 0)
		return -1;
	return add_rows(&rd->l->run, c, json_object_get(o, "rows"), err);
}

static void take_end(struct reader *rd, const json_t *o)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));

	if (!c)
		return;
	c->events += json_get_num(o, "events", 0);
	c->lost += json_get_num(o, "lost", 0);
	c->missed += json_get_num(o, "missed", 0);
	c->unpaired += json_get_num(o, "unpaired", 0);
}

/* NULL: there is no room for another. */
static struct lock_stat *stat_of(struct run *r, struct lock_cell *c, const char *class,
				 const char *mode, struct err *err)
{
	char *key = xasprintf("%s %s", mode, class);
	size_t at = place(&c->by_stat, 0, key, c->n_stats);

	free(key);
	if (at != INDEX_NONE)
		return &c->stats[at];
	if (load_hold(r, LOAD_SERIES_BYTES, err) < 0)
		return NULL;
	c->stats = xrealloc(c->stats, (c->n_stats + 1) * sizeof(*c->stats));
	c->stats[c->n_stats] = (struct lock_stat){.class = xstrdup(class), .mode = xstrdup(mode)};
	return &c->stats[c->n_stats++];
}

static void add_caller(struct lock_stat *s, const char *caller)
{
	/* a kernel keeps four of a class in a boot */
	for (size_t i = 0; i < s->callers.n && i < MAX_CALLERS; i++)
		if (!strcmp(s->callers.v[i], caller))
			return;
	if (s->callers.n < MAX_CALLERS)
		strv_push(&s->callers, caller);
}

static int take_stats(struct reader *rd, const json_t *o, struct err *err)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));
	json_t *row, *point;
	size_t i, k;

	if (!c)
		return 0;
	json_array_foreach(json_object_get(o, "rows"), i, row) {
		struct lock_stat *s = stat_of(&rd->l->run, c, json_get_str(row, "class", ""),
					      json_get_str(row, "mode", ""), err);

		if (!s)
			return -1;
		s->waits += json_get_num(row, "waits", 0);
		s->acquisitions += json_get_num(row, "acquisitions", 0);
		s->wait_ns += json_get_num(row, "wait_ns", 0);
		json_array_foreach(json_object_get(row, "points"), k, point)
			add_caller(s, json_get_str(point, "caller", ""));
	}
	return 0;
}

/* A boot's table after that of the boot before it. */
static void take_perf(struct reader *rd, const json_t *o)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));

	if (!c)
		return;
	str_add(&c->perf_text, json_get_str(o, "text", ""));
	c->perf = c->perf_text.buf;
}

static void take_skip(struct reader *rd, const json_t *o)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));

	if (c && !c->skip)
		c->skip = xstrdup(json_get_str(o, "reason", ""));
}

/* A guest's word: fit to be printed from here on. */
static void take_backend(struct locks *l, const char *backend)
{
	struct str name = STR_INIT;

	text_escape(&name, backend);
	free(l->backend);
	l->backend = name.buf ? name.buf : xstrdup("");
}

/* Whether all numbers in a message are counts: sums and shares of them stay numbers. */
static bool are_counts(json_t *v)
{
	json_t *member;
	const char *key;
	size_t i;

	if (json_is_number(v))
		return json_number_value(v) >= 0 && figure_value_ok(json_number_value(v));
	json_array_foreach(v, i, member)
		if (!are_counts(member))
			return false;
	json_object_foreach(v, key, member)
		if (!are_counts(member))
			return false;
	return true;
}

static int read_event(void *arg, const char *text, size_t len, struct err *err)
{
	struct reader *rd = arg;
	json_error_t je;
	json_t *o = json_of(text, len, 0, &je);
	const char *type = json_get_str(o, "t", "");
	int ret = 0;

	if (!o)
		return json_why(&je, err);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_set(err, "not a JSON object");
	}
	if (!strncmp(type, "lock", 4) && !are_counts(o)) {
		json_decref(o);
		return err_set(err, "a number that is no count: below 0, beyond 1e30 or next to 0");
	}
	if (!*rd->l->backend)
		take_backend(rd->l, json_get_str(o, "backend", ""));
	if (!strcmp(type, "locks"))
		ret = take_locks(rd, o, err);
	else if (!strcmp(type, "locks-end"))
		take_end(rd, o);
	else if (!strcmp(type, "lockstat"))
		ret = take_stats(rd, o, err);
	else if (!strcmp(type, "perf"))
		take_perf(rd, o);
	else if (!strcmp(type, "locks-skip"))
		take_skip(rd, o);
	json_decref(o);
	return ret;
}

int locks_load_boot(struct locks *l, const struct run_boot *b, struct err *err)
{
	struct reader rd = {.l = l, .boot = b};
	int ret = 0;

	if (load_has_file(&l->run, b, "samples.jsonl") &&
	    load_has_file(&l->run, b, "events.jsonl")) {
		ret = load_lines(&l->run, b, "samples.jsonl", NULL, read_sample, &rd, err);
		if (ret == 0)
			ret = load_lines(&l->run, b, "events.jsonl", NULL, read_event, &rd, err);
	}
	for (size_t i = 0; i < rd.n; i++)
		free(rd.rounds[i].cell);
	free(rd.rounds);
	index_release(&rd.by_round);
	return ret;
}
