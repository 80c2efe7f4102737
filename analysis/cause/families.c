#include "analysis/cause/families.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "lib/ini.h"

#define RENAMED "renamed"
#define OTHER "other"

static void add_family(struct families *f, const char *name)
{
	f->v = xrealloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = (struct family){.name = xstrdup(name)};
}

static void add_section(struct families *f, const struct ini_section *s)
{
	if (strcmp(s->name, RENAMED) == 0) {
		for (size_t i = 0; i < s->n; i++) {
			strv_push(&f->from, s->entries[i].key);
			strv_push(&f->to, s->entries[i].value);
		}
		return;
	}
	add_family(f, s->name);
	for (size_t i = 0; i < s->n; i++)
		strv_split(&f->v[f->n - 1].patterns, s->entries[i].value, " \t");
}

int families_load(struct families *f, const char *path, struct err *err)
{
	struct ini_file ini;
	int ret = 0;

	*f = (struct families){0};
	if (ini_load(&ini, path, err) < 0)
		return -1;
	for (size_t i = 0; i < ini.n && ret == 0; i++) {
		if (!*ini.sections[i].name || strcmp(ini.sections[i].name, OTHER) == 0)
			ret = err_set(
				err,
				"%s:%d: a pattern stands in the section of a family, which is "
				"not '%s'",
				path, ini.sections[i].line, OTHER);
		else
			add_section(f, &ini.sections[i]);
	}
	ini_release(&ini);
	add_family(f, OTHER);
	if (ret < 0)
		families_release(f);
	return ret;
}

void families_release(struct families *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		strv_release(&f->v[i].patterns);
	}
	free(f->v);
	strv_release(&f->from);
	strv_release(&f->to);
	*f = (struct families){0};
}

size_t families_of(const struct families *f, const char *function)
{
	for (size_t i = 0; i + 1 < f->n; i++)
		for (size_t k = 0; k < f->v[i].patterns.n; k++)
			if (fnmatch(f->v[i].patterns.v[k], function, 0) == 0)
				return i;
	return f->n - 1;
}

const char *families_renamed(const struct families *f, const char *function)
{
	for (size_t i = 0; i < f->from.n; i++)
		if (strcmp(f->from.v[i], function) == 0)
			return f->to.v[i];
	return function;
}
