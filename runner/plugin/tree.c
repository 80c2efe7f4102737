#include "runner/plugin/tree.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

struct tree {
	struct node root;
	struct node **table; /* open addressing by parent and function */
	size_t n, cap;
};

struct tree *tree_new(void)
{
	struct tree *t = xcalloc(1, sizeof(*t));

	t->cap = 1 << 16;
	t->table = xcalloc(t->cap, sizeof(*t->table));
	return t;
}

void tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->cap; i++)
		free(t->table[i]);
	free(t->table);
	free(t);
}

struct node *tree_root(struct tree *t)
{
	return &t->root;
}

static struct node **place_of(struct node **table, size_t cap, const struct node *parent,
			      const struct function *f)
{
	uint64_t h = ((uintptr_t)parent * 31 + (uintptr_t)f) * 0x9e3779b97f4a7c15;
	size_t i = (h >> 32) & (cap - 1);

	while (table[i] && (table[i]->parent != parent || table[i]->function != f))
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static void grow(struct tree *t)
{
	struct node **table = xcalloc(2 * t->cap, sizeof(*table));

	for (size_t i = 0; i < t->cap; i++)
		if (t->table[i])
			*place_of(table, 2 * t->cap, t->table[i]->parent, t->table[i]->function) =
				t->table[i];
	free(t->table);
	t->table = table;
	t->cap *= 2;
}

struct node *tree_child(struct tree *t, struct node *parent, const struct function *f)
{
	size_t near = (uintptr_t)f / sizeof(*f) % 4;
	struct node **place;

	if (parent->recent[near].function == f)
		return parent->recent[near].child;
	if (2 * t->n >= t->cap)
		grow(t);
	place = place_of(t->table, t->cap, parent, f);
	if (!*place) {
		*place = xcalloc(1, sizeof(**place));
		**place = (struct node){.parent = parent, .function = f, .next = parent->children};
		parent->children = *place;
		t->n++;
	}
	parent->recent[near].function = f;
	return parent->recent[near].child = *place;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->function->name,
		      (*(struct node *const *)b)->function->name);
}

/* The children in the order of their names; a new array, *n of them. */
static struct node **sorted_children(const struct node *parent, size_t *n)
{
	struct node **v;

	*n = 0;
	for (struct node *c = parent->children; c; c = c->next)
		++*n;
	v = xcalloc(*n + 1, sizeof(*v));
	*n = 0;
	for (struct node *c = parent->children; c; c = c->next)
		v[(*n)++] = c;
	qsort(v, *n, sizeof(*v), by_name);
	return v;
}

/* Marks what is to be shown: nodes that counted something, and those above them. */
static bool mark(struct node *node)
{
	node->shown = node->self || node->calls;
	for (struct node *c = node->children; c; c = c->next)
		node->shown |= mark(c);
	return node->shown;
}

static void write_below(struct node *parent, unsigned depth, FILE *out)
{
	size_t n;
	struct node **v;

	if (!parent->children)
		return;
	v = sorted_children(parent, &n);
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->shown)
			continue;
		fprintf(out, "%u %" PRIu64 " %" PRIu64 " %s\n", depth, v[i]->calls, v[i]->self,
			v[i]->function->name);
		v[i]->calls = v[i]->self = 0;
		write_below(v[i], depth + 1, out);
	}
	free(v);
}

void tree_write(struct tree *t, FILE *out)
{
	mark(&t->root);
	write_below(&t->root, 0, out);
}
