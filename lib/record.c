#include "lib/record.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/str.h"

static struct figure *find(const struct figures *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

static void add(struct figures *f, const char *name, double value)
{
	f->v = xrealloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = (struct figure){xstrdup(name), value};
}

void figures_set(struct figures *f, const char *name, double value)
{
	struct figure *at = find(f, name);

	if (at)
		at->value = value;
	else
		add(f, name, value);
}

double figures_get(const struct figures *f, const char *name)
{
	const struct figure *at = find(f, name);

	return at ? at->value : NAN;
}

void figures_release(struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].name);
	free(f->v);
	*f = (struct figures){0};
}

bool figure_name_ok(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.:/+%-", name[i]))
			return false;
	return len > 0 && len <= RECORD_MAX_NAME;
}

bool figure_value_ok(double v)
{
	return v == 0 || (fabs(v) >= 1e-30 && fabs(v) <= 1e30);
}

/* Counts stay integers, so that nobody reads 5.0 faults; JSON has no word for what is not finite.
 */
static json_t *number(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == floor(v) && fabs(v) < 9e15)
		return json_integer((json_int_t)v);
	return json_real(v);
}

static json_t *figures_json(const struct figures *f)
{
	json_t *o = json_object();

	for (size_t i = 0; i < f->n; i++)
		json_object_set_new(o, f->v[i].name, number(f->v[i].value));
	return o;
}

/* The counters of a sample: their names in a record, and where they live. */
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{"utime_us", offsetof(struct sample, utime_us)},
	{"stime_us", offsetof(struct sample, stime_us)},
	{"minflt", offsetof(struct sample, minflt)},
	{"majflt", offsetof(struct sample, majflt)},
	{"nvcsw", offsetof(struct sample, nvcsw)},
	{"nivcsw", offsetof(struct sample, nivcsw)},
};

static uint64_t *counter(const struct sample *s, size_t i)
{
	return (uint64_t *)((char *)s + counters[i].offset);
}

static json_t *latency_json(const struct sample *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->latencies; i++)
		json_array_append_new(a, json_integer((json_int_t)s->latency_ns[i]));
	return a;
}

/* A reason may quote anything, and be cut anywhere; JSON is UTF-8. */
static json_t *reason_json(const char *reason)
{
	char *text = xstrdup(reason ? reason : "");
	json_t *o;

	str_mend(text);
	o = json_string(text);
	free(text);
	return o;
}

char *sample_format(const struct sample *s)
{
	json_t *o =
		json_pack("{s:s, s:s, s:i, s:b, s:s, s:o, s:I, s:I, s:o}", "t", "sample", "cell",
			  s->cell, "iter", s->iter, "warmup", s->warmup, "outcome", s->outcome,
			  "reason", reason_json(s->reason), "elapsed_ns", (json_int_t)s->elapsed_ns,
			  "ops", (json_int_t)s->ops, "metrics", figures_json(&s->metrics));
	char *line;

	if (s->latencies)
		json_object_set_new(o, "latency_ns", latency_json(s));
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		json_object_set_new(o, counters[i].name, json_integer((json_int_t)*counter(s, i)));
	json_object_set_new(o, "vmstat", figures_json(&s->vmstat));
	if (s->perf.n)
		json_object_set_new(o, "perf", figures_json(&s->perf));
	line = json_line(o);
	json_decref(o);
	return line;
}

static int figures_parse(struct figures *f, const json_t *o, const char *key, struct err *err)
{
	json_t *group = json_object_get(o, key), *v;
	const char *name;

	if (!group)
		return 0;
	if (!json_is_object(group))
		return err_set(err, "'%s' of a sample is not an object", key);
	if (json_object_size(group) > RECORD_MAX_FIGURES)
		return err_set(err, "'%s' of a sample holds %zu figures, above %d", key,
			       json_object_size(group), RECORD_MAX_FIGURES);
	json_object_foreach(group, name, v) {
		if (!figure_name_ok(name, strlen(name)))
			return err_set(err,
				       "'%.40s' in '%s' of a sample is no name: up to %d letters, "
				       "digits and _ . : / + %% -",
				       name, key, RECORD_MAX_NAME);
		if (json_is_null(v))
			continue;
		if (!json_is_number(v))
			return err_set(err, "'%s' in '%s' of a sample is not a number", name, key);
		if (!figure_value_ok(json_number_value(v)))
			return err_set(
				err,
				"'%s' in '%s' of a sample is %g: no figure is beyond 1e30, or "
				"closer to 0 than 1e-30",
				name, key, json_number_value(v));
		add(f, name, json_number_value(v));
	}
	return 0;
}

static int latency_parse(struct sample *s, const json_t *a, struct err *err)
{
	json_t *v;
	size_t i;

	if (!a)
		return 0;
	if (!json_is_array(a))
		return err_set(err, "'latency_ns' of a sample is not a list");
	s->latency_ns = xcalloc(json_array_size(a), sizeof(*s->latency_ns));
	json_array_foreach(a, i, v) {
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return err_set(err, "'latency_ns' of a sample holds no number at %zu", i);
		s->latency_ns[s->latencies++] = (uint64_t)json_integer_value(v);
	}
	return 0;
}

static int known_outcome(const char *o)
{
	return !strcmp(o, "ok") || !strcmp(o, "fail") || !strcmp(o, "skip") || !strcmp(o, "broken");
}

static int parse_object(struct sample *s, const json_t *o, struct err *err)
{
	long long elapsed = json_get_int(o, "elapsed_ns", 0), ops = json_get_int(o, "ops", 0);
	long long iter = json_get_int(o, "iter", -1);

	if (strcmp(json_get_str(o, "t", ""), "sample") != 0)
		return err_set(err, "a record of type '%.20s' is not a sample",
			       json_get_str(o, "t", ""));
	s->cell = xstrdup(json_get_str(o, "cell", ""));
	s->outcome = xstrdup(json_get_str(o, "outcome", ""));
	s->reason = xstrdup(json_get_str(o, "reason", ""));
	s->warmup = json_get_bool(o, "warmup", 0);
	if (!*s->cell || iter < 0 || iter > INT_MAX)
		return err_set(err, "a sample lacks 'cell' or an 'iter' from 0 to %d", INT_MAX);
	s->iter = (int)iter;
	if (!known_outcome(s->outcome))
		return err_set(err, "a sample's outcome is '%.20s', not ok, fail, skip or broken",
			       s->outcome);
	if (strlen(s->reason) > RECORD_MAX_REASON)
		return err_set(err, "a sample's reason is of over %d bytes", RECORD_MAX_REASON);
	if (elapsed < 0 || ops < 0)
		return err_set(err, "a sample's elapsed_ns or ops is negative");
	s->elapsed_ns = (uint64_t)elapsed;
	s->ops = (uint64_t)ops;
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		long long v = json_get_int(o, counters[i].name, 0);

		*counter(s, i) = v > 0 ? (uint64_t)v : 0;
	}
	if (figures_parse(&s->metrics, o, "metrics", err) < 0 ||
	    figures_parse(&s->vmstat, o, "vmstat", err) < 0 ||
	    figures_parse(&s->perf, o, "perf", err) < 0)
		return -1;
	return latency_parse(s, json_object_get(o, "latency_ns"), err);
}

int sample_parse(struct sample *s, const char *line, size_t len, struct err *err)
{
	json_error_t je;
	json_t *o = json_of(line, len, JSON_REJECT_DUPLICATES, &je);
	int ret;

	*s = (struct sample){0};
	if (!o)
		return je.line < 0 ? json_why(&je, err)
				   : err_set(err, "not JSON at column %d: %s", je.column, je.text);
	ret = parse_object(s, o, err);
	json_decref(o);
	if (ret < 0)
		sample_release(s);
	return ret;
}

void sample_release(struct sample *s)
{
	free(s->cell);
	free(s->outcome);
	free(s->reason);
	free(s->latency_ns);
	figures_release(&s->metrics);
	figures_release(&s->vmstat);
	figures_release(&s->perf);
	*s = (struct sample){0};
}
