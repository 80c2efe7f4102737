/* How far a run is: one line that is rewritten on a terminal, a line a boot with the time of day
 * elsewhere. */
#ifndef RUNNER_RUN_PROGRESS_H
#define RUNNER_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
	bool tty;
	size_t total, done, failed;
	size_t before;	/* boots that were over when this process started */
	double started; /* progress_now() */
	double end;	/* when all should be over, as far as it is known; 0: not yet */
	double drawn;
};

/* Seconds of CLOCK_MONOTONIC. */
double progress_now(void);
void progress_start(struct progress *p, size_t total, size_t already_done);
/* Redraws the line; `running` says what the guests are at. Does nothing off a terminal. */
void progress_draw(struct progress *p, const char *running);
/* A boot is over: `text` is its line. */
void progress_boot(struct progress *p, bool failed, const char *text);
/* A message that must stay. */
void progress_note(struct progress *p, const char *text);
void progress_end(struct progress *p);

/*
 * When all will be over, in seconds on the clock of started and now, after `made` boots since then
 * with `left` more to make. What was promised (0: nothing) is not put off before it is overdue, so
 * that the time left does not rise.
 */
double progress_foresee(double promised, double started, double now, size_t made, size_t left);

#endif
