#include "analysis/cause/calls.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"

#define HEAD "mlocklab-profile 1"
#define MAX_DEPTH 4096
/* How often to look at a name: variants of one function stand beside their place, not far from it. */
#define MAX_STEPS(nodes) (1000000 + 100 * (nodes))

struct reader {
	struct calls *calls;
	long long cell, wanted;
	struct call **at; /* the last node of each depth, at[0] the root */
	size_t depth, cap;
	size_t nodes, steps; /* lines with one, and names looked at to find their places */
	bool head;
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
	c->region = xrealloc(c->region, (c->regions + 1) * sizeof(*c->region));
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

static int read_line(void *arg, const char *text, size_t len, struct err *err)
{
	struct reader *r = arg;
	char *line = xstrndup(text, len);
	int ret = 0;

	if (!r->head)
		ret = strcmp(line, HEAD) == 0 ? 0
					      : err_set(err, "the first line is not '" HEAD "'");
	else if (sscanf(line, "cell %lld", &r->cell) == 1)
		r->depth = 0;
	else if (strncmp(line, "symbols ", 8) == 0)
		r->calls->misnamed |= strcmp(line + 8, "differ") == 0;
	else if (r->cell == r->wanted && strcmp(line, "bye") != 0)
		ret = read_wanted(r, line, err);
	r->head = true;
	free(line);
	return ret;
}

int calls_read(struct calls *c, const struct run *run, const struct run_boot *b, size_t cell,
	       struct err *err)
{
	struct reader r = {.calls = c, .cell = -1, .wanted = (long long)cell, .cap = 64};
	int ret;

	if (!c->root.function)
		c->root.function = xstrdup("");
	c->whole = false;
	r.at = xcalloc(r.cap, sizeof(*r.at));
	r.at[0] = &c->root;
	ret = load_lines(run, b, "profile.txt", NULL, read_line, &r, err);
	free(r.at);
	return ret;
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
