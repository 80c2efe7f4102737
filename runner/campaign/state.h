/*
 * A campaign: one stored run whose boots are boots of this machine. What it has come to is on the
 * disk before the machine is started anew, and what is to be done next follows from that and from
 * which kernel came up, and from nothing else: no clock, no process that must live.
 */
#ifndef RUNNER_CAMPAIGN_STATE_H
#define RUNNER_CAMPAIGN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"

#define CAMPAIGN_DIR "/var/lib/mlocklab/campaign"
#define CAMPAIGN_STATE CAMPAIGN_DIR "/state.json"
/* On the kernel's command line: "mlocklab.boot=3.1" is boot 3 of the plan, tried for the first
 * time. */
#define CAMPAIGN_MARK "mlocklab.boot"
/* A boot that was lost so often is given up. */
#define CAMPAIGN_ATTEMPTS 3

struct campaign {
	char *run;	     /* its directory, an absolute path */
	char *fallback;	     /* the release that the boot loader starts of itself */
	int trying;	     /* boot of the plan; 0: none yet, or none is left */
	int attempt;	     /* from 1 */
	char *arm, *release; /* of that boot */
	char *from;	 /* boot_id of the boot of this machine in which the last step was taken */
	bool measuring;	 /* that step was to begin measuring; else to start the machine anew */
	bool parked;	 /* it goes on when the machine has come back with its default */
	long long clock; /* what the clock said then, seconds since 1970; 0: not known */
};

/* Reads it; -1 where it is damaged. */
int campaign_load(struct campaign *c, const char *path, struct err *err);
/* Writes it so that it outlives a power cut. */
int campaign_save(const struct campaign *c, const char *path, struct err *err);
void campaign_release(struct campaign *c);

/* A boot of the run's plan, in its order. */
struct campaign_boot {
	int n;
	const char *arm, *release;
	bool over; /* its boot.json is there */
};

/* What came up. */
struct campaign_seen {
	const char *boot_id, *release;
	const char *mark;    /* what CAMPAIGN_MARK is set to, or NULL */
	const char *trouble; /* what kept this boot from being measured, or NULL: not known */
};

enum campaign_move {
	CAMPAIGN_JUMP,	  /* start c->release for c->trying, attempt c->attempt */
	CAMPAIGN_MEASURE, /* this is that boot: measure it */
	CAMPAIGN_GIVE_UP, /* record that c->trying is given up, and ask again */
	CAMPAIGN_HOME,	  /* nothing is left: start the fallback */
	CAMPAIGN_END,	  /* nothing is left, and the fallback runs */
};

/*
 * What is next. c is changed to what is to be saved before it is done. lost: why the attempt that
 * it was about to make, or made, counts as lost; empty where none was.
 */
enum campaign_move campaign_next(struct campaign *c, const struct campaign_boot *boots, size_t n,
				 const struct campaign_seen *seen, struct str *lost);

/* Seconds by which the clock was set back since the last step, 0: it was not; and c->clock is now.
 * What clocks correct themselves by is no more than CAMPAIGN_CLOCK_SLACK. */
#define CAMPAIGN_CLOCK_SLACK 120
long long campaign_clock(struct campaign *c, long long now);

/* The value of a word NAME=VALUE of a kernel's command line, the last one's; a new string, or NULL.
 */
char *campaign_word(const char *cmdline, const char *name);

#endif
