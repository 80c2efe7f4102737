#include "analysis/load/conditions.h"

#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/text.h"

/* Of the CPUs' time: below it a busy host is one like any other. */
#define STOLEN_SHARE 0.001

struct value {
	const char *text;
	size_t boots;
	int first; /* boot */
};

struct values_seen {
	struct value *v;
	size_t n;
};

/* A setting of one boot; NULL: the boot does not tell. own: as its own kernel says, not the host's.
 */
static const char *setting_of(const struct run_boot *b, const char *name, bool own)
{
	const json_t *from = own ? b->guest : b->disturbing;
	const char *text = from ? json_get_str(from, name, own ? NULL : "none") : NULL;

	/* no CPU is isolated, as far as one kernel says so and another has no word for it */
	return text && !*text ? "none" : text;
}

static void count_value(struct values_seen *seen, const char *text, int boot)
{
	size_t k = 0;

	while (k < seen->n && strcmp(seen->v[k].text, text) != 0)
		k++;
	if (k == seen->n) {
		seen->v = xrealloc(seen->v, (seen->n + 1) * sizeof(*seen->v));
		seen->v[seen->n++] = (struct value){text, 0, boot};
	}
	seen->v[k].boots++;
}

/* "performance in 2 boots, powersave in boot 004", where there are several. */
static void add_values(const struct values_seen *seen, struct str *out)
{
	for (size_t i = 0; seen->n > 1 && i < seen->n; i++) {
		str_add(out, i ? ", " : "");
		text_escape(out, seen->v[i].text);
		if (seen->v[i].boots == 1)
			str_addf(out, " in boot %03d", seen->v[i].first);
		else
			str_addf(out, " in %zu boots", seen->v[i].boots);
	}
}

static struct values_seen values_of(const struct run *r, size_t arm, const char *name, bool own)
{
	struct values_seen seen = {0};

	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		const char *text = b->arm == arm ? setting_of(b, name, own) : NULL;

		if (text)
			count_value(&seen, text, b->n);
	}
	return seen;
}

char *load_condition(const struct run *r, size_t arm, const char *name)
{
	struct values_seen seen = values_of(r, arm, name, false);
	struct str out = STR_INIT;

	for (size_t i = 0; i < seen.n; i++)
		str_addf(&out, "%s%s", i ? ", " : "", seen.v[i].text);
	free(seen.v);
	return out.buf;
}

static void note_setting(struct run *r, size_t arm, const char *name, bool own)
{
	struct values_seen seen = values_of(r, arm, name, own);
	struct str out = STR_INIT;

	add_values(&seen, &out);
	if (out.len) {
		struct str label = STR_INIT;

		text_escape(&label, name);
		strv_pushf(&r->notes, "%s: %s%s was not the same in all boots of arm %s: %s",
			   r->path, own ? "" : "the host's ", label.buf, r->arms[arm].name,
			   out.buf);
		str_release(&label);
	}
	free(seen.v);
	str_release(&out);
}

/* Under KVM each vCPU has a core of its own, where the machine has so many. */
static void note_pinned(struct run *r)
{
	const json_t *place = json_object_get(json_object_get(r->json, "target"), "place");
	size_t wanted = json_array_size(json_object_get(place, "cpus")), short_of = 0;
	const struct run_boot *worst = NULL;

	if (strcmp(r->target.kind, "kvm") != 0 || !wanted)
		return;
	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];

		if (!b->guest || b->pinned < 0 || (size_t)b->pinned >= wanted)
			continue;
		short_of++;
		if (!worst || b->pinned < worst->pinned)
			worst = b;
	}
	if (short_of)
		strv_pushf(
			&r->notes,
			"%s: in %zu of %zu boots vCPUs had no core of their own; boot %03d: %lld "
			"of %zu had one",
			r->path, short_of, r->n_boots, worst->n, worst->pinned, wanted);
}

static void note_stolen(struct run *r)
{
	const struct run_boot *worst = NULL;
	size_t n = 0;
	double most = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		double had = (b->wall_seconds - b->ready_seconds) * r->target.cpus;
		double share = had > 0 ? b->stolen_seconds / had : NAN;

		if (!(share > STOLEN_SHARE))
			continue;
		n++;
		if (share > most) {
			most = share;
			worst = b;
		}
	}
	if (n)
		strv_pushf(&r->notes,
			   "%s: a hypervisor took CPU time away in %zu of %zu boots, most in boot "
			   "%03d: %.2f s, %.1f %% of its CPUs' time",
			   r->path, n, r->n_boots, worst->n, worst->stolen_seconds, most * 100);
}

/* Of a cluster: what CPUs of one kind take is not what those of another do. */
static void note_nodes(struct run *r)
{
	struct values_seen seen = {0};
	struct str out = STR_INIT;

	for (size_t i = 0; r->target.ns_per_insn <= 0 && i < r->n_boots; i++) {
		const char *cpu =
			r->boots[i].node ? json_get_str(r->boots[i].node, "cpu", "unknown") : NULL;

		if (cpu)
			count_value(&seen, cpu, r->boots[i].n);
	}
	add_values(&seen, &out);
	if (seen.n > 1)
		strv_pushf(
			&r->notes,
			"%s: its nodes have unlike CPUs: %s; what is said holds of these together",
			r->path, out.buf);
	str_release(&out);
	free(seen.v);
}

void load_conditions(struct run *r)
{
	bool host = strcmp(r->target.kind, "host") == 0;
	struct strv names = STRV_INIT;
	const char *name;
	json_t *v;

	for (size_t i = 0; i < r->n_boots; i++)
		json_object_foreach(r->boots[i].disturbing, name, v)
			/* the machine's clock source is then what the boot's own kernel says */
			if (json_is_string(v) && !strv_has(&names, name) &&
			    !(host && strcmp(name, "clocksource") == 0))
				strv_push(&names, name);
	for (size_t a = 0; a < r->n_arms; a++) {
		note_setting(r, a, "clocksource", true);
		for (size_t i = 0; i < names.n; i++)
			note_setting(r, a, names.v[i], false);
	}
	strv_release(&names);
	note_pinned(r);
	note_nodes(r);
	note_stolen(r);
}
