/* A table of options: what is read with it, what it refuses, and what it tells people and shells.
 */
#include "tests/unit/check.h"
#include "lib/options.h"

struct got {
	const char *out, *format;
	bool all;
	int pairs;
	double margin;
	struct strv kernels, rest;
};
#define AT(field) offsetof(struct got, field)

static const struct opt others[] = {
	OPT_INT("workers", "N", 1, 9, 0, "boots at a time"),
	OPT_FLAG("show", 0, "show"),
	OPT_FLAG("ktap", 0, "as KTAP"),
	OPT_TEXT("out", "DIR", OFFER_DIR, 0, "another's"),
	OPT_END,
};

static const struct opt opts[] = {
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out), NULL),
	OPT_CHOICE("format", "FORMAT", "text|csv", AT(format),
		   "how it is printed, which is told at such "
		   "length that it takes a second line"),
	OPT_FLAG("all", AT(all), "everything"),
	OPT_INT("pairs", "N", 1, 100, AT(pairs), "pairs"),
	OPT_SHARE("margin", AT(margin), "margin"),
	OPT_LIST("kernel", "SPEC", OFFER_KERNEL, AT(kernels), "kernels"),
	OPT_END,
};

static const struct command command = {
	.name = "try",
	.usage = "RUN\n--all",
	.about = "Tries.\n",
	.notes = "More.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.want = "one run or two",
	.words = OFFER_RUN " " OFFER_FILE,
	.pass = others,
	.pass_verb = "other",
	.keeps = "ktap",
	.pass_at = AT(rest),
};

/* What the last line was read into, of which a program releases nothing. */
static struct strv argv, kept;
static struct got got;

static int release(void **state)
{
	(void)state;
	strv_release(&argv);
	strv_release(&kept);
	strv_release(&got.kernels);
	strv_release(&got.rest);
	return 0;
}

/* Reads a command line, its words apart by blanks; what it gives lives until the next. */
static int reads(struct got *g, struct strv *words, struct err *err, const char *line)
{
	int ret;

	release(NULL);
	strv_push(&argv, "mlocklab-try");
	strv_split(&argv, line, " ");
	got = (struct got){0};
	ret = command_read(&command, &got, (int)argv.n, argv.v, &kept, err);
	*g = got;
	*words = kept;
	return ret;
}

static void test_read(void **state)
{
	struct strv words;
	struct err err;
	struct got g;

	(void)state;
	assert_int_equal(reads(&g, &words, &err,
			       "--pairs 3 A --out=x --all B --margin 2% --kernel k --kern=l"),
			 0);
	assert_int_equal(words.n, 2);
	assert_string_equal(words.v[0], "A");
	assert_string_equal(words.v[1], "B");
	assert_int_equal(g.pairs, 3);
	assert_string_equal(g.out, "x");
	assert_true(g.all);
	assert_true(g.margin > 0.0199 && g.margin < 0.0201);
	assert_int_equal(g.kernels.n, 2);
	assert_string_equal(g.kernels.v[1], "l");
	assert_int_equal(reads(&g, &words, &err, "A -- --all"), 0);
	assert_string_equal(words.v[1], "--all");
	assert_false(g.all);
	assert_int_equal(reads(&g, &words, &err, "--help --nonsense"), 1);
	assert_int_equal(reads(&g, &words, &err, "A --completion"), 1);
}

/* What another verb takes is handed on whole: a switch swallows no word, a value is no word. */
static void test_hand_on(void **state)
{
	struct strv words;
	struct err err;
	struct got g;

	(void)state;
	assert_int_equal(reads(&g, &words, &err, "--show A --work 3 B --out mine"), 0);
	assert_int_equal(words.n, 2);
	assert_int_equal(g.rest.n, 2);
	assert_string_equal(g.rest.v[0], "--show");
	assert_string_equal(g.rest.v[1], "--workers=3");
	assert_string_equal(g.out, "mine");
}

static void refuses(const char *line, const char *message)
{
	struct strv words;
	struct err err = {""};
	struct got g;

	assert_int_equal(reads(&g, &words, &err, line), -1);
	assert_string_equal(err.text, message);
}

static void test_refuse(void **state)
{
	(void)state;
	refuses("A --piars 3", "unknown option '--piars'; did you mean '--pairs'?");
	refuses("A --wrokers=3", "unknown option '--wrokers'; did you mean '--workers'?");
	refuses("A -x", "unknown option '-x'; 'mlocklab try --help' lists what there is");
	refuses("A --ktap", "--ktap is an option of 'mlocklab other', not of 'mlocklab try'");
	refuses("A --pairs", "--pairs takes a value: --pairs N");
	refuses("A --pairs=0", "--pairs=0: not a number from 1 to 100");
	refuses("A --pairs=3x", "--pairs=3x: not a number from 1 to 100");
	refuses("A --workers=10", "--workers=10: not a number from 1 to 9");
	refuses("A --all=yes", "--all takes no value");
	refuses("A --margin=nan", "--margin=nan: not a share such as 2% or 0.02");
	refuses("A --margin=2", "--margin=2: not a share such as 2% or 0.02");
	refuses("A --format=cvs", "--format=cvs: one of text, csv; did you mean 'csv'?");
	refuses("--all", "one run or two; 'mlocklab try --help' tells more");
	refuses("A B C", "one run or two; 'mlocklab try --help' tells more");
}

static void test_tell(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	command_help(&command, &s);
	assert_string_equal(
		s.buf,
		"usage: mlocklab try RUN\n"
		"       mlocklab try --all\n\nTries.\n\n"
		"  --out DIR, --format FORMAT\n"
		"                        how it is printed, which is told at such length that it\n"
		"                        takes a second line\n"
		"  --all                 everything\n"
		"  --pairs N             pairs\n"
		"  --margin SHARE        margin\n"
		"  --kernel SPEC         kernels\n"
		"  --help                this text\n"
		"\nEvery other option is one of other; see 'mlocklab other --help'.\n"
		"\nMore.\n");
	str_clear(&s);
	command_completion(&command, &s);
	assert_string_equal(s.buf, "option\t--out\tDIR\tdir\n"
				   "option\t--format\tFORMAT\ttext|csv\n"
				   "option\t--all\t\t\n"
				   "option\t--pairs\tN\t\n"
				   "option\t--margin\tSHARE\t\n"
				   "option\t--kernel\tSPEC\tkernel\n"
				   "option\t--help\t\t\n"
				   "other\t--workers\tN\t\n"
				   "other\t--show\t\t\n"
				   "argument\t1\t-\trun\n"
				   "argument\t2+\t-\tfile\n");
	str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read), cmocka_unit_test(test_hand_on),
		cmocka_unit_test(test_refuse), cmocka_unit_test(test_tell)};

	return cmocka_run_group_tests(tests, NULL, release);
}
