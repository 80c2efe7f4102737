/* Records, beside a cell, which locks its processes wait for. */
#ifndef GUEST_RECORDER_H
#define GUEST_RECORDER_H

/*
 * Runs mlockbench with these arguments and the recorder beside it, and writes what was seen to the
 * descriptor `out` as lines of JSON: the `locks` messages of docs/formats.md. Returns the exit code
 * of mlockbench, or EXIT_SKIP where this kernel or user cannot record: the cell is then not run.
 * To be called in a process of its own, which a timeout may kill; probes are noted in the journal
 * (lib/journal.h; 0: none), for whoever comes after that.
 */
int recorder_run(const char *cell, const char *backend, char *const argv[], int out, int journal);

#endif
