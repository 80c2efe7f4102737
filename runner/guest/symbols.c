#include "runner/guest/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add(struct symbols *s, size_t *cap, uint64_t at, const char *name)
{
	if (s->n == *cap) {
		*cap = *cap ? *cap * 2 : 4096;
		s->v = xrealloc(s->v, *cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct symbol){at, xstrdup(name)};
}

int symbols_load(struct symbols *s, const char *path, struct err *err)
{
	FILE *f = fopen(path, "re");
	unsigned long long at, any = 0;
	char *line = NULL, type, name[256];
	size_t cap = 0, room = 0;

	*s = (struct symbols){0};
	if (!f)
		return err_sys(err, "cannot open '%s'", path);
	while (getline(&line, &cap, f) > 0) {
		if (sscanf(line, "%llx %c %255s", &at, &type, name) != 3 || !strchr("tTwW", type))
			continue;
		any |= at;
		add(s, &room, at, name);
	}
	free(line);
	fclose(f);
	if (!any) {
		symbols_release(s);
		return err_set(err,
			       "'%s' shows no addresses: it takes root and kernel.kptr_restrict=0",
			       path);
	}
	qsort(s->v, s->n, sizeof(*s->v), by_address);
	return 0;
}

void symbols_release(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct symbols){0};
}

const char *symbols_find(const struct symbols *s, uint64_t address)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->v[mid].at <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? s->v[low - 1].name : NULL;
}

const char *symbols_name(const struct symbols *s, const char *function)
{
	size_t len = strlen(function);
	const char *variant = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->v[i].name;

		if (strncmp(name, function, len) != 0)
			continue;
		if (!name[len])
			return name;
		if (name[len] == '.' && !strstr(name, ".cold"))
			variant = name;
	}
	return variant;
}
