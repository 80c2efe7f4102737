#include "analysis/write/flame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/html.h"
#include "analysis/write/profile-text.h"

#define WIDTH 1200.0
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

static void add_label(const struct frame *f, double x, double y, double w, struct str *out)
{
	size_t room = (size_t)fmax(0, (w - 6) / CHAR);
	size_t length = strlen(shown(f)), len = length + (*sign(f) ? 2 : 0);
	char *cut;

	if (room < 4)
		return;
	cut = xstrndup(shown(f), len <= room ? length : room - 3);
	str_addf(out, "<text x=\"%.1f\" y=\"%.1f\">%s", x + 3, y + ROW - 5, sign(f));
	html_escape(out, cut);
	str_addf(out, "%s</text>", len <= room ? "" : "\xe2\x80\xa6");
	free(cut);
}

static void add_box(const struct frame *f, const char *op, double x, double y, double w,
		    struct str *out)
{
	char fill[8];

	colour(f, fill);
	str_add(out, "<g><title>");
	html_escape(out, shown(f));
	if (f->known_as[0] && strcmp(f->known_as[0], shown(f)) != 0) {
		str_add(out, " (was ");
		html_escape(out, f->known_as[0]);
		str_add(out, ")");
	}
	str_addf(out, ": old %.2f, new %.2f, %+.2f per ", f->total[0], f->total[1],
		 f->total[1] - f->total[0]);
	html_escape(out, op);
	str_addf(out, "; of its own %.2f, %.2f</title>", f->self[0], f->self[1]);
	str_addf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", x,
		 y, fmax(w - 0.4, 0.3), ROW - 1, fill);
	add_label(f, x, y, w, out);
	str_add(out, "</g>\n");
}

static void draw(const struct frame *f, const char *op, double scale, double x, double y,
		 struct str *out)
{
	for (const struct frame *c = f->child; c; c = c->next) {
		double w = c->width * scale;

		if (w >= LEAST) {
			add_box(c, op, x, y, w, out);
			draw(c, op, scale, x, y + ROW, out);
		}
		x += w;
	}
}

static void add_heading(const struct profile *p, const struct frame *root, struct str *out)
{
	str_add(out, "<text class=\"head\" x=\"3\" y=\"18\">");
	html_escape(out, p->cell->id);
	str_addf(out, ": instructions per %s, %.1f to %.1f (%+.1f)</text>\n", p->op, root->total[0],
		 root->total[1], root->total[1] - root->total[0]);
	str_add(out, "<text class=\"head\" x=\"3\" y=\"36\">old ");
	html_escape(out, profile_kernel(p, 0));
	str_add(out, ", new ");
	html_escape(out, profile_kernel(p, 1));
	str_add(out, "; callers above, width: the larger of both</text>\n");
	str_addf(out, "<rect x=\"3\" y=\"44\" width=\"12\" height=\"12\" fill=\"#d88747\"/>"
		      "<text class=\"head\" x=\"20\" y=\"54\">+ more in new</text>"
		      "<rect x=\"123\" y=\"44\" width=\"12\" height=\"12\" fill=\"#7fc1e6\"/>"
		      "<text class=\"head\" x=\"140\" y=\"54\">\xe2\x88\x92 less in new</text>"
		      "<rect x=\"243\" y=\"44\" width=\"12\" height=\"12\" fill=\"#e0e0e0\"/>"
		      "<text class=\"head\" x=\"260\" y=\"54\">as before</text>\n");
}

void flame_svg(const struct profile *p, const char *name, bool alone, struct str *out)
{
	struct frame root = {.name = ""};
	double scale;
	int height;

	for (size_t side = 0; side < 2; side++)
		if (p->side[side].ops > 0)
			lay_over(&root, &p->side[side].calls.root, side, p->side[side].ops,
				 &p->from->families);
	measure(&root);
	scale = root.width > 0 ? WIDTH / root.width : 0;
	height = HEAD + (int)rows(&root, scale) * ROW;
	str_addf(out,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"%s\" role=\"img\" "
		 "viewBox=\"0 0 %.0f %d\" width=\"%.0f\" height=\"%d\" "
		 "font-family=\"monospace\" font-size=\"11\">\n<title>",
		 name, WIDTH, height, WIDTH, height);
	html_escape(out, p->cell->id);
	str_add(out, ": where the instructions of both kernels go</title>\n");
	str_addf(out, "<style>#%s text{fill:#000}#%s .head{fill:currentColor}%s</style>\n", name,
		 name,
		 alone ? "@media (prefers-color-scheme:dark){:root{color:#eee;background:#111}}"
		       : "");
	add_heading(p, &root, out);
	draw(&root, p->op, scale, 0, HEAD, out);
	str_add(out, "</svg>\n");
	free_below(&root);
}
