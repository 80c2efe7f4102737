/*
 * Boots that were made already: under icount a boot of one image with one layout measures the same
 * to the byte whenever it is made, so that it need not be made again for another run.
 */
#ifndef RUNNER_RUN_REUSE_H
#define RUNNER_RUN_REUSE_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/run/run.h"

/*
 * Takes over boots into a run that was just created. sources: "ARM=RUN" each, the boots of a stored
 * run's only arm for that arm of ours, where pair and layout are the same. What the two were
 * measured with (image, command line, target, QEMU, programs, settings, cells) must be equal, else
 * nothing is taken and it is said. -1 where the target is not icount or a file cannot be read or
 * written.
 */
int reuse_boots(struct run *r, const struct strv *sources, struct err *err);

#endif
