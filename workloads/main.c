/* mlockbench: lists, describes and runs the workloads; docs/formats.md has what it prints. */
#include <jansson.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/frame.h"
#include "lib/fs.h"
#include "lib/str.h"
#include "workloads/describe.h"
#include "workloads/harness.h"
#include "workloads/registry.h"

static const char usage_text[] =
	"usage: mlockbench list\n"
	"       mlockbench describe NAME [--json]\n"
	"       mlockbench cell NAME [param=value...]\n"
	"       mlockbench run NAME [param=value...] [options]\n"
	"\n"
	"options of run:\n"
	"  --iterations N    repetitions to measure (3)\n"
	"  --warmup N        repetitions before them, marked as warm-up (1)\n"
	"  --seed S          decides the layout of memory (1)\n"
	"  --inject PERCENT  do that much more of the workload's own work in the timed region\n"
	"  --frames STREAM   frame the records as messages of that stream\n"
	"  --out FILE        write the records there\n"
	"  --regions FD      tell that descriptor when each timed region began and ended\n"
	"  --journal FD      note there what undoes each changed setting of this machine\n";

/* Where records go. */
struct output {
	int fd;
	const struct workload *w;
	bool readable, framed;
	struct frame_writer frames;
	unsigned samples;
};

/* A message quotes what was typed, which may be anything. */
static int complain(const struct err *err)
{
	fprintf(stderr, "mlockbench: ");
	for (const char *c = err->text; *c; c++)
		fputc(isprint((unsigned char)*c) ? *c : '?', stderr);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static void print_sample(const struct output *o, const struct sample *s)
{
	printf("%s #%d%s %s", s->cell, s->iter, s->warmup ? " warm-up" : "", s->outcome);
	if (*s->reason)
		printf(": %s", s->reason);
	for (const struct metric *m = o->w->metrics; m->name; m++)
		for (size_t i = 0; i < s->metrics.n; i++)
			if (strcmp(s->metrics.v[i].name, m->name) == 0)
				printf("  %s %.6g %s", m->name, s->metrics.v[i].value, m->unit);
	printf("\n");
	fflush(stdout);
}

static int write_line(struct output *o, const char *line, struct err *err)
{
	size_t len = strlen(line);

	if (o->framed) {
		if (frame_write(&o->frames, line, len) < 0)
			return err_sys(err, "write of a record");
	} else if (fs_write_all(o->fd, line, len) < 0 || fs_write_all(o->fd, "\n", 1) < 0) {
		return err_sys(err, "write of a record");
	}
	return 0;
}

static int put_sample(void *arg, const struct sample *s, struct err *err)
{
	struct output *o = arg;
	char *line;
	int ret;

	o->samples++;
	if (o->readable) {
		print_sample(o, s);
		return 0;
	}
	line = sample_format(s);
	ret = write_line(o, line, err);
	free(line);
	return ret;
}

static int put_end(struct output *o, struct err *err)
{
	char line[64];

	if (!o->framed)
		return 0;
	snprintf(line, sizeof(line), "{\"t\":\"end\",\"samples\":%u}", o->samples);
	return write_line(o, line, err);
}

/* The words after the verb: a workload's name and its parameters. */
static int parse_cell(struct cell *c, char *words[], int n, struct err *err)
{
	const struct workload *w;

	if (n < 1)
		return err_set(err, "which workload? `mlockbench list` names them");
	w = workload_find(words[0], err);
	return w ? cell_parse(c, w, words + 1, (size_t)n - 1, err) : -1;
}

static int list(int argc, char *argv[])
{
	(void)argv;
	if (argc > 1)
		return complain(&(struct err){"list: takes no argument"});
	for (size_t i = 0; workloads[i]; i++)
		printf("%-24s %s\n", workloads[i]->name, workloads[i]->help);
	return EXIT_OK;
}

static int describe(int argc, char *argv[])
{
	bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
	const struct workload *w;
	struct err err;
	char *line;

	if (argc != 2 && !json)
		return complain(&(struct err){"describe: takes a workload and perhaps --json"});
	w = workload_find(argv[1], &err);
	if (!w)
		return complain(&err);
	if (json) {
		line = workload_json(w);
		puts(line);
		free(line);
	} else {
		workload_print(w, stdout);
	}
	return EXIT_OK;
}

static int cell(int argc, char *argv[])
{
	struct cell c;
	struct err err;
	char *line;

	if (parse_cell(&c, argv + 1, argc - 1, &err) < 0)
		return complain(&err);
	line = cell_json(&c);
	puts(line);
	free(line);
	cell_release(&c);
	return EXIT_OK;
}

static int number(const char *option, const char *text, uint64_t max, uint64_t *out,
		  struct err *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *out > max)
		return err_set(err, "--%s %.40s: not a whole number up to %llu", option, text,
			       (unsigned long long)max);
	return 0;
}

static int percent(const char *text, double *out, struct err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (*text < '0' || *text > '9' || *end || !(*out <= 1000000))
		return err_set(err, "--inject %.40s: not a percentage such as 5 or 0.5", text);
	return 0;
}

static int open_output(struct output *o, const char *path, struct err *err)
{
	o->fd = STDOUT_FILENO;
	o->readable = !o->framed && !path && isatty(STDOUT_FILENO);
	if (path)
		o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0644);
	if (o->fd < 0)
		return err_sys(err, "--out %s", path);
	o->frames.fd = o->fd;
	return 0;
}

static int run_options(int argc, char *argv[], struct run_opts *opts, struct output *o,
		       struct err *err)
{
	static const struct option options[] = {
		{"iterations", required_argument, NULL, 'i'},
		{"warmup", required_argument, NULL, 'w'},
		{"seed", required_argument, NULL, 's'},
		{"inject", required_argument, NULL, 'j'},
		{"frames", required_argument, NULL, 'f'},
		{"out", required_argument, NULL, 'o'},
		{"regions", required_argument, NULL, 'r'},
		{"journal", required_argument, NULL, 'u'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	uint64_t v;
	int c, at;

	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		uint64_t max = c == 's' ? UINT64_MAX : c == 'f' ? FRAME_MAX_STREAMS - 1 : 1000000;

		if (c == '?')
			return err_set(err, "run: `mlockbench --help` tells its options");
		if (c == 'o') {
			path = optarg;
			continue;
		}
		if (c == 'j') {
			if (percent(optarg, &opts->inject, err) < 0)
				return -1;
			continue;
		}
		if (number(options[at].name, optarg, max, &v, err) < 0)
			return -1;
		if (c == 'i')
			opts->iterations = (unsigned)v;
		else if (c == 'w')
			opts->warmup = (unsigned)v;
		else if (c == 's')
			opts->seed = v;
		else if (c == 'r')
			opts->regions = (int)v;
		else if (c == 'u')
			opts->journal = (int)v;
		else
			o->framed = true, o->frames.stream = (unsigned)v;
	}
	if (!opts->iterations)
		return err_set(err, "--iterations 0: at least 1");
	return open_output(o, path, err);
}

static int run(int argc, char *argv[])
{
	struct run_opts opts = {.iterations = 3, .warmup = 1, .seed = 1};
	struct output out = {.fd = -1};
	struct sink sink = {&out, put_sample};
	struct cell c;
	struct err err;
	int ret;

	if (run_options(argc, argv, &opts, &out, &err) < 0 ||
	    parse_cell(&c, argv + optind, argc - optind, &err) < 0)
		return complain(&err);
	out.w = c.w;
	ret = harness_run(&c, &opts, &sink, &err);
	if (!err.text[0])
		put_end(&out, &err);
	if (err.text[0])
		ret = complain(&err);
	cell_release(&c);
	return ret;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*verb)(int argc, char *argv[]);
	} verbs[] = {{"list", list}, {"describe", describe}, {"cell", cell}, {"run", run}};
	const char *verb = argc > 1 ? argv[1] : "";

	/* Else jansson reads /dev/urandom, for which 5.18 and later spend a second on entropy. */
	json_object_seed(1);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage_text, stdout);
			return EXIT_OK;
		}
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			return verbs[i].verb(argc - 1, argv + 1);
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}
