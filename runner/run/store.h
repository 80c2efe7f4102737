/*
 * A run's directory, results/RUN. Everything is added, nothing is changed: a boot's directory is
 * finished by its boot.json, and run.json alone is rewritten, whole, when the run's status changes.
 */
#ifndef RUNNER_RUN_STORE_H
#define RUNNER_RUN_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"

struct store {
	char *dir;   /* results/RUN */
	json_t *run; /* run.json */
	int lock_fd;
	bool planned; /* run is planned.json: the kernels are not known yet */
};

/*
 * Makes RESULTS/NAME-DATE-TIME for a new run and writes its run.json, taking over `run`; a name
 * that is taken gets "-2", "-3". out, where not NULL, is the whole path to use instead, which must
 * not hold a run.
 */
int store_create(struct store *s, const char *results, const char *name, const char *out,
		 json_t *run, struct err *err);
/*
 * The same of a run whose kernels are still to be made: plan is kept in planned.json, until
 * store_begin() puts run.json in its place. store_forget() takes it back while nothing came of it.
 */
int store_plan(struct store *s, const char *results, const char *name, const char *out,
	       json_t *plan, struct err *err);
int store_begin(struct store *s, json_t *run, struct err *err);
void store_forget(struct store *s);
/* The file that s->run was read from: "run.json". */
const char *store_file(const struct store *s);
/* Lets the lock go while another process is to go on with the run. */
void store_leave(struct store *s);
/* Opens a stored run, or a planned one, for going on with it; -1 where another process is at it. */
int store_open(struct store *s, const char *dir, struct err *err);
/* The same without the lock, for one who writes the directories of some boots and nothing else. */
int store_join(struct store *s, const char *dir, struct err *err);
/*
 * Removes what a runner or a task that was killed left half written. Only with the lock, and where
 * no task of the run is under way elsewhere.
 */
void store_sweep(const struct store *s);
/* Writes run.json with this status: "running", "incomplete" or "complete". */
int store_status(struct store *s, const char *status, struct err *err);
void store_close(struct store *s);

#endif
