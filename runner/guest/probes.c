#include "runner/guest/probes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

#define TRACEFS "/sys/kernel/tracing"
#define GROUP "mlocklab"
/* Returns that may be outstanding at a time, one a waiting thread. */
#define OUTSTANDING 1024

static const struct {
	const char *name, *function;
	int leave;
} kinds[PROBES] = {
	[PROBE_READ_ENTER] = {"enter_read", "rwsem_down_read_slowpath", 0},
	[PROBE_WRITE_ENTER] = {"enter_write", "rwsem_down_write_slowpath", 0},
	[PROBE_READ_LEAVE] = {"leave_read", "rwsem_down_read_slowpath", 1},
	[PROBE_WRITE_LEAVE] = {"leave_write", "rwsem_down_write_slowpath", 1},
};

/* A line to kprobe_events, which takes one a write and would drop all others but for O_APPEND. */
static int command(const char *line, struct err *err)
{
	int fd = open(TRACEFS "/kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return err_sys(err, "cannot open '" TRACEFS "/kprobe_events'");
	if (fs_write_all(fd, line, strlen(line)) < 0)
		ret = err_sys(err, "cannot set the probe '%s'", line);
	close(fd);
	return ret;
}

static int create(enum probe probe, const struct symbols *s, struct err *err)
{
	const char *function = symbols_name(s, kinds[probe].function);
	char *line;
	int ret;

	if (!function)
		return err_set(err, "this kernel has no function '%s'", kinds[probe].function);
	/* %di is the first argument of a function: the semaphore */
	line = kinds[probe].leave
		       ? xasprintf("r%d:" GROUP "/%s %s", OUTSTANDING, kinds[probe].name, function)
		       : xasprintf("p:" GROUP "/%s %s lock=%%di:x64", kinds[probe].name, function);
	ret = command(line, err);
	free(line);
	return ret;
}

/* A file of a probe's event, its text appended to out. */
static int read_event(enum probe probe, const char *file, struct str *out, struct err *err)
{
	char *path = xasprintf(TRACEFS "/events/" GROUP "/%s/%s", kinds[probe].name, file);
	int ret = fs_read(path, out, err);

	free(path);
	return ret;
}

static int learn(struct probes *p, struct err *err)
{
	struct str text = STR_INIT;
	const char *field;
	int ret = 0;

	for (int i = 0; ret == 0 && i < PROBES; i++) {
		str_clear(&text);
		ret = read_event(i, "id", &text, err);
		p->id[i] = (unsigned)strtoul(str_text(&text), NULL, 10);
	}
	str_clear(&text);
	if (ret == 0)
		ret = read_event(PROBE_READ_ENTER, "format", &text, err);
	field = strstr(str_text(&text), " lock;");
	if (ret == 0 && (!field || sscanf(field, " lock; offset:%u;", &p->lock_at) != 1))
		ret = err_set(err, "the probe's format names no field 'lock'");
	str_release(&text);
	return ret;
}

int probes_create(struct probes *p, const struct symbols *s, struct err *err)
{
	/*
	 * The return probes first: the one that was made last fires first, and once a return probe
	 * has changed the return address, a kernel 5.10 cannot see past it into the caller.
	 */
	static const enum probe order[] = {PROBE_READ_LEAVE, PROBE_WRITE_LEAVE, PROBE_READ_ENTER,
					   PROBE_WRITE_ENTER};

	*p = (struct probes){0};
	for (int i = 0; i < PROBES; i++) {
		if (create(order[i], s, err) < 0) {
			probes_remove();
			return -1;
		}
	}
	if (learn(p, err) == 0)
		return 0;
	probes_remove();
	return -1;
}

void probes_remove(void)
{
	struct err ignored;

	for (int i = 0; i < PROBES; i++) {
		char *line = xasprintf("-:" GROUP "/%s", kinds[i].name);

		command(line, &ignored);
		free(line);
	}
}

int probes_count(struct probe_counts *c, struct err *err)
{
	struct str text = STR_INIT;
	struct strv lines = STRV_INIT;
	int ret = fs_read(TRACEFS "/kprobe_profile", &text, err);

	*c = (struct probe_counts){0};
	strv_split(&lines, str_text(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		unsigned long long hits, missed;
		char name[64];

		if (sscanf(lines.v[i], " %63s %llu %llu", name, &hits, &missed) != 3)
			continue;
		for (int k = 0; k < PROBES; k++) {
			if (strcmp(name, kinds[k].name) == 0) {
				c->hits += hits;
				c->missed += missed;
			}
		}
	}
	strv_release(&lines);
	str_release(&text);
	return ret;
}
