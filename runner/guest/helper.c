#include "runner/guest/helper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/str.h"

#define PROGRAM "lock-bpf"
#define MAX_FRAMES 64

static char *beside(const char *bench)
{
	const char *slash = strrchr(bench, '/');

	return slash ? xasprintf("%.*s/" PROGRAM, (int)(slash - bench), bench) : xstrdup(PROGRAM);
}

static int spawn(struct helper *h, const char *path, struct err *err)
{
	char *argv[] = {(char *)path, NULL};

	h->child = (struct child)CHILD_INIT;
	h->child.argv = argv;
	h->child.in = h->child.out = CHILD_PIPE;
	if (child_start(&h->child, err) < 0)
		return -1;
	h->in = h->child.in;
	h->out = fdopen(h->child.out, "r");
	return 0;
}

static void finish(struct helper *h)
{
	if (h->in >= 0)
		close(h->in);
	if (h->out)
		fclose(h->out);
	if (h->child.pid > 0)
		child_wait(&h->child, NULL);
	*h = (struct helper){.child = CHILD_INIT, .in = -1};
}

int helper_start(struct helper *h, const char *bench, struct err *err)
{
	char *path = beside(bench), *line = NULL;
	size_t cap = 0;
	int ret;

	*h = (struct helper){.child = CHILD_INIT, .in = -1};
	ret = spawn(h, path, err);
	if (ret == 0 && getline(&line, &cap, h->out) <= 0)
		ret = err_set(err, "'%s' ended without a word", path);
	if (ret == 0 && strcmp(line, "ready\n") != 0) {
		line[strcspn(line, "\n")] = '\0';
		ret = err_set(err, "%s", strncmp(line, "error ", 6) ? line : line + 6);
	}
	if (ret < 0)
		finish(h);
	free(line);
	free(path);
	return ret;
}

static bool parse_mode(const char *name, enum wait_mode *mode)
{
	static const char *const names[] = {
		[MODE_READ] = "read", [MODE_WRITE] = "write", [MODE_EXIT] = "exit"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i] && !strcmp(name, names[i])) {
			*mode = (enum wait_mode)i;
			return true;
		}
	}
	return false;
}

int helper_parse_wait(const char *line, const struct symbols *s, struct lock_wait *w)
{
	unsigned long long from, to, lock;
	uint64_t chain[MAX_FRAMES];
	struct lock_event e = {0};
	enum wait_mode mode;
	size_t n = 0;
	char name[8];
	unsigned thread;
	int at = 0;

	if (sscanf(line, "wait %llu %llu %llx %7s %u%n", &from, &to, &lock, name, &thread, &at) !=
		    5 ||
	    to < from || !parse_mode(name, &mode))
		return -1;
	for (const char *p = line + at; n < MAX_FRAMES; n++) {
		char *end;

		chain[n] = strtoull(p, &end, 16);
		if (end == p)
			break;
		p = end;
	}
	waits_caller(s, chain, n, &e);
	*w = (struct lock_wait){from,
				to,
				lock,
				mode,
				e.caller,
				e.via,
				mode == MODE_EXIT ? thread | WAITER_EXIT : thread,
				false};
	return 0;
}

int helper_stop(struct helper *h, const struct symbols *s, struct lock_waits *w, uint64_t *lost,
		struct err *err)
{
	unsigned long long dropped = 0, unpaired = 0;
	size_t cap = 0, room = 0;
	char *line = NULL;
	int ret = -1;

	*w = (struct lock_waits){0};
	close(h->in);
	h->in = -1;
	while (ret < 0 && getline(&line, &cap, h->out) > 0) {
		if (w->n == room) {
			room = room ? room * 2 : 1024;
			w->v = xrealloc(w->v, room * sizeof(*w->v));
		}
		if (helper_parse_wait(line, s, &w->v[w->n]) == 0)
			w->n++;
		else if (sscanf(line, "end %llu %llu", &dropped, &unpaired) == 2)
			ret = 0;
	}
	if (ret < 0)
		err_set(err, PROGRAM " ended before it told what it recorded");
	w->unpaired = unpaired;
	waits_find_exits(w);
	*lost = dropped;
	free(line);
	finish(h);
	return ret;
}
