/* A tree of calls with counts. */
#ifndef RUNNER_PLUGIN_TREE_H
#define RUNNER_PLUGIN_TREE_H

#include <stdint.h>
#include <stdio.h>
#include "runner/plugin/functions.h"

struct node {
	struct node *parent; /* NULL at the root */
	const struct function *function;
	struct node *children, *next;
	struct {
		const struct function *function;
		struct node *child;
	} recent[4]; /* children asked for lately */
	uint64_t calls, self;
	bool shown; /* in what is being written */
};

struct tree;

struct tree *tree_new(void);
void tree_free(struct tree *t);
struct node *tree_root(struct tree *t);
/* The child of that function, made where there is none; owned by the tree. */
struct node *tree_child(struct tree *t, struct node *parent, const struct function *f);
/*
 * Writes the nodes that counted something, or have such a descendant, parents first and children
 * by name, a line each: DEPTH CALLS SELF NAME. Sets all counts to 0.
 */
void tree_write(struct tree *t, FILE *out);

#endif
