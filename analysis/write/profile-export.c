#include <ctype.h>
#include <string.h>
#include "analysis/write/csv.h"
#include "analysis/write/profile-text.h"

static void csv_texts(struct str *out, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		csv_text(out, texts[i] ? texts[i] : "");
		str_add(out, ",");
	}
}

void profile_csv(const struct profile *p, struct str *out)
{
	str_add(out, "cell,function,old_name,new_name,family,old_self,new_self,change,old_total,"
		     "new_total,old_calls,new_calls\n");
	for (size_t i = 0; i < p->n_functions; i++) {
		const struct profile_row *r = &p->functions[i];
		const char *const texts[] = {p->cell->id, r->name, r->known_as[0], r->known_as[1],
					     p->from->families.v[r->family].name};
		const double figures[] = {r->self[0],  r->self[1],  profile_change(r), r->total[0],
					  r->total[1], r->calls[0], r->calls[1]};

		csv_texts(out, texts, sizeof(texts) / sizeof(*texts));
		for (size_t k = 0; k < sizeof(figures) / sizeof(*figures); k++) {
			str_add(out, k ? "," : "");
			csv_number(out, figures[k]);
		}
		str_add(out, "\n");
	}
}

/* A frame of a folded stack: a blank ends the stack and a ';' the frame. */
static void add_frame(struct str *path, const char *function)
{
	str_add(path, path->len ? ";" : "");
	for (const unsigned char *c = (const unsigned char *)function; *c; c++)
		str_addf(path, "%c", isgraph(*c) && *c != ';' ? *c : '_');
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

	add_frame(path, old ? old->function : new->function);
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
