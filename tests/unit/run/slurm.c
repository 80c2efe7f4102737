/* How the boots of a run are shared out to the tasks of a cluster. */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>
#include "runner/run/slurm-jobs.h"
#include "runner/run/slurm.h"

#define MANY 200

/* A run of so many boots in pairs, of which none is made. */
static void tasks(enum target_kind kind, size_t n, size_t slots, struct strv *lines)
{
	struct planned_boot *boots = xcalloc(n, sizeof(*boots));
	struct target target = {.kind = kind};
	struct store store = {.dir = (char *)"/nonexistent", .lock_fd = -1};
	struct run r = {.target = &target, .store = &store, .plan = {.boots = boots, .n = n}};

	for (size_t i = 0; i < n; i++)
		boots[i] = (struct planned_boot){
			.kind = BOOT_TIMED, .n = (int)i + 1, .pair = (int)i / 2};
	slurm_tasks(&r, slots, lines);
	free(boots);
}

static size_t count_boots(const char *line)
{
	size_t n = 1;

	for (; *line; line++)
		n += *line == ',';
	return n;
}

/* Every boot once and in order; large tasks first, single boots last, none of more than ten. */
static void test_apart(void **state)
{
	struct strv lines = STRV_INIT, boots = STRV_INIT;
	size_t most = 10;

	(void)state;
	tasks(TARGET_ICOUNT, MANY, 3, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		assert_true(count_boots(lines.v[i]) <= most);
		most = count_boots(lines.v[i]);
		strv_split(&boots, lines.v[i], ",");
	}
	assert_int_equal(boots.n, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(atoi(boots.v[i]), i + 1);
	assert_int_equal(count_boots(lines.v[0]), 10);
	assert_int_equal(most, 1);
	strv_release(&boots);
	strv_release(&lines);
}

/* As many slots as boots, or nobody knows how many: a task a boot. */
static void test_single(void **state)
{
	(void)state;
	for (size_t slots = 0; slots <= MANY; slots += MANY) {
		struct strv lines = STRV_INIT;

		tasks(TARGET_ICOUNT, MANY, slots, &lines);
		assert_int_equal(lines.n, MANY);
		strv_release(&lines);
	}
}

/* Where time is measured both boots of a pair are a task, whatever there is room for. */
static void test_pairs(void **state)
{
	struct strv lines = STRV_INIT;

	(void)state;
	tasks(TARGET_TCG, 6, 1, &lines);
	assert_int_equal(lines.n, 3);
	assert_string_equal(lines.v[0], "1,2");
	assert_string_equal(lines.v[2], "5,6");
	strv_release(&lines);
}

/* A build takes a whole node and as many compilers as that has CPUs, unless it is said how many. */
static void test_build_words(void **state)
{
	struct strv words = STRV_INIT;

	(void)state;
	slurm_build_words(&words, "--partition=long --account=mm", 0);
	assert_string_equal(words.v[0], "srun");
	assert_true(strv_has(&words, "--exclusive"));
	assert_true(strv_has(&words, "--account=mm"));
	assert_non_null(strstr(words.v[words.n - 2], "SLURM_CPUS_ON_NODE"));
	strv_release(&words);
	slurm_build_words(&words, NULL, 8);
	assert_false(strv_has(&words, "sh"));
	strv_release(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_build_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
