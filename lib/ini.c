#include "lib/ini.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

struct parse {
	struct ini_file *f;
	int line;
	int section_line; /* of the last [section] */
	struct err *err;
	int failed;
};

/* inih reads through this, so that each handler call can be told the line it belongs to. */
struct source {
	FILE *in;
	int line;
	struct parse *p;
};

#define BLANKS " \t\v\f\r\n"
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* inih passes over one at the start of a file */
#define MAX_LINES 20000		       /* a line of four bytes takes some hundred of memory */
#define MAX_SECTION 49		       /* inih cuts a longer name */

/*
 * What inih would take for something else is refused here: half a line or name, and a line that
 * goes on.
 */
static char *next_line(char *buf, int size, void *arg)
{
	struct source *s = arg;
	struct parse *p = s->p;
	const char *start = buf;
	size_t n;

	if (++p->line > MAX_LINES) {
		p->failed = err_set(p->err, "%s:%d: over %d lines", p->f->path, p->line, MAX_LINES);
		return NULL;
	}
	if (!fgets(buf, size, s->in))
		return NULL;
	n = strlen(buf);
	if (n + 1 == (size_t)size && buf[n - 1] != '\n' && !feof(s->in)) {
		p->failed =
			err_set(p->err, "%s:%d: the line is too long: %d characters are the most",
				p->f->path, p->line, size - 2);
		return NULL;
	}
	if (!str_is_utf8(buf)) {
		p->failed =
			err_set(p->err, "%s:%d: not UTF-8: 'iconv -f latin1 -t utf8' makes it so",
				p->f->path, p->line);
		return NULL;
	}
	if (p->line == 1 && strncmp(buf, BYTE_ORDER_MARK, 3) == 0)
		start += 3;
	if (isspace((unsigned char)*start) && start[strspn(start, BLANKS)]) {
		p->failed =
			err_set(p->err, "%s:%d: a line begins with a blank: start it at the left",
				p->f->path, p->line);
		return NULL;
	}
	if (*start != '[')
		return buf;
	if (strcspn(start + 1, "]") > MAX_SECTION) {
		p->failed = err_set(
			p->err, "%s:%d: a section's name is too long: %d characters are the most",
			p->f->path, p->line, MAX_SECTION);
		return NULL;
	}
	p->section_line = p->line;
	return buf;
}

static int handle(void *arg, const char *section, const char *key, const char *value)
{
	struct parse *p = arg;
	struct ini_file *f = p->f;
	struct ini_section *s = (struct ini_section *)ini_find(f, section);

	if (!s) {
		f->sections = xrealloc(f->sections, (f->n + 1) * sizeof(*s));
		index_put(&f->by_name, section, f->n);
		s = &f->sections[f->n++];
		*s = (struct ini_section){.name = xstrdup(section), .line = p->section_line};
	}
	if (s->line != p->section_line) {
		p->failed = err_set(p->err, "%s:%d: [%s] stands twice, first at line %d", f->path,
				    p->section_line, section, s->line);
		return 0;
	}
	if (!*key) {
		p->failed = err_set(p->err, "%s:%d: nothing stands before '='", f->path, p->line);
		return 0;
	}
	if (ini_get(s, key)) {
		p->failed = err_set(p->err, "%s:%d: '%s' stands twice in [%s]", f->path, p->line,
				    key, section);
		return 0;
	}
	s->entries = xrealloc(s->entries, (s->n + 1) * sizeof(*s->entries));
	index_put(&s->by_key, key, s->n);
	s->entries[s->n++] =
		(struct ini_entry){.key = xstrdup(key), .value = xstrdup(value), .line = p->line};
	return 1;
}

int ini_load(struct ini_file *f, const char *path, struct err *err)
{
	struct parse p = {.f = f, .err = err};
	struct source src = {.p = &p};
	int bad;

	*f = (struct ini_file){.path = xstrdup(path)};
	src.in = fopen(path, "re");
	if (!src.in) {
		err_sys(err, "cannot open '%s'", path);
		ini_release(f);
		return -1;
	}
	bad = ini_parse_stream(next_line, &src, handle, &p);
	if (ferror(src.in))
		p.failed = err_sys(err, "cannot read '%s'", path);
	fclose(src.in);
	if (!bad && !p.failed)
		return 0;
	if (!p.failed && bad > 0)
		err_set(err, "%s:%d: neither [section] nor key=value", path, bad);
	else if (!p.failed)
		err_set(err, "%s: cannot be read as sections of key=value lines", path);
	ini_release(f);
	return -1;
}

void ini_release(struct ini_file *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct ini_section *s = &f->sections[i];

		for (size_t k = 0; k < s->n; k++) {
			free(s->entries[k].key);
			free(s->entries[k].value);
		}
		index_release(&s->by_key);
		free(s->entries);
		free(s->name);
	}
	index_release(&f->by_name);
	free(f->sections);
	free(f->path);
	*f = (struct ini_file){0};
}

const struct ini_section *ini_find(const struct ini_file *f, const char *section)
{
	size_t at = index_find(&f->by_name, section, strlen(section));

	return at == INDEX_NONE ? NULL : &f->sections[at];
}

const char *ini_get(const struct ini_section *s, const char *key)
{
	size_t at = s ? index_find(&s->by_key, key, strlen(key)) : INDEX_NONE;

	return at == INDEX_NONE ? NULL : s->entries[at].value;
}
