/*
 * A crew: processes that prepare, wait, and are all released by one kill(2), so that the parent
 * adds nothing between the first and the last.
 *
 *	struct crew c;
 *
 *	outcome = crew_gather(b, &c, n, prepare, work, arg);
 *	if (outcome == OUTCOME_OK) {
 *		crew_watch();               only for crew_reap
 *		bench_start(b);
 *		crew_release(&c);           or crew_kill
 *		outcome = crew_join(b, &c); or crew_reap, where the end of the processes is timed
 *		bench_stop(b);
 *	}
 *	crew_dismiss(&c);
 *
 * Members wait in sigwaitinfo(2): no memory is shared for it, whose unmapping at exit would take
 * the very i_mmap_rwsem that is measured, and release is the same group signal as a SIGKILL.
 */
#ifndef WORKLOADS_CREW_H
#define WORKLOADS_CREW_H

#include <sys/types.h>
#include "lib/err.h"
#include "workloads/accounting.h"
#include "workloads/workload.h"

struct crew {
	int n;	   /* members forked */
	int alive; /* not reaped yet */
	pid_t *pids, group;
	int notes;	     /* read end: what members report */
	struct usage before; /* of all members, when they were ready */
	uint64_t released_ns, *reaped_ns;
	int reaped;
};

/* Runs in member 0..n-1, before or after the release. 0, or -1 with err. */
typedef int (*crew_fn)(struct bench *b, int member, void *arg, struct err *err);

/*
 * Forks n members, lets each run prepare, and returns when all of them are asleep, waiting. Each
 * has a bench_random() of its own. Either function may be NULL; without work a member exits as
 * soon as it is released. Broken, with the member's own words, when one fails.
 */
enum outcome crew_gather(struct bench *b, struct crew *c, int n, crew_fn prepare, crew_fn work,
			 void *arg);
void crew_release(struct crew *c);
/* Sends SIGKILL instead. */
void crew_kill(struct crew *c);
/*
 * Before bench_start, where ends are timed and we only look on: makes us the first to run until
 * crew_dismiss (SCHED_FIFO; needs CAP_SYS_NICE, without it nothing changes). Else the ready members
 * run before us, and each looks as if it had ended when the last did.
 */
void crew_watch(void);
/* Waits until each has done its work. They live on until dismissed, so that no exit is timed. */
enum outcome crew_join(struct bench *b, struct crew *c);
/* Waits until each is gone, and notes when. */
enum outcome crew_reap(struct bench *b, struct crew *c);
/* After crew_reap and outside the region: release to reaped as a bench_latency() of each. */
void crew_latencies(struct bench *b, const struct crew *c);
/* Ends what is left of it, also after a failure half way. */
void crew_dismiss(struct crew *c);

#endif
