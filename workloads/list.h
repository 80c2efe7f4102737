/* The workloads, sorted by name: each is a `const struct workload` in a file of its own. */
WORKLOAD(exit_mlocked)
WORKLOAD(migrate_mlocked)
WORKLOAD(mlockall_fault)
WORKLOAD(null)
