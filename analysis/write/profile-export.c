#include <math.h>
#include <string.h>
#include "analysis/write/profile-text.h"

/* A field of CSV: quoted where it must be. */
static void csv_text(struct str *out, const char *text)
{
	if (!strpbrk(text, ",\"\n")) {
		str_add(out, text);
		return;
	}
	str_add(out, "\"");
	for (; *text; text++)
		str_addf(out, *text == '"' ? "\"\"" : "%c", *text);
	str_add(out, "\"");
}

void profile_csv(const struct profile *p, struct str *out)
{
	str_add(out, "cell,function,old_name,new_name,family,old_self,new_self,change,old_total,"
		     "new_total,old_calls,"
		     "new_calls\n");
	for (size_t i = 0; i < p->n_functions; i++) {
		const struct profile_row *r = &p->functions[i];

		csv_text(out, p->cell->id);
		str_add(out, ",");
		csv_text(out, r->name);
		str_addf(out, ",%s,%s,", r->known_as[0] ? r->known_as[0] : "",
			 r->known_as[1] ? r->known_as[1] : "");
		csv_text(out, p->from->families.v[r->family].name);
		str_addf(out, ",%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", r->self[0], r->self[1],
			 profile_change(r), r->total[0], r->total[1], r->calls[0], r->calls[1]);
	}
}

static const struct call *find(const struct call *parent, const char *function)
{
	for (const struct call *c = parent ? parent->child : NULL; c; c = c->next)
		if (strcmp(c->function, function) == 0)
			return c;
	return NULL;
}

/* Paths below two nodes of which one may be missing; those of new that old has not come last. */
static void fold(const struct call *old, const struct call *new, double scale, struct str *path,
		 struct str *out);

static void fold_one(const struct call *old, const struct call *new, double scale, struct str *path,
		     struct str *out)
{
	size_t len = path->len;
	double a = old ? old->self : 0, b = new ? new->self *scale : 0;

	str_addf(path, "%s%s", len ? ";" : "", old ? old->function : new->function);
	if (a > 0 || b > 0)
		str_addf(out, "%s %.0f %.0f\n", str_text(path), a, b);
	fold(old, new, scale, path, out);
	path->len = len;
	path->buf[len] = '\0';
}

static void fold(const struct call *old, const struct call *new, double scale, struct str *path,
		 struct str *out)
{
	for (const struct call *c = old ? old->child : NULL; c; c = c->next)
		fold_one(c, find(new, c->function), scale, path, out);
	for (const struct call *c = new ? new->child : NULL; c; c = c->next)
		if (!find(old, c->function))
			fold_one(NULL, c, scale, path, out);
}

void profile_folded(const struct profile *p, struct str *out)
{
	const struct profile_side *s = p->side;
	struct str path = STR_INIT;

	fold(&s[0].calls.root, &s[1].calls.root,
	     s[0].ops > 0 && s[1].ops > 0 ? s[0].ops / s[1].ops : 1, &path, out);
	str_release(&path);
}
