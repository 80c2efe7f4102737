#include "analysis/write/flame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/profile-text.h"
#include "lib/text.h"
#include "analysis/write/xml.h"

#define ROW 17
#define HEAD 64
#define CHAR 6.3  /* of the 11 px monospaced font, about */
#define LEAST 0.5 /* px: narrower boxes are left out */
#define TINT 0.7  /* of the colour in a box that is all change */

/* Two nodes of the same path, in instructions per operation with all below. */
struct frame {
	const char *name, *known_as[2];
	double total[2], self[2], width;
	struct frame *child, *next, *last;
};

static struct frame *child_named(struct frame *parent, const char *name)
{
	struct frame *f;

	for (f = parent->child; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	f = xcalloc(1, sizeof(*f));
	f->name = name;
	if (parent->last)
		parent->last->next = f;
	else
		parent->child = f;
	return parent->last = f;
}

static void lay_over(struct frame *into, const struct call *from, size_t side, double ops,
		     const struct families *families)
{
	into->total[side] += from->total / ops;
	into->self[side] += from->self / ops;
	for (const struct call *c = from->child; c; c = c->next) {
		const char *name = families_renamed(families, c->function);
		struct frame *f = child_named(into, name);

		f->known_as[side] = c->function;
		lay_over(f, c, side, ops, families);
	}
}

static void measure(struct frame *f)
{
	f->width = fmax(f->self[0], f->self[1]);
	for (struct frame *c = f->child; c; c = c->next) {
		measure(c);
		f->width += c->width;
	}
}

static void free_below(struct frame *f)
{
	for (struct frame *c = f->child, *next; c; c = next) {
		next = c->next;
		free_below(c);
		free(c);
	}
}

static size_t rows(const struct frame *f, double scale)
{
	size_t most = 0;

	for (const struct frame *c = f->child; c; c = c->next) {
		size_t n = c->width * scale < LEAST ? 0 : rows(c, scale);

		most = n > most ? n : most;
	}
	return most + 1;
}

/* Grey without change, towards vermilion where it grew and sky blue where it shrank. */
static void colour(const struct frame *f, char out[8])
{
	static const int grey[] = {0xe0, 0xe0, 0xe0};
	static const int grown[] = {0xd5, 0x5e, 0x00}, shrunk[] = {0x56, 0xb4, 0xe9};
	double change = f->total[1] - f->total[0], larger = fmax(f->total[0], f->total[1]);
	double part = larger > 0 ? TINT * fabs(change) / larger : 0;
	const int *to = change > 0 ? grown : shrunk;
	int c[3];

	for (int i = 0; i < 3; i++)
		c[i] = (int)lround(grey[i] + part * (to[i] - grey[i]));
	snprintf(out, 8, "#%02x%02x%02x", c[0] & 255, c[1] & 255, c[2] & 255);
}

static const char *sign(const struct frame *f)
{
	double change = f->total[1] - f->total[0];

	return fabs(change) < 0.005 ? "" : change > 0 ? "+ " : "\xe2\x88\x92 ";
}

/* Its name in the new kernel, or in the old where the new has it not. */
static const char *shown(const struct frame *f)
{
	return f->known_as[1] ? f->known_as[1] : f->known_as[0];
}

static void add_text(struct xml *x, const char *class, double at, double y)
{
	xml_open(x, "text");
	if (class)
		xml_attr(x, "class", class);
	xml_attrf(x, "x", "%.1f", at);
	xml_attrf(x, "y", "%.1f", y);
}

static void add_rect(struct xml *x, double at, double y, double w, int h, const char *fill)
{
	xml_open(x, "rect");
	xml_attrf(x, "x", "%.1f", at);
	xml_attrf(x, "y", "%.1f", y);
	xml_attrf(x, "width", "%.1f", w);
	xml_attrf(x, "height", "%d", h);
	xml_attr(x, "fill", fill);
	xml_empty(x);
}

static void add_label(const struct frame *f, double at, double y, double w, struct xml *x)
{
	size_t room = (size_t)fmax(0, (w - 6) / CHAR);
	size_t length = strlen(shown(f)), len = length + (*sign(f) ? 2 : 0);
	bool fits = len <= room;
	char *cut;

	if (room < 4)
		return;
	cut = xstrndup(shown(f), fits ? length : text_cut(shown(f), room - 3));
	add_text(x, NULL, at + 3, y + ROW - 5);
	xml_textf(x, "%s%s%s", sign(f), cut, fits ? "" : "\xe2\x80\xa6");
	xml_close(x);
	free(cut);
}

static void add_box(const struct frame *f, const char *op, double at, double y, double w,
		    struct xml *x)
{
	char fill[8];

	colour(f, fill);
	xml_open(x, "g");
	xml_open(x, "title");
	xml_text(x, shown(f));
	if (f->known_as[0] && strcmp(f->known_as[0], shown(f)) != 0)
		xml_textf(x, " (was %s)", f->known_as[0]);
	xml_textf(x, ": old %.2f, new %.2f, %+.2f per %s; of its own %.2f, %.2f", f->total[0],
		  f->total[1], f->total[1] - f->total[0], op, f->self[0], f->self[1]);
	xml_close(x);
	add_rect(x, at, y, fmax(w - 0.4, 0.3), ROW - 1, fill);
	add_label(f, at, y, w, x);
	xml_close(x);
	xml_text(x, "\n");
}

static void draw(const struct frame *f, const char *op, double scale, double at, double y,
		 struct xml *x)
{
	for (const struct frame *c = f->child; c; c = c->next) {
		double w = c->width * scale;

		if (w >= LEAST) {
			add_box(c, op, at, y, w, x);
			draw(c, op, scale, at, y + ROW, x);
		}
		at += w;
	}
}

static void add_key(struct xml *x, double at, const char *fill, const char *words)
{
	add_rect(x, at, 44, 12, 12, fill);
	add_text(x, "head", at + 17, 54);
	xml_text(x, words);
	xml_close(x);
}

static void add_heading(const struct profile *p, const struct frame *root, struct xml *x)
{
	add_text(x, "head", 3, 18);
	xml_textf(x, "%s: instructions per %s, %.1f to %.1f (%+.1f)", p->cell->id, p->op,
		  root->total[0], root->total[1], root->total[1] - root->total[0]);
	xml_close(x);
	add_text(x, "head", 3, 36);
	xml_textf(x, "old %s, new %s; callers above, width: the larger of both",
		  profile_kernel(p, 0), profile_kernel(p, 1));
	xml_close(x);
	add_key(x, 3, "#d88747", "+ more in new");
	add_key(x, 123, "#7fc1e6", "\xe2\x88\x92 less in new");
	add_key(x, 243, "#e0e0e0", "as before");
	xml_text(x, "\n");
}

static void begin_svg(struct xml *x, const struct profile *p, int height)
{
	xml_begin(x);
	xml_open(x, "svg");
	xml_attr(x, "xmlns", "http://www.w3.org/2000/svg");
	xml_attr(x, "role", "img");
	xml_attrf(x, "viewBox", "0 0 %d %d", FLAME_WIDTH, height);
	xml_attrf(x, "width", "%d", FLAME_WIDTH);
	xml_attrf(x, "height", "%d", height);
	xml_attr(x, "font-family", "monospace");
	xml_attr(x, "font-size", "11");
	xml_open(x, "title");
	xml_textf(x, "%s: where the instructions of both kernels go", p->cell->id);
	xml_close(x);
	xml_style(x, "text{fill:#000}.head{fill:currentColor}svg{color:#1d2126;background:#fff}"
		     "@media(prefers-color-scheme:dark){svg{color:#e4e7eb;background:#15181c}}");
	xml_text(x, "\n");
}

int flame_svg(const struct profile *p, struct str *out)
{
	struct frame root = {.name = ""};
	double scale;
	struct xml x;
	int height;

	for (size_t side = 0; side < 2; side++)
		if (p->side[side].ops > 0)
			lay_over(&root, &p->side[side].calls.root, side, p->side[side].ops,
				 &p->from->families);
	measure(&root);
	scale = root.width > 0 ? FLAME_WIDTH / root.width : 0;
	height = HEAD + (int)rows(&root, scale) * ROW;
	begin_svg(&x, p, height);
	add_heading(p, &root, &x);
	draw(&root, p->op, scale, 0, HEAD, &x);
	xml_end(&x, out);
	free_below(&root);
	return height;
}
