/* Lock evidence of a stored run: classes, medians over rounds, shares, losses. */
#include "tests/unit/check.h"
#include <math.h>
#include <time.h>
#include "analysis/write/locks-text.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

static void test_classes(void **state)
{
	bool sure;

	(void)state;
	assert_int_equal(lock_class_of('W', "unlink_file_vma", &sure), LOCK_I_MMAP);
	assert_true(sure);
	assert_int_equal(lock_class_of('W', "unlink_file_vma_batch_final", &sure), LOCK_I_MMAP);
	assert_true(sure);
	assert_int_equal(lock_class_of('W', "rmap_walk_file.isra.0", &sure), LOCK_I_MMAP);
	assert_true(sure);
	assert_int_equal(lock_class_of('W', "vma_prepare", &sure), LOCK_I_MMAP);
	assert_false(sure);
	assert_int_equal(lock_class_of('W', "unlink_anon_vmas", &sure), LOCK_ANON_VMA);
	assert_int_equal(lock_class_of('W', "__do_sys_munlockall", &sure), LOCK_MMAP);
	assert_true(sure);
	assert_int_equal(lock_class_of('W', "__x64_sys_mlock2", &sure), LOCK_MMAP);
	assert_int_equal(lock_class_of('W', "__x64_sys_getpid", &sure), LOCK_OTHER);
	assert_false(sure);
	assert_int_equal(lock_class_of('W', "unlink_file", &sure), LOCK_OTHER);
	assert_int_equal(lock_class_of('W', "", &sure), LOCK_OTHER);
	assert_int_equal(lock_class_of('S', "folio_lruvec_lock_irqsave", &sure), LOCK_LRUVEC);
	assert_int_equal(lock_class_of('S', "unlink_file_vma", &sure), LOCK_OTHER);
	assert_int_equal(lock_class_of('M', "unlink_file_vma", &sure), LOCK_OTHER);
}

/* --- a run with two instrumented boots --- */

static void append_event(const struct fixture *f, int n, const char *text)
{
	char path[128];
	FILE *to;

	fixture_path(f, n, "events.jsonl", path);
	to = fopen(path, "a");
	assert_non_null(to);
	assert_true(fputs(text, to) >= 0 && fputc('\n', to) == '\n');
	fclose(to);
}

static void set_kind(const struct fixture *f, int n, const char *kind)
{
	json_t *boots = json_object_get(f->run, "boots"), *b;
	size_t i;

	json_array_foreach(boots, i, b)
		if (json_get_int(b, "n", 0) == n)
			json_object_set_new(b, "kind", json_string(kind));
}

static void round_of(const struct fixture *f, int n, int iter, const char *rows)
{
	char *text =
		xasprintf("{\"t\":\"locks\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
			  "\"iter\":%d,\"elapsed_ns\":1000,\"workers\":1,\"rows\":[%s]}",
			  iter, rows);

	append_event(f, n, text);
	free(text);
}

#define ROW(lock, mode, caller, waits, ns, longest)                                                \
	"{\"lock\":" #lock ",\"mode\":\"" mode "\",\"caller\":\"" caller                           \
	"\",\"via\":\"x\",\"waits\":" #waits ",\"wait_ns\":" #ns ",\"longest_ns\":" #longest "}"

/*
 * Boot 1 is timed (elapsed 1000 by the fixture), boot 2 recorded: a warm-up and two rounds, whose
 * processes took 60 ns together; latencies are 30, 10 and 20.
 */
static void begin(struct fixture *f)
{
	fixture_begin(f, "tcg", 2);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "y");
	fixture_boot(f, 1, "old", 0, 1, "ok");
	fixture_cell(f, 1, MAIN_CELL, 100);
	fixture_boot(f, 2, "old", 0, 1, "ok");
	set_kind(f, 2, "locks");
	fixture_cell(f, 2, MAIN_CELL, 100);
	append_event(f, 2, "{\"t\":\"hello\"}");
}

static void load(struct fixture *f, struct locks *l)
{
	struct err err;

	fixture_finish(f);
	if (locks_load(l, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_figures(void **state)
{
	struct lock_figures fig;
	const struct lock_cell *c;
	struct fixture f;
	struct locks l;
	double *shares;

	(void)state;
	begin(&f);
	round_of(&f, 2, 0, ROW(1, "write", "unlink_file_vma", 999, 999, 999)); /* the warm-up */
	round_of(&f, 2, 1,
		 ROW(1, "write", "unlink_file_vma", 3, 30, 20) "," ROW(2, "read", "rmap_walk_file",
								       1, 6, 6));
	round_of(&f, 2, 2, ROW(1, "write", "unlink_file_vma", 1, 12, 12));
	append_event(&f, 2,
		     "{\"t\":\"locks-end\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
		     "\"events\":10,\"lost\":0,\"missed\":0,\"unpaired\":0}");
	load(&f, &l);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.backend, "slowpath");
	c = locks_find(&l, MAIN_CELL, 0);
	assert_non_null(c);
	assert_null(locks_find(&l, MAIN_CELL, 1));
	assert_int_equal(c->rounds, 2);
	assert_int_equal(c->n_lines, 2);
	assert_string_equal(c->lines[0].caller, "unlink_file_vma");
	locks_figures(c, &c->lines[0], &fig);
	NEAR(fig.waits, 2, 1e-9);
	NEAR(fig.all_waits, 4, 1e-9);
	NEAR(fig.wait_ns, 21, 1e-9);
	NEAR(fig.mean_ns, 10.5, 1e-9);
	NEAR(fig.longest_ns, 20, 1e-9);
	NEAR(fig.share, 0.35, 1e-9);
	assert_int_equal(fig.seen, 2);
	locks_figures(c, &c->lines[1], &fig);
	NEAR(fig.wait_ns, 3, 1e-9);
	assert_int_equal(fig.seen, 1);
	/* the parts add up */
	shares = locks_shares(c, LOCK_I_MMAP);
	NEAR(shares[0], 0.6, 1e-9);
	NEAR(shares[1], 0.2, 1e-9);
	free(shares);
	shares = locks_shares(c, LOCK_ANON_VMA);
	NEAR(shares[0], 0, 1e-9);
	free(shares);
	NEAR(c->slowdown, 1, 1e-9);
	NEAR(locks_lost(c), 0, 1e-9);
	locks_release(&l);
	fixture_release(&f);
}

/* A caller that takes locks of two classes is told by who else waited for the same one. */
static void test_class_by_lock(void **state)
{
	struct fixture f;
	struct locks l;

	(void)state;
	begin(&f);
	round_of(&f, 2, 1,
		 ROW(1, "write", "vma_prepare", 1, 9,
		     9) "," ROW(2, "write", "vma_prepare", 1, 5,
				5) "," ROW(1, "read", "rmap_walk_anon", 1, 2, 2));
	load(&f, &l);
	assert_int_equal(l.cells[0].n_lines, 3);
	assert_int_equal(l.cells[0].lines[0].class, LOCK_ANON_VMA);
	assert_int_equal(l.cells[0].lines[1].class, LOCK_I_MMAP);
	assert_int_equal(l.cells[0].lines[2].class, LOCK_ANON_VMA);
	locks_release(&l);
	fixture_release(&f);
}

static void expect_text(const struct locks *l, const char *words)
{
	struct str out = STR_INIT;

	locks_text(l, &out);
	if (!strstr(str_text(&out), words))
		fail_msg("'%s' is not in:\n%s", words, str_text(&out));
	for (const char *line = str_text(&out); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_true(strcspn(line, "\n") <= 75);
	}
	str_release(&out);
}

/* Of the time in exit_mmap() counts what was waited there; a round without exits makes it unknown.
 */
static void test_exit_shares(void **state)
{
	struct fixture f;
	struct locks l;
	double *shares;

	(void)state;
	begin(&f);
	append_event(
		&f, 2,
		"{\"t\":\"locks\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
		"\"iter\":1,\"elapsed_ns\":1000,\"workers\":1,\"exits\":2,\"exit_ns\":40,"
		"\"rows\":[{\"lock\":1,\"mode\":\"write\",\"caller\":\"unlink_file_vma\",\"via\":"
		"\"x\",\"waits\":2,\"wait_ns\":50,\"longest_ns\":30,\"in_exit_ns\":30},"
		"{\"lock\":2,\"mode\":\"write\",\"caller\":\"unlink_anon_vmas\",\"via\":\"x\","
		"\"waits\":1,\"wait_ns\":6,\"longest_ns\":6,\"in_exit_ns\":6}]}");
	load(&f, &l);
	shares = locks_exit_shares(&l.cells[0], LOCK_I_MMAP);
	assert_non_null(shares);
	NEAR(shares[0], 0.75, 1e-9);
	free(shares);
	shares = locks_exit_shares(&l.cells[0], LOCK_CLASSES);
	NEAR(shares[0], 0.9, 1e-9);
	free(shares);
	expect_text(&l, " i_mmap_rwsem: 75.0% of the time in exit_mmap (1 boot: 75.0% to 75.0%)\n");
	locks_release(&l);
	round_of(&f, 2, 2, ROW(1, "write", "unlink_file_vma", 1, 12, 12));
	load(&f, &l);
	assert_null(locks_exit_shares(&l.cells[0], LOCK_I_MMAP));
	locks_release(&l);
	fixture_release(&f);
}

static void test_losses(void **state)
{
	struct fixture f;
	struct locks l;
	struct err err;
	struct str method = STR_INIT;
	char path[128];
	json_t *boot;

	(void)state;
	begin(&f);
	fixture_path(&f, 2, "boot.json", path);
	boot = json_read(path, &err);
	json_object_set_new(boot, "attempts", json_integer(3));
	json_write(path, boot, &err);
	json_decref(boot);
	round_of(&f, 2, 1, "");
	round_of(&f, 2, 2, "");
	append_event(&f, 2,
		     "{\"t\":\"locks-end\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
		     "\"events\":980,\"lost\":15,\"missed\":5,\"unpaired\":4}");
	load(&f, &l);
	NEAR(locks_lost(&l.cells[0]), 0.02, 1e-9);
	expect_text(&l, "INCOMPLETE: 2.0 % of the events");
	locks_method(&l, &method);
	assert_non_null(strstr(str_text(&method), "Of 2 boots 1 died or failed"));
	str_release(&method);
	expect_text(&l, "No wait was seen");
	locks_release(&l);
	fixture_release(&f);
}

static void test_skip_is_told_escaped(void **state)
{
	struct fixture f;
	struct locks l;

	(void)state;
	begin(&f);
	append_event(&f, 2,
		     "{\"t\":\"locks-skip\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
		     "\"reason\":\"no \\u001b[2J tracefs\"}");
	load(&f, &l);
	assert_int_equal(l.cells[0].rounds, 0);
	expect_text(&l, "Not recorded: no \\x1b[2J tracefs");
	locks_release(&l);
	fixture_release(&f);
}

/* perf's words are kept as they are, but for what a terminal would obey. */
static void test_perf(void **state)
{
	struct fixture f;
	struct locks l;

	(void)state;
	begin(&f);
	append_event(&f, 2,
		     "{\"t\":\"perf\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"perf\","
		     "\"text\":\"  Name  contended\\n  &mapping...  7\\n  \\u001b[2J  1\\n\"}");
	load(&f, &l);
	expect_text(&l, "\n  Name  contended\n  &mapping...  7\n  \\x1b[2J  1\n");
	locks_release(&l);
	fixture_release(&f);
}

static void test_no_evidence(void **state)
{
	struct fixture f;
	struct locks l;
	struct err err;

	(void)state;
	begin(&f);
	load(&f, &l);
	assert_int_equal(l.n, 0);
	locks_release(&l);
	append_event(&f, 2, "{\"t\":\"locks\",");
	fixture_finish(&f);
	assert_int_equal(locks_load(&l, f.path, &err), -1);
	assert_says(&err, "events.jsonl:2");
	assert_null(l.cells);
	fixture_release(&f);
}

/* Waits are many and long on 64 processes: no figure may break the table. */
static void test_width(void **state)
{
	struct fixture f;
	struct locks l;

	(void)state;
	begin(&f);
	round_of(&f, 2, 1,
		 ROW(1, "write", "unlink_file_vma_batch_process_and_more", 123456, 59, 59));
	round_of(&f, 2, 2,
		 ROW(1, "write", "unlink_file_vma_batch_process_and_more", 123456, 59, 59));
	load(&f, &l);
	expect_text(&l, " W unlink_file_vma_batch_process_a123k (247k)");
	locks_release(&l);
	fixture_release(&f);
}

static double shown_share(const struct locks *l, const char *metric)
{
	const struct series *s = load_figure(&l->run, MAIN_CELL, metric);

	return s ? s->boot[0].median : NAN;
}

/* The part that was waited is a figure of the boot, where the recorder sees that kind of lock
 * whole. */
static void test_given_shares(void **state)
{
	struct fixture f;
	struct locks l;
	struct err err;

	(void)state;
	begin(&f);
	round_of(&f, 2, 1, ROW(1, "write", "unlink_file_vma", 3, 30, 20));
	round_of(&f, 2, 2, ROW(1, "write", "nobody_knows", 1, 12, 12));
	load(&f, &l);
	assert_int_equal(locks_give_shares(&l, &err), 0);
	NEAR(shown_share(&l, "waiting.i_mmap_rwsem"), 25, 1e-9);
	NEAR(shown_share(&l, "waiting.other"), 10, 1e-9);
	NEAR(shown_share(&l, "waiting.anon_vma"), 0, 1e-9);
	assert_true(isnan(shown_share(&l, "waiting.lruvec")));
	locks_release(&l);
	append_event(&f, 2,
		     "{\"t\":\"locks-end\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
		     "\"events\":98,\"lost\":2,\"missed\":0,\"unpaired\":0}");
	load(&f, &l);
	assert_int_equal(locks_give_shares(&l, &err), 0);
	assert_true(isnan(shown_share(&l, "waiting.i_mmap_rwsem")));
	locks_release(&l);
	fixture_release(&f);
}

/* --- what reading costs --- */

/* A run with so many messages of a round, each of a caller of its own or all of one. */
static void many_rounds(struct fixture *f, int size, bool fresh)
{
	struct str events = STR_INIT;
	char path[128];
	struct err err;

	begin(f);
	for (int i = 0; i < size; i++)
		str_addf(&events,
			 "{\"t\":\"locks\",\"cell\":\"" MAIN_CELL "\",\"backend\":\"slowpath\","
			 "\"iter\":1,\"elapsed_ns\":100,\"workers\":1,\"exits\":0,\"exit_ns\":0,"
			 "\"rows\":[{\"lock\":%d,\"mode\":\"write\",\"caller\":\"f%d\",\"via\":"
			 "\"g\","
			 "\"waits\":1,\"wait_ns\":5,\"longest_ns\":5,\"in_exit_ns\":0}]}\n",
			 i, fresh ? i : i % 8);
	fixture_path(f, 2, "events.jsonl", path);
	assert_int_equal(fs_write_atomic(path, events.buf, events.len, &err), 0);
	str_release(&events);
	fixture_finish(f);
}

static double cost_of_rounds(int size)
{
	struct timespec t[2];
	struct fixture f;
	struct locks l;

	many_rounds(&f, size, false);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[0]);
	load(&f, &l);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[1]);
	assert_int_equal(l.cells[0].rounds, size);
	locks_release(&l);
	fixture_release(&f);
	return (double)(t[1].tv_sec - t[0].tv_sec) + (double)(t[1].tv_nsec - t[0].tv_nsec) / 1e9;
}

/* Eight times the messages in at most 24 times the CPU time: a square would be 64. */
static void test_linear(void **state)
{
	double one = cost_of_rounds(500), eight = cost_of_rounds(4000);

	(void)state;
	if (eight > 24 * one + 0.05)
		fail_msg("500 messages take %.3f s, 4000 take %.3f s", one, eight);
}

static void test_too_many_callers(void **state)
{
	struct fixture f;
	struct locks l;
	struct err err;

	(void)state;
	many_rounds(&f, 6000, true);
	assert_int_equal(locks_load(&l, f.path, &err), -1);
	assert_says(&err, "which is more than a run of its size may");
	fixture_release(&f);
}

static void test_no_count(void **state)
{
	static const char *const rows[] = {ROW(1, "write", "f", 1, 1e308, 1),
					   ROW(1, "write", "f", -1, 1, 1),
					   ROW(1, "write", "f", 1, 1, 5e-324)};
	struct fixture f;
	struct locks l;
	struct err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		begin(&f);
		round_of(&f, 2, 1, rows[i]);
		fixture_finish(&f);
		assert_int_equal(locks_load(&l, f.path, &err), -1);
		assert_says(&err, "events.jsonl:2: a number that is no count");
		fixture_release(&f);
	}
}

/* Rounds of one boot are one value: two boots, however many rounds. */
static void test_by_boot(void **state)
{
	double boot[] = {3, 3, 3, 5, 5}, of[] = {10, 10, 10, 10, 10}, waits[] = {1, 9, 2, 4, 6};
	struct lock_line line = {.class = LOCK_I_MMAP, .wait_ns = waits, .in_exit_ns = waits};
	struct lock_cell c = {.rounds = 5,
			      .boot = boot,
			      .process_ns = of,
			      .exit_ns = of,
			      .lines = &line,
			      .n_lines = 1};
	struct values v;

	(void)state;
	for (int exits = 0; exits < 2; exits++) {
		assert_true(locks_boot_shares(&c, LOCK_I_MMAP, exits, &v));
		assert_int_equal(v.n, 2);
		assert_true(fabs(v.v[0] - 0.2) < 1e-12 && fabs(v.v[1] - 0.5) < 1e-12);
		values_release(&v);
	}
	c.exit_ns = (double[]){10, 10, 0, 10, 10};
	assert_false(locks_boot_shares(&c, LOCK_I_MMAP, true, &v));
	c.rounds = 0;
	assert_false(locks_boot_shares(&c, LOCK_I_MMAP, false, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_given_shares),
		cmocka_unit_test(test_by_boot),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_class_by_lock),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_skip_is_told_escaped),
		cmocka_unit_test(test_no_evidence),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_exit_shares),
		cmocka_unit_test(test_perf),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_too_many_callers),
		cmocka_unit_test(test_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
