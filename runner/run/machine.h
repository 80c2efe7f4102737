/* What this machine is, as its kernel tells. */
#ifndef RUNNER_RUN_MACHINE_H
#define RUNNER_RUN_MACHINE_H

/* NUMA nodes, 1 where the kernel has no NUMA; MiB of memory that the kernel has. */
int machine_nodes(void);
int machine_memory_mib(void);
/*
 * Tells this machine from others of its kind: 16 hex digits of a hash of /etc/machine-id, which
 * itself is not to be made known (machine-id(5)). A new string, or NULL where there is none.
 */
char *machine_id(void);

#endif
