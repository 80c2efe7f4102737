#include "analysis/write/growth-text.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/judge/growth.h"
#include "lib/text.h"

/* "exit-mlocked lock=mlock,size=2M": the cell without the parameter that is swept. */
static void add_title(struct str *out, const struct sweep *s)
{
	const struct run_cell *c = s->cells[0];
	const char *separator = " ";
	size_t n = strlen(s->param);
	struct strv parts = STRV_INIT;

	text_escape(out, c->workload);
	strv_split(&parts, c->label, ",");
	for (size_t i = 0; i < parts.n; i++) {
		if (!strncmp(parts.v[i], s->param, n) && parts.v[i][n] == '=')
			continue;
		str_add(out, separator);
		text_escape(out, parts.v[i]);
		separator = ",";
	}
	strv_release(&parts);
}

static void add_arm(const struct run *run, const struct run_arm *arm, const struct sweep *s,
		    size_t width, struct str *out)
{
	struct growth g;
	char *text;

	if (growth_fit(&g, run, (size_t)(arm - run->arms), s) < 0)
		return;
	text = growth_words(&g, s, arm->name);
	text_wrap(out, text, width, 2);
	free(text);
	growth_release(&g);
}

void growth_text(const struct comparison *c, size_t width, struct str *out)
{
	const struct run *run = c->run_old;
	struct sweep s = {.cells = xcalloc(run->n_cells + 1, sizeof(*s.cells))};

	for (size_t i = 0; i < run->n_cells; i++) {
		json_t *value;

		json_object_foreach(run->cells[i].params, s.param, value)
		{
			if (sweep_find(run, i, &s) < SWEEP_POINTS || !s.cells[0]->n_series)
				continue;
			str_add(out, "\n");
			add_title(out, &s);
			str_add(out, "\n");
			add_arm(c->run_old, c->arm_old, &s, width, out);
			add_arm(c->run_new, c->arm_new, &s, width, out);
		}
	}
	free(s.cells);
}
