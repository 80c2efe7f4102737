/*
 * What a run boots, held for as long as it lasts: copies in RUN/inputs of the kernels' images, of
 * the files beside them that a boot is given, and of the programs that go into a guest. A bzImage
 * that is built anew meanwhile, a cache that is cleared, `make` in this tree: no boot notices.
 */
#ifndef RUNNER_RUN_INPUTS_H
#define RUNNER_RUN_INPUTS_H

#include "runner/run/run.h"

/*
 * Copies them and lets r->kernels, r->profiler, r->bench and r->init name the copies. -1 where a
 * copy is not what was resolved, by SHA-256. The host target boots nothing, and nothing is held for
 * it. What cannot be copied is watched from here on (watch.h).
 */
int inputs_hold(struct run *r, struct err *err);
/* Removes the copies, once no more boots are made. */
void inputs_drop(struct run *r);

#endif
