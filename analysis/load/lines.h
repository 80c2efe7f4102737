/* The one reader of a boot's files of lines: samples.jsonl, events.jsonl, profile.txt. */
#ifndef ANALYSIS_LOAD_LINES_H
#define ANALYSIS_LOAD_LINES_H

#include "analysis/load/load.h"

/*
 * Called for each line of a file, without its newline and not terminated, until it returns -1; its
 * err gets file and line put before it.
 */
typedef int load_line_fn(void *arg, const char *line, size_t len, struct err *err);

/* Whether the boot has that file. */
bool load_has_file(const struct run *r, const struct run_boot *b, const char *file);
/*
 * Reads a file of a boot line by line, and holds it against what boot.json tells of it: what was
 * changed since it was stored is an error, found at its end at the latest. A last line without a
 * newline is passed over, with a line in notes where that is not NULL.
 */
int load_lines(const struct run *r, const struct run_boot *b, const char *file, struct strv *notes,
	       load_line_fn *read, void *arg, struct err *err);
/*
 * The same for a part of the file that was read and checked before: what a picture shows is read
 * again, and not from the file's beginning each time.
 */
int load_lines_between(const struct run *r, const struct run_boot *b, const char *file,
		       const struct file_part *part, load_line_fn *read, void *arg,
		       struct err *err);
/* What a line of that length is of a file whose lines were counted by next, zeroed at its
 * beginning. */
struct file_part file_part_next(struct file_part *next, size_t len);
/* Widens all, zeroed before the first, until it holds part. */
void file_part_add(struct file_part *all, const struct file_part *part);

#endif
