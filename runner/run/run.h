/* Running a stored plan: boots beside each other, retried where that is right, all of it kept. */
#ifndef RUNNER_RUN_RUN_H
#define RUNNER_RUN_RUN_H

#include <signal.h>
#include "runner/plan/experiment.h"
#include "runner/kernels/kernel.h"
#include "runner/plan/plan.h"
#include "runner/run/profiler.h"
#include "runner/run/store.h"
#include "runner/qemu/target.h"
#include "runner/run/watch.h"

/* A guest under multi-threaded emulation or KVM may die of its host in early boot, and any QEMU may
 * be killed: such a boot is made again so often. */
#define RUN_RETRIES 3

struct run {
	struct experiment *e;
	struct target *target;
	struct kernel *kernels; /* one an arm */
	struct plan plan;
	struct store *store;
	char *bench, *init;
	struct profiler profiler; /* of a run with profiled boots */
	struct watch watch;	  /* what its boots use where it lies */
	int workers;		  /* boots at a time */
	int pairs_until; /* timed boots of this pair and later ones are left out; 0: none is */
	int journal, host_lock; /* of the host target (runner/run/host.h), else 0 */
	bool elsewhere;		/* boots are made by tasks of a cluster */
	bool carried;		/* nodes see nothing of ours: runner/run/slurm-carry.h */
	bool timed_only;	/* so are instrumented boots */
	const int *only; /* numbers of the boots that are wanted, n_only of them; NULL: all are */
	size_t n_only;
};

/* What came of it. */
struct run_tally {
	size_t boots, done, failed;
	bool interrupted;
};

/*
 * Makes every boot of the plan that is not left out and that the store does not hold yet. SIGINT,
 * SIGTERM and SIGHUP end it: guests are killed, what they measured stays. -1 when nothing more
 * could be stored or started.
 */
int run_boots(struct run *r, struct run_tally *tally, struct err *err);

/* From here on SIGINT and SIGTERM set run_stop_asked. */
void run_heed_stops(void);
extern volatile sig_atomic_t run_stop_asked;
/*
 * The beginning of all that makes boots: counts what is wanted and what of it is there, and heeds
 * such signals.
 */
void run_begin(const struct run *r, struct run_tally *tally);

/* Whether a boot is part of this run, and whether its boot.json is still missing. */
bool run_wants(const struct run *r, const struct planned_boot *b);
bool run_is_to_do(const struct run *r, const struct planned_boot *b);

/* Kernel parameters of an arm's boots: those of the run and those of the arm. A new string. */
char *run_cmdline(const struct experiment *e, int arm);

#endif
