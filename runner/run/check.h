/* Whether a run may be made here: what this machine has booted, and what a stored run was begun
 * with. */
#ifndef RUNNER_RUN_CHECK_H
#define RUNNER_RUN_CHECK_H

#include "runner/run/run.h"

/* What the host is cannot be chosen: it has booted one kernel, with one command line. -1: err. */
int run_check_host(const struct experiment *e, struct err *err);
/*
 * Before anything is measured on the host: -1 where a boot that is to be made is of a kernel of
 * /boot that is not the one this machine has booted, or wants a command line that it was not booted
 * with.
 */
int run_check_booted(const struct run *r, struct err *err);
/* -1 where programs, kernels or QEMU are not those the stored run was begun with. */
int run_check_same(const struct run *r, struct err *err);

#endif
