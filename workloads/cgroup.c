#include "workloads/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

#define ROOT "/sys/fs/cgroup"

static int put(const char *dir, const char *file, const char *text, struct err *err)
{
	char *path = xasprintf("%s/%s", dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = err_sys(err, "'%s' into %s", text, path);
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

const char *cgroup_missing(void)
{
	struct str text = STR_INIT;
	struct err err;
	bool memory;

	memory = fs_read(ROOT "/cgroup.controllers", &text, &err) == 0 &&
		 strstr(str_text(&text), "memory");
	str_release(&text);
	if (!memory)
		return "needs cgroup v2 with the memory controller on " ROOT;
	return put(ROOT, "cgroup.subtree_control", "+memory", &err) < 0
		       ? "needs root to use the memory controller"
		       : NULL;
}

int cgroup_make(struct cgroup *g, uint64_t limit, struct err *err)
{
	*g = (struct cgroup){xasprintf(ROOT "/mlockbench-%d", (int)getpid())};
	if (mkdir(g->path, 0755) < 0 && errno != EEXIST) {
		err_sys(err, "cannot make cgroup %s", g->path);
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
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	if (!g->path)
		return;
	for (int tries = 0; rmdir(g->path) < 0 && errno == EBUSY && tries < 300; tries++)
		nanosleep(&pause, NULL);
	free(g->path);
	g->path = NULL;
}
