#include "workloads/accounting.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

static const char *const names[] = {
	"nr_mlock",
	"nr_unevictable",
	"unevictable_pgs_culled",
	"unevictable_pgs_scanned",
	"unevictable_pgs_rescued",
	"unevictable_pgs_mlocked",
	"unevictable_pgs_munlocked",
	"unevictable_pgs_cleared",
	"unevictable_pgs_stranded",
	"pgmigrate_success",
	"pgmigrate_fail",
	"thp_split_page",
	"thp_split_pmd",
	"thp_collapse_alloc",
	"pgscan_direct",
	"pgsteal_direct",
	"pswpin",
	"pswpout",
	"nr_tlb_remote_flush",
	"nr_tlb_remote_flush_received",
};
#define NAMES (sizeof(names) / sizeof(*names))
_Static_assert(NAMES <= VMSTAT_MAX, "struct vmstat holds every counter");

/* Every CPU hands in its part of the counts. */
static void fold(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
	char buf[8];

	if (fd < 0)
		return;
	/* It reports counters below zero as an error, and has folded them all the same. */
	if (read(fd, buf, sizeof(buf)) < 0)
		buf[0] = '\0';
	close(fd);
}

void accounting_settle(void)
{
	int no_node = 0, no_status = 0;

	/* A list of target nodes, though empty, is what makes this a move and not a query. */
	syscall(SYS_move_pages, 0, 0UL, NULL, &no_node, &no_status, 0);
	fold();
}

static void take_line(struct vmstat *s, const char *line)
{
	size_t len = strcspn(line, " \n");

	if (line[len] != ' ')
		return;
	for (size_t i = 0; i < NAMES; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], line, len) == 0) {
			s->has[i] = true;
			s->v[i] = strtoll(line + len + 1, NULL, 10);
			return;
		}
	}
}

int vmstat_read(struct vmstat *s, struct err *err)
{
	struct str text = STR_INIT;

	*s = (struct vmstat){0};
	if (fs_read("/proc/vmstat", &text, err) < 0)
		return -1;
	for (const char *line = str_text(&text); *line;) {
		const char *nl = strchr(line, '\n');

		take_line(s, line);
		line = nl ? nl + 1 : line + strlen(line);
	}
	str_release(&text);
	return 0;
}

int64_t vmstat_get(const struct vmstat *s, const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (s->has[i] && strcmp(names[i], name) == 0)
			return s->v[i];
	return -1;
}

void vmstat_difference(struct figures *out, const struct vmstat *before, const struct vmstat *now)
{
	for (size_t i = 0; i < NAMES; i++)
		if (before->has[i] && now->has[i])
			figures_set(out, names[i], (double)(now->v[i] - before->v[i]));
}

int accounting_read(struct accounting *a, struct err *err)
{
	struct vmstat s;

	accounting_settle();
	if (vmstat_read(&s, err) < 0)
		return -1;
	a->mlock = vmstat_get(&s, "nr_mlock");
	a->unevictable = vmstat_get(&s, "nr_unevictable");
	return 0;
}

int64_t accounting_mlocked(void)
{
	struct vmstat s;
	struct err err;

	fold();
	return vmstat_read(&s, &err) < 0 ? -1 : vmstat_get(&s, "nr_mlock");
}

static bool close_to(int64_t a, int64_t b, int slack)
{
	return llabs(a - b) <= slack;
}

int accounting_check(const struct accounting *base, int slack, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	struct accounting now;

	for (int tries = 0; tries < 60; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		if (accounting_read(&now, err) < 0)
			return -1;
		if (close_to(now.mlock, base->mlock, slack) &&
		    close_to(now.unevictable, base->unevictable, slack))
			return 0;
	}
	return err_set(err,
		       "the accounting did not come back: nr_mlock %+" PRId64
		       ", nr_unevictable %+" PRId64
		       " pages, at most %d would be right unless others lock memory too",
		       now.mlock - base->mlock, now.unevictable - base->unevictable, slack);
}

static int64_t us(const struct timeval *t)
{
	return (int64_t)t->tv_sec * 1000000 + t->tv_usec;
}

static void usage_of(struct usage *u, int who)
{
	struct rusage r;

	getrusage(who, &r);
	*u = (struct usage){us(&r.ru_utime), us(&r.ru_stime), r.ru_minflt,
			    r.ru_majflt,     r.ru_nvcsw,      r.ru_nivcsw};
}

void usage_self(struct usage *u)
{
	usage_of(u, RUSAGE_SELF);
}

void usage_read(struct usage *u)
{
	struct usage children;

	usage_self(u);
	usage_of(&children, RUSAGE_CHILDREN);
	usage_add(u, &children, 1);
}

void usage_add(struct usage *sum, const struct usage *u, int sign)
{
	sum->utime_us += sign * u->utime_us;
	sum->stime_us += sign * u->stime_us;
	sum->minflt += sign * u->minflt;
	sum->majflt += sign * u->majflt;
	sum->nvcsw += sign * u->nvcsw;
	sum->nivcsw += sign * u->nivcsw;
}
