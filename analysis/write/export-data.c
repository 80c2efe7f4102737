/* JSON and CSV: everything, for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/export.h"
#include "lib/text.h"

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

static void add_number(struct str *out, double v)
{
	str_add(out, ",");
	if (isfinite(v))
		str_addf(out, "%.10g", v);
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
		const double figures[] = {r->ratio, r->low,        r->high,
					  r->p,     r->p_adjusted, r->detectable};

		if (!o->all && r->metric->kind == METRIC_COUNTER)
			continue;
		text_csv(out, r->cell->id);
		str_add(out, ",");
		text_csv(out, r->metric->name);
		str_add(out, ",");
		text_csv(out, r->metric->unit);
		str_addf(out, ",%s,%d", kinds[r->metric->kind], r->cell->is_control);
		add_number(out, r->old);
		add_number(out, r->new);
		str_addf(out, ",%d", r->difference);
		for (size_t j = 0; j < sizeof(figures) / sizeof(*figures); j++)
			add_number(out, figures[j]);
		str_addf(out, ",%zu,%s\n", r->k, verdict_name(r->verdict));
	}
	return 0;
}
