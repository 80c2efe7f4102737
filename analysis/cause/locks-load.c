#include "analysis/cause/locks-load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/samples.h"
#include "lib/text.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"

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
	size_t n;
};

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
		rd->rounds = xrealloc(rd->rounds, (rd->n + 1) * sizeof(*rd->rounds));
		rd->rounds[rd->n++] = (struct round){xstrdup(s.cell), s.iter, sum};
	}
	sample_release(&s);
	return 0;
}

static const struct round *find_round(const struct reader *rd, const char *cell, int iter)
{
	for (size_t i = 0; i < rd->n; i++)
		if (rd->rounds[i].iter == iter && !strcmp(rd->rounds[i].cell, cell))
			return &rd->rounds[i];
	return NULL;
}

/* The evidence of a cell in the boot's arm, made where there is none yet; NULL: no such cell. */
static struct lock_cell *cell_of(struct reader *rd, const char *id)
{
	struct locks *l = rd->l;
	const struct run_cell *cell = load_cell(&l->run, id);

	for (size_t i = 0; cell && i < l->n; i++)
		if (l->cells[i].cell == cell && l->cells[i].arm == rd->boot->arm)
			return &l->cells[i];
	if (!cell)
		return NULL;
	l->cells = xrealloc(l->cells, (l->n + 1) * sizeof(*l->cells));
	l->cells[l->n] = (struct lock_cell){.cell = cell, .arm = rd->boot->arm, .slowdown = NAN};
	return &l->cells[l->n++];
}

/* --- one round --- */

static void grow(double **v, size_t n)
{
	*v = xrealloc(*v, n * sizeof(**v));
	(*v)[n - 1] = 0;
}

static void add_round(struct lock_cell *c, const json_t *o, const struct round *round)
{
	double elapsed = json_get_num(o, "elapsed_ns", 0);

	c->rounds++;
	grow(&c->elapsed_ns, c->rounds);
	grow(&c->process_ns, c->rounds);
	grow(&c->exit_ns, c->rounds);
	c->elapsed_ns[c->rounds - 1] = elapsed;
	c->exit_ns[c->rounds - 1] = json_get_num(o, "exit_ns", 0);
	c->process_ns[c->rounds - 1] =
		round->process_ns > 0 ? round->process_ns : elapsed * json_get_num(o, "workers", 1);
	for (size_t i = 0; i < c->n_lines; i++) {
		grow(&c->lines[i].waits, c->rounds);
		grow(&c->lines[i].wait_ns, c->rounds);
		grow(&c->lines[i].longest_ns, c->rounds);
		grow(&c->lines[i].in_exit_ns, c->rounds);
	}
}

static struct lock_line *line_of(struct lock_cell *c, enum lock_class class, char mode,
				 const char *caller, const char *via)
{
	struct lock_line *line;

	for (size_t i = 0; i < c->n_lines; i++) {
		line = &c->lines[i];
		if (line->class == class && line->mode == mode && !strcmp(line->caller, caller) &&
		    !strcmp(line->via, via))
			return line;
	}
	c->lines = xrealloc(c->lines, (c->n_lines + 1) * sizeof(*c->lines));
	line = &c->lines[c->n_lines++];
	*line = (struct lock_line){.class = class, .mode = mode, .caller = xstrdup(caller),
				   .via = xstrdup(via)};
	line->waits = xcalloc(c->rounds, sizeof(double));
	line->wait_ns = xcalloc(c->rounds, sizeof(double));
	line->longest_ns = xcalloc(c->rounds, sizeof(double));
	line->in_exit_ns = xcalloc(c->rounds, sizeof(double));
	return line;
}

static char mode_of(const json_t *row)
{
	const char *mode = json_get_str(row, "mode", "");

	return !strcmp(mode, "read") ? 'R' : !strcmp(mode, "write") ? 'W' : *mode == 'm' ? 'M' : 'S';
}

static enum lock_class own_class(const json_t *row, bool *sure)
{
	return lock_class_of(mode_of(row), json_get_str(row, "caller", ""), sure);
}

/* Who else waited for the same lock may know its class better than a caller that takes several. */
static enum lock_class class_of(const json_t *rows, const json_t *row)
{
	bool sure, other_sure;
	enum lock_class class = own_class(row, &sure);
	long long lock = json_get_int(row, "lock", 0);
	json_t *other;
	size_t i;

	json_array_foreach(rows, i, other) {
		enum lock_class c = own_class(other, &other_sure);

		if (!sure && lock && other_sure && json_get_int(other, "lock", 0) == lock)
			return c;
	}
	return class;
}

static void add_rows(struct lock_cell *c, const json_t *rows)
{
	size_t i, at = c->rounds - 1;
	json_t *row;

	json_array_foreach(rows, i, row) {
		struct lock_line *line = line_of(c, class_of(rows, row), mode_of(row),
						 json_get_str(row, "caller", ""),
						 json_get_str(row, "via", ""));
		double longest = json_get_num(row, "longest_ns", 0);

		line->waits[at] += json_get_num(row, "waits", 0);
		line->wait_ns[at] += json_get_num(row, "wait_ns", 0);
		line->in_exit_ns[at] += json_get_num(row, "in_exit_ns", 0);
		if (longest > line->longest_ns[at])
			line->longest_ns[at] = longest;
	}
}

/* --- a boot's events --- */

static void take_locks(struct reader *rd, const json_t *o)
{
	const char *id = json_get_str(o, "cell", "");
	const struct round *round = find_round(rd, id, (int)json_get_int(o, "iter", -1));
	struct lock_cell *c = cell_of(rd, id);

	if (!c || !round)
		return;
	add_round(c, o, round);
	add_rows(c, json_object_get(o, "rows"));
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

static struct lock_stat *stat_of(struct lock_cell *c, const char *class, const char *mode)
{
	for (size_t i = 0; i < c->n_stats; i++)
		if (!strcmp(c->stats[i].class, class) && !strcmp(c->stats[i].mode, mode))
			return &c->stats[i];
	c->stats = xrealloc(c->stats, (c->n_stats + 1) * sizeof(*c->stats));
	c->stats[c->n_stats] = (struct lock_stat){.class = xstrdup(class), .mode = xstrdup(mode)};
	return &c->stats[c->n_stats++];
}

static void add_caller(struct lock_stat *s, const char *caller)
{
	for (size_t i = 0; i < s->callers.n; i++)
		if (!strcmp(s->callers.v[i], caller))
			return;
	strv_push(&s->callers, caller);
}

static void take_stats(struct reader *rd, const json_t *o)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));
	json_t *row, *point;
	size_t i, k;

	if (!c)
		return;
	json_array_foreach(json_object_get(o, "rows"), i, row) {
		struct lock_stat *s = stat_of(c, json_get_str(row, "class", ""),
					      json_get_str(row, "mode", ""));

		s->waits += json_get_num(row, "waits", 0);
		s->acquisitions += json_get_num(row, "acquisitions", 0);
		s->wait_ns += json_get_num(row, "wait_ns", 0);
		json_array_foreach(json_object_get(row, "points"), k, point)
			add_caller(s, json_get_str(point, "caller", ""));
	}
}

/* A boot's table after that of the boot before it. */
static void take_perf(struct reader *rd, const json_t *o)
{
	struct lock_cell *c = cell_of(rd, json_get_str(o, "cell", ""));
	char *before;

	if (!c)
		return;
	before = c->perf;
	c->perf = xasprintf("%s%s", before ? before : "", json_get_str(o, "text", ""));
	free(before);
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

static int read_event(void *arg, const char *text, size_t len, struct err *err)
{
	struct reader *rd = arg;
	json_t *o = json_loadb(text, len, 0, NULL);
	const char *type = json_get_str(o, "t", "");

	if (!json_is_object(o)) {
		json_decref(o);
		return err_set(err, "not a JSON object");
	}
	if (!*rd->l->backend)
		take_backend(rd->l, json_get_str(o, "backend", ""));
	if (!strcmp(type, "locks"))
		take_locks(rd, o);
	else if (!strcmp(type, "locks-end"))
		take_end(rd, o);
	else if (!strcmp(type, "lockstat"))
		take_stats(rd, o);
	else if (!strcmp(type, "perf"))
		take_perf(rd, o);
	else if (!strcmp(type, "locks-skip"))
		take_skip(rd, o);
	json_decref(o);
	return 0;
}

int locks_load_boot(struct locks *l, const struct run_boot *b, struct err *err)
{
	char *samples = xasprintf("%s/boots/%03d/samples.jsonl", l->run.path, b->n);
	char *events = xasprintf("%s/boots/%03d/events.jsonl", l->run.path, b->n);
	struct reader rd = {.l = l, .boot = b};
	int ret = 0;

	if (fs_exists(samples) && fs_exists(events)) {
		ret = load_lines(samples, NULL, read_sample, &rd, err);
		if (ret == 0)
			ret = load_lines(events, NULL, read_event, &rd, err);
	}
	for (size_t i = 0; i < rd.n; i++)
		free(rd.rounds[i].cell);
	free(rd.rounds);
	free(samples);
	free(events);
	return ret;
}
