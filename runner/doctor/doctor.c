#include "runner/doctor/doctor.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "lib/text.h"
#include "runner/debian/apt.h"
#include "runner/kernels/fetch.h"
#include "runner/boot/disturb.h"

enum { COLUMNS = 75, INDENT = 17 };

/* Wraps text at words, every line but the first after an indent; column is where it starts. */
static void print_wrapped(FILE *out, const char *text, int column)
{
	int at = column;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (at > column && at + 1 + n > COLUMNS) {
			fprintf(out, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putc(' ', out);
			at++;
		}
		for (int i = 0; i < n; i++)
			putc(isprint((unsigned char)text[i]) ? text[i] : '?', out);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

static void print_row(FILE *out, const char *name, enum finding finding, const char *text,
		      const char *fix)
{
	static const char *const words[] = {"ok", "no", "?"};

	fprintf(out, "%-12s %-3s ", name, words[finding]);
	print_wrapped(out, text, INDENT);
	if (fix) {
		fprintf(out, "%*s-> ", INDENT, "");
		print_wrapped(out, fix, INDENT + 3);
	}
	fflush(out);
}

void doctor_row(struct doctor *d, const char *name, enum finding finding, const char *text,
		const char *fix)
{
	static const char *const words[] = {"ok", "no", "unknown"};
	char *clean = text_clean(text, 1000);

	if (d->rows)
		json_array_append_new(d->rows,
				      json_pack("{s:s, s:s, s:s, s:s*}", "name",
						name + strspn(name, " "), "finding", words[finding],
						"text", clean, "fix", fix));
	else
		print_row(d->out, name, finding, text, fix);
	d->gaps += finding != FINDING_OK;
	free(clean);
}

/* The first line that a program says to --version, a new string. */
static char *first_line(const char *program, struct err *err)
{
	char *argv[] = {(char *)program, "--version", NULL};
	struct str out = STR_INIT;
	char *line = NULL;

	if (spawn_capture(argv, &out, err) == 0)
		line = xstrndup(str_text(&out), strcspn(str_text(&out), "\n"));
	str_release(&out);
	return line;
}

static void program_row(struct doctor *d, const char *name, const char *purpose, const char *fix)
{
	char *path = spawn_which(name), *line = NULL, *text;
	struct err err;

	if (!path) {
		text = xasprintf("not on PATH; needed for %s", purpose);
		doctor_row(d, name, FINDING_LACK, text, fix);
	} else if (!(line = first_line(path, &err))) {
		text = xstrdup(err.text);
		doctor_row(d, name, FINDING_LACK, text, fix);
	} else {
		text = xstrdup(line);
		doctor_row(d, name, FINDING_OK, text, NULL);
	}
	free(text);
	free(line);
	free(path);
}

void doctor_programs(struct doctor *d)
{
	program_row(d, "gnuplot", "the pictures of a report", "apt-get install gnuplot-nox");
	program_row(d, "perf", "lock evidence and profiles", "apt-get install linux-perf");
	program_row(d, "stress-ng", "workloads under pressure", "apt-get install stress-ng");
	program_row(d, "fio", "workloads with file I/O beside them", "apt-get install fio");
}

static const char *some_suite(const struct strv *suites)
{
	for (size_t i = 0; i < suites->n; i++)
		if (!strchr(suites->v[i], '-'))
			return suites->v[i];
	return suites->v[0];
}

void doctor_mirror(struct doctor *d, const struct kernel_opts *o)
{
	struct kernel_suites suites;
	char *uri = NULL;
	struct err err;

	if (kernel_suites_load(&suites, o->config, &err) < 0) {
		doctor_row(d, "apt mirror", FINDING_LACK, err.text,
			   "git checkout configs/kernel/debian.ini");
		return;
	}
	if (apt_reach(o->mirror, some_suite(&suites.suites), &uri, &err) == 0)
		doctor_row(d, "apt mirror", FINDING_OK, uri, NULL);
	else
		doctor_row(d, "apt mirror", FINDING_LACK, err.text,
			   "check the network and 'apt-get update', or give --mirror URI; kernels "
			   "in the cache work without");
	free(uri);
	kernel_suites_release(&suites);
}

static void numa_row(struct doctor *d)
{
	glob_t g = {0};
	size_t nodes =
		glob("/sys/devices/system/node/node[0-9]*", 0, NULL, &g) == 0 ? g.gl_pathc : 1;
	char *text = xasprintf("%zu node%s here; QEMU targets make their own", nodes,
			       nodes == 1 ? "" : "s");

	doctor_row(d, "NUMA", nodes > 1 ? FINDING_OK : FINDING_LACK, text,
		   nodes > 1 ? NULL
			     : "for migrate-mlocked with --target host: a machine with two "
			       "nodes, or the kernel parameter numa=fake=2");
	globfree(&g);
	free(text);
}

static void memlock_row(struct doctor *d)
{
	struct rlimit r = {0};
	char *text;

	getrlimit(RLIMIT_MEMLOCK, &r);
	if (geteuid() == 0) {
		doctor_row(d, "memlock", FINDING_OK, "no limit for root", NULL);
	} else if (r.rlim_cur == RLIM_INFINITY) {
		doctor_row(d, "memlock", FINDING_OK, "no limit", NULL);
	} else {
		text = xasprintf("%llu KiB may be locked; matters to --target host only",
				 (unsigned long long)r.rlim_cur >> 10);
		doctor_row(d, "memlock", FINDING_LACK, text,
			   "sudo prlimit --memlock=unlimited --pid $$");
		free(text);
	}
}

/* A row for each setting that times vary with; icount and tcg do not care. */
static void disturbing_rows(struct doctor *d)
{
	struct disturbances all;
	size_t found = 0;

	disturb_read(&all, "");
	for (size_t i = 0; i < all.n; i++) {
		const struct disturbance *s = &all.v[i];
		char *text;

		if (!s->disturbs)
			continue;
		found++;
		text = xasprintf("%s is %s: disturbs times of --target kvm and host", s->name,
				 s->value);
		doctor_row(d, "quiet", FINDING_LACK, text, s->still);
		free(text);
	}
	if (!found)
		doctor_row(d, "quiet", FINDING_OK, "no setting here disturbs times", NULL);
	disturb_release(&all);
}

void doctor_machine(struct doctor *d)
{
	numa_row(d);
	memlock_row(d);
	disturbing_rows(d);
}
