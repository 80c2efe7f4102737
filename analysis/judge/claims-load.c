#include "analysis/judge/claims.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/copying.h"
#include "lib/fs.h"

static const char *const expect_names[] = {"lower", "higher", "equal", "no-higher"};

static int bad_value(const struct claim_file *f, const struct ini_section *s, const char *key,
		     const char *right, struct err *err)
{
	int line = s->line;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->entries[i].key, key) == 0)
			line = s->entries[i].line;
	return err_set(err, "%s:%d: [%s] %s=%s: %s", f->ini.path, line, s->name, key,
		       ini_get(s, key) ? ini_get(s, key) : "", right);
}

static int number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && isfinite(*out) ? 0 : -1;
}

static int take_expect(struct claim *c, const struct claim_file *f, const struct ini_section *s,
		       struct err *err)
{
	const char *text = ini_get(s, "expect");

	for (size_t i = 0; i < sizeof(expect_names) / sizeof(*expect_names); i++) {
		if (strcmp(text, expect_names[i]) == 0) {
			c->expect = (enum expect)i;
			return 0;
		}
	}
	c->expect = EXPECT_AT_MOST;
	if (strncmp(text, "at-most ", 8) == 0 && number(text + 8, &c->bound) == 0)
		return 0;
	return bad_value(f, s, "expect", "not lower, higher, equal, no-higher or at-most NUMBER",
			 err);
}

static int take_within(struct claim *c, const struct claim_file *f, const struct ini_section *s,
		       struct err *err)
{
	const char *text = ini_get(s, "within");

	if (!text)
		return 0;
	if (c->expect != EXPECT_EQUAL && c->expect != EXPECT_NO_HIGHER)
		return bad_value(f, s, "within", "goes with expect=equal and no-higher only", err);
	if (number(text, &c->within) < 0 || !(c->within > 0 && c->within < 1))
		return bad_value(f, s, "within", "not a share between 0 and 1", err);
	return 0;
}

static int take_by(struct claim *c, const struct claim_file *f, const struct ini_section *s,
		   struct err *err)
{
	const char *text = ini_get(s, "by");

	if (!text)
		return 0;
	if (c->expect != EXPECT_LOWER && c->expect != EXPECT_HIGHER)
		return bad_value(f, s, "by", "goes with expect=lower and higher only", err);
	if (number(text, &c->by) < 0 || !(c->by > 0))
		return bad_value(f, s, "by", "not a share above 0", err);
	return 0;
}

static int take_families(struct claim *c, const struct claim_file *f, const struct ini_section *s,
			 struct err *err)
{
	const char *copying = ini_get(s, "copying");
	bool change = c->expect == EXPECT_LOWER || c->expect == EXPECT_HIGHER;

	if (c->families && (!c->subject || !change))
		return bad_value(f, s, "families",
				 "goes with subject=, and with expect=lower and higher only", err);
	if (!copying)
		return 0;
	if (strcmp(copying, "apart") || c->families || c->net || c->expect == EXPECT_AT_MOST)
		return bad_value(f, s, "copying",
				 "copying=apart, without families=, net= and expect=at-most", err);
	c->families = COPYING_FAMILY;
	c->copying_apart = true;
	return 0;
}

static int take_cpus(struct claim *c, const struct claim_file *f, const struct ini_section *s,
		     struct err *err)
{
	const char *text = ini_get(s, "cpus");
	double n = 1;

	if (text && (number(text, &n) < 0 || !(n >= 1 && n <= 4096) || n != floor(n)))
		return bad_value(f, s, "cpus", "not a number of CPUs", err);
	c->cpus = (int)n;
	return 0;
}

static int take_claim(struct claim *c, const struct claim_file *f, const struct ini_section *s,
		      struct err *err)
{
	const struct {
		const char *key, **to;
		bool optional;
	} keys[] = {
		{"claim", &c->text, false},
		{"source", &c->source, false},
		{"workload", &c->workload, false},
		{"metric", &c->metric, false},
		{"expect", NULL, false},
		{"within", NULL, true},
		{"by", NULL, true},
		{"cpus", NULL, true},
		{"net", &c->net, true},
		{"untestable", &c->untestable, true},
		{"refuted", &c->refuted, true},
		{"subject", &c->subject, true},
		{"since", &c->since, true},
		{"families", &c->families, true},
		{"copying", NULL, true},
		{"target", &c->target, true},
		{"counter", &c->counter, true},
	};
	size_t n = sizeof(keys) / sizeof(*keys), k;

	*c = (struct claim){.id = s->name};
	for (size_t i = 0; i < s->n; i++) {
		for (k = 0; k < n && strcmp(keys[k].key, s->entries[i].key); k++)
			;
		if (k == n)
			return err_set(err, "%s:%d: [%s] has no key '%s'", f->ini.path,
				       s->entries[i].line, s->name, s->entries[i].key);
	}
	for (k = 0; k < n; k++) {
		const char *value = ini_get(s, keys[k].key);

		if (!keys[k].optional && (!value || !*value))
			return err_set(err, "%s:%d: [%s] needs %s=", f->ini.path, s->line, s->name,
				       keys[k].key);
		if (keys[k].to)
			*keys[k].to = value;
	}
	if (c->since && !c->subject)
		return bad_value(f, s, "since", "goes with subject= only", err);
	if (c->net && !*c->net)
		return bad_value(f, s, "net", "net=control, or another cell", err);
	return take_expect(c, f, s, err) < 0 || take_within(c, f, s, err) < 0 ||
			       take_by(c, f, s, err) < 0 || take_cpus(c, f, s, err) < 0 ||
			       take_families(c, f, s, err) < 0
		       ? -1
		       : 0;
}

/* The comment that the file begins with, as one line. */
static char *first_comment(const char *text)
{
	struct str s = STR_INIT;

	while (*text == '#') {
		size_t n;

		text += 1 + (text[1] == ' ');
		n = strcspn(text, "\n");
		if (s.len)
			str_add(&s, " ");
		str_addn(&s, text, n);
		text += n + (text[n] == '\n');
	}
	return s.buf ? s.buf : xstrdup("");
}

static int take_file(struct claim_file *f, const char *dir, const char *name, struct err *err)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct str text = STR_INIT;
	int ret = ini_load(&f->ini, path, err);

	if (ret == 0)
		ret = fs_read(path, &text, err);
	f->name = xstrndup(name, strlen(name) - strlen(".ini"));
	f->about = first_comment(str_text(&text));
	f->v = xcalloc(f->ini.n + 1, sizeof(*f->v));
	for (size_t i = 0; ret == 0 && i < f->ini.n; i++)
		ret = take_claim(&f->v[f->n++], f, &f->ini.sections[i], err);
	str_release(&text);
	free(path);
	return ret;
}

static int is_claims(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return *e->d_name != '.' && n > 4 && strcmp(e->d_name + n - 4, ".ini") == 0;
}

int claims_load(struct claims *c, const char *dir, struct err *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_claims, alphasort), ret = 0;

	*c = (struct claims){NULL, 0};
	if (n < 0)
		return err_sys(err, "claims in '%s'", dir);
	if (n == 0)
		ret = err_set(err, "'%s' has no file of claims, NAME.ini", dir);
	c->files = xcalloc((size_t)n + 1, sizeof(*c->files));
	for (int i = 0; i < n; i++) {
		if (ret == 0)
			ret = take_file(&c->files[c->n++], dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	if (ret < 0)
		claims_release(c);
	return ret;
}

void claims_release(struct claims *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->files[i].name);
		free(c->files[i].about);
		free(c->files[i].v);
		ini_release(&c->files[i].ini);
	}
	free(c->files);
	*c = (struct claims){NULL, 0};
}
