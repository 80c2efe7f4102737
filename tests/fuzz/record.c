/* One line of samples.jsonl, which comes from a guest: lib/record and lib/record-view agree on it.
 */
#include "lib/record-view.h"
#include "tests/fuzz/fuzz.h"

static void must_match(struct text_view v, const char *text)
{
	must(text_view_is(v, text));
}

static void must_agree(const struct record_view *v, const struct sample *s)
{
	const struct figures *groups[] = {&s->metrics, &s->vmstat, &s->perf};
	size_t n = 0;

	must_match(v->cell, s->cell);
	must_match(v->outcome, s->outcome);
	must_match(v->reason, s->reason);
	must(v->iter == s->iter && v->warmup == s->warmup);
	must(v->number[RECORD_ELAPSED_NS] == (double)s->elapsed_ns);
	must(v->number[RECORD_OPS] == (double)s->ops);
	must(v->number[RECORD_NIVCSW] == (double)s->nivcsw);
	for (size_t g = 0; g < 3; g++)
		n += groups[g]->n;
	must(v->n == n);
	for (size_t i = 0; i < n; i++) {
		const struct figure_view *f = &v->figures[i];
		char *name = xstrndup(f->name.at, f->name.len);

		must(figures_get(groups[f->group], name) == f->value);
		free(name);
	}
}

/* What was read is written as a line that reads the same, and then stays as it is. */
static void must_round_trip(const struct sample *s)
{
	char *line = sample_format(s), *again;
	struct sample back;
	struct err err;

	must(!strchr(line, '\n'));
	must(sample_parse(&back, line, strlen(line), &err) == 0);
	again = sample_format(&back);
	must(strcmp(line, again) == 0);
	free(again);
	free(line);
	sample_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct record_view view;
	const char *line = (const char *)data;
	struct sample s;
	struct err err = {""};
	int ret = sample_parse(&s, line, size, &err);

	if (ret < 0) {
		must_tell(&err);
		record_view_read(&view, line, size, &err);
		return 0;
	}
	must(record_view_read(&view, line, size, &err) == 0);
	must_agree(&view, &s);
	must_round_trip(&s);
	sample_release(&s);
	return 0;
}
