#include "runner/qemu/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <hwloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include "lib/fs.h"

/* World-writable on Debian as /tmp is, and gone with the boot. */
#define LOCKS "/run/lock"

/* Who is asked for each CPU, and those this guest has already. */
struct taker {
	int (*take)(void *arg, int cpu);
	void *arg;
	hwloc_bitmap_t used;
};

static bool takes(struct taker *by, hwloc_obj_t pu)
{
	if (!pu || hwloc_bitmap_isset(by->used, pu->os_index) ||
	    !by->take(by->arg, (int)pu->os_index))
		return false;
	hwloc_bitmap_set(by->used, pu->os_index);
	return true;
}

/* Takes up to n free CPUs of `set`, thread `depth` of each core, the core of CPU 0 last. */
static int take_threads(hwloc_topology_t t, hwloc_const_cpuset_t set, int depth, int *cpu, int n,
			struct taker *by)
{
	int cores = hwloc_get_nbobjs_inside_cpuset_by_type(t, set, HWLOC_OBJ_CORE), got = 0;

	for (int last = 0; last < 2; last++) {
		for (int c = 0; c < cores && got < n; c++) {
			hwloc_obj_t core = hwloc_get_obj_inside_cpuset_by_type(
				t, set, HWLOC_OBJ_CORE, (unsigned)c);
			hwloc_obj_t pu = hwloc_get_obj_inside_cpuset_by_type(
				t, core->cpuset, HWLOC_OBJ_PU, (unsigned)depth);

			if (hwloc_bitmap_isset(core->cpuset, 0) == last && takes(by, pu))
				cpu[got++] = (int)pu->os_index;
		}
	}
	return got;
}

static int take_cpus(hwloc_topology_t t, hwloc_const_cpuset_t set, int *cpu, int n,
		     struct taker *by)
{
	int threads = hwloc_get_nbobjs_inside_cpuset_by_type(t, set, HWLOC_OBJ_PU), got = 0;

	for (int depth = 0; depth < threads && got < n; depth++)
		got += take_threads(t, set, depth, cpu + got, n - got, by);
	return got;
}

/* The topology without what was not wished for. */
static int restrict_to(hwloc_topology_t t, const struct place_wish *w, struct err *err)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int ret = 0;

	if (*w->cpus && (hwloc_bitmap_list_sscanf(set, w->cpus) < 0 ||
			 !hwloc_bitmap_isincluded(set, hwloc_topology_get_topology_cpuset(t)) ||
			 hwloc_topology_restrict(t, set, HWLOC_RESTRICT_FLAG_REMOVE_CPULESS) < 0))
		ret = err_set(
			err,
			"host_cpus=%s: not CPUs of this machine that may be used here, as in 2-5,8",
			w->cpus);
	if (!ret && *w->nodes &&
	    (hwloc_bitmap_list_sscanf(set, w->nodes) < 0 ||
	     !hwloc_bitmap_isincluded(set, hwloc_topology_get_topology_nodeset(t)) ||
	     hwloc_topology_restrict(t, set,
				     HWLOC_RESTRICT_FLAG_BYNODESET |
					     HWLOC_RESTRICT_FLAG_REMOVE_MEMLESS) < 0))
		ret = err_set(err,
			      "host_nodes=%s: not NUMA nodes of this machine that may be used "
			      "here, as in 0,1",
			      w->nodes);
	hwloc_bitmap_free(set);
	return ret;
}

int place_choose(struct place *p, int cpus, int nodes, const struct place_wish *w,
		 hwloc_topology_t t, int (*take)(void *arg, int cpu), void *arg, struct err *err)
{
	struct taker by = {take, arg, hwloc_bitmap_alloc()};
	int hosts, ret = -1, done = 0;

	*p = (struct place){0};
	if (restrict_to(t, w, err) < 0)
		goto out;
	hosts = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE);
	p->cpu = xcalloc((size_t)cpus, sizeof(*p->cpu));
	p->node = xcalloc((size_t)nodes, sizeof(*p->node));
	for (int n = 0; n < nodes; n++) {
		/* as target.c deals them out */
		int want = cpus / nodes + (n < cpus % nodes), got;
		hwloc_obj_t host =
			hwloc_get_obj_by_type(t, HWLOC_OBJ_NUMANODE, (unsigned)(n % hosts));

		p->node[n] = (int)host->os_index;
		got = take_cpus(t, host->cpuset, p->cpu + done, want, &by);
		done += got;
		if (got == want)
			continue;
		err_set(err, "the guest's node %d takes %d CPUs and the host's node %u has %d free",
			n, want, host->os_index, got);
		if (*w->cpus || *w->nodes)
			goto out;
		p->note = xasprintf("not pinned: %s", err->text);
		ret = 0;
		goto out;
	}
	p->cpus = cpus;
	p->nodes = nodes;
	if (hosts < nodes)
		p->note = xasprintf(
			"%d nodes of the guest share %d of the host: none of its memory is far",
			nodes, hosts);
	ret = 0;
out:
	hwloc_bitmap_free(by.used);
	return ret;
}

/* The locks of the CPUs that were taken. */
struct locks {
	int *fd;
	int n;
};

static int take_lock(void *arg, int cpu)
{
	struct locks *l = arg;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), LOCKS "/mlocklab-cpu-%d", cpu);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return 0;
	}
	/* without a place for locks nobody else's can be seen either */
	l->fd[l->n++] = fd;
	return 1;
}

int place_find(struct place *p, int cpus, int nodes, const struct place_wish *w, struct err *err)
{
	struct locks l = {xcalloc((size_t)cpus, sizeof(int)), 0};
	hwloc_topology_t t;
	int ret;

	*p = (struct place){0};
	if (hwloc_topology_init(&t) < 0) {
		free(l.fd);
		return err_set(err, "cannot read this machine's topology");
	}
	/* of the CPUs that this process may use */
	hwloc_topology_set_flags(t, HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM |
					    HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING);
	hwloc_topology_load(t);
	ret = place_choose(p, cpus, nodes, w, t, take_lock, &l, err);
	hwloc_topology_destroy(t);
	for (int i = 0; i < l.n && (ret < 0 || !p->cpus); i++)
		if (l.fd[i] >= 0)
			close(l.fd[i]);
	p->lock = l.fd;
	if (ret < 0)
		place_release(p);
	return ret;
}

void place_release(struct place *p)
{
	for (int i = 0; i < p->cpus && p->lock; i++)
		if (p->lock[i] >= 0)
			close(p->lock[i]);
	free(p->lock);
	free(p->cpu);
	free(p->node);
	free(p->note);
	*p = (struct place){0};
}

char *place_list(const struct place *p)
{
	struct str s = STR_INIT;

	for (int i = 0; i < p->cpus; i++)
		str_addf(&s, "%s%d", i ? "," : "", p->cpu[i]);
	return s.buf;
}

/* The vCPU's number by its thread's name, or -1 for QEMU's other threads. */
static int vcpu_of(pid_t qemu, const char *tid)
{
	char *path = xasprintf("/proc/%d/task/%s/comm", (int)qemu, tid), kind[8];
	struct str comm = STR_INIT;
	struct err err;
	int n = -1;

	if (fs_read(path, &comm, &err) < 0 || sscanf(str_text(&comm), "CPU %d/%7s", &n, kind) != 2)
		n = -1;
	str_release(&comm);
	free(path);
	return n;
}

int place_pin(const struct place *p, pid_t qemu)
{
	char *path = xasprintf("/proc/%d/task", (int)qemu);
	DIR *d = opendir(path);
	struct dirent *e;
	cpu_set_t one;
	int pinned = 0;

	free(path);
	while (d && (e = readdir(d))) {
		int vcpu = vcpu_of(qemu, e->d_name);

		if (vcpu < 0 || vcpu >= p->cpus)
			continue;
		CPU_ZERO(&one);
		CPU_SET(p->cpu[vcpu], &one);
		pinned += sched_setaffinity(atoi(e->d_name), sizeof(one), &one) == 0;
	}
	if (d)
		closedir(d);
	return pinned;
}
