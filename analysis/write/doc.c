#include "analysis/write/doc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/write/verdict.h"

struct table *table_new(const char *name, const char *caption)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->name = name ? xstrdup(name) : NULL;
	t->caption = xstrdup(caption);
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_cols; i++)
		free(t->cols[i].head);
	for (size_t i = 0; i < t->n; i++) {
		free(t->cells[i].text);
		free(t->cells[i].raw);
	}
	free(t->cols);
	free(t->cells);
	free(t->caption);
	free(t->name);
	free(t);
}

void table_columns(struct table *t, bool numbers, const char *head, ...)
{
	va_list ap;

	va_start(ap, head);
	for (; head; head = va_arg(ap, const char *)) {
		t->cols = xrealloc(t->cols, (t->n_cols + 1) * sizeof(*t->cols));
		t->cols[t->n_cols++] = (struct column){xstrdup(head), numbers};
	}
	va_end(ap);
}

static void add_table_cell(struct table *t, const char *text, const char *raw, enum tone tone)
{
	t->cells = xrealloc(t->cells, (t->n + 1) * sizeof(*t->cells));
	t->cells[t->n++] = (struct table_cell){xstrdup(text), raw ? xstrdup(raw) : NULL, tone};
}

void table_text(struct table *t, const char *text)
{
	add_table_cell(t, text, NULL, TONE_PLAIN);
}

void table_tone(struct table *t, const char *text, enum tone tone)
{
	add_table_cell(t, text, NULL, tone);
}

void table_number(struct table *t, double v)
{
	char text[32];

	verdict_figure(text, v);
	table_figure(t, text, v);
}

void table_figure(struct table *t, const char *text, double v)
{
	char raw[32];

	snprintf(raw, sizeof(raw), "%.10g", v);
	if (isnan(v))
		table_text(t, "");
	else
		add_table_cell(t, text, raw, TONE_PLAIN);
}

void doc_init(struct doc *d, const char *title)
{
	*d = (struct doc){.title = xstrdup(title)};
}

void doc_release(struct doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].name);
		free(d->v[i].text);
		table_free(d->v[i].table);
		plot_free(d->v[i].plot);
		forest_free(d->v[i].forest);
		free(d->v[i].svg);
	}
	free(d->v);
	free(d->title);
	*d = (struct doc){0};
}

static struct block *add_block(struct doc *d, enum block_kind kind, const char *text)
{
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n] = (struct block){.kind = kind, .text = text ? xstrdup(text) : NULL};
	return &d->v[d->n++];
}

void doc_section(struct doc *d, const char *id, const char *heading)
{
	add_block(d, DOC_SECTION, heading)->name = xstrdup(id);
}

void doc_heading(struct doc *d, const char *heading)
{
	add_block(d, DOC_HEADING, heading);
}

void doc_para(struct doc *d, const char *fmt, ...)
{
	struct block *b = add_block(d, DOC_PARA, NULL);
	va_list ap;

	va_start(ap, fmt);
	b->text = xvasprintf(fmt, ap);
	va_end(ap);
}

void doc_toned(struct doc *d, enum tone tone, const char *text)
{
	add_block(d, DOC_PARA, text)->tone = tone;
}

void doc_badge(struct doc *d, enum tone tone, const char *word, const char *text)
{
	struct block *b = add_block(d, DOC_BADGE, text);

	b->name = xstrdup(word);
	b->tone = tone;
}

void doc_pre(struct doc *d, const char *text)
{
	add_block(d, DOC_PRE, text);
}

void doc_open(struct doc *d, bool open, const char *summary)
{
	add_block(d, DOC_OPEN, summary)->open = open;
}

void doc_close(struct doc *d)
{
	add_block(d, DOC_CLOSE, NULL);
}

bool doc_table(struct doc *d, struct table *t)
{
	if (!t->n) {
		table_free(t);
		return false;
	}
	add_block(d, DOC_TABLE, NULL)->table = t;
	return true;
}

void doc_figure(struct doc *d, struct plot *p)
{
	struct block *b = add_block(d, DOC_FIGURE, p->title);

	b->name = xstrdup(p->name);
	b->plot = p;
	b->width = PLOT_WIDTH;
	b->height = p->height;
}

void doc_forest(struct doc *d, struct forest *f)
{
	struct block *b = add_block(d, DOC_FOREST, f->title);
	struct str svg = STR_INIT;

	forest_svg(f, &svg, &b->height);
	b->name = xstrdup(f->name);
	b->width = FOREST_WIDTH;
	b->svg = xstrdup(str_text(&svg));
	b->forest = f;
	str_release(&svg);
}

void doc_move_last(struct doc *d, size_t at)
{
	struct block last = d->v[d->n - 1];

	memmove(&d->v[at + 1], &d->v[at], (d->n - 1 - at) * sizeof(*d->v));
	d->v[at] = last;
}

void doc_drawing(struct doc *d, const char *name, const char *shows, const char *svg, int width,
		 int height)
{
	struct block *b = add_block(d, DOC_DRAWING, shows);

	b->name = xstrdup(name);
	b->svg = xstrdup(svg);
	b->width = width;
	b->height = height;
}
