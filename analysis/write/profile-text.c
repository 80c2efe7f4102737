#include "analysis/write/profile-text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/table.h"
#include "lib/text.h"

#define NAME_WIDTH 33
/* A change below this, in instructions per operation, is no line of its own. */
#define LEAST_CHANGE 0.005

const char *profile_kernel(const struct profile *p, size_t side)
{
	return load_kernel(p->side[side].arm);
}

static void number(char out[32], double v, bool sign)
{
	const char *format = fabs(v) < 100 ? "%.2f" : "%.1f";

	if (sign)
		format = fabs(v) < 100 ? "%+.2f" : "%+.1f";
	snprintf(out, 32, format, v);
}

static void percent(char out[32], double share)
{
	if (isnan(share))
		strcpy(out, "-");
	else
		snprintf(out, 32, "%.1f %%", 100 * share);
}

static void add_function_row(struct str *out, const char *name, const double v[2], double share)
{
	char old[32], new[32], change[32], part[32];
	struct str label = STR_INIT;

	text_escape(&label, name);
	number(old, v[0], false);
	number(new, v[1], false);
	number(change, v[1] - v[0], true);
	percent(part, share);
	if (label.len > NAME_WIDTH)
		str_addf(out, "  %.*s\n", TABLE_WIDTH - 2, str_text(&label));
	str_addf(out, "  %-*s %9s %9s %9s %8s\n", NAME_WIDTH,
		 label.len > NAME_WIDTH ? "" : str_text(&label), old, new, change, part);
	str_release(&label);
}

static void add_head(struct str *out, const char *what, const char *part)
{
	str_addf(out, "\n  %-*s %9s %9s %9s %8s\n", NAME_WIDTH, what, "old", "new", "change", part);
}

/* "__zap_vma_range (was unmap_page_range)"; owned by the caller. */
static char *row_name(const struct profile_row *r)
{
	const char *old = r->known_as[0], *new = r->known_as[1];

	if (old && new &&strcmp(old, new) != 0)
		return xasprintf("%s (was %s)", new, old);
	return xstrdup(new ? new : old ? old : r->name);
}

/* The rows worth a line of their own: how many of the first `most`. */
static size_t worth(const struct profile *p, size_t most)
{
	size_t n = 0;

	while (n < p->n_functions && n < most &&
	       fabs(profile_change(&p->functions[n])) >= LEAST_CHANGE)
		n++;
	return n;
}

static void rest_of(const struct profile *p, size_t shown, double v[2])
{
	v[0] = v[1] = 0;
	for (size_t i = shown; i < p->n_functions; i++)
		for (size_t side = 0; side < 2; side++)
			v[side] += p->functions[i].self[side];
}

static void add_families(const struct profile *p, struct str *out)
{
	add_head(out, "family", "share");
	for (size_t i = 0; i < p->n_families; i++) {
		const struct profile_row *r = &p->families[i];

		if (r->self[0] > 0 || r->self[1] > 0)
			add_function_row(out, r->name, r->self, profile_share(p, r));
	}
}

static void add_functions(const struct profile *p, size_t most, struct str *out)
{
	size_t n = worth(p, most);
	double rest[2], whole = p->whole[1] - p->whole[0];
	char *name;

	add_head(out, "function, without what it calls", "share");
	for (size_t i = 0; i < n; i++) {
		name = row_name(&p->functions[i]);
		add_function_row(out, name, p->functions[i].self,
				 profile_share(p, &p->functions[i]));
		free(name);
	}
	rest_of(p, n, rest);
	name = xasprintf("%zu others", p->n_functions - n);
	add_function_row(out, name, rest, whole != 0 ? (rest[1] - rest[0]) / whole : NAN);
	free(name);
}

static int by_total(const void *a, const void *b)
{
	const struct profile_row *x = *(struct profile_row *const *)a;
	const struct profile_row *y = *(struct profile_row *const *)b;
	double d = fabs(y->total[1] - y->total[0]) - fabs(x->total[1] - x->total[0]);

	return d < 0 ? -1 : d > 0 ? 1 : strcmp(x->name, y->name);
}

static void add_inclusive(const struct profile *p, size_t most, struct str *out)
{
	const struct profile_row **v = xcalloc(p->n_functions + 1, sizeof(*v));
	double whole = p->whole[1] - p->whole[0];

	for (size_t i = 0; i < p->n_functions; i++)
		v[i] = &p->functions[i];
	qsort(v, p->n_functions, sizeof(*v), by_total);
	add_head(out, "function, with what it calls", "share");
	for (size_t i = 0; i < p->n_functions && i < most; i++) {
		double change = v[i]->total[1] - v[i]->total[0];
		char *name = row_name(v[i]);

		add_function_row(out, name, v[i]->total, whole != 0 ? change / whole : NAN);
		free(name);
	}
	free(v);
}

void profile_remarks(const struct profile *p, struct strv *out)
{
	static const char *const names[] = {"old", "new"};

	for (size_t side = 0; side < 2; side++) {
		const struct profile_side *s = &p->side[side];

		if (s->calls.regions && !isnan(s->unprofiled))
			strv_pushf(out,
				   "%s: %.0f instructions in %zu regions, %+.1f a region from "
				   "what the clock of the unprofiled boots says",
				   names[side], s->calls.insns, s->calls.regions,
				   (s->calls.insns - s->unprofiled) / (double)s->calls.regions);
		else if (s->calls.regions)
			strv_pushf(out, "%s: no unprofiled boot to compare the total with",
				   names[side]);
		for (size_t i = 0; i < s->notes.n; i++)
			strv_pushf(out, "%s: %s", names[side], s->notes.v[i]);
	}
}

void profile_text(const struct profile *p, size_t most, bool inclusive, struct str *out)
{
	struct strv remarks = STRV_INIT;
	char *name;

	text_escape(out, p->cell->id);
	str_addf(out, ": instructions per %s\nold ", p->op);
	text_escape(out, profile_kernel(p, 0));
	str_add(out, ", new ");
	text_escape(out, profile_kernel(p, 1));
	str_add(out, "\n");
	add_head(out, "", "of old");
	name = xasprintf("the whole, per %s", p->op);
	add_function_row(out, name, p->whole,
			 p->whole[0] > 0 ? p->whole[1] / p->whole[0] - 1 : NAN);
	free(name);
	add_families(p, out);
	add_functions(p, most, out);
	if (inclusive)
		add_inclusive(p, most, out);
	profile_remarks(p, &remarks);
	str_add(out, "\n");
	for (size_t i = 0; i < remarks.n; i++)
		text_wrap(out, remarks.v[i], TABLE_WIDTH, 0);
	strv_release(&remarks);
}

/* --- tables of a document --- */

static struct table *new_table(const char *name, const char *kind, const char *first,
			       const char *op)
{
	char *file = name ? xasprintf("%s-%s", name, kind) : NULL;
	char *caption = xasprintf("%s: instructions per %s", first, op);
	struct table *t = table_new(file, caption);

	table_columns(t, false, kind, NULL);
	table_columns(t, true, "old", "new", "change", "share of the change", NULL);
	free(caption);
	free(file);
	return t;
}

static void table_row(struct table *t, const char *name, const double v[2], double share)
{
	char text[32];

	table_text(t, name);
	for (size_t side = 0; side < 2; side++) {
		number(text, v[side], false);
		table_figure(t, text, v[side]);
	}
	number(text, v[1] - v[0], true);
	table_figure(t, text, v[1] - v[0]);
	percent(text, share);
	table_figure(t, text, share);
}

static struct table *family_table(const struct profile *p, const char *name)
{
	struct table *t = new_table(name, "families", "Families of functions", p->op);

	for (size_t i = 0; i < p->n_families; i++)
		if (p->families[i].self[0] > 0 || p->families[i].self[1] > 0)
			table_row(t, p->families[i].name, p->families[i].self,
				  profile_share(p, &p->families[i]));
	table_row(t, "the whole", p->whole, p->whole[0] != p->whole[1] ? 1 : NAN);
	return t;
}

struct table *profile_largest(const struct profile *p, size_t most)
{
	char *first =
		xasprintf("Where it changed: %s, %.1f to %.1f in all (%+.1f); functions without "
			  "what they call",
			  p->cell->id, p->whole[0], p->whole[1], p->whole[1] - p->whole[0]);
	struct table *t = new_table(NULL, "function", first, p->op);
	size_t n = worth(p, most);

	for (size_t i = 0; i < n; i++) {
		char *label = row_name(&p->functions[i]);

		table_row(t, label, p->functions[i].self, profile_share(p, &p->functions[i]));
		free(label);
	}
	free(first);
	return t;
}

void profile_tables(const struct profile *p, size_t most, const char *name, struct doc *d)
{
	size_t n = worth(p, most);
	double rest[2], whole = p->whole[1] - p->whole[0];
	struct table *t = new_table(name, "functions", "Functions, without what they call", p->op);
	char *label;

	doc_table(d, family_table(p, name));
	for (size_t i = 0; i < n; i++) {
		label = row_name(&p->functions[i]);
		table_row(t, label, p->functions[i].self, profile_share(p, &p->functions[i]));
		free(label);
	}
	rest_of(p, n, rest);
	label = xasprintf("%zu others", p->n_functions - n);
	table_row(t, label, rest, whole != 0 ? (rest[1] - rest[0]) / whole : NAN);
	free(label);
	doc_table(d, t);
}
