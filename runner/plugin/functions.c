#include "runner/plugin/functions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

#define TEXT_START 0xffffffff81000000
#define MODULES_START 0xffffffffc0000000
#define MODULES_END 0xffffffffff000000
#define PAGE_MASK 0xfffULL

struct symbol {
	uint64_t addr;
	char type;
	bool cold; /* not where a caller enters */
	char *name;
	struct function *function;
};

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* asm_common_interrupt is where the stubs at irq_entries_start jump to, not where a vector points.
 */
static void classify(struct function *f)
{
	f->fault = starts(f->name, "asm_exc_");
	f->stubs = strcmp(f->name, "irq_entries_start") == 0 ||
		   strcmp(f->name, "spurious_entries_start") == 0;
	f->entry = f->fault || f->stubs || starts(f->name, "asm_sysvec_");
}

/*
 * Which of two names for one address says more: global before local before weak, the 64-bit
 * system call before the 32-bit one, then the plainer.
 */
static int by_preference(const struct symbol *a, const struct symbol *b)
{
	static const char order[] = "TtWw";
	int d = (int)(strchr(order, a->type) - strchr(order, b->type));

	if (d == 0)
		d = starts(a->name, "__ia32_") - starts(b->name, "__ia32_");
	if (d == 0)
		d = (int)(strspn(a->name, "_") - strspn(b->name, "_"));
	return d ? d : strcmp(a->name, b->name);
}

static int by_address(const void *pa, const void *pb)
{
	const struct symbol *a = pa, *b = pb;

	return a->addr != b->addr ? (a->addr < b->addr ? -1 : 1) : by_preference(a, b);
}

static int by_name(const void *pa, const void *pb)
{
	const struct symbol *a = *(struct symbol *const *)pa, *b = *(struct symbol *const *)pb;
	int d = strcmp(a->name, b->name);

	return d ? d : (a->addr > b->addr) - (a->addr < b->addr);
}

/* "T", "t", "W" or "w" of the kernel's own; 0 takes the line as read. */
static int parse_line(struct functions *s, size_t *cap, char *line)
{
	char type, name[512], *cold;
	uint64_t addr;
	int after = 0;

	if (sscanf(line, "%" SCNx64 " %c %511s%n", &addr, &type, name, &after) != 3)
		return -1;
	if (!strchr("TtWw", type) || strchr(line + after, '[') || starts(name, "__pfx_"))
		return 0;
	cold = strstr(name, ".cold");
	if (cold && cold[5] && cold[5] != '.')
		cold = NULL;
	if (cold)
		*cold = '\0';
	if (s->n == *cap) {
		*cap = *cap ? 2 * *cap : 1 << 16;
		s->v = xrealloc(s->v, *cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct symbol){addr, type, cold != NULL, xstrdup(name), NULL};
	return 0;
}

static struct function *new_function(struct functions *s, const char *name)
{
	struct function *f = xcalloc(1, sizeof(*f));

	f->name = xstrdup(name);
	classify(f);
	s->all = xrealloc(s->all, (s->n_all + 1) * sizeof(*s->all));
	s->all[s->n_all++] = f;
	return f;
}

/* Sorts, keeps one symbol an address, and joins the pieces of one name that lie apart. */
static void settle(struct functions *s)
{
	struct symbol **named = xcalloc(s->n + 1, sizeof(*named));
	size_t kept = 0;

	qsort(s->v, s->n, sizeof(*s->v), by_address);
	for (size_t i = 0; i < s->n; i++) {
		if (kept && s->v[kept - 1].addr == s->v[i].addr)
			free(s->v[i].name);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
	for (size_t i = 0; i < kept; i++)
		named[i] = &s->v[i];
	qsort(named, kept, sizeof(*named), by_name);
	for (size_t i = 0; i < kept; i++)
		named[i]->function = i && strcmp(named[i]->name, named[i - 1]->name) == 0
					     ? named[i - 1]->function
					     : new_function(s, named[i]->name);
	free(named);
}

static int check(const struct functions *s, const char *path, struct err *err)
{
	if (!s->n)
		return err_set(err,
			       "%s: no symbol of kernel code; it wants lines such as "
			       "'ffffffff81000000 T _text'",
			       path);
	if (s->v[s->n - 1].addr == 0)
		return err_set(err,
			       "%s: all addresses are 0; kptr_restrict must be 0 or the "
			       "reader root",
			       path);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, "_text") == 0 || strcmp(s->v[i].name, "_stext") == 0)
			return s->v[i].addr == TEXT_START
				       ? 0
				       : err_set(err,
						 "%s: kernel code starts at %" PRIx64
						 ", not at %llx: "
						 "the kernel must be booted with nokaslr",
						 path, s->v[i].addr,
						 (unsigned long long)TEXT_START);
	return 0;
}

static void special(struct functions *s)
{
	s->user.name = "[user]";
	s->module.name = "[module]";
	s->kernel.name = "[kernel]";
}

int functions_load(struct functions *s, const char *path, struct err *err)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, cap = 0, number = 0;
	int bad = 0;

	*s = (struct functions){0};
	special(s);
	if (!in)
		return err_sys(err, "%s", path);
	while (!bad && getline(&line, &size, in) >= 0) {
		number++;
		bad = parse_line(s, &cap, line);
	}
	free(line);
	fclose(in);
	if (bad)
		err_set(err, "%s:%zu: not a symbol; it wants 'ADDRESS TYPE NAME'", path, number);
	if (bad || check(s, path, err) < 0) {
		functions_release(s);
		return -1;
	}
	settle(s);
	return 0;
}

void functions_none(struct functions *s)
{
	*s = (struct functions){.pages = true};
	special(s);
}

/* The index of the last symbol at or below addr, -1 where there is none. */
static ssize_t last_at_or_below(const struct functions *s, uint64_t addr)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->v[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return (ssize_t)low - 1;
}

static struct symbol *page_symbol(struct functions *s, uint64_t addr, ssize_t below)
{
	uint64_t page = addr & ~PAGE_MASK;
	char *name;

	if (below >= 0 && s->v[below].addr == page)
		return &s->v[below];
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	memmove(&s->v[below + 2], &s->v[below + 1], (s->n - (below + 1)) * sizeof(*s->v));
	name = xasprintf("0x%" PRIx64, page);
	s->v[below + 1] = (struct symbol){page, 't', false, name, new_function(s, name)};
	s->n++;
	return &s->v[below + 1];
}

const struct function *functions_find(struct functions *s, uint64_t addr, bool *first)
{
	const struct symbol *found;
	ssize_t i;

	*first = false;
	if (!(addr >> 63))
		return &s->user;
	if (addr >= MODULES_START && addr < MODULES_END)
		return &s->module;
	if (addr < TEXT_START || addr >= MODULES_END)
		return &s->kernel;
	i = last_at_or_below(s, addr);
	if (i < 0 && !s->pages)
		return &s->kernel;
	found = s->pages ? page_symbol(s, addr, i) : &s->v[i];
	*first = found->addr == addr && !found->cold;
	return found->function;
}

void functions_release(struct functions *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	for (size_t i = 0; i < s->n_all; i++) {
		free(s->all[i]->name);
		free(s->all[i]);
	}
	free(s->all);
	free(s->v);
	*s = (struct functions){0};
}
