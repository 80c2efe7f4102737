/*
 * Where on this machine a timed guest stands: a core for each of its CPUs, a node for each of its
 * nodes. Guest node i stands on the i-th host node that may be used, so that memory which is near
 * for the guest is near in truth; its CPUs are spread over that node's cores, one thread of each
 * core first, the core of CPU 0, where the machine's own interrupts go, last.
 */
#ifndef RUNNER_QEMU_PLACE_H
#define RUNNER_QEMU_PLACE_H

#include <sys/types.h>
#include "lib/err.h"
#include "lib/str.h"

struct place {
	int cpus, nodes; /* of the guest; 0: it stands nowhere in particular */
	int *cpu;	 /* the host CPU of each guest CPU */
	int *node;	 /* the host node of each guest node, or -1 */
	int *lock;	 /* descriptors that hold the CPUs against other runs */
	char *note;	 /* what falls short of the above, or NULL */
};

/* What a user asked for, in the form of taskset ("2-5,8"); "" leaves the choice to place_find(). */
struct place_wish {
	const char *cpus, *nodes;
};

/*
 * Finds and locks CPUs for a guest among those that this process may use. Where the machine has too
 * few or other runs hold them the guest stands nowhere (cpus 0) and the note says why, unless the
 * CPUs or nodes were wished for: then it is an error. Guest nodes beyond the machine's share them,
 * said in the note too.
 */
int place_find(struct place *p, int cpus, int nodes, const struct place_wish *wish,
	       struct err *err);
void place_release(struct place *p);

/* The host CPUs as taskset -c takes them, "2,3,6"; a new string. */
char *place_list(const struct place *p);

/*
 * Pins the vCPU threads of a QEMU started with debug-threads=on ("CPU 0/KVM", "CPU 0/TCG") to their
 * CPUs. Returns how many there were and could be pinned: all of them, or the boot is not one
 * that was asked for.
 */
int place_pin(const struct place *p, pid_t qemu);

/* The pure part: choosing in a topology of hwloc's, for a test. taken: CPUs held by others. */
struct hwloc_topology;
int place_choose(struct place *p, int cpus, int nodes, const struct place_wish *wish,
		 struct hwloc_topology *topology, int (*take)(void *arg, int cpu), void *arg,
		 struct err *err);

#endif
