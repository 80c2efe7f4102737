#include "analysis/write/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const char *text)
{
	char *end;

	strtod(text, &end);
	return end != text && !*end;
}

void csv_text(struct str *out, const char *text)
{
	char *clean = xstrdup(text);
	bool quote, formula;

	str_mend(clean);
	quote = strpbrk(clean, ",\"\n");
	formula = *clean && strchr("=+-@\t", *clean) && !is_number(clean);
	str_add(out, quote ? "\"" : "");
	str_add(out, formula ? "'" : "");
	for (const char *c = clean; *c; c++) {
		if (*c == '"')
			str_add(out, "\"");
		str_addn(out, c, 1);
	}
	str_add(out, quote ? "\"" : "");
	free(clean);
}

void csv_number(struct str *out, double v)
{
	if (isfinite(v))
		str_addf(out, "%.10g", v);
}

void csv_table(const struct table *t, struct str *out)
{
	for (size_t i = 0; i < t->n_cols; i++) {
		str_add(out, i ? "," : "");
		csv_text(out, t->cols[i].head);
	}
	for (size_t i = 0; i < t->n; i++) {
		str_add(out, i % t->n_cols ? "," : "\n");
		csv_text(out, t->cells[i].raw ? t->cells[i].raw : t->cells[i].text);
	}
	str_add(out, "\n");
}

void csv_plot(const struct plot *p, struct str *out)
{
	str_add(out, "series,x,y,low,high\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_series *s = &p->series[i];

		for (size_t j = 0; *s->name && j < s->n; j++) {
			const double v[] = {s->v[j].x, s->v[j].y, s->v[j].low, s->v[j].high};

			csv_text(out, s->name);
			for (size_t k = 0; k < sizeof(v) / sizeof(*v); k++) {
				str_add(out, ",");
				csv_number(out, v[k]);
			}
			str_add(out, "\n");
		}
	}
}
