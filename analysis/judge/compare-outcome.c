/* What did not go well in either arm, and what else differs between the two. */
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/compare-parts.h"
#include "analysis/load/conditions.h"
#include "analysis/stats/stats.h"
#include "lib/json.h"

static void count_cell(const struct run *r, const struct run_arm *arm, const struct run_cell *cell,
		       struct outcome_count *to)
{
	for (size_t i = 0; cell && i < r->n_boots; i++) {
		const struct cell_outcome *o = &cell->outcome[i];
		const char *reason = o->reason;

		if (&r->arms[r->boots[i].arm] != arm ||
		    !(o->ok + o->fail + o->skip + o->broken + o->cut))
			continue;
		if (!reason && o->cut)
			reason = *r->boots[i].detail
					 ? r->boots[i].detail
					 : "it ended before all its iterations were made";
		to->boots++;
		to->fail += o->fail > 0;
		to->skip += o->skip > 0;
		to->broken += o->broken > 0;
		to->cut += o->cut;
		to->bad += o->fail || o->broken || o->cut;
		if (!to->reason)
			to->reason = reason;
	}
}

static void count_boots(const struct run *r, const struct run_arm *arm, struct outcome_count *to)
{
	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		bool ok = !strcmp(b->outcome, "ok");

		if (&r->arms[b->arm] != arm || !b->attempts)
			continue;
		to->boots += (unsigned)b->attempts;
		to->fail += (unsigned)b->attempts - ok;
		if (!ok && !to->reason)
			to->reason = *b->detail ? b->detail : b->outcome;
	}
	to->bad = to->fail;
}

static void add_outcome_row(struct comparison *c, struct outcome_row row)
{
	if (!(row.old.bad + row.old.skip + row.new.bad + row.new.skip))
		return;
	row.p = stats_fisher(row.old.bad, row.old.boots, row.new.bad, row.new.boots);
	c->outcomes[c->n_outcomes++] = row;
}

/* Holm 1979. Rows in which nothing was bad are no tests: they could not have failed. */
static void adjust_rows(struct comparison *c)
{
	double *p = xcalloc(c->n_outcomes + 1, sizeof(*p)),
	       *adjusted = xcalloc(c->n_outcomes + 1, sizeof(*adjusted));
	size_t m = 0;

	for (size_t i = 0; i < c->n_outcomes; i++)
		if (c->outcomes[i].old.bad + c->outcomes[i].new.bad)
			p[m++] = c->outcomes[i].p;
	stats_holm(p, m, adjusted);
	m = 0;
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (c->outcomes[i].old.bad + c->outcomes[i].new.bad)
			c->outcomes[i].p = adjusted[m++];
	free(p);
	free(adjusted);
}

void compare_count_outcomes(struct comparison *c)
{
	struct outcome_row boots = {0};

	c->outcomes = xcalloc(c->run_old->n_cells + 1, sizeof(*c->outcomes));
	count_boots(c->run_old, c->arm_old, &boots.old);
	count_boots(c->run_new, c->arm_new, &boots.new);
	add_outcome_row(c, boots);
	for (size_t i = 0; i < c->run_old->n_cells; i++) {
		struct outcome_row row = {.cell = &c->run_old->cells[i]};

		count_cell(c->run_old, c->arm_old, row.cell, &row.old);
		count_cell(c->run_new, c->arm_new, load_cell(c->run_new, row.cell->id), &row.new);
		add_outcome_row(c, row);
	}
	adjust_rows(c);
}

bool outcome_got_worse(const struct comparison *c, const struct outcome_row *o)
{
	return o->p <= c->alpha && o->new.bad * o->old.boots > o->old.bad * o->new.boots;
}

/* --- findings --- */

bool finding_is_new(const struct finding_row *f)
{
	return f->new && !f->old && f->boots_old;
}

static struct finding_row *find_row(struct comparison *c, const char *kind)
{
	size_t i = 0;

	while (i < c->n_findings && strcmp(c->findings[i].kind, kind))
		i++;
	if (i == c->n_findings) {
		c->findings = xrealloc(c->findings, (i + 1) * sizeof(*c->findings));
		c->findings[c->n_findings++] = (struct finding_row){.kind = kind};
	}
	return &c->findings[i];
}

static void count_finding(struct comparison *c, const char *kind, const char *text, bool new)
{
	struct finding_row *f = find_row(c, kind);

	if (!f->text || (new && !f->new))
		f->text = text;
	*(new ? &f->new : &f->old) += 1;
}

/* Each kind once a boot, however often the boot showed it. */
static void count_shown(struct comparison *c, const struct run_boot *b, bool new)
{
	const json_t *f, *g;
	size_t i, j;

	json_array_foreach(b->findings, i, f) {
		const char *kind = json_get_str(f, "kind", "finding");
		bool before = false;

		json_array_foreach(b->findings, j, g)
			before |= j < i && !strcmp(json_get_str(g, "kind", "finding"), kind);
		if (!before)
			count_finding(c, kind, json_get_str(f, "text", ""), new);
	}
}

static unsigned count_arm(struct comparison *c, const struct run *r, const struct run_arm *arm,
			  bool new)
{
	unsigned boots = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		const struct run_cell *killed = NULL;

		if (&r->arms[b->arm] != arm || !b->attempts)
			continue;
		boots++;
		count_shown(c, b, new);
		for (size_t j = 0; j < r->n_cells && !killed; j++)
			if (r->cells[j].outcome[i].cut && !strcmp(b->outcome, "ok"))
				killed = &r->cells[j];
		if (killed)
			count_finding(c, "killed cell", *b->detail ? b->detail : killed->id, new);
	}
	return boots;
}

static int new_ones_first(const void *a, const void *b)
{
	const struct finding_row *x = a, *y = b;

	return finding_is_new(y) - finding_is_new(x);
}

void compare_list_findings(struct comparison *c)
{
	unsigned old = count_arm(c, c->run_old, c->arm_old, false);
	unsigned new = count_arm(c, c->run_new, c->arm_new, true);

	for (size_t i = 0; i < c->n_findings; i++) {
		c->findings[i].boots_old = old;
		c->findings[i].boots_new = new;
	}
	if (c->n_findings)
		qsort(c->findings, c->n_findings, sizeof(*c->findings), new_ones_first);
}

/* --- settings --- */

/* Settings known to move such figures by themselves; a '$' ends a whole name. */
static bool is_of_note(const char *name)
{
	static const char *const known[] = {
		"CONFIG_PREEMPT$",
		"CONFIG_PREEMPT_NONE$",
		"CONFIG_PREEMPT_VOLUNTARY$",
		"CONFIG_PREEMPT_DYNAMIC$",
		"CONFIG_PREEMPT_RT$",
		"CONFIG_PREEMPT_LAZY$",
		"CONFIG_HZ$",
		"CONFIG_NO_HZ_FULL$",
		"CONFIG_DEBUG_VM$",
		"CONFIG_DEBUG_LIST$",
		"CONFIG_LOCK_STAT$",
		"CONFIG_LOCKDEP$",
		"CONFIG_PROVE_LOCKING$",
		"CONFIG_KASAN$",
		"CONFIG_KCSAN$",
		"CONFIG_UBSAN$",
		"CONFIG_SLUB$",
		"CONFIG_SLUB_DEBUG_ON$",
		"CONFIG_INIT_ON_",
		"CONFIG_RETPOLINE$",
		"CONFIG_PAGE_TABLE_ISOLATION$",
		"CONFIG_MITIGATION_",
		"CONFIG_LRU_GEN_ENABLED$",
		"CONFIG_NUMA_BALANCING$",
		"CONFIG_TRANSPARENT_HUGEPAGE",
		"CONFIG_HARDENED_USERCOPY$",
		"CONFIG_MEMCG$",
		"CONFIG_PER_VMA_LOCK$",
		"configuration$",
		"mitigation ",
		"thp$",
		"clocksource$",
		"host's ",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t len = strcspn(known[i], "$");

		if (!strncmp(name, known[i], len) && (!known[i][len] || !name[len]))
			return true;
	}
	return false;
}

static void add_setting(struct comparison *c, const char *prefix, const char *name, const char *old,
			const char *new)
{
	/* A line that a release does not know yet is as good as one that is switched off. */
	const char *off = strncmp(name, "CONFIG_", 7) ? "unknown" : "n";
	struct setting s;

	if (!strcmp(old ? old : off, new ? new : off))
		return;
	s.name = xasprintf("%s%s", prefix, name);
	s.old = xstrdup(old ? old : off);
	s.new = xstrdup(new ? new : off);
	s.of_note = is_of_note(s.name);
	c->settings = xrealloc(c->settings, (c->n_settings + 1) * sizeof(*c->settings));
	c->settings[c->n_settings++] = s;
}

/* Members that are text in either of two objects and differ. */
static void add_object(struct comparison *c, const char *prefix, json_t *old, json_t *new)
{
	const char *name;
	json_t *v;

	json_object_foreach(old, name, v)
		add_setting(c, prefix, name, json_string_value(v), json_get_str(new, name, NULL));
	json_object_foreach(new, name, v)
		if (!json_object_get(old, name))
			add_setting(c, prefix, name, NULL, json_string_value(v));
}

static const json_t *first_guest(const struct run *r, const struct run_arm *arm)
{
	for (size_t i = 0; i < r->n_boots; i++)
		if (&r->arms[r->boots[i].arm] == arm && r->boots[i].guest)
			return r->boots[i].guest;
	return NULL;
}

static int by_note_and_name(const void *a, const void *b)
{
	const struct setting *x = a, *y = b;

	return x->of_note != y->of_note ? y->of_note - x->of_note : strcmp(x->name, y->name);
}

/* A kernel whose package lacks its configuration has an unknown one, not one with all switched off.
 */
static void list_config(struct comparison *c)
{
	bool old = json_object_size(c->arm_old->config), new = json_object_size(c->arm_new->config);

	if (old && new)
		add_object(c, "", c->arm_old->config, c->arm_new->config);
	else
		add_setting(c, "", "configuration", old ? "recorded" : NULL,
			    new ? "recorded" : NULL);
}

static size_t index_of(const struct run *r, const struct run_arm *arm)
{
	return (size_t)(arm - r->arms);
}

/* On the host target a boot's own kernel says the same of these, and its words are compared anyway.
 */
static bool is_said_twice(const struct run *r, const char *name)
{
	return !strcmp(r->target.kind, "host") &&
	       (!strcmp(name, "clocksource") || !strcmp(name, "thp"));
}

/* Settings of the machine that times vary with: between boots of one arm, load_conditions() tells.
 */
static void list_host(struct comparison *c)
{
	const struct run *runs[] = {c->run_old, c->run_new};
	struct strv names = STRV_INIT;
	const char *name;
	json_t *v;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < runs[k]->n_boots; i++)
			json_object_foreach(runs[k]->boots[i].disturbing, name, v)
				if (json_is_string(v) && !strv_has(&names, name) &&
				    !is_said_twice(runs[k], name))
					strv_push(&names, name);
	for (size_t i = 0; i < names.n; i++) {
		char *old =
			load_condition(c->run_old, index_of(c->run_old, c->arm_old), names.v[i]);
		char *new =
			load_condition(c->run_new, index_of(c->run_new, c->arm_new), names.v[i]);

		if (old && new)
			add_setting(c, "host's ", names.v[i], old, new);
		free(old);
		free(new);
	}
	strv_release(&names);
}

void compare_list_settings(struct comparison *c)
{
	const json_t *old = first_guest(c->run_old, c->arm_old);
	const json_t *new = first_guest(c->run_new, c->arm_new);

	list_config(c);
	list_host(c);
	if (old && new) {
		add_object(c, "mitigation ", json_object_get(old, "mitigations"),
			   json_object_get(new, "mitigations"));
		add_setting(c, "", "thp", json_get_str(old, "thp", NULL),
			    json_get_str(new, "thp", NULL));
		add_setting(c, "", "clocksource", json_get_str(old, "clocksource", NULL),
			    json_get_str(new, "clocksource", NULL));
	}
	if (c->n_settings)
		qsort(c->settings, c->n_settings, sizeof(*c->settings), by_note_and_name);
}

void compare_settings(struct comparison *c, const struct run *run, const struct run_arm *old,
		      const struct run_arm *new)
{
	*c = (struct comparison){.run_old = run, .run_new = run, .arm_old = old, .arm_new = new};
	compare_list_settings(c);
}
