/* JSON and CSV: everything, for programs. */
#include <stdlib.h>
#include <string.h>
#include "analysis/write/csv.h"
#include "analysis/write/export.h"

int export_json(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	json_t *j = compare_json(c);
	char *text = json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	(void)o;
	json_decref(j);
	if (!text)
		return err_set(err, "cannot write JSON: a text in run '%s' is not UTF-8",
			       c->run_new->path);
	str_addf(out, "%s\n", text);
	free(text);
	return 0;
}

static void add_figures(struct str *out, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		str_add(out, ",");
		csv_number(out, v[i]);
	}
}

int export_csv(const struct comparison *c, const struct export_opts *o, struct str *out,
	       struct err *err)
{
	static const char *const kinds[] = {"primary", "secondary", "counter"};

	(void)err;
	str_add(out, "cell,metric,unit,kind,control,old,new,difference,ratio,low,high,p,p_adjusted,"
		     "detectable,pairs,verdict\n");
	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];
		const double figures[] = {r->ratio, r->low,	   r->high,
					  r->p,	    r->p_adjusted, r->detectable};

		if (!o->all && r->metric->kind == METRIC_COUNTER)
			continue;
		csv_text(out, r->cell->id);
		str_add(out, ",");
		csv_text(out, r->metric->name);
		str_add(out, ",");
		csv_text(out, r->metric->unit);
		str_addf(out, ",%s,%d", kinds[r->metric->kind], r->cell->is_control);
		add_figures(out, (const double[]){r->old, r->new}, 2);
		str_addf(out, ",%d", r->difference);
		add_figures(out, figures, sizeof(figures) / sizeof(*figures));
		str_addf(out, ",%zu,%s\n", r->k, verdict_name(r->verdict));
	}
	return 0;
}
