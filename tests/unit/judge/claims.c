/* Files of claims, and the verdicts that runs of known effects give them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/cause/locks.h"
#include "analysis/cause/profile.h"
#include "analysis/judge/claims.h"
#include "analysis/stats/stats.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

/* A directory with one file of claims. */
static void write_claims(char dir[64], const char *text)
{
	struct err err;
	char path[96];

	strcpy(dir, "/tmp/mlocklab-claims-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/1-these.ini", dir);
	if (fs_write_atomic(path, text, strlen(text), &err) < 0)
		abort();
}

static void remove_claims(const char *dir)
{
	struct err err;

	fs_remove_tree(dir, &err);
}

static void refuse(const char *text, const char *why)
{
	struct claims c;
	struct err err;
	char dir[64];

	write_claims(dir, text);
	assert_int_equal(claims_load(&c, dir, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("'%s' is not in '%s'", why, err.text);
	remove_claims(dir);
}

#define HEAD "[a]\nclaim=c\nsource=s\nworkload=exit-mlocked procs=32 size=8M lock=mlock\n"

static void test_refusals(void **state)
{
	struct claims c;
	struct err err;

	(void)state;
	refuse(HEAD "expect=lower\n", "1-these.ini:1: [a] needs metric=");
	refuse(HEAD "metric=exit\n", "needs expect=");
	refuse(HEAD "metric=exit\nexpect=less\n", "1-these.ini:6: [a] expect=less: not lower");
	refuse(HEAD "metric=exit\nexpect=at-most many\n", "expect=at-most many: ");
	refuse(HEAD "metric=exit\nexpect=lower\nwithin=0.1\n", "within=0.1: goes with");
	refuse(HEAD "metric=exit\nexpect=equal\nwithin=10\n", "within=10: not a share");
	refuse(HEAD "metric=exit\nexpect=equal\nby=0.5\n", "by=0.5: goes with");
	refuse(HEAD "metric=exit\nexpect=higher\nby=half\n", "by=half: not a share");
	refuse(HEAD "metric=exit\nexpect=lower\ncpus=many\n", "cpus=many: not a number of CPUs");
	refuse(HEAD "metric=exit\nexpect=lower\ncolour=red\n",
	       "1-these.ini:7: [a] has no key 'colour'");
	assert_int_equal(claims_load(&c, "/nowhere/at/all", &err), -1);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
}

static void test_file(void **state)
{
	struct claims c;
	struct err err;
	char dir[64];

	(void)state;
	write_claims(dir, "# What they\n# said.\n# All of it.\n" HEAD
			  "metric=exit\nexpect=at-most 1.5\ntarget=tcg\ncounter=nr_mlock\n");
	if (claims_load(&c, dir, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.files[0].name, "1-these");
	assert_string_equal(c.files[0].about, "What they said. All of it.");
	assert_int_equal(c.files[0].n, 1);
	assert_string_equal(c.files[0].v[0].id, "a");
	assert_int_equal(c.files[0].v[0].expect, EXPECT_AT_MOST);
	NEAR(c.files[0].v[0].bound, 1.5, 0);
	assert_string_equal(c.files[0].v[0].target, "tcg");
	claims_release(&c);
	remove_claims(dir);
}

/* What the repository ships must load. */
static void test_shipped(void **state)
{
	struct claims c;
	struct err err;

	(void)state;
	if (claims_load(&c, "configs/claims", &err) < 0)
		fail_msg("%s", err.text);
	assert_true(c.n >= 3);
	claims_release(&c);
}

static void name_params(const struct fixture *f)
{
	json_t *cells = json_object_get(f->run, "cells");
	json_t *w = json_array_get(json_object_get(f->run, "workloads"), 0);

	for (size_t i = 0; i < 2; i++)
		json_object_set_new(json_object_get(json_array_get(cells, i), "params"), "lock",
				    json_string(i ? "none" : "mlock"));
	json_array_append_new(json_object_get(w, "params"),
			      json_pack("{s:s,s:s}", "name", "lock", "default", "mlock"));
	json_array_append_new(json_object_get(w, "params"),
			      json_pack("{s:s,s:s}", "name", "size", "default", "8M"));
}

/* The old kernel takes 2000, its control 500; the new one so much times that. */
static void make_run(struct fixture *f, int pairs, double effect, double control)
{
	struct rng rng;
	int n = 1;

	fixture_begin(f, "icount", 2);
	name_params(f);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "n");
	rng_seed(&rng, 3);
	for (int pair = 0; pair < pairs; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(f, n, arm ? "new" : "old", pair, pair, "ok");
			fixture_cell(f, n, MAIN_CELL,
				     2000 * (arm ? effect : 1) * exp(0.0005 * rng_normal(&rng)));
			fixture_cell(f, n, CONTROL_CELL,
				     500 * (arm ? control : 1) * exp(0.0005 * rng_normal(&rng)));
		}
	}
	fixture_finish(f);
}

/* Everything between a claim and its row. */
struct court {
	struct fixture f;
	struct run run;
	struct comparison c;
	struct claims claims;
	struct ledger ledger;
	char dir[64];
};

static struct ledger_row *hear(struct court *t, const char *claim)
{
	const struct comparison *each[] = {&t->c};
	struct compare_opts none = {0};
	struct err err;

	write_claims(t->dir, claim);
	if (load_run(&t->run, t->f.path, &err) < 0 ||
	    compare_runs(&t->c, &t->run, &t->run, &none, &err) < 0 ||
	    claims_load(&t->claims, t->dir, &err) < 0)
		fail_msg("%s", err.text);
	ledger_make(&t->ledger, &t->claims, each, 1);
	return &t->ledger.rows[0];
}

static struct ledger_row *try(struct court *t, int pairs, double effect, double control,
			      const char *claim)
{
	make_run(&t->f, pairs, effect, control);
	return hear(t, claim);
}

static void close_court(struct court *t)
{
	ledger_release(&t->ledger);
	claims_release(&t->claims);
	compare_release(&t->c);
	load_release(&t->run);
	fixture_release(&t->f);
	remove_claims(t->dir);
}

static void expect(int pairs, double effect, double control, const char *rest,
		   enum claim_verdict wanted)
{
	char claim[512];
	struct court t;
	struct ledger_row *r;

	snprintf(claim, sizeof(claim), HEAD "%s", rest);
	r = try(&t, pairs, effect, control, claim);
	if (r->verdict != wanted)
		fail_msg("%s of %g times in %d pairs: %s, not %s", rest, effect, pairs,
			 claim_verdict_name(r->verdict), claim_verdict_name(wanted));
	close_court(&t);
}

static void test_changes(void **state)
{
	(void)state;
	expect(8, 0.5, 1, "metric=exit\nexpect=lower\n", CLAIM_SUPPORTED);
	expect(8, 0.5, 1, "metric=exit\nexpect=higher\n", CLAIM_REFUTED);
	expect(8, 1.5, 1, "metric=exit\nexpect=higher\n", CLAIM_SUPPORTED);
	expect(8, 1, 1, "metric=exit\nexpect=lower\n", CLAIM_NO_DIFFERENCE);
	expect(8, 0.995, 1, "metric=exit\nexpect=lower\n", CLAIM_NO_DIFFERENCE);
	expect(3, 0.5, 1, "metric=exit\nexpect=lower\n", CLAIM_INCONCLUSIVE);
}

/* A change of a size that was claimed: that large, certainly smaller, or the other way. */
static void test_sizes(void **state)
{
	(void)state;
	expect(8, 1.6, 1, "metric=exit\nexpect=higher\nby=0.5\n", CLAIM_SUPPORTED);
	expect(8, 1.3, 1, "metric=exit\nexpect=higher\nby=0.5\n", CLAIM_REFUTED);
	expect(8, 0.4, 1, "metric=exit\nexpect=higher\nby=0.5\n", CLAIM_REFUTED);
	expect(8, 0.4, 1, "metric=exit\nexpect=lower\nby=1\n", CLAIM_SUPPORTED);
	expect(8, 0.7, 1, "metric=exit\nexpect=lower\nby=1\n", CLAIM_REFUTED);
	/* a net of nothing, or nearly, is a difference */
	expect(8, 0.25, 1, "metric=exit\nexpect=lower\nby=9\nnet=control\n", CLAIM_SUPPORTED);
	expect(8, 0.25, 0.9, "metric=exit\nexpect=higher\nby=0.5\nnet=control\n", CLAIM_REFUTED);
}

static void test_sameness(void **state)
{
	(void)state;
	expect(8, 1.05, 1, "metric=exit\nexpect=equal\nwithin=0.1\n", CLAIM_SUPPORTED);
	expect(8, 1.05, 1, "metric=exit\nexpect=equal\n", CLAIM_REFUTED);
	expect(8, 0.5, 1, "metric=exit\nexpect=equal\nwithin=0.1\n", CLAIM_REFUTED);
	expect(8, 0.5, 1, "metric=exit\nexpect=no-higher\nwithin=0.1\n", CLAIM_SUPPORTED);
	expect(8, 1.2, 1, "metric=exit\nexpect=no-higher\nwithin=0.1\n", CLAIM_REFUTED);
	expect(3, 1, 1, "metric=exit\nexpect=equal\n", CLAIM_INCONCLUSIVE);
}

static void test_bounds(void **state)
{
	(void)state;
	expect(8, 1, 1, "metric=failed\nexpect=at-most 0\n", CLAIM_SUPPORTED);
	expect(3, 1, 1, "metric=failed\nexpect=at-most 0\n", CLAIM_INCONCLUSIVE);
	expect(8, 1, 1, "metric=exit\nexpect=at-most 10\n", CLAIM_REFUTED);
	/* One pair refutes nothing. */
	expect(1, 1, 1, "metric=exit\nexpect=at-most 10\n", CLAIM_INCONCLUSIVE);
}

/* All of a change may be the control's; all of none may be hidden by it. */
static void test_net(void **state)
{
	struct court t;
	struct ledger_row *r;

	(void)state;
	expect(8, 1.25, 2, "metric=exit\nexpect=higher\n", CLAIM_SUPPORTED);
	expect(8, 1.25, 2, "metric=exit\nexpect=higher\nnet=control\n", CLAIM_NO_DIFFERENCE);
	expect(8, 1, 2, "metric=exit\nexpect=lower\nnet=control\n", CLAIM_SUPPORTED);
	expect(8, 1, 1, "metric=exit\nexpect=at-most 800\nnet=control\n", CLAIM_SUPPORTED);
	expect(8, 1, 1, "metric=exit\nexpect=at-most 700\nnet=control\n", CLAIM_REFUTED);
	/* of a cell that is named, which here is the control too */
	expect(8, 1, 1, "metric=exit\nexpect=at-most 800\nnet=exit-mlocked procs=32 lock=none\n",
	       CLAIM_SUPPORTED);
	expect(8, 1, 1, "metric=exit\nexpect=at-most 700\nnet=exit-mlocked procs=32 lock=none\n",
	       CLAIM_REFUTED);
	r = try(&t, 8, 1, 2, HEAD "metric=exit\nexpect=lower\nnet=control\n");
	NEAR(r->old, 750, 5);
	NEAR(r->new, 500, 5);
	NEAR(r->result->ratio, 500. / 750, 0.01);
	NEAR(r->result->p, 2. / 256, 1e-9);
	NEAR(r->control->ratio, 2, 0.01);
	close_court(&t);
}

/* Pairs in which cell and control move together; a value of NAN is not measured. */
static void make_nets(struct fixture *f, int pairs, double value(int arm, bool control, int pair))
{
	int n = 1;

	fixture_begin(f, "tcg", 2);
	name_params(f);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "n");
	for (int pair = 0; pair < pairs; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(f, n, arm ? "new" : "old", pair, pair, "ok");
			for (int control = 0; control < 2; control++)
				if (!isnan(value(arm, control, pair)))
					fixture_cell(f, n, control ? CONTROL_CELL : MAIN_CELL,
						     value(arm, control, pair));
		}
	}
	fixture_finish(f);
}

/* The cell lost one boot, the control another; each pair stands elsewhere. */
static double with_gaps(int arm, bool control, int pair)
{
	if ((pair == 1 && !control && !arm) || (pair == 6 && control && arm))
		return NAN;
	return 1000 * (pair + 1) + (control ? 0 : arm ? 250 : 500) + pair % 2;
}

/* 5 to 6 of 3000; in one boot the noise is more than the net. */
static double next_to_nothing(int arm, bool control, int pair)
{
	return control ? 2995 : 3000 + arm - (pair == 3 && arm ? 7 : 0);
}

static void test_net_by_pair(void **state)
{
	struct ledger_row *r;
	struct court t;

	(void)state;
	make_nets(&t.f, 9, with_gaps);
	r = hear(&t, HEAD "metric=exit\nexpect=lower\nnet=control\n");
	assert_int_equal(r->result->k, 7);
	NEAR(r->old, 500, 2);
	NEAR(r->new, 250, 2);
	assert_false(r->result->difference);
	NEAR(r->result->ratio, 0.5, 0.02);
	assert_int_equal(r->verdict, CLAIM_SUPPORTED);
	close_court(&t);
}

/* The margin is of the whole cell: a fifth more of next to nothing is nothing. */
static void test_net_margin(void **state)
{
	static const char *const claims[] = {"expect=equal\n", "expect=no-higher\n"};
	struct ledger_row *r;
	struct court t;
	char *evidence;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char claim[512];

		snprintf(claim, sizeof(claim), HEAD "metric=exit\nnet=control\n%s", claims[i]);
		make_nets(&t.f, 9, next_to_nothing);
		r = hear(&t, claim);
		assert_int_equal(r->verdict, CLAIM_SUPPORTED);
		assert_true(r->result->difference);
		evidence = ledger_evidence(r);
		assert_non_null(strstr(evidence, "difference +1"));
		free(evidence);
		evidence = ledger_expected(r->claim);
		assert_non_null(strstr(evidence, "the margin of the whole cell"));
		free(evidence);
		close_court(&t);
	}
}

static void check_need(const char *claim, const char *need)
{
	struct court t;
	struct ledger_row *r = try(&t, 3, 1, 1, claim);

	assert_int_equal(r->verdict, CLAIM_NOT_TESTABLE);
	if (!strstr(r->need, need))
		fail_msg("'%s' is not in '%s'", need, r->need);
	assert_int_equal(t.ledger.testable, 0);
	close_court(&t);
}

#define CLAIM(workload) "[a]\nclaim=c\nsource=s\nworkload=" workload "\nmetric=exit\nexpect=lower\n"

static void test_not_testable(void **state)
{
	(void)state;
	check_need(CLAIM("exit-mlocked procs=32") "target=tcg\n", "needs target tcg");
	check_need(CLAIM("exit-mlocked procs=64"), "needs a run of exit-mlocked procs=64");
	check_need(CLAIM("exit-mlocked procs=32 colour=red"), "needs a run of");
	check_need(CLAIM("lru-add procs=1") "target=kvm\n", "needs a run on target kvm of lru-add");
	check_need(CLAIM("exit-mlocked procs=32") "net=exit-mlocked procs=64\n",
		   "needs exit-mlocked procs=64 beside it");
	check_need(CLAIM("exit-mlocked procs=32") "untestable=one instruction\n",
		   "one instruction");
	check_need("[a]\nclaim=c\nsource=s\nworkload=exit-mlocked "
		   "procs=32\nmetric=speed\nexpect=lower\n",
		   "no boot has a value of speed");
}

/* The kernels that differ by a claim's own patches judge it, and none that differ by others. */
static void test_patches(void **state)
{
	static const char claim[] = HEAD "metric=exit\nexpect=lower\nsubject=mm: b\nsince=mm: a\n";
	struct court t, other;
	struct ledger_row *r = try(&t, 8, 1.5, 1, claim);
	const struct comparison *both[] = {&t.c, &other.c};
	struct str out = STR_INIT;
	struct ledger l;

	(void)state;
	assert_int_equal(r->verdict, CLAIM_REFUTED);
	ledger_text(&t.ledger, true, &out);
	assert_non_null(strstr(out.buf, "differ in more than its patch"));
	try(&other, 8, 0.5, 1, claim);
	other.c.subject = "mm: b";
	other.c.since = "mm: b";
	ledger_make(&l, &t.claims, both, 2);
	assert_int_equal(l.rows[0].verdict, CLAIM_REFUTED);
	ledger_release(&l);
	other.c.since = "mm: a";
	ledger_make(&l, &t.claims, both, 2);
	assert_int_equal(l.rows[0].verdict, CLAIM_SUPPORTED);
	str_clear(&out);
	ledger_text(&l, true, &out);
	assert_non_null(strstr(out.buf, "judged by what it speaks of alone: mm: a to mm: b"));
	ledger_release(&l);
	str_release(&out);
	close_court(&t);
	close_court(&other);
}

/* --- by the functions that a patch touches --- */

/* Of 50 instructions an operation rmap takes 12 and all else 38, and of 40 on the new kernel 20
 * and 20. */
static const char *const profiles[] = {
	"mlocklab-profile 1\ncell 0\nregion 500\nregion 500\n0 2 740 f\n0 1 20 [module]\n0 2 240 "
	"page_remove_rmap\nend\n"
	"symbols match\nbye\n",
	"mlocklab-profile 1\ncell 0\nregion 400\nregion 400\n0 2 400 f\n0 2 400 "
	"page_remove_rmap\nend\n"
	"symbols match\nbye\n",
};

static void write_file(const char *path, const char *text)
{
	struct err err;

	if (fs_write_atomic(path, text, strlen(text), &err) < 0)
		abort();
}

/* Six pairs, and of each kernel so many profiled boots, each of another layout or all of one. */
static void make_profiled(struct fixture *f, double old, double new, int profiled, bool layouts)
{
	char path[128];

	fixture_begin(f, "icount", 1);
	name_params(f);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "n");
	for (int n = 1; n <= 12 + 2 * profiled; n++) {
		int pair = (n - 1) / 2 % 6;

		fixture_boot(f, n, n % 2 ? "old" : "new", pair, n > 12 && !layouts ? 0 : pair,
			     "ok");
		fixture_cell(f, n, MAIN_CELL, 2 * (n % 2 ? old : new) + n / 100.);
		if (n <= 12)
			continue;
		json_object_set_new(json_array_get(json_object_get(f->run, "boots"), (size_t)n - 1),
				    "kind", json_string("profile"));
		fixture_path(f, n, "profile.txt", path);
		write_file(path, profiles[n % 2 ? 0 : 1]);
	}
	fixture_finish(f);
}

#define TOUCHED HEAD "metric=exit\nsubject=mm: b\n"

/* What profiles are to say, and the verdict: -1 where they do not judge, -2 with err. */
struct profiled {
	double old, new; /* the timed boots' figures */
	int boots;
	bool layouts; /* each of another */
	const char *claim, *evidence;
};

static int by_family(const struct profiled *p, struct err *err)
{
	struct profiles from;
	char claim[512], path[160], *evidence;
	struct court t;
	struct ledger_row *r;
	int ret;

	snprintf(claim, sizeof(claim), "%s%s",
		 strstr(p->claim, "families") ? TOUCHED : HEAD "metric=exit\n", p->claim);
	make_profiled(&t.f, p->old, p->new, p->boots, p->layouts);
	r = hear(&t, claim);
	snprintf(path, sizeof(path), "%s/families.ini", t.dir);
	write_file(path, "[rmap]\nrmap=*_rmap*\n[copying]\ncopy=f\n");
	if (profiles_load(&from, t.f.path, path, err) < 0)
		fail_msg("%s", err->text);
	ret = ledger_attribute(&t.ledger, &from, 1, err);
	ret = ret < 0 ? -2 : r->by_family ? (int)r->verdict : -1;
	if (ret != -2) {
		evidence = ledger_evidence(r);
		if (p->evidence ? !strstr(evidence, p->evidence) : !!strstr(evidence, "profile"))
			fail_msg("'%s' of '%s'", p->evidence ? p->evidence : "no profile",
				 evidence);
		free(evidence);
	}
	profiles_release(&from);
	close_court(&t);
	return ret;
}

/* The whole falls by a fifth, and what the patch touches grows: the claim that it falls does not
 * hold. */
static void test_families(void **state)
{
	static const char all[] = "; of that rmap +8 (+8..+8), other changes of these kernels -18, "
				  "by profiles of 6 layouts",
			  one[] = "; of that rmap +8, other changes of these kernels -18, "
				  "by profiles of 1 layout";
	static const struct {
		struct profiled p;
		int wanted;
	} each[] = {
		{{50, 40, 6, true, "expect=lower\nfamilies=rmap\n", all}, CLAIM_REFUTED},
		{{50, 40, 6, true, "expect=higher\nfamilies=rmap\n", all}, CLAIM_SUPPORTED},
		/* of a size: 12 to 20 */
		{{50, 40, 6, true, "expect=higher\nby=0.5\nfamilies=rmap\n", all}, CLAIM_SUPPORTED},
		{{50, 40, 6, true, "expect=higher\nby=0.7\nfamilies=rmap\n", all}, CLAIM_REFUTED},
		/* rmap alone: 12 to 20 */
		{{50, 40, 6, true, "expect=no-higher\nwithin=0.1\ncopying=apart\n",
		  "; without copying and modules, which take -18, ratio 1.667 (1.667..1.667), by "
		  "profiles of "
		  "6 layouts"},
		 CLAIM_REFUTED},
		{{50, 40, 1, true, "expect=no-higher\nwithin=0.1\ncopying=apart\n",
		  "; without copying and modules, which take -18, ratio 1.667, by profiles of 1 "
		  "layout"},
		 -1},
		/* 20 more in which nobody ran on the new kernel */
		{{50, 60, 6, true, "expect=no-higher\nwithin=0.1\ncopying=apart\n",
		  "; without copying and modules, which take -18, and the time in which nobody "
		  "ran, +20, "
		  "ratio "
		  "1.667"},
		 CLAIM_REFUTED},
		/* or more of it than was timed: another figure */
		{{50, 30, 6, true, "expect=no-higher\nwithin=0.1\ncopying=apart\n", NULL}, -1},
		/* too few, or one and the same again: shown, and no verdict */
		{{50, 40, 1, true, "expect=lower\nfamilies=rmap\n", one}, -1},
		{{50, 40, 6, false, "expect=lower\nfamilies=rmap\n", one}, -1},
		/* a figure that is not what was profiled */
		{{80, 40, 6, true, "expect=lower\nfamilies=rmap\n", NULL}, -1},
		{{50, 40, 6, true, "expect=lower\nfamilies=rmap, lru\n", NULL}, -2},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(each) / sizeof(*each); i++)
		if (by_family(&each[i].p, &err) != each[i].wanted)
			fail_msg("row %zu", i);
	assert_non_null(strstr(err.text, "[a] families=rmap, lru: there is no family 'lru'"));
	refuse(HEAD "metric=exit\nexpect=lower\nfamilies=rmap\n",
	       "families=rmap: goes with subject=");
	refuse(HEAD "metric=exit\nexpect=equal\nsubject=a\nfamilies=rmap\n",
	       "expect=lower and higher only");
	refuse(HEAD "metric=exit\nexpect=lower\nnet=control\ncopying=apart\n",
	       "copying=apart, without families=, net= and");
	refuse(HEAD "metric=exit\nexpect=lower\ncopying=left\n", "copying=left: copying=apart");
}

/* --- waiting --- */

static void record(const struct fixture *f, int n, const char *cell, double ns)
{
	char path[128];
	FILE *to;

	json_object_set_new(json_array_get(json_object_get(f->run, "boots"), (size_t)n - 1), "kind",
			    json_string("locks"));
	fixture_path(f, n, "events.jsonl", path);
	to = fopen(path, "a");
	if (!to)
		abort();
	for (int iter = 1; iter <= 2; iter++)
		fprintf(to,
			"{\"t\":\"locks\",\"cell\":\"%s\",\"backend\":\"slowpath\",\"iter\":%d,"
			"\"elapsed_ns\":1000,\"workers\":1,\"rows\":[{\"lock\":1,\"mode\":"
			"\"write\",\"caller\":"
			"\"unlink_file_vma\",\"via\":\"x\",\"waits\":1,\"wait_ns\":%g,\"longest_"
			"ns\":1}]}\n",
			cell, iter, ns);
	fclose(to);
}

/* Six timed pairs, in which nothing changes, and six that recorded: of 60 ns the old kernel's
 * processes wait 30 to 30.5, the new one's 3, and nobody in the control. */
static void make_waits(struct fixture *f)
{
	int n = 1;

	fixture_begin(f, "icount", 2);
	json_object_set_new(json_object_get(f->run, "target"), "cpus", json_integer(4));
	name_params(f);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "n");
	for (int boot = 0; boot < 24; boot++, n++) {
		fixture_boot(f, n, boot % 2 ? "new" : "old", boot / 2 % 6, boot / 2 % 6, "ok");
		fixture_cell(f, n, MAIN_CELL, 2000 + boot / 2);
		fixture_cell(f, n, CONTROL_CELL, 500);
		if (boot >= 12) {
			record(f, n, MAIN_CELL, boot % 2 ? 3 : 30 + (boot / 2 % 6) / 10.0);
			record(f, n, CONTROL_CELL, 0);
		}
	}
	fixture_finish(f);
}

/* Waiting is judged by the boots that recorded it, and all else by the others. */
static void test_waiting(void **state)
{
	static const char *const claims[] = {
		HEAD "metric=waiting.i_mmap_rwsem\nexpect=lower\nby=3\nnet=control\ncpus=4\n",
		HEAD "metric=waiting.i_mmap_rwsem\nexpect=lower\nby=30\nnet=control\n",
		HEAD "metric=exit\nexpect=equal\n",
		HEAD "metric=waiting.i_mmap_rwsem\nexpect=lower\ncpus=8\n",
	};
	static const enum claim_verdict wanted[] = {CLAIM_SUPPORTED, CLAIM_REFUTED, CLAIM_SUPPORTED,
						    CLAIM_NOT_TESTABLE};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct comparison *both[2];
		struct compare_opts none = {0};
		struct comparison waits;
		struct ledger l;
		struct locks locks;
		struct court t;
		struct err err;

		make_waits(&t.f);
		if (hear(&t, claims[i])->verdict != CLAIM_NOT_TESTABLE && i != 2)
			fail_msg("timed boots tell of waiting");
		if (locks_load(&locks, t.f.path, &err) < 0 || locks_give_shares(&locks, &err) < 0 ||
		    compare_runs(&waits, &locks.run, &locks.run, &none, &err) < 0)
			fail_msg("%s", err.text);
		waits.of_locks = true;
		both[0] = &waits;
		both[1] = &t.c;
		ledger_make(&l, &t.claims, both, 2);
		if (l.rows[0].verdict != wanted[i])
			fail_msg("claim %zu: %s", i, claim_verdict_name(l.rows[0].verdict));
		if (i == 0) {
			NEAR(l.rows[0].new, 5, 1e-6);
			assert_true(l.rows[0].old >= 50 && l.rows[0].old <= 51);
		}
		if (i == 3)
			assert_string_equal(l.rows[0].need, "needs 8 CPUs");
		ledger_release(&l);
		compare_release(&waits);
		locks_release(&locks);
		close_court(&t);
	}
	check_need(HEAD "metric=waiting.i_mmap_rwsem\nexpect=lower\ncpus=4\n",
		   "needs a run with 4 CPUs with locks=slowpath of exit-mlocked");
}

static void test_writers(void **state)
{
	struct court t;
	struct str out = STR_INIT;
	struct ledger_row *r =
		try(&t, 8, 0.5, 1, HEAD "metric=exit\nexpect=lower\ncounter=nr_mlock\n");
	char *evidence = ledger_evidence(r), *mechanism = ledger_mechanism(r);
	json_t *o;

	(void)state;
	assert_non_null(strstr(evidence, "insn/page/process, ratio 0.5"));
	assert_non_null(strstr(evidence, ", control 1.0"));
	assert_string_equal(mechanism, "nr_mlock 0 to 0");
	ledger_text(&t.ledger, true, &out);
	assert_non_null(strstr(out.buf, "a: holds\n"));
	assert_non_null(strstr(out.buf, "1 claim: 1 holds.\n"));
	str_clear(&out);
	ledger_markdown(&t.ledger, &out);
	assert_non_null(strstr(out.buf, "| **holds** |"));
	str_clear(&out);
	ledger_json(&t.ledger, &out);
	o = json_loads(out.buf, 0, NULL);
	assert_string_equal(
		json_get_str(json_array_get(json_object_get(o, "claims"), 0), "verdict", ""),
		"holds");
	json_decref(o);
	str_release(&out);
	free(evidence);
	free(mechanism);
	close_court(&t);
}

/* A claim a line and a kernel a column, each with that kernel's own verdict. */
static void test_summary(void **state)
{
	static const char *const names[] = {"6.1", "7_2"};
	struct court a, b;
	struct str out = STR_INIT;
	const struct ledger *both[] = {&a.ledger, &b.ledger};

	(void)state;
	try(&a, 8, 0.5, 1, HEAD "metric=exit\nexpect=lower\n");
	try(&b, 8, 1.5, 1, HEAD "metric=exit\nexpect=lower\n");
	ledger_summary(both, names, 2, &out);
	assert_non_null(strstr(out.buf, "\n| claim | 6.1 | 7\\_2 |\n|---|---|---|\n"));
	assert_non_null(strstr(out.buf, " | holds, 0.50"));
	assert_non_null(strstr(out.buf, " | **does not hold**, 1.50"));
	assert_non_null(
		strstr(out.buf, "\n- 6.1: 1 claim: 1 holds.\n- 7_2: 1 claim: 1 does not hold.\n"));
	assert_null(strstr(out.buf, " \n"));
	str_release(&out);
	close_court(&a);
	close_court(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),     cmocka_unit_test(test_file),
		cmocka_unit_test(test_shipped),	     cmocka_unit_test(test_changes),
		cmocka_unit_test(test_sizes),	     cmocka_unit_test(test_sameness),
		cmocka_unit_test(test_bounds),	     cmocka_unit_test(test_net),
		cmocka_unit_test(test_net_by_pair),  cmocka_unit_test(test_net_margin),
		cmocka_unit_test(test_not_testable), cmocka_unit_test(test_patches),
		cmocka_unit_test(test_waiting),	     cmocka_unit_test(test_families),
		cmocka_unit_test(test_writers),	     cmocka_unit_test(test_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
