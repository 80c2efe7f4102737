#include "runner/plugin/track.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"
#include "runner/plugin/tree.h"

#define STACK_SHIFT 14 /* THREAD_SIZE on x86-64; only how entries are grouped */
#define STACK_SLOTS (1u << (STACK_SHIFT - 3))

/* The shadow of one return address on a stack. */
struct slot {
	uint64_t ret;
	struct node *caller; /* NULL: never written */
};

/* Where in its calls a CPU is, between two blocks. */
struct place {
	struct node *node;
	enum { GOES_ON, CALLED, RETURNED, JUMPED } by; /* how the last block was left */
	struct slot slot; /* RETURNED: what stood for the address popped */
	bool elsewhere;	  /* ... and on another stack than before */
};

struct interrupted {
	struct place place;	 /* its node is NULL for user code */
	const struct block *cut; /* the block that a fault cut short, or NULL */
	struct node *cut_node;	 /* what it was counted for */
};

struct stack {
	uint64_t key;
	struct slot slots[STACK_SLOTS];
	struct interrupted *v;
	size_t n, cap;
};

struct cpu {
	struct place at;
	struct stack *stack;	  /* that of the last call or return, or NULL */
	const struct block *last; /* what was executed last, and what it was counted for */
	struct node *last_node;
};

struct track {
	struct tree *tree;
	struct cpu *cpus; /* as many as were heard of */
	size_t n_cpus;
	struct stack **stacks; /* open addressing by key */
	size_t n_stacks, stacks_cap;
	bool open;
	uint64_t total;	   /* of the open region */
	uint64_t *regions; /* totals of those closed */
	size_t n_regions;
	uint64_t strays;	   /* returns whose caller is not known */
	uint64_t doubts, doubtful; /* faults fixed up, and what may not have been executed there */
};

static const struct block nowhere;

struct track *track_new(void)
{
	struct track *t = xcalloc(1, sizeof(*t));

	t->tree = tree_new();
	t->stacks_cap = 1024;
	t->stacks = xcalloc(t->stacks_cap, sizeof(*t->stacks));
	return t;
}

static struct cpu *cpu_of(struct track *t, unsigned cpu)
{
	while (t->n_cpus <= cpu) {
		size_t n = t->n_cpus ? 2 * t->n_cpus : 8;

		t->cpus = xrealloc(t->cpus, n * sizeof(*t->cpus));
		for (size_t i = t->n_cpus; i < n; i++)
			t->cpus[i] = (struct cpu){.at.node = tree_root(t->tree),
						  .last = &nowhere,
						  .last_node = tree_root(t->tree)};
		t->n_cpus = n;
	}
	return &t->cpus[cpu];
}

void track_free(struct track *t)
{
	for (size_t i = 0; i < t->stacks_cap; i++) {
		if (t->stacks[i])
			free(t->stacks[i]->v);
		free(t->stacks[i]);
	}
	free(t->stacks);
	free(t->regions);
	free(t->cpus);
	tree_free(t->tree);
	free(t);
}

static struct stack **place_of(struct stack **table, size_t cap, uint64_t key)
{
	size_t i = key * 0x9e3779b97f4a7c15 >> 32 & (cap - 1);

	while (table[i] && table[i]->key != key)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static void grow_stacks(struct track *t)
{
	struct stack **table = xcalloc(2 * t->stacks_cap, sizeof(*table));

	for (size_t i = 0; i < t->stacks_cap; i++)
		if (t->stacks[i])
			*place_of(table, 2 * t->stacks_cap, t->stacks[i]->key) = t->stacks[i];
	free(t->stacks);
	t->stacks = table;
	t->stacks_cap *= 2;
}

static struct slot *slot_at(struct track *t, struct cpu *c, uint64_t sp)
{
	uint64_t key = sp >> STACK_SHIFT;
	struct stack **place;

	if (!c->stack || c->stack->key != key) {
		if (2 * t->n_stacks >= t->stacks_cap)
			grow_stacks(t);
		place = place_of(t->stacks, t->stacks_cap, key);
		if (!*place) {
			*place = xcalloc(1, sizeof(**place));
			(*place)->key = key;
			t->n_stacks++;
		}
		c->stack = *place;
	}
	return &c->stack->slots[sp >> 3 & (STACK_SLOTS - 1)];
}

void track_call(struct track *t, unsigned cpu, const struct block *b, uint64_t sp)
{
	struct cpu *c = cpu_of(t, cpu);

	if (b != c->last)
		return;
	*slot_at(t, c, sp) = (struct slot){b->end, c->at.node};
	c->at.by = CALLED;
}

void track_return(struct track *t, unsigned cpu, const struct block *b, uint64_t sp)
{
	struct cpu *c = cpu_of(t, cpu);

	struct stack *before = c->stack;

	if (b != c->last)
		return;
	c->at.slot = *slot_at(t, c, sp);
	c->at.elsewhere = c->stack != before;
	c->at.by = RETURNED;
}

void track_jump(struct track *t, unsigned cpu)
{
	cpu_of(t, cpu)->at.by = JUMPED;
}

/* The instructions of a block from addr on were not executed after all. */
static void take_back(struct track *t, const struct block *b, struct node *node, uint64_t addr)
{
	uint64_t n = 0;

	if (!t->open)
		return;
	if (addr < b->addr || addr >= b->end) {
		/* user code was left at its end, for an instruction that could not be fetched */
		if (!b->user && b->n > 1) {
			t->doubts++;
			t->doubtful += b->n - 1;
		}
		return;
	}
	while (n < b->n && b->addr + b->offset[b->n - 1 - n] >= addr)
		n++;
	if (node->self < n || t->total < n)
		return; /* it was executed before the region was opened */
	node->self -= n;
	t->total -= n;
}

static void save(struct cpu *c, const struct interrupted *it)
{
	struct stack *s = c->stack;

	if (!s)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 4;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = *it;
}

/* What was interrupted last on this stack; -1 when that is not known. */
static int restore(struct track *t, struct cpu *c, struct interrupted *it)
{
	struct stack *s = c->stack;

	/* a stack may lie across two keys, and older things lie higher */
	if (s && !s->n)
		s = *place_of(t->stacks, t->stacks_cap, s->key + 1);
	if (!s || !s->n)
		return -1;
	*it = s->v[--s->n];
	return 0;
}

static struct node *child(struct track *t, struct node *parent, const struct block *b, bool call)
{
	struct node *node = tree_child(t->tree, parent, b->function);

	if (call && t->open)
		node->calls++;
	return node;
}

/* From user code into the kernel: its stack is empty, and only a fault is worth remembering. */
static void enter_from_user(struct track *t, struct cpu *c, const struct block *b)
{
	struct interrupted it = {.cut = c->last, .cut_node = c->last_node};

	if (c->stack)
		c->stack->n = 0;
	if (b->function->fault)
		save(c, &it);
	c->at = (struct place){.node = child(t, tree_root(t->tree), b, true)};
}

static void return_to_user(struct track *t, struct cpu *c, const struct block *b)
{
	struct interrupted it;

	if (!c->last->user) {
		if (restore(t, c, &it) == 0 && it.cut)
			take_back(t, it.cut, it.cut_node, b->addr);
		if (c->stack)
			c->stack->n = 0;
	}
	c->at = (struct place){.node = tree_child(t->tree, tree_root(t->tree), b->function)};
}

/*
 * The kernel returned to user code whose first instruction could not be fetched, or where an
 * interrupt was waiting: nothing was executed there, and the kernel is entered from it again.
 */
static bool left_for_user(const struct cpu *c, const struct block *b)
{
	const struct stack *s = c->stack;

	return b->entry && c->last->last.kind == INSN_IRET &&
	       (!s || !s->n || !s->v[s->n - 1].place.node);
}

static void interrupt(struct track *t, struct cpu *c, const struct block *b)
{
	struct interrupted it = {c->at, b->function->fault ? c->last : NULL, c->last_node};
	struct node *in =
		c->at.by == RETURNED && c->at.slot.caller ? c->at.slot.caller : c->at.node;

	save(c, &it);
	c->at = (struct place){.node = child(t, in, b, true)};
}

static void leave_interrupt(struct track *t, struct cpu *c, const struct block *b)
{
	struct interrupted it;

	if (restore(t, c, &it) < 0 || !it.place.node)
		return;
	c->at = it.place;
	if (it.cut)
		take_back(t, it.cut, it.cut_node, b->addr);
}

/* A device access in the middle of a block makes QEMU begin a new one there. */
static void check_cut_short(struct track *t, struct cpu *c, const struct block *b)
{
	const struct block *last = c->last;

	if (b->addr > last->addr && b->addr < last->end && b->addr != last->last.target &&
	    c->at.by == GOES_ON)
		take_back(t, last, c->last_node, b->addr);
}

/*
 * No call is known that this return belongs to: it left a function on another stack than it
 * entered it on (error_entry), is a new task's first, or the call went unseen.
 */
static struct node *stray(struct track *t, const struct place *at, const struct block *b)
{
	struct node *node = at->node;

	for (; node->parent; node = node->parent)
		if (node->function == b->function && (!at->elsewhere || !node->parent->parent))
			return node;
	if (t->open)
		t->strays++;
	return child(t, tree_root(t->tree), b, false);
}

static struct node *resolve(struct track *t, struct place *at, const struct block *b)
{
	struct node *node = at->node;

	if (at->by == CALLED) {
		/* a call into the middle of the same function is one of its tricks, not a call */
		if (b->first || b->function != node->function)
			node = child(t, node, b, true);
	} else if (at->by == RETURNED) {
		if (at->slot.caller && at->slot.ret == b->addr)
			node = at->slot.caller;
		else if (!at->slot.caller || at->slot.caller->parent != node->parent)
			node = stray(t, at, b);
		/* else a retpoline: a jump, by a return from itself or from its return thunk */
	}
	if (node->function != b->function)
		node = child(t, node->parent ? node->parent : node, b, b->first);
	return node;
}

/* The most of all blocks: the kernel goes on in the function it is in. */
static bool stays(const struct cpu *c, const struct block *b)
{
	return b->function == c->at.node->function && c->at.by == GOES_ON && !b->user &&
	       !b->entry && !c->last->user && c->last->last.kind != INSN_IRET;
}

static void move(struct track *t, struct cpu *c, const struct block *b)
{
	if (b->user) {
		return_to_user(t, c, b);
	} else if (c->last->user || left_for_user(c, b)) {
		enter_from_user(t, c, b);
	} else if (b->entry) {
		interrupt(t, c, b);
	} else {
		if (c->last->last.kind == INSN_IRET)
			leave_interrupt(t, c, b);
		else
			check_cut_short(t, c, b);
		c->at = (struct place){.node = resolve(t, &c->at, b)};
	}
}

void track_block(struct track *t, unsigned cpu, const struct block *b)
{
	struct cpu *c = cpu_of(t, cpu);

	if (stays(c, b))
		check_cut_short(t, c, b);
	else
		move(t, c, b);
	c->last = b;
	c->last_node = c->at.node;
	if (t->open) {
		c->at.node->self += b->n;
		t->total += b->n;
	}
}

void track_one_more(struct track *t, unsigned cpu)
{
	if (!t->open)
		return;
	cpu_of(t, cpu)->at.node->self++;
	t->total++;
}

void track_region(struct track *t, unsigned cpu, const struct block *b, uint32_t i)
{
	struct node *node = cpu_of(t, cpu)->at.node;

	if (!t->open) {
		t->open = true;
		t->total = b->n - i - 1;
		node->self += b->n - i - 1;
		return;
	}
	node->self -= b->n - i;
	t->total -= b->n - i;
	t->open = false;
	t->regions = xrealloc(t->regions, (t->n_regions + 1) * sizeof(*t->regions));
	t->regions[t->n_regions++] = t->total;
}

bool track_is_open(const struct track *t)
{
	return t->open;
}

void track_write(struct track *t, FILE *out)
{
	for (size_t i = 0; i < t->n_regions; i++)
		fprintf(out, "region %" PRIu64 "\n", t->regions[i]);
	if (t->strays)
		fprintf(out, "strays %" PRIu64 "\n", t->strays);
	if (t->doubts)
		fprintf(out, "doubt %" PRIu64 " %" PRIu64 "\n", t->doubts, t->doubtful);
	tree_write(t->tree, out);
	t->n_regions = 0;
	t->strays = t->doubts = t->doubtful = 0;
}
