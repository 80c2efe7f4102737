#include "runner/guest/probes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/journal.h"
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
	[PROBE_EXIT_ENTER] = {"enter_exit", "exit_mmap", 0},
	[PROBE_EXIT_LEAVE] = {"leave_exit", "exit_mmap", 1},
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

static int create(enum probe probe, const struct symbols *s, int journal, struct err *err)
{
	const char *function = symbols_name(s, kinds[probe].function);
	char *line, *event = xasprintf(GROUP "/%s", kinds[probe].name);
	int ret = journal ? journal_add_kprobe(journal, event, err) : 0;

	free(event);
	if (ret < 0)
		return ret;
	if (!function)
		return err_set(err, "this kernel has no function '%s'", kinds[probe].function);
	/* %di is the first argument of a function: the semaphore, or the address space */
	line = kinds[probe].leave
		       ? xasprintf("r%d:" GROUP "/%s %s", OUTSTANDING, kinds[probe].name, function)
		       : xasprintf("p:" GROUP "/%s %s lock=%%di:x64", kinds[probe].name, function);
	ret = command(line, err);
	free(line);
	return ret;
}

/* A file of an event, "mlocklab/enter_read", its text appended to out. */
static int read_event(const char *event, const char *file, struct str *out, struct err *err)
{
	char *path = xasprintf(TRACEFS "/events/%s/%s", event, file);
	int ret = fs_read(path, out, err);

	free(path);
	return ret;
}

static int read_id(const char *event, unsigned *id, struct err *err)
{
	struct str text = STR_INIT;
	int ret = read_event(event, "id", &text, err);

	*id = (unsigned)strtoul(str_text(&text), NULL, 10);
	str_release(&text);
	return ret;
}

/* Where in an event's record a field stands: its line is "field:u64 NAME; offset:16; ...". */
static int read_offset(const char *event, const char *name, unsigned *offset, struct err *err)
{
	struct str text = STR_INIT;
	char *mark = xasprintf(" %s;", name);
	int ret = read_event(event, "format", &text, err);
	const char *field = strstr(str_text(&text), mark);

	if (ret == 0 && (!field || sscanf(field + strlen(mark), " offset:%u;", offset) != 1))
		ret = err_set(err, "the format of the event '%s' names no field '%s'", event, name);
	free(mark);
	str_release(&text);
	return ret;
}

static int learn(struct probes *p, struct err *err)
{
	int ret = 0;

	for (int i = 0; ret == 0 && i < PROBES; i++) {
		char *event = xasprintf(GROUP "/%s", kinds[i].name);

		ret = read_id(event, &p->id[i], err);
		free(event);
	}
	return ret < 0 ? ret : read_offset(GROUP "/enter_read", "lock", &p->lock_at, err);
}

int probes_find(struct probes *p, struct err *err)
{
	static const char begin[] = "lock/contention_begin", end[] = "lock/contention_end";

	*p = (struct probes){0};
	if (access(TRACEFS "/events/lock/contention_begin/id", F_OK) < 0 &&
	    access(TRACEFS "/events", F_OK) == 0)
		return err_set(err, "this kernel has no tracepoints of lock contention, which came "
				    "with 5.19");
	if (read_id(begin, &p->id[PROBE_READ_ENTER], err) < 0 ||
	    read_id(end, &p->id[PROBE_READ_LEAVE], err) < 0 ||
	    read_offset(begin, "lock_addr", &p->lock_at, err) < 0)
		return -1;
	return read_offset(begin, "flags", &p->flags_at, err);
}

/* LCB_F_* of the kernel's include/trace/events/lock.h */
enum { FLAG_SPIN = 1, FLAG_READ = 2, FLAG_WRITE = 4, FLAG_RT = 8, FLAG_MUTEX = 32 };

enum wait_mode probes_mode(uint32_t flags)
{
	if (flags & (FLAG_MUTEX | FLAG_RT))
		return MODE_MUTEX;
	if (flags & FLAG_SPIN)
		return MODE_SPIN;
	return flags & FLAG_READ ? MODE_READ : flags & FLAG_WRITE ? MODE_WRITE : MODE_MUTEX;
}

int probes_create(struct probes *p, const struct symbols *s, int journal, struct err *err)
{
	/*
	 * The return probes first: the one that was made last fires first, and once a return probe
	 * has changed the return address, a kernel 5.10 cannot see past it into the caller.
	 */
	static const enum probe order[PROBES] = {PROBE_READ_LEAVE,  PROBE_WRITE_LEAVE,
						 PROBE_EXIT_LEAVE,  PROBE_READ_ENTER,
						 PROBE_WRITE_ENTER, PROBE_EXIT_ENTER};

	*p = (struct probes){0};
	for (int i = 0; i < PROBES; i++) {
		if (create(order[i], s, journal, err) < 0) {
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
