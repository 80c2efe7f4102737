#include "workloads/cgroup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

#define ROOT "/sys/fs/cgroup"

#define ENABLED ROOT "/cgroup.subtree_control"

static int put(const char *dir, const char *file, const char *text, struct err *err)
{
	char *path = xasprintf("%s/%s", dir, file);
	int ret = knob_write(path, text, err);

	free(path);
	return ret;
}

static bool has_memory(const char *path)
{
	struct str text = STR_INIT;
	struct err ignored;
	bool has = fs_read(path, &text, &ignored) == 0 && strstr(str_text(&text), "memory");

	str_release(&text);
	return has;
}

const char *cgroup_missing(void)
{
	if (!has_memory(ROOT "/cgroup.controllers"))
		return "needs cgroup v2 with the memory controller on " ROOT;
	return access(ENABLED, W_OK) < 0 ? "needs root to use the memory controller" : NULL;
}

int cgroup_make(struct cgroup *g, uint64_t limit, struct err *err)
{
	*g = (struct cgroup){.path = xasprintf(ROOT "/mlockbench-%d", (int)getpid())};
	if ((!has_memory(ENABLED) &&
	     knob_change(&g->controller, ENABLED, "+memory", "-memory", err) < 0) ||
	    knob_mkdir(g->path, err) < 0) {
		knob_restore(&g->controller);
		free(g->path);
		g->path = NULL;
		return -1;
	}
	return limit ? cgroup_set(g, "memory.max", limit, err) : 0;
}

int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return put(g->path, "cgroup.procs", text, err);
}

int cgroup_set(const struct cgroup *g, const char *file, uint64_t value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put(g->path, file, text, err);
}

static const char *find_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return line + len;
	}
	return NULL;
}

int64_t cgroup_get(const struct cgroup *g, const char *file, const char *name)
{
	char *path = xasprintf("%s/%s", g->path, file);
	struct str text = STR_INIT;
	const char *at = NULL;
	struct err err;
	int64_t value;

	if (fs_read(path, &text, &err) == 0)
		at = name ? find_line(str_text(&text), name) : str_text(&text);
	value = at ? strtoll(at, NULL, 10) : -1;
	str_release(&text);
	free(path);
	return value;
}

/* A process that was waited for may keep its place in the cgroup a moment longer. */
void cgroup_remove(struct cgroup *g)
{
	struct err ignored;

	if (!g->path)
		return;
	fs_rmdir_patiently(g->path, &ignored);
	free(g->path);
	g->path = NULL;
	knob_restore(&g->controller);
}
