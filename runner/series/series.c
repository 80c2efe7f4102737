#include "runner/series/series.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "runner/kernels/configure.h"

/* --- reading it --- */

int series_open(struct series *s, const char *range, const char *tree, const struct strv *only,
		const char *cache, struct err *err)
{
	struct git_commit base = {0};
	struct git_commits l = {0};
	char *from = NULL, *to = NULL;
	int ret;

	*s = (struct series){.range = xstrdup(range)};
	ret = git_range(range, &from, &to, err);
	if (ret == 0)
		ret = git_open(&s->g, tree ? tree : git_default_tree(), cache, err);
	if (ret == 0)
		ret = git_series(&s->g, from, to, only, &base, &l, err);
	if (ret == 0) {
		s->n = l.n + 1;
		s->v = xcalloc(s->n, sizeof(*s->v));
		for (size_t i = 0; i < s->n; i++)
			s->v[i] = (struct patch){.c = i ? l.v[i - 1] : base, .same = SIZE_MAX};
		free(l.v);
	} else {
		series_release(s);
	}
	free(from);
	free(to);
	return ret;
}

void series_release(struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		git_commit_release(&s->v[i].c);
		free(s->v[i].name);
		free(s->v[i].identity);
		free(s->v[i].arm);
		free(s->v[i].part);
		free(s->v[i].error);
		strv_release(&s->v[i].config);
	}
	free(s->v);
	free(s->range);
	git_release(&s->g);
	*s = (struct series){0};
}

void series_notes(const struct series *s, struct strv *notes)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->v[i].c.parents > 1)
			strv_pushf(notes, "%.12s (%s) is a merge: its step is all that it merges",
				   s->v[i].c.id, s->v[i].c.subject);
	if (!s->v[s->n - 1].c.dirty && git_has_changes(&s->g))
		strv_pushf(notes,
			   "'%s' has changes that are not committed and not measured; a range that "
			   "ends in "
			   "HEAD+ has them too",
			   s->g.dir);
}

/* --- building it --- */

static void build_all(const struct series *s, const struct kernel_recipe *r,
		      const struct kernel_opts *o, int fd)
{
	for (size_t i = 0; i < s->n; i++) {
		char *label = xasprintf("building %zu of %zu", i, s->n - 1), *line, *name;
		struct kernel_opts opts = *o;
		struct err err = {""};
		bool able = kernel_build_able(&s->g, &s->v[i].c, r, o->cache, &err) == 0;

		/* the base takes long, and nothing else is on the screen yet */
		opts.quiet = i > 0;
		name = able ? kernel_build_commit(&s->g, &s->v[i].c, r, &opts, label, &err) : NULL;
		for (char *c = err.text; *c; c++)
			if (*c == '\n')
				*c = ' ';
		line = xasprintf("%s %s\n",
				 name	? "built"
				 : able ? "failed"
					: "unable",
				 name ? name : err.text);
		able &= fs_write_all(fd, line, strlen(line)) == 0;
		free(line);
		free(name);
		free(label);
		if (!able)
			break;
	}
}

int series_start_builds(const struct series *s, const struct kernel_recipe *r,
			const struct kernel_opts *o, struct err *err)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		close(fds[0]);
		if (getppid() == parent)
			build_all(s, r, o, fds[1]);
		_exit(0);
	}
	close(fds[1]);
	if (pid > 0)
		return fds[0];
	close(fds[0]);
	return err_sys(err, "cannot start the builds");
}

/* A line, without reading past its end; NULL at the end of all. */
static char *read_line(int fd)
{
	struct str s = STR_INIT;
	char c;
	ssize_t n;

	while ((n = read(fd, &c, 1)) == 1 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (c == '\n')
			return s.buf ? s.buf : xstrdup("");
		str_addn(&s, &c, 1);
	}
	str_release(&s);
	return NULL;
}

/* --- what was built --- */

static char *config_of(const char *cache, const char *name)
{
	char *path = xasprintf("%s/kernels/%s/config", cache, name);
	struct str text = STR_INIT;
	struct err ignored;

	if (fs_read(path, &text, &ignored) < 0)
		str_add(&text, "");
	free(path);
	return text.buf ? text.buf : xstrdup("");
}

/* The last patch before i that was built. */
static size_t built_before(const struct series *s, size_t i)
{
	while (i-- > 0)
		if (s->v[i].name)
			return i;
	return SIZE_MAX;
}

static int take_config(struct series *s, size_t i, const struct kernel_recipe *r, const char *cache,
		       struct err *err)
{
	size_t before = built_before(s, i);
	char *is = config_of(cache, s->v[i].name), *was;
	int ret = 0;

	if (before != SIZE_MAX) {
		was = config_of(cache, s->v[before].name);
		kernel_config_differ(was, is, &s->v[i].config);
		free(was);
	} else {
		ret = kernel_recipe_missing(r, is, &s->v[i].config, err);
	}
	free(is);
	return ret;
}

static int take_built(struct series *s, size_t i, const char *name, const struct kernel_recipe *r,
		      const char *cache, struct err *err)
{
	struct patch *p = &s->v[i];
	size_t before = built_before(s, i);

	p->identity = kernel_installed_identity(cache, name, err);
	if (!p->identity)
		return -1;
	p->name = xstrdup(name);
	if (take_config(s, i, r, cache, err) < 0)
		return -1;
	if (before != SIZE_MAX && strcmp(s->v[before].identity, p->identity) == 0)
		p->same = s->v[before].same == SIZE_MAX ? before : s->v[before].same;
	else
		p->arm = i ? xasprintf("p%02zu", i) : xstrdup("base");
	return 0;
}

/* Whose it is, the row says. */
static char *take_error(const struct git_commit *c, const char *line)
{
	const char *text = strchr(line, ' '), *end;

	text = text ? text + 1 : line;
	end = strncmp(text, c->id, 12) == 0 ? strstr(text, "): ") : NULL;
	return xstrdup(end ? end + 3 : text);
}

/* Minutes, where a patch touches a header that everything takes; the base's build shows its own
 * way. */
static void say_wait(const struct series *s, size_t i, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (i && poll(&p, 1, 5000) == 0)
		fprintf(stderr, "%zu of %zu: building %.12s (%s)\n", i, s->n - 1, s->v[i].c.id,
			s->v[i].c.subject);
}

int series_next_built(struct series *s, size_t i, int fd, const struct kernel_recipe *r,
		      const char *cache, struct err *err)
{
	char *line;
	int ret = 0;

	say_wait(s, i, fd);
	line = read_line(fd);
	if (!line)
		return err_set(err, "the builds ended before %.12s (%s) was built", s->v[i].c.id,
			       s->v[i].c.subject);
	if (strncmp(line, "built ", 6) == 0)
		ret = take_built(s, i, line + 6, r, cache, err);
	else if (strncmp(line, "unable ", 7) == 0)
		ret = err_set(err, "%s", line + 7);
	else
		s->v[i].error = take_error(&s->v[i].c, line);
	free(line);
	return ret;
}

/* --- series.json --- */

int series_write(const struct series *s, const char *run, struct err *err)
{
	char *path = xasprintf("%s/series.json", run);
	json_t *rows = json_array(), *of = json_read_in(run, "run.json", err), *o;
	int ret = -1;

	for (size_t i = 0; i < s->n; i++) {
		const struct patch *p = &s->v[i];
		json_t *config = json_array(), *row;

		for (size_t k = 0; k < p->config.n; k++)
			json_array_append_new(config, json_string(p->config.v[k]));
		row = json_pack("{s:i, s:o, s:s?, s:s?, s:b, s:o}", "n", (int)i, "git",
				git_commit_json(&p->c), "arm", p->arm, "error", p->error, "merge",
				p->c.parents > 1, "config", config);
		json_object_set_new(row, "same",
				    p->same == SIZE_MAX ? json_null()
							: json_integer((json_int_t)p->same));
		json_array_append_new(rows, row);
	}
	o = json_pack("{s:s, s:s, s:o}", "tree", s->g.dir, "range", s->range, "patches", rows);
	if (of) {
		stored_seal_series(o, of);
		ret = json_write(path, o, err);
	}
	json_decref(o);
	json_decref(of);
	free(path);
	return ret;
}
