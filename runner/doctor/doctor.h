/* What this machine can do for the lab, found by trying, and what fixes each gap. */
#ifndef RUNNER_DOCTOR_DOCTOR_H
#define RUNNER_DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdio.h>
#include "lib/str.h"
#include "runner/kernels/kernel.h"

enum finding { FINDING_OK, FINDING_LACK, FINDING_UNKNOWN };

/*
 * The machine's rows: printed to out as they are found, 75 columns wide, or collected in rows where
 * that is an array: {"name", "finding": "ok|no|unknown", "text", "fix" where there is one}.
 */
struct doctor {
	FILE *out;
	json_t *rows;
	int gaps; /* rows that were not ok */
};

/*
 * One row: what was looked at, what was found, and the command or the advice that fixes it, or
 * NULL. Control characters in them are not passed on.
 */
void doctor_row(struct doctor *d, const char *name, enum finding finding, const char *text,
		const char *fix);

/*
 * Looks at the QEMUs, installed and cached, and boots a probe guest for KVM and for icount with
 * several CPUs where a kernel is cached. 0, or -1 where there is no QEMU at all.
 */
int doctor_qemu(struct doctor *d, const struct kernel_opts *o);
void doctor_programs(struct doctor *d);
void doctor_mirror(struct doctor *d, const struct kernel_opts *o);
void doctor_machine(struct doctor *d);

#endif
