#include "lib/record-view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

static const char *const number_names[RECORD_NUMBERS] = {
	"elapsed_ns", "ops", "utime_us", "stime_us", "minflt", "majflt", "nvcsw", "nivcsw",
};

bool text_view_is(struct text_view v, const char *text)
{
	return strlen(text) == v.len && !memcmp(v.at, text, v.len);
}

static struct text_view view_of(const char *text)
{
	return (struct text_view){text, strlen(text)};
}

static void add_figure(struct record_view *v, enum figure_group group, struct text_view name,
		       double value)
{
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 64;
		v->figures = xrealloc(v->figures, v->cap * sizeof(*v->figures));
	}
	v->figures[v->n++] = (struct figure_view){group, name, value};
}

static void add_latency(struct record_view *v, double ns)
{
	if (v->latencies == v->latency_cap) {
		v->latency_cap = v->latency_cap ? v->latency_cap * 2 : 64;
		v->latency_ns = xrealloc(v->latency_ns, v->latency_cap * sizeof(*v->latency_ns));
	}
	v->latency_ns[v->latencies++] = ns;
}

/* --- the plain form: p moves on where what is sought stands there --- */

struct scan {
	const char *p, *end;
};

static bool take(struct scan *s, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len))
		return false;
	s->p += len;
	return true;
}

/* A text without escapes: control characters and what needs decoding are for the long way. */
static bool take_text(struct scan *s, struct text_view *t)
{
	const char *p = s->p;

	if (p == s->end || *p++ != '"')
		return false;
	t->at = p;
	while (p < s->end && *p != '"' && *p != '\\' && *p >= 0x20 && *p < 0x7f)
		p++;
	if (p == s->end || *p != '"')
		return false;
	t->len = (size_t)(p - t->at);
	s->p = p + 1;
	return true;
}

/* Adds digits to v as far as doubles hold every integer; returns how many there were. */
static int take_digits(struct scan *s, uint64_t *v)
{
	const char *from = s->p;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9' && *v < UINT64_C(1) << 49; s->p++)
		*v = *v * 10 + (uint64_t)(*s->p - '0');
	return (int)(s->p - from);
}

/*
 * Digits below 2^53 with a decimal point: digits / 10^k, k <= 22, is then the nearest double
 * (Clinger, How to Read Floating Point Numbers Accurately, 1990). Longer ones and exponents go the
 * long way.
 */
static bool take_number(struct scan *s, double *out)
{
	static const double power[] = {1e0,  1e1,  1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
				       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
				       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	struct scan at = *s;
	bool negative = take(&at, "-");
	const char *digits = at.p;
	uint64_t v = 0;
	int whole = take_digits(&at, &v), part = 0;

	if (!whole || (*digits == '0' && whole > 1))
		return false;
	if (take(&at, ".")) {
		part = take_digits(&at, &v);
		if (!part || part > 22)
			return false;
	}
	if (at.p == at.end || strchr("0123456789.eE", *at.p))
		return false;
	*out = negative ? -((double)v / power[part]) : (double)v / power[part];
	*s = at;
	return true;
}

/* A count: sample_parse takes nothing else there either. */
static bool take_count(struct scan *s, double *out)
{
	const char *from = s->p;

	return take_number(s, out) && *from != '-' && !memchr(from, '.', (size_t)(s->p - from));
}

static bool take_figures(struct scan *s, struct record_view *v, enum figure_group group)
{
	struct text_view name;
	double value;

	if (!take(s, "{"))
		return false;
	if (take(s, "}"))
		return true;
	do {
		if (!take_text(s, &name) || !figure_name_ok(name.at, name.len) ||
		    v->n == RECORD_MAX_FIGURES || !take(s, ":"))
			return false;
		if (take_number(s, &value))
			add_figure(v, group, name, value);
		else if (!take(s, "null"))
			return false;
	} while (take(s, ","));
	return take(s, "}");
}

static bool take_latencies(struct scan *s, struct record_view *v)
{
	double value;

	if (!take(s, "["))
		return false;
	if (take(s, "]"))
		return true;
	do {
		if (!take_count(s, &value))
			return false;
		add_latency(v, value);
	} while (take(s, ","));
	return take(s, "]");
}

static bool take_bool(struct scan *s, bool *out)
{
	*out = take(s, "true");
	return *out || take(s, "false");
}

/* One member; a key that is not known is for the long way to judge. */
static bool take_member(struct scan *s, struct record_view *v)
{
	struct text_view key;
	double iter;

	if (!take_text(s, &key) || !take(s, ":"))
		return false;
	for (size_t i = 0; i < RECORD_NUMBERS; i++)
		if (text_view_is(key, number_names[i]))
			return take_count(s, &v->number[i]);
	if (text_view_is(key, "metrics"))
		return take_figures(s, v, FIGURE_METRIC);
	if (text_view_is(key, "vmstat"))
		return take_figures(s, v, FIGURE_VMSTAT);
	if (text_view_is(key, "perf"))
		return take_figures(s, v, FIGURE_PERF);
	if (text_view_is(key, "latency_ns"))
		return take_latencies(s, v);
	if (text_view_is(key, "cell"))
		return take_text(s, &v->cell) && v->cell.len;
	if (text_view_is(key, "outcome"))
		return take_text(s, &v->outcome);
	if (text_view_is(key, "reason"))
		return take_text(s, &v->reason) && v->reason.len <= RECORD_MAX_REASON;
	if (text_view_is(key, "warmup"))
		return take_bool(s, &v->warmup);
	if (!text_view_is(key, "iter") || !take_count(s, &iter) || iter > 1e9)
		return false;
	v->iter = (int)iter;
	return true;
}

static bool read_plain(struct record_view *v, const char *line, size_t len)
{
	struct scan s = {line, line + len};

	v->iter = -1;
	v->outcome = v->reason = view_of("");
	if (!take(&s, "{\"t\":\"sample\""))
		return false;
	while (take(&s, ","))
		if (!take_member(&s, v))
			return false;
	return take(&s, "}") && s.p == s.end && v->cell.len && v->iter >= 0 &&
	       (text_view_is(v->outcome, "ok") || text_view_is(v->outcome, "fail") ||
		text_view_is(v->outcome, "skip") || text_view_is(v->outcome, "broken"));
}

/* --- the long way --- */

static void add_group(struct record_view *v, enum figure_group group, const struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		add_figure(v, group, view_of(f->v[i].name), f->v[i].value);
}

static int read_whole(struct record_view *v, const char *line, size_t len, struct err *err)
{
	const struct sample *s = &v->whole;

	if (sample_parse(&v->whole, line, len, err) < 0)
		return -1;
	v->cell = view_of(s->cell);
	v->outcome = view_of(s->outcome);
	v->reason = view_of(s->reason);
	v->iter = s->iter;
	v->warmup = s->warmup;
	v->number[RECORD_ELAPSED_NS] = (double)s->elapsed_ns;
	v->number[RECORD_OPS] = (double)s->ops;
	v->number[RECORD_UTIME_US] = (double)s->utime_us;
	v->number[RECORD_STIME_US] = (double)s->stime_us;
	v->number[RECORD_MINFLT] = (double)s->minflt;
	v->number[RECORD_MAJFLT] = (double)s->majflt;
	v->number[RECORD_NVCSW] = (double)s->nvcsw;
	v->number[RECORD_NIVCSW] = (double)s->nivcsw;
	add_group(v, FIGURE_METRIC, &s->metrics);
	add_group(v, FIGURE_VMSTAT, &s->vmstat);
	add_group(v, FIGURE_PERF, &s->perf);
	for (size_t i = 0; i < s->latencies; i++)
		add_latency(v, (double)s->latency_ns[i]);
	return 0;
}

static void clear(struct record_view *v)
{
	struct record_view old = *v;

	if (v->whole.cell)
		sample_release(&v->whole);
	*v = (struct record_view){
		.figures = old.figures,
		.cap = old.cap,
		.latency_ns = old.latency_ns,
		.latency_cap = old.latency_cap,
	};
}

int record_view_read(struct record_view *v, const char *line, size_t len, struct err *err)
{
	clear(v);
	if (read_plain(v, line, len))
		return 0;
	clear(v);
	return read_whole(v, line, len, err);
}

void record_view_release(struct record_view *v)
{
	clear(v);
	free(v->figures);
	free(v->latency_ns);
	*v = (struct record_view){0};
}
