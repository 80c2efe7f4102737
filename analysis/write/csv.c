#include "analysis/write/csv.h"

#include <math.h>
#include <string.h>
#include "lib/text.h"

static void add_number(struct str *out, double v)
{
	str_add(out, ",");
	if (isfinite(v))
		str_addf(out, "%.10g", v);
}

void report_csv_table(const struct table *t, struct str *out)
{
	for (size_t i = 0; i < t->n_cols; i++) {
		str_add(out, i ? "," : "");
		text_csv(out, t->cols[i].head);
	}
	for (size_t i = 0; i < t->n; i++) {
		str_add(out, i % t->n_cols ? "," : "\n");
		text_csv(out, t->cells[i].raw ? t->cells[i].raw : t->cells[i].text);
	}
	str_add(out, "\n");
}

void report_csv_plot(const struct plot *p, struct str *out)
{
	str_add(out, "series,x,y,low,high\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_series *s = &p->series[i];

		for (size_t j = 0; *s->name && j < s->n; j++) {
			text_csv(out, s->name);
			add_number(out, s->v[j].x);
			add_number(out, s->v[j].y);
			add_number(out, s->v[j].low);
			add_number(out, s->v[j].high);
			str_add(out, "\n");
		}
	}
}
