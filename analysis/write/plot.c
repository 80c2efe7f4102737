#include "analysis/write/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct plot *plot_new(const char *name, const char *title)
{
	struct plot *p = xcalloc(1, sizeof(*p));

	p->name = xstrdup(name);
	p->title = xstrdup(title);
	p->height = 400;
	p->x.from = p->x.to = p->y.from = p->y.to = NAN;
	return p;
}

static void axis_release(struct plot_axis *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->ticks[i].text);
	free(a->ticks);
	free(a->label);
}

void plot_free(struct plot *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->series[i].name);
		free(p->series[i].v);
	}
	free(p->series);
	axis_release(&p->x);
	axis_release(&p->y);
	free(p->title);
	free(p->name);
	free(p);
}

struct plot_series *plot_add(struct plot *p, const char *name, enum plot_look look, unsigned draw)
{
	struct plot_series *s;

	p->series = xrealloc(p->series, (p->n + 1) * sizeof(*p->series));
	s = &p->series[p->n++];
	*s = (struct plot_series){.name = xstrdup(name), .look = look, .draw = draw};
	return s;
}

void plot_add_point(struct plot_series *s, double x, double y, double low, double high)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = (struct plot_point){x, y, low, high};
}

void plot_label(struct plot_axis *a, const char *label)
{
	free(a->label);
	a->label = xstrdup(label);
}

void plot_add_tick(struct plot_axis *a, double at, const char *text)
{
	a->ticks = xrealloc(a->ticks, (a->n + 1) * sizeof(*a->ticks));
	a->ticks[a->n++] = (struct plot_tick){at, xstrdup(text)};
}

bool plot_has_points(const struct plot *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t j = 0; j < p->series[i].n; j++)
			if (isfinite(p->series[i].v[j].x) && isfinite(p->series[i].v[j].y))
				return true;
	return false;
}

void plot_try_log(struct plot *p, bool x, bool y)
{
	p->x.log = x;
	p->y.log = y;
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_series *s = &p->series[i];

		for (size_t j = 0; j < s->n; j++) {
			const struct plot_point *v = &s->v[j];
			bool in_x = s->draw & PLOT_XRIBBON;

			if (v->x <= 0 || (in_x && v->low <= 0))
				p->x.log = false;
			if (v->y <= 0 || (!in_x && v->low <= 0))
				p->y.log = false;
		}
	}
}

const char *plot_number(double v)
{
	static const struct {
		double from, unit;
		const char *suffix;
	} scales[] = {{1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}, {0, 1, ""}};
	static char text[40];
	size_t i = 0;

	while (fabs(v) < scales[i].from)
		i++;
	snprintf(text, sizeof(text), "%.4g%s", v / scales[i].unit, scales[i].suffix);
	return text;
}
