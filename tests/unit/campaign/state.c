/* A campaign's decisions: every way in which a boot can go, and the machine can come back. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "runner/campaign/state.h"

#define OLD "5.10.0-46-amd64"
#define NEW "6.1.0-56-amd64"

static struct campaign_boot plan[4];

static void begin(struct campaign *c)
{
	static const struct campaign_boot fresh[] = {{1, "old", OLD, false},
						     {2, "new", NEW, false},
						     {3, "new", NEW, false},
						     {4, "old", OLD, false}};

	memcpy(plan, fresh, sizeof(plan));
	*c = (struct campaign){.run = xstrdup("/r"), .fallback = xstrdup(NEW)};
}

/* What is next where this came up; says what is lost in `why`, which the test reads. */
static char why[256];
/* What the boot before it says of its trouble. */
static const char *trouble;

static enum campaign_move next(struct campaign *c, const char *boot_id, const char *release,
			       const char *mark)
{
	struct campaign_seen seen = {boot_id, release, mark, trouble};
	struct str lost = STR_INIT;
	enum campaign_move m = campaign_next(c, plan, 4, &seen, &lost);

	snprintf(why, sizeof(why), "%s", str_text(&lost));
	str_release(&lost);
	return m;
}

#define TRIES(c, N, ATTEMPT)                                                                       \
	do {                                                                                       \
		assert_int_equal((c)->trying, N);                                                  \
		assert_int_equal((c)->attempt, ATTEMPT);                                           \
	} while (0)

static void test_calm(void **state)
{
	static const char *const marks[] = {"1.1", "2.1", "3.1", "4.1"};
	struct campaign c;

	(void)state;
	begin(&c);
	assert_int_equal(next(&c, "a", NEW, NULL), CAMPAIGN_JUMP);
	for (int i = 0; i < 4; i++) {
		char id[2] = {(char)('b' + i)};

		TRIES(&c, i + 1, 1);
		assert_string_equal(c.release, plan[i].release);
		assert_int_equal(next(&c, id, plan[i].release, marks[i]), CAMPAIGN_MEASURE);
		plan[i].over = true;
		assert_int_equal(next(&c, id, plan[i].release, marks[i]),
				 i < 3 ? CAMPAIGN_JUMP : CAMPAIGN_HOME);
		assert_string_equal(why, "");
	}
	assert_int_equal(next(&c, "f", NEW, NULL), CAMPAIGN_END);
	campaign_release(&c);
}

/* A step that is taken twice before the machine goes down asks for the same again. */
static void test_not_yet_down(void **state)
{
	struct campaign c;

	(void)state;
	begin(&c);
	assert_int_equal(next(&c, "a", NEW, NULL), CAMPAIGN_JUMP);
	assert_int_equal(next(&c, "a", NEW, NULL), CAMPAIGN_JUMP);
	assert_string_equal(why, "");
	TRIES(&c, 1, 1);
	campaign_release(&c);
}

static void test_lost(void **state)
{
	static const struct {
		const char *release, *mark, *why;
	} came[] = {
		{NEW, NULL, OLD " did not come up: the machine came back with " NEW},
		{OLD, "1.2", "what came up is of attempt 1.2, not 1.1"},
		{OLD, "2.1", "what came up is of attempt 2.1, not 1.1"},
		{NEW, "1.1", "what came up is " NEW ", not " OLD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(came) / sizeof(*came); i++) {
		struct campaign c;

		begin(&c);
		next(&c, "a", NEW, NULL);
		assert_int_equal(next(&c, "b", came[i].release, came[i].mark), CAMPAIGN_JUMP);
		assert_string_equal(why, came[i].why);
		TRIES(&c, 1, 2);
		/* and the second attempt is as good as a first */
		assert_int_equal(next(&c, "c", OLD, "1.2"), CAMPAIGN_MEASURE);
		campaign_release(&c);
	}
}

/* The machine goes down while it is measured, or after the record was written, or the runner fails.
 */
static void test_down_while_measured(void **state)
{
	struct campaign c;

	(void)state;
	begin(&c);
	next(&c, "a", NEW, NULL);
	assert_int_equal(next(&c, "b", OLD, "1.1"), CAMPAIGN_MEASURE);
	assert_int_equal(next(&c, "c", NEW, NULL), CAMPAIGN_JUMP);
	assert_string_equal(why,
			    "the machine went down while it was measured, and came back with " NEW);
	TRIES(&c, 1, 2);

	assert_int_equal(next(&c, "d", OLD, "1.2"), CAMPAIGN_MEASURE);
	plan[0].over = true; /* the record is there, and power fails before the next step */
	assert_int_equal(next(&c, "e", NEW, NULL), CAMPAIGN_JUMP);
	assert_string_equal(why, "");
	TRIES(&c, 2, 1);

	assert_int_equal(next(&c, "f", NEW, "2.1"), CAMPAIGN_MEASURE);
	assert_int_equal(next(&c, "f", NEW, "2.1"), CAMPAIGN_JUMP);
	assert_string_equal(why, "measuring ended without a record");
	TRIES(&c, 2, 2);
	campaign_release(&c);
}

/* The disk is full: the machine comes back with its default first, and no attempt is lost by that.
 */
static void test_parked(void **state)
{
	struct campaign c;

	(void)state;
	begin(&c);
	next(&c, "a", NEW, NULL);
	assert_int_equal(next(&c, "b", OLD, "1.1"), CAMPAIGN_MEASURE);
	trouble = "the disk is full";
	assert_int_equal(next(&c, "b", OLD, "1.1"), CAMPAIGN_JUMP);
	trouble = NULL;
	assert_string_equal(why, "measuring ended without a record: the disk is full");
	TRIES(&c, 1, 2);
	c.parked = true;
	assert_int_equal(next(&c, "c", NEW, NULL), CAMPAIGN_JUMP);
	assert_string_equal(why, "");
	TRIES(&c, 1, 2);
	assert_false(c.parked);
	/* it waits there */
	assert_int_equal(next(&c, "c", NEW, NULL), CAMPAIGN_JUMP);
	assert_string_equal(why, "");
	TRIES(&c, 1, 2);
	assert_int_equal(next(&c, "d", OLD, "1.2"), CAMPAIGN_MEASURE);
	campaign_release(&c);
}

static void test_clock(void **state)
{
	struct campaign c = {0};

	(void)state;
	assert_int_equal(campaign_clock(&c, 1000000), 0); /* nothing is known before */
	assert_int_equal(campaign_clock(&c, 1000600), 0);
	assert_int_equal(campaign_clock(&c, 1000600 - CAMPAIGN_CLOCK_SLACK), 0);
	assert_int_equal(campaign_clock(&c, 0), 1000600 - CAMPAIGN_CLOCK_SLACK);
	assert_int_equal(campaign_clock(&c, 2000000), 0);
	assert_int_equal(c.clock, 2000000);
}

static void test_give_up(void **state)
{
	struct campaign c;

	(void)state;
	begin(&c);
	next(&c, "a", NEW, NULL);
	assert_int_equal(next(&c, "b", NEW, NULL), CAMPAIGN_JUMP);
	assert_int_equal(next(&c, "c", NEW, NULL), CAMPAIGN_JUMP);
	TRIES(&c, 1, CAMPAIGN_ATTEMPTS);
	assert_int_equal(next(&c, "d", NEW, NULL), CAMPAIGN_GIVE_UP);
	TRIES(&c, 1, CAMPAIGN_ATTEMPTS);
	/* power fails before it is recorded: it is asked for again */
	assert_int_equal(next(&c, "e", NEW, NULL), CAMPAIGN_GIVE_UP);
	plan[0].over = true;
	assert_int_equal(next(&c, "e", NEW, NULL), CAMPAIGN_JUMP);
	TRIES(&c, 2, 1);
	campaign_release(&c);
}

/* Whatever comes back, a campaign ends: each boot costs the machine three starts at most. */
static void test_ends(void **state)
{
	unsigned long long random = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct campaign c;
		enum campaign_move m;
		int starts = 0;

		begin(&c);
		m = next(&c, "start", NEW, NULL);
		while (m != CAMPAIGN_END) {
			char id[16], mark[24];
			int what;

			assert_true(m == CAMPAIGN_JUMP || m == CAMPAIGN_HOME);
			assert_true(++starts <= 4 * CAMPAIGN_ATTEMPTS + 1);
			snprintf(id, sizeof(id), "%d", starts);
			snprintf(mark, sizeof(mark), "%d.%d", c.trying, c.attempt);
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			what = m == CAMPAIGN_HOME ? 0 : (int)(random >> 33) % 4;
			/* the fallback, the right kernel, another mark, the right one that fails
			 * while it is measured */
			m = what == 0	? next(&c, id, NEW, NULL)
			    : what == 2 ? next(&c, id, c.release, "9.9")
					: next(&c, id, c.release, mark);
			for (int i = 0; i < 3 && (m == CAMPAIGN_MEASURE || m == CAMPAIGN_GIVE_UP);
			     i++) {
				if (m == CAMPAIGN_GIVE_UP || what == 1)
					plan[c.trying - 1].over = true;
				m = next(&c, id, what == 0 ? NEW : c.release,
					 what == 0 ? NULL : mark);
			}
		}
		for (int i = 0; i < 4; i++)
			assert_true(plan[i].over);
		campaign_release(&c);
	}
}

static void test_saved(void **state)
{
	char path[] = "/tmp/mlocklab-test-XXXXXX";
	struct campaign c, back;
	struct err err;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	begin(&c);
	next(&c, "a", NEW, NULL);
	next(&c, "b", OLD, "1.1");
	c.parked = true;
	c.clock = 1900000000000;
	assert_int_equal(campaign_save(&c, path, &err), 0);
	assert_int_equal(campaign_load(&back, path, &err), 0);
	assert_string_equal(back.run, "/r");
	assert_string_equal(back.release, OLD);
	assert_string_equal(back.from, "b");
	assert_true(back.measuring);
	assert_true(back.parked);
	assert_true(back.clock == 1900000000000);
	TRIES(&back, 1, 1);
	campaign_release(&back);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(campaign_load(&back, path, &err), -1);
	close(fd);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, "{}", 2), 2);
	assert_int_equal(campaign_load(&back, path, &err), -1);
	assert_non_null(strstr(err.text, "'mlocklab campaign stop' removes it"));
	close(fd);
	unlink(path);
	campaign_release(&c);
}

static void test_word(void **state)
{
	char *v = campaign_word("ro mlocklab.boot=1.1 quiet mlocklab.boot=2.3\n", CAMPAIGN_MARK);

	(void)state;
	assert_string_equal(v, "2.3");
	free(v);
	assert_null(
		campaign_word("ro xmlocklab.boot=1 mlocklab.bootx=2 mlocklab.boot", CAMPAIGN_MARK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),	cmocka_unit_test(test_not_yet_down),
		cmocka_unit_test(test_lost),	cmocka_unit_test(test_down_while_measured),
		cmocka_unit_test(test_parked),	cmocka_unit_test(test_clock),
		cmocka_unit_test(test_give_up), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_saved),	cmocka_unit_test(test_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
