/* One boot: a guest (or, on the host target, a session) from its start to its boot.json. */
#ifndef RUNNER_BOOT_BOOT_H
#define RUNNER_BOOT_BOOT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include "lib/frame.h"
#include "lib/spawn.h"
#include "runner/plan/experiment.h"
#include "runner/kernels/kernel.h"
#include "runner/plan/plan.h"
#include "runner/qemu/target.h"

/* What a boot is made of; all of it outlives the boot. */
struct boot_job {
	const struct experiment *e;
	const struct target *target;
	const struct planned_boot *planned;
	const struct kernel *kernel;
	const char *cmdline;	      /* kernel parameters of the run and of the arm */
	const char *bench, *init;     /* paths of mlockbench and guest-init */
	int attempts;		      /* that failed before this one */
	const char *plan_sha256;      /* of run.json, or NULL where no run is stored */
	const char *plugin, *symbols; /* of a profiled boot (runner/run/profiler.h), else NULL */
	int journal;		      /* of the host target (runner/run/host.h), else 0 */
};

enum boot_outcome {
	BOOT_OK,
	BOOT_PANIC,
	BOOT_HANG,	   /* killed: it was silent for too long, or wrote without end */
	BOOT_DIED,	   /* ended before its plan was done, without a panic */
	BOOT_CUT,	   /* ended well, but messages were lost or damaged */
	BOOT_LAUNCH,	   /* QEMU could not be started or refused its arguments */
	BOOT_WRONG_KERNEL, /* the kernel that answered is not the arm's: nothing was measured */
	BOOT_CLOCK,	   /* its clock did not go with the host's: its times mean nothing */
	BOOT_INTERRUPTED,  /* killed because the user asked: to be made again */
};
const char *boot_outcome_name(enum boot_outcome o);

struct boot {
	struct boot_job job;
	char *dir;
	struct child child;
	int fd; /* the guest's messages; -1 once they ended */
	struct frame_reader reader;
	int samples_fd, events_fd;
	int samples, faults;
	char *first_fault;
	char *cell_trouble; /* the first cell whose program did not end as it should, and how */
	int cell;	    /* index of the cell that is running, -1 before the first */
	bool known;	    /* the kernel has said who it is, and is the arm's */
	char *stranger;	    /* or what it is instead */
	bool settled, bye;
	int pinned;		/* vCPU threads that have a core each */
	json_t *hello, *settle; /* as the guest sent them, or NULL */
	json_t *findings;	/* on its console, once it is over: runner/boot/console.h */
	json_t *disturbing; /* what of the machine times vary with, when it began; NULL: no times
			       are taken */
	unsigned long long bytes;
	struct timespec started, heard; /* CLOCK_MONOTONIC */
	struct timespec ready;		/* when the guest had settled */
	long long ready_clock;		/* and the guest's own clock then, ns; 0: it did not say */
	double guest_seconds,
		wall_seconds; /* of what was measured, by the guest's clock and by ours */
	long long stolen_ms; /* of its CPUs' time while it was measured: another guest, or the host,
				had it */
	char *complaint;     /* QEMU's own words on why it ended, or NULL */
	int signal; /* that ended it from outside: not by us, and none that a program raises itself;
		       or 0 */
	bool killed;
	struct timespec killed_at;
	enum boot_outcome outcome;
	char *detail;
	int store_errno; /* what writing a record failed with, or 0 */
};

/* Starts it in dir, which the boot then owns. 0, or -1 when nothing was started. */
int boot_start(struct boot *b, const struct boot_job *job, char *dir, struct err *err);
/* Takes what the guest has sent. Call when fd is readable; fd is -1 afterwards when that was all.
 */
void boot_pump(struct boot *b);
/* Ends a guest that has gone silent or floods us. Call now and then. */
void boot_check(struct boot *b);
/*
 * Kills it. boot_pump still takes what is in the pipe. A session on this machine is asked first, so
 * that it can put back what it changed.
 */
void boot_kill(struct boot *b, enum boot_outcome why, const char *detail);
/* Waits for its end, decides the outcome, and writes boot.json (not when interrupted). */
int boot_finish(struct boot *b, struct err *err);
/* Records one that is not tried any more and never told of anything: BOOT_DIED, with this detail.
 */
int boot_give_up(const struct boot_job *job, char *dir, const char *detail, struct err *err);
void boot_release(struct boot *b);
/* Whether a boot was lost to something outside of the kernel that it is of, so that another may do:
 * `outcome` and `signal` of boot.json. */
bool boot_is_lost(const char *outcome, int signal);

/* QEMU's arguments for a job, as boot_start would use them with files in dir. */
void boot_command(const struct boot_job *job, const char *dir, struct strv *argv);
/*
 * Adds the paths of the programs of this machine that cells run, with what they need: those of a
 * parameter "program", and fio for a background. One that this machine does not have is left out,
 * and the workload says what it needs.
 */
void boot_programs(const struct experiment *e, struct strv *paths);
/* Writes the guest's file system for a job. */
int boot_initramfs(const struct boot_job *job, const char *path, struct err *err);

#endif
