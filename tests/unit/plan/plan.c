/* The order of boots, and the plan a guest is given. */
#include "tests/unit/check.h"

#include <stdbool.h>
#include "runner/plan/plan.h"

/* Reference values of splitmix64 with seed 1234567, as its authors' program prints them. */
static void test_random(void **state)
{
	static const uint64_t known[] = {6457827717110365317u, 3203168211198807973u,
					 9817491932198370423u, 4593380528125082431u,
					 16408922859458223821u};
	uint64_t s = 1234567;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_true(plan_random(&s) == known[i]);
}

/* "abba" and the like */
static void order(const struct plan *p, char *out)
{
	for (size_t i = 0; i < p->n; i++)
		out[i] = (char)('a' + p->boots[i].arm);
	out[p->n] = '\0';
}

static void test_blocks(void **state)
{
	bool ab = false, ba = false;

	(void)state;
	for (uint64_t seed = 0; seed < 64; seed++) {
		struct plan p;
		char text[64];

		plan_make(&p, 2, 4, seed, false);
		assert_int_equal(p.n, 8);
		order(&p, text);
		for (int block = 0; block < 2; block++) {
			assert_true(!strncmp(text + 4 * block, "abba", 4) ||
				    !strncmp(text + 4 * block, "baab", 4));
			ab |= text[4 * block] == 'a';
			ba |= text[4 * block] == 'b';
		}
		plan_release(&p);
	}
	assert_true(ab && ba);
}

static void test_fields(void **state)
{
	struct plan p, again, other;

	(void)state;
	plan_make(&p, 3, 5, 42, false);
	plan_make(&again, 3, 5, 42, false);
	plan_make(&other, 3, 5, 43, false);
	assert_int_equal(p.n, 15);
	assert_memory_equal(p.boots, again.boots, p.n * sizeof(*p.boots));
	assert_memory_not_equal(p.boots, other.boots, p.n * sizeof(*p.boots));
	for (size_t i = 0; i < p.n; i++) {
		const struct planned_boot *b = &p.boots[i];

		assert_int_equal(b->n, i + 1);
		assert_int_equal(b->pair, i / 3);
		assert_int_equal(b->kind, BOOT_TIMED);
		assert_true(b->seed == p.boots[i / 3 * 3].seed);
		assert_true(b->seed < (1ull << 53));
		assert_true(i < 3 || b->seed != p.boots[i - 3].seed);
	}
	plan_release(&p);
	plan_release(&again);
	plan_release(&other);
}

/* A run of other arms with the same seed has the same layouts: gate pairs boots by them. */
static void test_layouts_without_arms(void **state)
{
	struct plan one, three;

	(void)state;
	plan_make(&one, 1, 6, 42, false);
	plan_make(&three, 3, 6, 42, false);
	for (size_t pair = 0; pair < 6; pair++)
		assert_true(one.boots[pair].seed == three.boots[3 * pair].seed);
	plan_release(&one);
	plan_release(&three);
}

static void test_independent(void **state)
{
	struct plan p, paired;

	(void)state;
	plan_make(&p, 2, 6, 42, true);
	plan_make(&paired, 2, 6, 42, false);
	assert_int_equal(p.n, paired.n);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_equal(p.boots[i].pair, paired.boots[i].pair);
		for (size_t j = 0; j < i; j++)
			assert_true(p.boots[i].seed != p.boots[j].seed);
	}
	plan_release(&p);
	plan_release(&paired);
}

static void test_instrumented(void **state)
{
	struct plan p;

	(void)state;
	plan_make(&p, 2, 3, 1, false);
	plan_add(&p, 2, BOOT_PROFILE, 2);
	assert_int_equal(p.n, 10);
	for (size_t i = 6; i < 10; i++) {
		assert_int_equal(p.boots[i].n, i + 1);
		assert_int_equal(p.boots[i].kind, BOOT_PROFILE);
		assert_true(p.boots[i].seed == p.boots[(i - 6) / 2 * 2].seed);
	}
	plan_release(&p);
}

/* More rounds than pairs: no layout comes twice, and the arms of a round share theirs. */
static void test_new_layouts(void **state)
{
	struct plan p;

	(void)state;
	plan_make(&p, 2, 2, 1, false);
	plan_add(&p, 2, BOOT_PROFILE, 3);
	plan_add(&p, 2, BOOT_LOCKS, 5);
	assert_int_equal(p.n, 20);
	for (size_t i = 10; i < 20; i += 2) {
		assert_int_equal(p.boots[i].kind, BOOT_LOCKS);
		assert_true(p.boots[i].seed == p.boots[i + 1].seed);
		for (size_t k = 10; k < i; k += 2)
			assert_true(p.boots[i].seed != p.boots[k].seed);
	}
	/* the same of both kinds */
	for (size_t i = 0; i < 3; i++)
		assert_true(p.boots[4 + 2 * i].seed == p.boots[10 + 2 * i].seed);
	plan_release(&p);
}

static void test_text(void **state)
{
	struct cell cells[2] = {{.id = (char *)"null"}, {.id = (char *)"exit/procs=2"}};
	struct arm arms[2] = {{.name = (char *)"old"}, {.name = (char *)"new", .inject = 0.5}};
	struct experiment e = {.timeout = 600,
			       .settle = 60,
			       .arms = arms,
			       .narms = 2,
			       .cells = cells,
			       .ncells = 2};
	struct str s = STR_INIT;

	(void)state;
	strv_split(&cells[0].args, "null --iterations 3", " ");
	strv_split(&cells[1].args, "exit procs=2", " ");
	plan_text(&e, 0, 77, 10, &s);
	assert_string_equal(s.buf, "timeout 600\nsettle 10 60\n"
				   "cell null\trun\tnull\t--iterations\t3\t--seed\t77\n"
				   "cell exit/procs=2\trun\texit\tprocs=2\t--seed\t77\n");
	str_clear(&s);
	e.settle = 4;
	plan_text(&e, 0, 77, 10, &s);
	assert_non_null(strstr(s.buf, "settle 4 4\n"));
	str_clear(&s);
	plan_text(&e, 1, 77, 10, &s);
	assert_non_null(strstr(s.buf, "\t--seed\t77\t--inject\t0.5\ncell exit"));
	str_release(&s);
	strv_release(&cells[0].args);
	strv_release(&cells[1].args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),	    cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_fields),	    cmocka_unit_test(test_layouts_without_arms),
		cmocka_unit_test(test_independent), cmocka_unit_test(test_instrumented),
		cmocka_unit_test(test_new_layouts), cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
