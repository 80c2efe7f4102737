/* What this machine can do for the lab, found by trying, and what mends each lack. */
#ifndef RUNNER_DOCTOR_DOCTOR_H
#define RUNNER_DOCTOR_DOCTOR_H

#include <stdio.h>
#include "lib/str.h"
#include "runner/kernels/kernel.h"

enum finding { FINDING_OK, FINDING_LACK, FINDING_UNKNOWN };

/* The machine's rows, printed as they are found, 75 columns wide. */
struct doctor {
	FILE *out;
	int lacks; /* rows that were not ok */
};

/*
 * One row: what was looked at, what was found, and the command or the advice that mends it, or
 * NULL. Control characters in them are not passed on.
 */
void doctor_row(struct doctor *d, const char *name, enum finding finding, const char *text,
		const char *mend);

/*
 * Looks at the QEMUs, installed and cached, and boots a probe guest for KVM and for icount with
 * several CPUs where a kernel is cached. 0, or -1 where there is no QEMU at all.
 */
int doctor_qemu(struct doctor *d, const struct kernel_opts *o);
void doctor_programs(struct doctor *d);
void doctor_mirror(struct doctor *d, const struct kernel_opts *o);
void doctor_machine(struct doctor *d);

#endif
