/*
 * Where a report goes. It is written beside what is there, and takes its place when it is whole:
 * the files of the report before it go, and what others put there stays.
 */
#ifndef ANALYSIS_REPORT_PLACE_H
#define ANALYSIS_REPORT_PLACE_H

#include "lib/err.h"

struct place {
	char *dir;
	char *draft; /* the directory to write into */
	int lock;
};

/* Makes DIR, which is no link, and an empty draft; waits for another report that is written there.
 */
int place_open(struct place *p, const char *dir, struct err *err);
/* Moves the files of the draft to their place. */
int place_publish(struct place *p, struct err *err);
/* Removes what is left of the draft, and DIR too where it has nothing else. */
void place_close(struct place *p);

#endif
