/* Profiles: from what the plugin wrote to the rows of a table, figures worked out by hand. */
#include "tests/unit/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/copying.h"
#include "analysis/write/flame.h"
#include "analysis/write/profile-text.h"
#include "runner/run/profiler.h"
#include "tests/unit/fixture-run.h"

/* Both kernels execute 20 operations in two regions: 1000 and 600 instructions. */
static const char old_profile[] = "mlocklab-profile 1\n"
				  "cell 0\nregion 450\nregion 550\n"
				  "0 0 100 [user]\n"
				  "0 2 300 entry_SYSCALL_64\n"
				  "1 2 200 unmap_page_range\n"
				  "2 20 240 page_remove_rmap.isra.0\n"
				  "2 20 60 page_remove_rmap.part.1\n"
				  "1 4 100 f\n"
				  "end\n"
				  "cell 1\nregion 1\n0 0 1 [user]\nend\n"
				  "symbols match\nbye\n";
static const char new_profile[] = "mlocklab-profile 1\n"
				  "cell 0\nregion 300\nregion 300\n"
				  "0 0 100 [user]\n"
				  "0 2 300 entry_SYSCALL_64\n"
				  "1 2 160 __zap_vma_range\n"
				  "1 1 10 f\n"
				  "2 1 10 f\n"
				  "3 1 20 g\n"
				  "end\n"
				  "symbols match\nbye\n";
static const char families_text[] = "[zap]\nzap=*zap* unmap_*\n"
				    "[rmap]\nrmap=*_rmap*\n"
				    "[renamed]\nunmap_page_range=__zap_vma_range\n";

struct scene {
	struct fixture f;
	char families[128];
	struct profiles from;
};

static void write_text(const char *path, const char *text)
{
	struct err err;

	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
}

static void add_boot(struct scene *s, int n, const char *arm, const char *profile)
{
	json_t *boots = json_object_get(s->f.run, "boots");
	char path[128];

	fixture_boot(&s->f, n, arm, 0, 7, "ok");
	fixture_cell(&s->f, n, MAIN_CELL, 50);
	if (!profile)
		return;
	json_object_set_new(json_array_get(boots, json_array_size(boots) - 1), "kind",
			    json_string("profile"));
	fixture_path(&s->f, n, "profile.txt", path);
	write_text(path, profile);
}

static int try_setup(struct scene *s, const char *old, const char *new, struct err *err)
{
	fixture_begin(&s->f, "icount", 1);
	fixture_arm(&s->f, "old", "5.10", "n");
	fixture_arm(&s->f, "new", "7.2", "y");
	add_boot(s, 1, "old", NULL);
	add_boot(s, 2, "new", NULL);
	add_boot(s, 3, "old", old);
	add_boot(s, 4, "new", new);
	fixture_finish(&s->f);
	snprintf(s->families, sizeof(s->families), "%s/families.ini", s->f.path);
	write_text(s->families, families_text);
	return profiles_load(&s->from, s->f.path, s->families, err);
}

static void setup(struct scene *s, const char *old, const char *new)
{
	struct err err;

	assert_int_equal(try_setup(s, old, new, &err), 0);
}

static void teardown(struct scene *s)
{
	profiles_release(&s->from);
	fixture_release(&s->f);
}

static const struct profile_row *row(const struct profile_row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void is(const struct profile_row *r, double old, double new)
{
	assert_float_equal(r->self[0], old, 1e-9);
	assert_float_equal(r->self[1], new, 1e-9);
}

static void adds_up(void **state)
{
	struct scene s;
	struct profile p;
	struct err err;
	const struct profile_row *r;

	(void)state;
	setup(&s, old_profile, new_profile);
	assert_int_equal(profile_load(&p, &s.from, 0, 0, 1, &err), 0);
	assert_float_equal(p.whole[0], 50, 1e-9);
	assert_float_equal(p.whole[1], 30, 1e-9);
	is(row(p.functions, p.n_functions, "[user]"), 5, 5);
	/* a variant of a function is the function */
	r = row(p.functions, p.n_functions, "page_remove_rmap");
	is(r, 15, 0);
	assert_float_equal(r->calls[0], 2, 1e-9);
	assert_null(r->known_as[1]);
	/* a new name is not a loss and a gain */
	r = row(p.functions, p.n_functions, "__zap_vma_range");
	is(r, 10, 8);
	assert_float_equal(r->total[0], 25, 1e-9);
	assert_string_equal(r->known_as[0], "unmap_page_range");
	assert_string_equal(r->known_as[1], "__zap_vma_range");
	/* recursion: what f calls of itself counts once in its total */
	r = row(p.functions, p.n_functions, "f");
	is(r, 5, 1);
	assert_float_equal(r->total[1], 2, 1e-9);
	/* the largest change first */
	assert_string_equal(p.functions[0].name, "page_remove_rmap");
	assert_float_equal(profile_share(&p, &p.functions[0]), 0.75, 1e-9);
	is(row(p.families, p.n_families, "rmap"), 15, 0);
	is(row(p.families, p.n_families, "zap"), 10, 8);
	is(row(p.families, p.n_families, "other"), 25, 22);
	profile_release(&p);
	teardown(&s);
}

static void agrees_with_the_clock(void **state)
{
	struct scene s;
	struct profile p;
	struct err err;

	(void)state;
	setup(&s, old_profile, new_profile);
	assert_int_equal(profile_load(&p, &s.from, 0, 0, 1, &err), 0);
	/* two iterations of 1000 ns, an instruction being 2 */
	assert_float_equal(p.side[0].unprofiled, 1000, 1e-9);
	assert_float_equal(p.side[0].calls.insns, 1000, 1e-9);
	assert_int_equal(p.side[0].calls.regions, 2);
	assert_int_equal(p.side[0].notes.n, 0);
	profile_release(&p);
	teardown(&s);
}

static void shows(void **state)
{
	struct scene s;
	struct profile p;
	struct err err;
	struct str text = STR_INIT, svg = STR_INIT, folded = STR_INIT, csv = STR_INIT;

	(void)state;
	setup(&s, old_profile, new_profile);
	assert_int_equal(profile_load(&p, &s.from, 0, 0, 1, &err), 0);
	profile_text(&p, 12, true, &text);
	assert_non_null(strstr(text.buf, "__zap_vma_range (was unmap_page_range)"));
	assert_non_null(strstr(text.buf, "old: 1000 instructions in 2 regions, +0.0 a region"));
	assert_non_null(strstr(text.buf, "new: 600 instructions in 2 regions, -200.0 a region"));
	profile_folded(&p, &folded);
	assert_non_null(strstr(folded.buf, "entry_SYSCALL_64;f;f;g 0 20\n"));
	assert_non_null(strstr(folded.buf, "entry_SYSCALL_64;unmap_page_range 200 0\n"));
	profile_csv(&p, &csv);
	assert_non_null(strstr(csv.buf, "\",__zap_vma_range,unmap_page_range,__zap_vma_range,zap,"
					"10,8,-2,25,8,0.1,0.1\n"));
	flame_svg(&p, &svg);
	assert_non_null(strstr(svg.buf, "page_remove_rmap: old 15.00, new 0.00, -15.00 per page"));
	assert_non_null(strstr(svg.buf, "</svg>"));
	str_release(&text);
	str_release(&svg);
	str_release(&folded);
	str_release(&csv);
	profile_release(&p);
	teardown(&s);
}

static void tells_what_is_missing(void **state)
{
	struct scene s;
	struct profile p;
	struct err err;

	(void)state;
	setup(&s,
	      "mlocklab-profile 1\ncell 0\nregion 9\nopen\ndoubt 2 7\n0 0 9 [user]\nend\n"
	      "symbols differ\nbye\n",
	      "mlocklab-profile 1\ncell 0\nregion 300\n0 0 100 [user]\n");
	assert_int_equal(profile_load(&p, &s.from, 0, 0, 1, &err), 0);
	assert_int_equal(p.side[0].notes.n, 4);
	assert_non_null(strstr(p.side[0].notes.v[0], "1 regions and finished 2 iterations"));
	assert_non_null(strstr(p.side[0].notes.v[1], "never closed"));
	assert_non_null(strstr(p.side[0].notes.v[2], "not those of the kernel that ran"));
	assert_non_null(strstr(p.side[0].notes.v[3], "up to 7 instructions"));
	assert_non_null(strstr(p.side[1].notes.v[0], "ended before its profile did"));
	profile_release(&p);
	teardown(&s);
}

static void refuse(const char *profile, const char *why)
{
	struct scene s;
	struct profile p;
	struct err err;

	/* The head when the profiles are looked through, the rest when a cell is read. */
	if (try_setup(&s, profile, new_profile, &err) == 0)
		assert_int_equal(profile_load(&p, &s.from, 0, 0, 1, &err), -1);
	assert_says(&err, why);
	teardown(&s);
}

static void refuses(void **state)
{
	(void)state;
	refuse("something else\n", ":1: the first line is not");
	refuse("mlocklab-profile 1\ncell 0\n0 0 1\n", ":3: not a line of a profile");
	refuse("mlocklab-profile 1\ncell 0\n0 0 1 a\n2 0 1 b\n", ":4: depth 2 follows depth 1");
	refuse("mlocklab-profile 1\ncell 0\nregion many\n", ":3: not a line of a profile");
}

static void refuses_families(void **state)
{
	char path[] = "/tmp/mlocklab-test-XXXXXX";
	struct families f;
	struct err err;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	write_text(path, "zap=*zap*\n");
	assert_int_equal(families_load(&f, path, &err), -1);
	assert_says(&err, "in the section of a family");
	write_text(path, "[other]\nzap=*zap*\n");
	assert_int_equal(families_load(&f, path, &err), -1);
	unlink(path);
	assert_int_equal(families_load(&f, path, &err), -1);
}

static void chooses_the_plugin(void **state)
{
	struct str option = STR_INIT;
	struct err err;

	(void)state;
	assert_int_equal(profiler_api("7.2.22", &err), 1);
	assert_int_equal(profiler_api("8.2.0", &err), 1);
	assert_int_equal(profiler_api("9.0.2", &err), 2);
	assert_int_equal(profiler_api("9.1.0", &err), 3);
	assert_int_equal(profiler_api("10.0.13", &err), 3);
	assert_int_equal(profiler_api("5.2.0", &err), -1);
	assert_says(&err, "6.0 or later");
	target_plugin_option("/a,b/x.so", "/s.map", "/run", &option);
	assert_string_equal(option.buf, "file=/a,,b/x.so,out=/run/profile.txt,symbols=/s.map");
	str_clear(&option);
	target_plugin_option("/x.so", NULL, "/run", &option);
	assert_string_equal(option.buf, "file=/x.so,out=/run/profile.txt");
	str_release(&option);
}

/* Of 25 instructions an operation, as the clock has it too, one kernel copies with 5 and the other
 * with 15. */
static void copying_is_taken_out(void **state)
{
	static const char head[] = "mlocklab-profile 1\ncell 0\nregion 250\nregion 250\n",
			  foot[] = "end\nsymbols match\nbye\n";
	char *few = xasprintf("%s0 2 400 entry_SYSCALL_64\n1 2 100 copy_page\n%s", head, foot);
	char *many = xasprintf("%s0 2 200 entry_SYSCALL_64\n1 2 300 memcpy_orig\n%s", head, foot);
	struct scene s;
	struct copied taken = {0};
	struct run run;
	struct err err;

	(void)state;
	setup(&s, few, many);
	write_text(s.families, "[copying]\ncopy=copy_page memcpy*\n[renamed]\n");
	assert_int_equal(load_run(&run, s.f.path, &err), 0);
	assert_int_equal(copying_take_out(&run, &taken, s.families, &err), 0);
	assert_int_equal(taken.cells.n, 1);
	assert_string_equal(taken.cells.v[0], MAIN_CELL);
	assert_float_equal(taken.each[1], 15, 1e-9);
	for (size_t i = 0; i < run.n_boots; i++)
		assert_float_equal(run.cells[0].series[0].boot[i].median,
				   strcmp(run.arms[run.boots[i].arm].name, "old") ? 10 : 20, 1e-9);
	assert_non_null(strstr(run.notes.v[run.notes.n - 1], MAIN_CELL " 5, 15"));
	load_release(&run);
	teardown(&s);
	/* a figure that is not the whole region stays as it is */
	setup(&s, old_profile, new_profile);
	assert_int_equal(load_run(&run, s.f.path, &err), 0);
	assert_int_equal(copying_take_out(&run, &taken, s.families, &err), 0);
	assert_int_equal(taken.cells.n, 1);
	assert_float_equal(run.cells[0].series[0].boot[0].median, 25, 1e-9);
	assert_non_null(strstr(run.notes.v[run.notes.n - 1], "copying is in these figures"));
	load_release(&run);
	teardown(&s);
	copied_release(&taken);
	free(few);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up),
		cmocka_unit_test(agrees_with_the_clock),
		cmocka_unit_test(shows),
		cmocka_unit_test(tells_what_is_missing),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_families),
		cmocka_unit_test(chooses_the_plugin),
		cmocka_unit_test(copying_is_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
