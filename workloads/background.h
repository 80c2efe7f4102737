/*
 * A stream of I/O that another program makes while a workload is measured: the parameter
 * background=fio:FILE of every workload, where FILE is a job file for fio(1). The runner brings fio
 * and the file into the guest (runner/plan/background.h).
 */
#ifndef WORKLOADS_BACKGROUND_H
#define WORKLOADS_BACKGROUND_H

#include "workloads/workload.h"

/* What `background` names is missing here, for a skip; NULL where it is there, or is "none". */
const char *background_missing(struct bench *b);
/*
 * Starts it and returns once its jobs run; fio's version comes on the console. Broken where it ends
 * before, or says nothing for a minute. Does nothing for "none".
 */
enum outcome background_start(struct bench *b);
/* After an iteration: broken where the stream has ended, for then the iteration was, at least in
 * part, without it. */
enum outcome background_check(struct bench *b);
/* Ends it; what it said comes on the console. Harmless where none was started. */
void background_stop(struct bench *b);

#endif
