/* OpenMetrics 1.0 text: gauges with cell, metric, unit, run, arm and kernel as labels. */
#include <math.h>
#include <stdlib.h>
#include "analysis/write/export.h"

/* Label values escape backslash, quote and newline. */
static void add_label(struct str *out, const char *name, const char *value, bool first)
{
	char *clean;

	str_addf(out, "%s%s=\"", first ? "" : ",", name);
	clean = xstrdup(value);
	str_mend(clean);
	for (const char *v = clean; *v; v++) {
		if (*v == '\\' || *v == '"')
			str_addf(out, "\\%c", *v);
		else if (*v == '\n')
			str_add(out, "\\n");
		else
			str_addn(out, v, 1);
	}
	str_add(out, "\"");
	free(clean);
}

static void add_labels(struct str *out, const struct comparison *c, const struct result *r,
		       const struct run *run, const struct run_arm *arm)
{
	add_label(out, "cell", r->cell->id, true);
	add_label(out, "metric", r->metric->name, false);
	add_label(out, "unit", r->metric->unit, false);
	add_label(out, "target", c->run_new->target.kind, false);
	add_label(out, "run", run->path, false);
	if (arm) {
		add_label(out, "arm", arm->name, false);
		add_label(out, "kernel", load_kernel(arm), false);
	}
}

static void add_gauge(struct str *out, const struct comparison *c, const struct result *r, bool new,
		      const char *name, double v)
{
	if (!isfinite(v))
		return;
	str_addf(out, "%s{", name);
	add_labels(out, c, r, new ? c->run_new : c->run_old, new ? c->arm_new : c->arm_old);
	str_addf(out, "} %.10g\n", v);
}

static bool shown(const struct result *r, const struct export_opts *o)
{
	return o->all || r->metric->kind != METRIC_COUNTER;
}

int export_openmetrics(const struct comparison *c, const struct export_opts *o, struct str *out,
		       struct err *err)
{
	(void)err;
	str_add(out,
		"# TYPE mlocklab_value gauge\n"
		"# HELP mlocklab_value Median over boots, in the unit that the label names.\n");
	for (size_t i = 0; i < c->n_results; i++) {
		if (!shown(&c->results[i], o))
			continue;
		add_gauge(out, c, &c->results[i], false, "mlocklab_value", c->results[i].old);
		add_gauge(out, c, &c->results[i], true, "mlocklab_value", c->results[i].new);
	}
	str_add(out, "# TYPE mlocklab_ratio gauge\n"
		     "# HELP mlocklab_ratio New over old, with the bounds of its interval.\n");
	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];
		const double v[3] = {r->ratio, r->low, r->high};
		static const char *const bound[3] = {"estimate", "low", "high"};

		for (size_t j = 0; j < 3 && shown(r, o) && !r->difference; j++) {
			if (!isfinite(v[j]))
				continue;
			str_add(out, "mlocklab_ratio{");
			add_labels(out, c, r, c->run_new, NULL);
			if (c->run_old != c->run_new)
				add_label(out, "against", c->run_old->path, false);
			add_label(out, "bound", bound[j], false);
			str_addf(out, "} %.10g\n", v[j]);
		}
	}
	str_add(out, "# EOF\n");
	return 0;
}
