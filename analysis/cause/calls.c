#include "analysis/cause/calls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"

#define HEAD "mlocklab-profile 1"
#define MISNAMED "symbols differ"
#define MAX_DEPTH 4096
/* How often to look at a name: variants of one function stand beside their place, not far from it.
 */
#define MAX_STEPS(nodes) (1000000 + 100 * (nodes))
/* What a function at its place in the tree takes, its row of a table included; and what all may. */
#define NODE_BYTES 320
#define MAX_HELD(bytes_read) (LOAD_HELD_OVER + 8 * (bytes_read))

struct reader {
	struct calls *calls;
	size_t cell, wanted;
	struct call **at; /* the last node of each depth, at[0] the root */
	size_t depth, cap;
	size_t nodes, steps; /* lines with one, and names looked at to find their places */
	size_t bytes;	     /* that were read */
};

/*
 * The child of that name, made where there is none. Files name children in order, so that it nearly
 * always comes right after the last.
 */
static struct call *child_of(struct call *parent, const char *function, size_t *steps)
{
	struct call **place = &parent->child, *c = parent->last;
	int order = c ? strcmp(c->function, function) : 1;

	if (order == 0)
		return c;
	if (order < 0)
		place = &c->next;
	while (*place && (order = strcmp((*place)->function, function)) < 0) {
		place = &(*place)->next;
		++*steps;
	}
	if (*place && order == 0)
		return parent->last = *place;
	c = xcalloc(1, sizeof(*c));
	*c = (struct call){.function = xstrdup(function), .parent = parent, .next = *place};
	return parent->last = *place = c;
}

void calls_sum(struct call *root)
{
	root->total = root->self;
	for (struct call *c = root->child; c; c = c->next) {
		calls_sum(c);
		root->total += c->total;
	}
}

/* Cuts what a compiler put behind the name of a function that it made a variant of. */
static void plain_name(char *name)
{
	static const char *const variants[] = {".isra.", ".constprop.", ".part."};

	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		char *at = strstr(name, variants[i]);

		if (at && at != name)
			*at = '\0';
	}
}

static int read_node(struct reader *r, const char *line, struct err *err)
{
	unsigned depth;
	unsigned long long calls, self;
	char name[512];
	struct call *node;

	if (sscanf(line, "%u %llu %llu %511s", &depth, &calls, &self, name) != 4)
		return err_set(err,
			       "not a line of a profile: it wants 'DEPTH CALLS SELF FUNCTION'");
	if (depth > r->depth || depth >= MAX_DEPTH)
		return err_set(err, "depth %u follows depth %zu", depth, r->depth);
	plain_name(name);
	node = child_of(r->at[depth], name, &r->steps);
	if (r->steps > MAX_STEPS(++r->nodes))
		return err_set(err, "the functions are not in the order of their names");
	if (r->nodes * NODE_BYTES > MAX_HELD(r->bytes))
		return err_set(err,
			       "%zu functions in %zu bytes are more than a profile of its size has",
			       r->nodes, r->bytes);
	node->calls += (double)calls;
	node->self += (double)self;
	r->depth = depth + 1;
	if (r->depth == r->cap) {
		r->cap *= 2;
		r->at = xrealloc(r->at, r->cap * sizeof(*r->at));
	}
	r->at[r->depth] = node;
	return 0;
}

static void add_region(struct calls *c, double insns)
{
	/* in powers of two */
	if (!(c->regions & (c->regions - 1)))
		c->region =
			xrealloc(c->region, (c->regions ? 2 * c->regions : 1) * sizeof(*c->region));
	c->region[c->regions++] = insns;
	c->insns += insns;
}

/* A line of the cell that is wanted. */
static int read_wanted(struct reader *r, const char *line, struct err *err)
{
	unsigned long long a, b;

	if (isdigit((unsigned char)*line))
		return read_node(r, line, err);
	if (sscanf(line, "region %llu", &a) == 1)
		add_region(r->calls, (double)a);
	else if (sscanf(line, "strays %llu", &a) == 1)
		r->calls->strays += (double)a;
	else if (sscanf(line, "doubt %llu %llu", &a, &b) == 2)
		r->calls->doubtful += (double)b;
	else if (strcmp(line, "open") == 0)
		r->calls->open = true;
	else if (strcmp(line, "end") == 0)
		r->calls->whole = true;
	else
		return err_set(err, "not a line of a profile");
	return 0;
}

/* --- one cell --- */

static int read_line(void *arg, const char *text, size_t len, struct err *err)
{
	struct reader *r = arg;
	char *line = xstrndup(text, len);
	int ret = 0;

	r->bytes += len + 1;
	if (sscanf(line, "cell %zu", &r->cell) == 1)
		r->depth = 0;
	else if (r->cell == r->wanted)
		ret = read_wanted(r, line, err);
	free(line);
	return ret;
}

int calls_read(struct calls *c, const struct run *run, const struct run_boot *b,
	       const struct profile_index *index, size_t cell, struct err *err)
{
	struct reader r = {.calls = c, .wanted = cell, .cap = 64};
	const struct file_part *part = &index->cells[cell];
	int ret = 0;

	if (!c->root.function)
		c->root.function = xstrdup("");
	c->whole = false;
	c->misnamed |= index->misnamed;
	r.at = xcalloc(r.cap, sizeof(*r.at));
	r.at[0] = &c->root;
	if (part->to)
		ret = load_lines_between(run, b, "profile.txt", part, read_line, &r, err);
	free(r.at);
	return ret;
}

/* --- where the cells are --- */

struct scanner {
	struct profile_index *index;
	struct file_part next;
	size_t cell, cells; /* that the line is of, INDEX_NONE: none of the run's */
};

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(line, with, strlen(with));
}

static int scan_line(void *arg, const char *line, size_t len, struct err *err)
{
	struct scanner *s = arg;
	struct file_part here = file_part_next(&s->next, len);

	if (!here.lines && (len != strlen(HEAD) || !begins(line, len, HEAD)))
		return err_set(err, "the first line is not '" HEAD "'");
	if (begins(line, len, "symbols ") || begins(line, len, "bye")) {
		s->index->misnamed |= len == strlen(MISNAMED) && begins(line, len, MISNAMED);
		s->cell = INDEX_NONE;
	} else if (begins(line, len, "cell ")) {
		char *number = xstrndup(line, len);

		if (sscanf(number, "cell %zu", &s->cell) != 1 || s->cell >= s->cells)
			s->cell = INDEX_NONE;
		free(number);
	}
	if (s->cell != INDEX_NONE)
		file_part_add(&s->index->cells[s->cell], &here);
	return 0;
}

int profile_index_read(struct profile_index *index, const struct run *run, const struct run_boot *b,
		       struct err *err)
{
	struct scanner s = {.index = index, .cell = INDEX_NONE, .cells = run->n_cells};

	*index = (struct profile_index){0};
	if (!load_has_file(run, b, "profile.txt"))
		return 0;
	index->cells = xcalloc(run->n_cells + 1, sizeof(*index->cells));
	return load_lines(run, b, "profile.txt", NULL, scan_line, &s, err);
}

static void release_below(struct call *parent)
{
	for (struct call *c = parent->child, *next; c; c = next) {
		next = c->next;
		release_below(c);
		free(c->function);
		free(c);
	}
}

void calls_release(struct calls *c)
{
	release_below(&c->root);
	free(c->root.function);
	free(c->region);
	*c = (struct calls){0};
}
