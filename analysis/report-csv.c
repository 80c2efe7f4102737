#include "analysis/report-csv.h"

#include <math.h>
#include <string.h>

static void add_field(struct str *out, const char *text)
{
	bool quote = strpbrk(text, ",\"\n");

	str_add(out, quote ? "\"" : "");
	for (; *text; text++) {
		if (*text == '"')
			str_add(out, "\"");
		if ((unsigned char)*text >= ' ' || *text == '\n')
			str_addn(out, text, 1);
	}
	str_add(out, quote ? "\"" : "");
}

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
		add_field(out, t->cols[i].head);
	}
	for (size_t i = 0; i < t->n; i++) {
		str_add(out, i % t->n_cols ? "," : "\n");
		add_field(out, t->cells[i].raw ? t->cells[i].raw : t->cells[i].text);
	}
	str_add(out, "\n");
}

void report_csv_plot(const struct plot *p, struct str *out)
{
	str_add(out, "series,x,y,low,high\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_series *s = &p->series[i];

		for (size_t j = 0; *s->name && j < s->n; j++) {
			add_field(out, s->name);
			add_number(out, s->v[j].x);
			add_number(out, s->v[j].y);
			add_number(out, s->v[j].low);
			add_number(out, s->v[j].high);
			str_add(out, "\n");
		}
	}
}
