/* The report: texts from outside, the model, its writers, and the parts of pictures. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "analysis/write/html.h"
#include "lib/text.h"
#include "analysis/write/xml.h"
#include "analysis/write/markdown.h"
#include "analysis/write/gnuplot.h"
#include "analysis/write/svg.h"
#include "analysis/write/plot.h"
#include "analysis/write/csv.h"
#include "analysis/report/part.h"
#include "analysis/report/report.h"
#include "tests/unit/fixture-run.h"
#include "tests/well-formed.h"

typedef void writer(struct str *out, const char *text);

static void assert_written(writer *write, const char *text, const char *want)
{
	struct str out = STR_INIT;

	write(&out, text);
	assert_string_equal(str_text(&out), want);
	str_release(&out);
}

static void xml_of(struct str *out, const char *text)
{
	struct xml x;

	xml_begin(&x);
	xml_open(&x, "p");
	xml_attr(&x, "a", text);
	xml_text(&x, text);
	xml_end(&x, out);
}

static void xml_is_escaped(void **state)
{
	(void)state;
	assert_written(xml_of, "<script>\"a\" & 'b'</script>",
		       "<p a=\"&lt;script&gt;&quot;a&quot; &amp; 'b'&lt;/script&gt;\">"
		       "&lt;script&gt;&quot;a&quot; &amp; 'b'&lt;/script&gt;</p>\n");
	assert_written(xml_of, "\033[31mb\001\177", "<p a=\"?[31mb??\">?[31mb?\?</p>\n");
	assert_written(xml_of, "\xc3\xb6 \xf0\x9f\x90\xa7",
		       "<p a=\"&#xF6; &#x1F427;\">\xc3\xb6 \xf0\x9f\x90\xa7</p>\n");
	/* stray, cut short, overlong, surrogate, C1 control, right-to-left override */
	assert_written(xml_of, "\x80 \xe2\x82", "<p a=\"? ??\">? ?\?</p>\n");
	assert_written(xml_of, "\xc0\xbc.\xed\xa0\x80.\xc2\x9b.\xe2\x80\xae",
		       "<p a=\"??.???.??.???\">??.???.??.??\?</p>\n");
}

static void markdown_is_escaped(void **state)
{
	(void)state;
	assert_written(markdown_escape, "a|b\nc*_`<i>", "a\\|b c\\*\\_\\`\\<i\\>");
	assert_written(markdown_escape, "[x](javascript:1)\033[0m\xc2\x9b.",
		       "\\[x\\](javascript:1)?\\[0m??.");
}

static void document(struct doc *d)
{
	struct table *t = table_new("values", "What <was> said");

	doc_init(d, "A & B");
	doc_toned(d, TONE_WORSE, "worse by 3 < 4");
	doc_section(d, "first", "First");
	table_columns(t, false, "cell", NULL);
	table_columns(t, true, "old", NULL);
	table_text(t, "a,\"b\"|c");
	table_figure(t, "1.235M", 1234567.25);
	doc_table(d, t);
	doc_open(d, false, "More");
	doc_pre(d, "one\n## two\n");
	doc_close(d);
	doc_section(d, "second", "Second");
	doc_para(d, "%d is the end", 5);
}

static void page_is_written(void **state)
{
	struct str out = STR_INIT;
	struct doc d;

	(void)state;
	document(&d);
	html_write(&d, &out);
	assert_non_null(strstr(out.buf, "<title>A &amp; B</title>"));
	assert_non_null(strstr(out.buf, "<p class=\"worse\">worse by 3 &lt; 4</p>"));
	assert_non_null(strstr(out.buf, "<a href=\"#second\">Second</a>"));
	assert_non_null(strstr(out.buf, "<h2 id=\"second\">Second</h2>"));
	assert_non_null(strstr(out.buf, "<th scope=\"row\">a,<wbr/>&quot;b&quot;|c</th>"
					"<td class=\"n\">1.235M</td>"));
	/* A policy that no script passes. */
	assert_non_null(strstr(
		out.buf, "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
	assert_null(strstr(out.buf, "script-src"));
	assert_non_null(strstr(out.buf, "<details><summary>More</summary>"));
	/* The summary stands before the way on. */
	assert_true(strstr(out.buf, "worse by") < strstr(out.buf, "<nav"));
	assert_null(strstr(out.buf, "<script"));
	assert_null(strstr(out.buf, "http:"));
	assert_null(strstr(out.buf, "https:"));
	str_release(&out);
	doc_release(&d);
}

static void markdown_is_written(void **state)
{
	static const char head[] = "# A \\& B\n\n";
	struct str out = STR_INIT;
	struct doc d;

	(void)state;
	document(&d);
	markdown_write(&d, &out);
	assert_memory_equal(out.buf, head, strlen(head));
	assert_non_null(strstr(out.buf, "| cell | old |\n|---|---:|\n| a,\"b\"\\|c | 1.235M |\n"));
	assert_non_null(strstr(out.buf, "#### More\n\n    one\n    ## two\n"));
	str_release(&out);
	doc_release(&d);
}

static void csv_is_written(void **state)
{
	struct str out = STR_INIT;
	struct plot *p = plot_new("p", "t");
	struct plot_series *s = plot_add(p, "a, b", PLOT_OLD, PLOT_MARK);
	struct doc d;

	(void)state;
	document(&d);
	csv_table(d.v[2].table, &out);
	assert_string_equal(out.buf, "cell,old\n\"a,\"\"b\"\"|c\",1234567.25\n");
	str_clear(&out);
	plot_add_point(s, 1, 0.1, NAN, INFINITY);
	plot_add_point(plot_add(p, "", PLOT_QUIET, PLOT_YBAR), 1, 2, 3, 4);
	csv_plot(p, &out);
	assert_string_equal(out.buf, "series,x,y,low,high\n\"a, b\",1,0.1,,\n");
	str_release(&out);
	plot_free(p);
	doc_release(&d);
}

static void csv_holds_no_formula(void **state)
{
	(void)state;
	assert_written(csv_text, "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"");
	assert_written(csv_text, "@SUM(1)", "'@SUM(1)");
	assert_written(csv_text, "-2+3", "'-2+3");
	assert_written(csv_text, "-2.5e+06", "-2.5e+06");
	assert_written(csv_text, "+1", "+1");
	assert_written(csv_text, "a=b", "a=b");
	assert_written(csv_text, "a\nb\r\033\xe2\x80\xae", "\"a\nb?????\"");
}

static void texts_are_cut_between_characters(void **state)
{
	(void)state;
	assert_int_equal(text_cut("abc", 3), 3);
	assert_int_equal(text_cut("abcd", 3), 3);
	assert_int_equal(text_cut("a\xe2\x82\xac", 3), 1);
	assert_int_equal(text_cut("a\xe2\x82\xac", 4), 4);
	assert_int_equal(text_cut("\xe2\x82\xac", 2), 0);
}

static struct plot *sample_plot(void)
{
	struct plot *p = plot_new("pic", "it's `id` @macro %d $x");
	struct plot_series *s = plot_add(p, "old \"x\"\n", PLOT_OLD,
					 PLOT_LINE | PLOT_MARK | PLOT_YBAR | PLOT_YRIBBON);

	plot_add_point(s, 1, 10, 9, 11);
	plot_add_point(s, 2, NAN, NAN, NAN);
	plot_add_point(s, 4, 40, 30, 50);
	plot_add_tick(&p->x, 1, "100 %");
	plot_add_tick(&p->x, 4, "4");
	plot_try_log(p, true, true);
	return p;
}

static void script_is_safe(void **state)
{
	struct str out = STR_INIT;
	struct plot *p = sample_plot();

	(void)state;
	plot_script(p, &out);
	/* Single quotes are where gnuplot expands nothing; a quote in them is doubled. */
	assert_non_null(strstr(out.buf, "set label 'it''s `id` @macro %d $x' at "));
	assert_non_null(strstr(out.buf, "title 'old \"x\"'"));
	assert_non_null(strstr(out.buf, "('100 %%' 1, '4' 4)"));
	assert_non_null(strstr(out.buf, "set output 'pic.svg'"));
	assert_non_null(strstr(out.buf, "set logscale x\n"));
	assert_non_null(strstr(out.buf, "$d0 << EOD\n1 10\n4 40\nEOD\n"));
	assert_non_null(strstr(out.buf, "$i0 << EOD\n1 10 9 11\n4 40 30 50\nEOD\n"));
	assert_non_null(strstr(out.buf, "$r0 << EOD\n1 9\n4 30\n4 50\n1 11\nEOD\n"));
	str_release(&out);
	plot_free(p);
}

static void log_needs_positive(void **state)
{
	struct plot *p = sample_plot();

	(void)state;
	assert_true(p->x.log && p->y.log);
	plot_add_point(&p->series[0], 8, 5, 0, 6);
	plot_try_log(p, true, true);
	assert_true(p->x.log);
	assert_false(p->y.log);
	plot_free(p);
}

/* Every finite number has axes that end, and gnuplot takes their script. */
static void axes_end(void **state)
{
	static const double v[][2] = {{5e-324, 1},	 {5e-324, 1e308},  {1e308, 1.7e308},
				      {-1e308, 1e308},	 {1e16, 1e16 + 2}, {0, 0},
				      {-5e-324, 5e-324}, {1, 1 + 1e-15}};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		for (int log = 0; log < 2; log++) {
			struct plot *p = plot_new("pic", "extremes");
			struct plot_series *s = plot_add(p, "", PLOT_OLD, PLOT_MARK);
			struct str out = STR_INIT;

			plot_add_point(s, v[i][0], v[i][1], NAN, NAN);
			plot_add_point(s, v[i][1], v[i][0], NAN, NAN);
			plot_try_log(p, log, log);
			plot_script(p, &out);
			assert_true(out.len < 10000);
			assert_null(strstr(out.buf, "inf"));
			assert_null(strstr(out.buf, "nan"));
			str_release(&out);
			plot_free(p);
		}
	}
}

static void numbers_are_short(void **state)
{
	(void)state;
	assert_string_equal(plot_number(0), "0");
	assert_string_equal(plot_number(0.25), "0.25");
	assert_string_equal(plot_number(9999), "9999");
	assert_string_equal(plot_number(15000), "15k");
	assert_string_equal(plot_number(-2.5e6), "-2.5M");
	assert_string_equal(plot_number(3e9), "3G");
}

static void argv_reads_no_startup_file(void **state)
{
	struct strv argv = STRV_INIT;
	struct str line = STR_INIT;

	(void)state;
	plot_gnuplot_argv("plots.gp", &argv);
	strv_quote(&argv, &line);
	assert_string_equal(line.buf, "gnuplot --default-settings plots.gp");
	str_release(&line);
	strv_release(&argv);
}

static const char drawn[] =
	"<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 760 400\"\n"
	" xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n>\n"
	"<title>Gnuplot</title>\n<desc>Produced by GNUPLOT 5.4 patchlevel 4 </desc>\n\n"
	"<g id=\"gnuplot_canvas\">\n<circle id='gpDot' r='0.5'/>\n"
	"<g fill=\"none\" color=\"black\" stroke=\"black\">\n</g>\n"
	"\t<g id=\"gnuplot_plot_1\" ><title>secret</title>\n"
	"<use xlink:href='#gpDot' color='rgb(  0, 114, 178)' stroke = 'black'/>\n"
	"<use xlink:href='#gpDot' color='white'/>\n"
	"<g fill=\"black\"><text>stroke='black' &lt; </text></g>\n"
	"\t</g>\n</g>\n</svg>\n";

static void svg_is_a_picture_of_its_own(void **state)
{
	struct plot *p = plot_new("pic", "a < b");
	struct str out = STR_INIT, in = STR_INIT;
	struct err err;

	(void)state;
	str_add(&in, drawn);
	assert_int_equal(plot_svg_adapt(p, &in, &out, &err), 0);
	assert_memory_equal(out.buf, "<svg xmlns", 10);
	assert_non_null(strstr(out.buf, "<title id=\"title\">a &lt; b</title><style>"));
	assert_non_null(strstr(out.buf, "prefers-color-scheme:dark"));
	assert_non_null(strstr(
		out.buf, "<g id=\"gnuplot_canvas\"><circle id=\"gpDot\" r=\"0.5\"/>"
			 "<g id=\"gnuplot_plot_1\">"
			 "<use xlink:href=\"#gpDot\" color=\"rgb(  0, 114, 178)\" "
			 "stroke=\"currentColor\"/>"
			 "<use xlink:href=\"#gpDot\" class=\"paper\"/><g fill=\"currentColor\">"
			 "<text>stroke='black' &lt; </text></g></g></g></svg>"));
	assert_null(strstr(out.buf, "GNUPLOT"));
	assert_null(strstr(out.buf, "secret"));
	str_clear(&in);
	str_addn(&in, drawn, sizeof(drawn) / 2);
	assert_int_equal(plot_svg_adapt(p, &in, &out, &err), -1);
	assert_string_equal(err.text, "what gnuplot drew as 'pic.svg' is no SVG");
	str_release(&in);
	str_release(&out);
	plot_free(p);
}

/* By hand from the binomial(n, 1/2): n = 6: 2/64; n = 10: 22/1024, and one more in 112/1024. */
static void interval_of_the_median(void **state)
{
	double v[] = {7, 3, 1, 2, 10, 9, 4, 8, 5, 6};
	struct spread s;

	(void)state;
	s = values_spread(&(struct values){v, 10});
	assert_true(s.mid == 5.5 && s.low == 2 && s.high == 9);
	s = values_spread(&(struct values){v, 6});
	assert_true(s.mid == 5 && s.low == 1 && s.high == 10);
	s = values_spread(&(struct values){v, 1});
	assert_true(s.mid == 7 && isnan(s.low) && isnan(s.high));
	/* The range of five holds the median in 15 of 16 cases only. */
	assert_true(isnan(values_spread(&(struct values){v, 5}).low));
	assert_true(isnan(values_spread(&(struct values){v, 0}).mid));
}

static void file_names_differ(void **state)
{
	struct report r = {0};
	char *name;

	(void)state;
	doc_init(&r.doc, "t");
	name = report_file(&r, "ratio", "Exit/procs=3,path=../x");
	assert_string_equal(name, "ratio-exit-procs-3-path-x");
	free(name);
	name = report_file(&r, "ratio", "exit-procs=3;path=/x");
	assert_string_equal(name, "ratio-exit-procs-3-path-x-2");
	free(name);
	/* Two that agree as far as a name goes; nothing was added to the document in between. */
	for (int i = 0; i < 2; i++) {
		char *id = xasprintf("%0120d-%d", 0, i);

		name = report_file(&r, "profile", id);
		assert_int_equal(strlen(name), i ? 102 : 100);
		assert_string_equal(name + 98, i ? "00-2" : "00");
		free(name);
		free(id);
	}
	strv_release(&r.names);
	doc_release(&r.doc);
}

/* Makes the report of a fixture and returns its page. */
static void page_of(struct fixture *f, bool compared, struct str *page)
{
	struct compare_opts opts = {0};
	struct comparison c;
	struct run run;
	struct err err;
	char path[128], *note;

	fixture_finish(f);
	if (load_run(&run, f->path, &err) < 0)
		fail_msg("%s", err.text);
	if (compared)
		assert_int_equal(compare_runs(&c, &run, &run, &opts, &err), 0);
	snprintf(path, sizeof(path), "%s/report", f->path);
	if (report_write(&run, compared ? &c : NULL, path, &note, &err) < 0)
		fail_msg("%s", err.text);
	free(note);
	if (compared)
		compare_release(&c);
	load_release(&run);
	snprintf(path, sizeof(path), "%s/report/index.html", f->path);
	assert_int_equal(fs_read(path, page, &err), 0);
}

static void one_kernel_has_a_report(void **state)
{
	static const char *const swept[] = {"exit-mlocked/procs=64,lock=mlock",
					    "exit-mlocked/procs=128,lock=mlock"};
	struct str page = STR_INIT;
	struct fixture f;

	(void)state;
	fixture_begin(&f, "host", 2);
	fixture_arm(&f, "only", "6.1.0-1", "y");
	for (size_t i = 0; i < 2; i++)
		json_array_append_new(json_object_get(f.run, "cells"),
				      json_pack("{s:s,s:s,s:{s:s,s:s},s:n,s:i,s:i}", "id", swept[i],
						"workload", "exit-mlocked", "params", "procs",
						i ? "128" : "64", "size", "8M", "control",
						"iterations", 2, "warmup", 1));
	for (int n = 1; n <= 3; n++) {
		fixture_boot(&f, n, "only", n - 1, n, n == 3 ? "panic" : "ok");
		if (n == 3)
			continue;
		fixture_cell(&f, n, MAIN_CELL, 100);
		for (size_t i = 0; i < 2; i++)
			fixture_cell(&f, n, swept[i], 200);
	}
	page_of(&f, false, &page);
	assert_non_null(strstr(page.buf, "One kernel, only 6.1: nothing to compare it with."));
	assert_non_null(strstr(page.buf, "Target host: the machine itself"));
	assert_null(strstr(page.buf, "id=\"ratios\""));
	/* two boots have no interval, and nothing is drawn in its place */
	assert_non_null(strstr(page.buf, "which takes six boots: of fewer there are none"));
	/* The boot that died is there, with what its console said made harmless. */
	assert_non_null(strstr(page.buf, ">panic</td>"));
	assert_non_null(strstr(page.buf, "Oops?[2J"));
	str_release(&page);
	fixture_release(&f);
}

static void two_kernels_are_judged(void **state)
{
	struct str page = STR_INIT;
	struct fixture f;

	(void)state;
	fixture_begin(&f, "icount", 2);
	fixture_arm(&f, "old", "5.10.0-1", "n");
	fixture_arm(&f, "new", "6.1.0-1", "y");
	for (int n = 1; n <= 16; n++) {
		fixture_boot(&f, n, n % 2 ? "old" : "new", (n - 1) / 2, (n - 1) / 2, "ok");
		fixture_cell(&f, n, MAIN_CELL, (n % 2 ? 400 : 200) + n);
		fixture_cell(&f, n, CONTROL_CELL, 100);
	}
	page_of(&f, true, &page);
	assert_non_null(strstr(page.buf, "<title>core: 6.1 against 5.10 (icount)</title>"));
	assert_non_null(strstr(page.buf, "The figures are instructions, not time."));
	assert_non_null(strstr(page.buf, "<p class=\"badge better\"><strong>BETTER</strong> "));
	assert_non_null(strstr(page.buf, "<table class=\"forest\">"));
	assert_non_null(strstr(page.buf, "<td class=\"better\">better</td>"));
	assert_non_null(strstr(page.buf, " (control)</th>"));
	assert_non_null(strstr(page.buf, "<td class=\"even\">equivalent</td>"));
	assert_non_null(strstr(page.buf, "CONFIG_PREEMPT_DYNAMIC"));
	assert_non_null(strstr(page.buf, "Every boot came up at its first start"));
	str_release(&page);
	fixture_release(&f);
}

/* One kernel in six boots; with zero its control takes nothing. */
static void put_one(struct fixture *f, struct run *r, bool zero)
{
	struct err err;

	fixture_begin(f, "icount", 2);
	fixture_arm(f, "only", zero ? "5.10.0-1" : "6.1.0-1", "y");
	for (int n = 1; n <= 6; n++) {
		fixture_boot(f, n, "only", n - 1, n, "ok");
		fixture_cell(f, n, MAIN_CELL, 200 + n);
		fixture_cell(f, n, CONTROL_CELL, zero ? 0 : 100);
	}
	fixture_finish(f);
	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

/* How the figures came about is told of this comparison, not of the usual one. */
static void method_is_told_as_it_was(void **state)
{
	struct fixture f, g;
	struct run old, new;

	(void)state;
	put_one(&f, &old, true);
	put_one(&g, &new, false);
	for (int unpaired = 0; unpaired < 2; unpaired++) {
		struct compare_opts opts = {.unpaired = unpaired};
		struct str page = STR_INIT;
		struct comparison c;
		char path[128], *note;
		struct err err;

		assert_int_equal(compare_runs(&c, &old, &new, &opts, &err), 0);
		snprintf(path, sizeof(path), "%s/report", g.path);
		if (report_write(&new, &c, path, &note, &err) < 0)
			fail_msg("%s", err.text);
		snprintf(path, sizeof(path), "%s/report/index.html", g.path);
		assert_int_equal(fs_read(path, &page, &err), 0);
		assert_null(strstr(page.buf, "ran as pairs"));
		assert_non_null(strstr(page.buf, unpaired ? "The boots are not paired."
							  : "those of one layout are a pair."));
		assert_non_null(strstr(page.buf, unpaired ? "by rank sums" : "by signed ranks"));
		/* a difference is no percentage, and said to be one */
		assert_null(strstr(page.buf, "detectable %"));
		assert_non_null(strstr(page.buf, "and so are its interval and what would have"));
		str_release(&page);
		free(note);
		compare_release(&c);
	}
	load_release(&old);
	load_release(&new);
	fixture_release(&f);
	fixture_release(&g);
}

/* Whatever may be text in a run.json; a run that holds what is not printable is refused before. */
#define HOSTILE                                                                                    \
	"\"'><script>alert(1)</script><img src=x "                                                 \
	"onerror=alert(1)>]]>--><!--&amp;&#0;=1+1|`*_[z](javascript:1)"

static void check_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);
		struct str text = STR_INIT;
		struct err err;

		if (*e->d_name != '.' && fs_read(path, &text, &err) == 0) {
			const char *wrong = strstr(e->d_name, ".html") || strstr(e->d_name, ".svg")
						    ? ill_formed(str_text(&text), text.len)
						    : NULL;

			if (wrong)
				fail_msg("%s: %s", e->d_name, wrong);
			if (strstr(e->d_name, ".csv") &&
			    (strstr(text.buf, "\n=") || strstr(text.buf, ",=")))
				fail_msg("%s holds a formula", e->d_name);
		}
		str_release(&text);
		free(path);
	}
	closedir(d);
}

/* Every text of the run is hostile: names, units, ids, parameters, reasons, specs, settings. */
static void hostile_texts_stay_texts(void **state)
{
	const char *cells[2] = {"exit-mlocked/procs=32," HOSTILE, "exit-mlocked/" HOSTILE};
	struct str page = STR_INIT;
	struct fixture f;
	json_t *workload, *metric, *list, *value;
	const char *key;
	size_t i;
	char path[128];

	(void)state;
	fixture_begin(&f, "icount", 2);
	fixture_arm(&f, "old", "5.10" HOSTILE, HOSTILE);
	fixture_arm(&f, "new", "6.1" HOSTILE, "=" HOSTILE);
	json_object_set_new(f.run, "name", json_string(HOSTILE));
	json_object_set_new(f.run, "tool", json_string(HOSTILE));
	json_object_set_new(json_object_get(f.run, "host"), "cpu", json_string(HOSTILE));
	json_array_foreach(json_object_get(f.run, "arms"), i, value)
		json_object_set_new(value, "spec", json_string(HOSTILE));
	list = json_object_get(f.run, "cells");
	for (i = 0; i < 2; i++) {
		json_t *cell = json_array_get(list, i);

		json_object_set_new(cell, "id", json_string(cells[i]));
		json_object_set_new(cell, "control", i ? json_null() : json_string(cells[1]));
		json_object_foreach(json_object_get(cell, "params"), key, value)
			json_object_set_new(json_object_get(cell, "params"), key,
					    json_string(i ? "=" HOSTILE : HOSTILE));
	}
	workload = json_array_get(json_object_get(f.run, "workloads"), 0);
	json_array_foreach(json_object_get(workload, "metrics"), i, metric)
		json_object_set_new(metric, "unit", json_string("ns/" HOSTILE));
	for (int n = 1; n <= 16; n++) {
		fixture_boot(&f, n, n % 2 ? "old" : "new", (n - 1) / 2, (n - 1) / 2,
			     n < 16 ? "ok" : HOSTILE);
		fixture_cell(&f, n, cells[0], (n % 2 ? 400 : 200) + n);
		fixture_cell(&f, n, cells[1], 100);
	}
	page_of(&f, true, &page);
	assert_non_null(strstr(page.buf, "&lt;script&gt;alert(1)"));
	snprintf(path, sizeof(path), "%s/report", f.path);
	check_files(path);
	str_release(&page);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xml_is_escaped),
		cmocka_unit_test(markdown_is_escaped),
		cmocka_unit_test(page_is_written),
		cmocka_unit_test(markdown_is_written),
		cmocka_unit_test(csv_is_written),
		cmocka_unit_test(csv_holds_no_formula),
		cmocka_unit_test(texts_are_cut_between_characters),
		cmocka_unit_test(script_is_safe),
		cmocka_unit_test(log_needs_positive),
		cmocka_unit_test(axes_end),
		cmocka_unit_test(numbers_are_short),
		cmocka_unit_test(argv_reads_no_startup_file),
		cmocka_unit_test(svg_is_a_picture_of_its_own),
		cmocka_unit_test(interval_of_the_median),
		cmocka_unit_test(file_names_differ),
		cmocka_unit_test(one_kernel_has_a_report),
		cmocka_unit_test(two_kernels_are_judged),
		cmocka_unit_test(method_is_told_as_it_was),
		cmocka_unit_test(hostile_texts_stay_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
